"""The parts of decide against brute force: keepers, classes, splits, caps, people's overrides, the funnel, curves."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from decide_worlds import World, evidence, make_recipe, make_world, near_off, row_ids, worlds
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.decide import Recipe, decide, frontier
from curate.decide.curves import kept_curve
from curate.decide.keepers import class_winner, keepers
from curate.decide.recipe import Split
from curate.decide.splits import shuffle_keys, split_rows
from curate.errors import FloorError
from curate.overrides import Overrides
from curate.types import Action, Evidence, Topics

SOME = settings(max_examples=100, deadline=None)
SEEDS = st.integers(0, 2**32 - 1)
Drawn = tuple[World, np.random.Generator]


def graph(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    edges = [(a, b) for a in range(n) for b in range(a + 1, n) if rng.random() < 0.3]
    i, j = (np.array([e[k] for e in edges], dtype=np.int32) for k in (0, 1))
    return i, j, rng.choice([0.8, 0.9, 1.0], len(edges)).astype(np.float32)


@SOME
@given(SEEDS, st.integers(0, 14))
def test_keepers_are_the_greedy_ones(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    i, j, score = graph(rng, n)
    alive, forced = rng.random(n) < 0.8, rng.random(n) < 0.2
    forced &= alive
    rank = rng.permutation(n).astype(np.int32)
    kept, witness = keepers(i, j, score, alive, forced, rank)
    near: dict[int, dict[int, float]] = {r: {} for r in range(n)}
    for a, b, s in zip(i.tolist(), j.tolist(), score.tolist(), strict=True):
        if alive[a] and alive[b]:
            near[a][b] = near[b][a] = s
    stays: set[int] = set()
    for r in sorted(np.flatnonzero(alive).tolist(), key=lambda r: (not forced[r], rank[r])):
        if forced[r] or not stays & near[r].keys():
            stays.add(r)
    assert set(np.flatnonzero(kept).tolist()) == stays
    for r in range(n):
        best = sorted(stays & near[r].keys(), key=lambda o: (-near[r][o], o))
        gone = alive[r] and r not in stays
        assert witness[r] == (best[0] if gone else -1)


@SOME
@given(SEEDS, st.integers(0, 14))
def test_class_winner_is_the_best_of_each_class(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    label = np.array([int(rng.integers(0, r + 1)) for r in range(n)], dtype=np.int32)
    alive, forced = rng.random(n) < 0.8, rng.random(n) < 0.2
    rank = rng.permutation(n).astype(np.int32)
    best = class_winner(label, alive, forced, rank)
    for r in range(n):
        members = [o for o in range(n) if label[o] == label[r] and alive[o]]
        assert best[r] == (min(members, key=lambda o: (not forced[o], rank[o], o)) if alive[r] else -1)


def test_a_chain_is_not_closed_over() -> None:
    i, j = np.array([0, 1], np.int32), np.array([1, 2], np.int32)
    on = np.ones(3, np.bool_)
    kept, witness = keepers(i, j, np.ones(2, np.float32), on, ~on, np.arange(3, dtype=np.int32))
    assert kept.tolist() == [True, False, True] and witness.tolist() == [-1, 0, -1]


# Splits ---------------------------------------------------------------------------------------------------------------


def parted(n: int, groups: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    keys = rng.integers(0, 2**63, n).astype(np.uint64)
    return rng.random(n) < 0.9, rng.integers(0, groups, n).astype(np.int32), keys


@SOME
@given(SEEDS, st.integers(1, 60), st.integers(1, 60), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_split_sizes_are_exact_to_one_group(seed: int, n: int, groups: int, a: float, b: float, c: float) -> None:
    if a + b + c <= 0:
        a = 1.0
    kept, group, keys = parted(n, groups, seed)
    split = split_rows(kept, group, keys, Split(a, b, c))
    assert ((split >= 0) == kept).all()
    for g in set(group[kept].tolist()):
        assert len(set(split[kept & (group == g)].tolist())) == 1
    rows = int(kept.sum())
    sizes = Counter(group[kept].tolist())
    for part, share in ((2, c), (1, b)):
        target = round(rows * share / (a + b + c))
        size = int((split == part).sum())
        fitting = [s for s in sizes.values() if s <= target]
        if a > 0:
            assert size <= target
            missed = target - size
            left = sum(s for g, s in sizes.items() if split[kept & (group == g)][0] not in (2, part) and s <= target)
            assert missed < max(fitting, default=1) + 1 or left == 0


def test_a_group_larger_than_its_part_goes_to_train() -> None:
    group = np.array([0] * 50 + list(range(1, 51)), dtype=np.int32)
    split = split_rows(np.ones(100, np.bool_), group, shuffle_keys(np.arange(100, dtype=np.uint64), 42), Split())
    assert set(split[:50].tolist()) == {0}
    assert [int((split == s).sum()) for s in range(3)] == [80, 10, 10]


def test_added_rows_move_few_others() -> None:
    keys = shuffle_keys(np.arange(2_000, dtype=np.uint64), 42)
    group, kept = np.arange(2_000, dtype=np.int32) // 2, np.ones(2_000, np.bool_)
    old = split_rows(kept[:1_900], group[:1_900], keys[:1_900], Split())
    new = split_rows(kept, group, keys, Split())
    assert np.count_nonzero(old != new[:1_900]) <= 60
    one = split_rows(kept[:1_901], group[:1_901], keys[:1_901], Split())
    assert np.count_nonzero(old != one[:1_900]) <= 6


def test_another_seed_is_another_shuffle() -> None:
    keys = np.arange(1_000, dtype=np.uint64)
    on, group = np.ones(1_000, np.bool_), np.arange(1_000, dtype=np.int32)
    one, two = (split_rows(on, group, shuffle_keys(keys, s), Split()) for s in (42, 43))
    assert not np.array_equal(one, two)
    assert len(set(shuffle_keys(keys, -1).tolist())) == 1_000


@pytest.mark.parametrize(("train", "validation", "test", "all_in"), [(0, 0, 1, 2), (0, 1, 0, 1), (1, 0, 0, 0)])
def test_a_single_part_takes_everything(train: float, validation: float, test: float, all_in: int) -> None:
    split = split_rows(np.ones(7, np.bool_), np.zeros(7, np.int32), np.arange(7, dtype=np.uint64),
                       Split(train, validation, test))  # fmt: skip
    assert set(split.tolist()) == {all_in}


# Worlds by hand -------------------------------------------------------------------------------------------------------

BARE = near_off(Recipe())


def plain(texts: list[tuple[int, int, int]], rows: list[tuple[int, bool]], **scores: tuple[float, int]) -> Evidence:
    """Evidence of texts (prompt, system, answer) and rows (text, frozen); scores: {"a_b": (value of every score, guards)}."""
    table: dict[tuple[int, int], tuple[dict[str, float], int]] = {}
    for key, (value, guards) in scores.items():
        a, b = (int(x) for x in key.strip("p").split("_"))
        names = ("prompt_jaccard", "answer_jaccard", "prompt_cosine", "answer_cosine")
        table[a, b] = (dict.fromkeys(names, value) | {"conflict": float("nan")}, guards)
    columns = {"answer_words": np.arange(len(texts), dtype=np.float32)}
    world = World(tuple(texts), tuple(rows), tuple(range(len(rows))), table, columns, ())
    ev = evidence(world)
    order = {i: n for n, i in enumerate(row_ids(world))}
    return replace(ev, fingerprint=",".join(str(order[i]) for i in ev.ids.tolist()))


def world_rows(ev: Evidence) -> dict[int, int]:
    """World row -> canonical row."""
    return {int(w): n for n, w in enumerate(ev.fingerprint.split(","))} if ev.fingerprint else {}


def identity(ev: Evidence, row: int) -> str:
    return bytes(ev.ids[world_rows(ev)[row]]).decode()


def codes(ev: Evidence, recipe: Recipe) -> dict[int, tuple[str, ...]]:
    verdicts = decide(ev, recipe)
    return {w: verdicts.why(n) for w, n in world_rows(ev).items()}


NO_MEANING = Recipe().with_setting("near", meaning_enabled=False)


@pytest.mark.parametrize("level", ["content", "spaced", "folded"])
def test_exact_levels(level: str) -> None:
    # 0 and 1 are equal messages, 2 differs in case, 3 in punctuation, 4 altogether
    texts = [(0, 0, 0), (0, 0, 0), (0, 0, 1), (9, 0, 9)]
    ev = plain(texts, [(0, False), (0, False), (1, False), (2, False), (3, False)])
    recipe = near_off(Recipe()).with_setting("near", exact=level, keep="first")
    gone = {w for w, why in codes(ev, recipe).items() if why}
    assert gone == {"content": {1}, "spaced": {1, 2}, "folded": {1, 2, 3}}[level]


def test_a_person_keeps_drops_and_reviews() -> None:
    ev = plain([(k, 0, k) for k in range(4)], [(k, False) for k in range(4)])
    ids = [identity(ev, k) for k in range(4)]
    recipe = BARE.with_rule("too_short_answer", enabled=True, low=1.0)  # fails text 0, whose answer has no word
    said = Overrides.of({ids[0]: ("keep", "a label"), ids[1]: ("drop", ""), ids[2]: ("review", "")})
    verdicts = decide(ev, replace(recipe, overrides=said))
    at = world_rows(ev)
    assert [Action(int(verdicts.action[at[k]])) for k in range(4)] == [
        Action.KEEP, Action.DROP, Action.REVIEW, Action.KEEP,
    ]  # fmt: skip
    assert verdicts.why(at[1]) == ("override_drop",) and verdicts.why(at[2]) == ("override_review",)
    assert verdicts.why(at[0]) == ("too_short_answer",)  # the reason stays in sight
    assert dict(zip(verdicts.codes, verdicts.funnel.all, strict=True))["too_short_answer"] == 0


def test_a_kept_copy_silences_the_others_and_is_never_silenced() -> None:
    ev = plain([(0, 0, 0), (1, 0, 1)], [(0, False), (0, False), (1, False)], p0_1=(0.99, 0))
    keep = Overrides.of({identity(ev, 1): ("keep", "")})
    assert codes(ev, replace(NO_MEANING, overrides=keep)) == {0: ("exact_copy",), 1: (), 2: ("near_text",)}
    both = Overrides.of({identity(ev, 0): ("keep", ""), identity(ev, 2): ("keep", "")})
    assert codes(ev, replace(NO_MEANING, overrides=both)) == {0: (), 1: ("exact_copy",), 2: ()}


def test_a_dropped_keeper_gives_its_place_to_the_next() -> None:
    ev = plain([(0, 0, 0), (1, 0, 1)], [(0, False), (1, False)], p0_1=(0.99, 0))
    assert codes(ev, NO_MEANING) == {0: ("near_text",), 1: ()}  # the longer answer stays
    drop = Overrides.of({identity(ev, 1): ("drop", "")})
    assert codes(ev, replace(NO_MEANING, overrides=drop)) == {0: (), 1: ("override_drop",)}


def ruled(ev: Evidence, a: int, b: int) -> Overrides:
    return Overrides.of({}, [(identity(ev, a), identity(ev, b), "not_duplicate")])


@pytest.mark.parametrize("level", ["content", "spaced", "folded", "off"])
def test_not_duplicate_spares_near_rows_and_copies_by_every_level(level: str) -> None:
    recipe = NO_MEANING.with_setting("near", exact=level, keep="first")
    near = plain([(0, 0, 0), (8, 0, 8)], [(0, False), (1, False)], p0_1=(0.9, 0))
    assert codes(near, recipe) == {0: (), 1: ("near_text",)}
    assert codes(near, replace(recipe, overrides=ruled(near, 0, 1))) == {0: (), 1: ()}
    equal = plain([(0, 0, 0), (0, 0, 0)], [(0, False), (1, False)], p0_1=(1.0, 0))
    assert codes(equal, recipe)[1] in (("exact_copy",), ("near_text",))
    assert codes(equal, replace(recipe, overrides=ruled(equal, 0, 1))) == {0: (), 1: ()}


def test_not_duplicate_spares_the_same_question_and_the_evaluation_twin() -> None:
    asked = plain([(0, 0, 0), (0, 0, 5)], [(0, False), (1, False)])
    recipe = NO_MEANING.with_setting("near", view="prompt", keep="first")
    assert codes(asked, recipe) == {0: (), 1: ("near_text",)}
    assert codes(asked, replace(recipe, overrides=ruled(asked, 0, 1))) == {0: (), 1: ()}
    exam = plain([(0, 0, 0), (0, 0, 5)], [(0, True), (1, False)])
    assert codes(exam, NO_MEANING) == {0: (), 1: ("contaminated",)}
    assert codes(exam, replace(NO_MEANING, overrides=ruled(exam, 0, 1))) == {0: (), 1: ()}


def test_copies_of_a_contradiction_are_all_held() -> None:
    ev = plain([(0, 0, 0), (0, 0, 7)], [(0, False), (0, False), (1, False)], p0_1=(1.0, 0))
    ev = replace(ev, pairs=replace(ev.pairs, scores={**ev.pairs.scores, "conflict": np.array([0.9], np.float32)}))
    off = near_off(Recipe()).with_setting("conflict", enabled=True)
    assert codes(ev, off) == dict.fromkeys(range(3), ("contradiction",))
    right = Overrides.of({}, [(identity(ev, 0), identity(ev, 2), "both_right")])
    assert codes(ev, replace(off, overrides=right)) == dict.fromkeys(range(3), ())
    verdicts = decide(ev, replace(off, on_review="keep"))
    assert verdicts.count(Action.KEEP) == 3 and not any(verdicts.funnel.all)


def test_contaminated_rows_name_the_evaluation_row() -> None:
    # 0 frozen; 1 same prompt, other system and answer; 2 near by the pair table; 3 guarded by a number; 4 its own
    texts = [(0, 0, 0), (0, 1, 5), (2, 0, 6), (3, 0, 7), (4, 0, 8)]
    rows = [(0, True), (1, False), (2, False), (3, False), (4, False)]
    ev = plain(texts, rows, p0_2=(0.85, 0), p0_3=(0.95, 1))
    verdicts, at = decide(ev, NO_MEANING), world_rows(ev)
    assert {w: verdicts.why(n) for w, n in at.items() if verdicts.why(n)} == dict.fromkeys((1, 2), ("contaminated",))
    assert verdicts.witness[at[1]] == verdicts.witness[at[2]] == at[0]
    assert codes(ev, NO_MEANING.with_setting("near", guards="off"))[3] == ("contaminated",)
    alike = {2: ("contaminated",)}  # near in prompt and answer: a duplicate of the anchor even so
    assert codes(ev, NO_MEANING.with_setting("leak", enabled=False)) == dict.fromkeys(range(5), ()) | alike


def test_near_kinds_are_named_by_the_edge_to_the_witness() -> None:
    def pair(**scores: float) -> tuple[str, ...]:
        ev = plain([(0, 0, 0), (1, 0, 1)], [(0, False), (1, False)], p0_1=(0.75, 0))
        made = {k: np.array([scores.get(k, np.nan)], np.float32) for k in ev.pairs.scores}
        ev = replace(ev, pairs=replace(ev.pairs, scores=made, floor={"text": 0.7, "meaning": 0.8}))
        return codes(ev, Recipe())[0]

    text = {"prompt_jaccard": 0.8, "answer_jaccard": 0.9}
    meaning = {"prompt_cosine": 0.95, "answer_cosine": 0.97}
    assert pair(**text) == ("near_text",) and pair(**meaning) == ("near_meaning",)
    assert pair(**text, **meaning) == ("near_text", "near_meaning")
    assert pair(**{**text, "answer_jaccard": 0.79}) == () and pair(prompt_cosine=0.99) == ()


# Caps -----------------------------------------------------------------------------------------------------------------


@SOME
@given(SEEDS, st.integers(0, 20), st.integers(1, 4))
def test_caps_keep_that_many_of_each_topic(seed: int, n: int, cap: int) -> None:
    rng = np.random.default_rng(seed)
    world = make_world(rng, n)
    ev = evidence(world)
    ids = [i.decode() for i in ev.ids]
    keep = Overrides.of({i: ("keep", "") for i in ids if rng.random() < 0.2})
    recipe = replace(BARE.with_setting("topics", cap=cap, size=15), overrides=keep)
    verdicts, free = decide(ev, recipe), decide(ev, replace(recipe, topics=replace(recipe.topics, cap=0)))
    forced = np.array([i in keep.ids for i in ids], dtype=bool)
    for topic in set(verdicts.topic.tolist()):
        of = (verdicts.topic == topic) & ~ev.frozen
        before, after = of & (free.action == Action.KEEP), of & (verdicts.action == Action.KEEP)
        least = int((before & forced).sum())
        assert int(after.sum()) == (int(before.sum()) if topic < 0 else max(min(int(before.sum()), cap), least))
        assert not (before & forced & ~after).any()
    capped = free.action != verdicts.action
    assert all(verdicts.why(int(r)) == ("over_cap",) for r in np.flatnonzero(capped))


def test_the_topic_cut_is_the_nearest_measured_size() -> None:
    ev = evidence(make_world(np.random.default_rng(1), 9))
    labels = tuple(np.full(9, t, np.int32) for t in range(3))
    ev = replace(ev, topics=Topics((5, 15, 50), labels, ((), (), ()), 9))
    for size, cut in ((2, 0), (10, 0), (11, 1), (15, 1), (33, 2), (900, 2)):
        assert decide(ev, BARE.with_setting("topics", size=size)).topic.tolist() == [cut] * 9


# Funnel, curve, frontier ----------------------------------------------------------------------------------------------


@SOME
@given(worlds())
def test_funnel_counts_are_those_of_plain_loops(made: Drawn) -> None:
    world, rng = made
    ev, recipe = evidence(world), make_recipe(rng, world)
    if not world.topics:
        recipe = recipe.with_setting("near", meaning_enabled=False)
    verdicts = decide(ev, recipe)
    acts = {r.name: r.action for r in recipe.rules} | {"contradiction": "review"}
    quiet = {c for c, a in acts.items() if a == "review"} if recipe.on_review == "keep" else set()
    counters: tuple[Counter[str], ...] = (Counter(), Counter(), Counter())
    first, only, everywhere = counters
    for row in range(len(ev)):
        if verdicts.action[row] in (Action.DROP, Action.REVIEW):
            why = verdicts.why(row)
            real = [c for c in why if c not in quiet]
            everywhere.update(why)
            first.update(real[:1])
            only.update(real if len(real) == 1 else [])
    funnel = verdicts.funnel
    for name, told in (("first", first), ("only", only), ("all", everywhere)):
        assert dict(zip(funnel.codes, getattr(funnel, name), strict=True)) == {c: told[c] for c in funnel.codes}
    assert sum(funnel.first) == verdicts.count(Action.DROP) + verdicts.count(Action.REVIEW)
    counts = [n for _, n in funnel.stages]
    assert counts[0] == int((~ev.frozen).sum()) and counts[-1] == counts[-2] == verdicts.count(Action.KEEP)
    assert all(a >= b for a, b in pairwise(counts))


@settings(max_examples=40, deadline=None)
@given(worlds(most=14))
def test_a_curve_is_the_counts_of_its_decisions(made: Drawn) -> None:
    world, rng = made
    ev, recipe = evidence(world), make_recipe(rng, world).with_setting("near", text_enabled=True)
    if not world.topics:
        recipe = recipe.with_setting("near", meaning_enabled=False)
    values = (0.7, 0.8, 0.9, 1.0)
    curve = kept_curve(ev, recipe, "near", "text", values, decide(ev, recipe))
    assert curve == tuple(decide(ev, recipe.with_setting("near", text=v)).count(Action.KEEP) for v in values)
    with pytest.raises(FloorError):
        kept_curve(ev, recipe, "near", "text", (0.9, 0.1), decide(ev, recipe))


def test_the_frontier_is_one_kept_row_per_text_without_a_score() -> None:
    ev = plain([(k, 0, k) for k in range(3)], [(0, False), (0, False), (1, False), (2, True)])
    ev = replace(ev, columns={**ev.columns, "judge_overall": np.full(4, np.nan, np.float32)})
    ev.columns["judge_overall"][world_rows(ev)[2]] = 4.0
    rows = frontier(ev, decide(ev, BARE))
    assert rows.shape == (1,) and rows[0] in (world_rows(ev)[0], world_rows(ev)[1])
    without = replace(ev, columns={})
    assert frontier(without, decide(without, BARE)).shape == (2,)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_tiny_worlds(n: int) -> None:
    for share in (False, True):
        ev = plain([(k, 0, k) for k in range(n)], [(k, share) for k in range(n)])
        for recipe in (NO_MEANING, BARE):
            verdicts = decide(ev, recipe)
            assert len(verdicts) == n and verdicts.count(Action.FROZEN if share else Action.KEEP) == n


def test_all_identical_rows_leave_one() -> None:
    ev = plain([(0, 0, 0)], [(0, False)] * 50)
    verdicts = decide(ev, NO_MEANING.with_setting("near", keep="first"))
    kept = np.flatnonzero(verdicts.action == Action.KEEP)
    assert kept.tolist() == [world_rows(ev)[0]] and set(verdicts.witness.tolist()) == {-1, int(kept[0])}
