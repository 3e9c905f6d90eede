"""P1, P2 and P3 for every shape through the command line, and load(export(x)) == x for every writer that can carry a row."""

from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_cases import cli
from hypothesis import given, settings
from hypothesis import strategies as st
from test_cli_properties import check

from benchmarks.fuzz_seeds import _FLAT, _ROWS
from curate.errors import DataError
from curate.load import WRITERS, convert, load, record_lines
from curate.ship import current

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
shaped = st.sampled_from(_ROWS)
odd = st.sampled_from(
    [b"null", b"[1]", b"{", b"", b" ", b'{"a":NaN}', b"\xef\xbb\xbf{}", b'{"text":"\\ud800"}', b"\xff"]
)
row = st.tuples(
    shaped, st.dictionaries(st.sampled_from(["note", "id", "", "n"]), text | st.integers(-9, 9), max_size=2)
).map(lambda t: t[1] | t[0])


def packed(rows: list[dict[str, Any]], bad: list[bytes], how: str) -> tuple[str, bytes]:
    """(file name, plain bytes) of rows and bad records in a container."""
    if how == "array":
        return "x.json", b"[" + b" ,\n".join(
            [json.dumps(r).encode() for r in rows] + [b for b in bad if b.strip()]
        ) + b"]"
    if how == "pretty":
        return "x.json", b"\n".join(json.dumps(r, indent=1).encode() for r in rows) + b"\n"
    if how == "wrapped":
        return "x.json", json.dumps({"version": 1, "data": rows}).encode()
    lines = [json.dumps(r, ensure_ascii=how == "gz").encode() for r in rows]
    mixed = [x for pair in zip(lines, bad, strict=False) for x in pair] + lines[len(bad) :] + bad[len(lines) :]
    return ("x.jsonl.gz" if how == "gz" else "x.jsonl"), b"\n".join(mixed)


@settings(max_examples=15)
@given(
    st.lists(row, min_size=1, max_size=5),
    st.lists(odd, max_size=3),
    st.sampled_from(["lines", "gz", "array", "pretty", "wrapped"]),
)
def test_every_shape_is_accounted_for_and_comes_back(rows: list[dict[str, Any]], bad: list[bytes], how: str) -> None:
    name, plain = packed(rows, bad, how)
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder) / name, Path(folder) / "out"
        path.write_bytes(gzip.compress(plain) if how == "gz" else plain)
        done = cli("run", path, "--out", out, "--no-vectors", "--preset", "S1")
        check(done, out, {path: plain})
        if done.code == 0 and how in ("lines", "gz"):
            version = current(out)
            written = [
                x for s in ("train", "validation", "test") for x in (version / f"{s}.jsonl").read_bytes().splitlines()
            ]
            assert set(written) <= set(plain.split(b"\n")), "P3: an untouched row is its own line"


def test_rows_that_continue_each_other_are_accounted_for(tmp_path: Path) -> None:
    plain = "\n".join(json.dumps(r) for r in _FLAT).encode()
    (tmp_path / "x.jsonl").write_bytes(plain)
    done = cli("run", tmp_path / "x.jsonl", "--out", tmp_path / "out", "--no-vectors", "--preset", "S1")
    check(done, tmp_path / "out", {tmp_path / "x.jsonl": plain})


def carried(to: str, rows: list[dict[str, Any]], folder: Path) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """(a row as it was read, the same after it was written in the shape `to` and read again)."""
    path, again = folder / "in.jsonl", folder / "out.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    data = load(path)
    kept, lines = [], []
    for n in range(len(data)):
        try:
            made = convert(data.text("messages", n), data.text("extra", n), to)
        except DataError:
            continue
        kept.append(
            {k: data.rows.column(k)[n].as_py() for k in ("content", "messages", "prompt", "response", "system")}
        )
        lines.append(json.dumps(made.row))
    again.write_text("".join(line + "\n" for line in lines))
    if not lines:
        return
    back = load(again)
    assert (len(back), back.sources[0].malformed) == (len(lines), 0), to
    place = {line: n for n, line in enumerate(record_lines(back, range(len(back))))}
    for before, line in zip(kept, lines, strict=True):
        n = place[line.encode()]
        yield before, {k: back.rows.column(k)[n].as_py() for k in before}


@pytest.mark.parametrize("to", WRITERS)
def test_whatever_a_shape_carries_is_loaded_equal(to: str, tmp_path: Path) -> None:
    """Through files and the loader, for rows of every shape: equal, or refused by the writer. Each writer carries some."""
    rows = [r | {"nr": n} for n, r in enumerate(_ROWS) if "input_ids" not in r]
    pairs = list(carried(to, rows, tmp_path))
    assert pairs, "no row of any shape fits"
    for before, after in pairs:
        assert before == after
