"""verdicts = decide(evidence, recipe): rows, then pairs, then quotas, then splits; each sees the last one's survivors."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import partial
from typing import cast

import numpy as np

from curate.decide.edit import Edit, Lengths
from curate.decide.effective import effective, key_of
from curate.decide.formula import columns_of, values_of
from curate.decide.funnel import funnel_of, rows_alone
from curate.decide.leaks import edges_key
from curate.decide.memo import Memo, digest
from curate.decide.near import Edges, leak_edges, near_edges
from curate.decide.pairs import Given, PairStage, given_of, pair_stage, pairs_alone, pool_count
from curate.decide.recipe import Recipe
from curate.decide.rules import Rule, bit, codes_of, hits, mark, mask_of, no_reasons, with_later
from curate.decide.splits import (
    SPLITS,
    Parts,
    declared_groups,
    fold_rows,
    question_groups,
    shuffle_keys,
    split_parts,
    strata,
)
from curate.decide.topics import TopicSet, topic_set
from curate.types import F32, I32, U64, Action, Bool, Evidence, Verdicts, frozen_array, masks_of

__all__ = ["decide", "pairs_alone"]


def decide(evidence: Evidence, recipe: Recipe, previous: Verdicts | None = None) -> Verdicts:
    """What follows from the evidence under the recipe.

    `previous`: verdicts of the same evidence; stages whose settings did not move are re-used, and the result is equal
    bit for bit to the one without it. Errors: FloorError when a threshold lies below what was measured.
    Cost with one setting moved: benchmarks/results (aim 30 ms at 52,002 rows, 100 ms at 230,822).
    """
    memo = _memo(evidence, previous)
    reasons, action, alive, pairs, capped = _judged(evidence, recipe, memo)
    parts = _split(evidence, recipe, action == Action.KEEP, memo)
    if parts.left.any():
        later = np.where(parts.left, bit("time_straddle"), np.uint64(0))
        with_later(reasons, later, recipe.rules)
        action[parts.left] = Action.DROP
    kept, held = action == Action.KEEP, (action == Action.DROP) | (action == Action.REVIEW)
    steps = (
        ("load", int(np.count_nonzero(~evidence.frozen))),
        ("rules", pool_count(alive, evidence.frozen)),
        *pairs.counts,
        ("quotas", pool_count(pairs.alive & ~capped, evidence.frozen)),
        ("kept", int(np.count_nonzero(kept))),
    )
    funnel = funnel_of(codes_of(recipe.rules), reasons, held, steps, _effective(recipe))
    return Verdicts(
        codes=codes_of(recipe.rules),
        splits=SPLITS,
        action=frozen_array(action),
        reasons=frozen_array(reasons),
        witness=frozen_array(pairs.witness),
        topic=_topic(evidence, recipe, memo),
        split=frozen_array(parts.split),
        funnel=funnel,
        recipe=recipe,
        evidence_fingerprint=evidence.fingerprint,
        stages=memo.new,
    )


def kept_count(evidence: Evidence, recipe: Recipe, previous: Verdicts | None = None) -> int:
    """How many rows `decide` keeps, without what follows from it: reasons, funnel, topics, splits."""
    memo = _memo(evidence, previous)
    if recipe.split.by == "time":  # such a split leaves rows out
        kept = _judged(evidence, recipe, memo)[1] == Action.KEEP
        return int(np.count_nonzero(kept)) - int(np.count_nonzero(_split(evidence, recipe, kept, memo).left))
    given = _given(evidence, recipe, memo)
    alive = pair_stage(evidence, recipe, given, _rows(evidence, recipe, given, memo)[1], memo).alive
    return pool_count(alive & ~_quotas(evidence, recipe, given, alive, memo), evidence.frozen)


def rows_only(verdicts: Verdicts, code: str) -> np.ndarray:
    """int64 [k]: the rows that one reason alone removes: what a mistake of that reason costs."""
    removed = (verdicts.action == Action.DROP) | (verdicts.action == Action.REVIEW)
    wanted = masks_of(verdicts.codes, [code])
    return rows_alone(verdicts.reasons, removed, wanted, _effective(verdicts.recipe))


def _memo(evidence: Evidence, previous: Verdicts | None) -> Memo:
    """The stages of the verdicts before, if they are of this evidence."""
    same = previous is not None and previous.stages.get("evidence", (None, None))[1] is evidence
    memo = Memo(dict(previous.stages) if same and previous is not None else {})
    memo.get("evidence", "is", lambda: evidence)
    return memo


def _judged(evidence: Evidence, recipe: Recipe, memo: Memo) -> tuple[U64, np.ndarray, Bool, PairStage, Bool]:
    """(reasons, action, alive after the rules, the pairs stage, over a cap) of every row."""
    given = _given(evidence, recipe, memo)
    reasons, alive = _rows(evidence, recipe, given, memo)
    pairs = pair_stage(evidence, recipe, given, alive, memo)
    capped = _quotas(evidence, recipe, given, pairs.alive, memo)
    later = pairs.reasons.copy()
    later[capped] |= bit("over_cap")
    later[given.drop] |= bit("override_drop")
    later[given.review] |= bit("override_review")
    with_later(reasons, later, recipe.rules)
    return reasons, _actions(evidence, recipe, given, reasons), alive, pairs, capped


def _given(evidence: Evidence, recipe: Recipe, memo: Memo) -> Given:
    key = (recipe.near.keep, recipe.overrides.fingerprint)
    given: Given = memo.get("given", key, lambda: given_of(evidence, recipe))
    return given


def _rows(evidence: Evidence, recipe: Recipe, given: Given, memo: Memo) -> tuple[U64, Bool]:
    """Reasons of the row rules (frozen rows have none) and who is alive after them. One rule moved costs one column."""
    reasons = no_reasons(len(evidence), recipe.rules)
    held = np.zeros(len(evidence), dtype=np.bool_)
    columns, changed = _columns(evidence, recipe, memo)
    for place, rule in enumerate(recipe.rules):
        if not rule.enabled or not columns_of(rule) <= columns.keys():
            continue
        key = (rule.column, rule.formula, rule.low, rule.high, rule.spare, recipe.seed if rule.spare else 0, changed)
        failed = memo.get(f"rule {rule.name}", key, partial(_failing, rule, evidence, columns, recipe.seed))
        mark(reasons, place, failed)
        if rule.action == "drop" or recipe.on_review == "hold":
            held[failed] = True
    return reasons, (~held | given.keep) & ~given.drop & ~given.review | evidence.frozen


def _columns(evidence: Evidence, recipe: Recipe, memo: Memo) -> tuple[Mapping[str, F32], Hashable]:
    """The columns that the rules read, and what sets them apart from the evidence's own (() = nothing does)."""
    if recipe.edit == Edit() and recipe.lengths == Lengths():
        return evidence.columns, ()
    key = key_of(recipe)
    topic = _topic(evidence, recipe, memo) if recipe.lengths.expected == "topic" else None
    found: Mapping[str, F32] = memo.get("columns", key, lambda: effective(evidence, recipe, topic))
    return found, key


