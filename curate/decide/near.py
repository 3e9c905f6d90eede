"""Near edges: which measured pairs count as the same row, or the same question, under a recipe."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from curate.decide.memo import Memo
from curate.decide.recipe import Recipe
from curate.errors import FloorError
from curate.types import F32, Bool, Evidence, Guard, Pairs

PROMPT_BITS = 0x00FF
ANSWER_BITS = 0xFF00
VIEWS = {"both": ("prompt", "answer"), "prompt": ("prompt",), "answer": ("answer",)}


@dataclass(frozen=True, slots=True)
class Edges:
    """Places in `Pairs`; per edge which of its text and meaning scores reached its bar, and its strength: the greater of
    those scores, or under guards = "sure" the probability that the rows are the same."""

    at: np.ndarray  # int64 [e]
    score: F32
    text: Bool
    meaning: Bool


def strength(pairs: Pairs, kind: str, view: str) -> F32:
    """float32 [m]: the weaker view's score; kind "jaccard", "cosine" or "same". NaN where a view was not measured."""
    none = np.full(len(pairs), np.nan, dtype=np.float32)
    first, *rest = (pairs.scores.get(f"{side}_{kind}", none) for side in VIEWS[view])
    for other in rest:
        first = np.minimum(first, other)  # NaN wins: not measured stays not measured
    return first


def check_floor(pairs: Pairs, text: float | None, meaning: float | None, section: str = "near") -> None:
    """Raise FloorError when a threshold of that section asks below what was measured."""
    for name, asked, setting in (("text", text, "text_floor"), ("meaning", meaning, "meaning_floor")):
        floor = pairs.floor.get(name)
        if asked is not None and floor is not None and asked < floor - 1e-9:
            raise FloorError(
                f"{section}.{name} {asked} is below the measured floor {floor}; allowed are {floor} to 1; "
                f"set near.{setting} = {asked} and run `curate measure` again to go lower"
            )


def check_sure(pairs: Pairs, sure: float) -> None:
    """Raise FloorError when `sure` asks for pairs whose answers were not compared."""
    floor = pairs.floor.get("same")
    if floor is not None and sure < floor:
        raise FloorError(
            f"near.sure {sure} is below the measured floor {floor}; allowed are {floor} to 1; the answers of prompts "
            "less likely the same than that are not compared"
        )


@dataclass(frozen=True, slots=True)
class Candidates:
    """The pairs that some threshold could make an edge: places in `Pairs` [k] and their scores. same: None = not asked."""

    at: np.ndarray
    jaccard: F32
    cosine: F32
    same: F32 | None = None


def near_edges(evidence: Evidence, recipe: Recipe, memo: Memo | None = None) -> Edges:
    """Pairs that make two rows duplicates: near text or near meaning (or both, as `match` asks), past the guards, not
    ruled out by a person.

    With a memo a moved threshold looks only at pairs that could pass: of 11 million pairs above a prompt floor few have
    answers as near.
    """
    near, pairs = recipe.near, evidence.pairs
    check_floor(pairs, near.text if near.text_enabled else None, near.meaning if near.meaning_enabled else None)
    if near.guards == "sure":
        check_sure(pairs, near.sure)

    def make() -> Candidates:
        allowed = (pairs.guards & guard_bits(near.guards, near.view)) == 0
        if recipe.conflict.enabled:
            allowed &= ~conflicts(pairs, recipe)
        allowed &= ~ruled_out(evidence, recipe, "not_duplicate")
        found = _candidates(pairs, strength(pairs, "jaccard", near.view), strength(pairs, "cosine", near.view), allowed)
        return replace(found, same=strength(pairs, "same", near.view)[found.at]) if near.guards == "sure" else found

    key = (near.view, near.guards, recipe.conflict, recipe.overrides.fingerprint)
    found: Candidates = make() if memo is None else memo.get("near candidates", key, make)
    text, meaning = near.text if near.text_enabled else np.inf, near.meaning if near.meaning_enabled else np.inf
    return _edges(found, text, meaning, near.match, near.sure)


def guard_bits(guards: str, view: str) -> np.uint16:
    """The guard flags that forbid an edge. "sure" leaves wording to the probability, but not code or the system prompt."""
    view_bits = {"both": PROMPT_BITS | ANSWER_BITS, "prompt": PROMPT_BITS, "answer": ANSWER_BITS}[view]
    asked = {"on": 0xFFFF, "sure": Guard.CODE | Guard.CODE << 8 | Guard.CONTEXT, "off": 0}[guards]
    return np.uint16(view_bits & asked)


