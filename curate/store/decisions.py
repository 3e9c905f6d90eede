"""People's decisions over time: keep, drop, review, notes by row id, verdicts by pair, undo and history.

Ids are content hashes, so a decision holds for every dataset that has the row. One call is one step,
however many rows it touches, and one undo takes the whole step back.
"""

from __future__ import annotations

import getpass
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from curate.errors import RecipeError
from curate.overrides import ACTIONS, PAIR_VERDICTS, TOPIC_EDITS, Overrides
from curate.store.workspace import Workspace

ANSWERS = ("same", "not_same")
MAX_NOTE = 10_000
MAX_ID = 200
MAX_NAME = 120
_Entry = tuple[str, str, str, str | None, str | None]  # kind, id, other, value, note; None = as it was


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that somebody did: number, time (ISO, UTC), who, what, rows changed, when undone."""

    number: int
    at: str
    who: str
    what: str
    rows: int
    undone_at: str | None
    undone_by: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """What a step did to one row or pair: value and note before and after ("" = none)."""

    step: Step
    kind: str
    id: str
    other: str
    value_before: str
    note_before: str
    value: str
    note: str


class OverrideLog:
    """The decisions in a workspace. A call is one transaction; other processes' steps are seen at once."""

    def __init__(self, workspace: Workspace, who: str | None = None) -> None:
        self._workspace = workspace
        self.who = _text(who if who is not None else user(), "a name", MAX_ID)

    def set(self, ids: Iterable[str], action: str | None, note: str | None = None) -> int:
        """Decides rows: keep, drop or review; None takes it back. note=None leaves notes as they are.

        Returns how many rows changed; when none did, there is no step to undo.
        """
        value = _choice(action, ACTIONS)
        text = None if note is None else _text(note, "a note", MAX_NOTE)
        what = f"{value or 'clear'}{'' if note is None else ' with note'}"
        return self._step(what, [("row", _id(i), "", value, text) for i in ids])

    def set_each(self, actions: Mapping[str, str], what: str) -> int:
        """Decides rows differently as one step, which `what` names; notes stay. Returns how many changed."""
        return self._step(
            _text(what, "a step's name", MAX_ID),
            [("row", _id(i), "", _choice(action, ACTIONS), None) for i, action in actions.items()],
        )

    def annotate(self, ids: Iterable[str], note: str) -> int:
        """Gives rows a note and leaves their decision; "" removes the note. Returns how many changed."""
        text = _text(note, "a note", MAX_NOTE)
        return self._step("note", [("row", _id(i), "", None, text) for i in ids])

    def set_pairs(self, pairs: Iterable[tuple[str, str]], verdict: str | None) -> int:
        """Decides pairs: not_duplicate or both_right; None takes it back. Returns how many changed."""
        value = _choice(verdict, PAIR_VERDICTS)
        entries: list[_Entry] = []
        for one, two in pairs:
            if one == two:
                raise RecipeError("a pair of a row with itself; name two different row ids")
            entries.append(("pair", _id(min(one, two)), _id(max(one, two)), value, None))
        return self._step(value or "clear pair", entries)

    def answer(self, one: str, two: str, value: str | None) -> int:
        """Says whether two rows are the same: same or not_same; None takes it back. Returns 1 when that is new.

        It decides nothing: a threshold can be learned from many (curate/decide/learn.py).
        """
        if one == two:
            raise RecipeError("a pair of a row with itself; name two different row ids")
        said = _choice(value, ANSWERS)
        what = f"answer {said.replace('_', ' ')}" if said else "clear an answer"
        return self._step(what, [("answer", _id(min(one, two)), _id(max(one, two)), said, None)])

    def answers(self) -> tuple[tuple[str, str, str], ...]:
        """(id, id, same or not_same) of every pair that was answered, the smaller id first, sorted."""
        with self._workspace.read() as db:
            found = db.execute("SELECT id, other, value FROM decision WHERE kind = 'answer' ORDER BY id, other")
            return tuple((a, b, value) for a, b, value in found.fetchall() if value)

    def tag(self, ids: Iterable[str], tag: str, on: bool = True) -> int:
        """Gives rows a tag, or takes it off; a row may have several. Returns how many changed."""
        name = _name(tag, "a tag")
        return self._step(
            f"{'tag' if on else 'untag'} {name}", [("tag", _id(i), name, "on" if on else "", None) for i in ids]
        )

    def edit_topics(self, what: str, edits: Iterable[tuple[str, str, str, str]]) -> int:
        """Topic edits (kind, id, other, value) as in `Overrides.topics`; value "" takes one back. Returns how many changed."""
        entries: list[_Entry] = []
        for kind, row, other, value in edits:
            if kind not in TOPIC_EDITS:
                raise RecipeError(f"topic edit {kind!r}; allowed: {', '.join(TOPIC_EDITS)}")
            one, two = (min(row, other), max(row, other)) if other else (row, other)
            if value:
                value = _name(value, "a topic's name")
                Overrides(topics=((kind, _id(one), two, value),))
            entries.append((kind, _id(one), two, value, None))
        return self._step(what, entries)

    def add(self, overrides: Overrides) -> int:
        """Takes over decisions from elsewhere (an overrides.csv) as one step; returns how many changed."""
        entries: list[_Entry] = [
            ("row", _id(i), "", action, _text(note, "a note", MAX_NOTE))
            for i, action, note in zip(overrides.ids, overrides.actions, overrides.notes, strict=True)
        ]
        entries += [("pair", _id(a), _id(b), verdict, None) for a, b, verdict in overrides.pairs]
        entries += [("row", _id(i), "", None, _text(note, "a note", MAX_NOTE)) for i, note in overrides.remarks]
        entries += [("tag", _id(i), _name(tag, "a tag"), "on", None) for i, tag in overrides.tags]
        entries += [(k, _id(i), other, _name(value, "a topic's name"), None) for k, i, other, value in overrides.topics]
        return self._step("import", entries)

    def become(self, wanted: Overrides, what: str) -> int:
        """Makes `wanted` all that stands, as one step; returns how many decisions that changed."""
        made: dict[tuple[str, str, str], tuple[str, str]] = {}
        for found in (self.current(), wanted):  # what stands now is taken back where `wanted` does not have it
            new = {("row", i, ""): (a, n) for i, a, n in zip(found.ids, found.actions, found.notes, strict=True)}
            new |= {("row", i, ""): ("", note) for i, note in found.remarks}
            new |= {("pair", a, b): (verdict, "") for a, b, verdict in found.pairs}
            new |= {("tag", i, tag): ("on", "") for i, tag in found.tags}
            new |= {(kind, i, other): (value, "") for kind, i, other, value in found.topics}
            made = dict.fromkeys(made, ("", "")) | new
        return self._step(_text(what, "a step's name", MAX_ID), [(*key, *entry) for key, entry in made.items()])

    def undo(self) -> Step | None:
        """Takes back the latest step that stands, whoever made it; returns it as undone, or None."""
        with self._workspace.write() as db:
            found = db.execute("SELECT max(step) FROM step WHERE undone_at IS NULL").fetchone()[0]
            if found is None:
                return None
            db.execute(
                "REPLACE INTO decision SELECT kind, id, other, value_before, note_before FROM change WHERE step = ?",
                (found,),
            )
            _forget_empty(db, found)
            db.execute("UPDATE step SET undone_at = ?, undone_by = ? WHERE step = ?", (_now(), self.who, found))
            return _steps(db, "WHERE step = ?", (found,))[0]

    def current(self) -> Overrides:
        """Everything that stands now."""
        with self._workspace.read() as db:
            rows = db.execute("SELECT id, value, note FROM decision WHERE kind = 'row'").fetchall()
            pairs = db.execute("SELECT id, other, value FROM decision WHERE kind = 'pair'").fetchall()
            tags = db.execute("SELECT id, other FROM decision WHERE kind = 'tag'").fetchall()
            topics = db.execute(
                "SELECT kind, id, other, value FROM decision WHERE kind LIKE 'topic!_%' ESCAPE '!'"
            ).fetchall()
        return Overrides.of(
            {i: (value, note) for i, value, note in rows if value},
            pairs,
            {i: note for i, value, note in rows if not value},
            tags,
            topics,
        )

    def revision(self) -> int:
        """A number that grows with every step and undo: equal numbers mean equal `current()`."""
        with self._workspace.read() as db:
            return int(db.execute("SELECT count(*) + count(undone_at) FROM step").fetchone()[0])

    def history(self, limit: int = 100) -> tuple[Step, ...]:
        """The latest steps, newest first."""
        with self._workspace.read() as db:
            return _steps(db, "ORDER BY step DESC LIMIT ?", (limit,))

    def changes(self, *, row: str | None = None, step: int | None = None) -> tuple[Change, ...]:
        """What happened to one row (also in pairs), or in one step, newest first."""
        if (row is None) == (step is None):
            raise RecipeError("changes of a row or of a step; name exactly one of the two")
        where, values = ("step = ?", (step,)) if row is None else ("(id = ? OR other = ?)", (row, row))
        with self._workspace.read() as db:
            found = db.execute(f"SELECT * FROM change WHERE {where} ORDER BY step DESC, kind, id, other", values)
            rows = found.fetchall()
            steps = {s: _steps(db, "WHERE step = ?", (s,))[0] for s in {r[0] for r in rows}}
        return tuple(Change(steps[number], *rest) for number, *rest in rows)

    def _step(self, what: str, entries: list[_Entry]) -> int:
        with self._workspace.write() as db:
            db.execute(
                "CREATE TEMP TABLE wanted (kind, id, other, value, note, PRIMARY KEY (kind, id, other)) WITHOUT ROWID"
            )
            db.executemany("REPLACE INTO wanted VALUES (?, ?, ?, ?, ?)", entries)
            made = db.execute("INSERT INTO step (at, who, what, rows) VALUES (?, ?, ?, 0)", (_now(), self.who, what))
            number = made.lastrowid or 0
            changed = db.execute(_RECORD, (number,)).rowcount
            if not changed:
                db.execute("DELETE FROM step WHERE step = ?", (number,))
                return 0
            db.execute("UPDATE step SET rows = ? WHERE step = ?", (changed, number))
            db.execute(
                "REPLACE INTO decision SELECT kind, id, other, value, note FROM change WHERE step = ?",
                (number,),
            )
            _forget_empty(db, number)
            return int(changed)


