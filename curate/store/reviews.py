"""Review queues and labels in the workspace: who is shown which row, what was said of it, and nothing twice.

A queue is a fixed list of row ids. To be shown a row is to claim it: one transaction under the write lock, so that several
reviewers, windows or processes can't hold one row by mistake. A label is one more transaction, so a killed process loses at
most what was being typed. Labels are never changed in place: another one, or a step back, marks the old one as gone.
Row text never stands here but for answers that a person edited.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from curate.errors import StoreError
from curate.store.workspace import Workspace

VALUES = ("good", "bad", "fix")
LEASE = 900.0  # seconds that a row waits for its reviewer before it is offered again: longer than anybody reads one
MAX_NAME = 120
MAX_NOTE = 10_000
MAX_EDIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Pick:
    """One row of a queue: id; twice: two people are to label it, blind; weight: how many rows of the base it stands for."""

    id: str
    twice: bool = False
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue: number, name, dataset fingerprint, how it was drawn of `base` rows with which seed, the rubric's
    fingerprint, who made it, when (ISO, UTC), and how many rows it has, of them to be labelled by two."""

    number: int
    name: str
    dataset: str
    how: str
    base: int
    seed: int
    rubric: str
    who: str
    at: str
    rows: int
    twice: int


@dataclass(frozen=True, slots=True)
class Said:
    """What a reviewer says of a row. score: 1-5 or None; edited: the answer as it should be, None = not edited;
    seconds: from the row's being shown to the label."""

    value: str
    score: int | None = None
    reasons: tuple[str, ...] = ()
    note: str = ""
    edited: str | None = None
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.value not in VALUES:
            raise StoreError(f"label {self.value[:40]!r}; allowed are {', '.join(VALUES)}")
        if self.score is not None and self.score not in range(1, 6):
            raise StoreError(f"score {self.score}; allowed are 1 to 5, or none")
        for text, most, what in ((self.note, MAX_NOTE, "a note"), (self.edited or "", MAX_EDIT, "an edited answer")):
            _plain(text, what, most)
        for reason in self.reasons:
            _plain(reason, "a reason", MAX_NAME)


