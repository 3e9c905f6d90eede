"""The budget of a training run: cut, padding, packing, epochs and price."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.errors import CurateError
from curate.measure.budget import Plan, budget, packs, padded
from curate.measure.training import COLUMNS
from curate.types import F32

LENGTHS = st.lists(st.integers(0, 200), max_size=60)


def columns(total: list[int], trained: list[int], kept: list[int] | None = None) -> dict[str, F32]:
    made = {name: np.zeros(len(total), np.float32) for name in COLUMNS}
    made["total_tokens"], made["trained_tokens"] = np.array(total, np.float32), np.array(trained, np.float32)
    return made if kept is None else {**made, "kept_tokens": np.array(kept, np.float32)}


def best_fit(lengths: list[int], limit: int) -> int:
    """The same by the book: sequences as a list, the fullest that still has room."""
    room: list[int] = []
    for n in sorted((x for x in lengths if x), reverse=True):
        fits = [r for r in room if r >= n]
        if fits:
            room.remove(min(fits))
            room.append(min(fits) - n)
        else:
            room.append(limit - n)
    return len(room)


@given(LENGTHS, st.integers(200, 400))
def test_packing_is_best_fit_on_decreasing_lengths(lengths: list[int], limit: int) -> None:
    assert packs(np.array(lengths, np.int64), limit) == best_fit(lengths, limit)


@given(LENGTHS, st.integers(1, 9))
def test_padding_is_to_the_longest_row_of_each_batch(lengths: list[int], batch: int) -> None:
    groups = [lengths[k : k + batch] for k in range(0, len(lengths), batch)]
    assert padded(np.array(lengths, np.int64), batch) == sum(max(g) * len(g) for g in groups)


def test_figures_of_a_small_set() -> None:
    tokens = columns([10, 30, 50], [5, 10, 10], [5, 10, 0])
    made = budget(tokens, np.array([True] * 3), Plan(limit=40, epochs=3, batch=2, price=2.0))
    assert (made.total, made.seen, made.cut_rows, made.lost_rows) == (90, 80, 1, 1)
    assert made.cut_share == pytest.approx(1 / 9)
    assert made.padded == 30 * 2 + 40 and made.padding_waste == pytest.approx(0.2)
    assert (made.sequences, made.packed, made.packing_waste) == (2, 80, 0)
    assert made.all_epochs == 240 and made.cost == pytest.approx(240 * 2 / 1e6)
    assert (made.trained, made.trained_seen) == (25, 15)


def test_refused_rows_and_rows_not_chosen_do_not_count() -> None:
    tokens = columns([10, 30, 50], [5, 10, 10])
    tokens["template_refused"][1] = 1
    made = budget(tokens, np.array([True, True, False]), Plan())
    assert (made.rows, made.refused, made.total, made.limit, made.cut_rows, made.cost) == (1, 1, 10, 10, 0, None)


def test_nothing_at_all_and_a_senseless_plan() -> None:
    made = budget(columns([], []), np.zeros(0, np.bool_), Plan())
    assert (made.rows, made.padding_waste, made.packing_waste, made.cut_share) == (0, 0, 0, 0)
    for plan in (Plan(limit=0), Plan(batch=0), Plan(epochs=0)):
        with pytest.raises(CurateError, match="positive"):
            budget(columns([], []), np.zeros(0, np.bool_), plan)
