"""Length floors for answers that are short by design: labels, names, numbers (requirements D28: S3's own ticket labels fail S3)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from curate.decide.recipe import Recipe
from curate.types import Evidence

SHORT = 5.0  # median words up to which answers are short by design: labels and names have one to four
# Rules with a fixed floor, and the column that they read.
FITTED: Mapping[str, str] = {
    "too_short_answer": "answer_words", "s3_short_answer": "shortest_answer_chars", "answer_characters": "first_answer_chars",
}  # fmt: skip


def short_by_design(evidence: Evidence) -> float | None:
    """The median answer in words when answers are short by design, else None."""
    words = evidence.columns["answer_words"]
    said = words[(words > 0) & ~evidence.frozen]
    median = float(np.median(said)) if said.shape[0] else np.inf
    return median if median <= SHORT else None


def fitted(recipe: Recipe, evidence: Evidence) -> Recipe:
    """The recipe with fixed floors no higher than the shortest tenth of the answers; the same for a set of longer answers.

    Shape scores that ask for a length (low_shape, low_diversity) are switched off: 50 words are no aim of a label.
    """
    if short_by_design(evidence) is None:
        return recipe
    for name, column in FITTED.items():
        rule, values = recipe.rule(name), evidence.columns[column]
        said = values[(values > 0) & ~evidence.frozen]
        floor = float(np.floor(np.percentile(said, 10))) if said.shape[0] else 0.0
        if rule.enabled and np.isfinite(rule.low) and rule.low > floor:
            recipe = recipe.with_rule(name, low=floor)
    for name in ("low_shape", "low_diversity"):
        if recipe.rule(name).enabled:
            recipe = recipe.with_rule(name, enabled=False)
    return recipe
