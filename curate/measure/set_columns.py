"""Columns that depend on the whole set: made anew from row columns whenever evidence is put together, in milliseconds."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from curate.measure.boilerplate import measure_boilerplate
from curate.measure.columns import ratios
from curate.types import F32, I32, Dataset

SURE = 0.9  # a stranger is named only when its language is this likely
SHARE = 0.1  # a language that fewer of the pool's rows are in is a stranger
OWN = 0.8  # of the rows that say one are in the set's own languages; else it has none, and nobody is a stranger


def of_rows(dataset: Dataset, columns: Mapping[str, F32], content: I32) -> dict[str, F32]:
    """All of them. content: the class of equal rows."""
    return of_set(columns, dataset.frozen) | measure_boilerplate(dataset.rows, content, dataset.frozen)


def of_set(columns: Mapping[str, F32], frozen: np.ndarray) -> dict[str, F32]:
    """answer_ratio (see `ratios`); other_language: 1 where the row's language is none of the set's own and the prompt asks
    for none, NaN where the row says too little or the set has no language of its own."""
    return {**ratios(columns, frozen), **_strangers(columns, frozen)}


def _strangers(columns: Mapping[str, F32], frozen: np.ndarray) -> Mapping[str, F32]:
    language = columns.get("language")
    if language is None:
        return {}
    known = ~np.isnan(language)
    pool = language[known & ~frozen].astype(np.int64)
    counts = np.bincount(pool) if pool.shape[0] else np.zeros(1, dtype=np.int64)
    own = np.flatnonzero(counts >= max(1.0, SHARE * pool.shape[0]))
    sure = columns.get("language_sure", np.ones(language.shape[0], dtype=np.float32)) >= SURE  # else it is only likely
    at_home = np.isin(language, own)
    known &= at_home | sure
    if counts[own].sum() < OWN * max(pool.shape[0], 1):
        known[:] = False
    asked = columns.get("language_asked", np.zeros(language.shape[0], dtype=np.float32)) > 0
    return {"other_language": np.where(known, ~at_home & ~asked, np.nan).astype(np.float32)}
