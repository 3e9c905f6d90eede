"""Contrast: in which words two texts differ, and what kind of difference that is.

The stems of both texts are merged as sorted bags. What is left over on either side (at most `LEFT` words a side are looked
at closely, all are counted) is judged by its kind, by the lexicon, by its spelling and by the place that it stands in.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from curate.measure.wording import ASCII, ASKING, NEGATION, NUMBER, OPENS, STOP, UNIT, Words
from curate.types import F32, I32

LEFT = 32
NAMES = (
    "words_ratio", "words", "stems", "content", "content_in", "bigrams", "left_less", "left_more", "left_share",
    "stop_left", "numbers_both", "numbers_one", "names_both", "names_one", "units_both", "negation", "asking", "yes_no",
    "opposed", "opposed_in_place", "alike", "spelled_alike", "in_place", "beside", "order", "frame", "middle", "opening",
    "foreign",
)  # fmt: skip
WIDTH = len(NAMES)
# what `_merge` counts, by place
SHARED, CONTENT, CONTENT_A, CONTENT_B, STOPS, ASKED, FOREIGN, LEFT_A, LEFT_B, KEPT_A, KEPT_B = range(11)
PER_SIDE = 11  # then for A and B: numbers, names, units, negations
COUNTS = PER_SIDE + 8
END = np.int32(2147483647)


@njit("void(int64[::1], int32[::1], int32[::1])", cache=True, nogil=True)
def _sort(start, stem, order):  # type: ignore[no-untyped-def]
    """Places of each text's words sorted by stem, ties by place."""
    for row in range(start.shape[0] - 1):
        a, b = start[row], start[row + 1]
        key = np.empty(b - a, np.int64)
        for k in range(b - a):
            key[k] = (np.int64(stem[a + k]) << 32) | k
        key.sort()
        for k in range(b - a):
            order[a + k] = np.int32(key[k] & 0xFFFFFFFF)


@njit("int64(int32[:, ::1], int32, int32)", cache=True, nogil=True)
def relation(codes, x, y):  # type: ignore[no-untyped-def]
    """2 = the lexicon sets the two stems against each other, 1 = it calls them alike, 0 = it says nothing."""
    alike = 0
    for k in range(codes.shape[1]):
        c = codes[x, k]
        if c < 0:
            break
        for m in range(codes.shape[1]):
            d = codes[y, m]
            if d < 0:
                break
            if c >> 2 == d >> 2:
                if c & 3 == 0 or c & 3 != d & 3:
                    return 2
                alike = 1
    return alike


@njit("boolean(uint8[:, ::1], int32, int32)", cache=True, nogil=True)
def _spelled_alike(letters, x, y):  # type: ignore[no-untyped-def]
    """Whether two stems begin alike for all but one of the shorter one's first eight bytes ("organis", "organiz"), or are
    five letters and more in another order ("dealdine")."""
    same = 0
    while same < 8 and letters[x, same] == letters[y, same] and letters[x, same] != 0:
        same += 1
    if same >= 3 and same >= min(letters[x, 8], letters[y, 8], 8) - 1:
        return True
    if letters[x, 8] != letters[y, 8] or letters[x, 8] < 5 or same == 0:
        return False
    one, two = letters[x, :8].copy(), letters[y, :8].copy()
    one.sort()
    two.sort()
    return np.array_equal(one, two)