@dataclass(frozen=True, slots=True)
class Label:
    """A label that stands. settled: what the reviewers agreed on in a calibration session, beside their own labels."""

    number: int
    queue: int
    id: str
    who: str
    said: Said
    rubric: str
    settled: bool
    at: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a queue is. filled: rows with every label that they need; labelled: rows with one at least; mine: rows that
    this reviewer labelled, skipped: that he passed on; left: rows that he may still be shown; held: of his rows, those that
    another window holds."""

    rows: int
    filled: int
    labelled: int
    mine: int
    skipped: int
    left: int
    held: int


@dataclass
class Reviews:
    """The queues of a workspace. clock: seconds, for leases."""

    workspace: Workspace
    clock: Callable[[], float] = field(default=time.time)

    @property
    def exists(self) -> bool:
        """Whether there is a database to read: asking must not make one."""
        return self.workspace.path.exists()

    def start(
        self, name: str, dataset: str, how: str, base: int, seed: int, rubric: str, who: str, picks: Sequence[Pick]
    ) -> Queue:
        """A new queue in the order of `picks`. Errors: StoreError for a name that is taken or empty."""
        name, who = name_of(name, "a queue's name"), name_of(who, "a reviewer's name")
        with self.workspace.write() as db:
            if db.execute("SELECT 1 FROM review_queue WHERE name = ?", (name,)).fetchone():
                raise StoreError(f"a queue {name!r} is there already; give another name")
            made = db.execute(
                "INSERT INTO review_queue (name, dataset, how, base, seed, rubric, who, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (name, dataset, how, base, seed, rubric, who, _now()),
            ).lastrowid
            db.executemany(
                "INSERT INTO review_item (queue, id, place, twice, weight) VALUES (?, ?, ?, ?, ?)",
                ((made, p.id, n, p.twice, p.weight) for n, p in enumerate(picks)),
            )
        return self.queue(name)

    def queues(self) -> tuple[Queue, ...]:
        """Every queue, newest first."""
        if not self.exists:
            return ()
        with self.workspace.read() as db:
            found = db.execute(
                "SELECT q.queue, name, dataset, how, base, seed, rubric, who, at, count(i.id), coalesce(sum(i.twice), 0) "
                "FROM review_queue q LEFT JOIN review_item i ON i.queue = q.queue GROUP BY q.queue ORDER BY q.queue DESC"
            ).fetchall()
        return tuple(Queue(*row) for row in found)

    def queue(self, name: str) -> Queue:
        """One queue. Errors: StoreError with the names that are there."""
        found = self.queues()
        for queue in found:
            if queue.name == name:
                return queue
        names = ", ".join(q.name for q in found) or "none; start one with `curate review start DATA`"
        raise StoreError(f"no review queue is called {name[:60]!r}; there are: {names}")

    def items(self, queue: int) -> tuple[Pick, ...]:
        """The rows of a queue in its order."""
        with self.workspace.read() as db:
            found = db.execute("SELECT id, twice, weight FROM review_item WHERE queue = ? ORDER BY place", (queue,))
            return tuple(Pick(i, bool(twice), weight) for i, twice, weight in found)

    def next(self, queue: int, who: str, hand: str) -> str | None:
        """The id of the row that this hand holds, else of the next one for this reviewer, which it then holds; None: no more.

        hand: what tells windows or processes of one reviewer apart. A row that a dead hand held is offered again after
        `LEASE` seconds, to its reviewer first. A reviewer who labelled or passed on a row is never offered it again.
        """
        who, now = name_of(who, "a reviewer's name"), self.clock()
        with self.workspace.write() as db:
            row = _mine(db, queue, who, hand, now - LEASE) or _free(db, queue, who, now - LEASE)
            if row is not None:
                db.execute("REPLACE INTO review_claim VALUES (?, ?, ?, ?, 'held', ?)", (queue, row, who, hand, now))
        return row

    def save(self, queue: int, row: str, who: str, said: Said, rubric: str = "") -> int:
        """Writes a label; returns its number. One reviewer has one label on a row: another one takes its place."""
        who = name_of(who, "a reviewer's name")
        with self.workspace.write() as db:
            _forget(db, queue, row, who, settled=False)
            made = _write(db, queue, row, who, said, rubric, settled=False)
            db.execute("REPLACE INTO review_claim VALUES (?, ?, ?, '', 'done', ?)", (queue, row, who, self.clock()))
            _count(db, queue, row)
        return made

    def skip(self, queue: int, row: str, who: str) -> None:
        """Passes a row on to somebody else: this reviewer isn't offered it again."""
        who = name_of(who, "a reviewer's name")
        with self.workspace.write() as db:
            db.execute("REPLACE INTO review_claim VALUES (?, ?, ?, '', 'skipped', ?)", (queue, row, who, self.clock()))

    def back(self, queue: int, who: str, hand: str) -> str | None:
        """Takes back the reviewer's last label of a queue, or the last row passed on if that came later; the row is in this
        hand again. Returns its id, or None when there is nothing to take back."""
        who = name_of(who, "a reviewer's name")
        with self.workspace.write() as db:
            last = db.execute(
                "SELECT id FROM review_claim WHERE queue = ? AND who = ? AND state IN ('done', 'skipped') "
                "ORDER BY at DESC, id LIMIT 1",
                (queue, who),
            ).fetchone()
            if last is None:
                return None
            row = str(last[0])
            _forget(db, queue, row, who, settled=False)
            db.execute(
                "REPLACE INTO review_claim VALUES (?, ?, ?, ?, 'held', ?)", (queue, row, who, hand, self.clock())
            )
            _count(db, queue, row)
        return row

    def settle(self, queue: int, row: str, who: str, said: Said, rubric: str = "") -> int:
        """What a calibration session agreed on for a row; the reviewers' own labels stay as they are."""
        who = name_of(who, "a reviewer's name")
        with self.workspace.write() as db:
            _forget(db, queue, row, None, settled=True)
            return _write(db, queue, row, who, said, rubric, settled=True)

    def labels(self, queue: int | None = None) -> tuple[Label, ...]:
        """Labels that stand, of a queue or all, in the order in which they were given."""
        if not self.exists:
            return ()
        where, values = ("", ()) if queue is None else ("AND queue = ?", (queue,))
        with self.workspace.read() as db:
            found = db.execute(
                "SELECT label, queue, id, who, value, score, reasons, note, edited, seconds, rubric, settled, at "
                f"FROM review_label WHERE gone IS NULL {where} ORDER BY label",
                values,
            ).fetchall()
        return tuple(_label(row) for row in found)

    def standing(self, queue: int, who: str) -> Standing:
        """How far a queue is, for everybody and for one reviewer."""
        with self.workspace.read() as db:
            rows, filled = db.execute(
                "SELECT count(*), coalesce(sum(filled), 0) FROM review_item WHERE queue = ?", (queue,)
            ).fetchone()
            labelled = db.execute(
                "SELECT count(DISTINCT id) FROM review_label WHERE queue = ? AND gone IS NULL AND settled = 0", (queue,)
            ).fetchone()[0]
            mine = dict(
                db.execute(
                    "SELECT state, count(*) FROM review_claim WHERE queue = ? AND who = ? GROUP BY state", (queue, who)
                ).fetchall()
            )
            left = db.execute(f"SELECT count(*) {_OPEN}", (queue, who, self.clock() - LEASE)).fetchone()[0]
        held = mine.get("held", 0)
        return Standing(rows, filled, labelled, mine.get("done", 0), mine.get("skipped", 0), left + held, held)

    def revision(self, queue: int) -> tuple[int, int]:
        """Changes with every label given or taken back in a queue."""
        with self.workspace.read() as db:
            found = db.execute(
                "SELECT coalesce(max(label), 0), count(*) FROM review_label WHERE queue = ? AND gone IS NULL", (queue,)
            ).fetchone()
        return int(found[0]), int(found[1])

    def take_over(self, queue: int, labels: Iterable[tuple[str, str, Said, str, bool]]) -> int:
        """Labels from elsewhere: (row, who, said, rubric, settled); returns how many are new. Equal ones are passed over."""
        new = 0
        with self.workspace.write() as db:
            for row, who, said, rubric, settled in labels:
                who = name_of(who, "a reviewer's name")
                held = db.execute(f"{_HELD} AND settled = ?", (queue, row, who, settled)).fetchone()
                if held is not None and _said(held) == said:
                    continue
                last = db.execute("SELECT coalesce(max(place), -1) FROM review_item WHERE queue = ?", (queue,))
                place = int(last.fetchone()[0]) + 1
                db.execute(
                    "INSERT OR IGNORE INTO review_item (queue, id, place, twice, weight) VALUES (?, ?, ?, 0, 1)",
                    (queue, row, place),
                )
                _forget(db, queue, row, None if settled else who, settled=settled)
                _write(db, queue, row, who, said, rubric, settled=settled)
                if not settled:
                    db.execute(
                        "REPLACE INTO review_claim VALUES (?, ?, ?, '', 'done', ?)", (queue, row, who, self.clock())
                    )
                    _count(db, queue, row)
                new += 1
        return new


