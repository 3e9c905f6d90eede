"""Keepers: which rows of a similarity graph stay, and the kept row that each dropped one duplicates.

Greedy by priority, never by transitive closure: a row goes only if a kept row stands directly next to it.

    edges 0-1, 1-2, priority 0 > 1 > 2   ->  0 stays, 1 goes (witness 0), 2 stays: 0 and 2 are not alike
"""

from __future__ import annotations

import numpy as np
from numba import njit

from curate.types import F32, I32, Bool


@njit("void(int32[::1], int32[::1], int64[::1], int32[::1], int32[::1])", cache=True, nogil=True)
def _fill(i, j, fill, out, edge):  # type: ignore[no-untyped-def]
    """Scatter both directions of each edge into CSR slots; `fill` holds each row's next free slot."""
    for e in range(i.shape[0]):
        a, b = i[e], j[e]
        out[fill[a]] = b
        edge[fill[a]] = e
        fill[a] += 1
        out[fill[b]] = a
        edge[fill[b]] = e
        fill[b] += 1


@njit("void(int64[::1], int32[::1], int64[::1], boolean[::1], boolean[::1])", cache=True, nogil=True)
def _walk(start, near, order, forced, kept):  # type: ignore[no-untyped-def]
    """Best first: a row stays unless one of its neighbours already stays. Forced rows always stay."""
    for r in order:
        stays = True
        if not forced[r]:
            for slot in range(start[r], start[r + 1]):
                if kept[near[slot]]:
                    stays = False
                    break
        kept[r] = stays


@njit(
    "void(int64[::1], int32[::1], int32[::1], float32[::1], boolean[::1], boolean[::1], int32[::1])",
    cache=True,
    nogil=True,
)
def _witness(start, near, edge, score, alive, kept, out):  # type: ignore[no-untyped-def]
    """For every alive row that went: its kept neighbour of the greatest score, the lowest row on ties."""
    for r in range(alive.shape[0]):
        if not alive[r] or kept[r]:
            continue
        best = np.float32(-1.0)
        for slot in range(start[r], start[r + 1]):
            other, value = near[slot], score[edge[slot]]
            if kept[other] and (value > best or (value == best and other < out[r])):
                best = value
                out[r] = other


def keepers(i: I32, j: I32, score: F32, alive: Bool, forced: Bool, rank: I32) -> tuple[Bool, I32]:
    """Which alive rows stay (Bool [n]) and each dropped row's witness (int32 [n], -1 = none).

    i, j, score: edges [m], each at or above its threshold already. forced: rows that always stay (frozen anchors, a
    person's keep); two forced rows never silence each other. rank: int32 [n], lower goes first; ties by row number.
    Edges with a dead end are ignored. Cost: O(n log n + m); 10 ms at 230,822 rows.
    """
    n = alive.shape[0]
    use = alive[i] & alive[j]
    i, j, score = np.ascontiguousarray(i[use]), np.ascontiguousarray(j[use]), np.ascontiguousarray(score[use])
    kept = alive.copy()
    witness = np.full(n, -1, dtype=np.int32)
    if not i.shape[0]:
        return kept, witness
    degree = np.bincount(i, minlength=n) + np.bincount(j, minlength=n)
    start = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(degree, out=start[1:])
    near = np.empty(2 * i.shape[0], dtype=np.int32)
    edge = np.empty(2 * i.shape[0], dtype=np.int32)
    _fill(i, j, start[:-1].copy(), near, edge)
    touched = np.flatnonzero(degree)
    order = touched[np.lexsort((touched, rank[touched], ~forced[touched]))].astype(np.int64)
    kept[touched] = False
    _walk(start, near, order, forced, kept)
    _witness(start, near, edge, score, alive, kept, witness)
    return kept, witness


def class_winner(label: I32, alive: Bool, forced: Bool, rank: I32) -> I32:
    """int32 [n]: the row that stands for each alive row's class, itself if it is the best of its class; -1 for dead rows.

    label: int32 [n], equal for rows of one class. Best: forced first, then lowest rank, then lowest row.
    """
    n = label.shape[0]
    out = np.full(n, -1, dtype=np.int32)
    rows = np.flatnonzero(alive)
    shared = np.bincount(label[rows], minlength=n)[label[rows]] > 1
    out[rows] = rows
    rows = rows[shared]
    if rows.shape[0]:
        rows = rows[np.lexsort((rows, rank[rows], ~forced[rows], label[rows]))]
        first = np.concatenate(([True], label[rows][1:] != label[rows][:-1]))
        out[rows] = rows[first][np.cumsum(first) - 1]
    return out
