"""Curves: rows kept as a threshold moves, for the line behind a slider. Greedy keepers need not be monotone."""

from __future__ import annotations

from collections.abc import Sequence

from curate.decide.recipe import Recipe
from curate.decide.verdicts import kept_count
from curate.types import Evidence, Verdicts


def kept_curve(
    evidence: Evidence, recipe: Recipe, section: str, setting: str, values: Sequence[float], start: Verdicts
) -> tuple[int, ...]:
    """Rows kept at each value of one numeric setting, everything else as in `recipe`; `start` saves shared stages."""
    return tuple(kept_count(evidence, recipe.with_setting(section, **{setting: v}), previous=start) for v in values)
