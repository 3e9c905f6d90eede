"""Which rows people review, seeded: at random, by topic, next to a bound, flagged by a rule, or a specialist's tenth.

Only what is drawn from all kept rows says how many of them are wrong; borderline and flagged rows are the hard ones, so their
share of errors says nothing of the set (`Drawn.fair`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.decide.agreement import WANTED
from curate.decide.formula import columns_of, values_of
from curate.decide.splits import shuffle_keys
from curate.errors import RecipeError
from curate.types import F64, Action, Bool, Evidence, Verdicts

Rows = NDArray[np.int64]
HOW = ("random", "stratified", "borderline", "flagged", "specialist")
FAIR = ("random", "stratified", "specialist")
TENTH = 0.1  # S0: a specialist reads a random tenth
DEFAULT = 200  # S0 wants 100 to 200 rows, S1 200 (requirements D35): the larger


@dataclass(frozen=True)
class Drawn:
    """rows: int64 [k], in the order to review. twice: Bool [k], to be labelled by two. weight: float64 [k], how many rows
    of the base each stands for. base: rows drawn from; fair: their share of errors is the base's."""

    rows: Rows
    twice: Bool
    weight: F64
    base: int
    fair: bool


def draw(
    evidence: Evidence, verdicts: Verdicts, how: str, count: int, seed: int, twice: float = WANTED,
    hidden: Bool | None = None,
) -> Drawn:  # fmt: skip
    """At most `count` rows (specialist with 0: a tenth). hidden: Bool [n], rows that nobody may look at.

    Errors: RecipeError for a way that is none, or a share out of 0 to 1.
    """
    if how not in HOW:
        raise RecipeError(f"a review queue of {how[:40]!r}; allowed are {', '.join(HOW)}")
    if not 0 <= twice <= 1 or count < 0:
        raise RecipeError(f"{count} rows, {twice:g} of them twice; allowed are 0 or more rows and a share from 0 to 1")
    seeded = shuffle_keys(evidence.keys, seed)
    seen = np.ones(len(evidence), np.bool_) if hidden is None else ~hidden
    base = _base(verdicts, how, seen & ~evidence.frozen)
    count = -(-base.shape[0] // round(1 / TENTH)) if how == "specialist" and not count else count
    base = base[np.argsort(seeded[base], kind="stable")]
    weight = np.full(min(count, base.shape[0]), base.shape[0] / max(min(count, base.shape[0]), 1))
    rows = base[:count]
    if how == "stratified":
        rows, weight = _by_topic(base, np.asarray(verdicts.topic)[base], count)
    elif how == "borderline":
        rows = base[np.argsort(distance(evidence, verdicts)[base], kind="stable")][:count]
    elif how == "flagged":
        rows = _in_turn(base, first_reason(verdicts, base))[:count]
    order = np.argsort(seeded[rows], kind="stable") if how in FAIR else np.arange(rows.shape[0])
    rows, weight = rows[order], weight[order]
    again = np.zeros(rows.shape[0], np.bool_)
    again[np.argsort(shuffle_keys(evidence.keys[rows], seed + 1), kind="stable")[: _part(twice, rows.shape[0])]] = True
    return Drawn(rows, again, weight, int(base.shape[0]), how in FAIR)


def _part(share: float, count: int) -> int:
    """A share of rows, rounded up: a tenth of 5 rows is one row."""
    return int(np.ceil(round(share * count, 9)))


def _base(verdicts: Verdicts, how: str, free: Bool) -> Rows:
    if how == "flagged":
        return np.flatnonzero(free & (verdicts.action != Action.KEEP) & verdicts.reasons.any(axis=1))
    return np.flatnonzero(free & (verdicts.action == Action.KEEP)) if how in FAIR else np.flatnonzero(free)


def _by_topic(base: Rows, topic: NDArray[np.int32], count: int) -> tuple[Rows, F64]:
    """Each topic in its share, at least one row where there are as many rows as topics; weights make up for the rounding."""
    order = np.argsort(topic, kind="stable")  # shuffled within each topic already
    base, topic = base[order], topic[order]
    _, start, size = np.unique(topic, return_index=True, return_counts=True)
    count = min(count, base.shape[0])
    if count < max(size.shape[0], 1):  # fewer rows than topics: every so many-th row of the ordered list
        at = (np.arange(count) * base.shape[0] // max(count, 1)).astype(np.int64)
        return base[at], np.full(count, base.shape[0] / max(count, 1))
    take = shares(size, count)
    chosen = np.arange(base.shape[0]) - np.repeat(start, size) < np.repeat(take, size)
    return base[chosen], np.repeat(size / take, take)


def shares(size: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """int64 [k]: `count` places for groups of these sizes, one each at least, the rest by largest remainders."""
    want = size * (count / size.sum())
    take = np.maximum(np.floor(want), 1).astype(np.int64)
    take = np.minimum(take, size)
    while (over := int(take.sum()) - count) > 0:  # the ones that were rounded up to 1 took places from the largest
        most = np.argsort(-(take - want), kind="stable")
        most = most[take[most] > 1][:over]
        take[most] -= 1
    while (short := count - int(take.sum())) > 0:
        most = np.argsort(take - want, kind="stable")
        take[most[take[most] < size[most]][:short]] += 1
    return np.asarray(take, np.int64)


def _in_turn(rows: Rows, group: NDArray[np.int64]) -> Rows:
    """The first row of every group, then the second ones: no reason crowds the others out."""
    order = np.argsort(group, kind="stable")
    sorted_ = group[order]
    rank = np.empty(rows.shape[0], np.int64)
    rank[order] = np.arange(rows.shape[0]) - np.searchsorted(sorted_, sorted_)
    return rows[np.lexsort((group, rank))]


def first_reason(verdicts: Verdicts, rows: Rows) -> NDArray[np.int64]:
    """int64 [k]: the place in `verdicts.codes` of each row's earliest reason, -1 without one."""
    out = np.full(rows.shape[0], -1, np.int64)
    for b in range(len(verdicts.codes) - 1, -1, -1):
        out[(verdicts.reasons[rows, b >> 6] >> np.uint64(b & 63) & np.uint64(1)).astype(np.bool_)] = b
    return out


def distance(evidence: Evidence, verdicts: Verdicts) -> F64:
    """float64 [n]: how many rows in a hundred lie between a row and the nearest bound of a rule that is on.

    Counted in ranks, so that words, shares and scores can be compared; infinite where no bound applies.
    """
    out = np.full(len(evidence), np.inf)
    for rule in verdicts.recipe.rules:
        if not rule.enabled or rule.fact or not columns_of(rule) <= evidence.columns.keys():
            continue
        values = values_of(rule, evidence.columns)
        if values is None:
            continue
        known = np.flatnonzero(~np.isnan(values) & ~evidence.frozen)
        order = np.sort(values[known])
        for bound in (rule.low, rule.high):
            if not np.isfinite(bound) or not known.shape[0]:
                continue
            left, right = (np.searchsorted(order, values[known], side=s) for s in ("left", "right"))
            place, limit = (left + right) / 2, np.searchsorted(order, bound)
            out[known] = np.minimum(out[known], 100 * np.abs(place - limit) / known.shape[0])
    return out
