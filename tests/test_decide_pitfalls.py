"""The checks of the whole set find what was planted, and say so when there is nothing to measure them on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from decide_worlds import SCORES

from curate.decide import Recipe, decide
from curate.decide.pitfalls import PITFALLS, pitfalls
from curate.types import Check, Evidence, Labels, Pairs


def plain(n: int) -> Evidence:
    """n pool rows that are all different, with nothing measured of pairs."""
    none = np.zeros(0, dtype=np.int32)
    scores = {name: np.zeros(0, np.float32) for name in (*SCORES, "conflict")}
    return Evidence(
        fingerprint="x", ids=np.array([f"{k:016x}-0" for k in range(n)], dtype=np.bytes_), frozen=np.zeros(n, dtype=np.bool_),
        columns={"answer_words": np.full(n, 20, np.float32)},
        classes={name: np.arange(n, dtype=np.int32) for name in ("content", "spaced", "folded", "prompt", "question")},
        pairs=Pairs(none, none, scores, np.zeros(0, np.uint16), {"text": 0.7, "meaning": 0.8, "conflict": 0.8}),
        orders={name: np.arange(n, dtype=np.int32) for name in ("first", "newest")},
    )  # fmt: skip


def found(columns: dict[str, Any], n: int = 100, **more: Any) -> dict[str, Check]:
    base = plain(n)
    held = {k: np.asarray(v, dtype=np.float32) for k, v in columns.items()}
    evidence = replace(base, columns={**base.columns, **held}, **more)
    made = decide(evidence, Recipe())
    return {c.id: c for c in pitfalls(evidence, made)}


def part(n: int, of: int = 100) -> list[float]:
    return [1.0] * n + [0.0] * (of - n)


@pytest.mark.parametrize(
    ("id", "column", "healthy", "warning"),
    [("P1", "answer_at_end", part(0), part(5)), ("P10", "later_years", part(0), part(30)), ("D1", "system_words", part(0), part(40)),
     ("D2", "turns", [2.0] * 100, [2.0] * 50 + [6.0] * 50), ("D4", "shared_opening", part(0), [20.0 * v for v in part(30)]),
     ("D5", "boilerplate_share", part(0), part(10)), ("D7", "vague", part(0), part(20)), ("D8", "language", part(0), part(40)),
     ("P4", "layout", [float(k % 4) for k in range(100)], part(0)),
     ("D3", "answer_words", [20.0 + k % 17 for k in range(100)], [2.0] * 50 + [400.0] * 50)],
)  # fmt: skip
def test_each_has_its_bands(id: str, column: str, healthy: list[float], warning: list[float]) -> None:
    assert found({column: healthy})[id].band == "healthy"
    bad = found({column: warning})[id]
    assert (bad.band == "warning" and bad.rows.shape[0] > 0) or id == "P4"
    assert bad.shown and bad.why and bad.todo


def test_time_and_judge() -> None:
    n, time = 100, {"time": np.arange(100, dtype=np.int32)}
    assert found({"answer_words": np.arange(n)[::-1] + 1.0}, ties=time)["D6"].band == "warning"
    assert found({"answer_words": [float(3 + k * 37 % 50) for k in range(n)]}, ties=time)["D6"].band == "healthy"
    assert found({"answer_words": np.arange(n) + 1.0, "judge_overall": np.arange(n) / 25 + 1})["P6"].band == "warning"


def test_authors_are_told_apart() -> None:
    hands = Labels(np.array([0, 1] * 50, dtype=np.int32), ("ann", "bob"))
    words = {"answer_words": [10.0, 50.0] * 50}
    made = found(words, labels={"annotator": hands})["D9"]
    assert made.band == "warning" and made.value == 5 and made.rows.shape[0] == 100
    assert found({"answer_words": [10.0] * 100}, labels={"annotator": hands})["D9"].band == "healthy"
    assert found(words)["D9"].band == "not measured"


def test_nothing_to_measure_is_no_failure() -> None:
    made = found({})
    assert list(made) == [p.id for p in PITFALLS]
    for id in ("P2", "P3", "P6", "P9", "P10", "D6", "D9"):
        assert made[id].band == "not measured" and np.isnan(made[id].value) and made[id].rows.shape[0] == 0
    empty = found({}, 0)
    assert all(c.band in ("not measured", "healthy") for c in empty.values())
