"""Costs of other people's deduplication: rows that chaining would remove, and sides of a contradiction that go unread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curate.decide.near import conflicts, near_edges
from curate.decide.recipe import Recipe
from curate.types import Bool, Evidence, Pairs, Verdicts


def chained(evidence: Evidence, verdicts: Verdicts) -> np.ndarray:
    """int64 [k]: rows that stay here and that union-find over the same near pairs would remove (S1 keeps each group's
    lowest row): they are like a row that is like another, but like no kept row themselves.

        edges 0-1, 1-2   ->  1 goes for 0 and 2 stays; chained, 2 would go too: [2]
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    recipe, content, n = verdicts.recipe, evidence.classes["content"], len(evidence)
    edges = near_edges(evidence, recipe)
    i, j = evidence.pairs.i[edges.at], evidence.pairs.j[edges.at]
    rows = np.flatnonzero(_candidates(verdicts))
    alive = np.zeros(n, dtype=np.bool_)
    alive[content[rows]] = True
    use = alive[i] & alive[j]
    if not use.any():
        return np.empty(0, dtype=np.int64)
    graph = coo_array((np.ones(int(use.sum()), np.bool_), (i[use], j[use])), shape=(n, n))
    label = connected_components(graph, directed=False)[1][content]
    stays = rows[verdicts.witness[rows] < 0]
    stays = stays[np.argsort(evidence.orders["first"][stays], kind="stable")]
    first = np.unique(label[stays], return_index=True)[1]  # of each chain the first read stays under S1, too
    return np.setdiff1d(stays, stays[first]).astype(np.int64)


def _candidates(verdicts: Verdicts) -> Bool:
    """Rows that the near step saw: kept, frozen, held for review by it or later, or gone for a near row."""
    seen = verdicts.carries("near_text") | verdicts.carries("near_meaning")
    return np.asarray(seen | (verdicts.witness < 0) & ~_ruled(verdicts))


def _ruled(verdicts: Verdicts) -> Bool:
    """Rows that a row rule or a person's drop took before the pairs were looked at."""
    out = np.zeros(len(verdicts), dtype=np.bool_)
    for rule in verdicts.recipe.rules:
        if rule.enabled and (rule.action == "drop" or verdicts.recipe.on_review == "hold"):
            out |= verdicts.carries(rule.name)
    return out | verdicts.carries("override_drop")


@dataclass(frozen=True, slots=True)
class Unread:
    """Rows that went for a row with the same question: `against` contradict it, `unknown` answer differently and were not
    compared. int64 [k] each."""

    against: np.ndarray
    unknown: np.ndarray


def unread(evidence: Evidence, verdicts: Verdicts) -> Unread:
    """What deduplicating by the prompt alone (S0) removes before anybody could see that two answers disagree.

    A pair contradicts by the default recipe's bars, whatever this recipe asks; answers whose conflict was not measured
    count as unknown unless they are the same to the floor of near text.
    """
    pairs = evidence.pairs
    gone = np.flatnonzero((verdicts.carries("near_text") | verdicts.carries("near_meaning")) & (verdicts.witness >= 0))
    at = _place(pairs, evidence.classes["content"], gone, verdicts.witness[gone])
    known = at >= 0
    hit, measured, alike = (np.zeros(gone.shape[0], np.bool_) for _ in range(3))
    there = at[known]
    hit[known] = conflicts(pairs, Recipe())[there]
    measured[known] = np.isfinite(pairs.scores["conflict"][there])
    alike[known] = pairs.scores["answer_jaccard"][there] >= np.float32(pairs.floor.get("text", 1.0))
    return Unread(gone[hit], gone[~hit & ~measured & ~alike])


def _place(pairs: Pairs, content: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """int64 [k]: each row pair's place in the table, by the rows that stand for their contents; -1 = not in it."""
    n = content.shape[0]
    x, y = content[a].astype(np.int64), content[b].astype(np.int64)
    wanted = np.minimum(x, y) * n + np.maximum(x, y)
    keys = pairs.i.astype(np.int64) * n + pairs.j
    at = np.minimum(np.searchsorted(keys, wanted), max(keys.shape[0] - 1, 0))
    return np.where(keys[at] == wanted, at, -1) if keys.shape[0] else np.full(a.shape[0], -1)
