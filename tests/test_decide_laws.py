"""The laws of decide, on small random worlds, against plain loops that share no code with it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from decide_worlds import COLUMNS, World, change, equal, evidence, ids_of, make_recipe, near_off, places, worlds
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.decide import Recipe, decide
from curate.decide.memo import Memo
from curate.decide.pairs import pairs_alone
from curate.decide.verdicts import kept_count, rows_only
from curate.errors import FloorError
from curate.overrides import Overrides
from curate.types import Action, Evidence, Verdicts

MANY = settings(max_examples=150, deadline=None)
SOME = settings(max_examples=60, deadline=None)
COPY = {"exact_copy", "near_text", "near_meaning", "contaminated"}
VIEWS = {"both": ("prompt", "answer"), "prompt": ("prompt",), "answer": ("answer",)}
Drawn = tuple[World, np.random.Generator]


class Truth:
    """What decide should think of two rows, by plain loops over the pair table."""

    def __init__(self, ev: Evidence, recipe: Recipe) -> None:
        self.ev, self.recipe = ev, recipe
        self.table = {(int(i), int(j)): e for e, (i, j) in enumerate(zip(ev.pairs.i, ev.pairs.j, strict=True))}
        row = {i.decode(): n for n, i in enumerate(ev.ids)}
        self.ruled = set()
        for a, b, verdict in recipe.overrides.pairs:
            if a in row and b in row:
                self.ruled.add((*sorted((self.content(row[a]), self.content(row[b]))), verdict))

    def content(self, row: int) -> int:
        return int(self.ev.classes["content"][row])

    def said(self, a: int, b: int, verdict: str) -> bool:
        low, high = sorted((self.content(a), self.content(b)))
        return low != high and (low, high, verdict) in self.ruled

    def key(self, a: int, b: int) -> tuple[int, int]:
        low, high = sorted((self.content(a), self.content(b)))
        return low, high

    def score(self, kind: str, a: int, b: int) -> float:
        edge = self.table.get(self.key(a, b))
        return float("nan") if edge is None else float(self.ev.pairs.scores[kind][edge])

    def guards(self, a: int, b: int) -> int:
        return int(self.ev.pairs.guards[self.table[self.key(a, b)]])

    def conflict(self, a: int, b: int) -> bool:
        c = self.recipe.conflict
        alike = self.score("prompt_cosine", a, b) >= np.float32(c.prompt) or self.score("prompt_jaccard", a, b) >= 1
        return bool(c.enabled and alike and self.score("conflict", a, b) >= np.float32(c.score))

    def kinds(self, a: int, b: int) -> set[str]:
        """The codes under which two rows of different content are near."""
        near = self.recipe.near
        if self.key(a, b) not in self.table:
            return set()
        bits = {"both": 0xFFFF, "prompt": 0xFF, "answer": 0xFF00}[near.view]
        bits &= {"on": 0xFFFF, "sure": 0x40 | 0x4000 | 0x80, "off": 0}[near.guards]  # sure: code and system prompt only
        if self.guards(a, b) & bits or self.conflict(a, b) or self.said(a, b, "not_duplicate"):
            return set()
        views = VIEWS[near.view]
        text = all(self.score(f"{v}_jaccard", a, b) >= np.float32(near.text) for v in views) and near.text_enabled
        meaning = all(self.score(f"{v}_cosine", a, b) >= np.float32(near.meaning) for v in views)
        if near.guards == "sure" and not all(self.score(f"{v}_same", a, b) >= np.float32(near.sure) for v in views):
            return set()
        found = {c for c, on in (("near_text", text), ("near_meaning", meaning and near.meaning_enabled)) if on}
        return found if near.match == "any" or len(found) == 2 else set()

    def same_class(self, a: int, b: int) -> bool:
        near = self.recipe.near
        on = near.text_enabled or near.meaning_enabled
        level = near.exact if near.exact != "off" else "content" if on else None
        return level is not None and bool(self.ev.classes[level][a] == self.ev.classes[level][b])

    def same_question(self, a: int, b: int) -> bool:
        near = self.recipe.near
        on = near.view == "prompt" and (near.text_enabled or near.meaning_enabled)
        return bool(on and self.ev.classes["question"][a] == self.ev.classes["question"][b])

    def leak(self, a: int, b: int) -> bool:
        """Whether the pair table makes two rows one question."""
        leak = self.recipe.leak
        if self.key(a, b) not in self.table or not leak.enabled:
            return False
        if self.said(a, b, "not_duplicate") or (self.recipe.near.guards != "off" and self.guards(a, b) & 0x7F):
            return False
        text, meaning = self.score("prompt_jaccard", a, b), self.score("prompt_cosine", a, b)
        return bool(text >= np.float32(leak.text) or meaning >= np.float32(leak.meaning))

    def asks(self, row: int, exam: int) -> bool:
        """Whether a pool row asks an evaluation row's question."""
        prompt = self.ev.classes["prompt"]
        same = bool(prompt[row] == prompt[exam]) and not self.said(row, exam, "not_duplicate")
        return self.recipe.leak.enabled and (same or self.content(row) == self.content(exam) or self.leak(row, exam))


