"""Asking: signs that two near questions ask for different things, so that different answers are no contradiction.

Vectors of "who coached the team" and "what was the team's record" lie at .8 and above: most near questions of a real file
are two questions. A sign makes a contradiction less likely; few labelled contradictions show one (benchmarks/contradiction.py).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curate.measure.clauses import Said
from curate.measure.lexicon import NUMBER, STOP, fnv
from curate.measure.questions import KINDS
from curate.types import F32, I32, U64, Bool

# Kinds of which a question is one; "what" may stand for any of them, but not beside a question that has another word too.
ONE = tuple(KINDS.index(k) for k in ("who", "where", "when", "how_many", "why", "how", "yes_no"))
_WHAT, _YES_NO = KINDS.index("what"), KINDS.index("yes_no")


def other_kind(kinds: F32, i: I32, j: I32) -> Bool:
    """bool [m]: one asks who, when, how many ..., and the other something else. kinds: of each question."""
    a, b = kinds[i][:, ONE] > 0, kinds[j][:, ONE] > 0
    what, closed = kinds[:, _WHAT] > 0, kinds[:, _YES_NO] > 0
    some_a, some_b = a.any(axis=1), b.any(axis=1)
    apart = some_a & some_b & ~(a & b).any(axis=1)
    apart |= some_a & ~some_b & what[j] & ~what[i] & ~closed[i]
    return np.asarray(apart | (some_b & ~some_a & what[i] & ~what[j] & ~closed[j]))


def counted(prompts: Said) -> U64:
    """uint64 [n]: the word after "how many" or "how much" in each question, by its dictionary form; 0 = none."""
    n = prompts.start.shape[0] - 1
    out = np.zeros(n, dtype=np.uint64)
    key = prompts.words.key[prompts.word]
    if key.shape[0] < 3:
        return out
    how, many = np.uint64(fnv("how")), [np.uint64(fnv(w)) for w in ("many", "much")]
    bits = prompts.words.bits[prompts.word[2:]]
    row = np.repeat(np.arange(n), np.diff(prompts.start))
    at = np.flatnonzero(
        (key[:-2] == how) & np.isin(key[1:-1], many) & (row[:-2] == row[2:]) & ((bits & (STOP | NUMBER)) == 0)
    )
    out[row[at[::-1]]] = key[at[::-1] + 2]  # the first one stays
    return out


def other_count(prompts: Said, count: U64, i: I32, j: I32) -> Bool:
    """bool [m]: both ask how many, of things that the other question does not name."""
    out = np.zeros(i.shape[0], dtype=np.bool_)
    at = np.flatnonzero((count[i] > 0) & (count[j] > 0) & (count[i] != count[j]))
    if at.shape[0]:
        row = np.repeat(np.arange(count.shape[0], dtype=np.uint64), np.diff(prompts.start))
        held = _mixed(row, prompts.words.key[prompts.word])
        sides = [~np.isin(_mixed(b[at].astype(np.uint64), count[a[at]]), held) for a, b in ((i, j), (j, i))]
        out[at] = sides[0] & sides[1]
    return out


def _mixed(row: NDArray[np.uint64], key: U64) -> NDArray[np.uint64]:
    return (row + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15) ^ key
