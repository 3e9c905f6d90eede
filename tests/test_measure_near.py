"""Near text and near meaning against brute force: complete, exact, and the same in any order, block or step."""

from __future__ import annotations

import threading

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from curate.errors import Cancelled
from curate.measure import families, minhash, neighbours
from curate.measure.minhash import near_text
from curate.measure.neighbours import Known, cosines, extend, near_meaning
from curate.measure.shingles import jaccard_of, jaccard_reaching, shingle, sort_hashes

VOCABULARY = [
    "the",
    "a",
    "of",
    "to",
    "and",
    "river",
    "mountain",
    "engine",
    "sugar",
    "window",
    "quickly",
    "bright",
    "seven",
    "market",
    "Straße",
    "naïve",
    "café",
    "日本語",
    "東京",
    "данные",
    "привет",
    "🙂",
    "١٢٣",
    "façade",
    "theory",
    "kitchen",
    "violin",
    "shadow",
    "copper",
    "planet",
    "garden",
    "bottle",
    "letter",
    "winter",
    "bridge",
    "island",
    "forest",
    "doctor",
    "ticket",
    "candle",
    "mirror",
    "pocket",
    "saddle",
    "harbor",
    "lantern",
    "meadow",
]


def near_copies(n: int, seed: int = 7) -> list[str]:
    """n distinct texts: bases of 4 to 40 words and light edits of them (words, characters, case, spacing)."""
    rng = np.random.default_rng(seed)
    texts: dict[str, None] = {}
    base: list[str] = []
    while len(texts) < n:
        if not base or rng.random() < 0.25:
            base = [str(w) for w in rng.choice(VOCABULARY, int(rng.integers(4, 40)))]
        words = list(base)
        for _ in range(int(rng.integers(0, 4))):
            at = int(rng.integers(len(words)))
            kind = int(rng.integers(5))
            words[at : at + 1] = [
                [str(rng.choice(VOCABULARY))], [], [words[at], words[at]], [words[at].upper()], [words[at][:2] + "ö" + words[at][2:]],
            ][kind]  # fmt: skip
            words = words or ["alone"]
        texts[" ".join(words)] = None
    distinct = {" ".join(t.lower().split()): t for t in texts}
    return list(distinct.values())


def grams(text: str) -> set[str]:
    folded = " ".join(text.lower().split())
    return {folded[k : k + 5] for k in range(max(len(folded) - 4, 1))}


def brute(texts: list[str], floor: float) -> dict[tuple[int, int], float]:
    """Every pair at or above the floor, by counting shared 5-grams as strings."""
    number: dict[str, int] = {}
    sets = [grams(t) for t in texts]
    columns = [number.setdefault(g, len(number)) for s in sets for g in s]
    sizes = np.array([len(s) for s in sets])
    start = np.concatenate(([0], np.cumsum(sizes)))
    member = csr_array((np.ones(len(columns), np.int32), columns, start), shape=(len(texts), len(number)))
    shared = (member @ member.T).tocoo()
    i, j, both = shared.row, shared.col, shared.data
    score = both / (sizes[i] + sizes[j] - both)
    use = (i < j) & (score >= floor - 1e-9)
    return {(int(a), int(b)): float(s) for a, b, s in zip(i[use], j[use], score[use], strict=True)}


def found(texts: list[str], floor: float, hashes: int = 128, bands: int = 32) -> dict[tuple[int, int], float]:
    i, j, s = near_text(shingle(pa.array(texts, pa.large_string())), floor, hashes, bands)
    assert (i < j).all() and (np.diff(i.astype(np.int64) * len(texts) + j) > 0).all()
    return dict(zip(zip(i.tolist(), j.tolist(), strict=True), s.tolist(), strict=True))


def test_near_text_finds_what_brute_force_finds() -> None:
    texts = near_copies(3_000)
    truth, got = brute(texts, 0.7), found(texts, 0.7)
    assert len(truth) > 3_000
    assert got.keys() <= truth.keys(), "a pair below the floor was reported"
    for pair, score in got.items():
        assert score == np.float32(truth[pair])
    for floor in (0.7, 0.75, 0.8, 0.85, 0.9, 0.95):
        meant = {p for p, s in truth.items() if s >= floor}
        assert len(meant & got.keys()) >= 0.99 * len(meant), floor