def drawn(world: World, rng: np.random.Generator) -> tuple[Evidence, Recipe, Verdicts, Truth]:
    ev, recipe = evidence(world), make_recipe(rng, world)
    if not world.topics:
        recipe = recipe.with_setting("near", meaning_enabled=False)
    return ev, recipe, decide(ev, recipe), Truth(ev, recipe)


def forced_rows(ev: Evidence, recipe: Recipe) -> np.ndarray:
    said = dict(zip(recipe.overrides.ids, recipe.overrides.actions, strict=True))
    return np.array([f or said.get(i.decode()) == "keep" for i, f in zip(ev.ids, ev.frozen, strict=True)], dtype=bool)


@MANY
@given(worlds())
def test_1_frozen_rows_are_never_dropped(made: Drawn) -> None:
    ev, _, verdicts, _ = drawn(*made)
    assert ((verdicts.action == Action.FROZEN) == ev.frozen).all()
    assert not verdicts.reasons[ev.frozen].any() and (verdicts.witness[ev.frozen] == -1).all()
    assert (verdicts.split[ev.frozen] == -1).all()


@MANY
@given(worlds())
def test_2_no_live_row_is_near_another_unless_forced(made: Drawn) -> None:
    ev, recipe, verdicts, truth = drawn(*made)
    forced = forced_rows(ev, recipe)
    live = [r for r in range(len(ev)) if verdicts.action[r] in (Action.KEEP, Action.FROZEN)]
    for a in live:
        for b in live:
            if a < b and not (forced[a] and forced[b]):
                assert not truth.kinds(a, b), (a, b)
                ruled = truth.said(a, b, "not_duplicate")
                alike = truth.same_class(a, b) or (truth.same_question(a, b) and not truth.conflict(a, b))
                # A person's ruling spares a row from its class's keeper; two rows so spared may be alike still.
                spared = any(v == "not_duplicate" for *_, v in recipe.overrides.pairs)
                assert not alike or ruled or spared, (a, b)


@MANY
@given(worlds())
def test_2_no_live_pool_row_asks_an_evaluation_question(made: Drawn) -> None:
    ev, recipe, verdicts, truth = drawn(*made)
    forced = forced_rows(ev, recipe)
    for row in np.flatnonzero((verdicts.action == Action.KEEP) & ~forced):
        assert not any(truth.asks(int(row), int(exam)) for exam in np.flatnonzero(ev.frozen))


@MANY
@given(worlds())
def test_3_a_duplicate_has_a_witness_that_was_kept_and_is_directly_alike(made: Drawn) -> None:
    ev, recipe, verdicts, truth = drawn(*made)
    codes = [set(verdicts.why(r)) for r in range(len(ev))]
    for row, why in enumerate(codes):
        by = int(verdicts.witness[row])
        assert (by >= 0) == bool(why & COPY)
        if by < 0:
            continue
        assert by != row and not ev.frozen[row]
        near = truth.kinds(row, by)
        if "contaminated" in why:
            alike = truth.same_class(row, by) or truth.same_question(row, by)
            assert ev.frozen[by] and (truth.asks(row, by) or near or alike)
            assert not why & (COPY - {"contaminated"})
            continue
        assert "exact_copy" not in codes[by]
        # With the leak check off an evaluation twin is found among the near rows, after the copies.
        assert "contaminated" not in codes[by] or truth.kinds(by, int(verdicts.witness[by]))
        if "exact_copy" in why:
            assert truth.same_class(row, by) and why & COPY == {"exact_copy"}
        elif near:
            assert why & COPY == near and not codes[by] & COPY
        else:
            assert truth.same_class(row, by) or truth.same_question(row, by)
            assert why & COPY == {"near_text" if recipe.near.text_enabled else "near_meaning"}


