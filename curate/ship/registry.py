"""The registry: exports by name@version, the training runs that used them, and how often a test split was looked at.

An entry is immutable: its manifest's hash stands for every byte of the export, and what later questions need (lineage,
recipe, manifest, every row's fate) is copied into the workspace, so that an entry outlives its folder. Rows are never copied.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from curate.errors import CurateError, StoreError
from curate.ship.publish import MANIFEST, current, damage
from curate.store.workspace import Workspace

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
COPIED = (MANIFEST, "lineage.json", "recipe.toml", "overrides.csv", "verdicts.parquet")
MAX_NOTE = 10_000
TEST = "test"


@dataclass(frozen=True, slots=True)
class Entry:
    """One registered export. fingerprint: sha256 of its manifest, hence of the whole content; at: ISO, UTC.

    dataset: fingerprint over all ids and roles that went in. kept, rejected, review: rows.
    """

    name: str
    version: str
    fingerprint: str
    dataset: str
    kept: int
    rejected: int
    review: int
    path: str
    notes: str
    at: str

    @property
    def key(self) -> str:
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True)
class Score:
    """A figure that a run reports on a split. look: how many times this entry's split was reported before, plus one."""

    run: str
    split: str
    metric: str
    value: float
    at: str
    look: int


@dataclass(frozen=True, slots=True)
class Training:
    """A training run on an entry."""

    run: str
    key: str
    model: str
    params: Mapping[str, str]
    at: str
    scores: tuple[Score, ...] = ()


