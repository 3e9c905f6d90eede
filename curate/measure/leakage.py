"""Answers that stand in their prompt: S1's rule (longest common subsequence over 40 % of the answer) and a sharper one.

S1's rule flags more than half of honest summaries, since any text shares most of its words in order with its source. A
leaked answer stands at the end of the prompt, whole or nearly, behind a break; a quotation stands in the middle.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from curate.measure.buffers import flat
from curate.measure.wordgrams import next_word
from curate.types import F32

VERSION = 2
COLUMNS = ("answer_at_end", "lcs_share", "copied_share", "prompt_copied", "words_before")
MOST = 4_096  # words of an answer, and 16 times as many of a prompt, that are compared
RUN = 4  # words in a row that count as copied


def measure_leakage(rows: Any) -> Mapping[str, F32]:
    """float32 [n] each, NaN without a prompt or an answer.

    answer_at_end: share of the answer that ends the prompt, as one run of words from the answer's start behind a break
    (a line end or a colon; one to four words need a marker such as "Answer:"). lcs_share: longest common subsequence of
    words over the answer's words (S1). copied_share: share of the answer's four-word runs that the prompt holds.
    prompt_copied: the answer begins with the prompt. words_before: words of the prompt before the answer at its end.
    """
    out, _ = _measured(rows)
    return {name: np.ascontiguousarray(out[:, k]) for k, name in enumerate(COLUMNS)}


def answer_starts(rows: Any) -> NDArray[np.int64]:
    """int64 [n]: the byte of the prompt at which the answer at its end begins; -1 where none stands there."""
    out, starts = _measured(rows)
    return np.where(out[:, 0] > 0, starts, -1)


def _measured(rows: Any) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    import pyarrow.compute as pc

    prompt, answer = (flat(pc.fill_null(rows.column(name), "")) for name in ("prompt", "response"))
    out = np.empty((rows.num_rows, len(COLUMNS)), dtype=np.float32)
    starts = np.full(rows.num_rows, -1, dtype=np.int64)
    _leak(*prompt, *answer, MOST, out, starts)
    return out, starts


@njit("int64(uint8[::1], int64, int64, int64, uint64[::1], int64[::1])", cache=True, nogil=True)
def _words(data, at, end, most, words, starts):  # type: ignore[no-untyped-def]
    """Hashes and first bytes of the first `most` words of letters or digits; signs are left out."""
    n = 0
    while n < most:
        while at < end and not (48 <= data[at] <= 57 or 97 <= (data[at] | 32) <= 122 or data[at] >= 128):
            at += 1
        if at >= end:
            break
        starts[n] = at
        at, words[n] = next_word(data, at, end)
        n += 1
    return n


@njit("int64(uint64[::1], int64, int64[::1], uint64)", cache=True, nogil=True)
def _slot(keys, mask, owner, word):  # type: ignore[no-untyped-def]
    """The slot of a word in an open table: where it stands, or where it would."""
    slot = np.int64((word * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(20)) & mask
    while owner[slot] >= 0 and keys[slot] != word:
        slot = (slot + 1) & mask
    return slot


@njit("float64(uint64[::1], int64, uint64[::1], int64, uint64[::1], int64[::1])", cache=True, nogil=True)
def _subsequence(p, n, a, m, keys, owner):  # type: ignore[no-untyped-def]
    """Length of the longest common subsequence, 64 words of the answer at a time (Hyyrö's bit vectors)."""
    size = 4
    while size < 2 * m:
        size *= 2
    mask = size - 1
    owner[:size] = -1
    wide = (m + 63) // 64
    places = np.zeros((m, wide), dtype=np.uint64)
    distinct = 0
    for k in range(m):
        slot = _slot(keys, mask, owner, a[k])
        if owner[slot] < 0:
            keys[slot], owner[slot] = a[k], distinct
            distinct += 1
        places[owner[slot], k >> 6] |= np.uint64(1) << np.uint64(k & 63)
    state = np.full(wide, np.uint64(0xFFFFFFFFFFFFFFFF))
    for k in range(n):
        slot = _slot(keys, mask, owner, p[k])
        if owner[slot] < 0:
            continue
        carry = np.uint64(0)
        for w in range(wide):
            v = state[w]
            u = v & places[owner[slot], w]
            total = v + u
            up = np.uint64(1) if total < v else np.uint64(0)
            total2 = total + carry
            if total2 < total:
                up = np.uint64(1)
            state[w] = total2 | (v - u)
            carry = up
    length = 0
    for k in range(m):
        if (state[k >> 6] >> np.uint64(k & 63)) & np.uint64(1) == 0:
            length += 1
    return float(length)


@njit("float64(uint64[::1], int64, uint64[::1], int64, uint64[::1], int64[::1])", cache=True, nogil=True)
def _copied(p, n, a, m, keys, owner):  # type: ignore[no-untyped-def]
    """Share of the answer's runs of RUN words that stand in the prompt (all of a shorter answer)."""
    run = min(RUN, m)
    if n < run:
        return 0.0
    size = 4
    while size < 2 * n:
        size *= 2
    mask = size - 1
    owner[:size] = -1
    for k in range(n - run + 1):
        h = np.uint64(0)
        for j in range(run):
            h = (h ^ p[k + j]) * np.uint64(0xC2B2AE3D27D4EB4F)
        slot = _slot(keys, mask, owner, h)
        keys[slot], owner[slot] = h, 1
    hits = 0
    for k in range(m - run + 1):
        h = np.uint64(0)
        for j in range(run):
            h = (h ^ a[k + j]) * np.uint64(0xC2B2AE3D27D4EB4F)
        hits += owner[_slot(keys, mask, owner, h)] >= 0
    return hits / (m - run + 1)


@njit("int64(uint64[::1], int64, uint64[::1], int64, int64[::1])", cache=True, nogil=True)
def _ending(p, n, a, m, back):  # type: ignore[no-untyped-def]
    """How many of the answer's first words end the prompt (Knuth-Morris-Pratt over the prompt's end)."""
    back[0] = 0
    k = 0
    for i in range(1, m):
        while k and a[i] != a[k]:
            k = back[k - 1]
        if a[i] == a[k]:
            k += 1
        back[i] = k
    k = 0
    for i in range(max(0, n - m), n):
        while k and (k == m or p[i] != a[k]):
            k = back[k - 1]
        if k < m and p[i] == a[k]:
            k += 1
    return k


@njit("int64(uint8[::1], int64, int64)", cache=True, nogil=True)
def _break(data, begin, at):  # type: ignore[no-untyped-def]
    """What stands before byte `at`: 2 = a colon with a word before it or a line of its own after one, 1 = a line end, 0 = other."""
    k, line = at - 1, False
    while k >= begin and (data[k] <= 32 or data[k] == 34 or data[k] == 42 or data[k] == 96):
        line |= data[k] == 10
        k -= 1
    if k < begin:
        return 1
    if data[k] == 58 or data[k] == 62 or data[k] == 93:
        return 2
    return 1 if line else 0


@njit(
    "void(uint8[::1], int64[::1], uint8[::1], int64[::1], int64, float32[:, ::1], int64[::1])", cache=True, nogil=True
)
def _leak(pd, po, ad, ao, most, out, began):  # type: ignore[no-untyped-def]
    longest = most * 16
    p, a = np.empty(longest, np.uint64), np.empty(most, np.uint64)
    ps, starts = np.empty(longest, np.int64), np.empty(most, np.int64)
    keys, owner = np.empty(4 * longest, np.uint64), np.empty(4 * longest, np.int64)
    back = np.empty(most, np.int64)
    for row in range(out.shape[0]):
        n = _words(pd, po[row], po[row + 1], longest, p, ps)
        m = _words(ad, ao[row], ao[row + 1], most, a, starts)
        if n == 0 or m == 0:
            out[row, :] = np.nan
            continue
        run = _ending(p, n, a, m, back)
        mark = _break(pd, po[row], ps[n - run]) if run else 0
        need = 2 if m <= 4 else 1
        # one word behind a colon is a label that the prompt lists; a marker of an answer says so in letters
        out[row, 0] = run / m if mark >= need and m > 1 else 0.0
        out[row, 4] = n - run
        if run:
            began[row] = ps[n - run] - po[row]
        out[row, 1] = _subsequence(p, n, a, m, keys, owner) / m
        out[row, 2] = _copied(p, n, a, m, keys, owner)
        same = 0
        while same < n and same < m and p[same] == a[same]:
            same += 1
        out[row, 3] = 1.0 if n >= 4 and same == n else 0.0
