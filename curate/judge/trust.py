"""How far to trust a judge: agreement with people by weighted kappa, and whether length is taken for quality."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.store import Judgements
from curate.types import F32, Bool, Dataset

Z = 1.959964  # of a 95 % interval


@dataclass(frozen=True, slots=True)
class Bias:
    """Rank correlation of scores and answer lengths with its 95 % interval, in words too."""

    rho: float
    low: float
    high: float
    said: str


def length_bias(scores: F32, lengths: F32) -> Bias | None:
    """Spearman's correlation by Fisher's interval; None where nothing varies.

    Longer answers can be better ones, so a correlation is a question to a person, not a verdict.
    """
    from scipy.stats import spearmanr

    here = np.isfinite(scores) & np.isfinite(lengths)
    if here.sum() < 10 or np.ptp(scores[here]) == 0 or np.ptp(lengths[here]) == 0:
        return None
    rho = float(spearmanr(scores[here], lengths[here]).statistic)
    half = Z * np.sqrt(1.06 / (here.sum() - 3))  # Fieller et al.: 1.06 for ranks
    low, high = np.tanh(np.arctanh(np.clip(rho, -0.999999, 0.999999)) + np.array([-half, half]))
    said = (
        "No sign that length is taken for quality."
        if low <= 0.3
        else "Long answers score higher: read some long rows before you trust it."
    )
    return Bias(rho, float(low), float(high), said)


def weighted_kappa(one: NDArray[np.int64], two: NDArray[np.int64], levels: int) -> float:
    """Cohen's kappa with quadratic weights over levels 0..levels - 1; NaN when neither varies."""
    table = np.zeros((levels, levels))
    np.add.at(table, (one, two), 1.0)
    table /= max(table.sum(), 1.0)
    far = (np.arange(levels)[:, None] - np.arange(levels)[None, :]) ** 2
    chance = float((far * np.outer(table.sum(1), table.sum(0))).sum())
    return float("nan") if chance == 0 else 1.0 - float((far * table).sum()) / chance


def best_threshold(scores: F32, keep: Bool) -> tuple[float, float] | None:
    """(threshold, kappa) of "at least this score" that agrees best with people's keep; None with fewer than 10 of either."""
    here = np.isfinite(scores)
    scores, keep = scores[here], keep[here]
    if min(int(keep.sum()), int((~keep).sum())) < 10:
        return None
    steps = np.arange(1.5, 5.01, 0.5)
    found = [bound_kappa(scores, keep, float(t)) for t in steps]
    best = int(np.nanargmax(found))
    return float(steps[best]), float(found[best])


def bound_kappa(scores: F32, keep: Bool, bound: float) -> float:
    """Kappa of "at least this score" and people's keep."""
    return weighted_kappa((scores >= np.float32(bound)).astype(np.int64), keep.astype(np.int64), 2)


@dataclass(frozen=True, slots=True)
class Drift:
    """Another judge on the same rows: what it is, rows both scored, weighted kappa, mean difference (this one minus it)."""

    model: str
    rubric: str
    shared: int
    kappa: float
    shift: float


def drifts(ledger: Judgements, key: str, least: int = 20) -> list[Drift]:
    """This judge against every other model or rubric with at least `least` rows that both scored, latest first."""
    mine = {c: j.scores["overall"] for c, j in ledger.known(key).items() if not j.reason}
    out: list[Drift] = []
    for other, settings in reversed(ledger.judges().items()):
        if other == key or "overall" not in next((j.scores for j in ledger.known(other).values() if not j.reason), {}):
            continue
        theirs = {c: j.scores["overall"] for c, j in ledger.known(other).items() if not j.reason and c in mine}
        if len(theirs) >= least:
            one = np.array([mine[c] for c in theirs])
            two = np.array(list(theirs.values()))
            kappa = weighted_kappa((one - 1).astype(np.int64), (two - 1).astype(np.int64), 5)
            out.append(
                Drift(
                    str(settings.get("model", "?")),
                    str(settings.get("rubric", "")),
                    len(theirs),
                    kappa,
                    float((one - two).mean()),
                )
            )
    return out


def same_family(dataset: Dataset, model: str) -> int:
    """Rows whose own columns say that a model of the judge's family wrote them: a judge likes its own manner."""
    import pyarrow.compute as pc

    family = model.split("-", 1)[0]
    if not family.isalpha():
        return 0
    said = pc.match_substring_regex(
        dataset.rows.column("extra"), rf'"(?:model|generator|source_model)"\s*:\s*"[^"]*{family}'
    )
    return int(pc.sum(pc.fill_null(said, False)).as_py() or 0)
