"""From files through the loader to an export and back: nothing is lost, whatever the bytes."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ship_cases import CHECKS, FakeRecipe, evidence_of, verdicts_of

from curate.errors import DataError
from curate.load import load
from curate.ship import current, export, rebuild, verify

row = st.builds(
    lambda q, a, extra: {"instruction": q, "output": a, **extra},
    st.text(max_size=8),
    st.text(max_size=8),
    st.dictionaries(st.text(max_size=3), st.one_of(st.none(), st.integers(-9, 9), st.text(max_size=3)), max_size=2),
)
good = st.builds(
    lambda r, ascii_only: json.dumps(r, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass"), row, st.booleans()
)
bad = st.one_of(
    st.binary(max_size=12), st.sampled_from([b"", b" \t", b"\r", b"null", b"\xef\xbb\xbf", b'{"a":1,"a":2}'])
)
end = st.sampled_from([b"", b"\n", b"\r\n", b"\n\n", b"\n\xef\xbb\xbf"])


def check(folder: Path, files: dict[str, bytes], seed: int = 0, sample: int | None = None) -> None:
    """Every file that loads comes back from the export byte for byte."""
    paths = []
    for name, plain in files.items():
        (folder / name).write_bytes(gzip.compress(plain) if name.endswith(".gz") else plain)
        paths.append(folder / name)
    try:
        data = load(paths, sample=sample, workers=1)
    except DataError:
        return  # refused as a whole, by name: the loader's tests say when
    out = folder / "out"
    lineage = export(data, evidence_of(data), verdicts_of(data, seed), FakeRecipe(), CHECKS, out)
    assert lineage.total.balances
    for name, plain in files.items():
        assert b"".join(rebuild(out, name)) == plain
    assert verify(out) == ()


@settings(deadline=None, max_examples=40)
@given(
    lines=st.lists(st.one_of(good, bad), max_size=8),
    join=st.sampled_from([b"\n", b"\r\n"]),
    last=end,
    seed=st.integers(0, 9),
)
def test_lines(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], join: bytes, last: bytes, seed: int
) -> None:
    sure = b'{"instruction": "sure", "output": "one"}'
    files = {"a.jsonl": join.join([sure, *lines]) + last, "b.jsonl.gz": join.join([*lines, sure])}
    check(tmp_path_factory.mktemp("lines"), files, seed)


@settings(deadline=None, max_examples=25)
@given(
    rows=st.lists(row, min_size=1, max_size=5),
    indent=st.sampled_from([None, 0, 2]),
    last=st.sampled_from(["", "\n", ",", "]"]),
)
def test_arrays(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]], indent: int | None, last: str
) -> None:
    text = json.dumps([{"instruction": "sure", "output": "one"}, *rows], indent=indent) + last
    check(tmp_path_factory.mktemp("array"), {"a.json": text.encode()})


@settings(deadline=None, max_examples=25)
@given(
    cells=st.lists(st.tuples(st.text(max_size=6), st.text(max_size=6)), max_size=5),
    line_end=st.sampled_from(["\n", "\r\n"]),
    more=st.sampled_from(["", "x\n", "a,b,c", '"open']),
)
def test_csv(tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[str, str]], line_end: str, more: str) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=line_end).writerows([("prompt", "completion"), ("sure", "one"), *cells])
    check(tmp_path_factory.mktemp("csv"), {"a.csv": (out.getvalue() + more).encode("utf-8", "surrogatepass")})


def test_a_sample_still_rebuilds(tmp_path: Path) -> None:
    lines = [json.dumps({"instruction": f"q{n}", "output": "a"}).encode() for n in range(50)]
    check(tmp_path, {"a.jsonl": b"\n".join(lines), "b.json": b"[" + b" ,\n".join(lines[:20]) + b"]"}, sample=12)


def test_parquet_keeps_its_values(tmp_path: Path) -> None:
    rows = [{"prompt": f"q{n}", "completion": f"é{n}", "n": n} for n in range(20)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet", row_group_size=7)
    data = load([tmp_path / "a.parquet"])
    verdicts = verdicts_of(data)
    export(data, evidence_of(data), verdicts, FakeRecipe(), CHECKS, tmp_path / "out")
    assert verify(tmp_path / "out") == ()
    version = current(tmp_path / "out")
    found = []
    for name in (*verdicts.splits, "rejected", "review"):
        lines = map(json.loads, (version / f"{name}.jsonl").read_bytes().splitlines())
        found += [line["row"] if name in ("rejected", "review") else line for line in lines]
    assert sorted(found, key=lambda r: r["n"]) == rows
    ledger = pq.read_table(version / "ledger.parquet").to_pylist()
    assert sorted((r["offset"], r["length"]) for r in ledger) == [(n // 7, n % 7) for n in range(20)]


def test_order_of_rows_changes_no_training_file(tmp_path: Path) -> None:
    lines = [json.dumps({"instruction": f"q{n % 30}", "output": f"a{n % 25}"}) for n in range(60)]
    made = []
    for name, rows in (("one", lines), ("two", lines[::-1])):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "a.jsonl").write_text("\n".join(rows) + "\n")
        data = load([folder / "a.jsonl"])
        export(data, evidence_of(data), verdicts_of(data), FakeRecipe(), CHECKS, folder / "out")
        made.append({n: (current(folder / "out") / f"{n}.jsonl").read_bytes() for n in ("train", "validation", "test")})
    assert made[0] == made[1]
