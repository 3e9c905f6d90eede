"""Word sets: texts as words that survive a change of form: case, apostrophes, number words ("twelve" is 12, 2.50 is 2.5).

A word is a run of letters or a number; Han and kana signs stand alone. As sets, words lose function words and endings
(hired, hires -> hir), so that a rewritten sentence still shares them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from curate.measure.buffers import Bytes, Offsets, flat
from curate.measure.shingles import normalised
from curate.types import F32, I32, U64

ROOM = 64  # characters of a word that are looked at; longer ones are compared whole by a hash of the rest
_UNDER = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
NUMBERS = {word: str(n) for n, word in enumerate(_UNDER.split())}
NUMBERS |= {word: str(10 * n) for n, word in enumerate(_TENS.split(), 2)}
NUMBERS |= {"dozen": "12", "hundred": "100", "thousand": "1000"}
# Words of grammar, of questions and of programs: what any two texts of a kind share.
COMMON = """a an the of to in on at by for with from and or but if then than that this these those is are was were be been
being am do does did done has have had having it its he she they them his her their him i you we my your our us as not no so
such can could will would shall should may might must there here what which who whom whose when where why how many much more
most some any each every all both few other another into out up down over under again also just about after before between
during per total following answer question passage def class return elif else while import none true false let const var
function new self print len range int str list append lambda yield try except finally raise pass break continue null
undefined typeof"""


@njit("uint64(uint64)", cache=True, nogil=True)
def mixed(h):  # type: ignore[no-untyped-def]
    h = (h ^ (h >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    h = (h ^ (h >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return h ^ (h >> np.uint64(31))


@njit("int64(int64)", cache=True, nogil=True)
def _kind(p):  # type: ignore[no-untyped-def]
    """0 between words, 1 a digit, 2 a letter, 3 a word of its own, 4 an apostrophe."""
    if p < 128:
        return 1 if 48 <= p <= 57 else (2 if 97 <= p <= 122 or 65 <= p <= 90 else (4 if p == 39 else 0))
    if p == 0x2019:
        return 4
    if p <= 0xBF or p == 0xD7 or p == 0xF7 or 0x2000 <= p <= 0x2BFF or 0x3000 <= p <= 0x3004 or 0x3008 <= p <= 0x3020:
        return 0
    if 0xFF00 <= p <= 0xFF0F or 0xFF1A <= p <= 0xFF20:
        return 0
    own = 0x2E80 <= p <= 0x312F or 0x3400 <= p <= 0x9FFF or 0xF900 <= p <= 0xFAFF or 0x20000 <= p <= 0x3FFFF
    return 3 if own else 2


@njit("UniTuple(int64, 2)(uint8[::1], int64, int64)", cache=True, nogil=True)
def _sign(data, at, end):  # type: ignore[no-untyped-def]
    """(code point, bytes) at `at`; (0, 0) at the end."""
    if at >= end:
        return np.int64(0), np.int64(0)
    lead = np.int64(data[at])
    width = 1 if lead < 0x80 else (2 if lead < 0xE0 else (3 if lead < 0xF0 else 4))
    p = lead if width == 1 else lead & (0xFF >> (width + 1))
    for k in range(1, width):
        if at + k < end:
            p = (p << 6) | (np.int64(data[at + k]) & 63)
    return p, np.int64(width)


@njit("Tuple((int64, int64, int64, uint64))(uint8[::1], int64, int64, int64[::1])", cache=True, nogil=True)
def next_word(data, at, end, signs):  # type: ignore[no-untyped-def]
    """The next word: (where it ends, signs written, kind, hash of the signs past ROOM); kind 0 = no more."""
    p, width = _sign(data, at, end)
    while width and (_kind(p) == 0 or _kind(p) == 4):
        at += width
        p, width = _sign(data, at, end)
    kind, n, rest = (_kind(p) if width else 0), 0, np.uint64(0)
    point, zeros = 0, 0  # point: 1 seen, 2 written; what ends in it, or in zeros after it, is the number without
    while width:
        if kind == 1 and p == 46:
            point = 1
        elif kind == 1 and point and p == 48:
            zeros += 1
        elif kind != 1 or p != 44:
            if kind == 1 and point:
                for k in range(zeros + (point == 1)):
                    if n < ROOM:
                        signs[n] = 46 if k == 0 and point == 1 else 48
                        n += 1
                point, zeros = 2, 0
            if n < ROOM:
                signs[n] = p
                n += 1
            else:
                rest = mixed(rest ^ np.uint64(p))
        at += width
        if kind == 3:
            break
        p, width = _sign(data, at, end)
        what = _kind(p) if width else 0
        if kind == 2 and what == 4:
            after, more = _sign(data, at + width, end)
            if more and _kind(after) == 2:
                at += width
                p, width, what = after, more, np.int64(2)
        if kind == 1 and (p == 44 or (p == 46 and not point)):
            after, more = _sign(data, at + width, end)
            if more and _kind(after) == 1:
                what = 1
        if what != kind:
            break
    return at, n, kind, rest


@njit("uint64(int64[::1], int64, uint64)", cache=True, nogil=True)
def word_hash(signs, n, rest):  # type: ignore[no-untyped-def]
    h = np.uint64(n) ^ rest
    for k in range(n):
        h = (h ^ np.uint64(signs[k])) * np.uint64(0x9E3779B97F4A7C15)
        h ^= h >> np.uint64(29)
    return mixed(h)


@njit("int64(int64[::1], int64)", cache=True, nogil=True)
def _stem(signs, n):  # type: ignore[no-untyped-def]
    """How many signs of a word are its stem: without ing, ed, ies, es, ly, s or e where three are left."""
    if n >= 6 and signs[n - 3] == 105 and signs[n - 2] == 110 and signs[n - 1] == 103:
        return n - 3
    if n >= 6 and signs[n - 3] == 105 and signs[n - 2] == 101 and signs[n - 1] == 115:
        return n - 3
    last, before = signs[n - 1], signs[n - 2] if n > 1 else 0
    if n >= 5 and (
        (last == 100 and before == 101) or (last == 115 and before == 101) or (last == 121 and before == 108)
    ):
        return n - 2
    return n - 1 if n >= 4 and (last == 115 or last == 101) else n


@njit("uint64(int64[::1], int64, int64, uint64, uint64[::1], uint64[::1])", cache=True, nogil=True)
def gram_word(signs, n, kind, rest, names, values):  # type: ignore[no-untyped-def]
    """A word's hash as n-grams see it: a number word is its number. The lowest bit marks numbers."""
    h = word_hash(signs, n, rest)
    if kind == 2 and n <= 9:
        place = np.searchsorted(names, h)
        if place < names.shape[0] and names[place] == h:
            h, kind = values[place], 1
    return h | np.uint64(1) if kind == 1 else h & ~np.uint64(1)


