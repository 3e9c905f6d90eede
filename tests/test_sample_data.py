"""The sample data are made by their generator, hold what truth.json says, and load as it counts."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from curate.load import load
from curate.types import Dataset

FOLDER = Path(__file__).parent.parent / "sample_data"
POOL = [FOLDER / "helpdesk.jsonl", FOLDER / "medical.jsonl"]
FROZEN = [FOLDER / "evaluation.jsonl"]
FILES = ["helpdesk.jsonl", "medical.jsonl", "evaluation.jsonl", "truth.json"]


@lru_cache(maxsize=1)
def truth() -> dict[str, Any]:
    return dict(json.loads((FOLDER / "truth.json").read_text("utf-8")))


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return load(POOL, frozen=FROZEN)


@pytest.fixture(scope="module")
def generator() -> Iterator[ModuleType]:
    """sample_data/build.py as a module; it is no package."""
    before, path = set(sys.modules), list(sys.path)
    spec = importlib.util.spec_from_file_location("sample_build", FOLDER / "build.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.path[:] = path
    for name in set(sys.modules) - before:
        if str(FOLDER) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@pytest.mark.parametrize("name", FILES)
def test_the_generator_writes_the_committed_bytes(name: str, generator: ModuleType, tmp_path: Path) -> None:
    """Its own brute-force check for unplanned look-alikes runs as part of it."""
    generator.build(tmp_path)
    assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes(), "run python sample_data/build.py"


def test_an_unplanned_look_alike_stops_the_generator(generator: ModuleType) -> None:
    row = generator.Row("one", "general", ["Where is the north gate of the yard?", "Behind the crane, on the left."])
    with pytest.raises(SystemExit, match="one ~ two"):
        generator.assert_planned([row, row.copy("two")], lambda _a, _b: False)


def test_counts(dataset: Dataset) -> None:
    found = {
        Path(s.name).name: {"read": s.read, "rows": s.rows, "malformed": s.malformed, "blank": s.blank}
        for s in dataset.sources
    }
    assert found == truth()["files"]
    assert all(c["read"] == c["rows"] + c["malformed"] + c["blank"] for c in found.values())


def test_malformed_lines_are_found_by_their_code(dataset: Dataset) -> None:
    names = [Path(s.name).name for s in dataset.sources]
    problems = dataset.problems.to_pylist()
    found = {(names[p["source"]], p["line"], p["code"]) for p in problems if p["fatal"]}
    expected = {(r["file"], r["line"], r["code"]) for r in truth()["rows"] if r["expected"] == "malformed"}
    assert found == expected


def test_every_label_names_a_row(dataset: Dataset) -> None:
    ids = {i.decode() for i in dataset.ids}
    named = [r for r in truth()["rows"] if r["expected"] != "malformed"]
    assert all(r["id"] in ids for r in named)
    assert all(r["witness"] in ids for r in named if r["witness"])
    assert set(truth()["expected_drops"]) <= ids
    assert {i for group in truth()["expected_groups"] for i in group} <= ids
    assert Counter(r["code"] or "keep" for r in truth()["rows"]) == truth()["by_code"]


def test_no_row_has_two_labels() -> None:
    rows = [(r["file"], r["line"]) for r in truth()["rows"]]
    assert len(rows) == len(set(rows))


def test_equal_messages_are_the_planted_copies(dataset: Dataset) -> None:
    """Rows whose canonical messages are equal share a content hash: the planted ones and no other."""
    content = dataset.rows.column("content").to_pylist()
    ids = [i.decode() for i in dataset.ids]
    by_content: dict[str, set[str]] = {}
    for i, c in zip(ids, content, strict=True):
        by_content.setdefault(c, set()).add(i)
    labelled = [r for r in truth()["rows"] if r["code"] == "exact_copy" or "word for word" in r["note"]]
    planted = {i for r in labelled for i in (r["id"], r["witness"])}
    assert {i for group in by_content.values() if len(group) > 1 for i in group} == planted
