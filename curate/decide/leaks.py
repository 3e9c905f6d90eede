"""Leaks: pool rows that repeat an evaluation item, by which class of likeness, and which item.

A class counts at its bar in `[leak]`. Of several items a row goes for the one whose wording it holds, then for the one it is
most like, then for the least id. The row goes, never the item (S1: freeze the evaluation first).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.decide.memo import Memo
from curate.decide.near import Edges, leak_edges, said_of
from curate.decide.recipe import Recipe
from curate.errors import FloorError
from curate.types import F32, I32, Bool, Evidence

I8 = NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class LeakClass:
    """A way in which a row can repeat an item. setting: its bar in `[leak]`, "" = always on.

    right, of: rows of the labelled half that the scores were fitted on (benchmarks/decontamination.py) that this class named, and how many
    of them are contaminated in truth; of = 0: none was labelled.
    """

    name: str
    title: str
    setting: str
    help: str
    right: int
    of: int


CLASSES: tuple[LeakClass, ...] = (
    LeakClass("same_question", "Same question", "", "The prompts are equal, case and white space aside.", 184, 184),
    LeakClass("quoted", "Quoted", "quoted", "13-word runs of the item stand in the row; shorter items whole.", 143, 143),
    LeakClass("alike", "Near text", "alike", "5-word runs of the item stand in the row, or the row is a piece of the item; words and numbers agreeing.", 9, 9),
    LeakClass("text", "Near text (characters)", "text", "Character 5-grams of the two prompts (Jaccard).", 0, 0),
    LeakClass("meaning", "Near meaning", "meaning", "Sentence vectors of the two prompts (cosine), guards agreeing.", 0, 0),
    LeakClass("reworded", "Reworded", "reworded", "The question in other words: a fitted score of meaning, words, numbers, answer.", 320, 321),
    LeakClass("code", "Rewritten code", "code", "The program under other names, comments or in another language: a fitted score.", 181, 185),
)  # fmt: skip
PLACE = {c.name: n for n, c in enumerate(CLASSES)}
LANGUAGES = "Translations are found only by an encoder that reads both languages: MiniLM reads English, so with it they are not."
MATCHED = (("quoted", "long"), ("alike", "short"), ("reworded", "reworded"), ("code", "code"))
NUMBERS = 0.5  # guard of "quoted" and "alike": half of the numbers of the side with fewer must stand in the other
WORDS = 0.95  # guard of "alike": the words of one side must stand in the other, else it is a template with another word in it
_WORDING = ("same_question", "quoted", "alike", "text")  # such a likeness outranks any of meaning


@dataclass(frozen=True, slots=True)
class Leaks:
    """Per row: item is the frozen row that it repeats (-1 = none), kind the place in CLASSES, score that class's."""

    item: I32
    kind: I8
    score: F32

    @property
    def hit(self) -> Bool:
        return np.asarray(self.item >= 0)


@dataclass(frozen=True, slots=True)
class Found:
    """Rows (each stands for its content) and items at or above a bar; one line per class that reached it."""

    row: I32
    item: I32
    kind: I8
    score: F32


def leaks_of(evidence: Evidence, recipe: Recipe, memo: Memo | None = None) -> Leaks:
    """What every pool row repeats under this recipe, whatever the row rules say."""
    n, content = len(evidence), evidence.classes["content"]
    none = Leaks(np.full(n, -1, np.int32), np.full(n, -1, np.int8), np.full(n, np.nan, np.float32))
    if not recipe.leak.enabled or not evidence.frozen.any():
        return none
    found = found_of(evidence, recipe, memo)
    wording = np.isin(found.kind, [PLACE[name] for name in _WORDING])
    order = np.lexsort((-found.kind, -evidence.tie[found.item], found.score + wording))  # last write wins
    best = np.full(n, -1, np.int64)
    best[found.row[order]] = order
    at = best[content]
    item = np.where(at >= 0, found.item[at], -1).astype(np.int32) if found.row.shape[0] else none.item.copy()
    kind = np.where(at >= 0, found.kind[at], -1).astype(np.int8) if found.row.shape[0] else none.kind.copy()
    score = np.where(at >= 0, found.score[at], np.nan).astype(np.float32) if found.row.shape[0] else none.score.copy()
    same = asked(evidence, recipe)
    item[same >= 0], kind[same >= 0], score[same >= 0] = same[same >= 0], 0, 1.0
    item[evidence.frozen], kind[evidence.frozen], score[evidence.frozen] = -1, -1, np.nan
    return Leaks(item, kind, score)


