"""Near text: pairs of texts whose character 5-gram Jaccard reaches a floor. MinHash proposes, exact Jaccard decides.

128 hashes in 32 bands of 4 miss a pair at Jaccard .7 once in 6,600 and one at .8 once in 20 million (S1's 16 bands of 8
miss one in 19 at .8, requirements D8). A bucket past `BUCKET` members belongs to a family (curate/measure/families.py):
its members meet the family's hubs, and in each bucket their next `WINDOW` neighbours by the keys of the following bands,
so that 200,000 variants of one template cost linear time; two variants that are closer to each other than to the family
also meet in the buckets that only they share.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
from numba import njit

from curate.errors import Cancelled
from curate.measure.families import families_of, hub_pairs
from curate.measure.shingles import Shingles, jaccard_reaching
from curate.types import F32, I32, Bool, Cancel, Progress

Buckets = tuple[I32, np.ndarray]  # texts, bucket after bucket; one past each bucket's last place
Pairs = tuple[I32, I32, F32]

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
    "int64(uint32[::1], int64[::1], uint64[:, ::1], boolean[:, ::1], int64, int32[::1], int64[::1], float64, int64, int64,"
    " int32[::1], int32[::1], float32[::1])",
    cache=True,
    nogil=True,
)
def _join(values, start, keys, family, band, order, ends, floor, bucket, window, out_i, out_j, out_s):  # type: ignore[no-untyped-def]
    """Verify the pairs of one band's buckets. Returns the number of pairs found; writes while they fit. Bands don't wait for
    one another: `family` is whole before the first one.

    order: texts sorted by this band's key, then (`_buckets`); ends: one past each bucket's last place in `order`.
    """
    bar = np.float32(floor)  # scores are float32: at floor .7, 7 of 10 must count
    least = floor - 1e-6
    begin, top = 0, 0
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
                s = jaccard_reaching(values, start[i], start[i + 1], start[j], start[j + 1], least)
                if s >= bar:
                    if top < out_i.shape[0]:
                        out_i[top], out_j[top], out_s[top] = i, j, s
                    top += 1
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
    with ThreadPoolExecutor(2) as pool:
        buckets = list(pool.map(partial(_buckets, keys), range(bands)))
        groups = [group for band, held in enumerate(buckets) for group in _large(*held, family[:, band])]
        found: list[Pairs] = []
        joined = pool.map(partial(_joined, sets, keys, family, floor, cancel), range(bands), buckets)
        for band, part in enumerate(joined):
            if part is None:
                raise Cancelled(f"{stage} was cancelled after {band} of {bands} bands; run again to go on")
            found.append(part)
            if progress is not None:
                progress(stage, band + 1, bands)
    ranks = np.arange(n, dtype=np.int32)[None, :] if prefer is None else prefer
    for members in families_of(n, groups):
        found.append(hub_pairs(sets, members, np.ascontiguousarray(ranks[:, members]), floor))
    return _unique(found, n)


def _joined(
    sets: Shingles, keys: np.ndarray, family: Bool, floor: float, cancel: Cancel | None, band: int, held: Buckets
) -> Pairs | None:
    """The pairs of one band; None when the person cancelled."""
    room = max(1 << 12, held[0].shape[0])
    while cancel is None or not cancel.is_set():
        i, j, s = np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.float32)
        top = int(_join(sets.values, sets.start, keys, family, band, *held, floor, BUCKET, WINDOW, i, j, s))
        if top <= room:
            return i[:top].copy(), j[:top].copy(), s[:top].copy()
        room = top
    return None


def _large(order: I32, ends: np.ndarray, family: Bool) -> list[Buckets]:
    """The members of a band's buckets past `BUCKET` (marked in `family`), and each such bucket's end among them; [] if there
    is none."""
    size = np.diff(ends, prepend=0)
    big = size > BUCKET
    if not big.any():
        return []
    members = order[np.repeat(big, size)]
    family[members] = True
    return [(members, np.cumsum(size[big]))]


def _in_threads(n: int, work: Callable[[int, int], None]) -> None:
    """Run work(first, last) over [0, n) on two threads; kernels release the interpreter."""
    step = max(1, (n + 7) // 8)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda a: work(a, min(a + step, n)), range(0, n, step)))


@njit("int64(uint64[:, ::1], int64, uint64[::1], int32[::1], boolean[::1])", cache=True, nogil=True)
def _repeated(keys, band, slot, first, out):  # type: ignore[no-untyped-def]
    """Mark texts whose key of this band another text has too; returns how many. slot, first: a hash table, zeroed, of a power of two.

    Most texts meet nobody: telling them apart in one pass costs a tenth of sorting all keys.
    """
    many, mask = 0, np.uint64(slot.shape[0] - 1)
    for text in range(keys.shape[0]):
        key = keys[text, band]
        if key == 0:
            continue
        at = (key >> np.uint64(20)) & mask
        while slot[at] != 0 and slot[at] != key:
            at = (at + np.uint64(1)) & mask
        if slot[at] == 0:
            slot[at], first[at] = key, text
            continue
        if not out[first[at]]:
            out[first[at]] = True
            many += 1
        out[text] = True
        many += 1
    return many


def _buckets(keys: np.ndarray, band: int) -> Buckets:
    """Texts in buckets of two and more, bucket after bucket, and each bucket's end. Large ones are sorted by the keys of
    the next four bands, so that texts that share more of them stand together."""
    size = 1 << max(4, int(2 * keys.shape[0]).bit_length())
    shared = np.zeros(keys.shape[0], np.bool_)
    if not _repeated(keys, band, np.zeros(size, np.uint64), np.empty(size, np.int32), shared):
        return np.empty(0, np.int32), np.empty(0, np.int64)
    order = np.flatnonzero(shared).astype(np.int32)
    key = keys[order, band]
    by_key = np.argsort(key, kind="stable")
    order, key = order[by_key], key[by_key]
    edge = np.flatnonzero(key[1:] != key[:-1]) + 1
    start, end = np.concatenate(([0], edge)), np.concatenate((edge, [key.shape[0]]))
    for a, b in zip(start[end - start > BUCKET], end[end - start > BUCKET], strict=True):
        members, mixed = order[a:b], np.zeros(b - a, np.uint64)
        for step in range(1, 5):
            mixed = (mixed << np.uint64(16)) | (keys[members, (band + step) % keys.shape[1]] >> np.uint64(48))
        order[a:b] = members[np.argsort(mixed, kind="stable")]
    return order, end


def _unique(found: list[Pairs], n: int) -> Pairs:
    if not found:
        return np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float32)
    i, j, s = (np.concatenate(part) for part in zip(*found, strict=True))
    low, high = np.minimum(i, j), np.maximum(i, j)
    _, first = np.unique(low.astype(np.int64) * n + high, return_index=True)
    return low[first], high[first], s[first]