@njit(
    "void(int64, int64, int64, int64, int32[::1], int32[::1], boolean[::1], uint8[::1], int64[::1], int64[::1], int64[::1])",
    cache=True,
    nogil=True,
)
def _merge(a0, na, b0, nb, stem, order, capital, kind, count, only_a, only_b):  # type: ignore[no-untyped-def]
    """Merge two sorted bags: fill `count`, and the places of words that one side has more often."""
    count[:] = 0
    x = y = 0
    while x < na or y < nb:
        sx = stem[a0 + order[a0 + x]] if x < na else END
        sy = stem[b0 + order[b0 + y]] if y < nb else END
        s = min(sx, sy)
        ca = cb = 0
        while x < na and stem[a0 + order[a0 + x]] == s:
            ca += 1
            x += 1
        while y < nb and stem[b0 + order[b0 + y]] == s:
            cb += 1
            y += 1
        k = kind[s]
        count[SHARED] += min(ca, cb)
        count[ASKED] += k & ASKING != 0 and (ca == 0) != (cb == 0)
        count[FOREIGN] += (ca + cb) * (k & ASCII == 0)
        if k & NEGATION:
            count[PER_SIDE + 3] += ca
            count[PER_SIDE + 7] += cb
        if k & STOP:
            count[STOPS] += abs(ca - cb)
        else:
            count[CONTENT] += min(ca, cb)
            count[CONTENT_A] += ca
            count[CONTENT_B] += cb
            count[LEFT_A] += max(ca - cb, 0)
            count[LEFT_B] += max(cb - ca, 0)
            side = PER_SIDE if cb == 0 else PER_SIDE + 4
            if ca == 0 or cb == 0:
                place = a0 + order[a0 + x - 1] if cb == 0 else b0 + order[b0 + y - 1]
                count[side] += k & NUMBER != 0
                count[side + 1] += capital[place] and k & NUMBER == 0
                count[side + 2] += k & UNIT != 0
        for t in range(min(ca - cb, LEFT - count[KEPT_A])):
            only_a[count[KEPT_A]] = order[a0 + x - 1 - t]
            count[KEPT_A] += 1
        for t in range(min(cb - ca, LEFT - count[KEPT_B])):
            only_b[count[KEPT_B]] = order[b0 + y - 1 - t]
            count[KEPT_B] += 1


@njit(
    "void(int64, int64, int64, int64, int32[::1], uint8[::1], int32[:, ::1], uint8[:, ::1], int64[::1], int64[::1],"
    " int64[::1], int64[::1])",
    cache=True,
    nogil=True,
)
def _look(a0, na, b0, nb, stem, kind, codes, letters, count, only_a, only_b, seen):  # type: ignore[no-untyped-def]
    """Fill `seen` with how many left-over words meet on the other side: an opposite, one beside the same word, one alike
    in meaning, one alike in spelling, another word between the same two words, another word beside the same word; the
    side with fewer counts."""
    met_b = np.zeros(LEFT, np.int64)
    seen[:] = 0
    for p in range(count[KEPT_A]):
        i, met_a = only_a[p], 0
        x = stem[a0 + i]
        for q in range(count[KEPT_B]):
            j = only_b[q]
            y = stem[b0 + j]
            before = (i == 0 and j == 0) or (i > 0 and j > 0 and stem[a0 + i - 1] == stem[b0 + j - 1])
            after = i == na - 1 and j == nb - 1
            after = after or (i < na - 1 and j < nb - 1 and stem[a0 + i + 1] == stem[b0 + j + 1])
            numbers = kind[x] & NUMBER != 0 and kind[y] & NUMBER != 0
            said = 2 if numbers else relation(codes, x, y)
            close = said != 2 and _spelled_alike(letters, x, y)
            met = 1 * (said == 2) | 2 * (said == 2 and (before or after)) | 4 * (said == 1) | 8 * close
            if not close and said != 1:
                met |= 16 * (before and after) | 32 * (before or after)
            met_a |= met
            met_b[q] |= met
        for k in range(6):
            seen[k] += met_a >> k & 1
    for k in range(6):
        other = 0
        for q in range(count[KEPT_B]):
            other += met_b[q] >> k & 1
        seen[k] = min(seen[k], other)


@njit("int64(int64, int64, int64, int64, int32[::1], int64[::1], int64[::1])", cache=True, nogil=True)
def _bigrams(a0, na, b0, nb, stem, one, two):  # type: ignore[no-untyped-def]
    """How many pairs of words that follow each other stand in both texts."""
    for k in range(na - 1):
        one[k] = (np.int64(stem[a0 + k]) << 32) | np.int64(stem[a0 + k + 1])
    for k in range(nb - 1):
        two[k] = (np.int64(stem[b0 + k]) << 32) | np.int64(stem[b0 + k + 1])
    left, right = one[: max(na - 1, 0)], two[: max(nb - 1, 0)]
    left.sort()
    right.sort()
    x = y = both = 0
    while x < na - 1 and y < nb - 1:
        u, v = left[x], right[y]
        both += u == v
        x += u <= v
        y += v <= u
    return both


