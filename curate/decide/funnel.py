"""The funnel: what each reason removed, first, alone and at all."""

from __future__ import annotations

import numpy as np
from numba import njit

from curate.types import U64, Bool, Funnel


@njit("int64(uint64)", cache=True, nogil=True)
def _lowest(bits):  # type: ignore[no-untyped-def]
    """The place of the lowest set bit of a word that has one."""
    at = 0
    for step in (32, 16, 8, 4, 2, 1):
        if bits & ((np.uint64(1) << np.uint64(step)) - np.uint64(1)) == 0:
            bits >>= np.uint64(step)
            at += step
    return at


@njit("void(uint64[:, ::1], boolean[::1], uint64[::1], int64[:, ::1])", cache=True, nogil=True)
def _count(reasons, removed, effective, out):  # type: ignore[no-untyped-def]
    """out [3, codes]: first, only, all."""
    for row in range(reasons.shape[0]):
        if not removed[row]:
            continue
        first, able = -1, 0
        for word in range(reasons.shape[1]):
            bits = reasons[row, word]
            while bits:
                place = _lowest(bits)
                code = word * 64 + place
                out[2, code] += 1
                if effective[word] >> np.uint64(place) & np.uint64(1):
                    able += 1
                    if first < 0:
                        first = code
                bits &= bits - np.uint64(1)
        if first >= 0:
            out[0, first] += 1
            if able == 1:
                out[1, first] += 1


def funnel_of(
    codes: tuple[str, ...], reasons: U64, removed: Bool, stages: tuple[tuple[str, int], ...], effective: U64
) -> Funnel:
    """Counts per reason code over the removed rows (drop or review). reasons: uint64 [n, words]; removed: Bool [n].

    effective: uint64 [words], the bits that can remove a row; only they are a row's first reason, or its only one.
    """
    out = np.zeros((3, len(codes)), dtype=np.int64)
    _count(np.ascontiguousarray(reasons), np.ascontiguousarray(removed), effective, out)
    first, only, every = (tuple(line) for line in out.tolist())
    return Funnel(codes=codes, first=first, only=only, all=every, stages=stages)


def rows_alone(reasons: U64, removed: Bool, wanted: U64, effective: U64) -> np.ndarray:
    """int64 [k]: the removed rows whose only effective reason is `wanted` (uint64 [words]); the funnel's `only`."""
    alone = removed.copy()
    for word in range(reasons.shape[1]):
        alone &= (reasons[:, word] & effective[word]) == (wanted[word] & effective[word])
    return np.flatnonzero(alone) if (wanted & effective).any() else np.empty(0, dtype=np.int64)
