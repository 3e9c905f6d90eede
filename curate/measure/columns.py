"""Columns of evidence that are read off the rows: ratios, orders, groups, sources, times. Cheap, so never stored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.measure import exams
from curate.types import F32, I32, Dataset, frozen_array


def ratios(columns: Mapping[str, F32], frozen: np.ndarray) -> Mapping[str, F32]:
    """answer_ratio: words over the median of the pool's non-empty answers; 1 word counts as measured, 0 as empty (NaN)."""
    words = columns["answer_words"]
    said = words[(words > 0) & ~frozen]
    if not said.shape[0]:
        return {"answer_ratio": np.full(words.shape[0], np.nan, dtype=np.float32)}
    return {"answer_ratio": np.where(words > 0, words / np.float32(np.median(said)), np.nan).astype(np.float32)}


def orders_of(dataset: Dataset) -> Mapping[str, I32]:
    """first: place in reading order (source, line). newest: place by the row's own time text, latest first, none last."""
    source = dataset.rows.column("source").to_numpy()
    line = dataset.rows.column("line").to_numpy()
    first = np.empty(len(dataset), dtype=np.int32)
    first[np.lexsort((line, source))] = np.arange(len(dataset), dtype=np.int32)
    import pyarrow.compute as pc

    newest = np.empty(len(dataset), dtype=np.int32)
    time = pc.fill_null(dataset.rows.column("time"), "")  # "" sorts last when descending
    newest[pc.array_sort_indices(time, order="descending").to_numpy()] = np.arange(len(dataset), dtype=np.int32)
    return {"first": frozen_array(first), "newest": frozen_array(newest)}


def times(dataset: Dataset) -> I32:
    """int32 [n]: dense ranks of the rows' times, earliest 0, equal times equal; -1 without a time that can be read."""
    texts, code = _coded(dataset.rows.column("time"))
    moments = np.array([moment(t) for t in texts], dtype=np.float64)
    if not moments.shape[0]:
        return np.full(len(dataset), -1, np.int32)
    known = np.isfinite(moments)
    rank = np.full(moments.shape[0], -1, np.int32)
    rank[known] = np.unique(moments[known], return_inverse=True)[1]
    return np.where(code >= 0, rank[np.maximum(code, 0)], -1).astype(np.int32)


def moment(text: str) -> float:
    """Seconds of a time written as ISO 8601 (no zone = UTC) or as a number (milliseconds when past the year 5138);
    NaN for anything else."""
    try:
        number = float(text)
    except ValueError:
        try:
            found = datetime.fromisoformat(text.strip())
        except ValueError:
            return np.nan
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    return number / 1000 if abs(number) >= 1e11 else number


def ties_of(dataset: Dataset) -> Mapping[str, I32]:
    """ "group": int32 [n], the rows of one declared group; -1 = none. "source": the file of each row, by its name. "time": `times`."""
    _, group = _coded(dataset.rows.column("group"))
    names = sorted({s.name for s in dataset.sources})
    of_source = np.array([names.index(s.name) for s in dataset.sources] or [0], np.int32)
    source = of_source[dataset.rows.column("source").to_numpy()] if len(dataset) else np.zeros(0, np.int32)
    return {"group": frozen_array(group), "source": frozen_array(source), "time": frozen_array(times(dataset))}


def _coded(column: Any) -> tuple[list[str], I32]:
    """The distinct values of a text column, sorted, and each row's place among them; -1 for null and blank."""
    import pyarrow as pa
    import pyarrow.compute as pc

    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    array = pc.cast(array, pa.large_string())
    coded = pc.dictionary_encode(pc.if_else(pc.equal(pc.utf8_trim_whitespace(array), ""), None, array))
    coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
    texts = coded.dictionary.to_pylist()
    order = sorted(range(len(texts)), key=texts.__getitem__)
    place = np.empty(len(texts) + 1, np.int32)
    place[order] = np.arange(len(texts))
    place[-1] = -1
    code = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return [texts[k] for k in order], place[code]


def items_and_pool(dataset: Dataset, classes: Mapping[str, I32]) -> tuple[exams.Items, I32]:
    """The evaluation items, and a pool row of each distinct content."""
    content = classes["content"]
    pool = np.flatnonzero((content == np.arange(content.shape[0])) & ~dataset.frozen).astype(np.int32)
    return exams.items_of(dataset.rows, dataset.frozen), pool


def preferred(dataset: Dataset, answer_words: F32) -> I32:
    """int32 [5, n]: ranks by each rule of keeping that is known now (longest, shortest, first, newest, by id); frozen first.

    The judge's order is not known while pairs are measured: until then its rule falls back on the order of ids, as here.
    """
    n = len(dataset)
    ids, words = np.argsort(np.argsort(dataset.ids, kind="stable")), np.nan_to_num(answer_words, nan=-1.0)
    orders = orders_of(dataset)
    out = np.empty((5, n), dtype=np.int32)
    values: tuple[NDArray[Any], ...] = (-words, words, orders["first"], orders["newest"], ids)
    for rank, value in zip(out, values, strict=True):
        rank[np.lexsort((ids, value, ~dataset.frozen))] = np.arange(n, dtype=np.int32)
    return out