def _failing(rule: Rule, evidence: Evidence, columns: Mapping[str, F32], seed: int) -> np.ndarray:
    """int64 [k]: pool rows that fail the rule, but for those that it spares."""
    values = values_of(rule, columns)
    assert values is not None  # the caller saw that it is measured
    rows = np.flatnonzero(rule.fails(values) & ~evidence.frozen)
    spared = int(rule.spare * np.count_nonzero(~evidence.frozen))
    if not spared:
        return rows
    order = np.argsort(shuffle_keys(evidence.keys[rows], seed), kind="stable")
    return np.sort(rows[order[spared:]])


def _quotas(evidence: Evidence, recipe: Recipe, given: Given, alive: Bool, memo: Memo) -> Bool:
    """Bool [n]: alive rows over their topic's cap; a keyed shuffle keeps `cap`; a person's keep counts first."""
    none = np.zeros(len(evidence), dtype=np.bool_)
    if not recipe.topics.cap:
        return none
    topic = _topic(evidence, recipe, memo)
    seeded = memo.get("keys", recipe.seed, lambda: shuffle_keys(evidence.keys, recipe.seed))

    def cap() -> Bool:
        rows = np.flatnonzero(alive & ~evidence.frozen & (topic >= 0))
        rows = rows[np.lexsort((seeded[rows], ~given.keep[rows], topic[rows]))]
        start = np.searchsorted(topic[rows], topic[rows], side="left")
        out = none.copy()
        out[rows[np.arange(rows.shape[0]) - start >= recipe.topics.cap]] = True
        return out & ~given.keep

    capped: Bool = memo.get("quotas", (digest(alive), recipe.topics, recipe.seed, recipe.overrides.fingerprint), cap)
    return capped


