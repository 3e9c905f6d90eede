"""Groups of duplicates: a kept row with the rows that go because of it; and the pairs nearest to a threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.decide.near import near_edges, strength
from curate.decide.rules import BIT
from curate.types import Verdicts
from curate.ui.loaded import Loaded, Rows

KINDS = ("exact_copy", "near_text", "near_meaning", "contaminated")


@dataclass(frozen=True, slots=True)
class Groups:
    """Kept rows with their copies. keeper [g]; start [g + 1] into members; kinds uint64 [g], bits by `BIT`."""

    keeper: Rows
    start: NDArray[np.int64]
    members: Rows
    kinds: NDArray[np.uint64]

    def __len__(self) -> int:
        return int(self.keeper.shape[0])

    def of(self, group: int) -> Rows:
        return self.members[self.start[group] : self.start[group + 1]]

    @property
    def sizes(self) -> NDArray[np.int64]:
        return np.diff(self.start)


@dataclass(frozen=True, slots=True)
class Border:
    """Pairs nearest to a threshold: places in Pairs, their score, and whether each counts as a duplicate now."""

    at: NDArray[np.int64]
    score: NDArray[np.float32]
    counts: NDArray[np.bool_]


def groups_of(made: Verdicts) -> Groups:
    """Groups by witness, the largest first, then by the keeper's row."""
    rows = np.flatnonzero(made.witness >= 0)
    by = made.witness[rows].astype(np.int64)
    keeper, code, sizes = np.unique(by, return_inverse=True, return_counts=True)
    order = np.lexsort((keeper, -sizes))
    place = np.empty_like(order)
    place[order] = np.arange(order.shape[0])
    sort = np.argsort(place[code], kind="stable")
    start = np.concatenate(([0], np.cumsum(sizes[order])))
    bits = np.zeros(rows.shape[0], dtype=np.uint64)
    for kind in KINDS:
        bits |= made.carries(kind, rows=rows[sort]).astype(np.uint64) << np.uint64(BIT[kind])
    kinds = np.bitwise_or.reduceat(bits, start[:-1]) if rows.shape[0] else np.empty(0, np.uint64)
    return Groups(keeper[order], start, rows[sort], kinds)


def counts(made: Verdicts) -> dict[str, int]:
    """Rows with a witness by the reason that names it; one row can carry both near reasons."""
    found = made.counts(np.flatnonzero(made.witness >= 0))
    return {k: found.get(k, 0) for k in KINDS}


def border(data: Loaded, made: Verdicts, kind: str, *, guarded: bool = False, most: int = 100) -> Border:
    """The pairs nearest to the text or meaning threshold, on both sides, most uncertain first; with or without those
    that a guard keeps apart whatever the threshold."""
    pairs, near = data.evidence.pairs, made.recipe.near
    score = strength(pairs, "jaccard" if kind == "text" else "cosine", near.view)
    bar = near.text if kind == "text" else near.meaning
    free = (pairs.guards == 0) | (near.guards != "on") | guarded
    known = np.flatnonzero(np.isfinite(score) & free)
    order = known[np.argsort(np.abs(score[known] - np.float32(bar)), kind="stable")][:most]
    counted = np.isin(order, near_edges(data.evidence, made.recipe).at)
    return Border(order, score[order], counted & (score[order] >= np.float32(bar)))
