"""Letter trigrams: a text as its set of runs of three letters or digits, whatever stands between them.

Finer than the 5-grams of near text: typing errors, endings and languages without spaces change few of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from curate.measure.buffers import flat
from curate.measure.guards import _mark
from curate.measure.shingles import Shingles, normalised


@njit("void(uint8[::1], int64[::1], uint32[::1], int64[::1])", cache=True, nogil=True)
def _trigrams(data, offsets, values, start):  # type: ignore[no-untyped-def]
    """Fill `values` with each text's sorted distinct runs of three letters or digits, whatever stands between them."""
    top = 0
    start[0] = 0
    for row in range(offsets.shape[0] - 1):
        at, end, begin = offsets[row], offsets[row + 1], top
        one = two = np.uint32(0)
        while at < end:
            size = _mark(data, at, end)
            if size:
                at += size
                continue
            lead = data[at]
            width = min(1 if lead < 0x80 else (2 if lead < 0xE0 else (3 if lead < 0xF0 else 4)), end - at)
            c = np.uint32(0)
            for k in range(width):
                c = (c << np.uint32(8)) | np.uint32(data[at + k])
            at += width
            h = (np.uint64(one) * np.uint64(0x9E3779B97F4A7C15)) ^ (np.uint64(two) * np.uint64(0xC2B2AE3D27D4EB4F))
            h = (h ^ np.uint64(c)) * np.uint64(0xFF51AFD7ED558CCD)
            values[top] = np.uint32(h >> np.uint64(32))
            top += 1
            one, two = two, c
        if top - begin > 1:
            values[begin:top].sort()
            keep = begin
            for k in range(begin + 1, top):
                if values[k] != values[keep]:
                    keep += 1
                    values[keep] = values[k]
            top = keep + 1
        start[row + 1] = top


def trigrams(column: Any) -> Shingles:
    """Sets of letter trigrams of an Arrow string column (lower case; the first two stand for a text's beginning)."""
    data, offsets = flat(normalised(column))
    n = offsets.shape[0] - 1
    values = np.empty((int(offsets[-1] - offsets[0]) if n else 0) + 1, dtype=np.uint32)
    start = np.zeros(n + 1, dtype=np.int64)
    _trigrams(data, offsets, values, start)
    return Shingles(values[: int(start[-1])].copy() if n else values[:0], start)
