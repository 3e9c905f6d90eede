"""Exact joins across sides: the same pairs as comparing everything with everything, for any texts, vectors and sides."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.measure.across import meaning_across, text_across
from curate.measure.neighbours import cosines
from curate.measure.shingles import jaccard, shingle

SIDES = st.integers(1, 15)
WORDS = st.lists(
    st.sampled_from(["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"]), max_size=7
).map(" ".join)


def apart(one: int, two: int) -> bool:
    """Whether two texts with these parts can stand in two."""
    return any(a != b and one >> a & 1 and two >> b & 1 for a in range(4) for b in range(4))


@given(st.lists(st.tuples(WORDS, SIDES), max_size=24), st.sampled_from([0.3, 0.5, 0.7, 0.8, 1.0]))
@settings(max_examples=150, deadline=None)
def test_texts_as_brute_force(drawn: list[tuple[str, int]], floor: float) -> None:
    texts = [t for t, _ in drawn]
    side = np.array([s for _, s in drawn], np.uint8)
    sets = shingle(pa.array(texts, pa.large_string()))
    i, j, score = text_across(sets, side, floor)
    a, b = (x.astype(np.int32) for x in np.triu_indices(len(texts), 1))
    every = jaccard(sets, a, b)
    wanted = {(x, y): s for x, y, s in zip(a.tolist(), b.tolist(), every.tolist(), strict=True)
              if s >= np.float32(floor) and apart(int(side[x]), int(side[y]))}  # fmt: skip
    assert dict(zip(zip(i.tolist(), j.tolist(), strict=True), score.tolist(), strict=True)) == wanted


@given(st.integers(0, 2**32 - 1), st.integers(0, 40))
@settings(max_examples=60, deadline=None)
def test_vectors_as_brute_force(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = (rng.normal(size=(4, 8))[rng.integers(0, 4, n)] + 0.4 * rng.normal(size=(n, 8))).astype(np.float16)
    side = rng.integers(1, 16, n).astype(np.uint8)
    i, j, score = meaning_across(vectors, side, 0.8)
    a, b = (x.astype(np.int32) for x in np.triu_indices(n, 1))
    every = cosines(vectors, a, b)
    wanted = {frozenset((x, y)): s for x, y, s in zip(a.tolist(), b.tolist(), every.tolist(), strict=True)
              if s >= np.float32(0.8) and apart(int(side[x]), int(side[y]))}  # fmt: skip
    pairs = [frozenset(p) for p in zip(i.tolist(), j.tolist(), strict=True)]
    assert len(pairs) == len(set(pairs)) and dict(zip(pairs, score.tolist(), strict=True)) == wanted


def test_room_grows_with_the_pairs() -> None:
    """More pairs than fit at first: every one of 400 equal texts with each other."""
    sets = shingle(pa.array(["one and the same text"] * 400, pa.large_string()))
    side = np.resize(np.array([1, 2], np.uint8), 400)
    assert text_across(sets, side, 0.8)[0].shape[0] == 200 * 200
