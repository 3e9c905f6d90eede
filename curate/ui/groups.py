"""Groups of duplicates: a kept row with the rows that go because of it, what each edge is, and who repeats whom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.decide.near import guard_bits, strength
from curate.decide.recipe import Recipe
from curate.decide.rules import BIT
from curate.types import F32, Bool, Evidence, Pairs, Verdicts
from curate.ui.loaded import Loaded, Rows

KINDS = ("exact_copy", "near_text", "near_meaning", "contaminated")
# Named levels at which two rows are equal, the strictest first, in words.
EQUAL = {
    "content": "equal in every message",
    "spaced": "equal but for case and blanks",
    "folded": "equal but for case, blanks and punctuation",
    "question": "the same question",
}
# Settings of [near] that are thresholds: (in words, what the score is called).
SCORES = {"text": ("Near text", "Jaccard"), "meaning": ("Near meaning", "cosine"), "sure": ("How sure", "probability")}


@dataclass(frozen=True, slots=True)
class Groups:
    """Kept rows with their copies. keeper [g]; start [g + 1] into members; kinds uint64 [g], reason bits."""

    keeper: Rows
    start: NDArray[np.int64]
    members: Rows
    kinds: NDArray[np.uint64]

    def __len__(self) -> int:
        return int(self.keeper.shape[0])

    def of(self, group: int) -> Rows:
        return self.members[self.start[group] : self.start[group + 1]]

    @property
    def sizes(self) -> NDArray[np.int64]:
        return np.diff(self.start)


@dataclass(frozen=True, slots=True)
class Edges:
    """Rows and their witnesses: place in Pairs (-1: none was measured) and the level at which they are equal ("": not)."""

    at: Rows
    level: tuple[str, ...]


def kept_for(made: Verdicts) -> Rows:
    """int64 [n]: the row that stays for each row that goes, -1 for the others. An exact copy's witness may itself be a
    near copy of another row: the last one of such a chain."""
    by = made.witness.astype(np.int64)
    while True:
        further = np.where(by >= 0, made.witness[by], -1)
        if not (further >= 0).any():
            return by
        by = np.where(further >= 0, further, by)


def groups_of(made: Verdicts) -> Groups:
    """Groups by the row that stays, the largest first, then by the keeper's row."""
    rows = np.flatnonzero(made.witness >= 0)
    by = kept_for(made)[rows]
    keeper, code, sizes = np.unique(by, return_inverse=True, return_counts=True)
    order = np.lexsort((keeper, -sizes))
    place = np.empty_like(order)
    place[order] = np.arange(order.shape[0])
    sort = np.argsort(place[code], kind="stable")
    start = np.concatenate(([0], np.cumsum(sizes[order])))
    bits = np.zeros(rows.shape[0], dtype=np.uint64)
    for kind in KINDS:
        bits |= made.carries(kind, rows=rows[sort]).astype(np.uint64) << np.uint64(BIT[kind])
    kinds = np.bitwise_or.reduceat(bits, start[:-1]) if rows.shape[0] else np.empty(0, np.uint64)
    return Groups(keeper[order], start, rows[sort], kinds)


def held(data: Loaded, made: Verdicts) -> Groups:
    """The groups of the verdicts, made once."""
    return data.remember(("groups", made.recipe.fingerprint), lambda: groups_of(made))


def with_rows(found: Groups, wanted: Bool) -> Rows:
    """Numbers of the groups that hold a wanted row. wanted: Bool [n]."""
    if not len(found):
        return np.empty(0, np.int64)
    return np.flatnonzero(np.logical_or.reduceat(wanted[found.members], found.start[:-1]) | wanted[found.keeper])


def counts(made: Verdicts) -> dict[str, int]:
    """Rows with a witness by the reason that names it; one row can carry several near reasons."""
    found = made.counts(np.flatnonzero(made.witness >= 0))
    return {k: found.get(k, 0) for k in KINDS}


