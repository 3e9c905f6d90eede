"""HDBSCAN's tree over points of a few dimensions: exact, on one thread, without importing hdbscan and scikit-learn.

The tree is McInnes, Healy, Astels 2017: the least spanning tree of the mutual reachability distance (Prim's algorithm, all
distances taken), its edges joined from the shortest up. hdbscan's own default takes short cuts that may miss an edge; both
give the same clusters where distances differ (tests/test_measure_topics.py). Importing it costs 1.1 s of processor time,
which is more than the tree of 4,096 points itself (benchmarks: table `topics_map`).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from curate.types import F32, F64, I32


def nearest_points(points: F32, k: int) -> tuple[I32, F64]:
    """The k nearest other points of each, best first, the lower row on ties: int32 and float64 [m, k], with distances.

    Cost: m m d multiply-adds.
    """
    k = min(k, points.shape[0] - 1)
    index, far = np.empty((points.shape[0], k), np.int32), np.empty((points.shape[0], k), np.float64)
    _near(_across(points), index, far)
    return index, np.sqrt(far)


def single_linkage(points: F32, core: F64) -> tuple[I32, I32, F64]:
    """Nodes joined by each of the m - 1 merges, and at which distance; a merge's own node is m plus its place.

    core: float64 [m], each point's distance to its min_samples-th nearest other point.
    """
    head, tail, height = (np.empty(points.shape[0] - 1, kind) for kind in (np.int32, np.int32, np.float64))
    _prim(_across(points), core * core, head, tail, height)
    order = np.argsort(height, kind="stable")
    left, right = np.empty_like(head), np.empty_like(tail)
    _join(head[order], tail[order], left, right)
    return left, right, np.sqrt(height[order])


def _across(points: F32) -> F64:
    """float64 [d, m]: one dimension after the other, so that distances to all points are taken at once."""
    return np.ascontiguousarray(points.T, dtype=np.float64)


@njit("void(float64[:, ::1], int64, float64[::1])", cache=True, nogil=True)
def _squares(across, one, out):  # type: ignore[no-untyped-def]
    """Squared distance of a point to every point."""
    out[:] = 0.0
    for d in range(across.shape[0]):
        line = across[d]
        here = line[one]
        for e in range(out.shape[0]):
            gap = line[e] - here
            out[e] += gap * gap


@njit("void(float64[:, ::1], int32[:, ::1], float64[:, ::1])", cache=True, nogil=True)
def _near(across, index, far):  # type: ignore[no-untyped-def]
    m, k = index.shape
    seen = np.empty(m, np.float64)
    for one in range(m):
        _squares(across, one, seen)
        held = 0
        for e in range(m):
            if e == one or (held == k and seen[e] >= far[one, k - 1]):
                continue
            held = min(held + 1, k)
            at = held - 1
            while at > 0 and far[one, at - 1] > seen[e]:
                far[one, at] = far[one, at - 1]
                index[one, at] = index[one, at - 1]
                at -= 1
            far[one, at] = seen[e]
            index[one, at] = e


@njit("void(float64[:, ::1], float64[::1], int32[::1], int32[::1], float64[::1])", cache=True, nogil=True)
def _prim(across, core, head, tail, height):  # type: ignore[no-untyped-def]
    """Edges of the least spanning tree of max(core, core, squared distance), in the order in which points are reached."""
    m = core.shape[0]
    far, seen = np.full(m, np.inf), np.empty(m, np.float64)
    by = np.zeros(m, np.int32)
    inside = np.zeros(m, np.bool_)
    one = 0
    for step in range(m - 1):
        inside[one] = True
        _squares(across, one, seen)
        best, at = np.inf, -1
        for e in range(m):
            if inside[e]:
                continue
            reach = max(seen[e], core[e], core[one])
            if reach < far[e]:
                far[e] = reach
                by[e] = one
            if at < 0 or far[e] < best:
                best = far[e]
                at = e
        head[step], tail[step], height[step] = by[at], at, best
        one = at


@njit("void(int32[::1], int32[::1], int32[::1], int32[::1])", cache=True, nogil=True)
def _join(head, tail, left, right):  # type: ignore[no-untyped-def]
    """Edges between points, shortest first, as merges between the nodes that hold them."""
    m = head.shape[0] + 1
    up = np.arange(2 * m - 1).astype(np.int32)
    for step in range(m - 1):
        for side in range(2):
            node = head[step] if side == 0 else tail[step]
            top = node
            while up[top] != top:
                top = up[top]
            while up[node] != top and node != top:
                up[node], node = top, up[node]
            if side == 0:
                left[step] = top
            else:
                right[step] = top
        up[left[step]] = m + step
        up[right[step]] = m + step
