"""Audit and curate fine-tuning datasets before training.

    dataset = load(["rows.jsonl"], frozen=["eval.jsonl"])
    recipe = preset("default")
    evidence = measure(dataset, recipe=recipe)
    verdicts = decide(evidence, recipe)
    badges = check(dataset, evidence, verdicts)
    export(dataset, evidence, verdicts, recipe, badges, Path("out"))
"""

from __future__ import annotations

from curate.decide import PRESETS, RULES, Recipe, check, decide, frontier, preset
from curate.errors import BackendError, CurateError, DataError, FloorError, RecipeError, StoreError
from curate.load import load
from curate.measure import measure
from curate.overrides import Overrides
from curate.ship import export, rebuild, verify
from curate.store import Store
from curate.types import Check, Dataset, Evidence, Verdicts

__version__ = "0.1.0"

__all__ = [
    "PRESETS",
    "RULES",
    "BackendError",
    "Check",
    "CurateError",
    "DataError",
    "Dataset",
    "Evidence",
    "FloorError",
    "Overrides",
    "Recipe",
    "RecipeError",
    "Store",
    "StoreError",
    "Verdicts",
    "check",
    "decide",
    "export",
    "frontier",
    "load",
    "measure",
    "preset",
    "rebuild",
    "verify",
]
