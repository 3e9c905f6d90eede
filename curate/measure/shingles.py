"""Shingles: each text as its sorted set of hashed character 5-grams, and exact Jaccard between two such sets.

Texts are lower-cased and runs of Unicode white space are one space, ends trimmed (S1). A text under five characters is
one shingle of its own, so "yes" and "no" never meet (requirements D25). Hashes have 32 bits: at 10,000 shingles a
chance of about 1e-6 per pair of unlike shingles to count as alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from curate.measure.buffers import Bytes, Offsets, flat
from curate.measure.words import space_at
from curate.types import F32, I32

K = 5
AT_ONCE = 2_000  # texts that one thread does


@dataclass(frozen=True, slots=True)
class Shingles:
    """CSR: sorted distinct shingles of text r are values[start[r]:start[r+1]], uint32."""

    values: np.ndarray
    start: np.ndarray  # int64 [n+1]

    def __len__(self) -> int:
        return int(self.start.shape[0] - 1)

    def sizes(self) -> np.ndarray:
        return np.diff(self.start)


@njit("boolean(uint32[::1], int64)", cache=True, nogil=True)
def _insert(part, budget):  # type: ignore[no-untyped-def]
    """Sort in place by insertion, as quick as one pass where nearly all is in order; False when `budget` moves don't do."""
    for k in range(1, part.shape[0]):
        v, at = part[k], k
        while at > 0 and part[at - 1] > v:
            part[at] = part[at - 1]
            at -= 1
        part[at] = v
        budget -= k - at
        if budget < 0:
            return False
    return True


@njit("void(uint32[::1], uint32[::1], int64[::1], int64)", cache=True, nogil=True)
def _by_bytes(part, scratch, count, first):  # type: ignore[no-untyped-def]
    """Sort in place by bytes `first` (0 or 2, so that the last pass ends in `part`) to 3, the lowest first."""
    n = part.shape[0]
    one, two = part, scratch
    for step in range(first, 4):
        shift = np.uint32(8 * step)
        count[:] = 0
        for k in range(n):
            count[(one[k] >> shift) & np.uint32(255)] += 1
        total = 0
        for k in range(256):
            here = count[k]
            count[k] = total
            total += here
        for k in range(n):
            digit = (one[k] >> shift) & np.uint32(255)
            two[count[digit]] = one[k]
            count[digit] += 1
        one, two = two, one


@njit("void(uint32[::1], uint32[::1], int64[::1])", cache=True, nogil=True)
def sort_hashes(part, scratch, count):  # type: ignore[no-untyped-def]
    """Sort 32-bit hashes in place (8 times quicker than comparing them); count: 256 places of scratch.

    Hashes of a text rarely share their upper half, so two passes nearly do; where a text was made so that they do, four.
    """
    n = part.shape[0]
    if n < 48:
        _insert(part, n * n)
        return
    _by_bytes(part, scratch, count, 2)
    if not _insert(part, 8 * n):
        _by_bytes(part, scratch, count, 0)


@njit("void(uint8[::1], int64[::1], uint32[::1], int64[::1], uint32[::1])", cache=True, nogil=True)
def _shingle(data, offsets, values, start, chars):  # type: ignore[no-untyped-def]
    """Fill `values` with each text's sorted distinct shingles; `chars` is scratch for the longest text."""
    top = 0
    start[0] = 0
    scratch, count = np.empty(chars.shape[0], np.uint32), np.empty(256, np.int64)
    for row in range(offsets.shape[0] - 1):
        at, end, n = offsets[row], offsets[row + 1], 0
        while at < end:
            step = space_at(data, at, end)
            if step:
                if n and chars[n - 1] != 32:
                    chars[n] = 32
                    n += 1
                at += step
                continue
            c = np.uint32(data[at])
            width = 1 if c < 0x80 else (2 if c < 0xE0 else (3 if c < 0xF0 else 4))
            if width > 1:
                c = c & np.uint32(0xFF >> (width + 1))
                for k in range(1, width):
                    if at + k < end:
                        c = (c << np.uint32(6)) | (np.uint32(data[at + k]) & np.uint32(63))
            chars[n] = c
            n += 1
            at += width
        if n and chars[n - 1] == 32:
            n -= 1
        begin = top
        if 0 < n < 5:
            h = np.uint64(n)
            for k in range(n):
                h = (h ^ np.uint64(chars[k])) * np.uint64(0x9E3779B97F4A7C15)
            values[top] = np.uint32(h >> np.uint64(32))
            top += 1
        for k in range(n - 4):
            h = np.uint64(5)
            for d in range(5):
                h = (h ^ np.uint64(chars[k + d])) * np.uint64(0x9E3779B97F4A7C15)
                h ^= h >> np.uint64(29)
            values[top] = np.uint32(h >> np.uint64(32))
            top += 1
        if top - begin > 1:
            sort_hashes(values[begin:top], scratch, count)
            keep = begin
            for k in range(begin + 1, top):
                if values[k] != values[keep]:
                    keep += 1
                    values[keep] = values[k]
            top = keep + 1
        start[row + 1] = top


