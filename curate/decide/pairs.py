"""The pairs stage: contamination, exact copies, near rows and contradictions among the rows that passed the rules.

A row goes only for a witness: the evaluation row it repeats, the copy that stands for its class, or the kept row that
lies directly next to it. The best row of a class carries the class's measured edges.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curate.decide.keepers import class_winner, keepers
from curate.decide.leaks import Leaks, edges_key, leaks_of
from curate.decide.memo import Memo, digest
from curate.decide.near import Edges, conflicts, near_edges, rows_of, ruled_out, said_of
from curate.decide.recipe import Recipe
from curate.decide.rules import bit
from curate.types import F32, I32, U64, Bool, Evidence, Guard


@dataclass(frozen=True, slots=True)
class Given:
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


class _Steps:
    """What the steps of the stage have done so far."""

    def __init__(self, evidence: Evidence, alive: Bool) -> None:
        self.frozen = evidence.frozen
        self.alive = alive.copy()
        self.reasons = np.zeros(len(evidence), dtype=np.uint64)
        self.witness = np.full(len(evidence), -1, dtype=np.int32)
        self.counts: list[tuple[str, int]] = []

    def copy(self) -> _Steps:
        """The same so far, to go on from."""
        out = _Steps.__new__(_Steps)
        out.frozen, out.alive, out.reasons = self.frozen, self.alive.copy(), self.reasons.copy()
        out.witness, out.counts = self.witness.copy(), list(self.counts)
        return out

    def drop(self, rows: np.ndarray, by: np.ndarray, code: str) -> None:
        """Rows go for the rows `by`; one that goes for an evaluation row is contaminated, whatever the step."""
        own = self.frozen[by]
        self.reasons[rows[own]] |= bit("contaminated")
        self.reasons[rows[~own]] |= bit(code)
        self.witness[rows] = by
        self.alive[rows] = False

    def count(self, name: str) -> None:
        self.counts.append((name, pool_count(self.alive, self.frozen)))


def pairs_alone(evidence: Evidence, recipe: Recipe, memo: Memo | None = None) -> PairStage:
    """The pairs stage over the whole pool, row rules and overrides of rows off: the base of the dedup badge.

    memo: stages of verdicts of the same evidence, or of an earlier call of this one.
    """
    n, memo = len(evidence), memo or Memo({})
    none = np.zeros(n, dtype=np.bool_)
    keep = recipe.near.keep
    rank: I32 = memo.get("rank", keep, lambda: rank_of(evidence, keep))
    return pair_stage(evidence, recipe, Given(none, none, none, rank), np.ones(n, dtype=np.bool_), memo)


def pair_stage(evidence: Evidence, recipe: Recipe, given: Given, alive: Bool, memo: Memo) -> PairStage:
    """Contamination, exact copies, near rows and contradictions among the alive rows."""
    pair_key = (recipe.overrides.fingerprint, recipe.near.guards)
    leak: Leaks = memo.get("leak", edges_key(recipe), lambda: leaks_of(evidence, recipe, memo))
    near_key = (recipe.near, recipe.conflict, pair_key)
    edges: Edges = memo.get("near edges", near_key, lambda: near_edges(evidence, recipe, memo))
    was = digest(alive)
    near = recipe.near
    # With equal overrides a person's keeps are either obeyed or, for the dedup badge, left out.
    equal = (near.exact, near.text_enabled, near.meaning_enabled, near.keep, bool(given.keep.any()))
    settled: _Settled = memo.get(
        "copies", (was, edges_key(recipe), pair_key, equal), lambda: _settled(evidence, recipe, given, alive, leak)
    )
    against: np.ndarray = memo.get(
        "contradicting pairs", (recipe.conflict, pair_key), lambda: _against(evidence, recipe)
    )
    key = (was, near_key, edges_key(recipe), recipe.on_review, equal)
    stage: PairStage = memo.get("pairs", key, lambda: _pairs(evidence, recipe, given, settled, edges, against))
    return stage


@dataclass(frozen=True, slots=True)
class _Settled:
    """Contamination and exact copies, which no threshold moves. stand: int32 [n], the row that stands for each class."""

    steps: _Steps
    stand: I32


def _settled(evidence: Evidence, recipe: Recipe, given: Given, alive: Bool, leak: Leaks) -> _Settled:
    steps = _Steps(evidence, alive)
    forced = evidence.frozen | given.keep
    hit = np.flatnonzero(leak.hit & alive & ~forced)
    steps.drop(hit, leak.item[hit], "contaminated")
    steps.count("contamination")
    _drop_copies(evidence, recipe, steps, forced, given.rank)
    steps.count("exact copies")
    content = evidence.classes["content"]
    winner = class_winner(content, steps.alive, forced, given.rank)
    stand = np.full(len(evidence), -1, dtype=np.int32)
    live = np.flatnonzero(steps.alive)
    stand[content[live]] = winner[live]
    return _Settled(steps, stand)


def _pairs(
    evidence: Evidence, recipe: Recipe, given: Given, settled: _Settled, edges: Edges, against: np.ndarray
) -> PairStage:
    steps, before = settled.steps.copy(), settled.steps.alive
    forced = evidence.frozen | given.keep
    _drop_near(evidence, recipe, steps, forced, given.rank, edges, settled.stand)
    steps.count("near copies")
    rows = _contradicting(evidence, recipe, before, against)
    steps.reasons[rows] |= bit("contradiction")
    if recipe.on_review == "hold":
        steps.alive[rows[~forced[rows]]] = False
    steps.count("contradictions")
    return PairStage(steps.reasons, steps.witness, steps.alive, tuple(steps.counts))


def _drop_copies(evidence: Evidence, recipe: Recipe, steps: _Steps, forced: Bool, rank: I32) -> None:
    """One row of each class stays, and any that a person ruled no duplicate of it. Near rows need classes of one, so
    equal messages collapse even with exact copies off; they are named by the kind of nearness that is on."""
    near, level = recipe.near, recipe.near.exact
    if level == "off" and not (near.text_enabled or near.meaning_enabled):
        return
    best = class_winner(evidence.classes["content" if level == "off" else level], steps.alive, forced, rank)
    hit = np.flatnonzero(steps.alive & ~forced & (best != np.arange(len(evidence))))
    hit = hit[~said_of(evidence, recipe, "not_duplicate", hit, best[hit])]
    steps.drop(hit, best[hit], "exact_copy" if level != "off" else _near_code(recipe))


def _near_code(recipe: Recipe) -> str:
    """The code of rows that are alike in every way."""
    return "near_text" if recipe.near.text_enabled else "near_meaning"


def _drop_near(
    evidence: Evidence, recipe: Recipe, steps: _Steps, forced: Bool, rank: I32, edges: Edges, stand: I32
) -> None:
    i, j, score, at = _stand_in(evidence, edges, steps.alive, forced, rank, recipe, stand)
    kept, by = keepers(i, j, score, steps.alive, forced, rank)
    hit = np.flatnonzero(steps.alive & ~kept)
    steps.drop(hit, by[hit], _near_code(recipe))
    _name_kinds(steps.reasons, hit, by, i, j, at, edges, evidence.frozen)


def _stand_in(
    evidence: Evidence, edges: Edges, alive: Bool, forced: Bool, rank: I32, recipe: Recipe, stand: I32
) -> tuple[I32, I32, F32, np.ndarray]:
    """Edges between class representatives moved to the rows that stand for their classes now (`stand`, by label).

    Under view "prompt" every question is a star besides: its rows are the same prompt, however many there are.
    The last array gives each edge's place in `edges`, -1 for star edges.
    """
    i, j = stand[evidence.pairs.i[edges.at]], stand[evidence.pairs.j[edges.at]]
    use = (i >= 0) & (j >= 0) & (i != j)
    at = np.flatnonzero(use)
    i, j, score = i[use], j[use], edges.score[use]
    if recipe.near.view == "prompt" and (recipe.near.text_enabled or recipe.near.meaning_enabled):
        best = class_winner(evidence.classes["question"], alive, forced, rank)
        star = np.flatnonzero(alive & (best != np.arange(len(evidence)))).astype(np.int32)
        star = star[~said_of(evidence, recipe, "not_duplicate", star, best[star])]
        i, j = np.concatenate((i, best[star])), np.concatenate((j, star))
        score = np.concatenate((score, np.ones(star.shape[0], dtype=np.float32)))
        at = np.concatenate((at, np.full(star.shape[0], -1)))
    return i, j, score, at


def _name_kinds(
    reasons: U64, rows: np.ndarray, by: I32, i: I32, j: I32, at: np.ndarray, edges: Edges, frozen: Bool
) -> None:
    """Set near_text / near_meaning as the edge to the witness says; both when both bars were reached.

    A row whose edge was not measured (the same question) keeps the code it has.
    """
    n = reasons.shape[0]
    low, high = np.minimum(i, j).astype(np.int64), np.maximum(i, j).astype(np.int64)
    order = np.argsort(low * n + high, kind="stable")
    pair = (low * n + high)[order]
    r, w = rows.astype(np.int64), by[rows].astype(np.int64)
    place = at[order[np.searchsorted(pair, np.minimum(r, w) * n + np.maximum(r, w))]]
    known = (place >= 0) & ~frozen[by[rows]]
    rows, place = rows[known], place[known]
    reasons[rows] &= ~(bit("near_text") | bit("near_meaning"))
    reasons[rows[edges.text[place]]] |= bit("near_text")
    reasons[rows[edges.meaning[place]]] |= bit("near_meaning")


def _against(evidence: Evidence, recipe: Recipe) -> np.ndarray:
    """int64 [k]: places in `Pairs` of contradictions that no person called right on both sides."""
    if not recipe.conflict.enabled:
        return np.empty(0, dtype=np.int64)
    hit = conflicts(evidence.pairs, recipe) & ((evidence.pairs.guards & np.uint16(Guard.CONTEXT)) == 0)
    return np.flatnonzero(hit & ~ruled_out(evidence, recipe, "both_right"))


def _contradicting(evidence: Evidence, recipe: Recipe, alive: Bool, at: np.ndarray) -> np.ndarray:
    """int64 [k]: alive pool rows on either side of a contradiction whose two sides are alive, with all their copies."""
    if not recipe.conflict.enabled or not at.shape[0]:
        return np.empty(0, dtype=np.int64)
    content, live = evidence.classes["content"], np.zeros(len(evidence), dtype=np.bool_)
    live[content[alive]] = True
    i, j = evidence.pairs.i[at], evidence.pairs.j[at]
    both = live[i] & live[j]
    sides = np.zeros(len(evidence), dtype=np.bool_)
    sides[i[both]] = sides[j[both]] = True
    return np.flatnonzero(alive & sides[content] & ~evidence.frozen)


def given_of(evidence: Evidence, recipe: Recipe) -> Given:
    """The overrides as rows, and the order in which rows are preferred."""
    n = len(evidence)
    flags = {name: np.zeros(n, dtype=np.bool_) for name in ("keep", "drop", "review")}
    if recipe.overrides.ids:
        rows = rows_of(evidence, list(recipe.overrides.ids))
        actions = np.array(recipe.overrides.actions)
        for name, flag in flags.items():
            hit = rows[(actions == name) & (rows >= 0)]
            flag[hit[~evidence.frozen[hit]]] = True
    return Given(**flags, rank=rank_of(evidence, recipe.near.keep))


def rank_of(evidence: Evidence, keep: str) -> I32:
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


def pool_count(alive: Bool, frozen: Bool) -> int:
    """How many pool rows are alive."""
    return int(np.count_nonzero(alive & ~frozen))
