"""Contract "Rows and ids": what an id follows from, what it does not, and that every row has one fate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from cli_cases import SAMPLE, cli, jsonl, rows

from curate import load
from curate.ship import current

ROW = {"prompt": "What is a tide?", "completion": "The rise and fall of the sea."}


def ids(folder: Path, *items: Any, name: str = "d.jsonl") -> list[str]:
    return [i.decode() for i in load(jsonl(folder / name, list(items))).ids.tolist()]


@pytest.mark.parametrize(
    "same",
    [ROW | {"source": "elsewhere", "id": 7, "note": "x"}, dict(reversed(ROW.items())),
     {"messages": [{"role": "user", "content": ROW["prompt"]}, {"role": "assistant", "content": ROW["completion"]}]},
     {"instruction": ROW["prompt"], "input": "", "output": ROW["completion"]}],
)  # fmt: skip
def test_an_id_does_not_follow_from_source_metadata_or_shape(tmp_path: Path, same: dict[str, Any]) -> None:
    assert ids(tmp_path, same, name="other.jsonl") == ids(tmp_path, ROW)


@pytest.mark.parametrize(
    "other",
    [ROW | {"completion": ROW["completion"] + " "}, ROW | {"prompt": "what is a tide?"},
     {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": ROW["prompt"]},
                   {"role": "assistant", "content": ROW["completion"]}]}],
)  # fmt: skip
def test_an_id_follows_from_every_message(tmp_path: Path, other: dict[str, Any]) -> None:
    assert ids(tmp_path, other)[0][:16] != ids(tmp_path, ROW)[0][:16]


def test_an_id_is_sixteen_hex_of_content_and_a_rank(tmp_path: Path) -> None:
    data = load(jsonl(tmp_path / "d.jsonl", [ROW, ROW | {"id": "b"}, ROW, *rows(3)]))
    contents = data.rows.column("content").to_pylist()
    for row_id, content in zip(data.ids.tolist(), contents, strict=True):
        head, rank = row_id.decode().split("-")
        assert len(content) == 32 and head == content[:16] and rank.isdigit()
    assert sorted(i[17:] for i in data.ids.tolist() if i[:16].decode() == max(contents, key=contents.count)[:16]) == [
        b"0",
        b"1",
        b"2",
    ]


def test_ids_are_frozen() -> None:
    """A change of these breaks every override and witness that people hold."""
    data = load(SAMPLE / "medical.jsonl")
    truth = json.loads((SAMPLE / "truth.json").read_text("utf-8"))
    named = {r["id"] for r in truth["rows"] if r["file"] == "medical.jsonl" and r["expected"] != "malformed"}
    assert named and named <= {i.decode() for i in data.ids.tolist()}


def test_the_users_own_id_is_kept(tmp_path: Path) -> None:
    data = load(jsonl(tmp_path / "d.jsonl", [ROW | {"id": "ticket-17"}]))
    assert data.text("user_id", 0) == "ticket-17"


def test_every_row_has_one_fate(tmp_path: Path) -> None:
    """read = kept + dropped + review + frozen + malformed + blank, per file and in total."""
    first = jsonl(tmp_path / "a.jsonl", [*rows(8), rows(1)[0], "", "{", ROW | {"completion": ""}])
    second = jsonl(tmp_path / "b.jsonl", [*rows(5, start=4), "null", "  "])
    frozen = jsonl(tmp_path / "e.jsonl", list(rows(2, start=20)))
    out = tmp_path / "o"
    made = cli("run", first, second, "--frozen", frozen, "--out", out, "--no-vectors", "--json", "-").json
    fates = ("kept", "dropped", "review", "frozen", "malformed", "blank")
    assert [f["read"] for f in made["files"]] == [12, 7, 2]
    for f in made["files"]:
        assert f["read"] == sum(f[k] for k in fates)
    total = json.loads((current(out) / "lineage.json").read_text())["total"]
    assert total == {k: sum(f[k] for f in made["files"]) for k in ("read", *fates)}
    table = pq.read_table(current(out) / "verdicts.parquet", columns=["id"])
    assert len(set(table["id"].to_pylist())) == len(table) == total["read"] - total["malformed"] - total["blank"]
