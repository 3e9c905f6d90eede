"""What a recipe asks to be measured of a dataset on this machine, and what of it is kept already. No model is opened here."""

from __future__ import annotations

from hashlib import blake2b

from curate.decide.recipe import Recipe
from curate.measure import models
from curate.measure.buffers import text_keys
from curate.measure.classes import prompt_view
from curate.measure.table import plan
from curate.measure.vectors import distinct
from curate.store import RowStore, Store
from curate.types import Dataset, Embedder, Evidence, Measure


def embedder_identity(recipe: Recipe, embedder: Embedder | None) -> tuple[str, int] | None:
    """(name, dim) of what will embed; None when embedding is off or the model is not on this machine."""
    if embedder is not None:
        return embedder.name, embedder.dim
    return models.identity(recipe.embed.model, recipe.embed.dtype) if recipe.embed.enabled else None


def set_key(fingerprint: str, what: Measure) -> str:
    """The store key of set evidence."""
    return blake2b(f"{fingerprint}\x1f{what.key}".encode(), digest_size=16).hexdigest()


def ready(dataset: Dataset, recipe: Recipe, store: Store) -> bool:
    """Whether all set evidence that the recipe asks for is kept already, so that measuring makes no vector."""
    identity = embedder_identity(recipe, None)
    todo = plan(recipe, identity[0] if identity else None, None)
    wanted = {"classes": todo.classes, "pairs": todo.pairs, "topics": todo.topics, "conflict": todo.conflict}
    if dataset.frozen.any():
        wanted["matches"] = todo.matches
    return all(store.find(kind, set_key(dataset.fingerprint, m)) for kind, m in wanted.items() if m is not None)


def up_to_date(evidence: Evidence, recipe: Recipe) -> bool:
    """Whether the evidence is what the recipe's measuring settings (floors, hashes, model) ask for on this machine.

    False for evidence without vectors under a recipe that wants them and whose model is here. Token counts and the
    judge's scores do not matter: they come from elsewhere. Reads the model's files: some tenths of a second.
    """
    identity = embedder_identity(recipe, None)
    wanted = {m.key for m in plan(recipe, identity[0] if identity else None, None).made}
    return wanted == {m.key for m in evidence.made if m.name not in ("tokens", "judge", "judge_pairs")}


def new_prompts(dataset: Dataset, recipe: Recipe, store: Store) -> int:
    """How many distinct prompts of the dataset have no vector under this recipe yet; 0 when none is wanted."""
    identity = embedder_identity(recipe, None)
    todo = plan(recipe, identity[0] if identity else None, None)
    if identity is None or todo.vectors is None or ready(dataset, recipe, store):
        return 0
    texts, _ = distinct(prompt_view(dataset.rows))
    return RowStore(store, todo.vectors, identity[1], "<f2").lacks(text_keys(texts))
