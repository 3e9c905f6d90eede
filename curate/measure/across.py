"""Pairs across a boundary, all of them: exact joins of texts and of vectors that propose nothing and sample nothing.

Evidence finds near pairs by MinHash between class representatives. A proof must not lean on the same steps, so here every
text is joined with every text of another side: texts by a prefix filter (Chaudhuri, Ganti, Kaushik 2006: sets with
Jaccard >= t share one of their |x| - ceil(t |x|) + 1 rarest elements), vectors by a product of all with all.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from curate.errors import Cancelled
from curate.measure.neighbours import cosines, unit
from curate.measure.shingles import Shingles
from curate.types import F16, F32, I32, Cancel, Progress

BLOCK = 1 << 11
MARGIN = 1e-3  # a product in another order differs by less; each proposed pair's cosine is taken alone
SLACK = 1e-4  # Jaccard is compared in float32: a set this much too short for the bar is still looked at
U8 = NDArray[np.uint8]
Found = tuple[I32, I32, F32]


def text_across(sets: Shingles, side: U8, floor: float, cancel: Cancel | None = None) -> Found:
    """(i, j, Jaccard) of all pairs at `floor` or more whose texts stand on two sides. side: bits of the sides a text has.

    Texts without a shingle have no pair. Errors: Cancelled.
    """
    sizes = sets.sizes()
    values = _by_rarity(sets)
    prefix = np.where(sizes > 0, sizes - np.ceil(floor * sizes - SLACK).astype(np.int64) + 1, 0)
    prefix = np.clip(prefix, 0, sizes)
    post, ends = _index(values, sets.start, prefix)
    parts = []
    for first in range(0, len(sets), BLOCK * 8):
        if cancel is not None and cancel.is_set():
            raise Cancelled(f"the proof stopped at text {first} of {len(sets)}")
        last = min(first + BLOCK * 8, len(sets))
        room = 1 << 16
        while True:
            i, j, score = np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.float32)
            count = _join(values, sets.start, prefix, post, ends, side, floor, first, last, i, j, score)
            if count <= room:
                break
            room = count
        parts.append((i[:count], j[:count], score[:count]))
    return _joined(parts)


def _by_rarity(sets: Shingles) -> I32:
    """The sets with elements numbered from the rarest to the commonest, each set sorted."""
    known, place, count = np.unique(sets.values, return_inverse=True, return_counts=True)
    number = np.empty(known.shape[0], np.int32)
    number[np.argsort(count, kind="stable")] = np.arange(known.shape[0], dtype=np.int32)
    values = np.ascontiguousarray(number[place])
    _sort(values, sets.start)
    return values


@njit("void(int32[::1], int64[::1])", cache=True, nogil=True)
def _sort(values, start):  # type: ignore[no-untyped-def]
    for r in range(start.shape[0] - 1):
        values[start[r] : start[r + 1]].sort()


def _index(values: I32, start: np.ndarray, prefix: np.ndarray) -> tuple[I32, np.ndarray]:
    """(texts by prefix element, ascending; where each element's texts end)."""
    top = int(values.max()) + 1 if values.shape[0] else 0
    row = np.repeat(np.arange(prefix.shape[0], dtype=np.int32), prefix)
    at = np.arange(row.shape[0]) - np.repeat(np.cumsum(prefix) - prefix, prefix) + start[:-1][row]
    element = values[at]
    order = np.argsort(element, kind="stable")
    return np.ascontiguousarray(row[order]), np.cumsum(np.bincount(element, minlength=top))


@njit(
    "int64(int32[::1], int64[::1], int64[::1], int32[::1], int64[::1], uint8[::1], float64, int64, int64, int32[::1], int32[::1], float32[::1])",
    cache=True,
    nogil=True,
)
def _join(values, start, prefix, post, ends, side, floor, first, last, out_i, out_j, out_s):  # type: ignore[no-untyped-def]
    """Pairs (x, y), y < x, x in first..last; returns how many there are, even beyond the room given."""
    met = np.full(start.shape[0] - 1, -1, np.int32)
    count = 0
    for x in range(first, last):
        size = start[x + 1] - start[x]
        for k in range(start[x], start[x] + prefix[x]):
            element = values[k]
            begin = ends[element - 1] if element else 0
            for at in range(begin, ends[element]):
                y = post[at]
                if y >= x:
                    break
                if met[y] == x:
                    continue
                met[y] = x
                one, two = side[x], side[y]
                if one == two and (one & (one - np.uint8(1))) == 0:
                    continue
                other = start[y + 1] - start[y]
                if min(size, other) < floor * max(size, other) - 1.0:
                    continue
                a, b, shared = start[x], start[y], 0
                while a < start[x + 1] and b < start[y + 1]:
                    p, q = values[a], values[b]
                    shared += p == q
                    a += p <= q
                    b += q <= p
                score = np.float32(shared / (size + other - shared))
                if score >= np.float32(floor):
                    if count < out_i.shape[0]:
                        out_i[count], out_j[count], out_s[count] = y, x, score
                    count += 1
    return count


def meaning_across(
    vectors: F16, side: U8, floor: float, progress: Progress | None = None, cancel: Cancel | None = None
) -> Found:
    """(i, j, cosine) of all pairs at `floor` or more whose vectors stand on two sides. Errors: Cancelled."""
    wide = unit(vectors)
    # The side with the most vectors is never multiplied with itself.
    alone = (side & (side - np.uint8(1))) == 0
    largest = max((1 << k for k in range(8)), key=lambda bit: int(((side == bit) & alone).sum()))
    left = np.flatnonzero(side != largest)
    rank = np.full(side.shape[0], side.shape[0], np.int64)
    rank[left] = np.arange(left.shape[0])
    parts = []
    for first in range(0, left.shape[0], BLOCK):
        if cancel is not None and cancel.is_set():
            raise Cancelled(f"the proof stopped at prompt {first} of {left.shape[0]}")
        some = left[first : first + BLOCK]
        a, b = np.nonzero(wide[some] @ wide.T >= floor - MARGIN)
        i, j = some[a], b
        use = (rank[i] < rank[j]) & ((side[i] != side[j]) | ~alone[i])
        i, j = i[use].astype(np.int32), j[use].astype(np.int32)
        score = cosines(vectors, i, j)
        keep = score >= np.float32(floor)
        parts.append((i[keep], j[keep], score[keep]))
        if progress is not None:
            progress("proof: near meaning", min(first + BLOCK, left.shape[0]), left.shape[0])
    return _joined(parts)


def _joined(parts: list[Found]) -> Found:
    if not parts:
        return np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float32)
    i, j, score = (np.concatenate([p[k] for p in parts]) for k in range(3))
    return i.astype(np.int32), j.astype(np.int32), score.astype(np.float32)
