"""Same: the probability that two texts say or ask the same, from features that a person can read.

Small trees, fitted by `python -m benchmarks.fit near_dup DIR` and kept in same.json: one set of trees that reads the
cosine of the texts' vectors, one for when there is none. .5 is the default setting: the score at which the fitted false
alarms stay within their bars (docs in benchmarks/near_dup.py). A feature's contribution is what the splits on it added to
the log odds on the pair's way down each tree, so contributions and `base` sum to the score.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit

from curate.measure import contrast
from curate.measure.shingles import Shingles, jaccard, shingle
from curate.measure.trigrams import trigrams
from curate.measure.wording import Words, words_of
from curate.types import F32, F64, I32, Bool

FILE = Path(__file__).parent / "same.json"
NAMES: tuple[str, ...] = ("jaccard", "contained", "cosine", "letters", "letters_in", *contrast.NAMES)
MOST = 0.49  # of a pair that is never the same: under the default bar
STEP = 200_000  # pairs whose features are held at once: 30 MB


@dataclass(frozen=True, slots=True)
class Trees:
    """Nodes of all trees: feature (-1 = leaf), bar (x <= bar goes left), children, mean log odds there; each tree's root."""

    feature: I32
    bar: F64
    left: I32
    right: I32
    value: F64
    root: I32
    shift: float


@njit(
    "void(int32[::1], float64[::1], int32[::1], int32[::1], float64[::1], int32[::1], float32[:, ::1], float64[::1])",
    cache=True,
    nogil=True,
)
def _odds(feature, bar, left, right, value, root, x, out):  # type: ignore[no-untyped-def]
    for e in range(x.shape[0]):
        total = 0.0
        for r in root:
            node = r
            while feature[node] >= 0:
                node = left[node] if x[e, feature[node]] <= bar[node] else right[node]
            total += value[node]
        out[e] = total


@njit(
    "void(int32[::1], float64[::1], int32[::1], int32[::1], float64[::1], int32[::1], float32[:, ::1], float64[:, ::1])",
    cache=True,
    nogil=True,
)
def _parts(feature, bar, left, right, value, root, x, out):  # type: ignore[no-untyped-def]
    """out[pair, feature]: change of the mean log odds over the splits on that feature; the last column: the roots."""
    for e in range(x.shape[0]):
        for r in root:
            node = r
            out[e, out.shape[1] - 1] += value[node]
            while feature[node] >= 0:
                step = left[node] if x[e, feature[node]] <= bar[node] else right[node]
                out[e, feature[node]] += value[step] - value[node]
                node = step


@lru_cache(maxsize=1)
def shipped() -> dict[str, Trees]:
    """The fitted trees: "vectors" reads the cosine, "text" does not."""
    return {name: trees_of(part) for name, part in json.loads(FILE.read_text("utf-8"))["trees"].items()}


@lru_cache(maxsize=1)
def version() -> str:
    """A hash of the fitted trees and the lexicon: what `same` was measured with."""
    from hashlib import blake2b

    files = (FILE, FILE.with_name("lexicon.txt"))
    return blake2b(b"".join(f.read_bytes() for f in files), digest_size=8).hexdigest()


def trees_of(part: dict[str, Any]) -> Trees:
    """Trees from their JSON lists."""
    ints = (np.array(part[k], np.int32) for k in ("feature", "left", "right", "root"))
    feature, left, right, root = ints
    return Trees(
        feature,
        np.array(part["bar"], np.float64),
        left,
        right,
        np.array(part["value"], np.float64),
        root,
        part["shift"],
    )


def forbidden(x: F32) -> Bool:
    """Bool [m]: pairs that are never the same, however alike: each side has a number that the other lacks, the same words
    stand in another order, or a negation is all that differs."""
    at = {name: x[:, NAMES.index(name)] for name in ("numbers_both", "left_more", "stop_left", "frame", "negation")}
    reordered = (at["left_more"] == 0) & (at["stop_left"] == 0) & (at["frame"] < 1)
    negated = (at["left_more"] == 0) & (at["negation"] == 1)
    return np.asarray((at["numbers_both"] > 0) | reordered | negated)


def probability(trees: Trees, x: F32) -> F32:
    """float32 [m] of features float32 [m, len(NAMES)], at most `MOST` where `forbidden`; NaN where a text is empty."""
    out = np.empty(x.shape[0], np.float64)
    _odds(trees.feature, trees.bar, trees.left, trees.right, trees.value, trees.root, np.ascontiguousarray(x), out)
    chance = 1.0 / (1.0 + np.exp(-(out + trees.shift)))
    chance = np.where(forbidden(x), np.minimum(chance, MOST), chance)
    return np.where(np.isnan(x[:, 0]), np.nan, chance).astype(np.float32)


def contributions(trees: Trees, x: F32) -> F64:
    """float64 [m, len(NAMES) + 1]: what each feature added to the log odds; the last column is where all begin."""
    out = np.zeros((x.shape[0], len(NAMES) + 1), np.float64)
    _parts(trees.feature, trees.bar, trees.left, trees.right, trees.value, trees.root, np.ascontiguousarray(x), out)
    out[:, -1] += trees.shift
    return out


@dataclass(frozen=True, slots=True)
class Texts:
    """Distinct texts ready to be compared: pairs are places in them."""

    sets: Shingles
    letters: Shingles
    words: Words


def texts_of(column: Any, sets: Shingles | None = None) -> Texts:
    """Texts of an Arrow string column, with its shingles when they are known already."""
    return Texts(shingle(column) if sets is None else sets, trigrams(column), words_of(column))


def features(texts: Texts, i: I32, j: I32, cosine: F32) -> F32:
    """float32 [m, len(NAMES)] of pairs of texts. cosine: float32 [m], NaN = not measured."""
    near, letters = jaccard(texts.sets, i, j), np.nan_to_num(jaccard(texts.letters, i, j))
    parts = (near, _contained(texts.sets, near, i, j), cosine, letters, _contained(texts.letters, letters, i, j))
    return np.column_stack((*parts, contrast.contrast(texts.words, i, j))).astype(np.float32)


def _contained(sets: Shingles, near: F32, i: I32, j: I32) -> F64:
    """float64 [m]: the share of the smaller set that the other one has, from their Jaccard."""
    a, b = sets.sizes()[i], sets.sizes()[j]
    return np.asarray(near * (a + b) / (1 + near) / np.maximum(np.minimum(a, b), 1))


def same_of(texts: Texts, i: I32, j: I32, cosine: F32) -> F32:
    """float32 [m]: the probability that the texts i and j are the same; 1 for a text with itself, NaN for empty ones."""
    out = np.empty(i.shape[0], np.float32)
    for at in range(0, i.shape[0], STEP):
        part = slice(at, at + STEP)
        out[part] = _scored(features(texts, i[part], j[part], cosine[part]))
    return np.where(i == j, np.float32(1), out)


def _scored(x: F32) -> F32:
    blind = np.isnan(x[:, NAMES.index("cosine")])
    out = np.empty(x.shape[0], np.float32)
    for name, rows in (("text", blind), ("vectors", ~blind)):
        if rows.any():
            out[rows] = probability(shipped()[name], x[rows])
    return out
