"""An earlier dataset's pairs: what a pair scores follows from its two rows alone, so 500 added rows cost their own pairs.

Rows are known again by the hash of their content. A pair whose rows stand the other way round is scored anew: some
features tell left from right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.types import I32, U64, Pairs

I64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Earlier:
    """Pairs of a dataset measured before. row: int32 [n], the lowest row of today's dataset that holds what each of its rows held,
    -1 = none. fingerprint: that dataset's."""

    pairs: Pairs
    row: I32
    fingerprint: str

    def places(self, i: I32, j: I32) -> I64:
        """int64 [m]: where each of today's pairs stands in the earlier table, -1 = it is new."""
        a, b = self.row[self.pairs.i].astype(np.int64), self.row[self.pairs.j].astype(np.int64)
        kept = np.flatnonzero((a >= 0) & (a < b))
        if not kept.shape[0]:
            return np.full(i.shape[0], -1, np.int64)
        width = max(int(j.max(initial=0)), int(b.max(initial=0))) + 1
        known = a[kept] * width + b[kept]
        order = np.argsort(known, kind="stable")
        wanted = i.astype(np.int64) * width + j
        at = np.minimum(np.searchsorted(known[order], wanted), kept.shape[0] - 1)
        return np.where(known[order][at] == wanted, kept[order][at], -1)


def rows_of(old: U64, new: U64) -> I32:
    """int32 [len(old)]: the lowest row of `new` with each key of `old`, -1 = none. Both uint64 [n, 2]."""
    if not new.shape[0]:
        return np.full(old.shape[0], -1, np.int32)
    order = np.lexsort((new[:, 1], new[:, 0]))
    at = np.minimum(np.searchsorted(new[order, 0], old[:, 0]), new.shape[0] - 1)
    found = order[at]  # of two keys that share their first half the second is not found: its pairs are scored anew
    return np.where((new[found] == old).all(axis=1), found, -1).astype(np.int32)


def filled(place: I64, old: Mapping[str, Any], fresh: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of all pairs: of `old` at `place`, of `fresh` in order where place is -1."""
    new = place < 0
    out = {}
    for name, values in fresh.items():
        out[name] = np.empty(place.shape[0], values.dtype)
        out[name][new] = values
        out[name][~new] = old[name][place[~new]]
    return out


def some(pairs: Pairs, which: NDArray[np.bool_]) -> Pairs:
    """The pairs where `which` is true."""
    scores = {name: values[which] for name, values in pairs.scores.items()}
    return replace(pairs, i=pairs.i[which], j=pairs.j[which], scores=scores, guards=pairs.guards[which])
