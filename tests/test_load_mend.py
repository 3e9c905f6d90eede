"""Corrected copies: what is mended without a guess, what is left alone, and that nothing else changes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.load import corrected, load
from curate.load.mend import mended

GOOD = {"prompt": "q", "completion": "a, }b] NaN"}
LINE = json.dumps(GOOD).encode()


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"\xef\xbb\xbf" + LINE, "took the byte order mark off"), (LINE + b",", "took the comma after the row off"),
        (LINE + b", \r", "took the comma after the row off"), (LINE[:-1] + b',"x":[1,],}', "took 2 comma(s)"),
        (b'{"prompt":"a\tb","completion":"c"}', "escaped 1 raw control"), (LINE[:-1] + b',"s":NaN,"t":[-Infinity]}', "wrote null for 2"),
        (b"{'prompt': 'it\\'s', 'completion': None or 'x'}", None), (b"{'prompt': \"it's\", 'completion': 'x', 'n': None}", "Python literal"),
        (LINE + b" " + LINE, "split into 2 rows"), (LINE[:-1] + b',"completion":"a, }b] NaN"}', "gave a repeated key once"),
        (LINE[:-1] + b',"completion":"b"}', None), (b'{" prompt ":"q","completion\\t":"a"}', "took blanks around 2"),
        (b'{"prompt":"q"," prompt":"r","completion":"a"}', None), (b'{"prompt":"q","completion":"a"', None), (b"# note", None),
        (LINE, None), (b'{"prompt":"\\ud800","completion":"a"}', None), (b'{"prompt":"\xe9","completion":"a"}', None),
        (b"{'a': __import__('os')}", None), (b"{'prompt': 'q', 'completion': ('a',)}", None), (b"{'" + b"[" * 90_000, None),
    ],
)  # fmt: skip
def test_lines(raw: bytes, said: str | None) -> None:
    made = mended(raw)
    if said is None:
        assert made is None
        return
    assert made is not None and said in made[1][0]
    for line in made[0].split(b"\n"):
        assert json.loads(line)["prompt"]


def test_several_faults_in_one_line_are_all_listed() -> None:
    made = mended(b"\xef\xbb\xbf" + LINE[:-1] + b',"s":NaN,},')
    assert made is not None and json.loads(made[0]) == GOOD | {"s": None}
    assert sorted(made[1]) == [
        "took 1 comma(s) before a closing bracket out", "took the byte order mark off", "took the comma after the row off",
        "wrote null for 1 NaN or Infinity",
    ]  # fmt: skip


def test_the_copy_keeps_what_was_fine(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + LINE + b"\r\n\n" + LINE + b",\nbroken\n" + LINE + LINE + b"\n" + LINE)
    data = load(path)
    made = corrected(data, 0)
    assert made is not None and (made.name, made.left) == ("x.corrected.jsonl", 1)
    assert [c.line for c in made.changes] == [3, 5]
    assert (
        b"".join(made.pieces())
        == b"\xef\xbb\xbf" + LINE + b"\r\n\n" + LINE + b"\nbroken\n" + LINE + b"\n" + LINE + b"\n" + LINE
    )
    path.write_bytes(b"".join(made.pieces()))
    again = load(path)
    assert (len(again), again.sources[0].malformed, corrected(again, 0)) == (5, 1, None)


def test_files_that_are_no_lines_have_no_copy(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(b"[" + LINE + b",{},]")
    assert corrected(load(path), 0) is None


@settings(max_examples=200)
@given(st.binary(max_size=40).map(lambda b: LINE[:-1] + b) | st.binary(max_size=30))
def test_whatever_is_mended_is_then_read_and_mended_no_more(raw: bytes) -> None:
    made = mended(raw)
    if made is not None:
        assert mended(made[0]) is None
        assert made[1]
