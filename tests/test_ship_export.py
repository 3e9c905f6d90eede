"""The export directory as other programs see it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ship_cases import CHECKS, SPLITS, FakeRecipe, array_bytes, dataset_of, evidence_of, sample_files, verdicts_of

from curate.errors import Cancelled, DataError, StoreError
from curate.overrides import Overrides
from curate.ship import Lineage, counts, current, export, rebuild, total, verify
from curate.types import Action, Dataset

FROZEN = frozenset({"eval.jsonl"})


def run(dataset: Dataset, out: Path, seed: int = 0, **options: object) -> Lineage:
    return export(
        dataset,
        evidence_of(dataset),
        verdicts_of(dataset, seed),
        FakeRecipe(),
        CHECKS,
        out,
        **options,  # type: ignore[arg-type]
    )


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    return dataset_of(tmp_path, sample_files(), FROZEN)


def tree(folder: Path) -> dict[str, str]:
    """{path: sha256} of every file below."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in paths}


def test_the_directory_is_the_contract(data: Dataset, tmp_path: Path) -> None:
    out = tmp_path / "out"
    lineage = run(data, out)
    version = current(out)
    manifest = (version / "manifest.json").read_bytes()
    assert version == out / "versions" / hashlib.sha256(manifest).hexdigest()[:12]
    assert lineage.version == version.name
    assert (out / "CURRENT").read_text() == version.name + "\n"
    files = {p.relative_to(version).as_posix() for p in version.rglob("*") if p.is_file()}
    assert files == {
        "train.jsonl", "validation.jsonl", "test.jsonl", "rejected.jsonl", "review.jsonl", "malformed.jsonl",
        "frozen/eval.jsonl", "verdicts.parquet", "ledger.parquet", "recipe.toml", "overrides.csv", "lineage.json",
        "manifest.json", "run.json",
    }  # fmt: skip
    listed = json.loads(manifest)
    assert list(listed) == sorted(files - {"manifest.json", "run.json"})
    for name, entry in listed.items():
        path = version / name
        assert entry["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert entry["bytes"] == path.stat().st_size
        assert path.stat().st_mode & 0o777 == 0o444
        if name.endswith(".jsonl"):
            assert entry["rows"] == path.read_bytes().count(b"\n") + (name == "frozen/eval.jsonl")
    assert not list(out.glob(".*"))


def test_rows_go_where_their_verdicts_say(data: Dataset, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(data, out)
    verdicts, version = verdicts_of(data), current(out)
    lines = [record or raw.decode() for raw, record in zip(
        data.rows["raw"].to_pylist(), data.rows["record"].to_pylist(), strict=True)]  # fmt: skip
    for number, name in enumerate(SPLITS):
        mine = [lines[row] + "\n" for row in np.flatnonzero(verdicts.split == number)]
        assert (version / f"{name}.jsonl").read_bytes().decode() == "".join(mine)
    ids = data.ids.astype(str)
    for action, name in ((Action.DROP, "rejected"), (Action.REVIEW, "review")):
        found = (version / f"{name}.jsonl").read_bytes().decode().split("\n")
        rows = np.flatnonzero(verdicts.action == action)
        assert len(found) == len(rows) + 1 and found[-1] == ""
        for row, line in zip(rows, found, strict=False):
            assert line.endswith(f', "row": {lines[row]}}}')
            record = json.loads(line)
            assert list(record) == ["id", "source", "line", "reasons", "witness", "row"]
            assert record["id"] == ids[row]
            assert record["reasons"] == list(verdicts.why(int(row)))
            other = verdicts.witness[row]
            assert record["witness"] == (None if other < 0 else ids[other])
            assert record["row"] == json.loads(lines[row])


def test_verdicts_table(data: Dataset, tmp_path: Path) -> None:
    run(data, tmp_path / "out")
    verdicts = verdicts_of(data)
    table = pq.read_table(current(tmp_path / "out") / "verdicts.parquet")
    assert table.column_names == [
        "id", "content", "source", "line", "role", "action", "reasons", "witness", "topic", "split",
    ]  # fmt: skip
    for row, found in enumerate(table.to_pylist()):
        assert found["action"] == Action(verdicts.action[row]).name.lower()
        assert found["reasons"] == list(verdicts.why(int(row)))
        assert found["role"] == ("frozen" if data.frozen[row] else "pool")
        assert found["split"] == (None if verdicts.split[row] < 0 else SPLITS[verdicts.split[row]])
        assert found["source"] == data.sources[data.rows["source"][row].as_py()].name


def test_malformed_rows_keep_their_bytes(data: Dataset, tmp_path: Path) -> None:
    import base64

    run(data, tmp_path / "out")
    (line,) = (current(tmp_path / "out") / "malformed.jsonl").read_text().splitlines()
    found = json.loads(line)
    assert list(found) == ["source", "line", "offset", "code", "field", "raw_b64"]
    assert found["code"] == "invalid_json"
    assert base64.b64decode(found["raw_b64"]) == b'{"broken'
    one = sample_files()["one.jsonl"]
    assert one[found["offset"] :].startswith(b'{"broken\n')
    assert one[: found["offset"]].count(b"\n") + 1 == found["line"]


def test_frozen_files_leave_as_they_came(data: Dataset, tmp_path: Path) -> None:
    run(data, tmp_path / "out")
    assert (current(tmp_path / "out") / "frozen" / "eval.jsonl").read_bytes() == sample_files()["eval.jsonl"]
    (tmp_path / "eval.jsonl").write_bytes(b"{}\n")
    with pytest.raises(DataError, match=r"eval\.jsonl is not what it was"):
        run(data, tmp_path / "other")
    assert not list((tmp_path / "other").iterdir())


def test_lineage_says_where_rows_went_and_has_no_place_or_clock(data: Dataset, tmp_path: Path) -> None:
    lineage = run(data, tmp_path / "out")
    text = (current(tmp_path / "out") / "lineage.json").read_text()
    assert text == lineage.to_json()
    assert str(tmp_path) not in text and "NaN" not in text
    found = json.loads(text)
    for source in found["sources"]:
        rows = source["rows"]
        assert rows["read"] == sum(rows.values()) - rows["read"]
    assert found["total"]["read"] == sum(s["rows"]["read"] for s in found["sources"])
    assert found["checks"][0]["value"] is None and found["checks"][1]["rows"] == 3
    assert found["stats"]["scores"]["quality"]["rows"] == (len(data) + 1) // 2
    assert {m["name"] for m in found["measures"]} == {"text", "embed"}
    assert set(found["files"]) == set(json.loads((current(tmp_path / "out") / "manifest.json").read_bytes())) - {
        "lineage.json"
    }


def test_a_lost_row_stops_the_export(data: Dataset, tmp_path: Path) -> None:
    short = replace(data, sources=(replace(data.sources[0], read=data.sources[0].read + 1), *data.sources[1:]))
    with pytest.raises(StoreError, match=r"one\.jsonl: the ledger does not balance"):
        run(short, tmp_path / "out")
    verdicts = verdicts_of(data)
    verdicts.split[np.flatnonzero(verdicts.action == Action.KEEP)[0]] = -1
    with pytest.raises(StoreError, match="1 kept rows are in no split"):
        export(data, evidence_of(data), verdicts, FakeRecipe(), CHECKS, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_cancel_leaves_nothing(data: Dataset, tmp_path: Path) -> None:
    class Stop:
        def is_set(self) -> bool:
            return True

    run(data, tmp_path / "out")
    before = tree(tmp_path / "out")
    with pytest.raises(Cancelled):
        run(data, tmp_path / "out", seed=1, cancel=Stop())
    assert tree(tmp_path / "out") == before


def test_overrides_leave_beside_the_recipe(data: Dataset, tmp_path: Path) -> None:
    decided = Overrides.of({"b-0": ("keep", "=cmd()"), "a-0": ("drop", "line\nbreak")}, [("z", "y", "both_right")])
    run(data, tmp_path / "out", overrides=decided)
    text = (current(tmp_path / "out") / "overrides.csv").read_text()
    assert Overrides.from_csv(text) == decided
    assert not any(cell.startswith("=") for row in csv.reader(io.StringIO(text)) for cell in row)


json_lines = st.builds(
    lambda value, pad: pad + json.dumps(value, ensure_ascii=False).encode() + pad,
    st.dictionaries(st.text(max_size=4), st.text(max_size=6), max_size=3),
    st.sampled_from([b"", b" "]),
)
any_lines = st.lists(
    st.one_of(json_lines, st.binary(max_size=8), st.sampled_from([b"", b" \r", b'{"a":1}\r', b"\xef\xbb\xbf{}", b"{}"]))
)
elements = st.lists(json_lines.map(bytes.strip).filter(lambda b: b"\x1e" not in b), max_size=5)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=any_lines, end=st.sampled_from([b"", b"\n"]), more=any_lines, array=elements, seed=st.integers(0, 99))
def test_every_row_is_accounted_for_and_every_file_comes_back(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], end: bytes, more: list[bytes], array: list[bytes],
    seed: int,
) -> None:  # fmt: skip
    folder = tmp_path_factory.mktemp("any")
    files = {"a.jsonl": b"\n".join(lines) + end, "b.jsonl.gz": b"\n".join(more), "c.json": array_bytes(array)}
    data = dataset_of(folder, {**files, "eval.jsonl": b'{"e":1}\n'}, FROZEN)
    lineage = run(data, folder / "out", seed)
    assert total(counts(data, verdicts_of(data, seed))) == lineage.total
    assert lineage.total.balances
    for name, plain in files.items():
        assert b"".join(rebuild(folder / "out", name)) == plain
    assert verify(folder / "out") == ()


def test_rebuild_names_what_it_can_not(data: Dataset, tmp_path: Path) -> None:
    run(data, tmp_path / "out")
    assert b"".join(rebuild(tmp_path / "out", "eval.jsonl")) == sample_files()["eval.jsonl"]
    with pytest.raises(StoreError, match=r"'x' is no input .* one\.jsonl"):
        list(rebuild(tmp_path / "out", "x"))


def test_files_of_one_name_stay_apart(tmp_path: Path) -> None:
    data = dataset_of(tmp_path, {"a.jsonl": b'{"a":1}\n', "b.jsonl": b'{"b":1}\n'})
    named = replace(data, sources=tuple(replace(s, name="../x/data.jsonl") for s in data.sources))
    lineage = run(named, tmp_path / "out")
    names = [s.name for s in lineage.sources]
    assert len(set(names)) == 2 and not any("/" in n or n.startswith(".") for n in names)
    assert verify(tmp_path / "out") == ()


SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from ship_cases import *
from curate.ship import export
folder = Path(sys.argv[2])
data = dataset_of(folder, sample_files(), frozenset({"eval.jsonl"}))
print(export(data, evidence_of(data), verdicts_of(data), FakeRecipe(), CHECKS, folder / "out").version)
"""


def test_bytes_do_not_depend_on_the_environment(tmp_path: Path) -> None:
    found = set()
    for number, (seed, zone, locale) in enumerate((("0", "UTC", "C"), ("7", "Asia/Tokyo", "C.UTF-8"))):
        folder = tmp_path / str(number)
        folder.mkdir()
        env = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": locale}
        made = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(Path(__file__).parent), str(folder)],
            env=env, cwd=folder, capture_output=True, text=True, check=True,
        )  # fmt: skip
        found.add(made.stdout)
    assert len(found) == 1


def test_bytes_do_not_depend_on_chunks(data: Dataset, tmp_path: Path) -> None:
    import pyarrow as pa

    cut = replace(data, rows=pa.concat_tables([data.rows.slice(k, 7) for k in range(0, len(data), 7)]))
    assert run(data, tmp_path / "a").version == run(cut, tmp_path / "b").version
