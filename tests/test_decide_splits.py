"""Splits: groups and time never straddle, shares within one group of the target, strata, folds, order of rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from decide_worlds import World, evidence, places, worlds
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curate.decide import Recipe, decide
from curate.decide.recipe import Split
from curate.decide.splits import TEST, TRAIN, VALIDATION, by_time, fold_rows, shuffle_keys, split_rows
from curate.decide.verdicts import folds_of, kept_count, split_groups
from curate.errors import RecipeError
from curate.types import Action, Evidence, Labels

SOME = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def told(world: World, rng: np.random.Generator, salt: int = 0) -> Evidence:
    """The world's evidence with groups, times and a column of labels, the same for a row under any salt."""
    n = len(world.rows)
    values = {k: rng.integers(-1, 4, n) for k in ("group", "time", "label")}
    ev, row = evidence(world, salt), np.argsort(places(world, salt))
    group, time, label = (values[k][row].astype(np.int32).reshape(n) for k in ("group", "time", "label"))
    return replace(
        ev,
        ties={"group": group, "time": time},
        labels={"kind": Labels(label, ("a", "b", "c", "d"))},
    )


def drawn(rng: np.random.Generator, time: bool | None = None) -> Recipe:
    recipe = Recipe().with_setting("near", meaning_enabled=False)
    late = bool(rng.random() < 0.5) if time is None else time
    return recipe.with_setting(
        "split",
        by="time" if late else "random",
        group=str(rng.choice(["declared", "none", "kind"])),
        stratify=str(rng.choice(["", "topic", "kind"])),
        train=float(rng.choice([0.8, 0.5])), validation=float(rng.choice([0.1, 0.3])), test=float(rng.choice([0.1, 0.2])),
    )  # fmt: skip


@SOME
@given(worlds(most=20))
def test_groups_and_time_never_straddle(made: tuple[World, np.random.Generator]) -> None:
    world, rng = made
    ev, recipe = told(world, rng), drawn(rng)
    try:
        verdicts = decide(ev, recipe)
    except RecipeError:
        assert recipe.split.by == "time"
        return
    split, group, time = verdicts.split, ev.ties["group"], ev.ties["time"]
    assert ((split >= 0) == (verdicts.action == Action.KEEP)).all()
    assert kept_count(ev, recipe) == int((split >= 0).sum())
    blocks = split_groups(ev, recipe)
    named = {"declared": group, "none": np.full(len(ev), -1), "kind": ev.labels["kind"].code}[recipe.split.group]
    for a in np.flatnonzero(split >= 0):
        for b in np.flatnonzero(split >= 0):
            if (named[a] >= 0 and named[a] == named[b]) or blocks[a] == blocks[b]:
                assert split[a] == split[b]
            if recipe.split.by == "time" and split[a] < split[b]:
                assert time[a] < time[b]
    for row in np.flatnonzero(verdicts.action == Action.DROP):
        if "time_straddle" in verdicts.why(int(row)):
            mates = np.flatnonzero((blocks == blocks[row]) & (split >= 0))
            assert mates.size and time[mates].min() < time[row]


SIZES = st.lists(st.integers(1, 9), min_size=1, max_size=60)


@settings(max_examples=150, deadline=None)
@given(
    SIZES, st.integers(0, 99), st.sampled_from([(0.8, 0.1, 0.1), (0.5, 0.25, 0.25), (0.2, 0.4, 0.4)]), st.integers(0, 3)
)
def test_shares_are_within_one_group_of_the_target(
    sizes: list[int], seed: int, shares: tuple[float, float, float], kinds: int
) -> None:
    group = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    n = group.shape[0]
    stratum = (group % kinds).astype(np.int32) if kinds else None
    keys = shuffle_keys(np.arange(n, dtype=np.uint64), seed)
    split = split_rows(np.ones(n, np.bool_), group, keys, Split(*shares), None, stratum)
    for part, share in ((TEST, shares[2]), (VALIDATION, shares[1])):
        assert round(n * share) - max(sizes) <= (split == part).sum() <= round(n * share)
    assert all(len(set(split[group == g].tolist())) == 1 for g in range(len(sizes)))
    order = np.random.default_rng(seed).permutation(n)
    moved = split_rows(
        np.ones(n, np.bool_),
        group[order],
        keys[order],
        Split(*shares),
        None,
        None if stratum is None else stratum[order],
    )
    assert (moved == split[order]).all()


