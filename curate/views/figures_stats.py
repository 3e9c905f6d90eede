"""Figures as numbers: bins, summaries and shape of a column, before and after deciding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.types import F32, I32, Verdicts

F64 = NDArray[np.float64]
BINS = 48
# Sarle's coefficient of a uniform distribution: above it two humps are likely (SAS/STAT manual, CLUSTER).
TWO_HUMPS = 5 / 9


@dataclass(frozen=True, slots=True)
class Bins:
    """Counts per bin. edges [b + 1]; counts int [b]; over: values beyond the last edge, counted in the last bin too."""

    edges: F64
    counts: NDArray[np.int64]
    over: int

    @property
    def centres(self) -> F64:
        return np.asarray((self.edges[1:] + self.edges[:-1]) / 2)


@dataclass(frozen=True, slots=True)
class Summary:
    """S1's length statistics of one column."""

    count: int
    mean: float
    median: float
    p10: float
    p90: float
    p99: float
    least: float
    most: float
    total: float


def edges_of(values: F32, bins: int = BINS) -> F64:
    """Bin edges from the least value to the 99.5th percentile; whole numbers get bins of whole width."""
    known = values[np.isfinite(values)]
    if not known.shape[0]:
        return np.array([0.0, 1.0])
    low, high = float(known.min()), float(np.percentile(known, 99.5))
    if high <= low:
        high = low + 1
    if np.all(known == np.floor(known)):
        width = max(1.0, np.ceil((high - low + 1) / bins))
        return np.asarray(np.arange(np.floor(low), high + 1 + width, width))
    return np.linspace(low, high, bins + 1)


def binned(values: F32, edges: F64) -> Bins:
    """Counts of the finite values; those beyond the last edge stand in the last bin."""
    known = values[np.isfinite(values)].astype(np.float64)
    over = int(np.count_nonzero(known > edges[-1]))
    inside = np.clip(known, edges[0], np.nextafter(edges[-1], -np.inf))
    counts, _ = np.histogram(inside, bins=edges)
    return Bins(edges, counts.astype(np.int64), over)


def summary(values: F32) -> Summary | None:
    """None for a column without a value."""
    known = values[np.isfinite(values)].astype(np.float64)
    if not known.shape[0]:
        return None
    p10, median, p90, p99 = np.percentile(known, (10, 50, 90, 99))
    return Summary(
        known.shape[0],
        float(known.mean()),
        float(median),
        float(p10),
        float(p90),
        float(p99),
        float(known.min()),
        float(known.max()),
        float(known.sum()),
    )


def two_humps(values: F32) -> float:
    """Sarle's bimodality coefficient of the logarithm of lengths; NaN under 20 values or without spread."""
    known = np.log1p(values[np.isfinite(values) & (values >= 0)].astype(np.float64))
    n = known.shape[0]
    if n < 20 or known.std() == 0:
        return float("nan")
    z = (known - known.mean()) / known.std()
    skew, excess = float((z**3).mean()), float((z**4).mean()) - 3
    return float((skew**2 + 1) / (excess + 3 * (n - 1) ** 2 / ((n - 2) * (n - 3))))


def topic_sizes(
    verdicts: Verdicts, rows: NDArray[np.int64], kept: NDArray[np.bool_]
) -> tuple[I32, NDArray[np.int64], NDArray[np.int64]]:
    """Topics of some rows, largest first: number, rows before, rows kept. Rows without a topic are left out."""
    topic = verdicts.topic[rows]
    held = topic >= 0
    most = int(topic.max()) + 1 if held.any() else 0
    before = np.bincount(topic[held], minlength=most)
    after = np.bincount(topic[held & kept[rows]], minlength=most)
    order = np.argsort(-before, kind="stable")
    order = order[before[order] > 0]
    return order.astype(np.int32), before[order], after[order]


def by_topic(values: F32, topic: I32, rows: NDArray[np.int64], number: I32) -> F64:
    """float64 [k, 3]: p10, median and p90 of a column in each of k topics, NaN where no row has it."""
    value, of = values[rows].astype(np.float64), topic[rows]
    known = np.isfinite(value) & (of >= 0)
    value, of = value[known], of[known]
    order = np.lexsort((value, of))
    value, of = value[order], of[order]
    start, end = np.searchsorted(of, number, side="left"), np.searchsorted(of, number, side="right")
    out = np.full((number.shape[0], 3), np.nan)
    held = end > start
    for n, share in enumerate((0.1, 0.5, 0.9)):  # of a sorted stretch, between two places in proportion
        at = start[held] + share * (end[held] - start[held] - 1)
        low = np.floor(at).astype(np.int64)
        high = np.minimum(low + 1, end[held] - 1)
        out[held, n] = value[low] + (at - low) * (value[high] - value[low])
    return out


def shares_by_topic(code: NDArray[np.int64] | I32, topic: I32, rows: NDArray[np.int64], number: I32, kinds: int) -> F64:
    """float64 [k, kinds]: the share of each kind among the rows of each of k topics that have one."""
    of, kind = topic[rows], code[rows]
    held = (of >= 0) & (kind >= 0)
    most = int(topic.max(initial=-1)) + 1
    count = np.bincount(of[held].astype(np.int64) * kinds + kind[held], minlength=most * kinds).reshape(most, kinds)[
        number
    ]
    return np.asarray(count / np.maximum(count.sum(axis=1, keepdims=True), 1))
