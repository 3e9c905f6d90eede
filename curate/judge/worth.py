"""What another dollar tells: the share of low scores with its interval now, and after that many more rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curate.types import F32

Z = 1.959964  # of a 95 % interval
LOW = 3.0  # H4's line


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its 95 % interval (Wilson, narrowed where most of the rows are judged), and the rows it rests on."""

    share: float
    low: float
    high: float
    judged: int

    @property
    def width(self) -> float:
        return self.high - self.low


def low_share(scores: F32, population: int) -> Share:
    """Share of scores under 3 among `population` rows of which a random part is judged. NaN without a score."""
    held = scores[np.isfinite(scores)]
    return _interval(int(np.count_nonzero(held < LOW)), held.shape[0], population)


def after(found: Share, dollars: float, each: float, population: int) -> Share:
    """What the interval will be once `dollars` more are spent at `each` a row, if the share stays."""
    more = int(dollars / each) if each > 0 else population
    n = min(population, found.judged + more)
    return _interval(round(found.share * n), n, population)


def _interval(low: int, n: int, population: int) -> Share:
    if not n:
        return Share(float("nan"), 0.0, 1.0, 0)
    left = max(0.0, (population - n) / max(population - 1, 1))  # a census has no sampling error
    z2, p = Z * Z * left, low / n
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = np.sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    return Share(p, float(max(0.0, middle - half)), float(min(1.0, middle + half)), n)
