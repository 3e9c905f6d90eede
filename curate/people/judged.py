"""What people said of rows that a judge scored: shared sample, agreement, and the bound that agrees best with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.judge.trust import best_threshold, bound_kappa, weighted_kappa
from curate.overrides import Overrides
from curate.store import Label
from curate.types import F32, Evidence

FEW = 10  # rows kept and rows dropped from which a bound is proposed, and scores from which agreement is told


@dataclass(frozen=True)
class People:
    """Rows that people decided or labelled. rows: int64 [k]; keep: Bool [k]; score: float32 [k], mean of their 1-5, NaN = none given."""

    rows: NDArray[np.int64]
    keep: NDArray[np.bool_]
    score: F32


@dataclass(frozen=True, slots=True)
class Shared:
    """A judge beside people. rows: both spoke; kept: of them kept by people; kappa: weighted, of scores from 1 to 5, over `scored` rows (NaN: too
    few); bound, best: the bound that agrees best and its kappa, None: too few; now: kappa of the bound as it is set."""

    rows: int
    kept: int
    kappa: float
    scored: int
    bound: float | None
    best: float
    now: float


def people(evidence: Evidence, overrides: Overrides, labels: Sequence[Label]) -> People:
    """Everybody's word by row: a decision by hand wins, else what was settled, else the majority of labels (a tie drops)."""
    good: dict[str, list[float]] = {}
    settled: dict[str, float] = {}
    scores: dict[str, list[int]] = {}
    for x in labels:
        fine = float(x.said.value == "good")
        if x.settled:
            settled[x.id] = fine
        else:
            good.setdefault(x.id, []).append(fine)
        if x.said.score is not None:
            scores.setdefault(x.id, []).append(x.said.score)
    said = {i: sum(v) / len(v) > 0.5 for i, v in good.items()} | {i: v > 0.5 for i, v in settled.items()}
    said |= {i: a == "keep" for i, a in zip(overrides.ids, overrides.actions, strict=True) if a in ("keep", "drop")}
    if not said:
        return People(np.empty(0, np.int64), np.empty(0, np.bool_), np.empty(0, np.float32))
    wanted = np.array(sorted(said), evidence.ids.dtype)
    rows = np.flatnonzero(np.isin(evidence.ids, wanted))
    ids = [i.decode() for i in evidence.ids[rows].tolist()]
    mean = [float(np.mean(scores[i])) if i in scores else float("nan") for i in ids]
    return People(rows, np.array([said[i] for i in ids], np.bool_), np.array(mean, np.float32))


def shared(overall: F32, found: People, bound: float) -> Shared:
    """overall: float32 [n], the judge's score of every row; bound: of low_judge_score as it is set."""
    here = np.isfinite(overall[found.rows])
    scores, keep, theirs = overall[found.rows][here], found.keep[here], found.score[here]
    best = best_threshold(scores, keep)
    both = np.isfinite(theirs)
    kappa = float("nan")
    if both.sum() >= FEW:
        one, two = (np.clip(np.round(v[both]), 1, 5).astype(np.int64) - 1 for v in (scores, theirs))
        kappa = weighted_kappa(one, two, 5)
    return Shared(
        rows=int(here.sum()),
        kept=int(keep.sum()),
        kappa=kappa,
        scored=int(both.sum()),
        bound=None if best is None else best[0],
        best=float("nan") if best is None else best[1],
        now=bound_kappa(scores, keep, bound) if best is not None else float("nan"),
    )
