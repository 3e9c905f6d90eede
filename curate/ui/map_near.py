"""What lies near: by the vectors that measuring kept, else by the place on the map; and rows near a typed sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from curate.types import F16, F32, I32
from curate.ui.loaded import Loaded, Rows
from curate.ui.map_points import Cloud

WORDS, MEANING = "Words", "Meaning"  # ways to search
MOST = 12
MEANT = 100
BLOCK = 65_536


@dataclass(frozen=True, slots=True)
class Vectors:
    """Vectors of distinct prompts. values: float16 [k, d], length one; place: int32 [n], each row's or -1; model, dtype."""

    values: F16
    place: I32
    model: str
    dtype: str

    def like(self, one: F32) -> F32:
        """float32 [n]: cosine of every row's prompt to one vector of length one, -inf for rows without a vector."""
        parts = [self.values[a : a + BLOCK].astype(np.float32) @ one for a in range(0, self.values.shape[0], BLOCK)]
        cosine = np.append(np.concatenate(parts) if parts else np.empty(0, np.float32), -np.inf)
        return np.asarray(cosine[self.place], dtype=np.float32)


def vectors(data: Loaded, recipe: Any) -> Vectors | None:
    """The vectors that the evidence was made with, read from the store once; None when there are none of this model."""
    return data.remember(("map vectors", recipe.embed), lambda: _read(data, recipe))


def _read(data: Loaded, recipe: Any) -> Vectors | None:
    from curate.measure.buffers import text_keys
    from curate.measure.classes import prompt_view
    from curate.measure.vectors import distinct
    from curate.measure.wanted import embedder_identity
    from curate.store import RowStore, Store

    what = next((m for m in data.evidence.made if m.name == "vectors"), None)
    named = embedder_identity(recipe, None)
    if what is None or named is None or named[0] != what.backend:
        return None
    texts, place = distinct(prompt_view(data.dataset.rows))
    values, missing = RowStore(Store(), what, named[1], "<f2").get(text_keys(texts))
    if not texts or missing.all():
        return None
    lost = np.append(missing, True)[place]
    return Vectors(values, np.where(lost, -1, place).astype(np.int32), recipe.embed.model, recipe.embed.dtype)


def near_by_vector(found: Vectors, row: int) -> tuple[Rows, F32]:
    """The rows whose prompts mean the most alike, and their cosines; ([], []) for a row without a vector."""
    at = int(found.place[row])
    if at < 0:
        return np.empty(0, np.int64), np.empty(0, np.float32)
    cosine = found.like(found.values[at].astype(np.float32))
    cosine[row] = -np.inf
    return _top(cosine, MOST)


def near_by_place(cloud: Cloud, row: int) -> Rows:
    """The rows nearest on the map, which keeps neighbourhoods only roughly."""
    away = ((cloud.xy - cloud.xy[cloud.at[row]]) ** 2).sum(axis=1)
    away[cloud.at[row]] = np.inf
    return cloud.rows[_top(-away, MOST)[0]]


def near_by_meaning(found: Vectors, said: str) -> tuple[Rows, F32]:
    """The `MEANT` rows nearest to a sentence, nearest first. Errors: BackendError when the model can't be opened."""
    one = _embedder(found.model, found.dtype).embed([said])[0].astype(np.float32)
    return _top(found.like(one / max(float(np.linalg.norm(one)), 1e-9)), MEANT)


def _top(value: F32, most: int) -> tuple[Rows, F32]:
    """Places of the largest finite values, the lower place first among equals."""
    some = np.argpartition(-value, most - 1)[:most] if value.shape[0] > most else np.arange(value.shape[0])
    some = some[np.isfinite(value[some])]
    some = some[np.lexsort((some, -value[some]))]
    return some, value[some]


@st.cache_resource(show_spinner=False, max_entries=1)
def _embedder(model: str, dtype: str) -> Any:
    from curate.measure.embed import embedder

    return embedder(model, dtype)
