"""Agreement of any number of people, each of whom labelled some rows: Krippendorff's alpha, nominal and ordinal.

Krippendorff, Computing Krippendorff's alpha-reliability (2011); the worked example of that paper is a test.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from curate.types import F64

Scale = Literal["nominal", "ordinal"]
DRAWS = 1_000  # resamples of the rows: the ends of a 95 % interval move by about .005 between seeds
BLOCK = 2_000_000  # cells of a block of resamples, so that memory stays small


@dataclass(frozen=True, slots=True)
class Alpha:
    """rows: labelled by two or more; labels: on them. alpha: NaN where nothing varies or no row is. low, high: 95 % by a
    seeded bootstrap over rows, NaN below 10 rows."""

    rows: int
    labels: int
    alpha: float
    low: float
    high: float


def alpha_of(codes: NDArray[np.int32], scale: Scale = "nominal", seed: int = 0) -> Alpha:
    """codes: int32 [rows, people], values 0 .. k - 1 in their order, -1 = not labelled."""
    counts = np.stack([(codes == v).sum(axis=1) for v in range(max(int(codes.max(initial=0)) + 1, 1))], axis=1)
    counts = counts[counts.sum(axis=1) >= 2].astype(np.float64)
    n = counts.shape[0]
    if not n:
        return Alpha(0, 0, np.nan, np.nan, np.nan)
    each = coincidences(counts)
    whole = _alpha(each.sum(axis=0)[None], scale)[0]
    low = high = float("nan")
    if n >= 10 and whole == whole:
        found = _resampled(each, scale, seed)
        found = found[~np.isnan(found)]
        if found.shape[0] >= DRAWS // 2:
            low, high = (float(v) for v in np.percentile(found, [2.5, 97.5]))
    return Alpha(n, int(counts.sum()), float(whole), low, high)


def coincidences(counts: F64) -> F64:
    """float64 [rows, k, k]: pairs of values within each row, each weighed by 1 / (labels of the row - 1)."""
    pairs = counts[:, :, None] * counts[:, None, :]
    pairs[:, np.arange(counts.shape[1]), np.arange(counts.shape[1])] -= counts
    made: F64 = pairs / (counts.sum(axis=1) - 1)[:, None, None]
    return made


def _resampled(each: F64, scale: Scale, seed: int) -> F64:
    n, k = each.shape[0], each.shape[1]
    draw = np.random.default_rng(seed)
    flat, out = each.reshape(n, k * k), []
    step = max(1, BLOCK // n)
    for start in range(0, DRAWS, step):
        times = draw.multinomial(n, np.full(n, 1 / n), size=min(step, DRAWS - start))
        out.append(_alpha((times @ flat).reshape(-1, k, k), scale))
    return np.concatenate(out)


def _alpha(table: F64, scale: Scale) -> F64:
    """float64 [m]: alpha of m coincidence tables, [m, k, k]."""
    margin = table.sum(axis=2)
    total = margin.sum(axis=1)
    far = _distance(margin, scale)
    observed = (table * far).sum(axis=(1, 2))
    expected = (margin[:, :, None] * margin[:, None, :] * far).sum(axis=(1, 2)) / np.maximum(total - 1, 1e-300)
    out = np.full(table.shape[0], np.nan)
    fine = expected > 0
    out[fine] = 1 - observed[fine] / expected[fine]
    return out


def _distance(margin: F64, scale: Scale) -> F64:
    """float64 [m, k, k]: squared difference of two values; ordinal: the labels that lie between them, ends by half."""
    k = margin.shape[1]
    if scale == "nominal":
        return np.broadcast_to(1.0 - np.eye(k), (margin.shape[0], k, k))
    up = np.cumsum(margin, axis=1) - margin / 2
    made: F64 = (up[:, :, None] - up[:, None, :]) ** 2
    return made