@MANY
@given(worlds())
def test_4_no_question_stands_in_two_splits(made: Drawn) -> None:
    ev, _, verdicts, truth = drawn(*made)
    kept = np.flatnonzero(verdicts.action == Action.KEEP)
    assert ((verdicts.split >= 0) == (verdicts.action == Action.KEEP)).all()
    question = ev.classes["question"]
    for a in kept:
        for b in kept:
            if question[a] == question[b] or truth.leak(int(a), int(b)):
                assert verdicts.split[a] == verdicts.split[b]


@MANY
@given(worlds())
def test_5_every_drop_has_a_reason_and_no_kept_row_has_one(made: Drawn) -> None:
    ev, recipe, verdicts, _ = drawn(*made)
    acts = {r.name: r.action for r in recipe.rules}
    acts |= dict.fromkeys(COPY | {"over_cap", "override_drop"}, "drop")
    acts |= dict.fromkeys(("contradiction", "override_review"), "review")
    said = dict(zip(recipe.overrides.ids, recipe.overrides.actions, strict=True))
    for row in np.flatnonzero(~ev.frozen):
        why = verdicts.why(int(row))
        kinds = {acts[code] for code in why if recipe.on_review == "hold" or acts[code] == "drop"}
        expected = Action.DROP if "drop" in kinds else Action.REVIEW if "review" in kinds else Action.KEEP
        person = said.get(ev.ids[row].decode())
        assert verdicts.action[row] == (Action[person.upper()] if person else expected)
        assert verdicts.action[row] == Action.KEEP or why


@MANY
@given(worlds())
def test_6_what_was_not_measured_trips_nothing(made: Drawn) -> None:
    world, rng = made
    ev, recipe, verdicts, _ = drawn(world, rng)
    for rule in recipe.rules:
        if rule.column in ev.columns:
            nan = np.isnan(ev.columns[rule.column])
            assert not any(rule.name in verdicts.why(int(r)) for r in np.flatnonzero(nan))
    blank = {name: np.full(len(ev), np.nan, np.float32) for name in COLUMNS}
    equal(decide(replace(ev, columns=blank), recipe), decide(replace(ev, columns={}), recipe))


@SOME
@given(worlds())
def test_7_same_input_same_output_and_inputs_stay_as_they_are(made: Drawn) -> None:
    world, rng = made
    ev, recipe, verdicts, _ = drawn(world, rng)
    before = [a.tobytes() for a in arrays(ev)]
    equal(verdicts, decide(evidence(world), recipe))
    assert [a.tobytes() for a in arrays(ev)] == before
    for name in ("action", "reasons", "witness", "topic", "split"):
        assert not getattr(verdicts, name).flags.writeable


def arrays(ev: Evidence) -> list[np.ndarray]:
    out = [ev.ids, ev.frozen, ev.pairs.i, ev.pairs.j, ev.pairs.guards]
    for part in (ev.columns, ev.classes, ev.pairs.scores, ev.orders):
        out += list(part.values())
    return out + ([] if ev.topics is None else list(ev.topics.labels))


@pytest.mark.parametrize(
    ("section", "setting", "value"),
    [("near", "text", 0.69), ("near", "meaning", 0.5), ("leak", "text", 0.1), ("leak", "meaning", 0.79)],
)
def test_8_asking_below_the_floor_raises(section: str, setting: str, value: float) -> None:
    world = worlds_fixed()
    recipe = Recipe().with_setting(section, **{setting: value})
    with pytest.raises(FloorError, match=rf"{section}\.{setting} {value}.*allowed.*run"):
        decide(evidence(world), recipe)
    off = {"near": {"text": {"text_enabled": False}, "meaning": {"meaning_enabled": False}}, "leak": {}}
    decide(evidence(world), recipe.with_setting(section, **off[section].get(setting, {"enabled": False})))
    floor = {"text": 0.7, "meaning": 0.8}[setting]
    decide(evidence(world), recipe.with_setting(section, **{setting: floor}))


def worlds_fixed() -> World:
    from decide_worlds import make_world

    return make_world(np.random.default_rng(3), 12)


@SOME
@given(worlds())
def test_8_previous_verdicts_hide_no_floor(made: Drawn) -> None:
    world, rng = made
    ev, recipe, verdicts, _ = drawn(world, rng)
    low = recipe.with_setting("near", text_enabled=True, text=0.3)
    with pytest.raises(FloorError):
        decide(ev, low, previous=verdicts)


