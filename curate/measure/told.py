"""Rows as a model is told them: rendered text, and where in it each message stands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from curate.measure.template import Render, TemplateRefusal

ROLES = ("system", "user", "assistant", "tool")
_SIDE = {"developer": "system", "function": "tool"}
_OPEN, _CLOSE = "\ue000", "\ue001"
PROBES = 10_000  # orders of roles whose marks are remembered
Span = tuple[int, int]


class Piece(NamedTuple):
    """One message's place in a text, in characters; `whole` when what ends the turn is part of it."""

    role: int
    begin: int
    end: int
    trained: bool
    whole: bool = False


class Told(NamedTuple):
    """A row as text and its messages in it; `text` is None when the template refused. Plain: pieces are encoded alone."""

    text: str | None
    pieces: tuple[Piece, ...]
    plain: bool


class Teller:
    """Rows to text and pieces. One render of marks per order of roles shows where contents stand."""

    def __init__(self, render: Render | None) -> None:
        self.render = render
        self.marks: dict[str, tuple[str, ...] | None] = {}

    def rows(self, table: Any, chosen: np.ndarray) -> Iterator[Told]:
        import pyarrow as pa

        taken = table.select(["messages", "format", "extra"]).take(pa.array(chosen))
        cells = (taken.column(n).to_pylist() for n in ("messages", "format", "extra"))
        for messages, shape, extra in zip(*cells, strict=True):
            turns = json.loads(messages)
            plain = self.render is None or shape == "text"
            yield _joined(turns) if plain else self._rendered(turns, _tools(extra))

    def _rendered(self, turns: list[dict[str, Any]], tools: Any) -> Told:
        assert self.render is not None
        try:
            text = self.render(turns, tools)
            if any(t.get("tool_calls") or t.get("function_call") for t in turns):
                return Told(text, tuple(self._by_prefix(turns, tools, text)), False)
        except TemplateRefusal:
            return Told(None, (), False)
        return Told(
            text, tuple(_pieces(turns, _placed(text, [_content(t) for t in turns], self._between(turns, tools)))), False
        )

    def _between(self, turns: list[dict[str, Any]], tools: Any) -> tuple[str, ...] | None:
        """What the template prints around contents for this order of roles; None when it can't be told."""
        key = json.dumps([[{k: v for k, v in t.items() if k != "content"} for t in turns], tools])
        if key not in self.marks and len(self.marks) < PROBES:
            self.marks[key] = self._probe(turns, tools)
        return self.marks.get(key)

    def _probe(self, turns: list[dict[str, Any]], tools: Any) -> tuple[str, ...] | None:
        assert self.render is not None
        try:
            text = self.render([{**t, "content": f"{_OPEN}{n}{_CLOSE}"} for n, t in enumerate(turns)], tools)
        except TemplateRefusal:
            return None
        parts = []
        for n in range(len(turns)):
            before, mark, text = text.partition(f"{_OPEN}{n}{_CLOSE}")
            if not mark:
                return None
            parts.append(before)
        return (*parts, text)

    def _by_prefix(self, turns: list[dict[str, Any]], tools: Any, text: str) -> Iterator[Piece]:
        """Each message as what it adds to the rendering of those before it: calls stand in it, and what ends the turn.

        The opening of an assistant's turn is left out, where the template can print it alone.
        """
        at = 0
        for n, turn in enumerate(turns):
            trained = _trained(turn)
            start = self._upto(turns[:n], tools, text, at, True) if trained and n else at
            at = len(text) if n == len(turns) - 1 else self._upto(turns[: n + 1], tools, text, start, False)
            yield Piece(_side(turn), start, at, trained, True)

    def _upto(self, turns: list[dict[str, Any]], tools: Any, text: str, least: int, ask: bool) -> int:
        """Where the rendering of some first messages ends in the whole text; `least` when it is no beginning of it."""
        assert self.render is not None
        try:
            grown = self.render(turns, tools, ask)
        except TemplateRefusal:
            return least
        return max(least, len(grown)) if text.startswith(grown) else least


def _joined(turns: list[dict[str, Any]]) -> Told:
    contents = [_content(t) for t in turns]
    places, at = [], 0
    for c in contents:
        places.append((at, at + len(c)))
        at += len(c)
    return Told("".join(contents), tuple(_pieces(turns, places)), True)


def _pieces(turns: list[dict[str, Any]], places: list[Span]) -> Iterator[Piece]:
    for turn, (begin, end) in zip(turns, places, strict=True):
        yield Piece(_side(turn), begin, end, _trained(turn))


def _placed(text: str, contents: list[str], between: tuple[str, ...] | None) -> list[Span]:
    """Where each content stands: by the marks when they rebuild the text, else by search from left to right."""
    for tried in (contents, [c.strip() for c in contents]) if between else ():
        assert between is not None
        at, places = 0, []
        for before, content in zip(between, tried, strict=False):
            at += len(before)
            places.append((at, at + len(content)))
            at += len(content)
        if at + len(between[-1]) == len(text) and text == "".join(
            a + b for a, b in zip(between, [*tried, ""], strict=True)
        ):
            return places
    return _searched(text, contents, between)


def _searched(text: str, contents: list[str], between: tuple[str, ...] | None) -> list[Span]:
    """A template that changes contents (drops old thoughts, say): the longest tail of each that is found next."""
    at, places = 0, []
    for n, content in enumerate(contents):
        lead = text.find(between[n], at) if between and between[n] else -1
        start = lead + len(between[n]) if between and lead >= 0 else at
        tried = (content, content.strip(), content.rpartition("</think>")[2].strip())
        found = next(((k, c) for c in tried if c and (k := text.find(c, start)) >= 0), (start, ""))
        places.append((found[0], found[0] + len(found[1])))
        at = places[-1][1]
    return places


def _content(turn: dict[str, Any]) -> str:
    """The text of a message; calls and parts as JSON where there is no text."""
    value = turn.get("content")
    if type(value) is str:
        return value
    if type(value) is list:
        return "\n".join(p["text"] for p in value if type(p) is dict and type(p.get("text")) is str)
    calls = turn.get("tool_calls") or turn.get("function_call")
    return json.dumps(calls, ensure_ascii=False) if calls else ""


def _side(turn: dict[str, Any]) -> int:
    role = turn["role"]
    return ROLES.index(_SIDE.get(role, role))


def _trained(turn: dict[str, Any]) -> bool:
    return turn["role"] == "assistant" and turn.get("weight", 1) != 0 and turn.get("train") is not False


def _tools(extra: str) -> Any:
    """A row's tool definitions, also when they are JSON as text; None for none."""
    if "tools" not in extra and "functions" not in extra:
        return None
    held = json.loads(extra)
    found = next((held[k] for k in ("tools", "functions", "available_tools") if held.get(k)), None)
    if type(found) is str:
        try:
            found = json.loads(found)
        except ValueError:
            return None
    return found if type(found) is list else None
