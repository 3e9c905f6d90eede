"""Keys and tokens by their issuer's mark, private keys, IPv6 shapes and driving licences: a second compiled pass over the bytes.

Secrets are settled here, as the patterns in tests/test_measure_cells.py say them; the other two are handed on with their place. A
run of a token's signs is walked once however many marks stand in it, so the cost is linear.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from curate.measure.buffers import Bytes, Offsets

SECRET, SIX, LICENSED = 6, 9, 10  # kinds of a mark: the first is one of pii.KINDS, the others wait for a second look
UPPER, ALNUM, SCORED, DASHED, TOKEN = range(5)  # classes of signs: [0-9A-Z], [0-9A-Za-z], and with _, with -, with both
LONGEST = 46  # signs of an IPv6 address with room for none
# Mark, class of the signs behind it, fewest and most of them.
_MARKS: tuple[tuple[str, int, int, int], ...] = (
    ("sk-ant-", TOKEN, 20, 120), ("sk-proj-", TOKEN, 20, 120), ("sk-", TOKEN, 20, 120), ("AKIA", UPPER, 16, 16), ("ASIA", UPPER, 16, 16),
    ("ghp_", ALNUM, 36, 80), ("gho_", ALNUM, 36, 80), ("ghu_", ALNUM, 36, 80), ("ghs_", ALNUM, 36, 80), ("ghr_", ALNUM, 36, 80),
    ("github_pat_", SCORED, 22, 100), ("glpat-", TOKEN, 20, 40),
    ("xoxa-", DASHED, 10, 80), ("xoxb-", DASHED, 10, 80), ("xoxp-", DASHED, 10, 80), ("xoxr-", DASHED, 10, 80), ("xoxs-", DASHED, 10, 80),
    ("AIza", TOKEN, 35, 35), ("hf_", ALNUM, 30, 40), ("sk_live_", ALNUM, 20, 60), ("rk_live_", ALNUM, 20, 60), ("npm_", ALNUM, 36, 36),
)  # fmt: skip
_KEYS = ("", "RSA ", "EC ", "OPENSSH ", "DSA ", "PGP ")


def _packed(texts: tuple[str, ...]) -> tuple[Bytes, Offsets]:
    raw = np.frombuffer("".join(texts).encode(), np.uint8).copy()
    return raw, np.cumsum([0, *map(len, texts)]).astype(np.int64)


_HEADS = _packed(tuple(m[0] for m in _MARKS))
_SHAPES = np.array([m[1:] for m in _MARKS], dtype=np.int64)
_PRIVATE = _packed(tuple(f"-----BEGIN {key}PRIVATE KEY" for key in _KEYS))


def marks(data: Bytes, offsets: Offsets) -> NDArray[np.int64]:
    """int64 [m, 4]: row, first byte, end byte (both within the row's text), kind; in text order."""
    room = 1024 + int(offsets[-1] - offsets[0]) // 64
    while True:
        out = np.empty((room, 4), dtype=np.int64)
        found = _scan(data, offsets, *_HEADS, _SHAPES, *_PRIVATE, out)
        if found <= room:
            return out[:found]
        room = found


@njit("boolean(uint8[::1], int64, int64)", cache=True, nogil=True)
def word_before(data, begin, at):  # type: ignore[no-untyped-def]
    """Whether a letter, digit or _ ends before `at`. Of signs above ASCII punctuation, symbols and emoji are none, the rest are."""
    if at <= begin:
        return False
    c = data[at - 1]
    if c < 128:
        return 97 <= (c | 32) <= 122 or 48 <= c <= 57 or c == 95
    k = at - 1
    while k > begin and data[k] < 0xC0:
        k -= 1
    lead, follow = data[k], data[min(k + 1, at - 1)]
    symbol = lead == 0xC2 or (lead == 0xE2 and follow <= 0xAF) or (lead == 0xE3 and follow == 0x80)
    return not (symbol or (lead == 0xEF and (follow == 0xBC or follow == 0xBD)) or (lead == 0xF0 and follow == 0x9F))


@njit("boolean(uint8, int64)", cache=True, nogil=True, inline="always")
def _of(c, kind):  # type: ignore[no-untyped-def]
    if 48 <= c <= 57 or 65 <= c <= 90:
        return True
    if kind == UPPER:
        return False
    return 97 <= c <= 122 or (c == 95 and kind in (SCORED, TOKEN)) or (c == 45 and kind >= DASHED)


@njit("int64(uint8[::1], int64, int64, int64, int64)", cache=True, nogil=True)
def _run(data, at, end, kind, most):  # type: ignore[no-untyped-def]
    """How many signs of the class stand at `at`, at most `most`."""
    k = at
    while k < end and k - at < most and _of(data[k], kind):
        k += 1
    return k - at


@njit("int64(uint8[::1], int64, int64, uint8[::1], int64[::1])", cache=True, nogil=True)
def _head(data, at, end, heads, starts):  # type: ignore[no-untyped-def]
    """Which of the marks stands at `at`, -1 = none; the first of several."""
    for m in range(starts.shape[0] - 1):
        size = starts[m + 1] - starts[m]
        if at + size > end:
            continue
        k = 0
        while k < size and data[at + k] == heads[starts[m] + k]:
            k += 1
        if k == size:
            return m
    return -1


@njit("int64(uint8[::1], int64, int64, uint8[::1], int64[::1], int64[:, ::1])", cache=True, nogil=True)
def _secret(data, at, end, heads, starts, shapes):  # type: ignore[no-untyped-def]
    """End of the secret whose mark stands at `at`, 0 = none."""
    m = _head(data, at, end, heads, starts)
    while m >= 0:
        size = starts[m + 1] - starts[m]
        run = _run(data, at + size, end, shapes[m, 0], shapes[m, 2])
        if run >= shapes[m, 1]:
            return at + size + run
        m = 2 if m < 2 else -1  # sk-ant- and sk-proj- are sk- too
    return 0


@njit("boolean(uint8[::1], int64, int64)", cache=True, nogil=True, inline="always")
def _token(data, at, end):  # type: ignore[no-untyped-def]
    """Whether the first part of a signed web token begins at `at`."""
    return at + 2 < end and data[at] == 101 and data[at + 1] == 121 and data[at + 2] == 74


@njit("void(uint8[::1], int64, int64, int64[::1])", cache=True, nogil=True)
def _parts(data, at, end, seen):  # type: ignore[no-untyped-def]
    """seen: [end of the run of token signs at `at`, end of the whole signed token or 0]; kept until the run is left."""
    first = at + _run(data, at, end, TOKEN, end)
    seen[0], seen[1] = first, 0
    if first >= end or data[first] != 46 or not _token(data, first + 1, end):
        return
    second = first + 1 + _run(data, first + 1, end, TOKEN, 804)
    if not 13 <= second - first - 1 <= 803 or second >= end or data[second] != 46:
        return
    third = _run(data, second + 1, end, TOKEN, 400)
    if third >= 10:
        seen[1] = second + 1 + third


@njit("int64(uint8[::1], int64, int64)", cache=True, nogil=True)
def _six(data, at, end):  # type: ignore[no-untyped-def]
    """End of what may be an IPv6 address at `at`: a run of hex digits with three colons and more, on its own; else 0."""
    k, colons = at, 0
    while k < end and k - at <= LONGEST:
        c = data[k]
        if c == 58:
            colons += 1
        elif not (48 <= c <= 57 or 97 <= (c | 32) <= 102):
            break
        k += 1
    if colons < 3 or k - at > LONGEST or (k < end and (97 <= (data[k] | 32) <= 122 or data[k] == 95 or data[k] >= 128)):
        return 0
    return k


@njit("int64(int64, int64, int64, int64, int64, int64[:, ::1])", cache=True, nogil=True)
def _put(at, row, start, end, kind, out):  # type: ignore[no-untyped-def]
    if at < out.shape[0]:
        out[at, 0], out[at, 1], out[at, 2], out[at, 3] = row, start, end, kind
    return at + 1


@njit("boolean(uint8[::1], int64, int64, int64)", cache=True, nogil=True)
def _licence(data, begin, at, end):  # type: ignore[no-untyped-def]
    """Whether licence or license stands at `at`, in any case, with a word in driv- shortly before it."""
    if at + 7 > end:
        return False
    near = False
    for k in range(max(begin, at - 16), at - 5):
        near |= (
            (data[k] | 32) == 100
            and (data[k + 1] | 32) == 114
            and (data[k + 2] | 32) == 105
            and (data[k + 3] | 32) == 118
        )
    if not near:
        return False
    a, b, c, d, e, f, g = (data[at] | 32, data[at + 1] | 32, data[at + 2] | 32, data[at + 3] | 32, data[at + 4] | 32,
                           data[at + 5] | 32, data[at + 6] | 32)  # fmt: skip
    return a == 108 and b == 105 and c == 99 and d == 101 and e == 110 and (f == 99 or f == 115) and g == 101


@njit("int64(uint8[::1], int64[::1], uint8[::1], int64[::1], int64[:, ::1], uint8[::1], int64[::1], int64[:, ::1])", cache=True, nogil=True)  # fmt: skip
def _scan(data, offsets, heads, starts, shapes, keys, key_starts, out):  # type: ignore[no-untyped-def]
    seen = np.zeros(2, dtype=np.int64)
    opens = np.zeros(256, dtype=np.bool_)
    for m in range(starts.shape[0] - 1):
        opens[heads[starts[m]]] = True
    opens[101] = True
    found = 0
    for row in range(offsets.shape[0] - 1):
        begin, end = offsets[row], offsets[row + 1]
        at = begin
        while at < end:
            c = data[at]
            stop = 0
            if (
                c == 45 and at + 22 <= end and data[at + 5] == 66 and data[at + 1] == 45
            ):  # -----B; a rule of dashes is none
                m = _head(data, at, end, keys, key_starts)
                stop = at + key_starts[m + 1] - key_starts[m] if m >= 0 else 0
            elif (c | 32) == 108 and (data[min(at + 1, end - 1)] | 32) == 105 and _licence(data, begin, at, end):
                found = _put(found, row, at - begin, at + 7 - begin, LICENSED, out)
            elif opens[c] and not word_before(data, begin, at):
                stop = _secret(data, at, end, heads, starts, shapes)
                if not stop and _token(data, at, end):
                    if at >= seen[0]:
                        _parts(data, at, end, seen)
                    if 13 <= seen[0] - at <= 403:
                        stop = seen[1]
            if stop:
                found = _put(found, row, at - begin, stop - begin, SECRET, out)
                at = stop
                continue
            if (48 <= c <= 57 or 97 <= (c | 32) <= 102) and not word_before(data, begin, at) and (
                at == begin or (data[at - 1] != 58 and data[at - 1] != 46)):  # fmt: skip
                stop = _six(data, at, end)
                if stop:
                    found = _put(found, row, at - begin, stop - begin, SIX, out)
            at += 1
        seen[0] = 0
    return found
