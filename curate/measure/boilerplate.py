"""Sentences that many answers share: S1's "I'll escalate this" under 4,000 different questions.

An answer is parted at line ends and at . ! ? before a blank; a sentence is its words in lower case, so punctuation, blanks and
mark-up do not matter. Code between fences and sentences of fewer than four words ("Sure!") are left out. Exact copies of a row count
once. A sentence is boilerplate from `least` answers on; one in more than a fifth of all answers is the set's format.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from curate.measure.buffers import flat
from curate.measure.wordgrams import next_word
from curate.types import F32, I32

VERSION = 1
COLUMNS = ("boilerplate_share", "shared_opening", "shared_closing")
WORDS = 4  # a sentence of fewer words is small talk
LEAST, PART = 10, 2_000  # answers that make a sentence boilerplate: ten, or one in two thousand
FORMAT = 0.2  # of all answers; more is what the set wants


@dataclass(frozen=True, slots=True)
class Shared:
    """One sentence that many answers have. start, end: its bytes in `row`'s answer; rows: int64 [k], every row that has it."""

    count: int
    row: int
    start: int
    end: int
    rows: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sentences:
    """Every counted sentence: row int32 [m], start and end (bytes in the answer) int32 [m], key uint64 [m], words int32 [m]."""

    row: I32
    start: I32
    end: I32
    key: NDArray[np.uint64]
    words: I32


def sentences_of(answers: Any) -> Sentences:
    """The sentences of at least four words of every answer, in order."""
    data, offsets = flat(answers)
    room = int(offsets[-1] - offsets[0]) // 8 + 1  # four words and their blanks are eight bytes
    place, key = np.empty((room, 4), dtype=np.int32), np.empty(room, dtype=np.uint64)
    used = _sentences(data, offsets, WORDS, place, key)
    row, start, end, words = (np.ascontiguousarray(place[:used, k]) for k in range(4))
    return Sentences(row, start, end, key[:used].copy(), words)


def measure_boilerplate(rows: Any, content: I32, frozen: NDArray[np.bool_]) -> dict[str, F32]:
    """Columns of COLUMNS, float32 [n]: the share of the answer's counted words in shared sentences (NaN without any), and how
    many other answers open and close with the same sentence (0 = none). content: the class of equal rows."""
    found = sentences_of(rows.column("response"))
    n = rows.num_rows
    out = {name: np.full(n, np.nan, dtype=np.float32) for name in COLUMNS}
    if not found.row.shape[0]:
        return out
    _, code, size = counts_of(found, content, frozen)
    shared = shared_by(size, content, frozen)[code]
    total = np.bincount(found.row, found.words, n)
    part = np.bincount(found.row, found.words * shared, n)
    has = total > 0
    out["boilerplate_share"][has] = (part[has] / total[has]).astype(np.float32)
    first = np.flatnonzero(np.diff(found.row, prepend=-1))
    last = np.append(first[1:] - 1, found.row.shape[0] - 1)
    for name, at in (("shared_opening", first), ("shared_closing", last)):
        out[name][found.row[at]] = np.maximum(_ends(found.key[at], found.row[at], content, frozen) - 1, 0)
    return out


def counts_of(
    found: Sentences, content: I32, frozen: NDArray[np.bool_]
) -> tuple[NDArray[np.uint64], I32, NDArray[np.int64]]:
    """(different keys, each sentence's place among them, in how many different pool rows each stands)."""
    keys, code = np.unique(found.key, return_inverse=True)
    lead = (content[found.row] == found.row) & ~frozen[found.row]
    pairs = np.unique(code[lead].astype(np.int64) * (content.shape[0] + 1) + found.row[lead])
    return keys, code.astype(np.int32), np.bincount(pairs // (content.shape[0] + 1), minlength=keys.shape[0])


def shared_by(size: NDArray[np.int64], content: I32, frozen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which sentences are boilerplate."""
    pool = int(np.count_nonzero((content == np.arange(content.shape[0])) & ~frozen))
    return np.asarray((size >= max(LEAST, pool / PART)) & (size <= max(FORMAT * pool, LEAST)))


def most_shared(rows: Any, content: I32, frozen: NDArray[np.bool_], most: int = 50) -> tuple[Shared, ...]:
    """The sentences that most answers share, most frequent first, with where one stands."""
    found = sentences_of(rows.column("response"))
    if not found.row.shape[0]:
        return ()
    _, code, size = counts_of(found, content, frozen)
    chosen = np.flatnonzero(shared_by(size, content, frozen))
    chosen = chosen[np.argsort(-size[chosen], kind="stable")][:most]
    order = np.argsort(code, kind="stable")
    edges = np.searchsorted(code[order], np.stack((chosen, chosen + 1)))
    out = []
    for one, a, b in zip(chosen.tolist(), *edges.tolist(), strict=True):
        at = order[a:b]
        out.append(
            Shared(
                int(size[one]),
                int(found.row[at[0]]),
                int(found.start[at[0]]),
                int(found.end[at[0]]),
                np.unique(found.row[at]).astype(np.int64),
            )
        )
    return tuple(out)


def _ends(key: NDArray[np.uint64], row: I32, content: I32, frozen: NDArray[np.bool_]) -> NDArray[np.int64]:
    _, code = np.unique(key, return_inverse=True)
    lead = (content[row] == row) & ~frozen[row]
    return np.asarray(np.bincount(code[lead], minlength=int(code.max()) + 1)[code], dtype=np.int64)


@njit("int64(uint8[::1], int64, int64, int64, int64, int64, int32[:, ::1], uint64[::1], int64)", cache=True, nogil=True)
def _one(data, row, begin, start, stop, least, place, key, used):  # type: ignore[no-untyped-def]
    """Append the sentence when it has enough words; signs and digits alone are no words."""
    at, words, h = start, 0, np.uint64(14695981039346656037)
    while True:
        before = at
        at, word = next_word(data, at, stop)
        if word == 0:
            break
        c = data[at - 1]
        if (97 <= c <= 122) or (65 <= c <= 90) or (48 <= c <= 57) or c >= 128:
            words += 1
            h = (h ^ word) * np.uint64(1099511628211)
        if at <= before:
            break
    if words >= least:
        place[used, 0], place[used, 1], place[used, 2], place[used, 3] = row, start - begin, stop - begin, words
        key[used] = h
        used += 1
    return used


@njit("int64(uint8[::1], int64[::1], int64, int32[:, ::1], uint64[::1])", cache=True, nogil=True)
def _sentences(data, offsets, least, place, key):  # type: ignore[no-untyped-def]
    used = 0
    for row in range(offsets.shape[0] - 1):
        begin, end = offsets[row], offsets[row + 1]
        at, fenced = begin, False
        while at < end:
            stop = at  # end of this sentence
            while stop < end:
                c = data[stop]
                if c == 10 or ((c == 46 or c == 33 or c == 63) and (stop + 1 >= end or data[stop + 1] <= 32)):
                    break
                stop += 1
            stop = min(stop + 1, end)
            k = at
            while k < stop and data[k] <= 32:
                k += 1
            if k + 2 < stop and data[k] == 96 and data[k + 1] == 96 and data[k + 2] == 96:
                fenced = not fenced
            elif not fenced:
                used = _one(data, row, begin, k, stop, least, place, key, used)
            at = stop
    return used
