"""The funnel: what each reason removed, first, alone and at all."""

from __future__ import annotations

import numpy as np

from curate.decide.rules import CODES
from curate.types import U64, Bool, Funnel


def funnel_of(reasons: U64, removed: Bool, stages: tuple[tuple[str, int], ...], effective: np.uint64) -> Funnel:
    """Counts per reason code over the removed rows (drop or review). reasons: uint64 [n]; removed: Bool [n].

    effective: the bits that can remove a row; only they are a row's first reason, or its only one.
    """
    carried = reasons[removed]
    bits = carried & effective
    bits = bits[bits != 0]
    lowest = bits & (~bits + np.uint64(1))
    alone = lowest == bits
    width = range(len(CODES))
    return Funnel(
        codes=CODES,
        first=tuple(_count(lowest, b) for b in width),
        only=tuple(_count(lowest[alone], b) for b in width),
        all=tuple(int(np.count_nonzero(carried & np.uint64(1 << b))) for b in width),
        stages=stages,
    )


def _count(values: U64, b: int) -> int:
    return int(np.count_nonzero(values == np.uint64(1 << b)))
