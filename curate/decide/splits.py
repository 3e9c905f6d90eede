"""Splits: kept rows into train, validation and test so that no question stands on two sides.

Rows of one question (equal system and user turns), of one leak edge and their chains move together. Groups are taken
in the order of a keyed hash: test fills first, then validation, then train takes the rest. Sizes are exact to within
one group; a new row moves only rows at the two cut points. A group larger than its part goes to train.
"""

from __future__ import annotations

import numpy as np
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


def split_rows(kept: Bool, group: I32, keys: U64, shares: Split) -> np.ndarray:
    """int8 [n]: index into SPLITS for kept rows, -1 for the others. keys: shuffled keys, uint64 [n]."""
    out = np.full(kept.shape[0], -1, dtype=np.int8)
    rows = np.flatnonzero(kept)
    if not rows.shape[0]:
        return out
    names, label = np.unique(group[rows], return_inverse=True)
    sizes = np.bincount(label)
    first = np.full(names.shape[0], np.iinfo(np.uint64).max, dtype=np.uint64)
    np.minimum.at(first, label, keys[rows])  # a group's place: the least key of its kept rows
    total = shares.train + shares.validation + shares.test
    place = np.zeros(names.shape[0], dtype=np.int8)
    order = np.argsort(first, kind="stable")
    for part, share in ((2, shares.test), (1, shares.validation)):
        order = _fill(place, order, sizes, part, round(rows.shape[0] * share / total))
    if shares.train <= 0:
        place[order] = 1 if shares.validation > 0 else 2
    out[rows] = place[label]
    return out


def _fill(place: np.ndarray, order: np.ndarray, sizes: np.ndarray, part: int, target: int) -> np.ndarray:
    """Give `part` groups in order until `target` rows are reached; the groups left over, in order."""
    fits = sizes[order] <= max(target, 1)
    total = np.cumsum(np.where(fits, sizes[order], 0))
    taken = fits & (total <= target)
    place[order[taken]] = part
    return np.asarray(order[~taken])
