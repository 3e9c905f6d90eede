"""Whether a reviewer changes while labelling: time taken, words written and share called good, early against late."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curate.types import F64

LEAST = 30  # labels: three thirds of ten; below it a median is an anecdote
SURE = 0.01  # of Mann-Whitney: three figures of several reviewers are looked at
FELL = 0.7  # and the median must have moved by this factor: a sure difference of a second is no drift


@dataclass(frozen=True, slots=True)
class Change:
    """One figure of one reviewer: median (share for good) of the first and of the last third, p of Mann-Whitney's test;
    drifted: sure and large."""

    name: str
    early: float
    late: float
    p: float
    drifted: bool


def change(name: str, values: F64) -> Change | None:
    """values: float64 [k] in the order of labelling; None below `LEAST` labels."""
    from scipy.stats import mannwhitneyu

    if values.shape[0] < LEAST:
        return None
    third = values.shape[0] // 3
    first, last = values[:third], values[-third:]
    share = set(np.unique(values).tolist()) <= {0.0, 1.0}
    middle = np.mean if share else np.median
    early, late = float(middle(first)), float(middle(last))
    p = 1.0 if np.ptp(values) == 0 else float(mannwhitneyu(first, last, alternative="two-sided").pvalue)
    large = (
        abs(late - early) >= 1 - FELL if share else max(early, late) > 0 and min(early, late) <= FELL * max(early, late)
    )
    return Change(name, early, late, p, bool(p < SURE and large))


def said(found: Change) -> str:
    """What became of the figure, in words."""
    if not found.drifted:
        return "steady"
    return "fell" if found.late < found.early else "rose"
