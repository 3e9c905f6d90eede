"""Quotes: how much of an evaluation item's wording stands in each text, by word n-grams, in one pass over the texts.

A gram counts by how few items hold it (1 / items): a wrapper that all items share says nothing, and of several items about
one passage the one whose question was copied wins.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from curate.errors import Cancelled
from curate.measure.buffers import flat, spans
from curate.measure.shingles import normalised
from curate.measure.wordsets import ROOM, gram_word, mixed, next_word, number_words
from curate.types import F32, I32, Cancel, Progress

SHORT, LONG = 5, 13  # words: one survives small edits, the other is the usual contamination gram (GPT-3, appendix C)
LEAST = 2  # a single word is no question
BRIEF = 8  # an item of fewer words counts by its share of the text: "how are you doing today" stands in many
OWN = 8.0  # grams that a text must share with an item to be called a piece of it (two 5-grams of 12 words)
COMMON = 64  # a gram in more items than this is passed over: it would weigh under 1/64
FLOOR_SHORT, FLOOR_LONG = 0.3, 0.1
STEP = 1 << 14
_BASE = np.uint64(0x9E3779B97F4A7C15)


@njit("uint64(uint64[::1], uint64[::1], int64, int64)", cache=True, nogil=True)
def _gram(prefix, power, at, n):  # type: ignore[no-untyped-def]
    """The hash of words at..at+n, from the running hash of all words."""
    return mixed((prefix[at + n] - prefix[at] * power[n]) ^ np.uint64(n))


@njit("int64(uint8[::1], int64, int64, uint64[::1], uint64[::1], int64[::1], uint64[::1])", cache=True, nogil=True)
def _prefix(data, at, end, names, values, signs, prefix):  # type: ignore[no-untyped-def]
    """Running hashes of a text's words; returns their number."""
    count = 0
    prefix[0] = np.uint64(0)
    while True:
        at, n, kind, rest = next_word(data, at, end, signs)
        if kind == 0:
            return count
        prefix[count + 1] = prefix[count] * np.uint64(0x9E3779B97F4A7C15) + gram_word(
            signs, n, kind, rest, names, values
        )
        count += 1


@njit("int64(uint64[::1], int32[::1], uint64)", cache=True, nogil=True)
def _find(keys, place, key):  # type: ignore[no-untyped-def]
    """The number of a gram in the open-addressed table, -1 = none."""
    at = np.int64(key & np.uint64(keys.shape[0] - 1))
    while place[at] >= 0:
        if keys[at] == key:
            return np.int64(place[at])
        at = (at + 1) & (keys.shape[0] - 1)
    return np.int64(-1)


@njit("void(uint64[::1], uint64[::1], int32[::1])", cache=True, nogil=True)
def _fill(grams, keys, place):  # type: ignore[no-untyped-def]
    for g in range(grams.shape[0]):
        at = np.int64(grams[g] & np.uint64(keys.shape[0] - 1))
        while place[at] >= 0:
            at = (at + 1) & (keys.shape[0] - 1)
        keys[at], place[at] = grams[g], g


@njit(
    "int64(uint8[::1], int64[::1], int64, int64, uint64[::1], uint64[::1], uint64[::1], int64[::1], uint64[::1],"
    " int32[::1], int64[::1], int32[::1], int32[::1], float64[:, ::1], boolean, int32[::1], int32[::1], float32[::1],"
    " float32[::1])",
    cache=True,
    nogil=True,
)
def _scan(  # type: ignore[no-untyped-def]
    data, offsets, first, last, names, values, power, sizes, keys, place, start, item, words, total, whole, text, exam,
    short, long,
):  # fmt: skip
    """Texts first..last against all items; counts all findings, writes while they fit."""
    top, longest = 0, 1
    for row in range(first, last):
        longest = max(longest, offsets[row + 1] - offsets[row])
    prefix, signs = np.empty(longest + 2, np.uint64), np.empty(ROOM, np.int64)
    seen = np.full(start.shape[0], -1, np.int64)
    got, touched = np.zeros((words.shape[0], 2)), np.empty(words.shape[0], np.int32)
    for row in range(first, last):
        count = _prefix(data, offsets[row], offsets[row + 1], names, values, signs, prefix)
        marks, own = 0, 0.0
        for s in range(sizes.shape[0]):
            n = sizes[s]
            for at in range(count - n + 1):
                g = _find(keys, place, _gram(prefix, power, at, n))
                size = start[g + 1] - start[g] if g >= 0 else 1
                if n == SHORT:
                    own += 1.0 / size
                if g < 0 or seen[g] == row or size > COMMON:
                    continue
                seen[g] = row
                for x in range(start[g], start[g + 1]):
                    e = item[x]
                    if got[e, 0] == 0.0 and got[e, 1] == 0.0:
                        touched[marks] = e
                        marks += 1
                    if n == SHORT:
                        got[e, 0] += 1.0 / size
                    if n == min(LONG, words[e]):
                        got[e, 1] += 1.0 / size
        for m in range(marks):
            e = touched[m]
            a, b = got[e, 0] / total[e, 0], got[e, 1] / total[e, 1]
            if whole and got[e, 0] >= OWN:
                a = max(a, got[e, 0] / own)
            if words[e] < BRIEF:
                a, b = min(a, words[e] / count), min(b, words[e] / count)
            got[e, 0] = got[e, 1] = 0.0
            if a >= FLOOR_SHORT or b >= FLOOR_LONG:
                if top < text.shape[0]:
                    text[top], exam[top], short[top], long[top] = row, e, min(a, 1.0), min(b, 1.0)
                top += 1
    return top


