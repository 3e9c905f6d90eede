"""Columns that depend on the whole set: its median length, its languages, its sentences, its letters, its times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from curate.measure.boilerplate import measure_boilerplate
from curate.measure.columns import moment, ratios
from curate.measure.dates import years_after
from curate.measure.surprise import measure_surprise
from curate.types import F32, I32, Dataset

FINISH = r'"(?:finish|stop)_?[rR]eason"\s*:\s*"'
CUT = r"(?i:length|max_tokens|max_length|token_limit|model_length)\""  # of OpenAI, Anthropic, Gemini, TGI
SURE = 0.9  # a stranger is named only when its language is this likely
SHARE = 0.1  # a language that fewer of the pool's rows are in is a stranger
OWN = 0.8  # of the rows that say one are in the set's own languages; else it has none, and nobody is a stranger


def of_texts(dataset: Dataset, content: I32) -> dict[str, F32]:
    """Those that read every text: kept with the set. content: the class of equal rows."""
    return measure_boilerplate(dataset.rows, content, dataset.frozen) | measure_surprise(dataset.rows, dataset.frozen)


def of_rows(dataset: Dataset, columns: Mapping[str, F32]) -> dict[str, F32]:
    """The others: made anew whenever evidence is put together, in milliseconds."""
    return of_set(columns, dataset.frozen) | later_years(dataset.rows) | finish_cut(dataset.rows)


def of_set(columns: Mapping[str, F32], frozen: np.ndarray) -> dict[str, F32]:
    """answer_ratio (see `ratios`); other_language: 1 where the row's language is none of the set's own and the prompt asks
    for none, NaN where the row says too little or the set has no language of its own."""
    return {**ratios(columns, frozen), **_strangers(columns, frozen)}


def later_years(rows: Any) -> dict[str, F32]:
    """later_years: by how many years the latest day or year that prompt and answer name lies after the row's own time, 0 =
    none does; NaN for a row without a time. Not kept by content: two equal rows may have two times."""
    import pyarrow as pa
    import pyarrow.compute as pc

    out = np.full(rows.num_rows, np.nan, dtype=np.float32)
    dated = np.flatnonzero(~np.asarray(pc.is_null(rows.column("time")).to_numpy(zero_copy_only=False), dtype=np.bool_))
    if not dated.shape[0]:
        return {}
    few = rows.select(["time", "prompt", "response"]).take(pa.array(dated))
    moments = np.array([moment(str(time)) for time in few.column("time").to_pylist()], dtype=np.float64)
    out[dated] = np.fmax(*(years_after(few.column(c), moments) for c in ("prompt", "response")))
    return {"later_years": out}


def finish_cut(rows: Any) -> dict[str, F32]:
    """finish_cut: 1 where the row's own finish reason says that its answer met a length limit, 0 where it says another, NaN
    without one. Not kept by content: it is metadata."""
    import pyarrow.compute as pc

    extra = pc.fill_null(rows.column("extra"), "")
    said = np.asarray(pc.match_substring_regex(extra, FINISH), dtype=np.bool_)
    if not said.any():
        return {}
    cut = np.asarray(pc.match_substring_regex(extra, FINISH + CUT), dtype=np.float32)
    return {"finish_cut": np.where(said, cut, np.float32(np.nan))}


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