_OPEN = """
FROM review_item i WHERE i.queue = ?1 AND i.filled = 0
    AND NOT EXISTS (SELECT 1 FROM review_claim c WHERE c.queue = i.queue AND c.id = i.id AND c.who = ?2)
    AND (SELECT count(*) FROM review_claim c WHERE c.queue = i.queue AND c.id = i.id
         AND (c.state = 'done' OR (c.state = 'held' AND c.at > ?3))) < 1 + i.twice
"""
_HELD = """
SELECT value, score, reasons, note, edited, seconds FROM review_label
WHERE queue = ? AND id = ? AND who = ? AND gone IS NULL
"""


def name_of(text: str, what: str) -> str:
    """A name that a person typed: one line, not empty."""
    return _plain(" ".join(text.split()), what, MAX_NAME, empty=False)


def _mine(db: sqlite3.Connection, queue: int, who: str, hand: str, stale: float) -> str | None:
    """The row that this hand holds, else one that a dead hand of this reviewer held and that still lacks a label."""
    found = db.execute(
        "SELECT c.id FROM review_claim c JOIN review_item i ON i.queue = c.queue AND i.id = c.id "
        "WHERE c.queue = ? AND c.who = ? AND c.state = 'held' AND (c.hand = ? OR (c.at <= ? AND i.filled = 0)) "
        "ORDER BY c.hand <> ?, c.at DESC, c.id LIMIT 1",
        (queue, who, hand, stale, hand),
    ).fetchone()
    return None if found is None else str(found[0])


def _free(db: sqlite3.Connection, queue: int, who: str, stale: float) -> str | None:
    found = db.execute(f"SELECT i.id {_OPEN} ORDER BY i.place LIMIT 1", (queue, who, stale)).fetchone()
    return None if found is None else str(found[0])


def _write(db: sqlite3.Connection, queue: int, row: str, who: str, said: Said, rubric: str, *, settled: bool) -> int:
    made = db.execute(
        "INSERT INTO review_label (queue, id, who, value, score, reasons, note, edited, seconds, rubric, settled, at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (queue, row, who, said.value, said.score, json.dumps(list(said.reasons)), said.note, said.edited,
         said.seconds, rubric, settled, _now()),
    )  # fmt: skip
    return int(made.lastrowid or 0)


def _forget(db: sqlite3.Connection, queue: int, row: str, who: str | None, *, settled: bool) -> None:
    """Marks a standing label as gone; who=None: whoever gave it."""
    db.execute(
        "UPDATE review_label SET gone = ?1 WHERE queue = ?2 AND id = ?3 AND settled = ?4 AND gone IS NULL "
        "AND (?5 IS NULL OR who = ?5)",
        (_now(), queue, row, settled, who),
    )


def _count(db: sqlite3.Connection, queue: int, row: str) -> None:
    """Whether a row has every label that it needs."""
    db.execute(
        "UPDATE review_item SET filled = (SELECT count(*) FROM review_label l WHERE l.queue = ?1 AND l.id = ?2 "
        "AND l.gone IS NULL AND l.settled = 0) > twice WHERE queue = ?1 AND id = ?2",
        (queue, row),
    )


def _label(row: tuple[object, ...]) -> Label:
    number, queue, row_id, who, *said, rubric, settled, at = row
    return Label(
        int(str(number)),
        int(str(queue)),
        str(row_id),
        str(who),
        _said(tuple(said)),
        str(rubric),
        bool(settled),
        str(at),
    )


def _said(held: tuple[object, ...]) -> Said:
    value, score, reasons, note, edited, seconds = held
    return Said(
        str(value),
        None if score is None else int(str(score)),
        tuple(json.loads(str(reasons))),
        str(note),
        None if edited is None else str(edited),
        float(str(seconds)),
    )


def _plain(text: str, what: str, longest: int, *, empty: bool = True) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise StoreError(f"{what} holds half a character (a lone surrogate); type it again") from None
    if len(text) > longest or not (text or empty):
        raise StoreError(f"{what} has {len(text):,} characters; {0 if empty else 1} to {longest:,} are kept")
    return text


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
