"""How evenly rows lie over topics: S1's ratio, and figures that a single tiny topic can't move."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.types import F64

TOP = 5
SHARE = 0.2  # S1's pitfall: 80 % of the rows over 20 % of the topics


@dataclass(frozen=True, slots=True)
class Balance:
    """Of k topics with a row. imbalance: largest over smallest (S1); top: share of the five largest; effective: how many
    equally large topics are as varied (the exponential of the entropy); share20: share of the rows that the largest 20 %
    of the topics hold, between two topics in proportion. curve: float64 [k + 1], share of the rows in the largest 0 .. k."""

    topics: int
    imbalance: float
    top: float
    effective: float
    share20: float
    curve: F64


def balance(sizes: NDArray[np.int64]) -> Balance | None:
    """The balance of topics of these sizes (empty ones don't count); None without a row."""
    held = np.sort(sizes[sizes > 0])[::-1].astype(np.float64)
    if not held.shape[0]:
        return None
    part = held / held.sum()
    curve = np.concatenate(([0.0], np.cumsum(part)))
    at = np.linspace(0, 1, held.shape[0] + 1)
    return Balance(
        topics=held.shape[0],
        imbalance=float(held[0] / held[-1]),
        top=float(part[:TOP].sum()),
        effective=float(np.exp(-(part * np.log(part)).sum())),
        share20=float(np.interp(SHARE, at, curve)),
        curve=curve,
    )
