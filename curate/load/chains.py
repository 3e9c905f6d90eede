"""Rows that continue another row of their file: flat OASST messages, H2O tables with parent_id.

The file is read twice: first for who follows whom, then for its rows. A row is one answer with everything said before
it; earlier answers have weight 0, as they are trained on in rows of their own. A message that only asks, and is
answered by another row, is no row by itself: it is counted with the blank lines.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from curate.load.fields import Object
from curate.load.formats import Format, detect
from curate.load.problems import Notes, RowError, note
from curate.load.turns import Turn, from_messages, unweighted

NAME = "chain"
PART = "part_of_chain"
_FLAT = frozenset({"message_id", "role", "text"})
_IDS = ("id", "message_id")
_SHAPES = frozenset({"alpaca", "instruct", "prompt_completion", "input_output"})
_LONGEST = 1_000
_USED = frozenset({"role", "text"})


def is_chained(keys: Iterable[str]) -> bool:
    """True when rows with these keys name the row that they continue."""
    present = set(keys)
    if "parent_id" not in present or not present.intersection(_IDS):
        return False
    return present >= _FLAT or _single(dict.fromkeys(present, "")) is not None


def _single(obj: Object) -> Format | None:
    try:
        shape = detect(obj)
    except RowError:
        return None
    return shape if shape.name in _SHAPES else None


def _own_id(obj: Object) -> str | None:
    value = next((obj[k] for k in _IDS if obj.get(k) not in (None, "")), None)
    return None if value is None else str(value)


@dataclass(frozen=True)
class Chain:
    """Who follows whom. said: turns of each message by id; parents: id of the message before; asked: ids that another
    message of the file continues."""

    said: dict[str, list[Turn]]
    parents: dict[str, str]
    asked: frozenset[str]

    @staticmethod
    def of(rows: Iterable[Object]) -> Chain:
        """From a first reading; rows that can't be read are found again, and reported, by the second."""
        said: dict[str, list[Turn]] = {}
        parents: dict[str, str] = {}
        for obj in rows:
            key = _own_id(obj)
            if key is None or key in said:
                continue
            try:
                said[key] = _spoken(obj, [])[0]
            except RowError:
                continue
            if obj.get("parent_id") not in (None, ""):
                parents[key] = str(obj["parent_id"])
        return Chain(said, parents, frozenset(parents.values()))

    def read(self, obj: Object, frozen: bool, notes: Notes) -> tuple[Format, list[Turn]]:
        """The row with what was said before it. RowError `PART` for a message that another row answers."""
        turns, shape = _spoken(obj, notes)
        key = _own_id(obj)
        if turns[-1].role == "user" and key in self.asked:
            raise RowError(PART, "", "the message is part of the rows that answer it")
        if turns[-1].role == "user" and not frozen:
            raise RowError("no_assistant_turn", "", "nobody answers the message")
        before = self._before(None if obj.get("parent_id") in (None, "") else str(obj["parent_id"]), key, notes)
        if before and turns[0].role == "system":
            turns = turns[1:] if before[0].role == "system" else turns
        return shape, [unweighted(t) if t.role == "assistant" else t for t in before] + turns

    def _before(self, parent: str | None, key: str | None, notes: Notes) -> list[Turn]:
        links: list[list[Turn]] = []
        seen = {key}
        while parent is not None:
            if parent in seen or parent not in self.said or len(links) >= _LONGEST:
                why = "comes back to itself" if parent in seen else "is not in the file, or too long"
                note(notes, "broken_chain", "parent_id", f"the chain of earlier messages {why}")
                break
            seen.add(parent)
            links.append(self.said[parent])
            parent = self.parents.get(parent)
        return [turn for link in reversed(links) for turn in link]


def _spoken(obj: Object, notes: Notes) -> tuple[list[Turn], Format]:
    """What the message itself says."""
    if obj.keys() >= _FLAT:
        said = from_messages([{"role": obj["role"], "content": obj["text"]}], NAME, notes, {"prompter": "user"})
        return said, Format(NAME, lambda _k: True, lambda _o, _n: [], _USED)
    shape = detect(obj)
    return shape.convert(obj, notes), Format(NAME, lambda _k: True, lambda _o, _n: [], shape.uses)
