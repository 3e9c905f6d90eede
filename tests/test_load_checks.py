"""Findings about rows that load: each code on a row that has the fault, and silence on one that hasn't."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from curate.load import CODES, load
from curate.load.problems import Notes
from curate.load.record import record

U, A, S = ({"role": r, "content": c} for r, c in (("user", "q"), ("assistant", "a"), ("system", "s")))


def call(key: str, arguments: Any = '{"x":1}') -> dict[str, Any]:
    return {"id": key, "type": "function", "function": {"name": "f", "arguments": arguments}}


def asks(*calls: dict[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "content": None, "tool_calls": list(calls)}


def answers(key: str | None) -> dict[str, Any]:
    return {"role": "tool", "content": "r"} | ({"tool_call_id": key} if key else {})


def found(messages: list[dict[str, Any]]) -> list[tuple[str, str]]:
    notes: Notes = []
    record({"messages": messages}, False, notes)
    return [(n.code, n.field) for n in notes]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("null", ["null_text"]), (" None\n", ["null_text"]), ("NaN", ["null_text"]), ("none of them", []), ("nullify", []),
        ("Tom &amp; Jerry", ["html_debris"]), ("a<br/>b", ["html_debris"]), ("x</p>", ["html_debris"]), ("AT&T; a & b", []),
        ("```html\n<p>x</p>\n```", []), ("a < b and c > d", []), ("<!DOCTYPE html><p>x</p>", []),
        ("caf\u00c3\u00a9", ["encoding_debris"]), ("it\u00e2\u20ac\u2122s", ["encoding_debris"]), ("a\ufffdb", ["encoding_debris"]),
        ("N\u00c3O \u00e2me \u00c2ge", []), ("\u00a9 2024 caf\u00e9", []),
    ],
)  # fmt: skip
def test_debris_is_named_and_kept(text: str, codes: list[str]) -> None:
    assert found([{"role": "user", "content": text}, A]) == [(c, "messages[0].content") for c in codes]


@pytest.mark.parametrize(
    ("messages", "codes"),
    [
        ([U, asks(call("1"), call("2")), answers("2"), answers("1"), A], []),
        ([U, asks(call("1"))], []),
        ([U, asks(call("1")), answers("1")], [("last_role_tool", "messages[2]")]),
        ([U, asks(call("1"), call("2")), answers("1"), U, A], [("tool_call_unanswered", "messages[1].tool_calls[1]")]),
        ([U, asks(call("1")), answers("9"), A], [("tool_result_unasked", "messages[2].tool_call_id")]),
        ([U, asks(call("1")), answers("1"), answers("1"), A], [("tool_result_unasked", "messages[3].tool_call_id")]),
        ([U, asks(call("1", "{x")), answers("1"), A], [("tool_arguments", "messages[1].tool_calls[0].function.arguments")]),
        ([U, asks(call("1", "[1]")), answers("1"), A], [("tool_arguments", "messages[1].tool_calls[0].function.arguments")]),
        ([U, asks(call("1", {"x": 1})), answers("1"), A], []), ([U, A, answers(None), A], []),
        ([U, {"role": "assistant", "content": "", "tool_calls": "odd"}, A], [("role_order", "messages[2]")]),
    ],
)  # fmt: skip
def test_calls_and_results_pair_up(messages: list[dict[str, Any]], codes: list[tuple[str, str]]) -> None:
    assert found(messages) == codes


def test_mixed_files_are_said_once(tmp_path: Path) -> None:
    def codes(*rows: list[dict[str, str]], frozen: bool = False) -> list[tuple[str, int, str]]:
        path = tmp_path / "x.jsonl"
        path.write_text("".join(json.dumps({"messages": r}) + "\n" for r in rows))
        d = load((), frozen=path) if frozen else load(path)
        return [(p["code"], p["line"], p["message"].split(";")[0]) for p in d.problems.to_pylist()]

    assert codes([U, A], [U, A]) == codes([S, U, A], [S, U, A]) == codes([U, A, U, A]) == []
    assert codes([S, U, A], [U, A]) == [("mixed_system", 0, "1 of 2 rows have a system prompt")]
    assert codes([U, A, U, A], [U, A], [U, A]) == [("mixed_turns", 0, "1 of 3 rows ask more than once")]
    assert codes([S, U, A], [U, A], frozen=True) == []


def test_levels() -> None:
    assert {c.level for c in CODES.values()} == {"error", "warning", "info"}
    assert all((c.level == "error") == c.fatal for c in CODES.values())
    assert (CODES["mixed_system"].level, CODES["tool_arguments"].level) == ("info", "warning")
