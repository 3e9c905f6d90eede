"""S1's first question as a card: repetition, sampled quality, topic concentration, two kinds of length."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curate.decide.decide import pairs_alone
from curate.types import Band, Verdicts
from curate.ui.loaded import Loaded
from curate.views import figures_stats as stats

LEAST_SAMPLE = 200
HARMFUL = 3.5


@dataclass(frozen=True, slots=True)
class Line:
    """One question with its answer and band."""

    band: Band
    question: str
    answer: str


def lines(data: Loaded, made: Verdicts) -> tuple[Line, ...]:
    """The four answers of S1, Q1; what is not measured says what to run."""
    return (_repetition(data, made), _quality(data), _concentration(data, made), _lengths(data))


def _repetition(data: Loaded, made: Verdicts) -> Line:
    key = ("alone", made.recipe.near, made.recipe.leak, made.recipe.conflict, made.recipe.overrides.fingerprint)
    alone = data.remember(key, lambda: pairs_alone(data.evidence, made.recipe))
    pool = data.pool
    share = float(np.count_nonzero(~alone.alive[pool])) / pool.shape[0] if pool.shape[0] else float("nan")
    left = pool.shape[0] - int(np.count_nonzero(~alone.alive[pool]))
    band: Band = (
        "not measured" if share != share else "warning" if share >= 0.5 else "watch" if share >= 0.3 else "healthy"
    )
    return Line(
        band,
        "Is it really that many rows?",
        f"{share:.0%} are copies or near copies: {left:,} different rows (30 to 50 % means it is mostly repetition)."
        if share == share
        else "There are no pool rows.",
    )


def _quality(data: Loaded) -> Line:
    column = data.evidence.columns.get("judge_overall")
    scored = column[data.pool][np.isfinite(column[data.pool])] if column is not None else np.empty(0)
    if scored.shape[0] < LEAST_SAMPLE:
        return Line(
            "not measured",
            "Is the bulk of it good?",
            f"Only {scored.shape[0]} rows are scored. Score a random {LEAST_SAMPLE}, by people or by the judge: "
            f"a mean under {HARMFUL} of 5 does harm.",
        )
    mean = float(scored.mean())
    return Line(
        "warning" if mean < HARMFUL else "healthy",
        "Is the bulk of it good?",
        f"The mean of {scored.shape[0]:,} scored rows is {mean:.2f} of 5 (under {HARMFUL} does harm).",
    )


def _concentration(data: Loaded, made: Verdicts) -> Line:
    question = "Is it about more than a few things?"
    _, before, _ = stats.topic_sizes(made, data.pool, np.zeros(len(data), dtype=np.bool_))
    if data.evidence.topics is None or not before.shape[0]:
        return Line("not measured", question, "Topics are not measured: they need the vectors.")
    share = before[:5].sum() / before.sum()
    band: Band = "watch" if share >= 0.6 and before.shape[0] > 5 else "healthy"
    return Line(
        band,
        question,
        f"The 5 largest of {before.shape[0]:,} topics hold {share:.0%} of the rows that have one (60 % is "
        "concentrated).",
    )


def _lengths(data: Loaded) -> Line:
    question = "Is it one kind of answer?"
    column = data.evidence.columns.get("answer_words")
    value = stats.two_humps(column[data.pool]) if column is not None else float("nan")
    if value != value:
        return Line("not measured", question, "Too few answers to say.")
    two = value > stats.TWO_HUMPS
    said = (
        "Answer lengths have two humps: perhaps two sources or tasks in one file"
        if two
        else "Answer lengths have one hump"
    )
    return Line(
        "watch" if two else "healthy",
        question,
        f"{said} (Sarle's coefficient {value:.2f}; above {stats.TWO_HUMPS:.2f} is two).",
    )
