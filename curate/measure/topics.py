"""Topics of the prompts: UMAP to ten dimensions and HDBSCAN's tree, and the map: the same graph in two.

At most `FIT` distinct prompts are clustered, chosen by the hash of their text; every other row takes the topic of its
nearest clustered prompt, and the number clustered is part of the result. PCA in place of UMAP finds nothing (AMI .06,
reference/performance.md h). The cut is a decision: curate/decide/topics.py. Seeded and in canonical order: the same
vectors give the same topics and the same coordinates in any process.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from curate.decide.recipe import TopicCut
from curate.decide.topics import cut_tree, usual_size
from curate.errors import Cancelled
from curate.measure.layout import embed_graph, fuzzy_graph, place, placement_error, warm
from curate.measure.nearest import Nearest, choose, nearest
from curate.measure.topic_words import word_table
from curate.types import F16, F32, F64, I32, U64, Cancel, Progress, Topics, TopicTree

VERSION = 11
FIT = 8_192  # prompts clustered: a fit is made again after any change of the data, so it must cost seconds
SIZES = (5, 10, 15, 25, 50, 100)
NEIGHBOURS = 15
CANDIDATES = 30  # neighbours kept before distances are scaled and the best 15 taken
DIMENSIONS = 10
SAMPLES = 5  # HDBSCAN's min_samples
LEAST = 20  # below this UMAP's graph means nothing: no topics
MAP_DISTANCE = 0.1  # UMAP's min_dist for the map: points of one topic do not cover each other
STEPS = 4
BESIDE = 15  # nearest other points that the tree keeps of each


def fit_topics(
    vectors: F16, keys: U64, texts: Any, progress: Progress | None = None, cancel: Cancel | None = None
) -> Topics | None:
    """Topics and map of n distinct prompts; None when there are too few. vectors: float16 [n, d]; keys: uint64 [n, 2];
    texts: Arrow [n].

    All row numbers in the result are of these n prompts. Errors: Cancelled between steps.
    """
    n = vectors.shape[0]
    if n < LEAST:
        return None
    near = nearest(vectors, choose(keys, FIT), CANDIDATES, progress, cancel)
    _step(progress, cancel, 0)
    with _one_thread():
        graph = fuzzy_graph(near, NEIGHBOURS)
        points = embed_graph(graph, near.base, min(DIMENSIONS, near.fitted.shape[0] - 2), 0.0)
        _step(progress, cancel, 1)
        left, right, height = single_linkage(points)
        _step(progress, cancel, 2)
        plane = embed_graph(graph, near.base, 2, MAP_DISTANCE)
    _step(progress, cancel, 3)
    tree = TopicTree(
        left, right, height, points, beside(points),
        rows=near.fitted.astype(np.int32),
        place=np.ascontiguousarray(near.index[:, 0]),
        apart=near.apart(),
        words=word_table(_texts(texts, near)),
    )  # fmt: skip
    _step(progress, cancel, 4)
    return ready(tree, place(plane, near), placement_error(plane, near))


def ready(tree: TopicTree, xy: F32, error: float) -> Topics:
    """The tree with the usual cut and a few others ready made."""
    m = tree.left.shape[0] + 1
    usual = usual_size(m)
    wanted = TopicCut()
    cuts = [cut_tree(tree, size, wanted.apart, wanted.noise) for size in (usual, *(s for s in SIZES if s != usual))]
    return Topics(
        tuple(c.size for c in cuts), tuple(c.label for c in cuts), tuple(c.names for c in cuts), m, xy, error, tree
    )


def _texts(texts: Any, near: Nearest) -> list[str]:
    import pyarrow as pa

    return [t or "" for t in texts.take(pa.array(near.fitted)).to_pylist()]


def _one_thread() -> Any:
    """A context in which matrix products run on one thread: with two their last bits differ, and so would topics."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    warm()  # only libraries that are loaded by now are limited
    return threadpool_limits(limits=1)


def _step(progress: Progress | None, cancel: Cancel | None, done: int) -> None:
    if cancel is not None and cancel.is_set():
        raise Cancelled(f"topics were cancelled at step {done} of {STEPS}; run again to go on")
    if progress is not None:
        progress("topics", done, STEPS)


def single_linkage(points: F32) -> tuple[I32, I32, F64]:
    """HDBSCAN's tree over mutual reachability at min_samples 5: nodes joined by each merge, and at which distance."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import hdbscan

        samples = min(SAMPLES, points.shape[0] - 1)
        model = hdbscan.HDBSCAN(
            min_cluster_size=max(SAMPLES, 2), min_samples=samples, core_dist_n_jobs=1, gen_min_span_tree=False
        )
        model.fit(points)
        tree = model.single_linkage_tree_.to_numpy()
    return (
        np.ascontiguousarray(tree[:, 0], dtype=np.int32),
        np.ascontiguousarray(tree[:, 1], dtype=np.int32),
        np.ascontiguousarray(tree[:, 2], dtype=np.float64),
    )


def beside(points: F32) -> I32:
    """int32 [m, 15]: each point's nearest other points on the layout, best first."""
    from sklearn.neighbors import NearestNeighbors

    near = NearestNeighbors(n_neighbors=min(BESIDE, points.shape[0] - 1), algorithm="kd_tree").fit(points)
    return np.asarray(near.kneighbors(return_distance=False), dtype=np.int32)
