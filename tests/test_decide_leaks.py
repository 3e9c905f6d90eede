"""Contaminated rows against brute force over random matches: who goes, for which item, and what a ruling takes back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from decide_worlds import World, evidence, worlds
from hypothesis import HealthCheck, given, settings

from curate.decide import Recipe, decide
from curate.decide.leaks import CLASSES, leaks_of
from curate.errors import FloorError
from curate.overrides import Overrides
from curate.types import Action, Evidence, Matches

FLOOR = {"short": 0.3, "long": 0.1, "reworded": 0.2, "code": 0.2}
COLUMN = {"quoted": "long", "alike": "short", "reworded": "reworded", "code": "code"}


def matched(world: World, rng: np.random.Generator) -> Evidence:
    """The world's evidence with random matches of its pool with its items."""
    ev = evidence(world)
    content, prompt, rows = ev.classes["content"], ev.classes["prompt"], np.arange(len(ev))
    pool = rows[(content == rows) & ~ev.frozen]
    frozen = rows[ev.frozen]
    items = frozen[np.unique(prompt[frozen], return_index=True)[1]] if frozen.size else frozen
    found = [(r, e) for r in pool for e in sorted(items) if rng.random() < 0.5]
    scores = {
        n: rng.choice([np.nan, 0.2, 0.4, 0.5, 0.6, 1.0], len(found)).astype(np.float32)
        for n in (*FLOOR, "words", "numbers")
    }
    row, item = (np.array([f[k] for f in found], np.int32) for k in (0, 1))
    return replace(ev, matches=Matches(row, item, scores, FLOOR))


def reached(ev: Evidence, recipe: Recipe, at: int) -> bool:
    assert ev.matches is not None
    scores = {n: float(v[at]) for n, v in ev.matches.scores.items()}
    hits = {n for n, column in COLUMN.items() if scores[column] >= np.float32(getattr(recipe.leak, n))}
    if scores["numbers"] < 0.5:
        hits -= {"alike", "quoted"}
    return bool(hits - ({"alike"} if scores["words"] < 0.95 else set()))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds())
def test_nothing_at_or_above_a_bar_stays_and_the_witness_is_an_item_it_reached(
    made: tuple[World, np.random.Generator],
) -> None:
    world, rng = made
    ev = matched(world, rng)
    recipe = Recipe().with_setting("near", meaning_enabled=False).with_setting("leak", meaning=1.0, text=1.0)
    verdicts, told = decide(ev, recipe), leaks_of(ev, recipe)
    content, prompt, matches = ev.classes["content"], ev.classes["prompt"], ev.matches
    assert matches is not None
    for row in np.flatnonzero(~ev.frozen):
        mine = {
            int(matches.item[k]) for k in np.flatnonzero(matches.row == content[row]) if reached(ev, recipe, int(k))
        }
        same = {int(f) for f in np.flatnonzero(ev.frozen) if prompt[f] == prompt[row]}
        if told.item[row] >= 0:
            assert ev.frozen[told.item[row]] and CLASSES[told.kind[row]].name
        if mine or same:
            assert told.hit[row] and verdicts.action[row] != Action.KEEP
            assert (
                (int(told.item[row]) in same)
                if same
                else (int(told.item[row]) in mine or CLASSES[told.kind[row]].name in ("text", "meaning"))
            )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds())
def test_a_ruling_takes_one_item_back(made: tuple[World, np.random.Generator]) -> None:
    world, rng = made
    ev = matched(world, rng)
    recipe = Recipe().with_setting("near", meaning_enabled=False)
    told = leaks_of(ev, recipe)
    for row in np.flatnonzero(told.hit)[:3]:
        item = int(told.item[row])
        names = sorted((ev.ids[row].decode(), ev.ids[item].decode()))
        if ev.classes["content"][row] == ev.classes["content"][item]:
            continue
        ruled = replace(recipe, overrides=Overrides.of({}, [(names[0], names[1], "not_duplicate")]))
        assert leaks_of(ev, ruled).item[row] != item


def test_a_bar_below_what_was_measured_is_refused() -> None:
    ev = evidence(World(((0, 0, 0), (1, 0, 0)), ((0, False), (1, True)), (0, 1), {}, {}, ()))
    found = Matches(
        np.array([0], np.int32),
        np.array([1], np.int32),
        {n: np.ones(1, np.float32) for n in (*FLOOR, "words", "numbers")},
        FLOOR,
    )
    ev = replace(ev, matches=found)
    with pytest.raises(FloorError, match=r"leak.code 0.1 is below"):
        decide(ev, Recipe().with_setting("leak", code=0.1))
    assert decide(ev, Recipe()).why(0) == ("contaminated",)
    assert decide(ev, Recipe().with_setting("leak", enabled=False)).why(0) == ()
