"""Word n-grams hashed to weights: the linear text models that ship (toxicity, refusals, injection), in one compiled pass.

A word is a run of letters, digits and bytes above ASCII, lower-cased, apostrophes left out ("can't" is one word); every
other printed sign is a word of its own. Feature = hash of 1 to `n` words in a row; a text's value of each is 1 / sqrt(m)
for its m different features, so that a long text weighs no more than a short one. Cost is linear in the text.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numba import njit
from numpy.typing import NDArray

from curate.measure.buffers import Bytes, Offsets
from curate.types import F32

HOME = Path(__file__).parent / "weights"


@dataclass(frozen=True, slots=True)
class Shape:
    """What a model reads: 2**bits weights, grams of 1..n words, the first `limit` words (0 = all)."""

    bits: int = 16
    n: int = 2
    limit: int = 0


@dataclass(frozen=True, slots=True)
class Linear:
    """Weights of one model: score = sigmoid(bias + sum of weight / sqrt(m)). float32 [2**bits]."""

    shape: Shape
    bias: float
    weights: F32

    def score(self, data: Bytes, offsets: Offsets) -> F32:
        """float32 [n] in 0..1; NaN for a text without a word."""
        out = np.empty(offsets.shape[0] - 1, dtype=np.float32)
        s = self.shape
        _score(data, offsets, s.bits, s.n, s.limit, self.weights, np.float32(self.bias), out)
        return out


@cache
def shipped(name: str) -> Linear:
    """The model of that name that ships with the package (made by `python -m benchmarks.fit`)."""
    raw = np.load(HOME / f"{name}.npy", allow_pickle=False)
    bits, n, limit, bias = (float(v) for v in raw[:4])
    return Linear(Shape(int(bits), int(n), int(limit)), bias, raw[4:].astype(np.float32))


def save(name: str, model: Linear) -> None:
    """Write a fitted model where `shipped` finds it: float16, which moves no score by more than .002."""
    head = np.array([model.shape.bits, model.shape.n, model.shape.limit, model.bias], dtype=np.float16)
    HOME.mkdir(exist_ok=True)
    np.save(HOME / f"{name}.npy", np.concatenate((head, model.weights.astype(np.float16))), allow_pickle=False)
    shipped.cache_clear()


def features(data: Bytes, offsets: Offsets, shape: Shape) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """(start [n + 1], place of each different feature): what a model is fitted on."""
    start = np.zeros(offsets.shape[0], dtype=np.int64)
    room = np.empty(shape.n * int(offsets[-1] - offsets[0] + 1), dtype=np.int32)
    used = _places(data, offsets, shape.bits, shape.n, shape.limit, start, room)
    return start, room[:used].copy()


@njit("boolean(uint8)", cache=True, nogil=True, inline="always")
def _inside(c):  # type: ignore[no-untyped-def]
    return (97 <= c <= 122) or (65 <= c <= 90) or (48 <= c <= 57) or c >= 128


@njit("Tuple((int64, uint64))(uint8[::1], int64, int64)", cache=True, nogil=True)
def next_word(data, at, end):  # type: ignore[no-untyped-def]
    """(where it ends, its hash) of the word that begins at or after `at`; hash 0 when there is none."""
    while at < end and (data[at] <= 32 or data[at] == 39):
        at += 1
    if at >= end:
        return end, np.uint64(0)
    h = np.uint64(14695981039346656037)
    if not _inside(data[at]):
        h = (h ^ np.uint64(data[at])) * np.uint64(1099511628211)
        return at + 1, h | np.uint64(1)
    while at < end:
        c = data[at]
        if c == 0xE2 and at + 2 < end and data[at + 1] == 0x80 and data[at + 2] == 0x99:  # a curly apostrophe
            at += 3
            continue
        if c == 39:
            at += 1
            continue
        if not _inside(c):
            break
        if 65 <= c <= 90:
            c = c + np.uint8(32)
        h = (h ^ np.uint64(c)) * np.uint64(1099511628211)
        at += 1
    return at, h | np.uint64(1)


@njit("int64(uint64, int64)", cache=True, nogil=True, inline="always")
def _place(h, bits):  # type: ignore[no-untyped-def]
    return np.int64((h * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - bits))


@njit("int64(uint8[::1], int64[::1], int64, int64, int64, int64[::1], int32[::1])", cache=True, nogil=True)
def _places(data, offsets, bits, n, limit, start, room):  # type: ignore[no-untyped-def]
    seen = np.full(1 << bits, -1, dtype=np.int32)
    last = np.zeros(8, dtype=np.uint64)
    used = 0
    for row in range(offsets.shape[0] - 1):
        at, end, words = offsets[row], offsets[row + 1], 0
        while limit == 0 or words < limit:
            at, h = next_word(data, at, end)
            if h == 0:
                break
            for k in range(n - 1, 0, -1):
                last[k] = (last[k - 1] ^ h) * np.uint64(0xC2B2AE3D27D4EB4F) + np.uint64(k)
            last[0] = h
            words += 1
            for k in range(min(n, words)):
                place = _place(last[k], bits)
                if seen[place] != row:
                    seen[place] = row
                    room[used] = place
                    used += 1
        start[row + 1] = used
    return used


@njit("void(uint8[::1], int64[::1], int64, int64, int64, float32[::1], float32, float32[::1])", cache=True, nogil=True)
def _score(data, offsets, bits, n, limit, weights, bias, out):  # type: ignore[no-untyped-def]
    seen = np.full(1 << bits, -1, dtype=np.int32)
    last = np.zeros(8, dtype=np.uint64)
    for row in range(offsets.shape[0] - 1):
        at, end, words, total, m = offsets[row], offsets[row + 1], 0, 0.0, 0
        while limit == 0 or words < limit:
            at, h = next_word(data, at, end)
            if h == 0:
                break
            for k in range(n - 1, 0, -1):
                last[k] = (last[k - 1] ^ h) * np.uint64(0xC2B2AE3D27D4EB4F) + np.uint64(k)
            last[0] = h
            words += 1
            for k in range(min(n, words)):
                place = _place(last[k], bits)
                if seen[place] != row:
                    seen[place] = row
                    total += weights[place]
                    m += 1
        out[row] = 1.0 / (1.0 + np.exp(-(bias + total / np.sqrt(m)))) if m else np.nan
