"""Run statistics: rows after every stage, frequent reasons, and every score over all scored rows.

Source: document 001, CurationStats. Its score figures covered survivors only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curate.decide import topics_of
from curate.types import F32, Action, Evidence, Verdicts

DEDUP_CODES = ("exact_copy", "near_text", "near_meaning")
TOP_REASONS = 10
# The judge where it spoke, else S3's score, which is shape rather than quality.
AVERAGED = ("judge_overall", "shape_s3")
DIGITS = 6


@dataclass(frozen=True, slots=True)
class Score:
    """One score column over every row that has a value, kept or not."""

    rows: int
    mean: float
    median: float
    p25: float
    p75: float


@dataclass(frozen=True, slots=True)
class RunStats:
    """stages: (name, rows alive after it). reasons: (code, rows that carry it), most frequent first, ten at most.

    dedup_rate: share of the loaded pool whose first reason is a duplicate. average_score: mean of the first
    of `AVERAGED` that was measured, named by `average_of`; None = neither was. topics: (name, pool rows, kept rows) of
    the recipe's cut, largest first; () when topics are not measured.
    """

    stages: tuple[tuple[str, int], ...]
    reasons: tuple[tuple[str, int], ...]
    scores: dict[str, Score]
    dedup_rate: float | None
    average_score: float | None
    average_of: str
    topics: tuple[tuple[str, int, int], ...] = ()


def run_stats(evidence: Evidence, verdicts: Verdicts) -> RunStats:
    """Statistics of one run."""
    funnel = verdicts.funnel
    reasons = sorted(zip(funnel.codes, funnel.all, strict=True), key=lambda item: (-item[1], item[0]))
    scores = {name: s for name in sorted(evidence.columns) if (s := _score(evidence.columns[name]))}
    averaged = next((name for name in AVERAGED if name in scores), "")
    pool = int(np.count_nonzero(~evidence.frozen))
    copies = sum(n for code, n in zip(funnel.codes, funnel.first, strict=True) if code in DEDUP_CODES)
    return RunStats(
        stages=funnel.stages,
        reasons=tuple((code, n) for code, n in reasons if n)[:TOP_REASONS],
        scores=scores,
        dedup_rate=_rounded(copies / pool) if pool else None,
        average_score=scores[averaged].mean if averaged else None,
        average_of=averaged,
        topics=_topics(evidence, verdicts),
    )


def _topics(evidence: Evidence, verdicts: Verdicts) -> tuple[tuple[str, int, int], ...]:
    found = None if evidence.topics is None else topics_of(evidence, verdicts)
    if found is None:
        return ()
    held = (verdicts.topic >= 0) & ~evidence.frozen
    before, after = (
        np.bincount(verdicts.topic[rows], minlength=len(found.names)).tolist()
        for rows in (held, held & (verdicts.action == Action.KEEP))
    )
    listed = [(name, a, b) for name, a, b in zip(found.names, before, after, strict=True) if a]
    return tuple(sorted(listed, key=lambda t: (-t[1], t[0])))


def _score(column: F32) -> Score | None:
    values = column[np.isfinite(column)].astype(np.float64)
    if not len(values):
        return None
    p25, median, p75 = np.percentile(values, (25, 50, 75))
    # Sorted before summing: the mean must not depend on anything but the values.
    return Score(len(values), *map(_rounded, (float(np.sort(values).mean()), median, p25, p75)))


def _rounded(value: float) -> float:
    """Six significant digits: the last bits of a float sum differ between processors."""
    return float(f"{float(value):.{DIGITS}g}")