@settings(max_examples=200, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    one=st.integers(1, 400),
    share=st.floats(0, 1),
    least=st.sampled_from([0.2, 0.7, 0.95]),
)
def test_a_comparison_stops_early_only_below_the_floor(seed: int, one: int, share: float, least: float) -> None:
    rng = np.random.default_rng(seed)
    a = np.unique(rng.integers(0, 1 << 32, one, dtype=np.uint32))
    b = np.unique(np.concatenate((a[rng.random(a.shape[0]) < share], rng.integers(0, 1 << 32, 5, dtype=np.uint32))))
    both, cut, end = np.concatenate((a, b)), a.shape[0], a.shape[0] + b.shape[0]
    exact, quick = jaccard_of(both, 0, cut, cut, end), jaccard_reaching(both, 0, cut, cut, end, least - 1e-6)
    assert quick == exact if exact >= np.float32(least) else quick in (exact, -1)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(0, 3_000), high=st.sampled_from([1, 3, 1 << 16]))
def test_hashes_are_sorted_whether_or_not_they_share_their_upper_half(seed: int, n: int, high: int) -> None:
    rng = np.random.default_rng(seed)
    part = (rng.integers(0, high, n, dtype=np.uint32) << np.uint32(16)) | rng.integers(0, 1 << 16, n, dtype=np.uint32)
    wanted = np.sort(part)
    sort_hashes(part, np.empty(n, np.uint32), np.empty(256, np.int64))
    assert np.array_equal(part, wanted)


def test_near_text_does_not_depend_on_the_order_of_rows() -> None:
    texts = near_copies(600)
    order = np.random.default_rng(1).permutation(len(texts))
    here = {frozenset((texts[a], texts[b])): s for (a, b), s in found(texts, 0.7).items()}
    moved = [texts[k] for k in order]
    assert here == {frozenset((moved[a], moved[b])): s for (a, b), s in found(moved, 0.7).items()}
    assert found(texts, 0.7) == found(texts, 0.7)


@pytest.mark.parametrize(("floor", "short", "long"), [(0.7, 7, 10), (0.9, 9, 10), (0.8, 8, 10), (0.75, 15, 20)])
def test_a_pair_at_the_floor_counts(floor: float, short: int, long: int) -> None:
    """float32(.7) lies below .7: a pair of exactly that Jaccard must not be lost."""
    rng = np.random.default_rng(3)
    letters, texts = "abcdefghijklmnopqrstuvwxyz0123456789", []
    for _ in range(40):
        text = "".join(rng.permutation(list(letters))[: long + 4])
        texts += [text, text[: short + 4]]
    got = found(texts, floor)
    assert sum((2 * k, 2 * k + 1) in got for k in range(40)) >= 39


def test_s1s_bands_still_verify_exactly() -> None:
    texts = near_copies(400)
    truth, got = brute(texts, 0.8), found(texts, 0.8, hashes=128, bands=16)
    assert got.keys() <= truth.keys() and len(got) >= 0.9 * len(truth)


def test_short_and_empty_texts() -> None:
    assert found([], 0.7) == {} and found(["one text alone"], 0.7) == {}
    assert found(["", " ", "yes", "no", "ok"], 0.7) == {}


def family(n: int) -> list[str]:
    return [
        f"Write a product description for the following item and keep the friendly tone of our shop: {k:05d}"
        for k in range(n)
    ]


def test_a_family_costs_linear_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minhash, "BUCKET", 60)
    sizes = {n: found(family(n), 0.7) for n in (200, 400, 800)}
    for n, got in sizes.items():
        assert len(got) <= n * (families.HUBS + 32 * minhash.WINDOW)
        touched = {a for pair in got for a in pair}
        assert touched == set(range(n)), "a member of the family met nobody"
    assert len(sizes[800]) < 2.6 * len(sizes[400])


def test_copies_inside_a_family_are_still_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variants of one template in close pairs: each pair stands apart in the family's bucket, and must be found."""
    monkeypatch.setattr(minhash, "BUCKET", 60)
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(list("abcdefghijklmnopqrstuvwxyz"), 6)) for _ in range(900)]
    template = " ".join(rng.choice(words, 40))
    texts = [f"{template} {v} {c}" for v in (" ".join(rng.choice(words, 5)) for _ in range(200)) for c in "xy"]
    texts = [texts[k] for k in rng.permutation(len(texts))]
    close = brute(texts, 0.9)
    assert len(close) >= 200 and len(close.keys() & found(texts, 0.7).keys()) >= 0.99 * len(close)