@MANY
@given(worlds(most=10), st.integers(1, 5))
def test_9_other_ids_in_another_order_give_the_same_verdicts(made: Drawn, salt: int) -> None:
    """Ids break ties only: with none to break (one strict order, continuous scores) the rows fare the same."""
    world, rng = made
    spread = {p: ({k: v - 1e-4 * (e + 1) for k, v in values.items()}, guards)
              for e, (p, (values, guards)) in enumerate(world.scores.items())}  # fmt: skip
    world = replace(world, scores=spread)
    recipe = make_recipe(rng, world).with_setting("near", keep="first").with_setting("topics", cap=0)
    if not world.topics:
        recipe = recipe.with_setting("near", meaning_enabled=False)
    ids, other = ids_of(world), ids_of(world, salt)
    named = dict(zip(ids, other, strict=True))
    rows = {named.get(i, i): (a, "") for i, a in zip(recipe.overrides.ids, recipe.overrides.actions, strict=True)}
    renamed = Overrides.of(rows, [(named[a], named[b], v) for a, b, v in recipe.overrides.pairs])
    one, two = decide(evidence(world), recipe), decide(evidence(world, salt), replace(recipe, overrides=renamed))
    here, there = places(world), places(world, salt)
    for row in range(len(world.rows)):
        a, b = here[row], there[row]
        assert one.why(a) == two.why(b) and one.action[a] == two.action[b] and one.topic[a] == two.topic[b]
        if "contaminated" not in one.why(a):
            by, other_by = one.witness[a], two.witness[b]
            assert (by < 0 and other_by < 0) or list(here).index(by) == list(there).index(other_by)
    assert one.funnel == two.funnel


@SOME
@given(worlds(), st.floats(0, 1), st.floats(0, 1), st.sampled_from(["drop", "review"]))
def test_10_tightening_a_row_rule_only_drops_more(made: Drawn, a: float, b: float, action: str) -> None:
    world, rng = made
    ev = evidence(world)
    recipe = near_off(make_recipe(rng, world)).with_rule("refusal", enabled=False)
    loose, tight = sorted((a, b))
    kept = []
    for low in (loose, tight):
        moved = recipe.with_rule("answer_below_median", enabled=True, action=action, low=low, high=np.inf)
        kept.append(decide(ev, moved).action == Action.KEEP)
    assert not (kept[1] & ~kept[0]).any()


@MANY
@given(worlds())
def test_11_a_recipe_survives_toml(made: Drawn) -> None:
    world, rng = made
    recipe = make_recipe(rng, world, changes=20)
    back = Recipe.from_toml(recipe.to_toml(), recipe.overrides)
    assert back == recipe and back.fingerprint == recipe.fingerprint and back.to_toml() == recipe.to_toml()


@settings(max_examples=120, deadline=None)
@given(worlds(most=14), st.integers(2, 7))
def test_previous_verdicts_change_nothing(made: Drawn, steps: int) -> None:
    """Every section, rule, seed, review rule and override moved in random sequence: re-used stages are the right ones."""
    world, rng = made
    ev, recipe, previous = evidence(world), Recipe(), None
    if not world.topics:
        recipe = recipe.with_setting("near", meaning_enabled=False)
    history = [recipe]
    for _ in range(steps):
        recipe = history[int(rng.integers(len(history)))] if rng.random() < 0.2 else change(rng, recipe, ids_of(world))
        if not world.topics:
            recipe = recipe.with_setting("near", meaning_enabled=False)
        history.append(recipe)
        warm = decide(ev, recipe, previous=previous)
        equal(warm, decide(ev, recipe))
        previous = warm


@SOME
@given(worlds(), worlds())
def test_verdicts_of_other_evidence_are_not_reused(one: Drawn, two: Drawn) -> None:
    recipe = Recipe().with_setting("near", meaning_enabled=False)
    other = decide(evidence(one[0]), recipe)
    equal(decide(evidence(two[0]), recipe, previous=other), decide(evidence(two[0]), recipe))


@SOME
@given(worlds())
def test_a_curve_counts_what_decide_keeps_and_alone_is_what_the_funnel_says(made: Drawn) -> None:
    ev, recipe, verdicts, _ = drawn(*made)
    assert kept_count(ev, recipe) == kept_count(ev, recipe, verdicts) == verdicts.count(Action.KEEP)
    for code, only in zip(verdicts.funnel.codes, verdicts.funnel.only, strict=True):
        assert rows_only(verdicts, code).shape[0] == only
    fresh, shared = pairs_alone(ev, recipe), pairs_alone(ev, recipe, Memo(dict(verdicts.stages)))
    assert np.array_equal(fresh.witness, shared.witness) and np.array_equal(fresh.reasons, shared.reasons)
