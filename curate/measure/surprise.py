"""How unlike the rest an answer is, letter by letter: a stand-in for perplexity that needs no model (S1's web rows).

A character model counts which byte follows which three, over the anchor rows: the evaluation rows where there are enough of
them, else the set itself. An answer's surprise is its bits per byte under those counts, smoothed by the two bytes before
(Jelinek-Mercer), over its first 2,000 bytes, each of its own bytes counted once less. Gibberish, hashes, another script and debris stand far out: in Alpaca passwords, word puzzles and image links. It does not know what is true.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from curate.measure.buffers import flat
from curate.types import F32

VERSION = 1
COLUMNS = ("surprise",)
BITS = 20  # counters: bytes after three bytes, hashed; bytes after two have a table of their own
READ, LEAST = 2_000, 40  # bytes of an answer that are read; fewer say nothing
ANCHORS = 200  # evaluation rows from which they are the anchor
LONG, SHORT = 0.7, 0.25  # weights of three and of two bytes before; the rest is even


def measure_surprise(rows: Any, frozen: NDArray[np.bool_]) -> dict[str, F32]:
    """surprise: float32 [n], bits per byte of the answer; NaN for one of fewer than 40 bytes."""
    data, offsets = flat(rows.column("response"))
    anchor = frozen if np.count_nonzero(frozen) >= ANCHORS else ~frozen
    four, three = np.zeros(1 << BITS, dtype=np.int32), np.zeros(1 << BITS, dtype=np.int32)
    trio, pair = np.zeros(1 << 24, dtype=np.int32), np.zeros(1 << 16, dtype=np.int32)
    _learn(data, offsets, anchor, BITS, READ, four, three, trio, pair)
    out = np.full(rows.num_rows, np.nan, dtype=np.float32)
    _score(data, offsets, anchor, BITS, READ, LEAST, LONG, SHORT, four, three, trio, pair, out)
    return {COLUMNS[0]: out}


@njit("int64(uint64, int64)", cache=True, nogil=True, inline="always")
def _slot(key, bits):  # type: ignore[no-untyped-def]
    return np.int64((key * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - bits))


@njit("void(uint8[::1], int64[::1], boolean[::1], int64, int64, int32[::1], int32[::1], int32[::1], int32[::1])", cache=True, nogil=True)  # fmt: skip
def _learn(data, offsets, anchor, bits, read, four, three, trio, pair):  # type: ignore[no-untyped-def]
    for row in range(offsets.shape[0] - 1):
        if not anchor[row]:
            continue
        begin, end = offsets[row], min(offsets[row + 1], offsets[row] + read)
        last = np.uint64(0)
        for at in range(begin, end):
            c = np.uint64(data[at])
            four[_slot(((last & np.uint64(0xFFFFFF)) << np.uint64(8)) | c, bits)] += 1
            three[_slot((last & np.uint64(0xFFFFFF)) | np.uint64(1 << 40), bits)] += 1
            trio[np.int64(((last & np.uint64(0xFFFF)) << np.uint64(8)) | c)] += 1
            pair[np.int64(last & np.uint64(0xFFFF))] += 1
            last = (last << np.uint64(8)) | c


@njit("void(uint8[::1], int64[::1], boolean[::1], int64, int64, int64, float64, float64, int32[::1], int32[::1], int32[::1], int32[::1], float32[::1])", cache=True, nogil=True)  # fmt: skip
def _score(data, offsets, anchor, bits, read, least, long, short, four, three, trio, pair, out):  # type: ignore[no-untyped-def]
    for row in range(offsets.shape[0] - 1):
        begin, end = offsets[row], min(offsets[row + 1], offsets[row] + read)
        if end - begin < least:
            continue
        last, total, own = np.uint64(0), 0.0, np.int32(anchor[row])  # an anchor row does not vouch for itself
        for at in range(begin, end):
            c = np.uint64(data[at])
            a = three[_slot((last & np.uint64(0xFFFFFF)) | np.uint64(1 << 40), bits)] - own
            b = pair[np.int64(last & np.uint64(0xFFFF))] - own
            p = (1.0 - long - short) / 256.0
            if a > 0:
                f = four[_slot(((last & np.uint64(0xFFFFFF)) << np.uint64(8)) | c, bits)] - own
                p += long * min(1.0, max(f, 0) / a)
            if b > 0:
                p += short * max(trio[np.int64(((last & np.uint64(0xFFFF)) << np.uint64(8)) | c)] - own, 0) / b
            total -= np.log2(p)
            last = (last << np.uint64(8)) | c
        out[row] = total / (end - begin)
