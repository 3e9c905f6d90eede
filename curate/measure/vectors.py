"""Vectors of a dataset's prompts and answers: each distinct text embedded once, ever."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from curate.errors import Cancelled
from curate.measure.buffers import text_keys
from curate.measure.neighbours import cosines_of
from curate.measure.pairs import ViewVectors
from curate.store import RowStore
from curate.types import F32, I32, U64, Cancel, Embedder, Progress

STEP = 8_192  # texts between two writes: what an interrupted run can lose


@dataclass(frozen=True, slots=True)
class _Shifted:
    """Progress of one step told as progress of the whole stage."""

    tell: Progress
    stage: str
    start: int
    total: int

    def __call__(self, stage: str, done: int, total: int) -> None:
        del stage, total
        self.tell(self.stage, self.start + done, self.total)


def view_vectors(
    view: str,
    column: Any,
    kept: RowStore,
    embedder: Callable[[], Embedder],
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> ViewVectors:
    """Vectors of one view's distinct texts.

    `embedder` is asked only when a text is new; new vectors are stored every `STEP` texts.
    Errors: Cancelled (what was embedded stays), BackendError.
    """
    texts, place = distinct(column)
    keys = text_keys(texts)
    return ViewVectors(_fetch(kept, keys, texts, embedder, f"embed {view}s", progress, cancel), place, keys)


def distinct(column: Any) -> tuple[list[str], I32]:
    """The distinct non-empty texts of a column and each row's place among them, -1 for empty rows."""
    import pyarrow as pa
    import pyarrow.compute as pc

    array = pc.fill_null(column, "")
    array = pc.if_else(pc.equal(pc.utf8_trim_whitespace(array), ""), pa.scalar(None, pa.large_string()), array)
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    coded = array.dictionary_encode()
    if isinstance(coded, pa.ChunkedArray):
        coded = pa.chunked_array(coded.chunks).unify_dictionaries().combine_chunks()
    return coded.dictionary.to_pylist(), coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)


def _fetch(
    kept: RowStore,
    keys: U64,
    texts: list[str],
    embedder: Callable[[], Embedder],
    stage: str,
    progress: Progress | None,
    cancel: Cancel | None,
) -> np.ndarray:
    """float16 [k, d] of the texts; what is missing is embedded and stored in steps."""
    values, missing = kept.get(keys)
    rows = np.flatnonzero(missing)
    if progress is not None:
        progress(stage, 0, rows.shape[0])
    # Short texts last: the slow part comes first, so the time left is never promised too short.
    rows = rows[np.argsort([-len(texts[r]) for r in rows], kind="stable")] if rows.shape[0] else rows
    for start in range(0, rows.shape[0], STEP):
        if cancel is not None and cancel.is_set():
            raise Cancelled(f"{stage} was cancelled after {start} of {rows.shape[0]} texts; run again to go on")
        part = rows[start : start + STEP]

        tick = None if progress is None else _Shifted(progress, stage, start, rows.shape[0])
        made = embedder().embed([texts[r] for r in part], tick, cancel).astype(np.float16)
        kept.put(keys[part], made)
        values[part] = made
    return np.asarray(values)


def leads(prompts: ViewVectors, classes: Mapping[str, I32]) -> tuple[np.ndarray, np.ndarray]:
    """The lowest row of each prompt class that has a vector, and that vector's place."""
    label = classes["prompt"]
    first = np.flatnonzero((label == np.arange(label.shape[0])) & (prompts.place >= 0))
    return first, prompts.place[first]


def beside(prompts: ViewVectors, answers: ViewVectors) -> F32:
    """float32 [n]: the cosine of each row's prompt and its own answer; NaN where one is empty."""
    out = np.full(prompts.place.shape[0], np.nan, dtype=np.float32)
    both = np.flatnonzero((prompts.place >= 0) & (answers.place >= 0))
    for start in range(0, both.shape[0], STEP):  # float16 is widened a step at a time
        rows = both[start : start + STEP]
        out[rows] = cosines_of(prompts.values[prompts.place[rows]], answers.values[answers.place[rows]])
    return out
