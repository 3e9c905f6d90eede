"""Audit and curate fine-tuning datasets before training.

    dataset = load(["rows.jsonl"], frozen=["eval.jsonl"])
    recipe = preset("default")
    evidence = measure(dataset, recipe=recipe)
    verdicts = decide(evidence, recipe)
    badges = check(dataset, evidence, verdicts)
    export(dataset, evidence, verdicts, recipe, badges, Path("out"))

A name is imported when it is first asked for, so that `curate --help` waits for no compiler.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

_HOMES = {
    "curate.decide": ("PRESETS", "RULES", "Recipe", "check", "decide", "frontier", "preset"),
    "curate.errors": ("BackendError", "CurateError", "DataError", "FloorError", "RecipeError", "StoreError"),
    "curate.load": ("load",),
    "curate.measure": ("measure",),
    "curate.overrides": ("Overrides",),
    "curate.ship": ("export", "rebuild", "verify"),
    "curate.store": ("Store",),
    "curate.types": ("Check", "Dataset", "Evidence", "Verdicts"),
}


class _Public:
    """A public name, imported on first use. It wins over a folder of the same name: `curate.load` is the function."""

    def __init__(self, home: str, name: str) -> None:
        self._home, self._name = home, name

    def __get__(self, package: ModuleType, owner: type | None = None) -> Any:
        return getattr(import_module(self._home), self._name)

    def __set__(self, package: ModuleType, value: object) -> None:
        """Importing `curate.load` makes Python set the folder here; the function stays."""


class _Package(ModuleType):
    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *__all__]


for _home, _names in _HOMES.items():
    for _name in _names:
        setattr(_Package, _name, _Public(_home, _name))
sys.modules[__name__].__class__ = _Package
