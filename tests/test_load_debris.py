"""What lies about in data folders: pointers, pages, zeros, rows in odd wrappings. Read where it can be, else named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from curate.errors import DataError
from curate.load import load, rebuild, record_line
from curate.load.problems import RowError
from curate.load.record import record


def _json_lines(*rows: object) -> bytes:
    return "".join(json.dumps(r) + "\n" for r in rows).encode()


TALK = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("x.jsonl", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "is a Git LFS pointer, not the data"),
        ("x.csv", b"/annex/objects/SHA256E-s1--0.csv\n", "is a git-annex pointer"),
        ("x.jsonl", b"\xef\xbb\xbf\n<!DOCTYPE html><html><body>404</body></html>", "is a web page or XML"),
        ("x.json", b"<?xml version='1.0'?><a/>", "is a web page or XML"), ("x.jsonl", b"\0" * 5000, "nothing but zero bytes"),
    ],
)  # fmt: skip
def test_what_stands_in_for_a_file_is_named(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DataError, match=said):
        load(tmp_path / name)


def test_a_tail_of_zeros_costs_one_line(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(_json_lines({"messages": TALK}) * 3 + b"\0" * 3000)
    made = load(path)
    assert (len(made), made.sources[0].malformed) == (3, 1)
    assert b"".join(rebuild(made, 0)) == path.read_bytes()


def test_rows_that_are_bare_lists_of_messages(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(_json_lines(TALK, TALK[::-1], [1], [{"role": 5, "content": "q"}]))
    made = load(path)
    assert (len(made), made.sources[0].formats, made.sources[0].malformed) == (2, {"messages": 2}, 2)
    assert json.loads(record_line(made, 0)) in (TALK, TALK[::-1])


def test_one_message_is_no_row(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps(TALK))
    made = load(path)
    assert (len(made), made.problems.column("code").to_pylist()) == (0, ["missing_key"] * 2)
    assert "the row is one message" in made.problems.column("message")[0].as_py()


def test_objects_over_several_lines(tmp_path: Path) -> None:
    """Objects that follow each other; a broken one costs itself alone, and what is no object costs one row."""
    rows = [json.dumps({"messages": TALK, "n": n}, indent=2) for n in range(5)]
    path = tmp_path / "x.jsonl"
    path.write_text("\n".join([rows[0], rows[1][:-4], rows[2], "oops", rows[3], rows[4]]) + "\n\n")
    made = load(path)
    assert (len(made), made.sources[0].malformed, made.sources[0].container) == (4, 2, "json")
    assert b"".join(rebuild(made, 0)) == path.read_bytes()
    path.write_text("\n".join(json.dumps({"messages": TALK, "n": n}, indent=0) for n in range(3)))
    assert len(load(path)) == 3


def test_many_unclosed_objects_come_to_an_end(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{\n"a": 1}\n' + "{\n" * 5_000)
    assert load(path).sources[0].malformed == 5_001


def test_shapes_in_one_file_are_said(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(_json_lines({"messages": TALK}, {"prompt": "q", "completion": "a"}))
    made = load(path)
    (found,) = made.problems.to_pylist()
    assert (found["code"], found["fatal"]) == ("mixed_formats", False)
    assert found["message"].startswith("1 rows are messages, 1 rows are prompt_completion; save each shape")


def test_an_instruction_with_its_one_instance() -> None:
    made = record({"id": "u", "instruction": "Do.", "instances": [{"input": "x", "output": "y"}]}, False, [])
    assert (made.prompt, made.response, made.format, made.user_id) == ("Do.\nx", "y", "instances", "u")
    whole = {"instruction": "Do.", "instances": [{"instruction_with_input": "Do x.", "input": "x", "output": "y"}]}
    assert record(whole, False, []).prompt == "Do x."
    columns = {"instruction": "Do.", "instances": {"input": ["x"], "output": ["y"]}}
    assert record(columns, False, []).response == "y"
    with pytest.raises(RowError, match="instances is 2 examples"):
        record({"instruction": "Do.", "instances": [{"output": "y"}] * 2}, False, [])
