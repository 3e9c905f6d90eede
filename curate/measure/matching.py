"""Matching: the compiled small questions that comparing two texts asks of words and numbers."""

from __future__ import annotations

import numpy as np
from numba import njit

from curate.measure.relation import relation


@njit("int64(uint64, uint64)", cache=True, nogil=True)
def alike(a, b):  # type: ignore[no-untyped-def]
    """Shared letter pairs as a percentage of all, of two words."""
    both, any_ = a & b, a | b
    x, y = 0, 0
    while both:
        both &= both - np.uint64(1)
        x += 1
    while any_:
        any_ &= any_ - np.uint64(1)
        y += 1
    return 100 * x // y if y else 0


@njit("boolean(float64, int8, float64, int8)", cache=True, nogil=True)
def same_number(a, da, b, db):  # type: ignore[no-untyped-def]
    """Whether two numbers say the same: within half a percent, in one dimension or where one has none."""
    if da != db and da != 0 and db != 0:
        return False
    return abs(a - b) <= 0.005 * max(abs(a), abs(b)) + 1e-9


@njit("void(int64[::1], int32[::1], uint64[::1], int64[::1], int32[::1], uint64[::1], int32[::1], boolean[::1])",
      cache=True, nogil=True)  # fmt: skip
def mark_asked(start, word, key, qstart, qword, qkey, question, out):  # type: ignore[no-untyped-def]
    """Which tokens of each text stand in its question too."""
    for row in range(start.shape[0] - 1):
        q = question[row]
        for t in range(start[row], start[row + 1]):
            out[t] = False
            if q < 0:
                continue
            for u in range(qstart[q], qstart[q + 1]):
                if qkey[qword[u]] == key[word[t]]:
                    out[t] = True
                    break


@njit("int64(int64, int64, int32[::1], uint8[::1], uint16[::1])", cache=True, nogil=True)
def opening(a, b, word, mark, bits):  # type: ignore[no-untyped-def]
    """+1 for an answer that opens with yes, -1 with no, 0 else. "No dogs bark" opens with a determiner."""
    for t in range(a, min(b, a + 2)):
        f = bits[word[t]]
        if f & 16 and (mark[t] & 4 or t + 1 == b or t == a):
            return 1
        if f & 32:
            if mark[t] & 4 or t + 1 == b:
                return -1
            if bits[word[t + 1]] & 1 and t == a:  # No it is not
                return -1
        if mark[t] & 4:
            break
    return 0


@njit("int64(int64, int64, int32[::1], int32[::1], int8[::1], int32[:, ::1], int32[::1], uint64[::1], int32[::1])",
      cache=True, nogil=True)  # fmt: skip
def stand(a, b, lex, other, group, senses, up, opposites, first):  # type: ignore[no-untyped-def]
    """relation() of two words or of their forms: the first of opposite, same, sister, wider, cousin, action."""
    r = relation(lex[a], lex[b], senses, up, opposites, first)
    if r != 3 and (other[a] != lex[a] or other[b] != lex[b]):
        s = relation(other[a], other[b], senses, up, opposites, first)
        if s == 3 or r == 0 or (s == 1 and r != 3):
            r = s
    if r != 3 and r != 1 and group[a] != 0 and group[a] == group[b]:
        return 4
    return r
