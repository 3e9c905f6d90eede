"""Contradictions as clusters: rows of one question whose answers cannot all be right, and who stands on which side.

Pairs under the recipe's bars join rows into clusters; inside one, a row stands against the side that it contradicts most.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.decide.near import conflicts, ruled_out
from curate.decide.recipe import Recipe
from curate.types import Evidence, Guard


@dataclass(frozen=True, slots=True)
class Clusters:
    """Clusters of contradicting rows, the most severe first. start: int64 [c + 1] into rows and side; severity: float64 [c],
    the expected number of wrong rows: the smaller side's rows (copies too) times the surest pair's score; at: int64 [c],
    the surest pair's place in `Pairs`; pairs: int64 [c], how many pairs contradict."""

    start: NDArray[np.int64]
    rows: NDArray[np.int64]
    side: NDArray[np.int64]
    severity: NDArray[np.float64]
    at: NDArray[np.int64]
    pairs: NDArray[np.int64]

    def __len__(self) -> int:
        return int(self.at.shape[0])

    def of(self, cluster: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Its rows and the side of each."""
        part = slice(self.start[cluster], self.start[cluster + 1])
        return self.rows[part], self.side[part]


def contradicting(evidence: Evidence, recipe: Recipe) -> NDArray[np.int64]:
    """int64 [k]: places in `Pairs` of contradictions that nobody called right on both sides."""
    if not recipe.conflict.enabled or not len(evidence.pairs):
        return np.empty(0, np.int64)
    pairs = evidence.pairs
    hit = conflicts(pairs, recipe) & ((pairs.guards & np.uint16(Guard.CONTEXT)) == 0)
    return np.flatnonzero(hit & ~ruled_out(evidence, recipe, "both_right"))


def clusters_of(evidence: Evidence, at: NDArray[np.int64]) -> Clusters:
    """Clusters of the contradicting pairs `at`."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    pairs, n = evidence.pairs, len(evidence)
    i, j = pairs.i[at].astype(np.int64), pairs.j[at].astype(np.int64)
    used, place = np.unique(np.concatenate((i, j)), return_inverse=True)
    a, b = place[: at.shape[0]], place[at.shape[0] :]
    graph = coo_matrix((np.ones(at.shape[0]), (a, b)), (used.shape[0], used.shape[0]))
    count, label = connected_components(graph, directed=False)
    score = pairs.scores["conflict"][at].astype(np.float64)
    side = _sides(a, b, score, label, used.shape[0])
    copies = np.bincount(evidence.classes["content"], minlength=n)[used]
    weight = np.zeros((count, 2))
    np.add.at(weight, (label, side), copies)
    best = np.zeros(count)
    np.maximum.at(best, label[a], score)
    top = np.full(count, -1)
    order = np.lexsort((-at, score))  # the last write wins: the greatest score, then the first pair
    top[label[a[order]]] = at[order]
    severity = weight.min(axis=1) * best
    rank = np.lexsort((top, -severity))
    where = np.empty(count, np.int64)
    where[rank] = np.arange(count)
    sort = np.lexsort((used, side, where[label]))
    start = np.concatenate(([0], np.cumsum(np.bincount(where[label], minlength=count)))).astype(np.int64)
    many = np.bincount(where[label[a]], minlength=count)
    return Clusters(start, used[sort], side[sort], severity[rank], top[rank], many)


def _sides(a: NDArray[Any], b: NDArray[Any], score: NDArray[Any], label: NDArray[Any], n: int) -> NDArray[np.int64]:
    """int64 [n] 0 or 1: rows in order of how much they contradict, each against the side that it contradicts most."""
    weight = np.zeros(n)
    np.add.at(weight, a, score)
    np.add.at(weight, b, score)
    near: dict[int, list[tuple[int, float]]] = {}
    for x, y, s in zip(a.tolist(), b.tolist(), score.tolist(), strict=True):  # contradictions only: few
        near.setdefault(x, []).append((y, s))
        near.setdefault(y, []).append((x, s))
    side = np.full(n, -1, dtype=np.int64)
    for row in np.lexsort((np.arange(n), -weight, label)).tolist():
        against = [0.0, 0.0]
        for other, s in near[row]:
            if side[other] >= 0:
                against[side[other]] += s
        side[row] = int(against[0] > against[1])
    return side
