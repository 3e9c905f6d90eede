"""Kappa, alpha and Wilson against sklearn, scipy and published tables; the 5 % line; drift."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import binomtest
from sklearn.metrics import cohen_kappa_score

from curate.decide.agreement import kappa_of, kappa_over, quadratic_kappa
from curate.decide.alpha import alpha_of
from curate.decide.drift import change
from curate.decide.learn import wilson
from curate.decide.review_rate import error_rate, settling, wilson_of

# Krippendorff (2011), section C: four observers, twelve units, "." = missing.
PAPER = """
1 2 3 3 2 1 4 1 2 . . .
1 2 3 3 2 2 4 1 2 5 . 3
. 3 3 3 2 3 4 2 2 5 1 .
1 2 3 3 2 4 4 1 2 5 1 .
"""
codes = arrays(np.int32, st.integers(2, 60), elements=st.integers(0, 3))


def paper() -> np.ndarray:
    lines = [line.split() for line in PAPER.strip().split("\n")]
    return np.array([[-1 if v == "." else int(v) - 1 for v in line] for line in lines], np.int32).T


def test_alpha_is_that_of_the_paper() -> None:
    """The paper prints .743 (nominal) and .815 (ordinal); 11 units and 40 values can be paired."""
    nominal, ordinal = alpha_of(paper()), alpha_of(paper(), "ordinal")
    assert (round(nominal.alpha, 3), round(ordinal.alpha, 3)) == (0.743, 0.815)
    assert (nominal.rows, nominal.labels) == (11, 40)
    assert nominal.low < nominal.alpha < nominal.high


@given(codes, st.data())
def test_alpha_of_two_people_by_hand(one: np.ndarray, data: st.DataObject) -> None:
    """Nominal alpha of two is 1 - (2n - 1) Do / sum over values of n_c (2n - n_c), counted pair by pair."""
    two = data.draw(arrays(np.int32, one.shape[0], elements=st.integers(0, 3)))
    values = np.concatenate([one, two])
    counts = np.bincount(values)
    expected = sum(int(c) * (values.shape[0] - int(c)) for c in counts)
    found = alpha_of(np.stack([one, two], axis=1)).alpha
    if not expected:
        assert np.isnan(found)
    else:
        by_hand = 1 - (values.shape[0] - 1) * 2 * int((one != two).sum()) / expected
        assert found == pytest.approx(by_hand, abs=1e-9)


@given(codes, st.data())
def test_kappa_is_that_of_sklearn(one: np.ndarray, data: st.DataObject) -> None:
    two = data.draw(arrays(np.int32, one.shape[0], elements=st.integers(0, 3)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # sklearn divides by zero where neither varies
        plain = cohen_kappa_score(one, two)
        squared = cohen_kappa_score(one, two, labels=[0, 1, 2, 3], weights="quadratic")
    assert kappa_of(one, two).kappa == pytest.approx(plain, nan_ok=True)
    assert quadratic_kappa(one, two, 4) == pytest.approx(squared, nan_ok=True)


def test_kappa_of_a_published_table() -> None:
    """50 proposals, two readers: 20 both yes, 5 and 10 one alone, 15 both no: kappa .40 (the textbook example)."""
    small = np.array([20, 5, 10, 15])
    one, two = (np.repeat(x, small).astype(np.int32) for x in (np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])))
    found = kappa_of(one, two)
    assert found.kappa == pytest.approx(0.4) and found.low < 0.4 < found.high


def test_kappa_over_time() -> None:
    one = np.zeros(45, np.int32)
    one[::2] = 1
    two = one.copy()
    two[30:] = 1 - two[30:]
    found = kappa_over(one, two, 20)
    assert [a.rows for a in found] == [23, 22] and found[0].kappa == 1 and found[1].kappa < 0
    assert kappa_over(one[:0], two[:0], 20) == ()


@given(st.integers(1, 3000), st.data())
def test_wilson_is_that_of_scipy(count: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, count))
    low, high = binomtest(hits, count).proportion_ci(0.95, method="wilson")
    assert wilson_of(hits / count, count) == pytest.approx((low, high), abs=1e-6)
    assert wilson(hits, count) == pytest.approx((low, high), abs=1e-6)


def test_wilson_of_newcombes_table() -> None:
    """Newcombe (1998), table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29."""
    for hits, count, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (1, 29, 0.0061, 0.1718)):  # fmt: skip
        assert wilson_of(hits / count, count) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 400), st.data())
def test_as_many_more_rows_settle_it_and_no_fewer(count: int, data: st.DataObject) -> None:
    wrong = data.draw(st.integers(0, count))
    share = wrong / count
    more = settling(share, count)
    if more is None:
        assert share == pytest.approx(0.05)
        return

    def settled(n: int) -> bool:
        low, high = wilson_of(share, n)
        return high < 0.05 or low > 0.05

    assert settled(count + more)
    assert not more or not settled(count + more - 1)


def test_the_line() -> None:
    even = np.ones(200)
    clean = error_rate(np.zeros(200), even)
    assert clean.verdict == "under" and clean.more == 0
    assert error_rate(np.zeros(0), np.zeros(0)).more == 73, "73 rows without an error"
    assert error_rate(np.repeat([1.0, 0.0], [30, 170]), even).verdict == "above"
    part = error_rate(np.repeat([1.0, 0.0], [11, 189]), even)
    assert part.verdict == "open" and part.rate > 0.05 and part.more and part.more > 1000
    heavy = error_rate(np.array([1.0, 0.0]), np.array([3.0, 1.0]))
    assert heavy.rate == 0.75 and heavy.effective == pytest.approx(1.6)


def test_drift() -> None:
    quick = np.concatenate([np.full(20, 30.0), np.full(20, 20.0), np.full(20, 5.0)]) + (np.arange(60) % 3).astype(
        np.float64
    )
    assert (found := change("seconds", quick)) is not None and found.drifted and found.late < found.early
    assert (same := change("seconds", 30.0 + (np.arange(60) % 5).astype(np.float64))) is not None and not same.drifted
    assert change("seconds", quick[:20]) is None
    good = change("good", np.repeat(np.array([0.0, 1.0]), 30))
    assert good is not None and good.drifted and (good.early, good.late) == (0.0, 1.0)
