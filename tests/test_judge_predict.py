"""Predicted scores: coverage whatever the features are worth, and no claim where they tell nothing; what a dollar narrows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.judge.predict import LEAST, coverage, predict
from curate.judge.trust import best_threshold, length_bias, weighted_kappa
from curate.judge.worth import after, low_share


def world(
    seed: int, told: bool, n: int = 600, judged: int = 120
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(signals, vectors, true scores, scores of the judged)."""
    rng = np.random.default_rng(seed)
    signals = rng.normal(size=(n, 6)).astype(np.float32)
    signals[rng.random((n, 6)) < 0.05] = np.nan
    vectors = rng.normal(size=(n, 8)).astype(np.float32)
    lean = np.nan_to_num(signals[:, 0]) + vectors[:, 0] / 2 if told else 0.0
    truth = np.clip(np.round(3 + lean + rng.normal(size=n)), 1, 5).astype(np.float32)
    scores = np.full(n, np.nan, np.float32)
    chosen = rng.permutation(n)[:judged]
    scores[chosen] = truth[chosen]
    return signals, vectors, truth, scores


@pytest.mark.parametrize("told", [True, False])
def test_intervals_cover_what_they_say(told: bool) -> None:
    covered = []
    for seed in range(5):
        signals, vectors, truth, scores = world(seed, told)
        found = predict(signals, lambda r, v=vectors: v[r], scores)  # type: ignore[misc]
        assert found is not None
        rest = np.isnan(scores)
        covered.append(np.mean((truth[rest] >= found.low[rest]) & (truth[rest] <= found.high[rest])))
        assert found.useful == told or not told
        assert np.array_equal(found.mean[~rest], scores[~rest]) and found.low.min() >= 1 and found.high.max() <= 5
    assert 0.86 <= np.mean(covered) <= 0.97  # whole scores: an interval covers a little more than it must


def test_the_stated_range_holds_what_is_covered() -> None:
    """Exact for scores without ties: about 95 of 100 draws lie inside, and the range narrows with judged rows."""
    inside = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        signals, truth = rng.normal(size=(400, 3)).astype(np.float32), rng.normal(size=400).astype(np.float32)
        scores = np.where(np.arange(400) < 60, truth, np.nan).astype(np.float32)
        found = predict(signals, None, scores)
        assert found is not None
        covered = np.mean((truth[60:] >= found.mean[60:] - found.width) & (truth[60:] <= found.mean[60:] + found.width))
        inside.append(found.covers[0] <= covered <= found.covers[1])
    assert np.mean(inside) >= 0.85
    widths = [np.ptp(coverage(n, 1000, 0.9)) for n in (40, 120, 400, 2000)]
    assert widths == sorted(widths, reverse=True) and widths[-1] < 0.05


def test_noise_is_seldom_called_useful() -> None:
    useful = []
    for seed in range(8):
        found = predict(*_noise(seed))
        useful.append(found is not None and found.useful)
    assert np.mean(useful) <= 0.25  # 5 % expected


def _noise(seed: int) -> tuple[np.ndarray, None, np.ndarray]:
    signals, _, _, scores = world(seed, False, n=400)
    return signals, None, scores


def test_too_few_or_too_equal_predict_nothing() -> None:
    signals, _, truth, scores = world(0, True)
    few = np.full_like(scores, np.nan)
    few[: LEAST - 1] = truth[: LEAST - 1]
    assert predict(signals, None, few) is None
    assert predict(signals, None, np.where(np.isnan(scores), np.nan, 4).astype(np.float32)) is None


def test_the_same_in_any_slice_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    signals, vectors, _, scores = world(3, True)
    one = predict(signals, lambda r: vectors[r], scores)
    monkeypatch.setattr("curate.judge.predict.SLICE", 100)
    two = predict(signals, lambda r: vectors[r], scores)
    assert one is not None and two is not None
    assert np.allclose(one.mean, two.mean, atol=1e-6) and one.width == two.width


def test_a_dollar_narrows_and_a_census_is_certain() -> None:
    scores = np.full(1000, np.nan, np.float32)
    scores[:100] = np.where(np.arange(100) < 10, 2, 4)
    now = low_share(scores, 1000)
    assert now.low < now.share == 0.1 < now.high
    widths = [after(now, d, 0.01, 1000).width for d in (0.0, 1.0, 4.0, 100.0)]
    assert widths == sorted(widths, reverse=True) and widths[-1] == pytest.approx(0, abs=1e-9)
    assert np.isnan(low_share(np.full(5, np.nan, np.float32), 5).share)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=60))
def test_kappa_is_scikit_learns(pairs: list[tuple[int, int]]) -> None:
    from sklearn.metrics import cohen_kappa_score

    one, two = (np.array(c, np.int64) for c in zip(*pairs, strict=True))
    ours = weighted_kappa(one, two, 5)
    if np.isnan(ours):
        assert len({*one.tolist(), *two.tolist()}) == 1
    else:
        assert ours == pytest.approx(cohen_kappa_score(one, two, labels=list(range(5)), weights="quadratic"))


def test_thresholds_and_length() -> None:
    scores = np.repeat(np.array([1, 2, 3, 4, 5], np.float32), 10)
    assert best_threshold(scores, scores >= 4) == (3.5, 1.0)
    assert best_threshold(scores[:15], scores[:15] >= 2) is None
    assert length_bias(scores, scores * 7) is not None and length_bias(scores, np.ones_like(scores)) is None
