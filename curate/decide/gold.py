"""Which rows make a gold set, and how many it needs: 200 to 500, checked before any training data is touched (S1)."""

from __future__ import annotations

import numpy as np

from curate.decide.queue import Rows, distance, draw
from curate.decide.splits import shuffle_keys
from curate.decide.verdicts import topics_of
from curate.errors import RecipeError
from curate.types import Action, Bool, Evidence, Verdicts

WAYS = ("random", "stratified", "rare", "hard")
BEGIN, LEAST, MOST = 20, 200, 500  # S3's exercise begins with 20; S1 wants 200 to 500


def choose(
    evidence: Evidence, verdicts: Verdicts, how: str, count: int, seed: int, hidden: Bool | None = None
) -> Rows:  # fmt: skip
    """int64: kept rows for a gold set, at most `count`.

    random, stratified: as in review. rare: the smallest topics in turn, then rows of none. hard: next to a rule's bound and far from
    every other prompt, in turn. Errors: RecipeError for a way that is none.
    """
    if how not in WAYS:
        raise RecipeError(f"a gold set of {how[:40]!r}; allowed are {', '.join(WAYS)}")
    if how in ("random", "stratified"):
        return draw(evidence, verdicts, how, count, seed, 0.0, hidden).rows
    free = verdicts.action == Action.KEEP
    rows = np.flatnonzero(free if hidden is None else free & ~hidden)
    rows = rows[np.argsort(shuffle_keys(evidence.keys[rows], seed), kind="stable")]
    made = _rare(rows, np.asarray(verdicts.topic)) if how == "rare" else _hard(rows, evidence, verdicts)
    return made[:count]


def _rare(rows: Rows, topic: np.ndarray) -> Rows:
    """The first row of each topic, smallest topic first, then the second ones; rows of no topic last."""
    held = topic[rows].astype(np.int64)
    size = np.bincount(held[held >= 0], minlength=1)
    order = np.argsort(held, kind="stable")
    sorted_ = held[order]
    rank = np.empty(rows.shape[0], np.int64)
    rank[order] = np.arange(rows.shape[0]) - np.searchsorted(sorted_, sorted_)
    much = np.where(held >= 0, size[np.maximum(held, 0)], np.iinfo(np.int64).max)
    return rows[np.lexsort((held, much, rank, held < 0))]


def _hard(rows: Rows, evidence: Evidence, verdicts: Verdicts) -> Rows:
    """Rows next to a bound and rows that lie apart, in turn."""
    near = np.argsort(distance(evidence, verdicts)[rows], kind="stable")
    found = topics_of(evidence, verdicts)
    if found is None:
        return rows[near]
    away = np.nan_to_num(np.asarray(found.apart, np.float64)[rows], nan=-1.0)
    place = np.empty((2, rows.shape[0]), np.int64)
    for which, order in enumerate((near, np.argsort(-away, kind="stable"))):
        place[which, order] = np.arange(rows.shape[0])
    return rows[np.argsort(place.min(axis=0), kind="stable")]


def said(rows: int) -> str:
    """What is to be said of the evaluation rows that are loaded; "" when there are enough."""
    if not rows:
        return f"No evaluation set is loaded: choose and check {LEAST} to {MOST} rows before anything else (S1), and give them as --frozen."
    if rows < LEAST:
        return f"The evaluation set has {rows:,} row{'s' * (rows != 1)}; {LEAST} to {MOST} are wanted (S1), {BEGIN} are a beginning (S3)."
    return ""
