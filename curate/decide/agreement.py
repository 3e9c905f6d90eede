"""Agreement of two people who labelled the same rows: Cohen's kappa (1960), and where it lies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

AMBIGUOUS = 0.6  # S0: below it the guideline is ambiguous, not the people careless
WANTED = 0.1  # S0: the share of rows that two people should label


@dataclass(frozen=True, slots=True)
class Agreement:
    """rows: labelled by both. agree: share of equal labels. kappa: NaN when chance alone gives agreement 1 or no row is.

    low, high: 95 % by the large-sample standard error of Fleiss, Cohen and Everitt in its simple form,
    sqrt(po (1 - po) / n) / (1 - pe).
    """

    rows: int
    agree: float
    kappa: float
    low: float
    high: float


def kappa_of(one: NDArray[np.int32], two: NDArray[np.int32]) -> Agreement:
    """The agreement of two columns of codes over the same names; -1 = not labelled."""
    both = (one >= 0) & (two >= 0)
    a, b = one[both], two[both]
    n = int(a.shape[0])
    if not n:
        return Agreement(0, np.nan, np.nan, np.nan, np.nan)
    k = int(max(a.max(), b.max())) + 1
    observed = float((a == b).mean())
    chance = float((np.bincount(a, minlength=k) / n) @ (np.bincount(b, minlength=k) / n))
    if chance >= 1.0:
        return Agreement(n, observed, np.nan, np.nan, np.nan)
    kappa = (observed - chance) / (1 - chance)
    error = 1.96 * np.sqrt(observed * (1 - observed) / n) / (1 - chance)
    return Agreement(n, observed, kappa, max(kappa - error, -1.0), min(kappa + error, 1.0))


def quadratic_kappa(one: NDArray[np.int32], two: NDArray[np.int32], levels: int) -> float:
    """Cohen's kappa (1968) with quadratic weights over levels 0 .. levels - 1; -1 = not labelled; NaN when neither varies."""
    both = (one >= 0) & (two >= 0)
    table = np.zeros((levels, levels))
    np.add.at(table, (one[both], two[both]), 1.0)
    table /= max(table.sum(), 1.0)
    far = (np.arange(levels)[:, None] - np.arange(levels)[None, :]) ** 2
    chance = float((far * np.outer(table.sum(1), table.sum(0))).sum())
    return float("nan") if chance == 0 else 1.0 - float((far * table).sum()) / chance


def kappa_over(one: NDArray[np.int32], two: NDArray[np.int32], block: int) -> tuple[Agreement, ...]:
    """The agreement of every `block` rows that both labelled, in the order given; a rest below half a block joins the last."""
    both = np.flatnonzero((one >= 0) & (two >= 0))
    parts = max(1, round(both.shape[0] / block)) if both.shape[0] else 0
    return tuple(kappa_of(one[p], two[p]) for p in np.array_split(both, parts)) if parts else ()
