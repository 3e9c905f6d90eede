"""Decisions: pure functions of evidence and a recipe. No I/O, no clock, no randomness but keyed hashes.

Names are looked up when they are asked for: the compiled kernels of all stages take half a second to load, which a command
that only reads a recipe, and the topics process, need not pay.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from curate.decide.frontier import frontier

if TYPE_CHECKING:
    from curate.decide.health import check
    from curate.decide.presets import PRESETS, preset
    from curate.decide.recipe import Recipe
    from curate.decide.rules import RULES, Rule
    from curate.decide.verdicts import decide, topics_of

__all__ = ["PRESETS", "RULES", "Recipe", "Rule", "check", "decide", "frontier", "preset", "topics_of"]

# No module here may bear the name of one of these: importing it would put the module in the name's place.
_HOME = {
    "PRESETS": "presets", "RULES": "rules", "Recipe": "recipe", "Rule": "rules", "check": "health", "decide": "verdicts",
    "preset": "presets", "topics_of": "verdicts",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
