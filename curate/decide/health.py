"""Health badges H1-H6: S1's table with its base stated, and an honest answer where a ratio is undefined.

S1 gives healthy and warning bounds; between the two we say watch (requirements D30).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curate.decide.balance import balance
from curate.decide.contradictions import contradicting
from curate.decide.memo import Memo
from curate.decide.pairs import pairs_alone
from curate.decide.recipe import Recipe
from curate.decide.sizing import size_for
from curate.decide.verdicts import topics_of
from curate.types import Action, Band, Check, Dataset, Evidence, Verdicts

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class _Badge:
    """A badge's fixed words."""

    id: str
    name: str
    base: str
    why: str


H1 = _Badge("H1", "Input length spread", "white-space words of the prompts of all pool rows, P90 / P10",
            "Prompts of very different lengths are often several tasks in one file.")  # fmt: skip
H2 = _Badge("H2", "Output length", "white-space words of the answers of all pool rows, median",
            "The model learns to answer at this length.")  # fmt: skip
H3 = _Badge("H3", "Topic imbalance",
            "pool rows of the largest topic over those of the smallest, unassigned rows left out",
            "The model gets good at what it sees most.")  # fmt: skip
H4 = _Badge("H4", "Low scores", "share of scored rows whose judge score is under 3.0",
            "One bad row needs ten good ones to undo it (S3).")  # fmt: skip
H5 = _Badge("H5", "Repetition", "share of the loaded pool that duplicate removal alone drops, row rules off",
            "Repeated rows are learnt by heart.")  # fmt: skip
H6 = _Badge(
    "H6",
    "Final size",
    "rows kept by this recipe",
    "Too few rows teach nothing; too many are seldom looked at.",
)


H7 = _Badge("H7", "Contradictions", "pool rows on a side of a contradiction, over all pool rows, row rules off",
            "Two answers that cannot both be right teach neither (S0).")  # fmt: skip


def check(dataset: Dataset | None, evidence: Evidence, verdicts: Verdicts) -> tuple[Check, ...]:
    """The six badges of S1 in order, then contradictions (S0). `dataset` may be None: nothing here reads text."""
    del dataset
    recipe: Recipe = verdicts.recipe
    pool = np.flatnonzero(~evidence.frozen)
    return (
        _spread(evidence, pool),
        _output(evidence, pool),
        _imbalance(evidence, verdicts, pool),
        _scores(evidence, pool),
        repetition(evidence, recipe, Memo(dict(verdicts.stages))),
        _size(recipe, verdicts, pool),
        _contradictions(evidence, recipe, pool),
    )


def band_of(value: float, healthy: tuple[float, float], warning: tuple[float, float]) -> Band:
    """healthy inside its closed range, warning outside the other, watch between; NaN is not measured."""
    if np.isnan(value):
        return "not measured"
    if healthy[0] <= value <= healthy[1]:
        return "healthy"
    return "warning" if value < warning[0] or value > warning[1] else "watch"


def _make(badge: _Badge, value: float, shown: str, band: Band, todo: str, rows: np.ndarray) -> Check:
    return Check(badge.id, badge.name, value, shown, badge.base, band, badge.why, todo, rows.astype(np.int64))


def _undefined(badge: _Badge, shown: str, todo: str) -> Check:
    return _make(badge, NAN, shown, "not measured", todo, np.empty(0))