def found_of(evidence: Evidence, recipe: Recipe, memo: Memo | None = None) -> Found:
    """Everything that reaches a bar, but for equal prompts, which classes hold."""
    edges = leak_edges(evidence, recipe, memo) if memo is None else memo.get(
        "leak edges", edges_key(recipe), lambda: leak_edges(evidence, recipe, memo)
    )  # fmt: skip
    parts = [*_of_pairs(evidence, edges), *of_matches(evidence, recipe)]
    row, item, kind, score = (np.concatenate([p[k] for p in parts]) for k in range(4))
    return Found(row.astype(np.int32), item.astype(np.int32), kind.astype(np.int8), score.astype(np.float32))


def edges_key(recipe: Recipe) -> tuple[object, ...]:
    """The settings that decide which questions are the same."""
    return (recipe.leak, recipe.near.guards, recipe.overrides.fingerprint)


Part = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _of_pairs(evidence: Evidence, edges: Edges) -> list[Part]:
    """Pairs of the pair table with a frozen side."""
    first = first_frozen(evidence.classes["content"], evidence)
    a, b = evidence.pairs.i[edges.at], evidence.pairs.j[edges.at]
    out = []
    for row, other in ((a, b), (b, a)):
        use = first[other] >= 0
        kind = np.where(edges.text[use], PLACE["text"], PLACE["meaning"])
        out.append((row[use], first[other][use], kind, edges.score[use]))
    return out


def of_matches(evidence: Evidence, recipe: Recipe) -> list[Part]:
    """(row, item, kind, score) of the matches at or above each bar, in the order of MATCHED; [] without matches."""
    matches = evidence.matches
    if matches is None or not matches.row.shape[0]:
        return []
    free = ~said_of(evidence, recipe, "not_duplicate", matches.row, matches.item)
    out = []
    for name, column in MATCHED:
        bar, floor = getattr(recipe.leak, name), matches.floor.get(column)
        if floor is not None and bar < floor - 1e-9:
            raise FloorError(f"leak.{name} {bar} is below the measured floor {floor}; allowed are {floor} to 1")
        reached = free & (matches.scores[column] >= np.float32(bar))
        if column in ("short", "long") and recipe.near.guards == "on":  # one template, other numbers or another word
            reached &= ~(matches.scores["numbers"] < np.float32(NUMBERS))
            if column == "short":
                reached &= ~(matches.scores["words"] < np.float32(WORDS))
        hit = np.flatnonzero(reached)
        out.append(
            (matches.row[hit], matches.item[hit], np.full(hit.shape[0], PLACE[name]), matches.scores[column][hit])
        )
    return out


def asked(evidence: Evidence, recipe: Recipe) -> I32:
    """int32 [n]: the frozen row of least id with the same prompt, -1 = none; one that a person ruled out does not count."""
    prompt = evidence.classes["prompt"]
    same = first_frozen(prompt, evidence)[prompt]
    ruled = (same >= 0) & said_of(evidence, recipe, "not_duplicate", np.arange(len(evidence)), same)
    for row in np.flatnonzero(ruled & ~evidence.frozen):
        exams = np.flatnonzero(evidence.frozen & (prompt == prompt[row]))
        left = exams[~said_of(evidence, recipe, "not_duplicate", np.full_like(exams, row), exams)]
        same[row] = left[np.argmin(evidence.tie[left])] if left.shape[0] else -1
    return same


def first_frozen(label: I32, evidence: Evidence) -> I32:
    """int32 [n], by class label: the frozen row of least id in that class, -1 if it has none."""
    rows = np.flatnonzero(evidence.frozen)
    rows = rows[np.argsort(-evidence.tie[rows], kind="stable")]
    out = np.full(len(evidence), -1, dtype=np.int32)
    out[label[rows]] = rows
    return out
