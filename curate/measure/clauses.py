"""Clauses: texts as words in sentences, with numbers in base units, ready for compiled comparison.

One compiled pass finds words, a second one gives numbers their magnitude and unit; only distinct words meet Python.
The first `READ` words of a text are read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from curate.measure.buffers import flat
from curate.measure.lexicon import Words, words_of
from curate.types import F64, I32

READ = 256  # words of a text: an answer to a question with one answer says it within; longer ones cost time only
CAPITAL, OPENS, PAUSE = 1, 2, 4  # token marks: a capital, first of its sentence, before a comma, stop or the end


@dataclass(frozen=True, slots=True)
class Said:
    """n texts as tokens. start: int64 [n + 1]. word: int32 [t] place in `words`. sentence: int16 [t]. mark: uint8 [t].
    value, dim: float64, int8 [t], a number in its base unit, NaN. begin, end: int32 [t], bytes within the text."""

    start: NDArray[np.int64]
    word: I32
    sentence: NDArray[np.int16]
    mark: NDArray[np.uint8]
    value: F64
    dim: NDArray[np.int8]
    begin: I32
    end: I32
    words: Words


@njit("int64(uint8[::1], int64, int64)", cache=True, nogil=True)
def _script(data, at, end):  # type: ignore[no-untyped-def]
    """8 * kind + bytes of the letter at `at`: 0 no letter, 1 digit, 2 letter, 3 Han, 4 Hiragana, 5 Katakana, 6 a sign
    that is a unit. Letters of one kind run together; Han signs stand alone."""
    c = np.int64(data[at])
    if c < 128:
        if 48 <= c <= 57:
            return 8 + 1
        if 65 <= c <= 90 or 97 <= c <= 122:
            return 16 + 1
        return 48 + 1 if c == 37 or c == 36 else 1
    width = 2 if c < 0xE0 else (3 if c < 0xF0 else 4)
    if at + width > end:
        return end - at
    p = c & (0xFF >> (width + 1))
    for k in range(1, width):
        p = (p << 6) | (np.int64(data[at + k]) & 63)
    if p == 0xB0 or p == 0x20AC or p == 0xA3 or p == 0xFF05:
        return 48 + width
    if p < 0xAA or p == 0xAB or p == 0xBB or p == 0xBF or p == 0xD7 or p == 0xF7 or 0x2000 <= p <= 0x2BFF:
        return width
    if 0x3000 <= p <= 0x3004 or 0x3007 < p <= 0x303F or 0xFF00 <= p <= 0xFF0F or p == 0x30FB or 0xFF1A <= p <= 0xFF20:
        return width
    if 0x3040 <= p <= 0x309F:
        return 32 + width
    if 0x30A0 <= p <= 0x30FF:
        return 40 + width
    if 0x3400 <= p <= 0x9FFF or p == 0x3005:
        return 24 + width
    return 16 + width


@njit("int64(uint8[::1], int64, int64, int64)", cache=True, nogil=True)
def _stop(data, at, end, letters):  # type: ignore[no-untyped-def]
    """Whether the mark at `at` ends a sentence; letters: of the word before it."""
    c = data[at]
    if c == 10 or c == 33 or c == 63:
        return 1
    if c == 46:
        return 1 if at + 1 >= end or (data[at + 1] <= 32 and letters != 1) else 0
    if at + 2 < end and c == 0xE3 and data[at + 1] == 0x80 and data[at + 2] == 0x82:
        return 1
    return 1 if at + 2 < end and c == 0xEF and data[at + 1] == 0xBC and (data[at + 2] in (0x81, 0x9F)) else 0


@njit("int64(uint8[::1], int64, int64, int64)", cache=True, nogil=True)
def _length(data, first, begin, end):  # type: ignore[no-untyped-def]
    """Bytes of a word; 1 for an abbreviation with stops in it (U.S)."""
    for k in range(first + begin, first + end):
        if data[k] == 46 and not 48 <= data[k - 1] <= 57:
            return 1
    return end - begin


@njit("int64(uint8[::1], int64[::1], int64, int64[::1], uint64[::1], int32[::1], int32[::1], int16[::1], uint8[::1])",
      cache=True, nogil=True)  # fmt: skip
def _split(data, offsets, most, start, hashes, begins, ends, sentence, mark):  # type: ignore[no-untyped-def]
    top = 0
    for row in range(offsets.shape[0] - 1):
        first, end = offsets[row], offsets[row + 1]
        start[row] = top
        at, number, fresh, stop = first, 0, True, top + most
        while at < end and top < stop:
            s = _script(data, at, end)
            kind, width = s >> 3, s & 7
            if kind == 0:
                if top > start[row]:
                    if data[at] == 44 or data[at] == 59 or data[at] == 58 or data[at] == 46 or data[at] == 33:
                        mark[top - 1] |= 4
                    if data[at] == 0xE3 and at + 2 < end and data[at + 1] == 0x80 and data[at + 2] <= 0x82:
                        mark[top - 1] |= 4
                    if not fresh and _stop(data, at, end, _length(data, first, begins[top - 1], ends[top - 1])):
                        mark[top - 1] |= 4
                        number += 1
                        fresh = True
                at += width
                continue
            begin, h = at, np.uint64(14695981039346656037)
            while at < end:
                s = _script(data, at, end)
                k, width = s >> 3, s & 7
                c = data[at]
                if at > begin and (kind == 3 or kind == 6):
                    break
                if k != kind:
                    inner = False
                    if kind == 1 and (c == 44 or c == 46 or c == 58) and at + 1 < end and 48 <= data[at + 1] <= 57:
                        inner = True  # 1,000.5 and 7:30
                    elif kind == 2 and k == 1:
                        inner = True  # b12
                    elif kind == 2 and c == 39 and at + 1 < end and (_script(data, at + 1, end) >> 3) == 2:
                        inner = True  # don't
                    elif kind == 2 and c == 0xE2 and at + 3 < end and data[at + 1] == 0x80 and data[at + 2] == 0x99:
                        inner = (_script(data, at + 3, end) >> 3) == 2
                    elif kind == 2 and c == 46 and at - begin <= 3 and at + 1 < end and 65 <= data[at + 1] <= 90:
                        inner = True  # U.S
                    if not inner:
                        break
                for b in range(at, at + width):
                    v = np.uint64(data[b])
                    if 65 <= v <= 90:
                        v += np.uint64(32)
                    h = (h ^ v) * np.uint64(1099511628211)
                at += width
            hashes[top], begins[top], ends[top] = h, begin - first, at - first
            sentence[top] = number
            m = 2 if fresh else 0
            if 65 <= data[begin] <= 90 or (data[begin] == 0xC3 and begin + 1 < end and 0x80 <= data[begin + 1] <= 0x9E):
                m |= 1
            mark[top] = m
            fresh = False
            top += 1
        if top > start[row] and at >= end:
            mark[top - 1] |= 4
    start[offsets.shape[0] - 1] = top
    return top


@njit("void(int64[::1], int32[::1], float64[::1], float64[::1], int8[::1], float64[::1], float64[::1], float64[::1], int8[::1])",
      cache=True, nogil=True)  # fmt: skip
def _numbers(start, word, value, power, dim, factor, zero, out, kind):  # type: ignore[no-untyped-def]
    """Each number with its magnitude and unit: "5 million", "$5", "5 mg", "3 pm"."""
    for row in range(start.shape[0] - 1):
        for t in range(start[row], start[row + 1]):
            v = value[word[t]]
            out[t] = np.nan
            kind[t] = dim[word[t]]
            if np.isnan(v):
                continue
            n = t + 1
            while n < start[row + 1] and power[word[n]] != 1.0:
                v *= power[word[n]]
                n += 1
            kind[t] = dim[word[t]] if dim[word[t]] == 8 else 0
            if n < start[row + 1] and dim[word[n]] == 5 and n + 1 < start[row + 1] and dim[word[n + 1]] == 5:
                n += 1  # the degree sign before C or F
            if n < start[row + 1] and dim[word[n]] != 0:
                u = word[n]
                if dim[u] == 8:
                    v = v if kind[t] == 8 else v * 60.0
                    v = v % 720.0 + zero[u]
                else:
                    v = v * factor[u] + zero[u]
                kind[t] = dim[u]
            elif t > start[row] and dim[word[t - 1]] == 7:
                kind[t] = 7
            out[t] = v


def said(column: Any) -> Said:
    """The texts of an Arrow string column as tokens."""
    data, offsets = flat(column)
    n = offsets.shape[0] - 1
    room = int(np.minimum(np.diff(offsets), 0x7FFFFFFF).clip(0, 4 * READ * 8).sum()) + 1
    room = min(room, n * READ + 1)
    start, hashes = np.zeros(n + 1, np.int64), np.empty(room, np.uint64)
    begins, ends = np.empty(room, np.int32), np.empty(room, np.int32)
    sentence, mark = np.empty(room, np.int16), np.empty(room, np.uint8)
    top = _split(data, offsets, READ, start, hashes, begins, ends, sentence, mark)
    begins, ends = begins[:top].copy(), ends[:top].copy()
    _, first, word = np.unique(hashes[:top], return_index=True, return_inverse=True)
    row = np.searchsorted(start, first, side="right") - 1
    spans = zip((offsets[row] + begins[first]).tolist(), (offsets[row] + ends[first]).tolist(), strict=True)
    words = words_of([bytes(data[a:b]).decode("utf-8", "replace") for a, b in spans])
    place: I32 = np.asarray(word, dtype=np.int32)
    value, dim = np.empty(top), np.empty(top, np.int8)
    _numbers(start, place, words.value, words.power, words.dim, words.factor, words.zero, value, dim)
    return Said(start, place, sentence[:top].copy(), mark[:top].copy(), value, dim, begins, ends, words)
