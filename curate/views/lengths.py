"""Length tables and topic shares: S1's report figures (requirements 26-28)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curate.decide import topics_of
from curate.types import F32, Evidence, Verdicts


@dataclass(frozen=True, slots=True)
class Length:
    """Summary of one length column over pool rows that have it."""

    name: str
    unit: str
    count: int
    mean: float
    median: float
    p10: float
    p90: float
    p99: float
    least: float
    most: float
    total: float


LENGTHS = (
    ("prompt", "words", "prompt_words"),
    ("answer", "words", "answer_words"),
    ("prompt", "tokens", "prompt_tokens"),
    ("answer", "tokens", "answer_tokens"),
    ("turns", "turns", "turns"),
)


def length_table(evidence: Evidence, rows: np.ndarray | None = None) -> tuple[Length, ...]:
    """One summary per measured length, over `rows` (default: the pool)."""
    chosen = np.flatnonzero(~evidence.frozen) if rows is None else rows
    found = ((name, unit, evidence.columns.get(column)) for name, unit, column in LENGTHS)
    made = (_summary(name, unit, values[chosen]) for name, unit, values in found if values is not None)
    return tuple(length for length in made if length.count)


def _summary(name: str, unit: str, values: F32) -> Length:
    kept = values[~np.isnan(values)].astype(np.float64)
    if not kept.shape[0]:
        return Length(name, unit, 0, *[float("nan")] * 8)
    p10, median, p90, p99 = np.percentile(kept, [10, 50, 90, 99])
    return Length(
        name,
        unit,
        kept.shape[0],
        float(kept.mean()),
        float(median),
        float(p10),
        float(p90),
        float(p99),
        float(kept.min()),
        float(kept.max()),
        float(kept.sum()),
    )


def topic_names(evidence: Evidence, verdicts: Verdicts) -> tuple[str, ...]:
    """Names of the topics that `verdicts.topic` numbers; () when topics are not measured."""
    found = topics_of(evidence, verdicts)
    return () if found is None else found.names


def topic_counts(evidence: Evidence, verdicts: Verdicts) -> tuple[tuple[str, int], ...]:
    """(name, pool rows) of every topic of the recipe's cut, largest first; rows without a topic last as "no topic"."""
    names = topic_names(evidence, verdicts)
    if not names:
        return ()
    pool = verdicts.topic[~evidence.frozen]
    counts = np.bincount(pool[pool >= 0], minlength=len(names))
    named = sorted(((names[t], int(c)) for t, c in enumerate(counts) if c), key=lambda x: (-x[1], x[0]))
    none = int(np.count_nonzero(pool < 0))
    return (*named, ("no topic", none)) if none else tuple(named)
