"""Cells of one repeated seed: no signal costs more than linear time; and fast ways find what the plain patterns find."""

from __future__ import annotations

import re

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from signal_cases import table

from benchmarks.cells import SEEDS, cells, costs, took
from curate.measure import seeds
from curate.measure.buffers import flat
from curate.measure.pii_marks import SECRET as SECRET_KIND
from curate.measure.pii_marks import marks

S1_EMAIL = re.compile(r"\b[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Z|a-z]{2,}\b")
S1_NUMBERS = seeds.NUMBERS


@settings(max_examples=400)
@given(
    st.lists(
        st.sampled_from(["a", "Z", "0", "_", "%", "@", "@a.bb", ".", "|", "é", "日", " ", "\n", "b.cc", "-"]),
        max_size=9,
    ).map("".join)
)
def test_the_linear_mail_search_is_s1s_pattern(text: str) -> None:
    made = seeds.measure_seeds(table([(text, "")]))["s1_pii"][0]
    assert made == bool(S1_EMAIL.search(text) or S1_NUMBERS.search(text))


# The secrets that pii_marks finds, as a pattern.
SECRET = re.compile(
    r"\b(?:sk-(?:ant-|proj-)?[A-Za-z0-9_-]{20,120}|AKIA[0-9A-Z]{16}|ASIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36,80}"
    r"|github_pat_[A-Za-z0-9_]{22,100}|glpat-[A-Za-z0-9_-]{20,40}|xox[abprs]-[A-Za-z0-9-]{10,80}|AIza[0-9A-Za-z_-]{35}"
    r"|hf_[A-Za-z0-9]{30,40}|sk_live_[0-9a-zA-Z]{20,60}|rk_live_[0-9a-zA-Z]{20,60}|npm_[A-Za-z0-9]{36}"
    r"|eyJ[A-Za-z0-9_-]{10,400}\.eyJ[A-Za-z0-9_-]{10,800}\.[A-Za-z0-9_-]{10,400})"
    r"|-----BEGIN (?:RSA |EC |OPENSSH |DSA |PGP )?PRIVATE KEY"
)
PIECES = ["sk-", "sk-ant-", "AKIA", "ghp_", "github_pat_", "glpat-", "xoxb-", "AIza", "hf_", "sk_live_", "npm_", "eyJ", ".eyJ", ".", "-", "_",
          "A" * 16, "a1" * 10, "B" * 36, "x" * 400, " ", "\n", "é", "“", "-----BEGIN ", "RSA ", "PRIVATE KEY"]  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_secrets_are_those_of_the_written_pattern(text: str) -> None:
    raw = text.encode()
    made = [
        raw[a:b].decode()
        for _, a, b, k in marks(*flat(pa.array([text], pa.large_string()))).tolist()
        if k == SECRET_KIND
    ]
    assert made == [m.group() for m in SECRET.finditer(text)]


GROWING = ("a.", "a.b@", "2031-", "call 12345678 ", "eyJ-", "((")


@pytest.mark.parametrize("name", [n for n in costs() if n != "surprise"])  # that reads 2,000 bytes
def test_twice_the_cell_costs_about_twice(name: str) -> None:
    """Linear, by a wide margin: eight times the cell may cost 24 times. Speed itself is a benchmark: python -m benchmarks.cells."""
    cost = costs()[name]
    for seed in GROWING:
        for (where, small), (_, large) in zip(cells(seed, 20_000), cells(seed, 160_000), strict=True):
            assert took(cost, large, where) < 24 * max(took(cost, small, where), 1.0)


def test_the_seeds_are_many_and_different() -> None:
    assert len(set(SEEDS)) == len(SEEDS) > 100