# Only what differs becomes a change, so that an undo never takes back what was so before.
_RECORD = """
INSERT INTO change
SELECT * FROM (
    SELECT ?1 AS step, w.kind, w.id, w.other,
           coalesce(d.value, '') AS value_before, coalesce(d.note, '') AS note_before,
           coalesce(w.value, d.value, '') AS value_after, coalesce(w.note, d.note, '') AS note_after
    FROM wanted w LEFT JOIN decision d ON (d.kind, d.id, d.other) = (w.kind, w.id, w.other)
) WHERE value_before <> value_after OR note_before <> note_after
"""


def _forget_empty(db: sqlite3.Connection, step: int) -> None:
    db.execute(
        "DELETE FROM decision WHERE value = '' AND note = '' "
        "AND (kind, id, other) IN (SELECT kind, id, other FROM change WHERE step = ?)",
        (step,),
    )


def _steps(db: sqlite3.Connection, clause: str, values: tuple[int, ...]) -> tuple[Step, ...]:
    found = db.execute(f"SELECT step, at, who, what, rows, undone_at, undone_by FROM step {clause}", values)
    return tuple(Step(*row) for row in found)


def _choice(value: str | None, allowed: tuple[str, ...]) -> str:
    if value is not None and value not in allowed:
        raise RecipeError(f"decision {value!r}; allowed: {', '.join(allowed)}, or None to take it back")
    return value or ""


def _id(value: str) -> str:
    if not value:
        raise RecipeError("an empty row id; row ids look like 0123456789abcdef-0")
    return _text(value, "a row id", MAX_ID)


def _name(value: str, what: str) -> str:
    """A name that a person typed: one line, not empty."""
    name = _text(" ".join(value.split()), what, MAX_NAME)
    if not name:
        raise RecipeError(f"{what} that is empty; type a word or two")
    return name


def _text(value: str, what: str, longest: int) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise RecipeError(f"{what} holds half a character (a lone surrogate); type it again") from None
    if len(value) > longest:
        raise RecipeError(f"{what} of {len(value)} characters; at most {longest} are kept")
    return value


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def user() -> str:
    """Who is at work, as the machine knows them."""
    try:
        return getpass.getuser()[:MAX_ID]
    except (KeyError, OSError):
        return "unknown"
