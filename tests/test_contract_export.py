"""Contract "Export directory": files, columns, names and promises that other programs read an export by."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cli_cases import SAMPLE, cli, jsonl, rows, tree

from curate.ship import current, rebuild

POOL = (SAMPLE / "helpdesk.jsonl", SAMPLE / "medical.jsonl")
FROZEN = SAMPLE / "evaluation.jsonl"
SPLITS = ("train", "validation", "test")


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("contract") / "out"
    assert cli("run", *POOL, "--frozen", FROZEN, "--out", folder, "--no-vectors").code == 0
    return folder


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_the_files(out: Path) -> None:
    version = current(out)
    found = {p.relative_to(version).as_posix() for p in version.rglob("*") if p.is_file()}
    assert found == {*(f"{n}.jsonl" for n in (*SPLITS, "rejected", "review", "malformed")), "frozen/evaluation.jsonl",
                     "verdicts.parquet", "ledger.parquet", "recipe.toml", "overrides.csv", "lineage.json", "manifest.json",
                     "run.json",
                     "proof.json"}  # fmt: skip
    assert (out / "CURRENT").read_text() == f"{version.name}\n"
    assert all(p.stat().st_mode & 0o222 == 0 for p in version.rglob("*") if p.is_file())
    assert (version / "frozen" / "evaluation.jsonl").read_bytes() == FROZEN.read_bytes()


def test_the_manifest_names_the_version_and_every_byte(out: Path) -> None:
    version = current(out)
    data = (version / "manifest.json").read_bytes()
    assert hashlib.sha256(data).hexdigest()[:12] == version.name
    listed = json.loads(data)
    assert list(listed) == sorted(listed)
    assert set(listed) == set(tree(version)) - {"manifest.json"}
    for name, entry in listed.items():
        content = (version / name).read_bytes()
        assert entry["sha256"] == hashlib.sha256(content).hexdigest()
        assert entry["bytes"] == len(content)
        if name.endswith(".jsonl"):
            assert entry["rows"] == content.count(b"\n")


def test_the_clock_stands_in_run_json_alone(out: Path) -> None:
    run = json.loads((current(out) / "run.json").read_text())
    assert {"started", "host", "seconds"} <= set(run)
    hashed = b"".join(v for k, v in tree(current(out)).items() if not k.endswith(".jsonl"))
    assert run["started"][:16].encode() not in hashed
    assert str(SAMPLE).encode() not in hashed


def test_the_verdicts_table(out: Path) -> None:
    table = pq.read_table(current(out) / "verdicts.parquet")
    assert table.column_names == [
        "id",
        "content",
        "source",
        "line",
        "role",
        "action",
        "reasons",
        "witness",
        "topic",
        "split",
    ]
    assert table.schema.field("reasons").type == pa.list_(pa.string())
    assert set(table["role"].to_pylist()) == {"pool", "frozen"}
    assert set(table["action"].to_pylist()) == {"keep", "drop", "review", "frozen"}
    assert set(table["split"].to_pylist()) == {*SPLITS, None}
    known = {row["code"] for row in cli("rules", "--json").json if row["action"] in ("drop", "review")}
    ids = set(table["id"].to_pylist())
    for row in table.to_pylist():
        assert set(row["reasons"]) <= known
        assert (row["split"] is not None) == (row["action"] == "keep")
        assert row["witness"] is None or row["witness"] in ids
        assert bool(row["reasons"]) or row["action"] in ("keep", "frozen")


def test_held_rows_say_why(out: Path) -> None:
    version = current(out)
    by_id = {row["id"]: row for row in pq.read_table(version / "verdicts.parquet").to_pylist()}
    for name, action in (("rejected", "drop"), ("review", "review")):
        found = lines(version / f"{name}.jsonl")
        assert len(found) == sum(row["action"] == action for row in by_id.values()) > 0
        for row in found:
            assert set(row) == {"id", "source", "line", "reasons", "witness", "row"}
            told = by_id[row["id"]]
            assert (row["source"], row["line"], row["reasons"], row["witness"]) == (
                told["source"], told["line"], told["reasons"], told["witness"])  # fmt: skip
            original = (SAMPLE / row["source"]).read_bytes().split(b"\n")[row["line"] - 1]
            assert row["row"] == json.loads(original)


def test_malformed_rows_keep_their_bytes(tmp_path: Path) -> None:
    bad = ['{"prompt": "x', '{"a": NaN}', '"text"']
    data, out = jsonl(tmp_path / "d.jsonl", [*rows(3), *bad]), tmp_path / "o"
    assert cli("run", data, "--out", out, "--no-vectors").code == 0
    found = lines(current(out) / "malformed.jsonl")
    assert [set(row) for row in found] == [{"source", "line", "offset", "code", "field", "raw_b64"}] * 3
    assert [base64.b64decode(row["raw_b64"]).decode() for row in found] == bad
    assert [row["line"] for row in found] == [4, 5, 6]
    content = data.read_bytes()
    assert all(content[row["offset"] :].startswith(base64.b64decode(row["raw_b64"])) for row in found)


def test_an_unmodified_line_leaves_as_it_came(out: Path) -> None:
    originals = {line for path in POOL for line in path.read_bytes().splitlines()}
    for name in SPLITS:
        assert set((current(out) / f"{name}.jsonl").read_bytes().splitlines()) <= originals


def test_rows_of_arrays_csv_and_parquet_leave_as_one_line(tmp_path: Path) -> None:
    made, plain = rows(12), {}
    plain["a.json"] = json.dumps(made[:4], indent=2).encode()
    body = "".join(f'"{r["prompt"]}","{r["completion"]}"\r\n' for r in made[4:8])
    plain["b.csv"] = ("prompt,completion\r\n" + body).encode()
    for name, data in plain.items():
        (tmp_path / name).write_bytes(data)
    pq.write_table(pa.Table.from_pylist(made[8:]), tmp_path / "c.parquet")
    out = tmp_path / "o"
    assert cli("run", *(tmp_path / n for n in ("a.json", "b.csv", "c.parquet")), "--out", out, "--no-vectors").code == 0
    found = [row for name in (*SPLITS, "rejected", "review") for row in lines(current(out) / f"{name}.jsonl")]
    assert sorted((r.get("row", r) for r in found), key=str) == sorted(made, key=str)
    for name, data in plain.items():
        assert b"".join(rebuild(out, name)) == data


def test_equal_inputs_re_use_the_version_and_foreign_files_are_refused(out: Path) -> None:
    before = (current(out) / "run.json").read_bytes()
    assert cli("run", *POOL, "--frozen", FROZEN, "--out", out, "--no-vectors").code == 0
    assert (current(out) / "run.json").read_bytes() == before
    (out / "notes.txt").write_text("mine")
    assert cli("run", *POOL, "--frozen", FROZEN, "--out", out, "--no-vectors").code == 2
    (out / "notes.txt").unlink()


def test_splits_are_there_when_empty(tmp_path: Path) -> None:
    data, out = jsonl(tmp_path / "d.jsonl", list(rows(1))), tmp_path / "o"
    assert cli("run", data, "--out", out, "--no-vectors").code == 0
    sizes = [(current(out) / f"{n}.jsonl").stat().st_size for n in (*SPLITS, "rejected", "review", "malformed")]
    assert sum(size > 0 for size in sizes) == 1


def test_the_recipe_and_overrides_travel(out: Path) -> None:
    from curate import Overrides, Recipe

    version = current(out)
    lineage = json.loads((version / "lineage.json").read_text("utf-8"))
    overrides = Overrides.from_csv((version / "overrides.csv").read_text("utf-8"))
    recipe = Recipe.from_toml((version / "recipe.toml").read_text("utf-8"), overrides)
    assert (recipe.fingerprint, overrides.fingerprint) == (lineage["recipe"], lineage["overrides"])
    header = next(csv.reader((version / "overrides.csv").read_text("utf-8").splitlines()))
    assert header == ["kind", "id", "other", "value", "note"]
