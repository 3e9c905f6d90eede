"""verdicts = decide(evidence, recipe): rows, then pairs, then quotas, then splits; each sees the survivors of the last."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np

from curate.decide.funnel import funnel_of
from curate.decide.keepers import class_winner, keepers
from curate.decide.near import Edges, conflicts, leak_edges, near_edges, rows_of, ruled_out
from curate.decide.recipe import Recipe
from curate.decide.rules import CODES, bit, mask_of
from curate.decide.splits import SPLITS, question_groups, shuffle_keys, split_rows
from curate.types import I32, U64, Action, Bool, Evidence, Verdicts, frozen_array


class Memo:
    """Stage results of an earlier call, re-used while the settings that fed them are equal."""

    def __init__(self, old: dict[str, tuple[Any, Any]]) -> None:
        self.old, self.new = old, dict[str, tuple[Any, Any]]()

    def get(self, name: str, key: Hashable, make: Callable[[], Any]) -> Any:
        entry = self.old.get(name)
        if entry is None or entry[0] != key:
            entry = (key, make())
        self.new[name] = entry
        return entry[1]


@dataclass(frozen=True, slots=True)
class _Given:
    """What does not move with a threshold: overrides as rows and the order in which rows are preferred."""

    keep: Bool
    drop: Bool
    review: Bool
    rank: I32


@dataclass(frozen=True, slots=True)
class PairStage:
    """What the pairs stage did: reasons it adds, witnesses, and who is alive after each of its steps."""

    reasons: U64
    witness: I32
    alive: Bool
    counts: tuple[tuple[str, int], ...]


def decide(evidence: Evidence, recipe: Recipe, previous: Verdicts | None = None) -> Verdicts:
    """What follows from the evidence under the recipe.

    `previous`: verdicts of the same evidence; stages whose settings did not move are re-used, and the result is equal
    bit for bit to the one without it. Errors: FloorError when a threshold lies below what was measured.
    Cost with one setting moved: benchmarks/results (aim 30 ms at 52,002 rows, 100 ms at 230,822).
    """
    same = previous is not None and previous.stages.get("evidence", (None, None))[1] is evidence
    memo = Memo(dict(previous.stages) if same and previous is not None else {})
    memo.get("evidence", "is", lambda: evidence)
    given: _Given = memo.get(
        "given", (recipe.near.keep, recipe.overrides.fingerprint), lambda: _given(evidence, recipe)
    )
    row_reasons, alive = _rows(evidence, recipe, given, memo)
    pairs = pair_stage(evidence, recipe, given, alive, memo)
    capped = _quotas(evidence, recipe, given, pairs.alive, memo)
    reasons = row_reasons | pairs.reasons
    reasons[capped] |= bit("over_cap")
    reasons[given.drop] |= bit("override_drop")
    reasons[given.review] |= bit("override_review")
    action = _actions(evidence, recipe, given, reasons)
    kept = action == Action.KEEP
    group = _groups(evidence, recipe, memo)
    seeded = memo.get("keys", recipe.seed, lambda: shuffle_keys(evidence.keys, recipe.seed))
    split = memo.get("split", (_digest(kept), recipe.split, recipe.seed, _leak_key(recipe)),
                     lambda: split_rows(kept, group, seeded, recipe.split))  # fmt: skip
    steps = (("load", int(np.count_nonzero(~evidence.frozen))), ("rules", _count(alive, evidence)), *pairs.counts,
             ("quotas", _count(pairs.alive, evidence) - int(np.count_nonzero(capped))),
             ("kept", int(np.count_nonzero(kept))))  # fmt: skip
    dropped = (action == Action.DROP) | (action == Action.REVIEW)
    return Verdicts(
        codes=CODES,
        splits=SPLITS,
        action=frozen_array(action),
        reasons=frozen_array(reasons),
        witness=frozen_array(pairs.witness),
        topic=_topic(evidence, recipe),
        split=frozen_array(split),
        funnel=funnel_of(reasons, dropped, steps),
        recipe=recipe,
        evidence_fingerprint=evidence.fingerprint,
        stages=memo.new,
    )


def pairs_alone(evidence: Evidence, recipe: Recipe) -> PairStage:
    """The pairs stage over the whole pool, row rules and overrides of rows off: the base of the dedup badge."""
    n = len(evidence)
    none = np.zeros(n, dtype=np.bool_)
    given = _Given(none, none, none, _rank(evidence, recipe.near.keep))
    return pair_stage(evidence, recipe, given, np.ones(n, dtype=np.bool_), Memo({}))


def _given(evidence: Evidence, recipe: Recipe) -> _Given:
    n = len(evidence)
    flags = {name: np.zeros(n, dtype=np.bool_) for name in ("keep", "drop", "review")}
    if recipe.overrides.ids:
        rows = rows_of(evidence, list(recipe.overrides.ids))
        actions = np.array(recipe.overrides.actions)
        for name, flag in flags.items():
            hit = rows[(actions == name) & (rows >= 0)]
            flag[hit[~evidence.frozen[hit]]] = True
    return _Given(**flags, rank=_rank(evidence, recipe.near.keep))


def _rank(evidence: Evidence, keep: str) -> I32:
    """int32 [n]: a strict order, 0 is preferred; ties by id."""
    if keep in evidence.orders:
        value = evidence.orders[keep].astype(np.float64)
    else:
        column = "judge_overall" if keep == "best" else "answer_words"
        value = evidence.columns.get(column, np.zeros(len(evidence), dtype=np.float32)).astype(np.float64)
        value = np.nan_to_num(value, nan=-1.0) * (1.0 if keep == "shortest" else -1.0)
    out = np.empty(len(evidence), dtype=np.int32)
    out[np.lexsort((evidence.tie, value))] = np.arange(len(evidence), dtype=np.int32)
    return out


def _rows(evidence: Evidence, recipe: Recipe, given: _Given, memo: Memo) -> tuple[U64, Bool]:
    """Reasons of the row rules (frozen rows have none) and who is alive after them. One rule moved costs one column."""
    reasons = np.zeros(len(evidence), dtype=np.uint64)
    held = np.zeros(len(evidence), dtype=np.bool_)
    for rule in recipe.rules:
        if not rule.enabled or rule.column not in evidence.columns:
            continue
        column = evidence.columns[rule.column]
        failed = memo.get(f"rule {rule.name}", (rule.low, rule.high),
                          lambda r=rule, c=column: np.flatnonzero(r.fails(c) & ~evidence.frozen))  # fmt: skip
        reasons[failed] |= bit(rule.name)
        if rule.action == "drop" or recipe.on_review == "hold":
            held[failed] = True
    return reasons, (~held | given.keep) & ~given.drop & ~given.review | evidence.frozen


def pair_stage(evidence: Evidence, recipe: Recipe, given: _Given, alive: Bool, memo: Memo) -> PairStage:
    """Contamination, exact copies, near rows and contradictions among the alive rows."""
    pair_key = (recipe.overrides.fingerprint, recipe.near.guards)
    leak: tuple[Bool, I32] = memo.get(
        "leak", (_leak_key(recipe), pair_key), lambda: _contaminated(evidence, recipe, memo)
    )
    near_key = (recipe.near, recipe.conflict, pair_key)
    edges: Edges = memo.get("near edges", near_key, lambda: near_edges(evidence, recipe))
    key = (_digest(alive), near_key, _leak_key(recipe))
    stage: PairStage = memo.get("pairs", key, lambda: _pairs(evidence, recipe, given, alive, leak, edges))
    return stage


def _pairs(
    evidence: Evidence, recipe: Recipe, given: _Given, alive: Bool, leak: tuple[Bool, I32], edges: Edges
) -> PairStage:
    n, frozen = len(evidence), evidence.frozen
    reasons, witness = np.zeros(n, dtype=np.uint64), np.full(n, -1, dtype=np.int32)
    forced = frozen | given.keep
    counts = []

    def drop(rows: np.ndarray, by: np.ndarray, code: str) -> None:
        nonlocal alive
        own = frozen[by]
        reasons[rows[own]] |= bit("contaminated")
        reasons[rows[~own]] |= bit(code)
        witness[rows] = by
        alive = alive.copy()
        alive[rows] = False

    hit = np.flatnonzero(leak[0] & alive & ~forced)
    drop(hit, leak[1][hit], "contaminated")
    counts.append(("contamination", _count(alive, evidence)))
    level = recipe.near.exact
    copies = level != "off" or recipe.near.text_enabled or recipe.near.meaning_enabled
    if copies:
        best = class_winner(
            evidence.classes["content" if level == "off" else level], alive, forced, given.rank
        )
        hit = np.flatnonzero(alive & ~forced & (best != np.arange(n)))
        drop(hit, best[hit], "near_text" if level == "off" else "exact_copy")
    counts.append(("exact copies", _count(alive, evidence)))
    before = alive
    i, j, score, at = _stand_in(evidence, edges, alive, forced, given.rank, recipe)
    kept, by = keepers(i, j, score, alive, forced, given.rank)
    hit = np.flatnonzero(alive & ~kept)
    drop(hit, by[hit], "near_text")
    _name_kinds(reasons, hit, by, i, j, at, edges, frozen)
    counts.append(("near copies", _count(alive, evidence)))
    for row in _contradicting(evidence, recipe, before, forced, given.rank):
        reasons[row] |= bit("contradiction")
    if recipe.conflict.enabled and recipe.on_review == "hold":
        alive = alive & (((reasons & bit("contradiction")) == 0) | forced)
    counts.append(("contradictions", _count(alive, evidence)))
    return PairStage(reasons, witness, alive, tuple(counts))


def _stand_in(
    evidence: Evidence, edges: Edges, alive: Bool, forced: Bool, rank: I32, recipe: Recipe
) -> tuple[I32, I32, np.ndarray, np.ndarray]:
    """Edges between class representatives moved to the rows that stand for their classes now.

    Under view "prompt" every question is a star besides: its rows are the same prompt, however many there are.
    The last array gives each edge's place in `edges`, -1 for star edges.
    """
    stand = class_winner(evidence.classes["content"], alive, forced, rank)
    of_class = np.full(len(evidence), -1, dtype=np.int32)
    live = np.flatnonzero(alive)
    of_class[evidence.classes["content"][live]] = stand[live]
    i, j = of_class[evidence.pairs.i[edges.at]], of_class[evidence.pairs.j[edges.at]]
    use = (i >= 0) & (j >= 0) & (i != j)
    at = np.flatnonzero(use)
    i, j, score = i[use], j[use], edges.score[use]
    if recipe.near.view == "prompt" and (recipe.near.text_enabled or recipe.near.meaning_enabled):
        best = class_winner(evidence.classes["question"], alive, forced, rank)
        star = np.flatnonzero(alive & (best != np.arange(len(evidence)))).astype(np.int32)
        i, j = np.concatenate((i, best[star])), np.concatenate((j, star))
        score = np.concatenate((score, np.ones(star.shape[0], dtype=np.float32)))
        at = np.concatenate((at, np.full(star.shape[0], -1)))
    return i, j, score, at


def _name_kinds(
    reasons: U64, rows: np.ndarray, by: I32, i: I32, j: I32, at: np.ndarray, edges: Edges, frozen: Bool
) -> None:
    """Set near_text / near_meaning as the edge to the witness says; both when both bars were reached."""
    if not rows.shape[0]:
        return
    n = reasons.shape[0]
    low, high = np.minimum(i, j).astype(np.int64), np.maximum(i, j).astype(np.int64)
    order = np.argsort(low * n + high, kind="stable")
    pair = (low * n + high)[order]
    r, w = rows.astype(np.int64), by[rows].astype(np.int64)
    place = at[order[np.searchsorted(pair, np.minimum(r, w) * n + np.maximum(r, w))]]
    text = np.where(place >= 0, edges.text[place] if edges.text.shape[0] else True, True)
    meaning = np.where(place >= 0, edges.meaning[place] if edges.meaning.shape[0] else False, False)
    own = ~frozen[by[rows]]
    reasons[rows[own & ~text]] &= ~bit("near_text")
    reasons[rows[own & meaning]] |= bit("near_meaning")


def _contaminated(evidence: Evidence, recipe: Recipe, memo: Memo) -> tuple[Bool, I32]:
    """Pool rows whose question a frozen row asks: Bool [n], and that frozen row (the most alike, then by id)."""
    n, frozen, content = len(evidence), evidence.frozen, evidence.classes["content"]
    hit, witness = np.zeros(n, dtype=np.bool_), np.full(n, -1, dtype=np.int32)
    if not recipe.leak.enabled or not frozen.any():
        return hit, witness
    edges = memo.get("leak edges", _leak_key(recipe), lambda: leak_edges(evidence, recipe))
    first = _first_frozen(content, evidence)
    a, b = evidence.pairs.i[edges.at], evidence.pairs.j[edges.at]
    target, by = np.concatenate((a, b)), np.concatenate((first[b], first[a]))
    score = np.concatenate((edges.score, edges.score))
    use = by >= 0
    target, by, score = target[use], by[use], score[use]
    best = np.full(n, -1, dtype=np.int32)
    order = np.lexsort((-evidence.tie[by], score))  # last write wins: greatest score, then least id
    best[target[order]] = by[order]
    witness = best[content]
    same = _first_frozen(evidence.classes["prompt"], evidence)[evidence.classes["prompt"]]
    witness = np.where(same >= 0, same, witness).astype(np.int32)
    return (witness >= 0) & ~frozen, witness


def _first_frozen(label: I32, evidence: Evidence) -> I32:
    """int32 [n], by class label: the frozen row of least id in that class, -1 if it has none."""
    rows = np.flatnonzero(evidence.frozen)
    rows = rows[np.argsort(-evidence.tie[rows], kind="stable")]
    out = np.full(len(evidence), -1, dtype=np.int32)
    out[label[rows]] = rows
    return out


def _contradicting(evidence: Evidence, recipe: Recipe, alive: Bool, forced: Bool, rank: I32) -> np.ndarray:
    """Alive pool rows on either side of a contradiction."""
    if not recipe.conflict.enabled or not len(evidence.pairs):
        return np.empty(0, dtype=np.int64)
    hit = conflicts(evidence.pairs, recipe) & ((evidence.pairs.guards & np.uint16(128)) == 0)
    hit &= ~ruled_out(evidence, recipe, "both_right")
    at = np.flatnonzero(hit)
    if not at.shape[0]:
        return np.empty(0, dtype=np.int64)
    edges = Edges(
        at, np.ones(at.shape[0], np.float32), np.ones(at.shape[0], np.bool_), np.zeros(at.shape[0], np.bool_)
    )
    i, j, _, _ = _stand_in(evidence, edges, alive, forced, rank, recipe.with_setting("near", view="both"))
    rows = np.unique(np.concatenate((i, j)))
    return rows[~evidence.frozen[rows]]


def _quotas(evidence: Evidence, recipe: Recipe, given: _Given, alive: Bool, memo: Memo) -> Bool:
    """Bool [n]: alive rows over their topic's cap; a keyed shuffle keeps `cap`; a person's keep counts first."""
    none = np.zeros(len(evidence), dtype=np.bool_)
    if not recipe.topics.cap or evidence.topics is None:
        return none
    topic = _topic(evidence, recipe)
    seeded = memo.get("keys", recipe.seed, lambda: shuffle_keys(evidence.keys, recipe.seed))

    def cap() -> Bool:
        rows = np.flatnonzero(alive & ~evidence.frozen & (topic >= 0))
        rows = rows[np.lexsort((seeded[rows], ~given.keep[rows], topic[rows]))]
        start = np.searchsorted(topic[rows], topic[rows], side="left")
        out = none.copy()
        out[rows[np.arange(rows.shape[0]) - start >= recipe.topics.cap]] = True
        return out & ~given.keep

    capped: Bool = memo.get(
        "quotas", (_digest(alive), recipe.topics, recipe.seed, recipe.overrides.fingerprint), cap
    )
    return capped


def _topic(evidence: Evidence, recipe: Recipe) -> I32:
    """int32 [n]: topics at the recipe's size, or at the nearest measured one; -1 everywhere when not measured."""
    if evidence.topics is None:
        return frozen_array(np.full(len(evidence), -1, dtype=np.int32))
    sizes = evidence.topics.sizes
    return evidence.topics.labels[
        min(range(len(sizes)), key=lambda s: (abs(sizes[s] - recipe.topics.size), sizes[s]))
    ]


