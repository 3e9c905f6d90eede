"""Columns named by hand: what a mapped row reads as, what is refused by name, what a file's columns suggest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cli_cases import cli

from curate.errors import DataError
from curate.load import ColumnMap, load, loading, parse_maps, pool, propose, rebuild
from curate.load.mapping import EVERY
from curate.store import Store
from curate.types import Dataset

FAQ = ColumnMap.of(prompt="frage", response="a, b", system="s", id="nr")
ROWS = [{"frage": f"q{n}", "a, b": f"a{n}", "s": "sys", "nr": n, "note": "x"} for n in range(3)]


def put(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    return path


def talk(d: Dataset) -> list[tuple[str, str, str]]:
    return sorted((d.text("system", n), d.text("prompt", n), d.text("response", n)) for n in range(len(d)))


@pytest.mark.parametrize("ending", ["jsonl", "json", "csv", "parquet"])
def test_a_mapped_file_reads_as_any_other(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"x.{ending}"
    if ending == "parquet":
        pq.write_table(pa.Table.from_pylist(ROWS), path)
    elif ending == "csv":
        path.write_text('frage,"a, b",s,nr,note\n' + "".join(f"q{n},a{n},sys,{n},x\n" for n in range(3)))
    elif ending == "json":
        path.write_text(json.dumps(ROWS))
    else:
        put(path, ROWS)
    d = load(path, mapping=FAQ)
    assert talk(d) == [("sys", f"q{n}", f"a{n}") for n in range(3)]
    assert (d.sources[0].formats, d.sources[0].mapping) == ({"mapped": 3}, FAQ.pairs)
    assert sorted(d.rows.column("user_id").to_pylist()) == ["0", "1", "2"]
    assert all(json.loads(x)["note"] == "x" for x in d.rows.column("extra").to_pylist())
    if ending != "parquet":
        assert b"".join(rebuild(d, 0)) == path.read_bytes()


def test_parts(tmp_path: Path) -> None:
    row = {"q": 7, "c": "ctx", "h": [["p", "r"]], "m": [{"from": "human", "value": "x"}], "r": True, "t": [{"n": 1}]}
    columns = ColumnMap.of(
        prompt="q", response="r", context="c", history="h", turns="m", tools="t", group="q", time="q"
    )
    d = load(put(tmp_path / "x.jsonl", [row]), mapping=columns)
    assert (d.text("roles", 0), d.text("response", 0)) == ("uauua", "r\ntrue")
    assert (d.text("prompt", 0), d.text("group", 0), d.text("time", 0)) == ("p\nx\n7\nctx", "7", "7")
    assert d.text("content", 0) != load(put(tmp_path / "y.jsonl", [row | {"t": []}]), mapping=columns).text(
        "content", 0
    )


def test_content_is_the_conversation_alone(tmp_path: Path) -> None:
    plain = put(tmp_path / "x.jsonl", [{"prompt": "q0", "completion": "a0"}])
    mapped = put(tmp_path / "y.jsonl", [{"x": "q0", "y": "a0"}])
    ids = [
        load(plain).text("content", 0),
        load(mapped, mapping=ColumnMap.of(prompt="x", response="y")).text("content", 0),
    ]
    assert ids[0] == ids[1]


def test_rows_without_the_columns_are_read_by_shape(tmp_path: Path) -> None:
    mixed = put(tmp_path / "x.jsonl", [*ROWS, {"prompt": "p", "completion": "c"}, {"frage": "alone"}, {"other": 1}])
    d = load(mixed, mapping=FAQ)
    assert d.sources[0].formats == {"mapped": 3, "prompt_completion": 1}
    assert [(p["code"], p["line"], p["field"]) for p in d.problems.to_pylist() if p["fatal"]] == [
        ("missing_key", 5, "a, b"),
        ("missing_key", 6, ""),
    ]


def test_one_map_per_file_and_frozen_files_may_only_ask(tmp_path: Path) -> None:
    a, b = put(tmp_path / "a.jsonl", ROWS), put(tmp_path / "b.jsonl", [{"ask": "q", "say": "a"}])
    e = put(tmp_path / "e.jsonl", [{"ask": "only"}])
    maps = {EVERY: FAQ, "b.jsonl": ColumnMap.of(prompt="ask", response="say"), "e.jsonl": ColumnMap.of(prompt="ask")}
    d = load([a, b], frozen=e, mapping=maps)
    assert [s.rows for s in d.sources] == [3, 1, 1]
    with pytest.raises(DataError, match=r"no answer; add response=COLUMN"):
        load(e, mapping=maps["e.jsonl"])
    with pytest.raises(DataError, match=r"no file is called c\.jsonl; the files are a\.jsonl"):
        load(a, mapping={"c.jsonl": FAQ})


def test_columns_that_are_not_there_are_named(tmp_path: Path) -> None:
    wrong = ColumnMap.of(prompt="frage", response="antwort")
    table = tmp_path / "x.csv"
    table.write_text("frage,b\nq,a\n")
    with pytest.raises(
        DataError, match=r"x\.csv: the column 'antwort' mapped to response is not there; it has 'frage', 'b'"
    ):
        load(table, mapping=wrong)
    with pytest.raises(DataError, match=r"x\.jsonl: no row has the column 'antwort' .* mapped to response; .* 'frage'"):
        load(put(tmp_path / "x.jsonl", ROWS), mapping=wrong)
    with pytest.raises(DataError, match="'sistem' that was mapped to system"):
        load(put(tmp_path / "x.jsonl", ROWS), mapping=ColumnMap.of(prompt="frage", response="a, b", system="sistem"))


def test_workers_get_the_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "START_AT", 1)
    monkeypatch.setattr(pool.Pool, "_free", lambda self: self._idle.get(timeout=60))
    path = put(tmp_path / "x.jsonl", ROWS * 500)
    one, two = load(path, mapping=FAQ, workers=1), load(path, mapping=FAQ, workers=2)
    assert one.rows.equals(two.rows) and len(one) == 1500 and one.sources == two.sources


def test_the_map_is_part_of_what_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, path = Store(tmp_path / "home"), put(tmp_path / "x.jsonl", [{"prompt": "q", "completion": "a", "z": "b"}])
    other = ColumnMap.of(prompt="prompt", response="z")
    assert talk(load(path, store=store)) == [("", "q", "a")]
    assert talk(load(path, store=store, mapping=other)) == [("", "q", "b")]
    monkeypatch.setattr(loading, "_read_all", None)
    again = load(path, store=store, mapping=other)
    assert talk(again) == [("", "q", "b")] and again.sources[0].mapping == other.pairs


@pytest.mark.parametrize(
    ("given", "made"),
    [
        (["prompt=q,response=a"], {EVERY: {"prompt": "q", "response": "a"}}),
        (["prompt=q, x,response=a=b"], {EVERY: {"prompt": "q, x", "response": "a=b"}}),
        (["prompt=q", "response=a"], {EVERY: {"prompt": "q", "response": "a"}}),
        (["turns=m", "a:b.csv:turns=n"], {EVERY: {"turns": "m"}, "a:b.csv": {"turns": "n"}}),
    ],
)
def test_flags(given: list[str], made: dict[str, dict[str, str]]) -> None:
    found: Mapping[str, ColumnMap] = parse_maps(given)
    assert {file: dict(columns.columns) for file, columns in found.items()} == made
    assert all(ColumnMap.parse(str(columns)) == columns for columns in found.values())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("prompt", "holds no ="), ("promt=q,response=a", "'promt' is not known"), ("prompt=,response=a", "no column"),
        ("prompt=q,prompt=r", "given twice"), ("prompt=q,response=q", "two parts"), ("system=s", "nothing is spoken"),
    ],
)  # fmt: skip
def test_flags_that_are_no_map(given: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        parse_maps([given])


def test_the_command_line(tmp_path: Path) -> None:
    path = put(tmp_path / "x.jsonl", ROWS)
    done = cli("audit", path, "--map", "prompt=frage", "--map", "response=a, b", "--no-vectors", "--json")
    assert (done.code, done.json["files"][0]["read"], done.json["files"][0]["malformed"]) == (0, 3, 0)
    done = cli("audit", path, "--map", "prompt=frag,response=a, b", "--no-vectors")
    assert done.code == 2 and "'frag'" in done.err and done.err.count("\n") == 1


@pytest.mark.parametrize("ending", ["jsonl", "json", "csv", "tsv", "parquet"])
def test_a_proposal(tmp_path: Path, ending: str) -> None:
    rows = [{"nr": str(n), "Frage": "wie?", "Antwort": "so " * 9, "leer": "" if n else "x"} for n in range(4)]
    path = tmp_path / f"x.{ending}"
    if ending == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif ending in ("csv", "tsv"):
        lines = [list(rows[0]), *(list(r.values()) for r in rows)]
        path.write_text("".join(("," if ending == "csv" else "\t").join(cells) + "\n" for cells in lines))
    else:
        path.write_text(json.dumps({"data": rows}) if ending == "json" else "\n".join(map(json.dumps, rows)))
    found = propose(path)
    assert (found.rows, found.fits) == (4, 0.0)
    assert [(c.name, c.filled) for c in found.columns] == [("nr", 1), ("Frage", 1), ("Antwort", 1), ("leer", 0.25)]
    assert found.suggested == ColumnMap.of(prompt="Frage", response="Antwort", id="nr")
    assert len(load(path, mapping=found.suggested)) == 4


def test_proposals_by_what_is_full_and_by_lists(tmp_path: Path) -> None:
    named = put(tmp_path / "a.jsonl", [{"u": "one", "v": "two", "w": None, "k": 3}, {"u": "x", "v": "y"}])
    found = propose(named)
    assert found.suggested == ColumnMap.of(prompt="u", response="v")
    assert [c.kinds for c in found.columns] == [{}, {}, {"null": 1, "missing": 1}, {"a number": 1, "missing": 1}]
    chat = put(tmp_path / "b.jsonl", [{"dialogue": [{"role": "user", "content": "q"}], "id": 1}])
    assert propose(chat).suggested == ColumnMap.of(turns="dialogue", id="id")
    assert propose(put(tmp_path / "c.jsonl", [])).suggested is None
    with pytest.raises(DataError):
        propose(tmp_path / "none.jsonl")
