"""Families: very many near-equal texts of one template, whose pairs would be quadratic; each meets its family's hubs.

Hubs are the texts that a greedy keeper would keep, for several ways to prefer texts and several thresholds, each up to
`EACH`: the first in that order, then the first that no hub so far reaches the threshold with, and so on. So a text that a
better one silences under one of those orders finds it among its hubs, and 200,000 variants cost linear time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numba import njit

from curate.measure.shingles import Shingles, jaccard_of
from curate.types import F32, I32, Bool

HUBS = 96  # of one family at most: memory and time are this many scores per text
EACH = 16  # hubs for one order and threshold
STEP = 0.05  # between thresholds, from the floor up


@njit("void(uint32[::1], int64[::1], int32[::1], int64, float32[::1])", cache=True, nogil=True)
def _against(values, start, members, hub, out):  # type: ignore[no-untyped-def]
    """Jaccard of each member with the hub."""
    for k in range(members.shape[0]):
        m = members[k]
        out[k] = jaccard_of(values, start[m], start[m + 1], start[hub], start[hub + 1])


@njit("void(int32[::1], int32[::1], int64[::1])", cache=True, nogil=True)
def _join(parent, members, ends):  # type: ignore[no-untyped-def]
    """Union of the members of each group; `parent` is a forest."""
    begin = 0
    for end in ends:
        root = members[begin]
        while parent[root] != root:
            root = parent[root]
        for k in range(begin + 1, end):
            other = members[k]
            while parent[other] != other:
                parent[other] = parent[parent[other]]
                other = parent[other]
            low, high = min(root, other), max(root, other)
            parent[high] = low
            root = low
        begin = end


def families_of(n: int, groups: list[tuple[I32, np.ndarray]]) -> Iterator[I32]:
    """The texts (ascending) of each family: groups (members one after another, each group's end) that share a text are one."""
    parent = np.arange(n, dtype=np.int32)
    for members, ends in groups:
        _join(parent, members, ends)
    if not groups:
        return
    texts = np.unique(np.concatenate([members for members, _ in groups])).astype(np.int32)
    root = texts.copy()
    while not np.array_equal(parent[root], root):
        root = parent[root]
    order = np.argsort(root, kind="stable")
    cuts = np.flatnonzero(np.diff(root[order])) + 1
    yield from np.split(texts[order], cuts)


def hub_pairs(sets: Shingles, members: I32, prefer: I32, floor: float) -> tuple[I32, I32, F32]:
    """(hub, member, Jaccard) at or above the floor. prefer: int32 [k, m], a rank per order and member, least first."""
    scores: dict[int, F32] = {}

    def score(hub: int) -> F32:
        if hub not in scores:
            scores[hub] = np.empty(members.shape[0], np.float32)
            _against(sets.values, sets.start, members, int(members[hub]), scores[hub])
            scores[hub][hub] = 1.0
        return scores[hub]

    _choose(prefer, floor, score, scores)
    parts = [(hub, np.flatnonzero(found >= np.float32(floor)), found) for hub, found in scores.items()]
    i = np.concatenate([np.full(at.shape[0], members[hub], np.int32) for hub, at, _ in parts])
    j = np.concatenate([members[at] for _, at, _ in parts])
    s = np.concatenate([found[at] for _, at, found in parts])
    return i[i != j], j[i != j], s[i != j]


def _choose(prefer: I32, floor: float, score: Callable[[int], F32], chosen: dict[int, F32]) -> None:
    """Ask `score` for hubs, one a turn for every order and threshold, until all are silenced or there are `HUBS`."""
    orders = [np.argsort(rank, kind="stable") for rank in prefer]
    bars = np.arange(floor, 0.999, STEP)
    left: list[tuple[np.ndarray, float, Bool]] = [
        (order, float(bar), np.ones(order.shape[0], np.bool_)) for bar in bars for order in orders
    ]
    for _ in range(EACH):
        for order, bar, free in left:
            open_places = free[order]
            first = int(np.argmax(open_places))
            if not open_places[first]:
                continue
            hub = int(order[first])
            if hub not in chosen and len(chosen) >= HUBS:
                continue
            free &= score(hub) < np.float32(bar)
