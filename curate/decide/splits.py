"""Splits: kept rows into train, validation and test so that no question stands on two sides.

Rows of one question (equal system and user turns), of one leak edge and their chains move together. Groups are taken
in the order of a keyed hash: test fills first, then validation, then train takes the rest. Sizes are exact to within
one group; a new row moves only rows at the two cut points. A group larger than its part goes to train.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from curate.decide.near import Edges
from curate.decide.recipe import Split
from curate.types import I32, U64, Bool, Evidence

SPLITS: tuple[str, ...] = ("train", "validation", "test")


def shuffle_keys(keys: U64, seed: int) -> U64:
    """uint64 [n]: the keys re-hashed under a seed (splitmix64), the same in every process."""
    z = keys + np.uint64((seed * 0x9E3779B97F4A7C15 + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def question_groups(evidence: Evidence, edges: Edges) -> I32:
    """int32 [n]: rows of one number may not be parted. Chains of edges and shared questions, dropped rows included."""
    n = len(evidence)
    rows = np.arange(n, dtype=np.int32)
    content, question = evidence.classes["content"], evidence.classes["question"]
    i = np.concatenate((rows, rows, evidence.pairs.i[edges.at]))
    j = np.concatenate((content, question, evidence.pairs.j[edges.at]))
    graph = coo_array((np.ones(i.shape[0], dtype=np.int8), (i, j)), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int32)


@njit("int64(int32[::1], boolean[::1], int64[::1], int32[::1], int64[::1])", cache=True, nogil=True)
def _first_met(group, kept, by_key, met, size):  # type: ignore[no-untyped-def]
    """The groups of kept rows in the order in which the keys meet them, with their sizes; how many there are."""
    count = 0
    for r in by_key:
        if kept[r]:
            g = group[r]
            if size[g] == 0:
                met[count] = g
                count += 1
            size[g] += 1
    return count


def split_rows(kept: Bool, group: I32, keys: U64, shares: Split, by_key: np.ndarray | None = None) -> np.ndarray:
    """int8 [n]: index into SPLITS for kept rows, -1 for the others. keys: shuffled keys, uint64 [n]; a group's place is
    the least key of its kept rows. by_key: int64 [n], the rows in the order of `keys`, if that is known already."""
    out = np.full(kept.shape[0], -1, dtype=np.int8)
    if not kept.any():
        return out
    if by_key is None:
        by_key = np.argsort(keys, kind="stable")
    groups = int(group.max()) + 1
    met, sizes = np.empty(groups, dtype=np.int32), np.zeros(groups, dtype=np.int64)
    order = met[: _first_met(np.ascontiguousarray(group, np.int32), np.ascontiguousarray(kept), by_key, met, sizes)]
    total = shares.train + shares.validation + shares.test
    place = np.zeros(groups, dtype=np.int8)
    rows = int(sizes.sum())
    for part, share in ((2, shares.test), (1, shares.validation)):
        order = _fill(place, order, sizes, part, round(rows * share / total))
    if shares.train <= 0:
        place[order] = 1 if shares.validation > 0 else 2
    out[kept] = place[group[kept]]
    return out


def _fill(place: np.ndarray, order: np.ndarray, sizes: np.ndarray, part: int, target: int) -> np.ndarray:
    """Give `part` groups in order until `target` rows are reached; the groups left over, in order."""
    fits = sizes[order] <= max(target, 1)
    total = np.cumsum(np.where(fits, sizes[order], 0))
    taken = fits & (total <= target)
    place[order[taken]] = part
    return np.asarray(order[~taken])
