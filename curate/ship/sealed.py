"""Test rows of exports: a test split answers once (S2), so pages where rows are read or paid for hide them.

    hidden = Sealed(workspace).mask(dataset)      what review, judge and generate leave out
    Sealed(workspace).open("judge", "why")        on purpose: who, when, where and why are kept for good

Rows are known by content: one stays sealed when others are added or its copy comes from another file. Each export
folder seals the test split of its last export; a new export there takes the place of the old one's.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate.errors import CurateError, StoreError
from curate.store.decisions import user
from curate.store.workspace import Workspace
from curate.types import Bool, Dataset, Verdicts

TEST = "test"
MAX_WHY = 1_000


@dataclass(frozen=True, slots=True)
class Seal:
    """The test rows of the last export in a folder. at: ISO, UTC."""

    folder: str
    version: str
    rows: int
    at: str


@dataclass(frozen=True, slots=True)
class Opening:
    """Once that somebody looked at sealed rows on purpose. versions: of which exports; page: where."""

    versions: tuple[str, ...]
    rows: int
    page: str
    why: str
    who: str
    at: str


class Sealed:
    """The sealed rows of a workspace. Every call is one transaction."""

    def __init__(self, workspace: Workspace, who: str | None = None) -> None:
        self._workspace, self._who = workspace, who

    def seal(self, dataset: Dataset, verdicts: Verdicts, out: Path, version: str) -> int:
        """Seals the test split that was just written to `out`; returns its rows."""
        folder, rows = str(Path(out).resolve()), np.empty(0, np.int64)
        if TEST in verdicts.splits:
            rows = np.flatnonzero(verdicts.split == verdicts.splits.index(TEST))
        contents = dataset.rows.column("content").take(pa.array(rows)).to_pylist()
        packed = zlib.compress("\n".join(sorted(set(contents))).encode("ascii"), 1)
        with self._workspace.write() as db:
            db.execute("DELETE FROM sealed WHERE folder = ?", (folder,))
            if contents:
                db.execute("INSERT INTO sealed VALUES (?, ?, ?, ?, ?)", (folder, version, len(rows), packed, _now()))
        return len(rows)

    def seals(self) -> tuple[Seal, ...]:
        """What is sealed, oldest first."""
        if not self._workspace.path.exists():
            return ()
        with self._workspace.read() as db:
            found = db.execute("SELECT folder, version, rows, at FROM sealed ORDER BY at, folder").fetchall()
        return tuple(Seal(*row) for row in found)

    def mask(self, dataset: Dataset) -> Bool:
        """Boolean per row: its content stands in a sealed test split."""
        hidden = np.zeros(len(dataset), bool)
        if not self.seals():
            return hidden
        with self._workspace.read() as db:
            packed = [row[0] for row in db.execute("SELECT contents FROM sealed ORDER BY folder").fetchall()]
        contents = dataset.rows.column("content")
        try:
            held = [pa.array(zlib.decompress(p).decode("ascii").split("\n"), contents.type) for p in packed]
        except (zlib.error, UnicodeDecodeError):
            raise StoreError("the sealed test rows can't be read; export again to seal them anew") from None
        for some in held:
            hidden |= pc.is_in(contents, some).to_numpy(zero_copy_only=False)
        return hidden

    def open(self, page: str, why: str, rows: int = 0) -> Opening:
        """Records that somebody looks at `rows` sealed rows on purpose. Errors: CurateError without a reason."""
        why = why.strip()
        if not why or len(why) > MAX_WHY:
            raise CurateError(
                f"a reason of {len(why):,} characters; say why in 1 to {MAX_WHY:,}: it is kept with the versions"
            )
        made = Opening(tuple(s.version for s in self.seals()), rows, page, why, self._who or user(), _now())
        with self._workspace.write() as db:
            db.execute("INSERT INTO opened VALUES (?, ?, ?, ?, ?, ?)",
                       (" ".join(made.versions), rows, page, why, made.who, made.at))  # fmt: skip
        return made

    def openings(self, version: str | None = None) -> tuple[Opening, ...]:
        """Every opening (of one version, by the name of its folder), oldest first."""
        if not self._workspace.path.exists():
            return ()
        with self._workspace.read() as db:
            found = db.execute("SELECT versions, rows, page, why, who, at FROM opened ORDER BY at, rowid").fetchall()
        made = (Opening(tuple(v.split()), *rest) for v, *rest in found)
        return tuple(o for o in made if version is None or version in o.versions)


def left_out(dataset: Dataset, workspace: Workspace, where: str, why: str | None) -> Bool:
    """What a command leaves out: the sealed rows; none, and an opening on record, when a person says why."""
    sealed = Sealed(workspace)
    hidden = sealed.mask(dataset)
    if why is not None:
        sealed.open(where, why, int(hidden.sum()))
        return np.zeros(len(dataset), bool)
    return hidden


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
