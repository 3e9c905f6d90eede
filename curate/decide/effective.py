"""Columns as a recipe reads them: what a changed copy no longer has, and what an answer's length is measured against.

A row that [edit] changes leaves as a changed copy, so the rules ask of the copy: a redacted kind counts 0 there, and an answer that
is cut from the end of its prompt stands there no more. Nothing is measured anew, so it is as quick as a slider.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from curate.decide.edit import expected_words, redacted_kinds
from curate.decide.formula import terms_of
from curate.decide.recipe import Recipe
from curate.types import F32, I32, Bool, Evidence

LEAK_RULE = "answer_in_prompt"  # its bound says which rows are cut
FEW = 5  # answers of a topic below which its median says little: then the set's


def effective(evidence: Evidence, recipe: Recipe, topic: I32 | None = None) -> Mapping[str, F32]:
    """The evidence's columns, those replaced that [edit] and [lengths] change. topic: int32 [n], needed for "topic"."""
    out = dict(evidence.columns)
    kinds = [k for k in redacted_kinds(recipe.edit.redact) if f"pii_{k}" in out]
    if kinds:
        gone = np.sum([out[f"pii_{k}"] for k in kinds], axis=0)
        out |= {f"pii_{k}": out[f"pii_{k}"] * np.float32(0) for k in kinds}
        if "pii" in out:
            out["pii"] = (out["pii"] - gone).astype(np.float32)
    cut = cut_rows(evidence, recipe)
    if cut.any():
        out["answer_at_end"] = np.where(cut, np.float32(0), out["answer_at_end"])
    if recipe.lengths.expected != "median" and "answer_words" in out:
        out["answer_ratio"] = _ratio(evidence, recipe.lengths.expected, topic)
    return out


def key_of(recipe: Recipe) -> tuple[object, ...]:
    """What the replaced columns depend on, besides the evidence."""
    topics = (recipe.topics, recipe.overrides.topics) if recipe.lengths.expected == "topic" else ()
    return recipe.edit, recipe.lengths, recipe.rule(LEAK_RULE).high if recipe.edit.strip_answer else 0.0, *topics


def cut_rows(evidence: Evidence, recipe: Recipe) -> Bool:
    """Bool [n]: rows whose prompt loses the answer at its end: past the rule's bound, one question, and words are left."""
    columns = evidence.columns
    if not recipe.edit.strip_answer or not {"answer_at_end", "words_before", "turns"} <= columns.keys():
        return np.zeros(len(evidence), dtype=np.bool_)
    over = columns["answer_at_end"] > np.float32(recipe.rule(LEAK_RULE).high)
    return np.asarray(over & (columns["words_before"] >= 1) & (columns["turns"] <= 2) & ~evidence.frozen)


def redacted_rows(evidence: Evidence, recipe: Recipe) -> Bool:
    """Bool [n]: rows that hold a kind which is redacted."""
    out = np.zeros(len(evidence), dtype=np.bool_)
    for kind in redacted_kinds(recipe.edit.redact):
        if (found := evidence.columns.get(f"pii_{kind}")) is not None:
            out |= found > 0
    return out & ~evidence.frozen


def _ratio(evidence: Evidence, wanted: str, topic: I32 | None) -> F32:
    words = evidence.columns["answer_words"]
    said = (words > 0) & ~evidence.frozen
    none = np.full(words.shape[0], np.nan, dtype=np.float32)
    expected = expected_words(wanted)
    if isinstance(expected, float):
        base = np.full(words.shape[0], expected, dtype=np.float32)
    elif expected == "topic":
        base = none if topic is None or not said.any() else _topic_medians(words, said, topic)
    else:
        base = evidence.columns.get(column_term(expected), none)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = words / np.where(base > 0, base, np.nan)
    return np.where(words > 0, ratio, np.nan).astype(np.float32)


def _topic_medians(words: F32, said: Bool, topic: I32) -> F32:
    """float32 [n]: the median words of a row's topic; the set's where the topic has few answers, or the row has none."""
    out = np.full(words.shape[0], np.median(words[said]), dtype=np.float32)
    rows = np.flatnonzero(said & (topic >= 0))
    rows = rows[np.argsort(topic[rows], kind="stable")]
    starts = np.flatnonzero(np.diff(topic[rows], prepend=-1))
    medians = {
        int(topic[part[0]]): float(np.median(words[part]))
        for part in np.split(rows, starts[1:])
        if part.shape[0] >= FEW
    }
    table = np.full(int(topic.max(initial=-1)) + 2, np.nan, dtype=np.float32)
    for place, median in medians.items():
        table[place] = median
    of_row = table[topic]  # topic -1 is the table's last place
    return np.where(np.isnan(of_row), out, of_row).astype(np.float32)


def terms_wanted(recipe: Recipe) -> tuple[str, ...]:
    """Every term that the recipe's formulas and lengths read, each once."""
    found = terms_of(recipe.rules)
    if recipe.lengths.expected.startswith("column:"):
        found = (*found, column_term(recipe.lengths.expected))
    return tuple(dict.fromkeys(found))


def column_term(wanted: str) -> str:
    """The term (curate/decide/formula.py) under which the column of "column:NAME" is measured."""
    import json

    return f"own({json.dumps(wanted.removeprefix('column:'), ensure_ascii=False)})"
