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
from curate.measure.layout import embed_graph, fuzzy_graph, place, placement_error
from curate.measure.linkage import nearest_points, single_linkage
from curate.measure.nearest import Nearest, choose, nearest
from curate.measure.topic_words import word_table
from curate.types import F16, F32, U64, Cancel, Progress, Topics, TopicTree

VERSION = 10
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
        close, far = nearest_points(points, BESIDE)
        left, right, height = single_linkage(points, far[:, min(SAMPLES, far.shape[1]) - 1])
        _step(progress, cancel, 2)
        plane = embed_graph(graph, near.base, 2, MAP_DISTANCE)
    _step(progress, cancel, 3)
    tree = TopicTree(
        left, right, height, points, close,
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

    return threadpool_limits(limits=1)


def _step(progress: Progress | None, cancel: Cancel | None, done: int) -> None:
    if cancel is not None and cancel.is_set():
        raise Cancelled(f"topics were cancelled at step {done} of {STEPS}; run again to go on")
    if progress is not None:
        progress("topics", done, STEPS)
