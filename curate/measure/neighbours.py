"""Near meaning: every pair of unit vectors at or above a cosine floor, complete, by blocked matrix products.

A product's last bits depend on the block's shape, so it only proposes (with a margin); each pair's cosine is then taken
alone, in one order of addition. So the list is the same for any block size, and an old list can be carried over: of
`known` vectors only the pairs that touch new ones are searched.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from curate.errors import Cancelled
from curate.types import F16, F32, I32, U64, Cancel, Progress

MARGIN = 2e-3  # over the greatest rounding of a float32 product of 384-wide float16 vectors
BLOCK = 2_048


@dataclass(frozen=True, slots=True)
class Known:
    """A finished search to build on: the keys of its vectors (uint64 [k, 2], unique), its pairs as places in them."""

    keys: U64
    i: I32
    j: I32
    cosine: F32
    floor: float


@njit("void(float32[:, ::1], int32[::1], int32[::1], float32[::1])", cache=True, nogil=True)
def _cosine(vectors, i, j, out):  # type: ignore[no-untyped-def]
    for e in range(i.shape[0]):
        total = 0.0
        for d in range(vectors.shape[1]):
            total += np.float64(vectors[i[e], d]) * np.float64(vectors[j[e], d])
        out[e] = total


@njit("int64(float32[:, ::1], int64, int64, float32, int32[::1], int32[::1])", cache=True, nogil=True)
def _above(block, row, column, floor, out_i, out_j):  # type: ignore[no-untyped-def]
    """Places of block[a, b] >= floor with row + a < column + b; counts all, writes while they fit."""
    top = 0
    for a in range(block.shape[0]):
        for b in range(max(0, row + a + 1 - column), block.shape[1]):
            if block[a, b] >= floor:
                if top < out_i.shape[0]:
                    out_i[top] = row + a
                    out_j[top] = column + b
                top += 1
    return top


def cosines(vectors: F16, i: I32, j: I32) -> F32:
    """float32 [m]: cosine of unit vectors i and j (float16 [n, d]), each pair summed in float64 in one order."""
    used, place = np.unique(np.concatenate((i, j)), return_inverse=True)
    place = place.astype(np.int32)
    out = np.empty(i.shape[0], dtype=np.float32)
    _cosine(unit(vectors[used]), place[: i.shape[0]].copy(), place[i.shape[0] :].copy(), out)
    return out


def cosines_of(left: F16, right: F16) -> F32:
    """float32 [m]: cosine of the unit vectors left[e] and right[e] (float16 [m, d]), summed as `cosines` does."""
    m = left.shape[0]
    out = np.empty(m, dtype=np.float32)
    one = np.arange(m, dtype=np.int32)
    _cosine(unit(np.concatenate((left, right))), one, one + np.int32(m), out)
    return out


def unit(vectors: F16) -> F32:
    """float32 [n, d] of exactly the stored float16 values, C-contiguous."""
    return np.ascontiguousarray(vectors, dtype=np.float32)


def near_meaning(
    vectors: F16,
    floor: float,
    fresh: int = 0,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    stage: str = "near meaning",
) -> tuple[I32, I32, F32]:
    """Pairs i < j with cosine >= floor, sorted, and their cosine. vectors: float16 [n, d], unit length.

    `fresh`: search only pairs with j >= fresh (rows before it were searched among themselves already).
    Cost: n^2 d / 2 multiply-adds; benchmarks/results. Errors: Cancelled.
    """
    wide = unit(vectors)
    n = wide.shape[0]
    found_i, found_j = [np.empty(0, np.int32)], [np.empty(0, np.int32)]
    bar = np.float32(floor - MARGIN)
    room_i, room_j = np.empty(1 << 18, np.int32), np.empty(1 << 18, np.int32)
    for column in range(fresh - fresh % BLOCK, n, BLOCK):
        right = wide[max(column, fresh) : column + BLOCK].T
        for row in range(0, min(column + BLOCK, n), BLOCK):
            if cancel is not None and cancel.is_set():
                raise Cancelled(f"{stage} was cancelled at vector {column} of {n}; run again to go on")
            block = wide[row : row + BLOCK] @ right
            top = _above(block, row, max(column, fresh), bar, room_i, room_j)
            if top > room_i.shape[0]:
                room_i, room_j = np.empty(2 * top, np.int32), np.empty(2 * top, np.int32)
                top = _above(block, row, max(column, fresh), bar, room_i, room_j)
            if top:
                found_i.append(room_i[:top].copy())
                found_j.append(room_j[:top].copy())
        if progress is not None:
            progress(stage, min(column + BLOCK, n), n)
    i, j = np.concatenate(found_i), np.concatenate(found_j)
    score = np.empty(i.shape[0], dtype=np.float32)
    _cosine(wide, i, j, score)
    keep = score >= np.float32(floor)
    order = np.lexsort((j[keep], i[keep]))
    return i[keep][order], j[keep][order], score[keep][order]


def extend(keys: U64, vectors: F16, floor: float, known: Known | None, progress: Progress | None = None,
           cancel: Cancel | None = None, stage: str = "near meaning") -> Known:  # fmt: skip
    """`near_meaning` of all vectors, searching only what `known` has not; equal to a fresh search bit for bit.

    keys: uint64 [n, 2], unique and sorted as rows; the result's pairs are places in `keys`.
    """
    place = _places(keys, known) if known is not None and known.floor <= floor else None
    old = np.flatnonzero(place >= 0) if place is not None else np.empty(0, np.int64)
    if place is None or known is None or old.shape[0] < keys.shape[0] // 2:
        i, j, s = near_meaning(vectors, floor, 0, progress, cancel, stage)
        return Known(keys, i, j, s, floor)
    order = np.concatenate((old, np.flatnonzero(place < 0))).astype(np.int32)  # known first, then fresh
    i, j, s = near_meaning(vectors[order], floor, old.shape[0], progress, cancel, stage)
    here = np.full(known.keys.shape[0], -1, dtype=np.int32)
    here[place[old]] = old
    oi, oj = here[known.i], here[known.j]
    use = (oi >= 0) & (oj >= 0) & (known.cosine >= np.float32(floor))
    a, b = np.concatenate((oi[use], order[i])), np.concatenate((oj[use], order[j]))
    s = np.concatenate((known.cosine[use], s))
    low, high = np.minimum(a, b), np.maximum(a, b)
    sort = np.lexsort((high, low))
    return Known(keys, low[sort], high[sort], s[sort], floor)


def _places(keys: U64, known: Known) -> np.ndarray:
    """int64 [n]: each key's place in known.keys, -1 where it is new. Both are unique and sorted."""
    mine, theirs = _void(keys), _void(known.keys)
    at = np.minimum(np.searchsorted(theirs, mine), max(theirs.shape[0] - 1, 0))
    return np.where(theirs[at] == mine, at, -1) if theirs.shape[0] else np.full(mine.shape[0], -1)


def _void(keys: U64) -> np.ndarray:
    """Keys as one sortable number each: 2**64 * high + low would not fit, so a structured pair."""
    return np.ascontiguousarray(keys).view([("high", np.uint64), ("low", np.uint64)]).reshape(-1)