def leak_edges(evidence: Evidence, recipe: Recipe, memo: Memo | None = None) -> Edges:
    """Pairs that make two rows the same question, whatever their system prompts and answers say."""
    leak, pairs = recipe.leak, evidence.pairs
    if leak.enabled:
        check_floor(pairs, leak.text, leak.meaning, "leak")

    def make() -> Candidates:
        bits = (PROMPT_BITS & ~int(Guard.CONTEXT)) if recipe.near.guards != "off" else 0
        allowed = ((pairs.guards & np.uint16(bits)) == 0) & ~ruled_out(evidence, recipe, "not_duplicate")
        return _candidates(pairs, pairs.scores["prompt_jaccard"], pairs.scores["prompt_cosine"], allowed & leak.enabled)

    key = (leak.enabled, recipe.near.guards, recipe.overrides.fingerprint)
    found: Candidates = make() if memo is None else memo.get("leak candidates", key, make)
    return _edges(found, leak.text, leak.meaning)


def conflicts(pairs: Pairs, recipe: Recipe) -> Bool:
    """Bool [m]: pairs whose answers cannot both be right, by the recipe's bars; False where not measured."""
    floor = pairs.floor.get("conflict", 0.0)
    if recipe.conflict.prompt < floor - 1e-9 and "meaning" in pairs.floor:
        raise FloorError(
            f"conflict.prompt {recipe.conflict.prompt} is below the measured floor {floor}; allowed are {floor} to 1; "
            f"set conflict.floor and near.meaning_floor to {recipe.conflict.prompt} and run `curate measure` again"
        )
    score, cosine, jaccard = (pairs.scores[k] for k in ("conflict", "prompt_cosine", "prompt_jaccard"))
    alike = (cosine >= np.float32(recipe.conflict.prompt)) | (jaccard >= np.float32(1.0))
    return (score >= np.float32(recipe.conflict.score)) & alike


def ruled_out(evidence: Evidence, recipe: Recipe, verdict: str) -> Bool:
    """Bool [m]: pairs that a person gave this verdict. Exact copies share the ruling of the pair they stand behind."""
    out = np.zeros(len(evidence.pairs), dtype=np.bool_)
    if not len(evidence.pairs):
        return out
    return said_of(evidence, recipe, verdict, evidence.pairs.i, evidence.pairs.j)


def said_of(evidence: Evidence, recipe: Recipe, verdict: str, i: np.ndarray, j: np.ndarray) -> Bool:
    """Bool [k]: rows i and j, or copies of theirs that differ from each other, were given this verdict by a person."""
    named = [(a, b) for a, b, v in recipe.overrides.pairs if v == verdict]
    if not named:
        return np.zeros(i.shape[0], dtype=np.bool_)
    content, n = evidence.classes["content"].astype(np.int64), len(evidence)
    rows = rows_of(evidence, [i for pair in named for i in pair]).reshape(-1, 2)
    ruled = np.sort(content[rows[(rows >= 0).all(axis=1)]], axis=1)
    ruled = ruled[ruled[:, 0] != ruled[:, 1]]
    a, b = content[i], content[j]
    return np.isin(np.minimum(a, b) * n + np.maximum(a, b), ruled[:, 0] * n + ruled[:, 1])


def rows_of(evidence: Evidence, ids: list[str]) -> np.ndarray:
    """int64 [k]: the row of each id, -1 for ids that this dataset does not have."""
    order = np.argsort(evidence.tie)
    names = evidence.ids[order]
    wanted = np.array([i.encode() for i in ids], dtype=np.bytes_)
    at = np.minimum(np.searchsorted(names, wanted), max(len(names) - 1, 0))
    if not len(names):
        return np.full(len(ids), -1)
    return np.where(names[at] == wanted, order[at], -1)


def _candidates(pairs: Pairs, jaccard: F32, cosine: F32, allowed: Bool) -> Candidates:
    """Allowed pairs at or above a floor by either score. A floor that was not measured has only NaN scores."""
    text, meaning = pairs.floor.get("text", 0.0), pairs.floor.get("meaning", 0.0)
    reach = (jaccard >= np.float32(text)) | (cosine >= np.float32(meaning))
    at = np.flatnonzero(allowed & reach)
    return Candidates(at, jaccard[at], cosine[at])


def _edges(found: Candidates, text: float, meaning: float, match: str = "any", sure: float = 0.0) -> Edges:
    by_text, by_meaning = found.jaccard >= np.float32(text), found.cosine >= np.float32(meaning)
    reached = by_text & by_meaning if match == "all" else by_text | by_meaning
    use = np.flatnonzero(reached if found.same is None else reached & (found.same >= np.float32(sure)))
    by_text, by_meaning = by_text[use], by_meaning[use]
    score = np.maximum(np.where(by_text, found.jaccard[use], 0), np.where(by_meaning, found.cosine[use], 0))
    return Edges(
        found.at[use], (score if found.same is None else found.same[use]).astype(np.float32), by_text, by_meaning
    )
