"""Sentences that many answers share: counted as a plain count by hand does, whatever the order of rows."""

from __future__ import annotations

import re
from collections import defaultdict

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from signal_cases import table

from curate.measure.boilerplate import FORMAT, LEAST, measure_boilerplate, most_shared
from curate.types import I32

PROMISE = "I'll escalate this to the team and get back to you."


def measured(answers: list[str], content: I32 | None = None) -> dict[str, list[float]]:
    n = len(answers)
    content = np.arange(n, dtype=np.int32) if content is None else content
    made = measure_boilerplate(table([("q", a) for a in answers]), content, np.zeros(n, dtype=np.bool_))
    return {name: values.tolist() for name, values in made.items()}


def unlike(k: int) -> str:
    return f"Row {k} says its own thing number {k * k}. And then it adds one more about {k * 7919}."


def test_a_promise_under_many_questions() -> None:
    answers = [unlike(k) for k in range(100)]
    for k in range(12):
        answers[k] = f"{PROMISE}" if k % 2 else f"- **{PROMISE.upper()}**"
    answers[20] = unlike(20) + " " + PROMISE
    made = measured(answers)
    assert made["boilerplate_share"][:12] == [1.0] * 12 and made["boilerplate_share"][30] == 0
    assert 0.2 < made["boilerplate_share"][20] < 0.6
    assert made["shared_opening"][0] == 11 and made["shared_closing"][20] == 12 and made["shared_opening"][20] == 0
    found = most_shared(
        table([("q", a) for a in answers]), np.arange(100, dtype=np.int32), np.zeros(100, dtype=np.bool_)
    )
    assert [f.count for f in found] == [13] and found[0].rows.tolist() == [*range(12), 20]
    assert (
        answers[found[0].row].encode()[found[0].start : found[0].end].decode().strip(" -*\n").lower() == PROMISE.lower()
    )


def test_copies_count_once_and_a_format_is_none() -> None:
    answers = [unlike(k) for k in range(100)]
    answers[:12] = [PROMISE] * 12
    copies = np.arange(100, dtype=np.int32)
    copies[:12] = 0
    assert measured(answers, copies)["boilerplate_share"][0] == 0
    most = int(FORMAT * 100) + 1
    assert measured([PROMISE] * most + answers[most:])["boilerplate_share"][0] == 0


def test_code_and_small_talk_are_left_out() -> None:
    code = "Here you go, a thing of its own number {}:\n```python\nimport numpy as np and more\nfor a in range of b:\n```\nSure, why not!"
    made = measured([code.format(k) for k in range(60)])
    assert made["boilerplate_share"] == [0.0] * 60 and made["shared_closing"] == [0.0] * 60
    assert all(np.isnan(v) for v in measured(["Yes.", "", "One two three."])["boilerplate_share"])


WORDS = st.lists(st.sampled_from(["alpha", "beta", "gamma", "delta"]), min_size=1, max_size=6).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(WORDS, max_size=4).map(". ".join), min_size=1, max_size=60))
def test_it_equals_a_count_by_hand(answers: list[str]) -> None:
    held: dict[str, set[int]] = defaultdict(set)
    parts = [[p for p in re.split(r"\. |\n", a) if len(p.split()) >= 4] for a in answers]
    for row, listed in enumerate(parts):
        for p in listed:
            held[p].add(row)
    shared = {p for p, rows in held.items() if LEAST <= len(rows) <= max(FORMAT * len(answers), LEAST)}
    made = measured(answers)["boilerplate_share"]
    for row, listed in enumerate(parts):
        total = sum(len(p.split()) for p in listed)
        if not total:
            assert np.isnan(made[row])
        else:
            assert abs(made[row] - sum(len(p.split()) for p in listed if p in shared) / total) < 1e-6
    assert np.array_equal(measured(answers[::-1])["boilerplate_share"][::-1], made, equal_nan=True)
