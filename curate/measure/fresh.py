"""Vectors of a dataset's texts by themselves: looked up by text, made where they are missing, without any other measuring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from curate.decide import Recipe
from curate.measure import embed, exams
from curate.measure.classes import prompt_view
from curate.measure.pairs import ViewVectors
from curate.measure.table import plan
from curate.measure.vectors import view_vectors
from curate.measure.wanted import embedder_identity
from curate.store import RowStore, Store
from curate.types import Cancel, Dataset, Embedder, Progress


@dataclass(frozen=True, slots=True)
class Fresh:
    """Vectors of prompts, and with evaluation rows of answers and items too. exams: None without those."""

    prompt: ViewVectors
    exams: exams.Views | None


def vectors_of(column: Any, recipe: Recipe, store: Store) -> ViewVectors | None:
    """The vectors of one column of texts; None when the recipe has no model or it is not here."""
    identity = embedder_identity(recipe, None)
    what = plan(recipe, identity[0] if identity else None, None).vectors
    if identity is None or what is None:
        return None
    kept = RowStore(store, what, identity[1], "<f2")
    return view_vectors("text", column, kept, lambda: embed.embedder(recipe.embed.model, recipe.embed.dtype))


def fresh_vectors(
    dataset: Dataset,
    items: exams.Items | None,
    recipe: Recipe,
    store: Store,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Fresh | None:
    """The vectors under the recipe's model; None when it has none or the model is not here. Errors: Cancelled."""
    identity = embedder_identity(recipe, None)
    what = plan(recipe, identity[0] if identity else None, None).vectors
    if identity is None or what is None:
        return None
    kept, opened = RowStore(store, what, identity[1], "<f2"), list[Embedder]()

    def embedder() -> Embedder:
        if not opened:
            opened.append(embed.embedder(recipe.embed.model, recipe.embed.dtype))
        return opened[0]

    rows = dataset.rows
    prompt = view_vectors("prompt", prompt_view(rows), kept, embedder, progress, cancel)
    if items is None:
        return Fresh(prompt, None)
    answer = view_vectors("answer", rows.column("response"), kept, embedder, progress, cancel)
    exam = view_vectors("evaluation item", exams.variants(items), kept, embedder, progress, cancel)
    return Fresh(prompt, exams.Views(prompt, answer, exam))
