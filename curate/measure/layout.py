"""UMAP of the fitted prompts, and every other prompt placed among its neighbours: the map's coordinates and what topics cluster.

Given the neighbours (curate/measure/nearest.py) UMAP is the fuzzy graph, built once by umap-learn, and its descent
(curate/measure/descent.py), once for each number of dimensions. Seeded, one thread: two would not repeat.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from curate.measure.descent import descend
from curate.measure.nearest import Nearest
from curate.types import F32, I32

SEED = 42
EPOCHS = (100, 200)  # least and most rounds of the descent; `rounds` says why
SETTLED = 4_096  # points up to which the most rounds are made
SCALE = 10  # neighbours that say how thin a prompt's surroundings are
PLACE = 5  # neighbours that a placed prompt lies between


def fuzzy_graph(near: Nearest, k: int) -> Any:
    """UMAP's weighted graph of the fitted prompts over their k nearest by scaled distance: scipy COO [m, m]."""
    index, distance = scaled(*near.among_fitted(near.index.shape[1]), k)
    graph, _, _ = _umap().fuzzy_simplicial_set(
        np.empty((index.shape[0], 1), np.float32),  # only its length is read once the neighbours are given
        index.shape[1],
        np.random.RandomState(SEED),
        "cosine",
        knn_indices=index,
        knn_dists=distance,
    )
    return graph


def scaled(index: I32, distance: F32, k: int) -> tuple[I32, F32]:
    """The best k of the neighbours once each distance is taken against how far both ends lie from their own neighbours.

    Prompts in thin regions else point at the hubs of dense ones and hang on to topics that they are not about. Half of the
    correction of Conneau et al. 2018 (CSLS): the whole of it gains more where prompts are mixed (CLINC150) and loses where
    they are all of one kind (banking77). A prompt stays first in its own list, at distance 0.
    """
    far = distance[:, 1 : SCALE + 1].mean(axis=1, dtype=np.float64)
    value = distance - 0.25 * (far[:, None] + far[index])
    value += 1e-3 - value[:, 1:].min(initial=0)
    value[:, 0] = 0
    order = np.lexsort((index, value), axis=1)[:, :k]
    return np.take_along_axis(index, order, axis=1), np.take_along_axis(value, order, axis=1).astype(np.float32)


def rounds(m: int) -> int:
    """Rounds of the descent for m points: fewer the more there are, as in umap-learn (500 up to 10,000 points, else 200).

    On 7,389 prompts of four labelled sets at once 100 rounds find topics as well as 200 (NMI .659 and .660); on 1,539 of
    banking77 alone a little less well (.826 and .835).
    """
    return int(np.clip(EPOCHS[1] * SETTLED // max(m, 1), *EPOCHS))


def embed_graph(graph: Any, vectors: F32, dims: int, min_dist: float) -> F32:
    """float32 [m, dims]: UMAP's layout of the graph, begun at the vectors' principal axes."""
    a, b = _umap().find_ab_params(1.0, min_dist)
    start = principal(vectors, dims)
    low = start.min(axis=0)
    start = 10 * (start - low) / np.maximum(start.max(axis=0) - low, 1e-9)
    return descend(start.astype(np.float32), graph, float(a), float(b), rounds(vectors.shape[0]))


def principal(vectors: F32, dims: int) -> F32:
    """float32 [m, dims]: the vectors along their first principal axes, spread over 10; signs fixed, a little seeded noise
    so that equal vectors can part."""
    wide = vectors.astype(np.float64)
    wide -= wide.mean(axis=0)
    _, axes = np.linalg.eigh(wide.T @ wide)
    axes = axes[:, ::-1][:, :dims]
    axes *= np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    flat = wide @ axes
    flat *= 10.0 / max(float(np.abs(flat).max()), 1e-9)
    noise = np.random.RandomState(SEED).normal(scale=1e-4, size=flat.shape)
    return np.asarray(flat + noise, dtype=np.float32)


def place(points: F32, near: Nearest) -> F32:
    """float32 [n, dims]: fitted prompts at their points, others between their nearest fitted ones."""
    if near.whole:
        return points
    out = between(points, near.index[:, :PLACE], near.distance[:, :PLACE])
    out[near.fitted] = points
    return out


def between(points: F32, index: I32, distance: F32) -> F32:
    """Mean of the neighbours' points, each weighted by how near it is next to the nearest one.

    Neighbours that lie far from the nearest one's point do not count: a mean across the map lies where nothing is.
    """
    first = points[index[:, 0]]
    gap = distance - distance[:, :1]
    weight = np.exp(-gap / np.maximum(distance.mean(axis=1, keepdims=True) * 0.25, 1e-6))
    away = np.linalg.norm(points[index] - first[:, None, :], axis=2)
    weight *= away <= 0.05 * float(np.ptp(points, axis=0).max(initial=0))
    weight[:, 0] = 1.0
    weight /= weight.sum(axis=1, keepdims=True)
    return np.asarray((points[index] * weight[:, :, None]).sum(axis=1), dtype=np.float32)


def placement_error(points: F32, near: Nearest) -> float:
    """How far placing misses: each fitted prompt placed by its neighbours without itself, median distance to where
    UMAP put it, as a share of the map's wider side. 0 when nothing was placed."""
    if near.whole:
        return 0.0
    index, distance = near.index[near.fitted, 1 : PLACE + 1], near.distance[near.fitted, 1 : PLACE + 1]
    miss = np.linalg.norm(between(points, index, distance) - points, axis=1)
    return float(np.median(miss) / max(float(np.ptp(points, axis=0).max()), 1e-9))


def warm() -> None:
    """Import what topics need while something else keeps the processor waiting."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import hdbscan  # noqa: F401
        import sklearn.feature_extraction.text

        del sklearn
        _umap()


@lru_cache(maxsize=1)
def _umap() -> Any:
    """umap's module. numba keeps its compiled kernels on disk, as it keeps ours: compiling them anew takes 5 s in every process."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numba warns of its own casts
        import umap.umap_
        import umap.utils
    from numba.core.dispatcher import Dispatcher

    for module in (umap.umap_, umap.utils):
        for kernel in vars(module).values():
            if isinstance(kernel, Dispatcher):
                kernel.enable_caching()
    return umap.umap_
