"""Rows read by a column map that a person gave."""

from __future__ import annotations

from curate.load.fields import Object, history_of, plain_of, side_of, system_of
from curate.load.mapping import READ, ColumnMap
from curate.load.problems import Notes, RowError
from curate.load.turns import SHAREGPT, Turn, from_messages

NAME = "mapped"


def applies(obj: Object, columns: ColumnMap) -> bool:
    """True when the row holds something in one of the map's spoken columns."""
    return any(obj.get(c) is not None for c in columns.spoken)


def uses(columns: ColumnMap) -> frozenset[str]:
    """The columns that `turns_of` reads; ids, groups, times and tools stay the user's own."""
    return frozenset(column for part, column in columns.pairs if part in READ)


def turns_of(obj: Object, columns: ColumnMap, frozen: bool, notes: Notes) -> list[Turn]:
    """The row's turns. RowError names the column that is missing or holds no text; frozen rows may only ask."""
    at = columns.columns
    turns = history_of(obj, at["history"]) if "history" in at else []
    if "turns" in at and obj.get(at["turns"]) is not None:
        turns += from_messages(obj[at["turns"]], at["turns"], notes, SHAREGPT)
    if "prompt" in at:
        turns += _with_context(_spoken(obj, at["prompt"], "prompt", "user", notes), obj, at.get("context"))
    if "response" in at and not (frozen and obj.get(at["response"]) is None):
        turns += _spoken(obj, at["response"], "response", "assistant", notes)
    if not turns:
        raise RowError("missing_key", at["turns"], "the column mapped to turns is missing or null")
    head = system_of(obj, at["system"]) if "system" in at else []
    return turns if turns[0].role in ("system", "developer") else head + turns


def _spoken(obj: Object, column: str, part: str, role: str, notes: Notes) -> list[Turn]:
    value = obj.get(column)
    if value is None:
        raise RowError("missing_key", column, f"the column mapped to {part} is missing or null")
    if type(value) in (list, dict):
        return side_of(obj, column, role, notes)
    return [Turn(role, plain_of(obj, column))]


def _with_context(asked: list[Turn], obj: Object, column: str | None) -> list[Turn]:
    if column is None or obj.get(column) in (None, ""):
        return asked
    if len(asked) != 1:
        raise RowError("bad_content", column, "a context goes with a prompt that is text, not messages")
    return [Turn(asked[0].role, f"{asked[0].text}\n{plain_of(obj, column)}")]