@njit("float32(uint32[::1], int64, int64, int64, int64)", cache=True, nogil=True)
def jaccard_of(values, a, a_end, b, b_end):  # type: ignore[no-untyped-def]
    """Exact Jaccard of two sorted sets; NaN if either is empty."""
    size = (a_end - a) + (b_end - b)
    if a == a_end or b == b_end:
        return np.float32(np.nan)
    shared = 0
    while a < a_end and b < b_end:
        x, y = values[a], values[b]
        shared += x == y
        a += x <= y
        b += y <= x
    return np.float32(shared / (size - shared))


@njit("float32(uint32[::1], int64, int64, int64, int64, float64)", cache=True, nogil=True)
def jaccard_reaching(values, a, a_end, b, b_end, least):  # type: ignore[no-untyped-def]
    """The same for sets that aren't empty, or -1 as soon as too many misses are seen for it to reach `least`.

    Hashes come in no order of meaning, so unlike sets show it early: most candidates at .4 are done after a third.
    """
    size = (a_end - a) + (b_end - b)
    need = least * size / (1 + least)
    last_a, last_b = a_end - need, b_end - need  # a place less its hits beyond this: too few are left
    shared = 0
    while a < a_end and b < b_end:
        if a + 32 <= a_end and b + 32 <= b_end:
            for _ in range(32):
                x, y = values[a], values[b]
                shared += x == y
                a += x <= y
                b += y <= x
            if a - shared > last_a or b - shared > last_b:
                return np.float32(-1)
        else:
            x, y = values[a], values[b]
            shared += x == y
            a += x <= y
            b += y <= x
    return np.float32(shared / (size - shared))


@njit("void(uint32[::1], int64[::1], int32[::1], int32[::1], float32[::1])", cache=True, nogil=True)
def _score(values, start, i, j, out):  # type: ignore[no-untyped-def]
    for e in range(i.shape[0]):
        a, b = i[e], j[e]
        out[e] = jaccard_of(values, start[a], start[a + 1], start[b], start[b + 1])


def normalised(column: Any) -> Any:
    """The column lower-cased, nulls empty; white space is folded by the kernel."""
    import pyarrow.compute as pc

    return pc.utf8_lower(pc.fill_null(column, ""))


def shingle(column: Any) -> Shingles:
    """Shingles of an Arrow string column."""
    return shingle_bytes(*flat(normalised(column)))


def shingle_bytes(data: Bytes, offsets: Offsets) -> Shingles:
    """Shingles of lower-cased UTF-8 texts, on two threads. Memory: 4 bytes per byte of text while it runs."""
    from concurrent.futures import ThreadPoolExecutor

    n = offsets.shape[0] - 1
    if n < AT_ONCE:
        return _shingled(data, offsets)
    half = int(np.searchsorted(offsets, (offsets[0] + offsets[-1]) // 2))
    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(lambda part: _shingled(data, part), (offsets[: half + 1], offsets[half:]))
    return Shingles(
        np.concatenate((one.values, two.values)), np.concatenate((one.start, two.start[1:] + one.start[-1]))
    )


def _shingled(data: Bytes, offsets: Offsets) -> Shingles:
    n = offsets.shape[0] - 1
    total = int(offsets[-1] - offsets[0]) if n else 0
    longest = int(np.diff(offsets).max()) if n else 0
    values = np.empty(total + n + 1, dtype=np.uint32)
    start = np.zeros(n + 1, dtype=np.int64)
    _shingle(data, np.ascontiguousarray(offsets), values, start, np.empty(longest + 2, dtype=np.uint32))
    return Shingles(values[: int(start[-1])].copy() if n else values[:0], start)


def jaccard(sets: Shingles, i: I32, j: I32) -> F32:
    """float32 [m]: exact Jaccard of the texts i and j, NaN where one is empty."""
    out = np.empty(i.shape[0], dtype=np.float32)
    _score(sets.values, sets.start, np.ascontiguousarray(i, np.int32), np.ascontiguousarray(j, np.int32), out)
    return out