def _measured(evidence: Evidence, column: str, pool: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pool rows that have the column, and their values."""
    values = evidence.columns.get(column)
    if values is None:
        return pool[:0], np.empty(0, dtype=np.float32)
    rows = pool[~np.isnan(values[pool])]
    return rows, values[rows].astype(np.float64)


def _spread(evidence: Evidence, pool: np.ndarray) -> Check:
    rows, words = _measured(evidence, "prompt_words", pool)
    if not rows.shape[0]:
        return _undefined(H1, "no prompts", "Load rows that have a prompt.")
    low, high = np.percentile(words, [10, 90])
    if low <= 0:
        return _make(H1, NAN, f"undefined: P10 is {low:.0f}, P90 {high:.0f} words", "warning",
                     "A tenth of the prompts is empty: look at them first.", rows[words <= low])  # fmt: skip
    ratio = float(high / low)
    band = band_of(ratio, (0, np.nextafter(20, 0)), (-1, 50))
    todo = {"healthy": "Nothing to do."}.get(
        band, "Look at both ends; split the file by task, or bound the prompt length."
    )
    return _make(H1, ratio, f"{ratio:.1f}x (P10 {low:.0f}, P90 {high:.0f} words)", band, todo,
                 rows[(words < low) | (words > high)])  # fmt: skip


def _output(evidence: Evidence, pool: np.ndarray) -> Check:
    rows, words = _measured(evidence, "answer_words", pool)
    if not rows.shape[0]:
        return _undefined(H2, "no answers", "Load rows that have an answer.")
    median = float(np.median(words))
    band = band_of(median, (50, 300), (20, 800))
    todo = "Nothing to do."
    if band != "healthy":
        todo = ("Short answers are right for labels; else ask for fuller ones." if median < 50
                else "Long answers cost tokens and teach padding: look at the longest.")  # fmt: skip
    far = (words < 50) | (words > 300)
    return _make(H2, median, f"{median:.0f} words", band, todo, rows[far] if band != "healthy" else rows[:0])


def _imbalance(evidence: Evidence, verdicts: Verdicts, pool: np.ndarray) -> Check:
    if topics_of(evidence, verdicts) is None:
        few = bool(evidence.facts.get("vectors"))
        todo = (
            "There are too few different prompts for topics." if few else "Topics need vectors: measure with a model."
        )
        return _undefined(H3, "not measured", todo)
    topic = verdicts.topic[pool]
    sizes = np.bincount(topic[topic >= 0])
    found = balance(sizes)
    if found is None or found.topics < 2:
        shown = "no topics" if found is None else "one topic"
        return _make(H3, NAN, f"undefined: {shown} found", "watch", "Lower topics.size to look closer.", np.empty(0))
    ratio = found.imbalance
    band = band_of(ratio, (0, np.nextafter(10, 0)), (-1, 50))
    shown = (
        f"{ratio:.0f}x over {found.topics} topics (top 5 hold {found.top:.0%}, effective number {found.effective:.0f})"
    )
    todo = (
        "Nothing to do." if band == "healthy" else "Cap the largest topics (topics.cap) or add rows to the thin ones."
    )
    return _make(H3, ratio, shown, band, todo, pool[topic == int(sizes.argmax())])


def _scores(evidence: Evidence, pool: np.ndarray) -> Check:
    rows, scores = _measured(evidence, "judge_overall", pool)
    if not rows.shape[0]:
        return _undefined(
            H4,
            "not measured",
            "Switch the judge on for the rows that survive; nothing is sent before you confirm.",
        )
    share = float(np.mean(scores < 3.0))
    band = band_of(share, (0, np.nextafter(0.05, 0)), (-1, 0.20))
    todo = "Nothing to do." if band == "healthy" else "Read the low rows; fix how they are made before adding more."
    return _make(H4, share, f"{share:.1%} of {rows.shape[0]:,} scored", band, todo, rows[scores < 3.0])


def repetition(evidence: Evidence, recipe: Recipe, memo: Memo | None = None) -> Check:
    """H5 alone: the dedup reduction rate. memo: stages of verdicts of the same evidence."""
    pool = np.flatnonzero(~evidence.frozen)
    if not pool.shape[0]:
        return _undefined(H5, "no rows", "Load a dataset.")
    gone = np.flatnonzero(pairs_alone(evidence, recipe, memo).witness >= 0)  # contradictions wait for review, they stay
    share = gone.shape[0] / pool.shape[0]
    band = band_of(share, (0.05, 0.30), (-1, 0.60))
    todo = {
        "healthy": "Nothing to do.",
        "warning": "Mostly one thing repeated: ask whether what is left is varied enough to learn from.",
    }.get(band, "Little repetition found: good, or the copies differ more than the thresholds allow." if share < 0.05
          else "More repetition than usual: look at the largest groups.")  # fmt: skip
    return _make(H5, share, f"{share:.1%} ({gone.shape[0]:,} of {pool.shape[0]:,})", band, todo, gone)


def _size(recipe: Recipe, verdicts: Verdicts, pool: np.ndarray) -> Check:
    kept = verdicts.count(Action.KEEP)
    goal = size_for(recipe.goal.name)
    if not pool.shape[0]:
        return _undefined(H6, "no rows", "Load a dataset.")
    if goal is None:
        band: Band = "warning" if kept < 1_000 or kept > 500_000 else "healthy"
        todo = "Choose a goal (goal.name): its own minimum then decides." if band == "warning" else "Nothing to do."
        return _make(H6, kept, f"{kept:,} rows (S1: 1,000 to 500,000; no goal chosen)", band, todo, np.empty(0))
    band = "healthy" if kept >= goal.least else "warning"
    todo = (
        "Nothing to do."
        if band == "healthy"
        else f"Add at least {goal.least - kept:,} good rows; five to ten times that if nobody reviews them."
    )
    top = f"-{goal.enough:,}" if goal.enough else "+"
    shown = f"{kept:,} rows; {goal.title} wants {goal.least:,}{top} ({goal.source}); S1's lines: 1,000 to 500,000"
    return _make(H6, kept, shown, band, todo, np.empty(0))


def _contradictions(evidence: Evidence, recipe: Recipe, pool: np.ndarray) -> Check:
    """Rows of contradicting pairs and their copies. One in a hundred is a warning: at S3's ten good rows for a bad one it
    costs a tenth of the set."""
    if not pool.shape[0]:
        return _undefined(H7, "no rows", "Load a dataset.")
    if not recipe.conflict.enabled:
        return _undefined(H7, "switched off", "Switch contradictions on (conflict.enabled).")
    if not evidence.facts.get("vectors") and not np.isfinite(evidence.pairs.scores["conflict"]).any():
        return _undefined(H7, "not measured", "Contradictions need vectors, or a question that is asked twice.")
    content = evidence.classes["content"]
    at = contradicting(evidence, recipe)
    sides = np.zeros(len(evidence), dtype=np.bool_)
    sides[evidence.pairs.i[at]] = sides[evidence.pairs.j[at]] = True
    rows = pool[sides[content[pool]]]
    share = rows.shape[0] / pool.shape[0]
    band = band_of(share, (0, 0), (-1, 0.01))
    todo = "Nothing to do." if band == "healthy" else "Read both sides; keep the right one or call both right."
    shown = f"{rows.shape[0]:,} rows ({at.shape[0]:,} pairs, {share:.2%} of the pool)"
    return _make(H7, share, shown, band, todo, rows)