@njit(
    "int64(uint8[::1], int64[::1], uint64[::1], uint64[::1], uint64[::1], uint64[::1], int64[::1], uint64[::1])",
    cache=True,
    nogil=True,
)
def _sets(data, offsets, names, values, common, out, start, final):  # type: ignore[no-untyped-def]
    """Sorted distinct words of each text: stems, common words left out; numbers (odd hashes) among them."""
    signs = np.empty(ROOM, np.int64)
    top = 0
    start[0] = 0
    for row in range(offsets.shape[0] - 1):
        at, end, begin = offsets[row], offsets[row + 1], top
        final[row] = np.uint64(0)
        while True:
            at, n, kind, rest = next_word(data, at, end, signs)
            if kind == 0:
                break
            h = gram_word(signs, n, kind, rest, names, values)
            if h & np.uint64(1):
                final[row] = h
            else:
                place = np.searchsorted(common, h)
                if place < common.shape[0] and common[place] == h:
                    continue
                if kind == 2 and rest == 0:
                    h = word_hash(signs, _stem(signs, n), rest) & ~np.uint64(1)
            out[top] = h
            top += 1
        part = out[begin:top]
        part.sort()
        keep = begin
        for k in range(begin, top):
            if k == begin or out[k] != out[keep - 1]:
                out[keep] = out[k]
                keep += 1
        top = keep
        start[row + 1] = top
    return top


