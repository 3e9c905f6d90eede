"""Decisions: pure functions of evidence and a recipe. No I/O, no clock, no randomness but keyed hashes."""

from __future__ import annotations

from curate.decide.decide import decide, topics_of
from curate.decide.frontier import frontier
from curate.decide.health import check
from curate.decide.presets import PRESETS, preset
from curate.decide.recipe import Recipe
from curate.decide.rules import RULES, Rule

__all__ = ["PRESETS", "RULES", "Recipe", "Rule", "check", "decide", "frontier", "preset", "topics_of"]
