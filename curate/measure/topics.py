"""Topics of the prompts: UMAP to five dimensions, HDBSCAN, cut at several sizes, named by class-based TF-IDF.

At most `FIT` distinct prompts are clustered, chosen by the hash of their text; every other row takes the topic of its
nearest clustered prompt, and the number clustered is part of the result. PCA in place of UMAP finds nothing (AMI .06,
reference/performance.md h). Seeded and in canonical order: the same vectors give the same topics in any process.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from curate.errors import Cancelled
from curate.measure.neighbours import unit
from curate.types import F16, F32, I32, U64, Cancel, Progress, Topics

VERSION = 4
FIT = 3_000
SIZES = (5, 10, 15, 25, 50, 100)
NEIGHBOURS = 15
DIMENSIONS = 5
LEAST = 20  # below this UMAP's graph means nothing: no topics
BLOCK = 2_048


def fit_topics(
    vectors: F16, keys: U64, texts: Any, progress: Progress | None = None, cancel: Cancel | None = None
) -> Topics | None:
    """Topics of n distinct prompts; None when there are too few. vectors: float16 [n, d]; keys: uint64 [n, 2]; texts: Arrow [n].

    labels are of these n prompts. Errors: Cancelled between steps.
    """
    import pyarrow as pa

    n = vectors.shape[0]
    if n < LEAST:
        return None
    chosen = np.sort(np.lexsort((keys[:, 1], keys[:, 0]))[:FIT])
    wide = unit(vectors)
    _step(progress, cancel, 0)
    with _one_thread():
        flat = reduce(wide[chosen])
        _step(progress, cancel, 1)
        cuts = cut(flat)
        _step(progress, cancel, 2)
        near = nearest(wide, chosen)
    _step(progress, cancel, 3)
    names = tuple(name_topics(texts.take(pa.array(chosen)).to_pylist(), cuts))
    _step(progress, cancel, 4)
    return Topics(SIZES, tuple(c[near].astype(np.int32) for c in cuts), names, int(chosen.shape[0]))


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


def reduce(vectors: F32) -> F32:
    """float32 [n, 5] by UMAP over exact cosine neighbours, seed 42, one thread (two would not repeat)."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # umap warns that a seed costs threads, and numba of its own casts
        import umap

        _keep_compiled()
        neighbours = min(NEIGHBOURS, vectors.shape[0] - 1)
        made = umap.UMAP(
            n_neighbors=neighbours,
            n_components=min(DIMENSIONS, vectors.shape[0] - 2),
            min_dist=0.0,
            metric="cosine",
            random_state=42,
            init="pca",
            n_epochs=200,
            n_jobs=1,
            precomputed_knn=exact_neighbours(vectors, neighbours),
        )
        return np.asarray(made.fit_transform(vectors), dtype=np.float32)


def warm() -> None:
    """Import what topics need while something else keeps the processor waiting."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import hdbscan  # noqa: F401
        import sklearn.feature_extraction.text
        import umap  # noqa: F401

        del sklearn
        _keep_compiled()


@lru_cache(maxsize=1)
def _keep_compiled() -> None:
    """Let numba keep umap's compiled kernels on disk, as it keeps ours: compiling them anew takes 5 s in every process."""
    import umap.layouts
    import umap.umap_
    import umap.utils
    from numba.core.dispatcher import Dispatcher

    for module in (umap.layouts, umap.umap_, umap.utils):
        for kernel in vars(module).values():
            if isinstance(kernel, Dispatcher):
                kernel.enable_caching()


def exact_neighbours(vectors: F32, k: int) -> tuple[I32, F32]:
    """Each vector's k nearest by cosine distance, itself first: indices int32 [n, k], distances float32 [n, k]."""
    n = vectors.shape[0]
    index, distance = np.empty((n, k), np.int32), np.empty((n, k), np.float32)
    for at in range(0, n, BLOCK):
        block = 1.0 - vectors[at : at + BLOCK] @ vectors.T
        block[
            np.arange(block.shape[0]), np.arange(at, at + block.shape[0])
        ] = -1.0  # itself first, whatever copies there are
        near = np.argpartition(block, k - 1, axis=1)[:, :k]
        value = np.take_along_axis(block, near, axis=1)
        order = np.lexsort((near, value), axis=1)
        index[at : at + BLOCK] = np.take_along_axis(near, order, axis=1)
        distance[at : at + BLOCK] = np.maximum(np.take_along_axis(value, order, axis=1), 0)
    return index, distance


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


def nearest(vectors: F32, chosen: np.ndarray) -> np.ndarray:
    """int64 [n]: for each vector the place in `chosen` of its nearest chosen vector; a chosen one is its own."""
    out = np.empty(vectors.shape[0], dtype=np.int64)
    base = np.ascontiguousarray(vectors[chosen].T)
    for at in range(0, vectors.shape[0], BLOCK):
        out[at : at + BLOCK] = np.argmax(vectors[at : at + BLOCK] @ base, axis=1)
    out[chosen] = np.arange(chosen.shape[0])
    return out


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
