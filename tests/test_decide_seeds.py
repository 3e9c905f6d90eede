"""The documents' row rules against their own arithmetic, written out here: same decisions on a table of rows, defects included."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
from signal_cases import BY_NAME, table

from curate.decide import preset


def s0_keeps(answer: str) -> bool:
    """S0: .4 length + .3 structure + .3 phrases, kept from .7."""
    n = len(answer.split())
    length = n / 50 if n < 50 else 800 / n if n > 800 else 1.0
    structure = any(mark in answer for mark in (":", "-", "1.", "•"))
    clean = not any(p in answer.lower() for p in ("i don't know", "i cannot provide", "as an ai"))
    return length * 0.4 + structure * 0.3 + clean * 0.3 >= 0.7


S1_PATTERNS = (
    r"\b\d{3}-\d{2}-\d{4}\b", r"\b\d{4}[\s-]\d{4}[\s-]\d{4}[\s-]\d{4}\b", r"\b[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Z|a-z]{2,}\b",
    r"\b(\+1[-.\s]?)?\(?\d{3}\)?[-.\s]?\d{3}[-.\s]?\d{4}\b", r"\b(?:\d{1,3}\.){3}\d{1,3}\b",
)  # fmt: skip


def s1_keeps(prompt: str, answer: str) -> bool:
    """S1: 20-2048 and 10-1024 words, at most .15 repeated bigrams from ten words up, none of five patterns."""
    words = answer.lower().split()
    pairs = list(pairwise(words))
    repeated = len(words) >= 10 and 1 - len(set(pairs)) / len(pairs) > 0.15
    found = any(re.search(p, f"{prompt} {answer}") for p in S1_PATTERNS)
    return 20 <= len(prompt.split()) <= 2048 and 10 <= len(answer.split()) <= 1024 and not repeated and not found


def s3_keeps(prompt: str, answer: str) -> bool:
    """S3: no empty message, 10-4000 characters; from 1, .3 for few words of many, .2 for under five, .4 a pattern; above .7."""
    words = answer.split()
    score = 1.0 - 0.3 * (len(set(words)) / max(len(words), 1) < 0.4) - 0.2 * (len(words) < 5)
    for pattern in ("I cannot", "I'm sorry", "As an AI", "I don't have", "ERROR", "undefined"):
        score -= 0.4 * (pattern.lower() in answer.lower())
    return bool(prompt.strip() and answer.strip()) and 10 <= len(answer) <= 4000 and max(score, 0) > 0.7


def said(n: int, mark: str = "") -> str:
    return " ".join(f"word{k}" for k in range(n)) + mark


ASK = said(20)
ROWS = [
    (ASK, said(27)), (ASK, said(27, " -")), (ASK, said(50)), (ASK, said(12)), (ASK, said(13)), (ASK, said(3200)), (ASK, said(3201)),
    (ASK, "As an AI I don't know: - " + said(50)), (ASK, "As an air pump it works " + said(60)), (ASK, "billing"), (ASK, ""),
    ("Why?", said(60)), (said(19), said(60)), (said(2048), said(60)), (said(2049), said(60)), (ASK, said(9)), (ASK, said(10)),
    (ASK, said(1024)), (ASK, said(1025)), (ASK, "a b " * 10), (ASK, "A b a B " * 10), (ASK, said(40) + " " + said(8)), (ASK, said(40) + " " + said(9)),
    (ASK, said(30) + " 1755302400"), (ASK, said(30) + " version 1.2.3.4"), (ASK, said(30) + " 999.999.999.999"), (ASK, said(30) + " 4111111111111111"),
    (ASK, said(30) + " 4111 1111 1111 1111"), (ASK, said(30) + " +44 20 7946 0958"), (ASK, said(30) + " a@b.c|"), (ASK, said(30) + " ann@example.com"),
    (ASK, said(30) + " 123-45-6789"), (ASK, said(30) + " é212-555-2368"), (ASK + " 212-555-2368", said(30)), (ASK, "tiny text"), (ASK, "four words stand here"),
    (ASK, "The the THE word word word is is is a a a"), (ASK, "i CANNOT say that at all today"), (ASK, "the value is Undefined here and there"), (ASK, "x" * 4000),
    (ASK, "y" * 4001), (" ", said(60)), (ASK, "a a a a a a a a a a a"), (ASK, "I'm sorry to hear that, here is what to do next"),
]  # fmt: skip


def dropped(name: str) -> np.ndarray:
    """Rows that a preset's dropping row rules hold back."""
    rows = table(ROWS)
    columns = {k: v for entry in ("text", "seeds") for k, v in BY_NAME[entry].make(rows).items()}
    active = [r for r in preset(name).rules if r.enabled and r.action == "drop" and r.column in columns]
    return np.asarray(np.any([rule.fails(columns[rule.column]) for rule in active], axis=0))


@pytest.mark.parametrize("name", ["S0", "S1", "S3"])
def test_decisions_are_the_documents_own(name: str) -> None:
    keeps = {"S0": lambda _p, a: s0_keeps(a), "S1": s1_keeps, "S3": s3_keeps}[name]
    wanted = [not keeps(p, a) for p, a in ROWS]
    got = dropped(name).tolist()
    assert [k for k, (g, w) in enumerate(zip(got, wanted, strict=True)) if g != w] == []
    assert 3 < sum(wanted) < len(ROWS) - 3


def test_s1_carries_every_row_of_its_table() -> None:
    recipe = preset("S1")
    on = {r.name for r in recipe.rules if r.enabled}
    assert {"too_short_prompt", "too_short_answer", "too_long_prompt", "too_long_answer", "repeated_bigrams", "other_language",
            "s1_personal_data", "toxic", "truncated", "json_invalid"} <= on  # fmt: skip
    assert recipe.rule("toxic").high == 0.1 and recipe.rule("completion_ratio").low == 0.8
    assert recipe.rule("language_unsure").low == 0.95


DEFECTS = {
    "low_shape": ("D1", "D2"), "too_short_prompt": ("D3",), "bad_phrase": ("D13", "D31"), "low_diversity": ("D13", "D14"), "repeated_bigrams": ("D15",),
    "s1_personal_data": ("D16",), "completion_ratio": ("D21",), "too_short_answer": ("D28",), "answer_characters": ("D28",), "s3_short_answer": ("D28",),
    "s3_no_assistant": ("D34",),
}  # fmt: skip


@pytest.mark.parametrize("rule", list(DEFECTS))
def test_a_defect_of_a_documents_rule_is_named_in_its_help(rule: str) -> None:
    assert all(f"({code}" in preset("S1").rule(rule).help for code in DEFECTS[rule])
