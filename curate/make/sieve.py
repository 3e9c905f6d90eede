"""Written rows through the same load, rules, duplicates and evaluation items as any row, beside the pool that they join."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curate.decide import Recipe, decide
from curate.load import ColumnMap, load
from curate.measure import measure
from curate.overrides import Overrides
from curate.store import OverrideLog, Store, Workspace
from curate.types import Action, Cancel, Dataset, Evidence, Progress, Verdicts

REVIEW = 10  # one in ten is read by a person (S0, S3)
TAG = "written: to read"


@dataclass(frozen=True)
class Sieved:
    """What became of the written rows. rows: int64, their places; kept, queue: of them, those that stay and those to read."""

    dataset: Dataset
    evidence: Evidence
    verdicts: Verdicts
    rows: NDArray[np.int64]
    kept: NDArray[np.int64]
    queue: NDArray[np.int64]

    @property
    def reasons(self) -> dict[str, int]:
        """Why the others go, by first reason."""
        gone = self.rows[self.verdicts.action[self.rows] != Action.KEEP]
        return dict(Counter(self.verdicts.why(int(r))[0] for r in gone).most_common())


def sieve(
    pool: Sequence[Path], written: Path, frozen: Sequence[Path], recipe: Recipe, store: Store, want: int,
    progress: Progress | None = None, cancel: Cancel | None = None, *, mapping: Mapping[str, ColumnMap] | None = None,
) -> Sieved:  # fmt: skip
    """The written file beside the pool, under the recipe: of two alike the pool's row stays. At most `want` are kept.

    Errors: as load, measure and decide.
    """
    dataset = load([*pool, written], frozen, store=store, progress=progress, cancel=cancel, mapping=mapping)
    wanted = replace(recipe, overrides=_read(OverrideLog(Workspace(store)).current())).with_setting(
        "near", keep="first"
    )
    evidence = measure(dataset, recipe=wanted, store=store, progress=progress, cancel=cancel)
    verdicts = decide(evidence, wanted)
    source = np.asarray(dataset.rows.column("source").to_numpy())
    mine = [n for n, s in enumerate(dataset.sources) if s.name == written.name and s.role == "pool"]
    rows = np.flatnonzero(np.isin(source, mine))
    kept = rows[verdicts.action[rows] == Action.KEEP]
    kept = kept[np.argsort(evidence.keys[kept], kind="stable")][:want]
    return Sieved(dataset, evidence, verdicts, rows, kept, kept[: -(-kept.shape[0] // REVIEW)])


def _read(held: Overrides) -> Overrides:
    """People's decisions without our own "to read" marks: filtered again, the same rows stay and the same tenth is read."""
    waiting = {i for i, tag in held.tags if tag == TAG}
    said = zip(held.ids, held.actions, held.notes, strict=True)
    kept = [(i, a, n) for i, a, n in said if a != "review" or i not in waiting]
    ids, actions, notes = zip(*kept, strict=True) if kept else ((), (), ())
    return replace(held, ids=ids, actions=actions, notes=notes)


def queue_up(found: Sieved, store: Store) -> int:
    """Sends the tenth to review, as one step that an undo takes back; rows that somebody decided already stay so."""
    log = OverrideLog(Workspace(store))
    decided = set(log.current().ids)
    ids = [i for i in (found.evidence.ids[r].decode() for r in found.queue) if i not in decided]
    log.set_each(dict.fromkeys(ids, "review"), "one in ten written rows to read")
    log.tag(ids, TAG)
    return len(ids)


def originals(found: Sieved, rows: NDArray[np.int64]) -> bytes:
    """The lines of some rows as they were written, in the order of the file."""
    raw = found.dataset.rows.column("raw")
    return b"".join(bytes(raw[int(r)].as_py()).rstrip(b"\n") + b"\n" for r in np.sort(rows))