def test_near_text_can_be_cancelled() -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled, match="0 of 32 bands"):
        near_text(shingle(pa.array(["a text", "a text too"], pa.large_string())), 0.7, cancel=stop)


# Meaning --------------------------------------------------------------------------------------------------------------


def clustered(n: int, seed: int = 0, width: int = 48) -> np.ndarray:
    """float16 [n, width] unit vectors in loose and tight clusters, with exact copies."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((max(n // 8, 1), width))
    made = centres[rng.integers(0, centres.shape[0], n)] + rng.standard_normal((n, width)) * rng.uniform(0, 0.6, (n, 1))
    made /= np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-9)
    return np.asarray(made, dtype=np.float16)


def brute_cosine(vectors: np.ndarray, floor: float) -> set[tuple[int, int]]:
    wide = vectors.astype(np.float64)
    table = (wide[:, None, :] * wide[None, :, :]).sum(axis=2).astype(np.float32)
    i, j = np.nonzero(np.triu(table >= np.float32(floor), 1))
    return set(zip(i.tolist(), j.tolist(), strict=True))


@pytest.mark.parametrize("floor", [0.7, 0.8, 0.95])
def test_near_meaning_is_complete(floor: float) -> None:
    vectors = clustered(500)
    i, j, s = near_meaning(vectors, floor)
    got, truth = set(zip(i.tolist(), j.tolist(), strict=True)), brute_cosine(vectors, floor)
    assert truth
    for a, b in got ^ truth:  # the last bit of the order of addition, at the floor itself
        assert abs(float(vectors[a].astype(np.float64) @ vectors[b].astype(np.float64)) - floor) < 1e-6
    assert (s >= np.float32(floor)).all() and np.array_equal(cosines(vectors, i, j), s)


@pytest.mark.parametrize(("n", "block"), [(50, 1), (700, 64), (700, 100), (700, 699), (700, 700)])
def test_near_meaning_does_not_depend_on_blocks(n: int, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = clustered(n)
    whole = [a.tobytes() for a in near_meaning(vectors, 0.8)]
    monkeypatch.setattr(neighbours, "BLOCK", block)
    assert [a.tobytes() for a in near_meaning(vectors, 0.8)] == whole


def keyed(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Sorted unique keys and a vector for each."""
    rng = np.random.default_rng(seed)
    keys = rng.integers(0, 2**63, (n, 2)).astype(np.uint64)
    keys[::7, 0] = keys[:1, 0]  # equal first halves: both halves count
    return keys[np.lexsort((keys[:, 1], keys[:, 0]))], clustered(n, seed)


def same(a: Known, b: Known) -> None:
    for name in ("keys", "i", "j", "cosine"):
        assert getattr(a, name).dtype == getattr(b, name).dtype
        assert getattr(a, name).tobytes() == getattr(b, name).tobytes(), name


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 60), st.floats(0, 1), st.floats(0, 1), st.sampled_from([0.6, 0.8]))
def test_extending_a_search_equals_a_fresh_one(seed: int, n: int, had: float, has: float, floor: float) -> None:
    """Rows may have come and gone since: what both know is carried over, the rest is searched, bit for bit the same."""
    keys, vectors = keyed(n, seed)
    rng = np.random.default_rng(seed + 1)
    before, now = rng.random(n) < had, rng.random(n) < has
    known = extend(keys[before], vectors[before], floor, None)
    for asked in (floor, 0.9, 0.5):
        same(extend(keys[now], vectors[now], asked, known), extend(keys[now], vectors[now], asked, None))


def test_extending_searches_only_what_is_new() -> None:
    keys, vectors = keyed(300, 5)
    known = extend(keys[:-3], vectors[:-3], 0.8, None)
    told: list[tuple[int, int]] = []
    extend(keys, vectors, 0.8, known, progress=lambda _, done, total: told.append((done, total)))
    assert told and told[-1] == (300, 300)
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        extend(keys, vectors, 0.8, known, cancel=stop)


def test_no_vectors_and_one() -> None:
    for n in (0, 1):
        i, j, s = near_meaning(clustered(4)[:n], 0.5)
        assert i.shape == j.shape == s.shape == (0,)