def _topic(evidence: Evidence, recipe: Recipe, memo: Memo) -> I32:
    """int32 [n]: the topic of each row; -1 everywhere when nothing says what rows are about."""
    wanted = recipe.topics
    key = (wanted.size, wanted.apart, wanted.noise, wanted.column, recipe.overrides.topics)
    found = memo.get("topics", key, lambda: topic_set(evidence, recipe))
    if found is None:
        return frozen_array(np.full(len(evidence), -1, dtype=np.int32))
    return np.asarray(found.label)


def topics_of(evidence: Evidence, verdicts: Verdicts) -> TopicSet | None:
    """The topics behind `verdicts.topic`: names, exemplars, groups, distances. None when there are none."""
    kept = verdicts.stages.get("topics")
    return topic_set(evidence, verdicts.recipe) if kept is None else cast("TopicSet | None", kept[1])


def _split(evidence: Evidence, recipe: Recipe, kept: Bool, memo: Memo) -> Parts:
    group = split_groups(evidence, recipe, memo)
    topic = _topic(evidence, recipe, memo) if recipe.split.stratify == "topic" else np.zeros(0, np.int32)
    seeded = memo.get("keys", recipe.seed, lambda: shuffle_keys(evidence.keys, recipe.seed))
    by_key = memo.get("key order", recipe.seed, lambda: np.argsort(seeded, kind="stable"))
    key = (digest(kept), recipe.split, recipe.seed, _group_key(recipe), topic.tobytes())
    parts: Parts = memo.get("split", key, lambda: split_parts(evidence, recipe, kept, group, seeded, topic, by_key))
    return parts


def _group_key(recipe: Recipe) -> Hashable:
    return (edges_key(recipe), recipe.near, recipe.conflict, recipe.split.group)


def split_groups(evidence: Evidence, recipe: Recipe, memo: Memo | None = None) -> I32:
    """int32 [n]: rows of one number stand in one split: one question, one leak or near edge, one declared group, chains."""
    held = Memo({}) if memo is None else memo
    leaks: Edges = held.get("leak edges", edges_key(recipe), lambda: leak_edges(evidence, recipe, held))
    pair_key = (recipe.overrides.fingerprint, recipe.near.guards)
    near: Edges = held.get(
        "near edges", (recipe.near, recipe.conflict, pair_key), lambda: near_edges(evidence, recipe, held)
    )
    found: I32 = held.get("groups", _group_key(recipe), lambda: question_groups(
        evidence, leaks, near, declared_groups(evidence, recipe.split.group)))  # fmt: skip
    return found


def folds_of(evidence: Evidence, verdicts: Verdicts) -> np.ndarray:
    """int8 [n]: the cross-validation fold of each row of train and validation under `split.folds`, -1 = none."""
    recipe: Recipe = verdicts.recipe
    keys = shuffle_keys(evidence.keys, recipe.seed)
    stratum = strata(evidence, np.asarray(verdicts.topic), recipe.split.stratify) if recipe.split.stratify else None
    return fold_rows(verdicts.split, split_groups(evidence, recipe), keys, recipe.split.folds, stratum)


def _effective(recipe: Recipe) -> U64:
    """The reasons that hold a row back: under on_review "keep" a review reason marks it only, but a person's own holds."""
    drops, reviews = mask_of(recipe.rules, "drop"), mask_of(recipe.rules, "review")
    return drops | (reviews if recipe.on_review == "hold" else masks_of(codes_of(recipe.rules), ["override_review"]))


def _actions(evidence: Evidence, recipe: Recipe, given: Given, reasons: U64) -> np.ndarray:
    out = np.zeros(len(evidence), dtype=np.uint8)
    if recipe.on_review == "hold":
        out[hits(reasons, mask_of(recipe.rules, "review"))] = Action.REVIEW
    out[hits(reasons, mask_of(recipe.rules, "drop"))] = Action.DROP
    out[given.review] = Action.REVIEW
    out[given.drop] = Action.DROP
    out[given.keep] = Action.KEEP
    out[evidence.frozen] = Action.FROZEN
    return out
