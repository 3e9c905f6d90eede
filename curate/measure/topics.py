"""Topics of the prompts: UMAP to five dimensions, HDBSCAN, cut at several sizes, named by class-based TF-IDF.

At most `FIT` distinct prompts are clustered, chosen by the hash of their text; every other row takes the topic of its
nearest clustered prompt, and the number clustered is part of the result. PCA in place of UMAP finds nothing (AMI .06,
reference/performance.md h). Seeded and in canonical order: the same vectors give the same topics in any process.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from curate.errors import Cancelled
from curate.measure.layout import embed_graph, fuzzy_graph, place, placement_error, warm
from curate.measure.nearest import choose, nearest
from curate.measure.neighbours import unit
from curate.types import F16, F32, I32, U64, Cancel, Progress, Topics

VERSION = 5
FIT = 10_000
SIZES = (5, 10, 15, 25, 50, 100)
NEIGHBOURS = 15
DIMENSIONS = 5
LEAST = 20  # below this UMAP's graph means nothing: no topics
MAP_DISTANCE = 0.1  # UMAP's min_dist for the map: points of one topic do not cover each other


def fit_topics(
    vectors: F16, keys: U64, texts: Any, progress: Progress | None = None, cancel: Cancel | None = None
) -> Topics | None:
    """Topics of n distinct prompts; None when there are too few. vectors: float16 [n, d]; keys: uint64 [n, 2]; texts: Arrow [n].

    labels and xy are of these n prompts. Errors: Cancelled between steps.
    """
    import pyarrow as pa

    n = vectors.shape[0]
    if n < LEAST:
        return None
    near = nearest(vectors, choose(keys, FIT), NEIGHBOURS, progress, cancel)
    wide = unit(vectors[near.fitted])
    _step(progress, cancel, 0)
    with _one_thread():
        graph = fuzzy_graph(near, NEIGHBOURS)
        points = embed_graph(graph, wide, min(DIMENSIONS, near.fitted.shape[0] - 2), 0.0)
        _step(progress, cancel, 1)
        cuts = cut(points)
        _step(progress, cancel, 2)
        plane = embed_graph(graph, wide, 2, MAP_DISTANCE)
    _step(progress, cancel, 3)
    names = tuple(name_topics(texts.take(pa.array(near.fitted)).to_pylist(), cuts))
    _step(progress, cancel, 4)
    labels = tuple(c[near.index[:, 0]].astype(np.int32) for c in cuts)
    return Topics(SIZES, labels, names, int(near.fitted.shape[0]), place(plane, near), placement_error(plane, near))


def _one_thread() -> Any:
    """A context in which matrix products run on one thread: with two their last bits differ, and so would topics."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    warm()  # only libraries that are loaded by now are limited
    return threadpool_limits(limits=1)


def _step(progress: Progress | None, cancel: Cancel | None, done: int) -> None:
    if cancel is not None and cancel.is_set():
        raise Cancelled(f"topics were cancelled at step {done} of 4; run again to go on")
    if progress is not None:
        progress("topics", done, 4)


def cut(points: F32) -> list[I32]:
    """int32 [n] labels at every size of SIZES from one tree (min_samples 5); -1 = no topic."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import hdbscan
        from hdbscan.hdbscan_ import _tree_to_labels

        samples = min(5, points.shape[0] - 1)
        model = hdbscan.HDBSCAN(
            min_cluster_size=SIZES[0], min_samples=samples, core_dist_n_jobs=1, gen_min_span_tree=False
        )
        model.fit(points)
        tree = model.single_linkage_tree_.to_numpy()
        return [_renumber(_tree_to_labels(points, tree, min_cluster_size=size)[0]) for size in SIZES]


def _renumber(labels: np.ndarray) -> I32:
    """Topics numbered by size, largest first, the earlier first row on ties."""
    found, first, size = np.unique(labels[labels >= 0], return_index=True, return_counts=True)
    order = np.lexsort((first, -size))
    new = np.full(int(labels.max(initial=-1)) + 2, -1, dtype=np.int32)
    new[found[order]] = np.arange(found.shape[0])
    return np.where(labels >= 0, new[labels], -1).astype(np.int32)


def name_topics(texts: list[str], cuts: list[I32], words: int = 3) -> list[tuple[str, ...]]:
    """Names per cut: the words that set each topic's prompts apart from the others (class-based TF-IDF)."""
    from sklearn.feature_extraction.text import CountVectorizer

    counter = CountVectorizer(
        stop_words="english", max_features=20_000, token_pattern=r"(?u)\b[^\W\d_]{3,}\b", dtype=np.int64
    )
    try:
        counts = counter.fit_transform([t[:2_000] for t in texts])
    except ValueError:  # no word at all, or stop words only
        return [tuple(f"topic {t}" for t in range(int(c.max(initial=-1)) + 1)) for c in cuts]
    vocabulary = counter.get_feature_names_out()
    return [_names(counts, c, vocabulary, words) for c in cuts]


def _names(counts: Any, labels: I32, vocabulary: np.ndarray, words: int) -> tuple[str, ...]:
    from scipy.sparse import csr_array

    k = int(labels.max(initial=-1)) + 1
    if not k:
        return ()
    rows = np.flatnonzero(labels >= 0)
    member = csr_array((np.ones(rows.shape[0]), (labels[rows], rows)), shape=(k, labels.shape[0]))
    by_topic = (
        member @ (counts > 0)
    ).toarray()  # documents that hold the word, so that one long prompt can't name a topic
    total = by_topic.sum(axis=0)
    share = by_topic / np.maximum(by_topic.sum(axis=1, keepdims=True), 1)
    score = share * np.log1p(by_topic.sum() / k / np.maximum(total, 1))
    top = np.argsort(-score, axis=1, kind="stable")[:, :words]
    return tuple(" / ".join(vocabulary[w] for w in top[t] if score[t, w] > 0) or f"topic {t}" for t in range(k))
