"""Health badges: bands at their edges, and honest answers where a ratio is undefined; sizing goals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from decide_worlds import World, evidence, near_off

from curate.decide import Recipe, check, decide
from curate.decide.sizing import GOALS, size_for
from curate.errors import RecipeError
from curate.types import Action, Check, Evidence, Topics

IDS = ("H1", "H2", "H3", "H4", "H5", "H6", "H7")
BARE = near_off(Recipe())


def made(n: int, frozen: bool = False, copies: int = 0, **columns: Any) -> Evidence:
    """n distinct rows and `copies` of the first, with these columns (one value or one per row)."""
    texts = tuple((k, 0, k) for k in range(n))
    rows = tuple((k, frozen) for k in range(n)) + ((0, frozen),) * copies
    values = {name: np.broadcast_to(np.asarray(v, np.float32), n) for name, v in columns.items()}
    return evidence(World(texts, rows, tuple(range(n + copies)), {}, values, ()))


def badge(ev: Evidence, which: str, recipe: Recipe = BARE) -> Check:
    found = {c.id: c for c in check(None, ev, decide(ev, recipe))}
    assert tuple(found) == IDS
    return found[which]


@pytest.mark.parametrize(
    ("low", "high", "band"),
    [(10, 10, "healthy"), (10, 199, "healthy"), (10, 200, "watch"), (10, 500, "watch"), (10, 501, "warning")],
)
def test_h1_spread(low: int, high: int, band: str) -> None:
    ev = made(100, prompt_words=[low] * 50 + [high] * 50)
    got = badge(ev, "H1")
    assert (got.band, got.value) == (band, high / low) and f"P90 {high}" in got.shown


def test_h1_is_undefined_at_p10_of_zero_and_that_is_not_healthy() -> None:
    ev = made(10, prompt_words=[0] * 5 + [9] * 5)
    got = badge(ev, "H1")
    assert np.isnan(got.value) and got.band == "warning" and "undefined" in got.shown
    assert got.rows.tolist() == np.flatnonzero(ev.columns["prompt_words"] == 0).tolist()


@pytest.mark.parametrize(
    ("median", "band"),
    [(19, "warning"), (20, "watch"), (49, "watch"), (50, "healthy"), (300, "healthy"), (301, "watch"), (800, "watch"),
     (801, "warning")],
)  # fmt: skip
def test_h2_output_length(median: int, band: str) -> None:
    got = badge(made(9, answer_words=median), "H2")
    assert (got.band, got.value, got.shown) == (band, median, f"{median} words")
    assert (len(got.rows) == 0) == (band == "healthy")


def topics(ev: Evidence, sizes: list[int], noise: int = 0) -> Evidence:
    labels = np.repeat(np.arange(-1, len(sizes)), [noise, *sizes]).astype(np.int32)
    assert len(labels) == len(ev)
    return replace(ev, topics=Topics((15,), (labels,), (tuple(map(str, range(len(sizes)))),), len(ev)))


@pytest.mark.parametrize(
    ("sizes", "band"), [([9, 1], "healthy"), ([10, 1], "watch"), ([50, 1], "watch"), ([51, 1], "warning")]
)
def test_h3_imbalance_leaves_rows_without_a_topic_out(sizes: list[int], band: str) -> None:
    got = badge(topics(made(sum(sizes) + 7), sizes, noise=7), "H3")
    assert (got.band, got.value) == (band, sizes[0] / sizes[1]) and len(got.rows) == sizes[0]


@pytest.mark.parametrize(("sizes", "said"), [([5], "one topic"), ([], "no topics")])
def test_h3_is_undefined_below_two_topics(sizes: list[int], said: str) -> None:
    got = badge(topics(made(sum(sizes) + 3), sizes, noise=3), "H3")
    assert np.isnan(got.value) and got.band == "watch" and said in got.shown and "undefined" in got.shown


@pytest.mark.parametrize(
    ("low", "band"), [(0, "healthy"), (4, "healthy"), (5, "watch"), (20, "watch"), (21, "warning")]
)
def test_h4_low_scores(low: int, band: str) -> None:
    scores = [2.9] * low + [3.0] * (100 - low) + [np.nan] * 5
    got = badge(made(105, judge_overall=scores), "H4")
    assert got.band == band and got.value == low / 100 and len(got.rows) == low and "100 scored" in got.shown


@pytest.mark.parametrize(
    ("copies", "band"),
    [(0, "watch"), (4, "watch"), (5, "healthy"), (30, "healthy"), (31, "watch"), (60, "watch"), (61, "warning")],
)
def test_h5_repetition_is_of_the_loaded_pool_with_row_rules_off(copies: int, band: str) -> None:
    ev = made(100 - copies, copies=copies, answer_words=1.0)
    recipe = BARE.with_setting("near", exact="content").with_rule("too_short_answer", enabled=True, low=5.0)
    got = badge(ev, "H5", recipe)
    assert (got.band, got.value, len(got.rows)) == (band, copies / 100, copies)
    if copies < 5:
        assert "Little repetition found" in got.todo


def test_h5_leaves_contradictions_out() -> None:
    scores = dict.fromkeys(("prompt_jaccard", "answer_jaccard", "prompt_cosine", "answer_cosine", "conflict"), 0.95)
    world = World(((0, 0, 0), (1, 0, 1)), ((0, False), (1, False)), (0, 1), {(0, 1): (scores, 0)}, {}, ())
    ev = evidence(world)
    assert decide(ev, Recipe()).count(Action.REVIEW) == 2
    assert badge(ev, "H5", Recipe()).value == 0


@pytest.mark.parametrize(
    ("kept", "goal", "band"),
    [(999, "", "warning"), (1_000, "", "healthy"), (199, "style", "warning"), (200, "style", "healthy"),
     (999, "new_task", "warning"), (50, "classification", "healthy"), (1_000, "facts", "warning")],
)  # fmt: skip
def test_h6_the_goals_own_minimum_decides(kept: int, goal: str, band: str) -> None:
    got = badge(made(kept), "H6", BARE.with_setting("goal", name=goal))
    assert (got.band, got.value) == (band, kept) and "1,000 to 500,000" in got.shown


def test_h6_upper_line_of_s1() -> None:
    ev = made(3)
    verdicts = decide(ev, BARE)
    many = replace(verdicts, action=np.zeros(500_001, np.uint8))
    assert {c.id: c for c in check(None, ev, many)}["H6"].band == "warning"


@pytest.mark.parametrize(
    "ev", [made(0), made(7, frozen=True, answer_words=100, prompt_words=9)], ids=["none", "frozen"]
)
def test_no_pool_row_means_nothing_is_healthy(ev: Evidence) -> None:
    for got in check(None, ev, decide(ev, BARE)):
        assert got.band == "not measured" and np.isnan(got.value) and len(got.rows) == 0 and got.shown


def test_what_was_not_measured_says_so() -> None:
    ev = made(5)
    for which in ("H1", "H2", "H3", "H4"):
        assert badge(ev, which).band == "not measured"


def test_every_badge_is_of_pool_rows_and_has_its_words() -> None:
    ev = made(40, copies=9, prompt_words=[1] * 20 + [90] * 20, answer_words=5, judge_overall=1.0)
    recipe = BARE.with_setting("near", exact="content")
    for got in check(None, ev, decide(ev, recipe)):
        assert got.name and got.base and got.why and got.todo and got.shown
        assert not ev.frozen[got.rows].any()


def test_goals_are_those_of_s0_and_s3() -> None:
    least = {name: size.least for name, size in GOALS.items()}
    assert least == {
        "style": 200, "vocabulary": 500, "new_task": 1_000, "facts": 5_000, "alignment": 50_000,
        "classification": 50, "format": 100, "complex_task": 500, "domain": 1_000, "persona": 2_000,
    }  # fmt: skip
    assert size_for("") is None
    with pytest.raises(RecipeError, match="'poetry'; allowed are style"):
        size_for("poetry")
