"""Copies are counted by level, over the pool alone."""

from __future__ import annotations

import numpy as np
from decide_worlds import World, evidence, worlds
from hypothesis import given, settings

from curate.decide.copies import copy_counts


@settings(deadline=None, max_examples=60)
@given(worlds())
def test_counts_are_rows_beyond_the_first_of_each_class(drawn: tuple[World, np.random.Generator]) -> None:
    made = evidence(drawn[0])
    pool = np.flatnonzero(~made.frozen)
    for level, count in copy_counts(made).items():
        labels = [int(made.classes[level][row]) for row in pool]
        assert count == len(labels) - len(set(labels))
