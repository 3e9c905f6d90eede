"""Sizing: how many rows a goal needs, by S0's and S3's tables (requirements 10, 51). They differ for alike goals (D29)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from curate.errors import RecipeError


@dataclass(frozen=True, slots=True)
class Size:
    """Least rows of high quality, the recommended range's ends (0 = none given), and what low quality does."""

    least: int
    enough: int
    title: str
    source: str
    harm: str = ""


GOALS: Mapping[str, Size] = {
    "style": Size(200, 500, "style or format adaptation", "S0", "minor format inconsistency"),
    "vocabulary": Size(500, 2_000, "domain vocabulary or tone", "S0", "poor domain coverage"),
    "new_task": Size(1_000, 5_000, "a new task", "S0", "task failure"),
    "facts": Size(5_000, 50_000, "factual knowledge", "S0", "hallucination"),
    "alignment": Size(50_000, 0, "full behavioural alignment", "S0", "misaligned behaviour"),
    "classification": Size(50, 500, "simple classification", "S3"),
    "format": Size(100, 1_000, "format or style change", "S3"),
    "complex_task": Size(500, 5_000, "a complex task of several steps", "S3"),
    "domain": Size(1_000, 10_000, "domain-specific behaviour", "S3"),
    "persona": Size(2_000, 0, "a full persona or assistant", "S3"),
}


def size_for(goal: str) -> Size | None:
    """The size a goal needs; None when no goal is chosen. Errors: RecipeError that lists the goals."""
    if not goal:
        return None
    if goal not in GOALS:
        raise RecipeError(f"goal.name is {goal!r}; allowed are {', '.join(GOALS)} or empty")
    return GOALS[goal]
