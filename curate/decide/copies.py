"""Copies: how many pool rows repeat another, at each named level, whatever the recipe does about it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from curate.types import Evidence

LEVELS: Mapping[str, str] = {
    "content": "exact",
    "spaced": "with case and white space folded",
    "folded": "with punctuation folded too",
}


def copy_counts(evidence: Evidence) -> Mapping[str, int]:
    """Pool rows beyond the first of their class, by level: {"content": 469, "spaced": 509, "folded": 547}."""
    pool = ~evidence.frozen
    return {level: int(np.count_nonzero(pool)) - np.unique(evidence.classes[level][pool]).shape[0] for level in LEVELS}
