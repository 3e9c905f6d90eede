"""The threshold that answers suggest: its laws, its interval, and the order of the questions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy.stats import binomtest

from curate.decide.learn import PER_CELL, STEP, Standing, ask, deck, standing, suggest, wilson

FLOOR = 0.7
ANSWERS = some.lists(some.tuples(some.integers(700, 1000), some.booleans()), max_size=30)
GOALS = some.sampled_from([0.5, 0.8, 0.9, 0.95, 1.0])


def columns(answers: list[tuple[int, bool]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([a / 1000 for a, _ in answers], np.float32), np.array([s for _, s in answers], np.bool_)


def bar(found: Standing | None) -> float:
    return 2.0 if found is None else found.threshold


@given(some.integers(0, 60), some.integers(0, 60))
def test_wilson_is_scipys(hits: int, misses: int) -> None:
    count = hits + misses
    if not count:
        assert wilson(0, 0) == (0.0, 1.0)
        return
    known = binomtest(hits, count).proportion_ci(0.95, method="wilson")
    assert wilson(hits, count) == pytest.approx((known.low, known.high), abs=1e-6)


@given(ANSWERS, GOALS)
def test_a_suggestion_keeps_its_goal_and_counts_its_answers(answers: list[tuple[int, bool]], goal: float) -> None:
    score, same = columns(answers)
    found = suggest(score, same, FLOOR, goal)
    if found is None:
        return
    assert found == standing(score, same, found.threshold)
    over = score >= np.float32(found.threshold)
    assert (found.same, found.above, found.answers) == ((over & same).sum(), over.sum(), len(answers))
    assert found.precision >= goal and found.low <= found.precision <= found.high
    assert FLOOR <= found.threshold <= 1 and round(found.threshold / STEP) * STEP == pytest.approx(found.threshold)
    assert np.float32(round(found.threshold + STEP, 2)) > score[same].min()


@given(ANSWERS, GOALS, some.integers(700, 1000))
def test_same_never_raises_it_and_not_the_same_never_lowers_it(
    answers: list[tuple[int, bool]], goal: float, at: int
) -> None:
    before = bar(suggest(*columns(answers), FLOOR, goal))
    assert bar(suggest(*columns([*answers, (at, True)]), FLOOR, goal)) <= before
    assert bar(suggest(*columns([*answers, (at, False)]), FLOOR, goal)) >= before


@given(ANSWERS, some.randoms())
def test_the_order_of_answers_does_not_matter_and_a_higher_goal_is_no_lower(
    answers: list[tuple[int, bool]], draw: object
) -> None:
    shuffled = [*answers]
    draw.shuffle(shuffled)  # type: ignore[attr-defined]
    bars = [bar(suggest(*columns(answers), FLOOR, goal)) for goal in (0.5, 0.8, 0.95, 1.0)]
    assert bars == sorted(bars)
    assert bars == [bar(suggest(*columns(shuffled), FLOOR, goal)) for goal in (0.5, 0.8, 0.95, 1.0)]


def test_answers_that_are_all_different_suggest_nothing() -> None:
    score = np.array([0.8, 0.9], np.float32)
    assert suggest(score, np.zeros(2, np.bool_), FLOOR, 0.9) is None
    assert suggest(score[:0], np.zeros(0, np.bool_), FLOOR, 0.9) is None


def test_a_deck_holds_every_step_and_no_row_twice_within_one() -> None:
    draw = np.random.default_rng(4)
    i = draw.integers(0, 300, 20_000).astype(np.int32)
    j = (i + draw.integers(1, 300, 20_000)).astype(np.int32)
    score = draw.uniform(0.5, 1.0, 20_000).astype(np.float32)
    score[:100] = np.nan
    score[100:110] = 1.0
    held = deck(score, i, j, FLOOR)
    assert (score[held] >= np.float32(FLOOR)).all()
    cell = (score[held] / np.float32(STEP)).astype(int)
    assert set(cell) == set(range(70, 101))
    for c in set(cell):
        rows = np.concatenate((i[held[cell == c]], j[held[cell == c]]))
        assert np.unique(rows).shape[0] == rows.shape[0] <= 2 * PER_CELL
    assert not deck(score[:100], i, j, FLOOR).shape[0]


def test_questions_begin_at_the_threshold_and_move_outwards() -> None:
    score = np.repeat(np.arange(0.70, 1.0, 0.01), 5).astype(np.float32) + np.float32(0.004)
    asked = np.zeros(score.shape[0], np.bool_)
    seen = []
    for _ in range(30):
        at = int(ask(score, asked, 0.85)[0])
        seen.append(float(score[at]))
        asked[at] = True
    assert abs(seen[0] - 0.85) < STEP
    assert max(abs(s - 0.85) for s in seen[:3]) < max(abs(s - 0.85) for s in seen)
    assert len({round(s, 2) for s in seen}) >= 8
    assert not ask(score, np.ones(score.shape[0], np.bool_), 0.85).shape[0]
