"""What training on some rows costs: tokens cut at a length, padding, packing, epochs and price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from curate.errors import CurateError
from curate.measure.told import ROLES
from curate.measure.training import KEPT
from curate.types import F32, Bool

I64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Plan:
    """How training is meant to run. limit: tokens per example, None = the longest row. price: money per million tokens."""

    limit: int | None = None
    epochs: float = 1.0
    batch: int = 8
    price: float | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """Figures of some rows under a plan; token counts are of one epoch unless they say otherwise.

    cut_rows lose tokens to the limit, lost_rows every trained one (of rows that had any). seen: tokens left after the
    cut. padded: tokens computed when each batch is padded to its longest row; packed: when rows are packed into
    sequences of `limit` by best fit (TRL's bfd). trained_seen: trained tokens left. all_epochs = seen x epochs.
    """

    rows: int
    refused: int
    total: int
    roles: Mapping[str, int]
    trained: int
    quantiles: Mapping[str, float]
    limit: int
    cut_rows: int
    lost_rows: int
    seen: int
    trained_seen: int
    batch: int
    padded: int
    sequences: int
    packed: int
    epochs: float
    all_epochs: int
    cost: float | None

    @property
    def cut_share(self) -> float:
        """Share of all tokens that the limit cuts."""
        return 1 - self.seen / self.total if self.total else 0.0

    @property
    def padding_waste(self) -> float:
        """Share of computed tokens that is padding."""
        return 1 - self.seen / self.padded if self.padded else 0.0

    @property
    def packing_waste(self) -> float:
        """Share of packed sequences that holds nothing."""
        return 1 - self.seen / self.packed if self.packed else 0.0


def budget(tokens: Mapping[str, F32], chosen: Bool, plan: Plan) -> Budget:
    """Figures of the chosen rows. tokens: of `training_tokens` with the plan's limit. Batches are of rows in the dataset's
    order, which content hashes shuffle. Errors: CurateError for a plan that makes no sense."""
    if (plan.limit is not None and plan.limit < 1) or plan.batch < 1 or plan.epochs <= 0:
        raise CurateError(f"limit {plan.limit}, batch {plan.batch}, epochs {plan.epochs:g}; all must be positive")
    refused = tokens["template_refused"] > 0
    rows = chosen & ~refused
    total = tokens["total_tokens"][rows].astype(np.int64)
    trained = tokens["trained_tokens"][rows].astype(np.int64)
    limit = plan.limit if plan.limit is not None else int(total.max(initial=1))
    kept = tokens[KEPT][rows].astype(np.int64) if KEPT in tokens else trained
    cut = np.minimum(total, limit)
    seen = int(cut.sum())
    sequences = packs(cut, limit)
    shown = {"median": 50, "p90": 90, "p95": 95, "p99": 99, "max": 100}
    return Budget(
        rows=int(total.size), refused=int(np.count_nonzero(chosen & refused)), total=int(total.sum()),
        roles={r: int(tokens[f"{r}_tokens"][rows].astype(np.int64).sum()) for r in ROLES}, trained=int(trained.sum()),
        quantiles={k: float(np.percentile(total, p)) if total.size else 0.0 for k, p in shown.items()}, limit=limit,
        cut_rows=int(np.count_nonzero(total > limit)), lost_rows=int(np.count_nonzero((trained > 0) & (kept == 0))),
        seen=seen, trained_seen=int(kept.sum()), batch=plan.batch, padded=padded(cut, plan.batch), sequences=sequences,
        packed=sequences * limit, epochs=plan.epochs, all_epochs=round(seen * plan.epochs),
        cost=None if plan.price is None else seen * plan.epochs * plan.price / 1e6,
    )  # fmt: skip


def padded(lengths: I64, batch: int) -> int:
    """Tokens of all batches, each padded to its longest row."""
    whole = lengths.size // batch * batch
    most = lengths[:whole].reshape(-1, batch).max(axis=1, initial=0)
    rest = lengths[whole:]
    return int(most.sum() * batch + rest.max(initial=0) * rest.size)


def packs(lengths: I64, limit: int) -> int:
    """Sequences of `limit` tokens that hold all rows uncut, by best fit on decreasing lengths."""
    order = np.sort(lengths[lengths > 0])[::-1].astype(np.int64)
    return int(_best_fit(np.ascontiguousarray(order), limit)) if order.size else 0


@njit("int64(int64[::1], int64)", cache=True, nogil=True)
def _best_fit(lengths, limit):  # type: ignore[no-untyped-def]
    """Each row into the fullest sequence that still has room. `free[s]` sequences have room s; a bit per word of 64 rooms."""
    free = np.zeros(limit + 1, dtype=np.int64)
    words = np.zeros(limit // 64 + 1, dtype=np.int64)
    used = 0
    for length in lengths:
        room = length
        while room <= limit and free[room] == 0:
            room += 1
            if room <= limit and room % 64 == 0:
                word = room // 64
                while word < words.shape[0] and words[word] == 0:
                    word += 1
                room = max(room, word * 64)
        if room > limit:
            used += 1
            room = limit
        else:
            free[room] -= 1
            words[room // 64] -= 1
        free[room - length] += 1
        words[(room - length) // 64] += 1
    return used
