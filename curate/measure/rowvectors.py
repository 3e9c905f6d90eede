"""Vectors of some rows, prompt and answer beside each other, from the store: what a model over rows is fitted on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curate.decide.recipe import Recipe
from curate.measure import embed
from curate.measure.classes import prompt_view
from curate.measure.table import plan
from curate.measure.vectors import view_vectors
from curate.measure.wanted import embedder_identity
from curate.store import RowStore, Store
from curate.types import F32, Cancel, Dataset, Embedder, Progress


def row_vectors(
    dataset: Dataset, recipe: Recipe, store: Store, progress: Progress | None = None, cancel: Cancel | None = None,
    rows: NDArray[np.int64] | None = None,
) -> F32 | None:  # fmt: skip
    """float32 [k, 2d]: prompt and answer vectors of `rows` (default: all), zero where a text is empty; None without a model.

    What is in the store is read; only what is new is embedded. Errors: Cancelled, BackendError.
    """
    import pyarrow as pa

    identity = embedder_identity(recipe, None)
    todo = plan(recipe, identity[0] if identity else None, None)
    if identity is None or todo.vectors is None:
        return None
    kept = RowStore(store, todo.vectors, identity[1], "<f2")
    table = dataset.rows if rows is None else dataset.rows.take(pa.array(rows))

    def opened() -> Embedder:
        return embed.embedder(recipe.embed.model, recipe.embed.dtype)

    out = np.zeros((table.num_rows, 2 * identity[1]), np.float32)
    for k, (view, column) in enumerate((("prompt", prompt_view(table)), ("answer", table.column("response")))):
        found = view_vectors(view, column, kept, opened, progress, cancel)
        here = found.place >= 0
        out[here, k * identity[1] : (k + 1) * identity[1]] = found.values[found.place[here]]
    return out