def thresholds(evidence: Evidence, recipe: Recipe) -> tuple[str, ...]:
    """The settings of [near] that have a measured score behind them; near text always."""
    vectors = bool(evidence.facts.get("vectors", 0))
    known = {"text": True, "meaning": vectors, "sure": recipe.near.guards == "sure"}
    return tuple(k for k, there in known.items() if there)


def score_of(pairs: Pairs, kind: str, view: str) -> F32:
    """float32 [m]: the score that the threshold `kind` acts on, NaN = not measured."""
    return strength(pairs, {"text": "jaccard", "meaning": "cosine", "sure": "same"}[kind], view)


def floor_of(evidence: Evidence, recipe: Recipe, kind: str) -> float:
    """The least threshold that can be asked for."""
    measured = evidence.pairs.floor.get("same" if kind == "sure" else kind)
    return float(getattr(recipe.near, f"{kind}_floor", 0.0) if measured is None else measured)


def unguarded(pairs: Pairs, recipe: Recipe) -> Bool:
    """Bool [m]: pairs that no guard keeps apart under the recipe."""
    return np.asarray((pairs.guards & guard_bits(recipe.near.guards, recipe.near.view)) == 0)


def places(data: Loaded, one: Rows, two: Rows) -> Rows:
    """int64 [k]: the place in `Pairs` that stands for each two rows, -1 where they are no measured pair."""
    pairs, n = data.evidence.pairs, len(data)
    content = data.evidence.classes["content"].astype(np.int64)
    key = data.remember(("pair keys",), lambda: pairs.i.astype(np.int64) * n + pairs.j)
    a, b = content[one], content[two]
    wanted = np.minimum(a, b) * n + np.maximum(a, b)
    at = np.minimum(np.searchsorted(key, wanted), max(len(pairs) - 1, 0))
    return np.where(key[at] == wanted, at, -1) if len(pairs) else np.full(wanted.shape[0], -1)


def edges(data: Loaded, rows: Rows, by: Rows) -> Edges:
    """What joins rows to their witnesses."""
    level = np.full(rows.shape[0], "", dtype=object)
    for name in reversed(EQUAL):
        label = data.evidence.classes[name]
        level[label[rows] == label[by]] = name
    return Edges(places(data, rows, by), tuple(level.tolist()))


def weakest(data: Loaded, made: Verdicts, rows: Rows) -> F32:
    """float32 [k]: how alike each row and its witness are by the threshold that joined them, 1 where they are equal.

    The least sure come first when sorted: the likeliest false merges.
    """
    pairs, near = data.evidence.pairs, made.recipe.near
    at = places(data, rows, made.witness[rows].astype(np.int64))
    best = np.ones(rows.shape[0], dtype=np.float32)
    there = at >= 0
    found = np.zeros(int(np.count_nonzero(there)), dtype=np.float32)
    for kind in ("sure",) if near.guards == "sure" else thresholds(data.evidence, made.recipe):
        score = score_of(pairs, kind, near.view)[at[there]]
        found = np.fmax(found, np.where(score >= np.float32(getattr(near, kind)), score, np.float32(np.nan)))
    best[there] = found
    return best


def across(codes: NDArray[np.int32], made: Verdicts) -> tuple[Rows, Rows, Rows]:
    """Who repeats whom: (value of the dropped row, value of its witness, rows), the most first. codes: int32 [n], -1 = none."""
    rows, by = np.flatnonzero(made.witness >= 0), kept_for(made)
    one, two = codes[rows].astype(np.int64), codes[by[rows]].astype(np.int64)
    both = (one >= 0) & (two >= 0)
    most = int(codes.max(initial=0)) + 1
    pair, count = np.unique(one[both] * most + two[both], return_counts=True)
    order = np.argsort(-count, kind="stable")
    return pair[order] // most, pair[order] % most, count[order]


def between(codes: NDArray[np.int32], made: Verdicts, one: int, two: int) -> Rows:
    """The rows of value `one` that go because of a row of value `two`."""
    rows, by = np.flatnonzero(made.witness >= 0), kept_for(made)
    return np.asarray(rows[(codes[rows] == one) & (codes[by[rows]] == two)])