def test_sizes_are_exact_where_single_rows_fill_the_gap() -> None:
    group = np.concatenate((np.repeat(np.arange(50), 7), np.arange(50, 400))).astype(np.int32)
    n = group.shape[0]
    keys = shuffle_keys(np.arange(n, dtype=np.uint64), 1)
    split = split_rows(np.ones(n, np.bool_), group, keys, Split(test_rows=101, validation_rows=37))
    assert ((split == TEST).sum(), (split == VALIDATION).sum()) == (101, 37)


def test_a_new_row_moves_only_blocks_at_the_cut_points() -> None:
    keys = shuffle_keys(np.arange(2_001, dtype=np.uint64), 42)
    group = np.arange(2_001, dtype=np.int32)
    old = split_rows(np.ones(2_000, np.bool_), group[:2_000], keys[:2_000], Split())
    new = split_rows(np.ones(2_001, np.bool_), group, keys, Split())
    assert (old != new[:2_000]).sum() <= 3


def test_every_stratum_has_its_share_in_every_part() -> None:
    rng = np.random.default_rng(3)
    stratum = rng.choice(5, 3_000, p=[0.6, 0.2, 0.1, 0.06, 0.04]).astype(np.int32)
    split = split_rows(np.ones(3_000, np.bool_), np.arange(3_000, dtype=np.int32), shuffle_keys(np.arange(3_000, dtype=np.uint64), 0),
                       Split(), None, stratum)  # fmt: skip
    for kind in range(5):
        for part, share in ((TRAIN, 0.8), (VALIDATION, 0.1), (TEST, 0.1)):
            assert abs(((stratum == kind) & (split == part)).sum() - share * (stratum == kind).sum()) <= 2


@settings(max_examples=80, deadline=None)
@given(SIZES, st.integers(2, 7), st.integers(0, 9))
def test_folds_are_of_one_size_and_hold_whole_groups(sizes: list[int], folds: int, seed: int) -> None:
    group = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    split = np.where(group % 5 == 4, TEST, TRAIN).astype(np.int8)
    fold = fold_rows(split, group, shuffle_keys(np.arange(group.shape[0], dtype=np.uint64), seed), folds)
    assert ((fold >= 0) == (split != TEST)).all()
    used = fold[fold >= 0]
    counts = np.bincount(used, minlength=folds)
    assert counts[:-1].max(initial=0) <= round(used.size / folds) + max(sizes)
    assert all(len(set(fold[group == g].tolist())) == 1 for g in range(len(sizes)))


def test_folds_of_a_decision() -> None:
    ev = told(World(tuple((k, 0, k) for k in range(40)), tuple((k, False) for k in range(40)), tuple(range(40)), {}, {}, ()),
              np.random.default_rng(0))  # fmt: skip
    recipe = Recipe().with_setting("split", folds=4, group="none")
    verdicts = decide(ev, recipe)
    fold = folds_of(ev, verdicts)
    assert np.bincount(fold[fold >= 0]).tolist() == [9, 9, 9, 9] and ((fold < 0) == (verdicts.split == TEST)).all()


def test_time_cuts_between_two_times_and_leaves_out_what_straddles() -> None:
    time = np.array([0, 1, 1, 2, 3, 4, 5, 6, 7, 7], np.int32)
    group = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 0], np.int32)
    parts = by_time(np.ones(10, np.bool_), group, time, Split(0.6, 0.2, 0.2))
    assert parts.split.tolist() == [0, 0, 0, 0, 0, 0, 1, 1, 2, -1]
    assert parts.left.tolist() == [False] * 9 + [True]
    with pytest.raises(RecipeError, match="no row has a time"):
        by_time(np.ones(2, np.bool_), np.arange(2, dtype=np.int32), np.full(2, -1, np.int32), Split())


@pytest.mark.parametrize("change", [{"group": "nobody"}, {"stratify": "nobody"}])
def test_an_unknown_column_is_named_with_those_that_are_there(change: dict[str, str]) -> None:
    ev = told(World(((0, 0, 0),), ((0, False),), (0,), {}, {}, ()), np.random.default_rng(0))
    with pytest.raises(RecipeError, match="the data's columns: kind"):
        decide(ev, Recipe().with_setting("split", **change))


@pytest.mark.parametrize("change", [{"by": "user"}, {"test_rows": -1}, {"folds": 101}])
def test_settings_out_of_range_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(RecipeError):
        Recipe().with_setting("split", **change)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-02", 86_400),
        ("1970-01-01T00:00:05Z", 5),
        ("7", 7),
        ("1700000000000", 1_700_000_000),
        ("1970-01-01T01:00:00+01:00", 0),
    ],
)
def test_times_are_read(text: str, seconds: float) -> None:
    from curate.measure.columns import moment

    assert moment(text) == seconds
    assert np.isnan(moment("last week"))
