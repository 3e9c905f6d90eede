"""Names by class-based TF-IDF: what a topic's prompts say that the other topics' prompts do not."""

from __future__ import annotations

import numpy as np

from curate.types import I32, WordTable

WORDS = 4
ENDINGS = ("ings", "ing", "ies", "ed", "es", "s", "e", "y")


def name_groups(words: WordTable, label: I32, k: int) -> tuple[str, ...]:
    """A name of up to four words for each of k groups of prompts. label: int32 [m], -1 = in no group.

    A word counts once per prompt, so that one long prompt can't name a topic; its share of the group's words is weighed
    by how rare it is among all groups (Grootendorst 2022). Words that differ in their ending only are named once.
    """
    score = scores(words, label, k)
    return tuple(_name(words.vocabulary, score[t], t) for t in range(k))


def scores(words: WordTable, label: I32, k: int) -> np.ndarray:
    """float64 [k, v]: how much each word of the vocabulary sets each group apart."""
    v = len(words.vocabulary)
    of = np.repeat(label, np.diff(words.start))
    held = of >= 0
    count = np.bincount(of[held].astype(np.int64) * v + words.word[held], minlength=k * v).reshape(k, v)
    total = count.sum(axis=0)
    share = count / np.maximum(count.sum(axis=1, keepdims=True), 1)
    return np.asarray(share * np.log1p(count.sum() / max(k, 1) / np.maximum(total, 1)))


def _name(vocabulary: tuple[str, ...], score: np.ndarray, topic: int) -> str:
    few = np.flatnonzero(score > 0)
    few = few[np.argsort(-score[few], kind="stable")[: 6 * WORDS]]
    out: dict[str, str] = {}
    for w in few.tolist():
        out.setdefault(stem(vocabulary[w]), vocabulary[w])
        if len(out) == WORDS:
            break
    return " / ".join(out.values()) or f"topic {topic}"


def stem(word: str) -> str:
    """The word without a plural or verb ending, so that "card" and "cards" are one; never under three letters."""
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
