"""Words: white-space words of many texts and how much they repeat, in one compiled pass over their bytes.

White space is Unicode's, as in str.split; texts come lower-cased (Arrow's utf8_lower) where repetition counts.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from curate.measure.buffers import Bytes, Offsets

WINDOW = 100  # words per window of `window_repetition`: holds a stuck loop, and most answers have one
LEAST = 10  # S1 measures repetition from ten words up
WIDTH = 4  # words, unique words, repeated-bigram ratio, the same in the worst window


@njit("int64(uint8[::1], int64, int64)", cache=True, nogil=True)
def space_at(data, at, end):  # type: ignore[no-untyped-def]
    """Length in bytes of the white-space character at `at`, 0 if it is none."""
    c = data[at]
    if c <= 32:
        return 1 if c == 32 or 9 <= c <= 13 or 28 <= c <= 31 else 0
    if c == 0xC2 and at + 1 < end:
        return 2 if data[at + 1] == 0x85 or data[at + 1] == 0xA0 else 0
    if at + 2 < end:
        d, e = data[at + 1], data[at + 2]
        if c == 0xE1 and d == 0x9A and e == 0x80:
            return 3
        if c == 0xE2 and (
            (d == 0x80 and (e <= 0x8A or e == 0xA8 or e == 0xA9 or e == 0xAF)) or (d == 0x81 and e == 0x9F)
        ):
            return 3
        if c == 0xE3 and d == 0x80 and e == 0x80:
            return 3
    return 0


@njit("int64(uint64[::1], int64, int64, uint64[::1])", cache=True, nogil=True)
def _distinct(values, start, end, table):  # type: ignore[no-untyped-def]
    """How many distinct values stand in values[start:end]; `table` is scratch of at least twice that power of two."""
    size = 4
    while size < 2 * (end - start):
        size *= 2
    mask = size - 1
    for s in range(size):
        table[s] = 0
    count = 0
    for k in range(start, end):
        v = values[k] | np.uint64(1)
        slot = np.int64((v >> np.uint64(20)) & np.uint64(mask))
        while table[slot] != 0 and table[slot] != v:
            slot = (slot + 1) & mask
        if table[slot] == 0:
            table[slot] = v
            count += 1
    return count


@njit("int64(uint8[::1], int64, int64, uint64[::1])", cache=True, nogil=True)
def _words(data, at, end, words):  # type: ignore[no-untyped-def]
    """Hashes of the words of one text; how many."""
    n = 0
    while at < end:
        step = space_at(data, at, end)
        if step:
            at += step
            continue
        h = np.uint64(14695981039346656037)
        while at < end:
            c = data[at]
            if (c <= 32 or c >= 0xC2) and space_at(data, at, end) != 0:
                break
            h = (h ^ np.uint64(c)) * np.uint64(1099511628211)
            at += 1
        words[n] = h ^ (h >> np.uint64(29))
        n += 1
    return n


@njit("void(uint8[::1], int64[::1], uint64[::1], uint64[::1], uint64[::1], float32[:, ::1])", cache=True, nogil=True)
def _measure(data, offsets, words, pairs, table, out):  # type: ignore[no-untyped-def]
    for row in range(offsets.shape[0] - 1):
        n = _words(data, offsets[row], offsets[row + 1], words)
        out[row, 0] = n
        out[row, 1] = _distinct(words, 0, n, table)
        if n < LEAST:
            out[row, 2] = np.nan
            out[row, 3] = np.nan
            continue
        for k in range(n - 1):
            pairs[k] = (words[k] * np.uint64(0x9E3779B97F4A7C15)) ^ (words[k + 1] * np.uint64(0xC2B2AE3D27D4EB4F))
        total = n - 1
        out[row, 2] = 1.0 - _distinct(pairs, 0, total, table) / total
        worst, start = 0.0, 0
        while True:
            stop = min(start + WINDOW, total)
            if stop - start >= LEAST - 1:
                worst = max(worst, 1.0 - _distinct(pairs, start, stop, table) / (stop - start))
            if stop == total:
                break
            start += WINDOW // 2
        out[row, 3] = worst


@njit("void(uint8[::1], int64[::1], int64[::1])", cache=True, nogil=True)
def _count(data, offsets, out):  # type: ignore[no-untyped-def]
    for row in range(offsets.shape[0] - 1):
        at, end, n, inside = offsets[row], offsets[row + 1], 0, False
        while at < end:
            c = data[at]
            step = 0 if 32 < c < 0xC2 else space_at(data, at, end)
            if step:
                inside = False
                at += step
            else:
                n += not inside
                inside = True
                at += 1
        out[row] = n


def count_words(data: Bytes, offsets: Offsets) -> NDArray[np.float32]:
    """float32 [n]: words alone, at a tenth of the cost of `measure_words`."""
    out = np.empty(offsets.shape[0] - 1, dtype=np.int64)
    _count(data, offsets, out)
    return out.astype(np.float32)


@njit("void(uint8[::1], int64[::1], uint64[::1], uint64[::1], float32[:, ::1])", cache=True, nogil=True)
def _unique(data, offsets, words, table, out):  # type: ignore[no-untyped-def]
    for row in range(offsets.shape[0] - 1):
        n = _words(data, offsets[row], offsets[row + 1], words)
        out[row, 0] = n
        out[row, 1] = _distinct(words, 0, n, table)


def unique_words(data: Bytes, offsets: Offsets) -> NDArray[np.float32]:
    """float32 [n, 2]: words and different words, case as it stands."""
    n = offsets.shape[0] - 1
    longest = int(np.diff(offsets).max()) // 2 + 2 if n else 2
    out = np.empty((n, 2), dtype=np.float32)
    _unique(
        data, offsets, np.empty(longest, np.uint64), np.empty(1 << int(2 * longest + 8).bit_length(), np.uint64), out
    )
    return out


def measure_words(data: Bytes, offsets: Offsets) -> NDArray[np.float32]:
    """float32 [n, 4]: words, unique words, repeated-bigram ratio, the ratio in the worst `WINDOW` (NaN under 10 words).

    "a b a b a b a b a b" -> 10 words, 2 unique, ratio 1 - 2/9.
    """
    n = offsets.shape[0] - 1
    longest = int(np.diff(offsets).max()) // 2 + 2 if n else 2
    size = 1 << int(2 * longest + 8).bit_length()
    out = np.empty((n, WIDTH), dtype=np.float32)
    scratch = (np.empty(longest, np.uint64), np.empty(longest, np.uint64), np.empty(size, np.uint64))
    _measure(data, offsets, *scratch, out)
    return out
