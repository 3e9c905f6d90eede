"""Relation: how two words stand to each other in WordNet: the same, wider, opposite, or sisters under one wider word."""

from __future__ import annotations

import numpy as np
from numba import njit

NONE, SAME, WIDER, OPPOSITE, SISTER, COUSIN, ACTION = range(7)
_ABOVE = 3  # steps up that "wider" may take: dog, canine, carnivore, placental


@njit("int64(int64, int64, int32[:, ::1], int32[::1], uint64[::1], int32[::1])", cache=True, nogil=True)
def relation(a, b, senses, up, opposites, first):  # type: ignore[no-untyped-def]
    """One of NONE..ACTION for words a, b (places in WordNet's words, -1 = not there). Sister verbs are ACTION."""
    if a < 0 or b < 0:
        return 0
    if a == b:
        return 1
    low, high = (a, b) if a < b else (b, a)
    pair = (np.uint64(low) << np.uint64(32)) | np.uint64(high)
    left, right = 0, opposites.shape[0]
    while left < right:
        mid = (left + right) >> 1
        if opposites[mid] < pair:
            left = mid + 1
        else:
            right = mid
    if left < opposites.shape[0] and opposites[left] == pair:
        return 3
    found = 0
    for k in range(senses.shape[1]):
        s = senses[a, k]
        if s < 0:
            break
        for m in range(senses.shape[1]):
            t = senses[b, m]
            if t < 0:
                break
            if s == t:
                return 1
            x = up[s]
            for _ in range(_ABOVE):
                if x < 0:
                    break
                if x == t:
                    found = 2
                x = up[x]
            x = up[t]
            for _ in range(_ABOVE):
                if x < 0:
                    break
                if x == s:
                    found = 2
                x = up[x]
            if found == 2:
                continue
            x, y = up[s], up[t]
            if x >= 0 and x == y:
                verb = s >= first[1] and s < first[2]
                found = (6 if found == 0 else found) if verb else 4
            elif x >= 0 and y >= 0 and found == 0 and s < first[1]:
                xx, yy = up[x], up[y]
                if (xx >= 0 and xx == y) or (yy >= 0 and yy == x) or (xx >= 0 and xx == yy):
                    found = 5
    return found
