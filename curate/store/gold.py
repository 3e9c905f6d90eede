"""Gold sets in the making: rows picked for an evaluation set, what a person changed in them, and the files they were frozen to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from curate.errors import StoreError
from curate.store.reviews import MAX_EDIT, name_of
from curate.store.workspace import Workspace

STATES = ("picked", "approved", "left_out")


@dataclass(frozen=True, slots=True)
class GoldItem:
    """A row of a gold set: its id, how it was picked, picked, approved or left_out, the prompt and answer as changed (None:
    as they are), who said so last, and when (ISO, UTC)."""

    id: str
    how: str
    state: str
    prompt: str | None
    answer: str | None
    who: str
    at: str


@dataclass(frozen=True, slots=True)
class GoldFile:
    """A frozen gold set: name, sha256 of its bytes, where it was written, rows, the dataset they come from, who, when."""

    name: str
    sha256: str
    path: str
    rows: int
    dataset: str
    who: str
    at: str


class Gold:
    """The gold sets of a workspace. Every call is one transaction."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def pick(self, name: str, ids: Iterable[str], how: str, who: str) -> int:
        """Adds rows to a set; those that are in it already stay as they are. Returns how many are new."""
        name, who, now = name_of(name, "a gold set's name"), name_of(who, "a name"), _now()
        with self.workspace.write() as db:
            place = db.execute("SELECT coalesce(max(place), -1) FROM gold_item WHERE name = ?", (name,)).fetchone()[0]
            before = db.total_changes
            db.executemany(
                "INSERT OR IGNORE INTO gold_item (name, id, place, how, state, who, at) VALUES (?, ?, ?, ?, 'picked', ?, ?)",
                ((name, i, place + n, how, who, now) for n, i in enumerate(ids, 1)),
            )
            return db.total_changes - before

    def say(
        self, name: str, row: str, state: str, who: str, prompt: str | None = None, answer: str | None = None
    ) -> None:
        """Approves a row, leaves it out, or puts it back; prompt and answer as changed, None = as they are in the data."""
        if state not in STATES:
            raise StoreError(f"state {state[:40]!r}; allowed are {', '.join(STATES)}")
        for text in (prompt, answer):
            if text is not None and (len(text) > MAX_EDIT or not text.strip()):
                raise StoreError(f"a text of {len(text):,} characters; a gold row has 1 to {MAX_EDIT:,}")
        with self.workspace.write() as db:
            done = db.execute(
                "UPDATE gold_item SET state = ?, prompt = ?, answer = ?, who = ?, at = ? WHERE name = ? AND id = ?",
                (state, prompt, answer, name_of(who, "a name"), _now(), name, row),
            )
            if not done.rowcount:
                raise StoreError(f"row {row[:40]} is not in the gold set {name[:60]!r}; pick it first")

    def items(self, name: str) -> tuple[GoldItem, ...]:
        """The rows of a set in the order in which they were picked."""
        if not self.workspace.path.exists():
            return ()
        with self.workspace.read() as db:
            found = db.execute(
                "SELECT id, how, state, prompt, answer, who, at FROM gold_item WHERE name = ? ORDER BY place, id",
                (name,),
            )
            return tuple(GoldItem(*row) for row in found.fetchall())

    def names(self) -> tuple[str, ...]:
        """Every set, by name."""
        if not self.workspace.path.exists():
            return ()
        with self.workspace.read() as db:
            return tuple(r[0] for r in db.execute("SELECT DISTINCT name FROM gold_item ORDER BY name").fetchall())

    def frozen(self, name: str, sha256: str, path: str, rows: int, dataset: str, who: str) -> None:
        """Remembers a file that a set was frozen to."""
        with self.workspace.write() as db:
            db.execute(
                "REPLACE INTO gold_file VALUES (?, ?, ?, ?, ?, ?, ?)", (name, sha256, path, rows, dataset, who, _now())
            )

    def files(self) -> tuple[GoldFile, ...]:
        """Files that sets were frozen to, newest first."""
        if not self.workspace.path.exists():
            return ()
        with self.workspace.read() as db:
            found = db.execute(
                "SELECT name, sha256, path, rows, dataset, who, at FROM gold_file ORDER BY at DESC, sha256"
            )
            return tuple(GoldFile(*row) for row in found.fetchall())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
