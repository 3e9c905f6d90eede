"""The table of measures: name, version, parameters, scope and backend of everything that makes evidence.

A measure's key enters every store key, so changing a parameter or raising a version recomputes what depends on it and
nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

from curate.decide.recipe import Recipe
from curate.measure import boilerplate, conflict, exams, surprise, topics
from curate.measure.same import version as same_version
from curate.measure.signals import SIGNALS
from curate.types import Measure


@dataclass(frozen=True, slots=True)
class Plan:
    """The measures that a recipe asks for. `vectors` and `topics` are None when embedding is off or has no model."""

    signals: tuple[Measure, ...]  # one per entry of curate/measure/signals.py
    tokens: Measure | None
    classes: Measure
    pairs: Measure
    vectors: Measure | None
    meaning: Measure | None
    topics: Measure | None
    matches: Measure
    conflict: Measure
    shared: Measure

    @property
    def made(self) -> tuple[Measure, ...]:
        every = (*self.signals, self.tokens, self.classes, self.vectors, self.meaning, self.pairs, self.topics,
                 self.matches, self.conflict, self.shared)  # fmt: skip
        return tuple(m for m in every if m is not None)


def plan(recipe: Recipe, embedder_name: str | None, tokenizer: str | None) -> Plan:
    """The plan for a recipe. embedder_name: None = no vectors. tokenizer: its name, None = no token counts."""
    near = recipe.near
    vectors = meaning = cut = None
    if embedder_name is not None:
        vectors = Measure("vectors", 1, (("dtype", "float16"),), "row", embedder_name)
        meaning = Measure("meaning", 3, (("floor", repr(near.meaning_floor)), ("vectors", vectors.key)), "set")
        cut = Measure(
            "topics", topics.VERSION, (("fit", str(topics.FIT)), ("vectors", vectors.key)), "set", "umap+hdbscan"
        )
    params = [("floor", repr(near.text_floor)), ("hashes", str(near.hashes)), ("bands", str(near.bands))]
    params.append(("same", same_version()))
    if meaning is not None:
        params.append(("meaning", meaning.key))
    pairs = Measure("pairs", 6, tuple(params), "set")
    return Plan(
        signals=tuple(Measure(s.name, s.version) for s in SIGNALS),
        tokens=None if tokenizer is None else Measure("tokens", 1, (), "row", tokenizer),
        classes=Measure("classes", 3, (), "set"),
        pairs=pairs,
        vectors=vectors,
        meaning=meaning,
        topics=cut,
        matches=Measure(
            "matches",
            exams.VERSION,
            (("models", exams.fingerprint()), *(() if vectors is None else (("vectors", vectors.key),))),
            "set",
        ),
        conflict=conflict.measure_of(recipe.conflict, pairs),
        shared=Measure(
            "shared", 1, (("boilerplate", str(boilerplate.VERSION)), ("surprise", str(surprise.VERSION))), "set"
        ),
    )
