"""What chaining and deduplicating by the prompt alone would cost: counted against a plain union-find and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from decide_worlds import SCORES, World, evidence, make_recipe, worlds
from hypothesis import given, settings

from curate.decide import Recipe, decide, preset
from curate.decide.costs import chained, unread
from curate.types import Action, Evidence

Drawn = tuple[World, np.random.Generator]
TABLE = dict.fromkeys(SCORES, np.nan)
BARE = Recipe().with_setting("near", meaning_enabled=False).with_setting("leak", enabled=False)


def world(n: int, edges: dict[tuple[int, int], dict[str, float]]) -> Evidence:
    texts = tuple((k, 0, k) for k in range(n))
    scores = {pair: ({**TABLE, **found}, 0) for pair, found in edges.items()}
    return evidence(World(texts, tuple((k, False) for k in range(n)), tuple(range(n)), scores, {}, ()))


def row_of(ev: Evidence, text: int) -> int:
    return int(np.argmax(ev.orders["first"] == text))


def test_a_chain_of_three_costs_one_row_more() -> None:
    alike = {"prompt_jaccard": 0.9, "answer_jaccard": 0.9}
    ev = world(4, {(0, 1): alike, (1, 2): alike})
    made = decide(ev, BARE.with_setting("near", keep="first"))
    assert made.count(Action.KEEP) == 3
    assert chained(ev, made).tolist() == [row_of(ev, 2)]


@settings(max_examples=100, deadline=None)
@given(worlds())
def test_chaining_keeps_one_row_of_every_component(made: Drawn) -> None:
    """Among rows that only near pairs part: what stays here less what chaining takes is one row of each component."""
    drawn, rng = made
    ev = evidence(drawn)
    recipe = make_recipe(rng, drawn, changes=3).with_setting("near", view="both", exact="content", text_enabled=True)
    recipe = recipe.with_setting("leak", enabled=False).with_setting("conflict", enabled=False)
    if not drawn.topics:
        recipe = recipe.with_setting("near", meaning_enabled=False)
    verdicts = decide(ev, recipe)
    extra = chained(ev, verdicts)
    assert (verdicts.witness[extra] < 0).all() and np.unique(extra).shape[0] == extra.shape[0]


@pytest.mark.parametrize(("conflict", "answers", "against", "unknown"), [
    (0.9, 0.1, 1, 0), (0.1, 0.1, 0, 0), (np.nan, 0.1, 0, 1), (np.nan, 0.95, 0, 0),
])  # fmt: skip
def test_s0_says_how_many_sides_of_a_contradiction_it_removes(
    conflict: float, answers: float, against: int, unknown: int
) -> None:
    pair = {"prompt_jaccard": 1.0, "prompt_cosine": 0.99, "answer_jaccard": answers, "conflict": conflict}
    ev = world(3, {(0, 1): pair})
    made = decide(ev, preset("S0"))
    found = unread(ev, made)
    assert (len(found.against), len(found.unknown)) == (against, unknown) if made.count(Action.DROP) else False


def test_nothing_near_costs_nothing() -> None:
    ev = world(2, {})
    made = decide(ev, BARE)
    assert not len(chained(ev, made)) and not len(unread(ev, made).against) and not len(unread(ev, made).unknown)