@dataclass(frozen=True, slots=True)
class Quotes:
    """Findings: text and item int32 [m], and the shares of the item's short and long grams, float32 [m]."""

    text: I32
    item: I32
    short: F32
    long: F32


@dataclass(frozen=True, slots=True)
class _Index:
    """The items' grams: an open-addressed table (keys, place) of grams, and the items of each (CSR start, item)."""

    sizes: NDArray[np.int64]
    keys: NDArray[np.uint64]
    place: I32
    start: NDArray[np.int64]
    item: I32
    words: I32
    total: NDArray[np.float64]


def _power() -> NDArray[np.uint64]:
    with np.errstate(over="ignore"):  # hashes wrap
        return np.concatenate((np.ones(1, np.uint64), np.cumprod(np.full(LONG, _BASE, np.uint64))))


@njit(
    "int64(uint8[::1], int64[::1], uint64[::1], uint64[::1], uint64[::1], int32[::1], uint64[::1], int64[::1], int64[::1])",
    cache=True,
    nogil=True,
)
def _item_grams(data, offsets, names, values, power, words, grams, owner, level):  # type: ignore[no-untyped-def]
    """Every gram of every item at its one or two sizes, repeats included; returns how many."""
    signs, top = np.empty(ROOM, np.int64), 0
    prefix = np.empty(grams.shape[0] + 2, np.uint64)
    for e in range(words.shape[0]):
        count = words[e] = _prefix(data, offsets[e], offsets[e + 1], names, values, signs, prefix)
        for n in (SHORT, min(LONG, count)):
            if n < LEAST or (top and owner[top - 1] == e and level[top - 1] == n):
                continue
            for at in range(count - n + 1):
                grams[top], owner[top], level[top] = _gram(prefix, power, at, n), e, n
                top += 1
    return top


def _index(items: Any) -> _Index:
    data, offsets = flat(normalised(items))
    size = 2 * int(offsets[-1] - offsets[0]) + 2
    words = np.zeros(len(items), np.int32)
    grams, owner, level = np.empty(size, np.uint64), np.full(size, -1, np.int64), np.zeros(size, np.int64)
    top = _item_grams(data, offsets, *number_words(), _power(), words, grams, owner, level)
    order = np.lexsort((grams[:top], level[:top], owner[:top]))
    grams, owner, level = grams[order], owner[order], level[order]
    new = np.ones(top, np.bool_)
    new[1:] = (grams[1:] != grams[:-1]) | (level[1:] != level[:-1]) | (owner[1:] != owner[:-1])
    return _table(grams[new], owner[new], level[new], words)


def _table(grams: NDArray[np.uint64], owner: NDArray[np.int64], level: NDArray[np.int64], words: I32) -> _Index:
    unique, where = np.unique(grams, return_inverse=True)
    count = np.bincount(where, minlength=unique.shape[0])
    weight = 1.0 / count[where] if grams.shape[0] else np.zeros(0)
    total = np.zeros((words.shape[0], 2))
    np.add.at(total[:, 0], owner[level == SHORT], weight[level == SHORT])
    is_long = level == np.minimum(LONG, words[owner])
    np.add.at(total[:, 1], owner[is_long], weight[is_long])
    size = 1 << max(4, int(4 * unique.shape[0]).bit_length())
    keys, place = np.zeros(size, np.uint64), np.full(size, -1, np.int32)
    _fill(unique, keys, place)
    order = np.argsort(where, kind="stable")
    start = np.concatenate(([0], np.cumsum(count))).astype(np.int64)
    return _Index(np.unique(level), keys, place, start, owner[order].astype(np.int32), words, np.maximum(total, 1e-9))


def quotes(
    texts: Any,
    items: Any,
    whole: bool,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    stage: str = "evaluation quotes",
) -> Quotes:
    """Every text and item (Arrow string columns) that share FLOOR_SHORT of the item's 5-grams or FLOOR_LONG of its 13-grams.

    Items under 13 words have one long gram, themselves. whole: a text that is itself a piece of the item counts by its own
    share. Sorted by (text, item). Errors: Cancelled.
    """
    index = _index(items)
    data, offsets = flat(normalised(texts))
    n = offsets.shape[0] - 1
    names, values = number_words()
    power = _power()

    def part(first: int, last: int) -> tuple[np.ndarray, ...]:
        if cancel is not None and cancel.is_set():
            raise Cancelled(f"{stage} was cancelled at text {first} of {n}; run again to go on")
        room = 1 << 16
        while True:
            out = (
                np.empty(room, np.int32),
                np.empty(room, np.int32),
                np.empty(room, np.float32),
                np.empty(room, np.float32),
            )
            top = _scan(data, offsets, first, last, names, values, power, index.sizes, index.keys, index.place, index.start,
                        index.item, index.words, index.total, whole, *out)  # fmt: skip
            if top <= room:
                return tuple(a[:top].copy() for a in out)
            room = int(top)

    with ThreadPoolExecutor(2) as pool:
        found = []
        for done, piece in enumerate(pool.map(lambda s: part(*s), list(spans(n, STEP)))):
            found.append(piece)
            if progress is not None:
                progress(stage, min((done + 1) * STEP, n), n)
    if not found:
        return Quotes(*(np.empty(0, t) for t in (np.int32, np.int32, np.float32, np.float32)))  # type: ignore[arg-type]
    text, item, short, long = (np.concatenate(p) for p in zip(*found, strict=True))
    order = np.lexsort((item, text))
    return Quotes(text[order], item[order], short[order], long[order])
