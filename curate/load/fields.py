"""Fields of a row that many shapes share: a text, a system prompt, a history, a side that is text or messages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from curate.load.problems import Notes, RowError, kind
from curate.load.turns import SHAREGPT, Turn, compact, from_messages

Object = dict[str, Any]


class Tracked(dict[str, Any]):
    """A row that remembers which of its keys were asked for: one that a shape could use but didn't is the user's own."""

    def __init__(self, obj: Object) -> None:
        super().__init__(obj)
        self.seen: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.seen.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self.seen.add(key)
        return super().get(key, default)


def first_of(obj: Object, keys: Iterable[str]) -> str | None:
    """The first of the keys that holds something; when none does, the first that is there at all."""
    listed = [k for k in keys if k in obj]
    return next((k for k in listed if dict.get(obj, k) is not None), listed[0] if listed else None)


def text_of(obj: Object, key: str) -> str:
    """The text of a field, also as a list of one text."""
    value = obj.get(key)
    if type(value) is str:
        return value
    if type(value) is list and len(value) == 1 and type(value[0]) is str:
        return value[0]
    if key not in obj:
        raise RowError("missing_key", key, f"{key} is missing")
    raise RowError("bad_content", key, f"{key} is {kind(value)}, expected text")


def plain_of(obj: Object, key: str) -> str:
    """The text of a field named by hand: numbers and true or false as JSON writes them."""
    value = obj.get(key)
    return compact(value) if type(value) in (int, float, bool) else text_of(obj, key)


def system_of(obj: Object, *keys: str) -> list[Turn]:
    """The system turn of the first key that holds something; none when all are empty."""
    for key in keys or ("system",):
        value = obj.get(key)
        if value is not None and value != "":
            if type(value) is list:
                return from_messages([{"role": "system", "content": value}], key, [], {})
            return [Turn("system", text_of(obj, key))]
    return []


def history_of(obj: Object, key: str = "history") -> list[Turn]:
    """Earlier turns from pairs of texts."""
    value = obj.get(key)
    if not value:
        return []
    if type(value) is not list:
        raise RowError("bad_content", key, f"{key} is {kind(value)}, expected a list of pairs")
    turns: list[Turn] = []
    for n, pair in enumerate(value):
        if type(pair) is not list or len(pair) != 2 or not all(type(t) is str for t in pair):
            raise RowError("bad_content", f"{key}[{n}]", "a history entry is no pair of texts")
        turns += [Turn("user", pair[0]), Turn("assistant", pair[1])]
    return turns


def side_of(obj: Object, key: str, role: str, notes: Notes) -> list[Turn]:
    """Text, one message or a list of messages."""
    value = obj[key]
    if type(value) is list and not (len(value) == 1 and type(value[0]) is str):
        return from_messages(value, key, notes, SHAREGPT)
    if type(value) is dict:
        return from_messages(value.get("messages", [value]), key, notes, SHAREGPT)
    return [Turn(role, text_of(obj, key))]
