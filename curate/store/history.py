"""What people stood on: every recipe with what led to it, and snapshots by name that hold recipe and decisions together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from curate.errors import StoreError
from curate.store.reviews import MAX_NOTE, name_of
from curate.store.workspace import Workspace

NOW = "now"  # the name that no snapshot may have


@dataclass(frozen=True, slots=True)
class Stand:
    """A recipe that somebody stood on: number, its fingerprint, the dataset's, the data's title, what led to it, the recipe
    as TOML, who, when (ISO, UTC)."""

    number: int
    fingerprint: str
    dataset: str
    title: str
    what: str
    recipe: str
    who: str
    at: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A recipe (TOML) and everybody's decisions (CSV) under a name, for good."""

    name: str
    fingerprint: str
    dataset: str
    title: str
    recipe: str
    overrides: str
    note: str
    who: str
    at: str


class History:
    """The history of a workspace. Every call is one transaction."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def stand(self, fingerprint: str, dataset: str, title: str, what: str, recipe: str, who: str) -> None:
        """Remembers a recipe, unless it is the one that this dataset's last step led to."""
        with self.workspace.write() as db:
            last = db.execute(
                "SELECT fingerprint FROM stood_on WHERE dataset = ? ORDER BY stand DESC LIMIT 1", (dataset,)
            ).fetchone()
            if last is None or last[0] != fingerprint:
                db.execute(
                    "INSERT INTO stood_on (fingerprint, dataset, title, what, recipe, who, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (fingerprint, dataset, title, what, recipe, who, _now()),
                )

    def stands(self, dataset: str | None = None, limit: int = 200) -> tuple[Stand, ...]:
        """Recipes stood on, newest first; of one dataset or of all."""
        if not self.workspace.path.exists():
            return ()
        with self.workspace.read() as db:
            found = db.execute(
                "SELECT stand, fingerprint, dataset, title, what, recipe, who, at FROM stood_on "
                "WHERE ?1 IS NULL OR dataset = ?1 ORDER BY stand DESC LIMIT ?2",
                (dataset, limit),
            ).fetchall()
        return tuple(Stand(*row) for row in found)

    def save(self, made: Snapshot) -> Snapshot:
        """Keeps a snapshot. Its name never means another thing: one with other content is refused. Errors: StoreError."""
        name = name_of(made.name, "a snapshot's name")
        if name == NOW or len(made.note) > MAX_NOTE:
            raise StoreError(f"a snapshot can't be called {NOW!r}, and its note has at most {MAX_NOTE:,} characters")
        with self.workspace.write() as db:
            held = db.execute("SELECT recipe, overrides FROM snapshot WHERE name = ?", (name,)).fetchone()
            if held is None:
                db.execute(
                    "INSERT INTO snapshot (name, fingerprint, dataset, title, recipe, overrides, note, who, at) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (name, made.fingerprint, made.dataset, made.title, made.recipe, made.overrides, made.note,
                     name_of(made.who, "a name"), made.at or _now()),
                )  # fmt: skip
            elif tuple(held) != (made.recipe, made.overrides):
                raise StoreError(f"a snapshot {name!r} is there already and holds something else; give another name")
        return self.snapshot(name)

    def snapshots(self) -> tuple[Snapshot, ...]:
        """Every snapshot, newest first."""
        if not self.workspace.path.exists():
            return ()
        with self.workspace.read() as db:
            found = db.execute(
                "SELECT name, fingerprint, dataset, title, recipe, overrides, note, who, at FROM snapshot ORDER BY at DESC, name"
            ).fetchall()
        return tuple(Snapshot(*row) for row in found)

    def snapshot(self, name: str) -> Snapshot:
        """One snapshot. Errors: StoreError with the names that are there."""
        found = self.snapshots()
        for one in found:
            if one.name == name:
                return one
        raise StoreError(
            f"no snapshot is called {name[:60]!r}; there are: {', '.join(s.name for s in found) or 'none'}"
        )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