class Registry:
    """The registry of one workspace. Every call is one transaction; other processes' entries are seen at once."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def add(self, key: str, out: Path, notes: str = "") -> Entry:
        """Registers an export folder (its current version) or a version folder as NAME@VERSION.

        The same bytes under the same key are that entry again. Errors: StoreError for an export that is not whole, and
        for a key that other bytes have; CurateError for a bad key or note.
        """
        name, version = parsed(key)
        if len(notes) > MAX_NOTE:
            raise CurateError(f"notes are {len(notes):,} characters; allowed are {MAX_NOTE:,}")
        folder = _whole(out)
        copied = {file: (folder / file).read_bytes() for file in COPIED if (folder / file).is_file()}
        found = _entry(name, version, copied, str(folder), notes)
        with self._workspace.write() as db:
            held = db.execute(
                "SELECT fingerprint FROM version WHERE name = ? AND version = ?", (name, version)
            ).fetchone()
            if held is None:
                db.execute("INSERT INTO version VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                           (name, version, found.fingerprint, found.dataset, found.kept, found.rejected, found.review,
                            found.path, notes, found.at))  # fmt: skip
                db.executemany("INSERT OR IGNORE INTO version_file VALUES (?, ?, ?)",
                               [(found.fingerprint, file, data) for file, data in copied.items()])  # fmt: skip
            elif held[0] != found.fingerprint:
                raise StoreError(
                    f"{key} is registered with other bytes ({held[0][:12]}); entries never change: choose another version"
                )
        return self.get(key)

    def get(self, key: str) -> Entry:
        """One entry. Errors: CurateError when there is none."""
        name, version = parsed(key)
        found = [e for e in self.history(name) if e.version == version]
        if not found:
            raise CurateError(f"{key} is not registered; `curate registry list` shows what is")
        return found[0]

    def history(self, name: str | None = None) -> tuple[Entry, ...]:
        """Entries of a name (or of all), oldest first."""
        with self._workspace.read() as db:
            rows = db.execute(
                "SELECT * FROM version WHERE ? IS NULL OR name = ? ORDER BY at, name, version", (name, name)
            )
            return tuple(Entry(*row) for row in rows.fetchall())

    def file(self, key: str, name: str) -> bytes:
        """A copied file of an entry: one of `COPIED`."""
        entry = self.get(key)
        with self._workspace.read() as db:
            found = db.execute(
                "SELECT data FROM version_file WHERE fingerprint = ? AND path = ?", (entry.fingerprint, name)
            )
            row = found.fetchone()
        if row is None:
            raise CurateError(f"{key} has no {name}; it has {', '.join(COPIED)}")
        return bytes(row[0])

    def holding(self, row: str) -> tuple[tuple[Entry, str, str | None], ...]:
        """Which entries held a row, by id or by the content part of an id: (entry, action, split), oldest first."""
        import pyarrow as pa
        import pyarrow.compute as pc
        import pyarrow.parquet as pq

        out = []
        for entry in self.history():
            data = pa.BufferReader(self.file(entry.key, "verdicts.parquet"))
            table = pq.read_table(data, use_threads=False, pre_buffer=False, columns=["id", "action", "split"])
            same = table.filter(pc.starts_with(table.column("id"), f"{row.partition('-')[0]}-"))
            found = [r for r in same.to_pylist() if r["id"] == row or "-" not in row]
            out += [(entry, r["action"], r["split"]) for r in found]
        return tuple(out)

    def link(self, key: str, run: str, model: str, params: Mapping[str, str] | None = None) -> Training:
        """Says that a training run used an entry. A run names one entry for good: another one is refused."""
        entry, run = self.get(key), _run(run)
        said = json.dumps(dict(params or {}), sort_keys=True, ensure_ascii=False)
        with self._workspace.write() as db:
            held = db.execute(
                "SELECT name || '@' || version, model, params FROM training WHERE run = ?", (run,)
            ).fetchone()
            if held is not None and tuple(held) != (entry.key, model, said):
                raise StoreError(
                    f"run {run} is linked to {held[0]} with other settings; links never change: choose another run id"
                )
            if held is None:
                db.execute(
                    "INSERT INTO training VALUES (?, ?, ?, ?, ?, ?)",
                    (run, entry.name, entry.version, model, said, _now()),
                )
        return next(t for t in self.runs(key) if t.run == run)

    def report(self, run: str, split: str, metric: str, value: float) -> Score:
        """A figure of a run. A test split answers once: `look` of the result says how often its entry was asked."""
        with self._workspace.write() as db:
            held = db.execute("SELECT name, version FROM training WHERE run = ?", (run,)).fetchone()
            if held is None:
                raise CurateError(
                    f"run {run} is not linked; `curate registry link NAME@VERSION --run {run}` comes first"
                )
            before = db.execute("SELECT COUNT(DISTINCT score.run) FROM score JOIN training USING (run) WHERE name = ? AND "
                                "version = ? AND split = ? AND score.run <> ?", (*held, split, run)).fetchone()[0]  # fmt: skip
            score = Score(run, split, metric, float(value), _now(), int(before) + 1)
            db.execute(
                "INSERT INTO score VALUES (?, ?, ?, ?, ?, ?)", (run, split, metric, score.value, score.at, score.look)
            )
        return score

    def runs(self, key: str | None = None) -> tuple[Training, ...]:
        """Training runs of an entry (or of all) with their figures, oldest first."""
        with self._workspace.read() as db:
            runs = db.execute(
                "SELECT run, name || '@' || version, model, params, at FROM training ORDER BY at, run"
            ).fetchall()
            scores = [Score(*row) for row in db.execute("SELECT * FROM score ORDER BY at, rowid").fetchall()]
        made = (Training(r, k, m, json.loads(p), at, tuple(s for s in scores if s.run == r)) for r, k, m, p, at in runs)
        return tuple(t for t in made if key in (None, t.key))


def parsed(key: str) -> tuple[str, str]:
    """(name, version) of NAME@VERSION. Errors: CurateError."""
    name, _, version = key.partition("@")
    if not (NAME.fullmatch(name) and NAME.fullmatch(version)):
        raise CurateError(
            f"{key!r} is no NAME@VERSION; both parts are letters, digits, dot, dash and underscore, 64 at most"
        )
    return name, version


def _run(run: str) -> str:
    if not NAME.fullmatch(run):
        raise CurateError(f"run {run!r} is no id; allowed are letters, digits, dot, dash and underscore, 64 at most")
    return run


def _whole(out: Path) -> Path:
    folder = out if (out / MANIFEST).is_file() else current(out)
    bad = damage(folder)
    if bad:
        path, what = next(iter(bad.items()))
        raise StoreError(f"{out}: {path} {what}; only a whole export is registered: run `curate verify {out}`")
    return folder.resolve()


def _entry(name: str, version: str, copied: Mapping[str, bytes], path: str, notes: str) -> Entry:
    lineage: dict[str, Any] = json.loads(copied["lineage.json"])
    rows = lineage["total"]
    return Entry(name, version, sha256(copied[MANIFEST]).hexdigest(), lineage["dataset"], rows["kept"], rows["dropped"],
                 rows["review"], path, notes, _now())  # fmt: skip


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