def _groups(evidence: Evidence, recipe: Recipe, memo: Memo) -> I32:
    edges = memo.get("leak edges", _leak_key(recipe), lambda: leak_edges(evidence, recipe))
    groups: I32 = memo.get("groups", _leak_key(recipe), lambda: question_groups(evidence, edges))
    return groups


def _actions(evidence: Evidence, recipe: Recipe, given: _Given, reasons: U64) -> np.ndarray:
    out = np.zeros(len(evidence), dtype=np.uint8)
    if recipe.on_review == "hold":
        out[(reasons & mask_of(recipe.rules, "review")) != 0] = Action.REVIEW
    out[(reasons & mask_of(recipe.rules, "drop")) != 0] = Action.DROP
    out[given.review] = Action.REVIEW
    out[given.drop] = Action.DROP
    out[given.keep] = Action.KEEP
    out[evidence.frozen] = Action.FROZEN
    return out


def _leak_key(recipe: Recipe) -> Hashable:
    return (recipe.leak, recipe.near.guards, recipe.overrides.fingerprint)


def _digest(flags: Bool) -> bytes:
    return blake2b(flags.tobytes(), digest_size=16).digest()


def _count(alive: Bool, evidence: Evidence) -> int:
    return int(np.count_nonzero(alive & ~evidence.frozen))
