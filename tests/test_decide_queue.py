"""How review queues are drawn: seeded, from the right base, every topic in its share, hard rows first."""

from __future__ import annotations

import numpy as np
import pytest
from decide_worlds import evidence, make_world
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from curate.decide import decide, preset
from curate.decide.queue import FAIR, HOW, distance, draw, first_reason, shares
from curate.errors import RecipeError
from curate.types import Action, Evidence, Verdicts


def decided(n: int = 200) -> tuple[Evidence, Verdicts]:
    """Verdicts of two rules over a small world: about half of the rows is kept."""
    found = evidence(make_world(np.random.default_rng(3), n))
    made = decide(found, preset("default").with_rule("too_short_answer", enabled=True, low=20.0))
    rng = np.random.default_rng(4)
    action = np.where(rng.random(n) < 0.5, Action.KEEP, made.action)
    object.__setattr__(made, "action", np.where(found.frozen, Action.FROZEN, action).astype(np.uint8))
    return found, made


@given(arrays(np.int64, st.integers(1, 30), elements=st.integers(1, 500)), st.data())
def test_places_add_up(size: np.ndarray, data: st.DataObject) -> None:
    count = data.draw(st.integers(size.shape[0], int(size.sum())))
    take = shares(size, count)
    assert take.sum() == count and (take >= 1).all() and (take <= size).all()


@pytest.mark.parametrize("how", HOW)
def test_a_queue_is_drawn_from_its_base(how: str) -> None:
    found, made = decided()
    one, again, other = (draw(found, made, how, 20, seed) for seed in (7, 7, 8))
    assert np.array_equal(one.rows, again.rows) and np.array_equal(one.twice, again.twice)
    assert how in ("borderline", "flagged") or not np.array_equal(one.rows, other.rows)
    assert len(set(one.rows.tolist())) == one.rows.shape[0] == min(20, one.base)
    assert one.twice.sum() == np.ceil(one.rows.shape[0] / 10)
    assert not found.frozen[one.rows].any() and one.fair == (how in FAIR)
    if how in FAIR:
        assert (made.action[one.rows] == Action.KEEP).all()
        assert one.weight.sum() == pytest.approx(one.base), "the weights make up the base"
    if how == "flagged":
        assert (first_reason(made, one.rows) >= 0).all()
        assert len(set(first_reason(made, one.rows)[: len(made.counts(one.rows))].tolist())) > 1, "reasons take turns"
    if how == "borderline":
        away = distance(found, made)
        assert away[one.rows].max() <= np.delete(away, np.union1d(one.rows, np.flatnonzero(found.frozen))).min()


def test_a_specialist_reads_a_tenth_and_nobody_what_is_hidden() -> None:
    found, made = decided()
    kept = np.flatnonzero(made.action == Action.KEEP)
    assert draw(found, made, "specialist", 0, 1).rows.shape[0] == np.ceil(kept.shape[0] / 10)
    hidden = np.zeros(len(found), np.bool_)
    hidden[kept[:-3]] = True
    assert sorted(draw(found, made, "random", 50, 1, hidden=hidden).rows.tolist()) == kept[-3:].tolist()


def test_every_topic_in_its_share() -> None:
    found, made = decided()
    topic = (np.arange(200) % 20 // 13 + np.arange(200) % 20 // 19).astype(np.int32)  # 65, 30 and 5 %
    object.__setattr__(made, "topic", topic)
    object.__setattr__(made, "action", np.where(found.frozen, Action.FROZEN, Action.KEEP).astype(np.uint8))
    sizes = np.bincount(topic[~found.frozen])
    drawn = draw(found, made, "stratified", 40, 5)
    got = np.bincount(topic[drawn.rows], minlength=3)
    assert (np.abs(got - 40 * sizes / sizes.sum()) <= 1).all() and (got >= 1).all()
    assert draw(found, made, "stratified", 2, 5).rows.shape[0] == 2, "fewer rows than topics"


def test_what_is_refused() -> None:
    found, made = decided(20)
    with pytest.raises(RecipeError, match="allowed are random"):
        draw(found, made, "best", 5, 1)
    with pytest.raises(RecipeError, match="share"):
        draw(found, made, "random", 5, 1, twice=2.0)
    assert draw(found, made, "random", 0, 1).rows.shape[0] == 0
