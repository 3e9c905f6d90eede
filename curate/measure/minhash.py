"""Near text: pairs of texts whose character 5-gram Jaccard reaches a floor. MinHash proposes, exact Jaccard decides.

128 hashes in 32 bands of 4 miss a pair at Jaccard .7 once in 6,600 and one at .8 once in 20 million (S1's 16 bands of 8
miss one in 19 at .8, requirements D8). A bucket past `BUCKET` members belongs to a family (curate/measure/families.py):
its members meet the family's hubs, and in each bucket their next `WINDOW` neighbours by the keys of the following bands,
so that 200,000 variants of one template cost linear time; two variants that are closer to each other than to the family
also meet in the buckets that only they share.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numba import njit

from curate.errors import Cancelled
from curate.measure.families import families_of, hub_pairs
from curate.measure.shingles import Shingles, jaccard_of
from curate.types import F32, I32, Cancel, Progress

BUCKET = 1_000
WINDOW = 4


def _seeds(hashes: int) -> tuple[np.ndarray, np.ndarray]:
    """Fixed odd multipliers and xors, from splitmix64 of 1..2*hashes: the same in every process."""
    z = np.arange(1, 2 * hashes + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = (z ^ (z >> np.uint64(31))).astype(np.uint32)
    return z[:hashes] | np.uint32(1), z[hashes:]


@njit(
    "void(uint32[::1], int64[::1], int64, int64, uint32[::1], uint32[::1], int64, uint64[:, ::1])",
    cache=True,
    nogil=True,
)
def _bands(values, start, first, last, mul, xor, rows, out):  # type: ignore[no-untyped-def]
    """Band keys of texts first..last: out[text, band] hashes `rows` minima; 0 for an empty text."""
    hashes = mul.shape[0]
    low = np.empty(hashes, dtype=np.uint32)
    for text in range(first, last):
        low[:] = np.uint32(0xFFFFFFFF)
        for s in range(start[text], start[text + 1]):
            v = values[s]
            for k in range(hashes):
                h = np.uint32(np.uint32(v ^ xor[k]) * mul[k])  # numba widens uint32 products: cut back, then mix
                h = np.uint32(h ^ (h >> np.uint32(15)))
                if h < low[k]:
                    low[k] = h
        for band in range(out.shape[1]):
            key = np.uint64(band + 1)
            for k in range(band * rows, band * rows + rows):
                key = (key ^ np.uint64(low[k])) * np.uint64(0x9E3779B97F4A7C15)
                key ^= key >> np.uint64(32)
            out[text, band] = key if start[text + 1] > start[text] else np.uint64(0)


@njit("boolean(uint64[:, ::1], boolean[:, ::1], int64, int64, int64)", cache=True, nogil=True)
def _met(keys, family, band, a, b):  # type: ignore[no-untyped-def]
    """Whether a and b shared an earlier band's bucket and were compared there (in a family's bucket they were not)."""
    for earlier in range(band):  # noqa: SIM110 - numba compiles no generator
        if keys[a, earlier] == keys[b, earlier] and not family[a, earlier]:
            return True
    return False


@njit(
    "int64(uint32[::1], int64[::1], uint64[:, ::1], boolean[:, ::1], int64, int64[::1], int64[::1], float64, int64, int64,"
    " int32[::1], int32[::1], float32[::1], int64)",
    cache=True,
    nogil=True,
)
def _join(values, start, keys, family, band, order, ends, floor, bucket, window, out_i, out_j, out_s, top):  # type: ignore[no-untyped-def]
    """Verify the pairs of one band's buckets. Returns the number of pairs found; writes while they fit.

    order: texts sorted by this band's key, then (`_buckets`); ends: one past each bucket's last place in `order`.
    """
    bar = np.float32(floor)  # scores are float32: at floor .7, 7 of 10 must count
    least = floor - 1e-6
    begin = 0
    for b in range(ends.shape[0]):
        end = ends[b]
        big = end - begin > bucket
        for x in range(begin, end - 1):
            i = order[x]
            ni = start[i + 1] - start[i]
            for y in range(x + 1, min(end, x + 1 + window) if big else end):
                j = order[y]
                nj = start[j + 1] - start[j]
                if min(ni, nj) < least * max(ni, nj):
                    continue
                if not big and _met(keys, family, band, i, j):
                    continue
                s = jaccard_of(values, start[i], start[i + 1], start[j], start[j + 1])
                if s >= bar:
                    if top < out_i.shape[0]:
                        out_i[top], out_j[top], out_s[top] = i, j, s
                    top += 1
        if big:
            for x in range(begin, end):
                family[order[x], band] = True
        begin = end
    return top


def near_text(
    sets: Shingles,
    floor: float,
    hashes: int = 128,
    bands: int = 32,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    stage: str = "near text",
    prefer: I32 | None = None,
) -> tuple[I32, I32, F32]:
    """Pairs i < j with exact Jaccard >= floor, sorted, and their Jaccard. Equal texts must be one text already.

    prefer: int32 [k, n], ranks of the texts in the orders by which a family's keeper may be chosen (none: by number).
    Deterministic whatever the threads. Errors: Cancelled.
    """
    n = len(sets)
    keys, family = np.zeros((n, bands), dtype=np.uint64), np.zeros((n, bands), dtype=np.bool_)
    mul, xor = _seeds(hashes)
    _in_threads(n, lambda a, b: _bands(sets.values, sets.start, a, b, mul, xor, hashes // bands, keys))
    found: list[tuple[I32, I32, F32]] = []
    groups: list[tuple[I32, np.ndarray]] = []
    room = max(1 << 16, n)
    for band in range(bands):
        if cancel is not None and cancel.is_set():
            raise Cancelled(f"{stage} was cancelled after {band} of {bands} bands; run again to go on")
        order, ends = _buckets(keys, band)
        groups += _large(order, ends)
        while ends.shape[0]:
            i, j, s = np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.float32)
            top = _join(sets.values, sets.start, keys, family, band, order, ends, floor, BUCKET, WINDOW, i, j, s, 0)
            if top <= room:
                found.append((i[:top].copy(), j[:top].copy(), s[:top].copy()))
                break
            room = int(top)
        if progress is not None:
            progress(stage, band + 1, bands)
    ranks = np.arange(n, dtype=np.int32)[None, :] if prefer is None else prefer
    for members in families_of(n, groups):
        found.append(hub_pairs(sets, members, np.ascontiguousarray(ranks[:, members]), floor))
    return _unique(found, n)


def _large(order: np.ndarray, ends: np.ndarray) -> list[tuple[I32, np.ndarray]]:
    """The members of a band's buckets past `BUCKET`, and each such bucket's end among them; [] if there is none."""
    size = np.diff(ends, prepend=0)
    big = size > BUCKET
    if not big.any():
        return []
    return [(order[np.repeat(big, size)].astype(np.int32), np.cumsum(size[big]))]


def _in_threads(n: int, work: Callable[[int, int], None]) -> None:
    """Run work(first, last) over [0, n) on two threads; kernels release the interpreter."""
    from concurrent.futures import ThreadPoolExecutor

    step = max(1, (n + 7) // 8)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda a: work(a, min(a + step, n)), range(0, n, step)))


def _buckets(keys: np.ndarray, band: int) -> tuple[np.ndarray, np.ndarray]:
    """Texts in buckets of two and more, bucket after bucket, and each bucket's end. Large ones are sorted by the keys of
    the next four bands, so that texts that share more of them stand together."""
    column = np.ascontiguousarray(keys[:, band])
    order = np.argsort(column, kind="stable")
    order = order[column[order] != 0]
    key = column[order]
    edge = np.flatnonzero(key[1:] != key[:-1]) + 1
    start, end = np.concatenate(([0], edge)), np.concatenate((edge, [key.shape[0]]))
    many = (end - start) > 1
    if not key.shape[0] or not many.any():
        return order[:0], end[:0]
    for a, b in zip(start[end - start > BUCKET], end[end - start > BUCKET], strict=True):
        members, mixed = order[a:b], np.zeros(b - a, np.uint64)
        for step in range(1, 5):
            mixed = (mixed << np.uint64(16)) | (keys[members, (band + step) % keys.shape[1]] >> np.uint64(48))
        order[a:b] = members[np.argsort(mixed, kind="stable")]
    keep = np.repeat(many, end - start)
    return np.ascontiguousarray(order[keep]), np.cumsum((end - start)[many])


def _unique(found: list[tuple[I32, I32, F32]], n: int) -> tuple[I32, I32, F32]:
    if not found:
        return np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float32)
    i, j, s = (np.concatenate(part) for part in zip(*found, strict=True))
    low, high = np.minimum(i, j), np.maximum(i, j)
    _, first = np.unique(low.astype(np.int64) * n + high, return_index=True)
    return low[first], high[first], s[first]