@njit(
    "void(uint64[::1], int64[::1], int64[::1], uint64[::1], int64[::1], int64[::1], int32[:, ::1])",
    cache=True,
    nogil=True,
)
def _overlap(a, a_start, i, b, b_start, j, out):  # type: ignore[no-untyped-def]
    for e in range(i.shape[0]):
        x, x_end, y, y_end = a_start[i[e]], a_start[i[e] + 1], b_start[j[e]], b_start[j[e] + 1]
        out[e, :] = 0
        while x < x_end or y < y_end:
            left = y >= y_end or (x < x_end and a[x] <= b[y])
            right = x >= x_end or (y < y_end and b[y] <= a[x])
            side = 3 if (a[x] if left else b[y]) & np.uint64(1) else 0
            out[e, side] += left and right
            out[e, side + 1] += left
            out[e, side + 2] += right
            x += left
            y += right


@dataclass(frozen=True, slots=True)
class WordSets:
    """CSR: the sorted distinct words of text r are values[start[r]:start[r + 1]], uint64; odd ones are numbers.

    final: uint64 [n], the last number of each text, 0 where there is none.
    """

    values: U64
    start: NDArray[np.int64]
    final: U64

    def __len__(self) -> int:
        return int(self.start.shape[0] - 1)


@lru_cache(maxsize=1)
def number_words() -> tuple[U64, U64]:
    """Sorted hashes of number words, and the hash of the number that each stands for."""
    names, values = hashes(list(NUMBERS)), hashes(list(NUMBERS.values()))
    order = np.argsort(names)
    return names[order], values[order]


@lru_cache(maxsize=1)
def _common() -> U64:
    return np.sort(hashes(COMMON.split()) & ~np.uint64(1))


def hashes(words: list[str]) -> U64:
    """uint64 [n]: `word_hash` of plain words."""
    signs = np.empty(ROOM, np.int64)
    out = np.empty(len(words), np.uint64)
    for k, word in enumerate(words):
        signs[: len(word)] = [ord(c) for c in word]
        out[k] = word_hash(signs, len(word), np.uint64(0))
    return out


def word_sets(column: Any, code: bool = False) -> WordSets:
    """Word sets of an Arrow string column. code: names are parted where a capital follows a small letter (isSorted)."""
    import pyarrow.compute as pc

    if code:
        column = pc.replace_substring_regex(column, "([a-z])([A-Z])", r"\1 \2")
    data, offsets = flat(normalised(column))
    return sets_of(data, offsets)


def sets_of(data: Bytes, offsets: Offsets) -> WordSets:
    """Word sets of lower-cased UTF-8 texts."""
    out = np.empty(int(offsets[-1] - offsets[0]) + 1, np.uint64)
    start = np.zeros(offsets.shape[0], np.int64)
    final = np.zeros(offsets.shape[0] - 1, np.uint64)
    top = _sets(data, offsets, *number_words(), _common(), out, start, final)
    return WordSets(out[:top].copy(), start, final)


@dataclass(frozen=True, slots=True)
class Overlap:
    """What two texts share, per pair: words and numbers in both, in the first, in the second; int32 [m] each."""

    words: tuple[I32, I32, I32]
    numbers: tuple[I32, I32, I32]


def overlap(a: WordSets, i: NDArray[np.int64], b: WordSets, j: NDArray[np.int64]) -> Overlap:
    """Words that texts i of `a` and j of `b` share."""
    out = np.empty((i.shape[0], 6), np.int32)
    _overlap(
        a.values, a.start, np.ascontiguousarray(i, np.int64), b.values, b.start, np.ascontiguousarray(j, np.int64), out
    )
    columns = tuple(np.ascontiguousarray(out[:, k]) for k in range(6))
    return Overlap((columns[0], columns[1], columns[2]), (columns[3], columns[4], columns[5]))


def share(part: I32, whole: I32, empty: float = 0.0) -> F32:
    """float32 [m]: part / whole, `empty` where the whole is 0."""
    return np.where(whole > 0, part / np.maximum(whole, 1), empty).astype(np.float32)
