"""The topic tree's cut: HDBSCAN's condensed tree and its excess of mass, from a stored single-linkage tree.

Equal to hdbscan's own labels at the same min_samples (a test refits it at several sizes); a re-cut at 52,002 rows costs
milliseconds, so the size is a live setting. Campello, Moulavi, Sander 2013; the stability is theirs: sum over a cluster's
points of how much denser than its birth each stays in it.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from curate.types import F64, I32, Bool


@njit("void(int32[::1], int32[::1], int32[::1])", cache=True, nogil=True)
def _sizes(left, right, size):  # type: ignore[no-untyped-def]
    m = left.shape[0] + 1
    size[:m] = 1
    for e in range(left.shape[0]):
        size[m + e] = size[left[e]] + size[right[e]]


@njit(
    "int64(int32[::1], int32[::1], float64[::1], int32[::1], int64, int32[::1], int32[::1], float64[::1], float64[::1])",
    cache=True,
    nogil=True,
)
def _condense(left, right, height, size, least, owner, parent, birth, mass):  # type: ignore[no-untyped-def]
    """Give each node its condensed cluster, from the root down; returns the number of clusters, 0 being the root.

    A node of fewer than `least` points falls out of its cluster: marked by -2 - cluster, which its children inherit.
    """
    m = left.shape[0] + 1
    owner[2 * m - 2] = 0
    parent[0] = -1
    birth[0] = 0.0
    mass[0] = 0.0
    found = 1
    for e in range(m - 2, -1, -1):
        own = owner[m + e]
        a, b = left[e], right[e]
        if own < 0:
            owner[a] = own
            owner[b] = own
            continue
        density = 1.0 / max(height[e], 1e-12)
        mass[own] += (density - birth[own]) * (size[a] + size[b] if min(size[a], size[b]) >= least else 0)
        for child, other in ((a, b), (b, a)):
            if size[child] < least:
                owner[child] = -2 - own
                mass[own] += (density - birth[own]) * size[child]
            elif size[other] < least:
                owner[child] = own
            else:
                owner[child] = found
                parent[found] = own
                birth[found] = density
                mass[found] = 0.0
                found += 1
    return found


@njit("void(int32[::1], float64[::1], boolean[::1])", cache=True, nogil=True)
def _select(parent, mass, selected):  # type: ignore[no-untyped-def]
    """Excess of mass, from the leaves up: a cluster stays unless its children together are worth more. Never the root."""
    below = np.zeros(parent.shape[0])
    inner = np.zeros(parent.shape[0], np.bool_)
    for c in range(parent.shape[0] - 1, 0, -1):
        selected[c] = not (inner[c] and below[c] > mass[c])
        below[parent[c]] += mass[c] if selected[c] else below[c]
        inner[parent[c]] = True
    selected[0] = False


def cut(left: I32, right: I32, height: F64, least: int) -> I32:
    """int32 [m]: the cluster of each of m points at minimum cluster size `least`, -1 = noise, numbered arbitrarily.

    left, right: int32 [m - 1], nodes joined by each merge (points first, then merges in order). height: float64 [m - 1], rising.
    """
    m = left.shape[0] + 1
    if m < 2:
        return np.full(m, -1, dtype=np.int32)
    size, owner = np.empty(2 * m - 1, np.int32), np.empty(2 * m - 1, np.int32)
    parent, birth, mass = np.empty(2 * m, np.int32), np.empty(2 * m), np.empty(2 * m)
    left, right, height = np.array(left), np.array(right), np.array(height)  # kernels take no read-only arrays
    _sizes(left, right, size)
    found = _condense(left, right, height, size, least, owner, parent, birth, mass)
    selected: Bool = np.zeros(found, dtype=np.bool_)
    _select(parent[:found], mass, selected)
    top = np.full(found, -1, dtype=np.int32)
    for c in range(1, found):  # clusters, not rows
        top[c] = top[parent[c]] if top[parent[c]] >= 0 else c if selected[c] else -1
    mine = owner[:m]
    return np.asarray(top[np.where(mine < 0, -2 - mine, mine)], dtype=np.int32)