@njit(
    "void(int64[::1], int32[::1], boolean[::1], int32[::1], uint8[::1], int32[:, ::1], uint8[:, ::1], int32[::1],"
    " int32[::1], float32[:, ::1])",
    cache=True,
    nogil=True,
)
def _compare(start, stem, capital, order, kind, codes, letters, left, right, out):  # type: ignore[no-untyped-def]
    """Fill out[pair] with `NAMES`."""
    longest = 0
    for row in range(start.shape[0] - 1):
        longest = max(longest, start[row + 1] - start[row])
    one, two = np.empty(longest, np.int64), np.empty(longest, np.int64)
    only_a, only_b = np.empty(LEFT, np.int64), np.empty(LEFT, np.int64)
    c, seen = np.empty(COUNTS, np.int64), np.empty(6, np.int64)
    for e in range(left.shape[0]):
        a0, b0 = start[left[e]], start[right[e]]
        na, nb = start[left[e] + 1] - a0, start[right[e] + 1] - b0
        _merge(a0, na, b0, nb, stem, order, capital, kind, c, only_a, only_b)
        _look(a0, na, b0, nb, stem, kind, codes, letters, c, only_a, only_b, seen)
        pairs = _bigrams(a0, na, b0, nb, stem, one, two)
        head = tail = 0
        while head < min(na, nb) and stem[a0 + head] == stem[b0 + head]:
            head += 1
        while tail < min(na, nb) - head and stem[a0 + na - 1 - tail] == stem[b0 + nb - 1 - tail]:
            tail += 1
        numbers, names, units, negations = c[PER_SIDE:], c[PER_SIDE + 1 :], c[PER_SIDE + 2 :], c[PER_SIDE + 3 :]
        row = out[e]
        row[0] = min(na, nb) / max(na, nb, 1)
        row[1] = np.log2(1 + min(na, nb))
        row[2] = c[SHARED] / max(na + nb - c[SHARED], 1)
        row[3] = c[CONTENT] / max(c[CONTENT_A] + c[CONTENT_B] - c[CONTENT], 1)
        row[4] = c[CONTENT] / max(min(c[CONTENT_A], c[CONTENT_B]), 1)
        row[5] = pairs / max(na + nb - 2 - pairs, 1)
        row[6] = min(c[LEFT_A], c[LEFT_B])
        row[7] = max(c[LEFT_A], c[LEFT_B])
        row[8] = (c[LEFT_A] + c[LEFT_B]) / max(c[CONTENT_A] + c[CONTENT_B], 1)
        row[9] = c[STOPS]
        row[10] = min(numbers[0], numbers[4])
        row[11] = max(numbers[0], numbers[4])
        row[12] = min(names[0], names[4])
        row[13] = max(names[0], names[4])
        row[14] = min(units[0], units[4])
        row[15] = abs((negations[0] & 1) - (negations[4] & 1))
        row[16] = c[ASKED]
        row[17] = (na > 0 and kind[stem[a0]] & OPENS != 0) + (nb > 0 and kind[stem[b0]] & OPENS != 0)
        for k in range(6):
            row[18 + k] = seen[k]
        row[24] = 1 - pairs / max(min(na, nb) - 1, 1) if c[LEFT_A] + c[LEFT_B] == 0 else -1.0
        row[25] = (head + tail) / max(na, nb, 1)
        row[26] = max(na, nb) - head - tail
        row[27] = head > 0
        row[28] = c[FOREIGN] / max(na + nb, 1)


def contrast(words: Words, i: I32, j: I32) -> F32:
    """float32 [m, len(NAMES)] of the texts i and j: ratios in 0..1, counts of words, log2 of words; symmetric."""
    order = np.empty(words.stem.shape[0], np.int32)
    _sort(words.start, words.stem, order)
    out = np.zeros((i.shape[0], WIDTH), np.float32)
    left, right = np.ascontiguousarray(i, np.int32), np.ascontiguousarray(j, np.int32)
    letters = _letters(words.spelled)
    _compare(words.start, words.stem, words.capital, order, words.kind, words.codes, letters, left, right, out)
    return out


def _letters(spelled: tuple[str, ...]) -> NDArray[np.uint8]:
    """uint8 [k, 9]: the first eight bytes of each stem, then its length (255 at most)."""
    raw = [w.encode() for w in spelled]
    out = np.frombuffer(b"".join(w[:8].ljust(9, b"\0") for w in raw), np.uint8).reshape(-1, 9).copy()
    out[:, 8] = [min(len(w), 255) for w in raw]
    return out
