"""The app with made-up places on the map: clusters drawn from a seed, so that no vectors have to be made for a test.

Copied beside a link to `pages/` and run as the app; what is patched is measuring alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from curate.measure import measure as plain_measure
from curate.types import Dataset, Evidence, Pairs, Topics
from curate.ui import jobs

KINDS = 60
MEASURED = 20_000  # rows from which on nothing is measured


def bare(dataset: Dataset, recipe: Any) -> Evidence:
    """Evidence of a big set in no time: lengths out of the air, no copies, no pairs."""
    count, draw = len(dataset), np.random.default_rng(5)
    own = np.arange(count, dtype=np.int32)
    none, scores = np.empty(0, np.int32), np.empty(0, np.float32)
    names = ("prompt_jaccard", "answer_jaccard", "prompt_cosine", "answer_cosine", "conflict")
    return Evidence(
        dataset.fingerprint,
        dataset.ids,
        dataset.frozen,
        {c: draw.integers(1, 400, count).astype(np.float32) for c in ("prompt_words", "answer_words")},
        dict.fromkeys(("content", "spaced", "folded", "prompt", "question"), own),
        Pairs(
            none, none, dict.fromkeys(names, scores), np.empty(0, np.uint16),
            {"text": recipe.near.text_floor, "meaning": recipe.near.meaning_floor},
        ),
        orders={"first": own, "newest": own},
    )  # fmt: skip


def placed(dataset: Dataset, *, recipe: Any, **others: Any) -> Evidence:
    """Evidence without vectors, with topics and places as if there had been some."""
    count = len(dataset)
    evidence = (
        plain_measure(dataset, recipe=recipe.with_setting("embed", enabled=False), **others)
        if count < MEASURED
        else bare(dataset, recipe)
    )
    if not recipe.embed.enabled or count < 20:
        return evidence
    draw = np.random.default_rng(7)
    kinds = min(KINDS, count // 10)
    share = draw.pareto(1.2, kinds) + 0.3
    label = draw.choice(kinds, count, p=share / share.sum()).astype(np.int32)
    middle, wide = draw.uniform(-8, 8, (kinds, 2)), draw.uniform(0.2, 0.9, (kinds, 1))
    xy = (middle[label] + wide[label] * draw.standard_normal((count, 2))).astype(np.float32)
    first = evidence.classes["folded"].copy()  # copies lie together
    first[evidence.pairs.j] = first[evidence.pairs.i]
    xy, label = xy[first] + draw.normal(0, 0.02, xy.shape).astype(np.float32), label[first]
    label = np.where(draw.random(count) < 0.1, np.int32(-1), label)
    words = (
        "reset device",
        "refund order",
        "python loop",
        "blood pressure",
        "travel visa",
        "tax return",
        "recipe soup",
    )
    names = tuple(f"{words[k % len(words)]} {k}" for k in range(kinds))
    topics = Topics((recipe.topics.size,), (label,), (names,), count, xy)
    return replace(evidence, topics=topics)


def main() -> None:
    from curate.ui import frame

    frame.run()


vars(jobs)["measure"] = placed
if __name__ == "__main__":
    main()
else:
    from curate.ui import serve

    app = st.App(__file__, **serve.options())
