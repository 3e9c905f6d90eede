"""The share of rows that people call wrong, against S0's 5 % line: how sure it is, and how many more rows settle it."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Literal

import numpy as np

from curate.types import F64

LINE = 0.05  # S0: above it, mend the generation before scaling
Z = 1.959964  # two-sided 95 %
Verdict = Literal["not measured", "under", "above", "open"]


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """rows: labelled. wrong: of them, called bad or to be mended (half a row where two differ). rate, low, high: the share
    and its 95 % Wilson interval. effective: rows of equal weight that would say as much (Kish). verdict: which side of the
    line the whole interval lies on. more: rows of the same share until it does, 0 = it does, None = never at this share."""

    rows: int
    wrong: float
    rate: float
    low: float
    high: float
    effective: float
    verdict: Verdict
    more: int | None


def wilson_of(share: float, count: float, z: float = Z) -> tuple[float, float]:
    """The Wilson score interval (1927) of a share of `count` rows, which need not be whole; (0, 1) of nothing."""
    if count <= 0:
        return 0.0, 1.0
    extra = z * z / count
    middle = (share + extra / 2) / (1 + extra)
    half = z * float(np.sqrt(share * (1 - share) / count + extra / count / 4)) / (1 + extra)
    return (0.0 if share <= 0 else max(0.0, middle - half)), (1.0 if share >= 1 else min(1.0, middle + half))


def error_rate(wrong: F64, weight: F64, line: float = LINE) -> ErrorRate:
    """wrong: float64 [k], 0 to 1 of each labelled row; weight: float64 [k], how many rows it stands for."""
    rows = int(wrong.shape[0])
    if not rows:
        return ErrorRate(0, 0.0, float("nan"), 0.0, 1.0, 0.0, "not measured", settling(0.0, 0.0, line))
    share = float((wrong * weight).sum() / weight.sum())
    effective = float(weight.sum() ** 2 / (weight**2).sum())
    low, high = wilson_of(share, effective)
    verdict: Verdict = "under" if high < line else "above" if low > line else "open"
    more = settling(share, effective, line)
    return ErrorRate(rows, float(wrong.sum()), share, low, high, effective, verdict, 0 if verdict != "open" else more)


def settling(share: float, count: float, line: float = LINE) -> int | None:
    """How many more rows of the same share put the whole Wilson interval on one side of the line; None at the line itself.

    The interval leaves out `line` when |share - line| > z sqrt(line (1 - line) / n): 73 rows without an error for 5 %.
    """
    if abs(share - line) < 1e-9:
        return None
    need = Z * Z * line * (1 - line) / (share - line) ** 2
    return max(0, ceil(need + 1e-9) - int(count))
