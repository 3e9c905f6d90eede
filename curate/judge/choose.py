"""Which rows to pay for: the survivors, a sample that has every topic's share, or those next to the bound."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curate.decide import Recipe, frontier
from curate.decide.near import guard_bits, strength
from curate.errors import RecipeError
from curate.types import Bool, Evidence, Verdicts

WHICH = ("survivors", "sample", "borderline")
Rows = NDArray[np.int64]


def choose(
    evidence: Evidence, verdicts: Verdicts, which: str = "survivors", count: int = 0, hidden: Bool | None = None
) -> Rows:
    """int64 [k]: kept rows that nobody judged yet, one of each content, in an order that a content-keyed shuffle gives.

    hidden: rows that are never asked about (ship/sealed.py).

    So a run that its cap ends early has judged a random sample. "sample": `count` rows with every topic's share. "borderline":
    rows whose predicted score lies nearest to the bound of low_judge_score, nearest first. Errors: RecipeError.
    """
    if which not in WHICH:
        raise RecipeError(f"rows to judge: {which!r}; allowed are {', '.join(WHICH)}")
    rows = frontier(evidence, verdicts)
    if hidden is not None:
        rows = rows[~hidden[rows]]
    failed = evidence.columns.get("judge_failed")
    if failed is not None:
        rows = rows[failed[rows] != 1]  # asked already; `--retry` takes the failure back first
    rows = rows[np.argsort(evidence.keys[rows], kind="stable")]
    if which == "borderline":
        rows = _borderline(evidence, verdicts, rows)
    elif which == "sample":
        rows = stratified(rows, verdicts.topic[rows], count or rows.shape[0])
    return rows[:count] if count else rows


def choose_pairs(evidence: Evidence, recipe: Recipe, which: str, count: int, hidden: Bool | None = None) -> Rows:
    """int64 [k]: places in Pairs. "contradictions": over the bar, the surest first, then those next to it; "duplicates": nearest to
    the threshold of near text that no guard keeps apart. Without pairs of `hidden` rows or answered ones. Errors: RecipeError."""
    pairs = evidence.pairs
    if which == "contradictions":
        score, bar = pairs.scores["conflict"], np.float32(recipe.conflict.score)
        order = np.lexsort((np.abs(score - bar), np.where(score >= bar, -score, 0)))
    elif which == "duplicates":
        score = strength(pairs, "jaccard", recipe.near.view)
        score = np.where(pairs.guards & guard_bits(recipe.near.guards, recipe.near.view), np.float32(np.nan), score)
        order = np.argsort(np.abs(score - np.float32(recipe.near.text)), kind="stable")
    else:
        raise RecipeError(f"pairs to judge: {which!r}; allowed are contradictions, duplicates")
    order = order[np.isfinite(score[order])]
    if "conflict_judge" in pairs.scores:
        order = order[np.isnan(pairs.scores["conflict_judge"][order])]
    if hidden is not None:
        order = order[~(hidden[pairs.i[order]] | hidden[pairs.j[order]])]
    return np.asarray(order[:count], np.int64)


def stratified(rows: Rows, stratum: NDArray[np.int32], count: int) -> Rows:
    """The first rows of each stratum by its share of all, largest remainders first; the order of `rows` is kept."""
    if count >= rows.shape[0]:
        return rows
    _, code, sizes = np.unique(stratum, return_inverse=True, return_counts=True)
    exact = sizes * (count / rows.shape[0])
    take = np.floor(exact).astype(np.int64)
    more = np.argsort(-(exact - take), kind="stable")[: count - int(take.sum())]
    take[more] += 1
    order = np.argsort(code, kind="stable")
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    place = np.empty(rows.shape[0], np.int64)
    place[order] = np.arange(rows.shape[0]) - np.repeat(starts, sizes)
    chosen: Rows = rows[place < take[code]]
    return chosen


def _borderline(evidence: Evidence, verdicts: Verdicts, rows: Rows) -> Rows:
    predicted = evidence.columns.get("judge_predicted")
    if predicted is None or np.isnan(predicted[rows]).all():
        raise RecipeError("borderline rows need predicted scores, which need some judged ones; judge a sample first")
    far = np.abs(predicted[rows] - np.float32(verdicts.recipe.rule("low_judge_score").low))
    return np.asarray(rows[np.argsort(np.where(np.isnan(far), np.inf, far), kind="stable")])
