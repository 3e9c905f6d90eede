"""Scores of rows that nobody judged, from those that were: kernel ridge on what is measured already, conformal intervals.

Judging a sample and predicting the rest stretches the money. The intervals come from rows that the model did not see (their
residuals out of fold), so they hold whatever the model is worth; `rho` says what it is worth, and `useful` whether it says anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.types import F32, F64

VERSION = 1
LEAST = 40  # judged rows: fewer leave a 90 % quantile to two or three residuals
FOLDS = 10
ALPHA = 3.0  # ridge of a kernel whose diagonal is 1; benchmarks/judge.py: chosen once, since choosing anew by 50 rows is worse
SHARP = 3.0  # of the kernel over vectors: exp(SHARP (cosine - 1))
SLICE = 8_192


@dataclass(frozen=True, slots=True)
class Prediction:
    """mean, low, high: float32 [n] of every row (a judged row's own score, low = mean = high), inside the range of scores seen.

    width: half the interval; level: its nominal coverage; covers: between which shares of the rest it really covers, 95 times in 100
    (see `coverage`); judged: rows it rests on; rho: rank correlation of out-of-fold predictions with scores; rho_low: the 5 %
    end of its interval.
    """

    mean: F32
    low: F32
    high: F32
    width: float
    level: float
    covers: tuple[float, float]
    judged: int
    rho: float
    rho_low: float

    @property
    def useful(self) -> bool:
        """Whether what is measured tells anything about the score."""
        return self.rho_low > 0


def predict(
    signals: F32, vectors: Callable[[NDArray[np.int64]], F32] | None, scores: F32, level: float = 0.9, seed: int = 0
) -> Prediction | None:
    """Predictions for all rows from those with a score; None with fewer than LEAST, or when all scores are one.

    signals: float32 [n, k], NaN = not measured. vectors: rows to float32 [m, d], or None. scores: float32 [n], NaN = not judged.
    """
    known = np.flatnonzero(np.isfinite(scores))
    y = scores[known].astype(np.float64)
    if known.shape[0] < LEAST or np.ptp(y) == 0:
        return None
    scaled = _scaler(signals, known)
    parts = (scaled(known), None if vectors is None else _views(vectors(known)))
    kernel = _kernel(parts, parts)
    oof = _out_of_fold(kernel, y, np.random.default_rng(seed).permutation(known.shape[0]) % FOLDS)
    width = _quantile(np.abs(y - oof), level)
    weights = _fit(kernel, y)
    mean = np.empty(signals.shape[0])
    for start in range(0, mean.shape[0], SLICE):
        rows = np.arange(start, min(start + SLICE, mean.shape[0]))
        mean[rows] = (
            _kernel((scaled(rows), None if vectors is None else _views(vectors(rows))), parts) @ weights[:-1]
            + weights[-1]
        )
    least, most = float(y.min()), float(y.max())
    mean = np.clip(mean, least, most)
    low, high = np.clip(mean - width, least, most), np.clip(mean + width, least, most)
    mean[known] = low[known] = high[known] = y
    rho, rho_low = _rank(oof, y)
    one, two, three = (v.astype(np.float32) for v in (mean, low, high))
    n = known.shape[0]
    return Prediction(one, two, three, width, level, coverage(n, mean.shape[0] - n, level), n, rho, rho_low)


_Parts = tuple[F64, F64 | None]


def _scaler(signals: F32, known: NDArray[np.int64]) -> Callable[[NDArray[np.int64]], F64]:
    """Rows to standardised features, of length about 1; signed logs tame counts, and not measured is the mean."""
    base = _tame(signals[known])
    filled = np.where(np.isfinite(base).any(0), base, 0.0)
    middle, spread = np.nanmean(filled, axis=0), np.nanstd(filled, axis=0)
    use = spread > 1e-9

    def scaled(rows: NDArray[np.int64]) -> F64:
        z = np.clip((_tame(signals[rows])[:, use] - middle[use]) / spread[use], -4, 4)
        return np.asarray(np.nan_to_num(z) / np.sqrt(max(int(use.sum()), 1)))

    return scaled


def _tame(x: F32) -> F64:
    wide = x.astype(np.float64)
    return np.asarray(np.sign(wide) * np.log1p(np.abs(wide)))


def _views(vectors: F32) -> F64:
    """Prompt and answer vectors so scaled that a product is the mean of both cosines."""
    wide = vectors.astype(np.float64)
    return np.asarray(wide / np.maximum(np.linalg.norm(wide, axis=1, keepdims=True), 1e-9))


def _kernel(a: _Parts, b: _Parts) -> F64:
    """Likeness by signals (Gaussian), and half of it by meaning where there are vectors; 1 on the diagonal."""
    far = (a[0] ** 2).sum(1)[:, None] + (b[0] ** 2).sum(1)[None, :] - 2 * (a[0] @ b[0].T)
    out = np.exp(-np.maximum(far, 0.0) / 2)
    if a[1] is not None and b[1] is not None:
        out = 0.5 * out + 0.5 * np.exp(SHARP * (a[1] @ b[1].T - 1.0))
    return np.asarray(out)


def _fit(kernel: F64, y: F64) -> F64:
    """Kernel ridge with a free mean: [weights, mean]."""
    middle = y.mean()
    weights = np.linalg.solve(kernel + ALPHA * np.eye(y.shape[0]), y - middle)
    return np.append(weights, middle)


def _out_of_fold(kernel: F64, y: F64, folds: NDArray[np.int64]) -> F64:
    """Predictions of each row by a model that did not see it."""
    out = np.empty(y.shape[0])
    for fold in range(FOLDS):
        here = folds == fold
        fitted = _fit(kernel[np.ix_(~here, ~here)], y[~here])
        out[here] = kernel[np.ix_(here, ~here)] @ fitted[:-1] + fitted[-1]
    return out


def _quantile(residuals: F64, level: float) -> float:
    """The conformal quantile: the ceil((n + 1) level)-th smallest residual."""
    return float(np.sort(residuals)[_place(residuals.shape[0], level) - 1])


def _place(n: int, level: float) -> int:
    return min(n, int(np.ceil((n + 1) * level)))


def coverage(judged: int, rest: int, level: float) -> tuple[float, float]:
    """Between which shares of `rest` rows an interval from `judged` ones covers, in 95 of 100 draws of the judged rows.

    The level holds on average over draws; one draw's share is beta-binomial (Vovk 2012; Angelopoulos and Bates 2021, 3.2), exactly
    for whole numbers without ties. No procedure that knows no more than the rows' scores does better than by a constant.
    """
    from scipy.stats import beta, betabinom

    k = _place(judged, level)
    a, b = k, judged + 1 - k
    ends = betabinom.ppf((0.025, 0.975), rest, a, b) / rest if rest else beta.ppf((0.025, 0.975), a, b)
    return float(ends[0]), float(ends[1])


def _rank(predicted: F64, y: F64) -> tuple[float, float]:
    from scipy.stats import spearmanr

    if np.ptp(predicted) == 0:
        return 0.0, -1.0
    rho = float(spearmanr(predicted, y).statistic)
    half = 1.645 * np.sqrt(1.06 / (y.shape[0] - 3))
    return rho, float(np.tanh(np.arctanh(np.clip(rho, -0.999, 0.999)) - half))
