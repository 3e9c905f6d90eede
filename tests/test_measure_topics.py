"""Topics and the map: neighbours that are the nearest, coordinates and topics that any process repeats."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from curate.decide.tree import cut
from curate.decide.words import name_groups
from curate.measure import nearest as module
from curate.measure import topics_saved
from curate.measure.buffers import text_keys
from curate.measure.descent import descend
from curate.measure.layout import between, placement_error
from curate.measure.nearest import Nearest, choose, nearest
from curate.measure.topic_words import word_table, words_of
from curate.measure.topics import SAMPLES, fit_topics, single_linkage
from curate.types import Topics, frozen_array


def vectors(n: int, d: int = 32, seed: int = 0, groups: int = 6) -> np.ndarray:
    """Unit vectors around a few centres, float16."""
    rng = np.random.default_rng(seed)
    wide = rng.standard_normal((groups, d))[np.arange(n) % groups] + 0.5 * rng.standard_normal((n, d))
    return np.asarray(wide / np.linalg.norm(wide, axis=1, keepdims=True), dtype=np.float16)


@pytest.mark.parametrize("n,m,k", [(3, 2, 3), (40, 40, 7), (300, 90, 15), (1_500, 1_100, 5)])
def test_neighbours_are_the_nearest_fitted_vectors(n: int, m: int, k: int) -> None:
    made = vectors(n)
    fitted = np.sort(np.random.default_rng(1).permutation(n)[:m])
    near = nearest(made, fitted, k)
    wide = made.astype(np.float64) - made[fitted].astype(np.float64).mean(axis=0)
    wide /= np.maximum(np.linalg.norm(wide, axis=1, keepdims=True), 1e-4)
    far = 1 - wide @ wide[fitted].T
    far[fitted, np.arange(m)] = -1
    want = np.argsort(far, axis=1, kind="stable")[:, :k]
    assert near.index.shape == (n, min(k, m)) and near.whole == (n == m)
    assert np.allclose(near.distance, np.maximum(np.take_along_axis(far, want, axis=1), 0), atol=2e-6)
    assert (np.take_along_axis(far, near.index, axis=1)[:, 1:] >= 0).all()
    own, _ = near.among_fitted(1)
    assert own[:, 0].tolist() == list(range(m))


def test_placed_vectors_are_looked_for_on_fewer_axes_and_measured_in_full() -> None:
    made, fitted = vectors(900, d=200, groups=30), np.arange(0, 900, 2)
    near = nearest(made, fitted, 10)
    wide = made.astype(np.float64) - made[fitted].astype(np.float64).mean(axis=0)
    wide /= np.linalg.norm(wide, axis=1, keepdims=True)
    far = 1 - wide @ wide[fitted].T
    placed = np.arange(1, 900, 2)
    want = np.argsort(far[placed], axis=1)[:, :10]
    found = [len(set(a) & set(b)) / 10 for a, b in zip(want.tolist(), near.index[placed].tolist(), strict=True)]
    assert np.mean(found) >= 0.9  # noise in all directions is the worst case; .99 on 52,002 Alpaca prompts
    assert np.allclose(near.distance[placed], np.take_along_axis(far[placed], near.index[placed], axis=1), atol=2e-6)


def test_the_descent_pulls_what_is_joined_together_and_repeats() -> None:
    import scipy.sparse as sp

    part = np.kron(np.eye(3), np.ones((20, 20))) - np.eye(60)
    start = np.random.default_rng(0).standard_normal((60, 10)).astype(np.float32)
    one, two = (descend(start, sp.coo_matrix(part), 1.9, 0.8, 100) for _ in range(2))
    assert one.tobytes() == two.tobytes() and np.isfinite(one).all()
    middle = one.reshape(3, 20, 10).mean(axis=1)
    inside = np.linalg.norm(one.reshape(3, 20, 10) - middle[:, None], axis=2).mean()
    assert inside < 0.5 * np.linalg.norm(middle[0] - middle[1])


def test_neighbours_of_equal_vectors_begin_with_the_vector_itself() -> None:
    near = nearest(np.repeat(vectors(1), 60, axis=0), np.arange(60), 5)
    assert near.index[:, 0].tolist() == list(range(60))
    assert near.distance[:, 1:].tolist() == [[1.0] * 4] * 60  # nothing is left of a vector less the mean of its copies


def test_neighbours_are_the_same_bytes_for_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    made, fitted = vectors(2_600), np.arange(0, 2_600, 3)
    said = []
    for cores in (1, 3):
        monkeypatch.setattr(module, "_cores", lambda cores=cores: cores)
        near = nearest(made, fitted, 9)
        said.append(near.index.tobytes() + near.distance.tobytes())
    assert said[0] == said[1]


def test_the_sample_does_not_depend_on_the_order_of_rows() -> None:
    keys = np.random.default_rng(0).integers(0, 1 << 60, (200, 2)).astype(np.uint64)
    turn = np.random.default_rng(1).permutation(200)
    one, two = keys[choose(keys, 50)], keys[turn][choose(keys[turn], 50)]
    assert {tuple(k) for k in one.tolist()} == {tuple(k) for k in two.tolist()}


def test_a_placed_prompt_lies_with_its_nearest_neighbours_not_between_far_groups() -> None:
    points = np.array([[0, 0], [0.1, 0], [10, 10]], np.float32)
    index, distance = np.array([[0, 1, 2]], np.int32), np.array([[0.2, 0.2, 0.2]], np.float32)
    assert np.allclose(between(points, index, distance), [[0.05, 0]])
    alone = Nearest(np.arange(3), np.zeros((3, 1), np.int32), np.zeros((3, 1), np.float32), points)
    assert placement_error(points, alone) == 0.0


CODE = """
import hashlib, sys
import numpy as np, pyarrow as pa
from curate.measure.buffers import text_keys
from curate.measure.topics import fit_topics
topics = sys.modules["curate.measure.topics"]
topics.FIT = 90
rng = np.random.default_rng(0)
subjects = ["river", "engine", "violin"]
texts = [f"{subjects[k % 3]} question number {k}" for k in range(120)]
v = rng.standard_normal((3, 384))[np.arange(120) % 3] + 0.4 * rng.standard_normal((120, 384))
v = (v / np.linalg.norm(v, axis=1, keepdims=True)).astype(np.float16)
made = fit_topics(v, text_keys(texts), pa.array(texts, pa.large_string()))
assert made.fitted == 90 and made.xy.shape == (120, 2) and np.isfinite(made.xy).all()
assert 0 < made.placement_error < 0.5, made.placement_error
print(hashlib.sha256(b"".join(l.tobytes() for l in made.labels) + made.xy.tobytes() + repr(made.names).encode()).hexdigest())
"""


def test_topics_and_coordinates_are_the_same_in_two_processes() -> None:
    said = []
    for seed, threads in (("1", "1"), ("2", "2")):
        env = os.environ | {"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
        said.append(subprocess.run([sys.executable, "-c", CODE], env=env, capture_output=True, text=True, timeout=600))
    assert all(s.returncode == 0 for s in said), said[0].stderr[-500:]
    assert said[0].stdout == said[1].stdout != ""


def test_equal_vectors_make_no_topic_and_no_error() -> None:
    texts = [f"the same beginning {k}" for k in range(40)]
    made = fit(np.repeat(vectors(1), 40, axis=0), texts)
    assert made is not None and made.xy is not None and np.isfinite(made.xy).all()
    assert all(label.shape == (40,) for label in made.labels)


@pytest.mark.parametrize("n", [0, 1, 2, 9])
def test_too_few_prompts_have_no_topics(n: int) -> None:
    assert fit(vectors(max(n, 1))[:n], [f"prompt {k}" for k in range(n)]) is None


def test_fifty_prompts_of_one_language_are_laid_out_and_grouped() -> None:
    texts = [f"Erkläre den {('Fluss', 'Motor')[k % 2]} Nummer {k}" for k in range(50)]
    made = fit(vectors(50, groups=2), texts)
    assert made is not None and made.xy is not None and np.isfinite(made.xy).all()
    named = {name.split(" / ")[0] for name in made.names[0]}
    assert made.sizes[0] == 5 and named == {"fluss", "motor"}, made.names[0]


def fit(made: np.ndarray, texts: list[str]) -> Topics | None:
    import pyarrow as pa

    return fit_topics(made, text_keys(texts), pa.array(texts, pa.large_string()))


def test_topics_are_kept_and_read_back_as_they_were(tmp_path: Path) -> None:
    made = fit(vectors(60), [f"{'abcdef'[k % 6] * 4} item {k}" for k in range(60)])
    assert made is not None
    rows = np.array([3, -1, 59, 3], np.int32)
    spread = topics_saved.of_rows(made, rows, np.arange(60))
    topics_saved.write_topics(tmp_path, spread)
    again = topics_saved.read_topics(tmp_path)
    assert again is not None and again.tree is not None and spread.tree is not None and again.xy is not None
    for one, two in zip(parts(spread), parts(topics_saved.copied(again)), strict=True):
        assert one.tobytes() == two.tobytes() and one.dtype == two.dtype
    assert (again.names, again.sizes, again.fitted, again.tree.words.vocabulary) == (
        spread.names, spread.sizes, spread.fitted, spread.tree.words.vocabulary,
    )  # fmt: skip
    assert np.isnan(again.xy[1]).all() and again.labels[0][1] == -1 and np.isnan(again.tree.apart[1])
    topics_saved.write_topics(tmp_path, None)
    assert topics_saved.read_topics(tmp_path) is None


def parts(topics: Topics) -> list[np.ndarray]:
    assert topics.tree is not None and topics.xy is not None
    tree = [getattr(topics.tree, name) for name in topics_saved.COLUMNS]
    return [*topics.labels, topics.xy, topics.tree.words.start, topics.tree.words.word, *tree]


@pytest.mark.parametrize("size", [2, 5, 12, 40, 90])
def test_a_cut_of_the_tree_is_hdbscan_fitted_again(size: int) -> None:
    import hdbscan

    points = vectors(300, d=4, groups=9).astype(np.float32)
    again = hdbscan.HDBSCAN(min_cluster_size=size, min_samples=SAMPLES, core_dist_n_jobs=1).fit(points).labels_
    left, right, height = (frozen_array(part) for part in single_linkage(points))
    ours = cut(left, right, height, size)
    assert np.array_equal(ours < 0, again < 0)
    assert (
        len(set(zip(ours.tolist(), again.tolist(), strict=True))) == len(set(again.tolist())) == len(set(ours.tolist()))
    )


def test_words_that_can_name_a_topic() -> None:
    assert words_of("What's my W2 and the 401k, in 2024? Cafés_and") == ["w2", "401k", "cafés"]
    assert words_of("信用卡 card") == ["信用", "用卡", "card"] and words_of("") == []


def test_words_of_one_stem_are_one_and_lone_words_name_nothing() -> None:
    table = word_table(["the card", "my cards", "cards lost", "lost once"])
    assert table.vocabulary == ("cards", "lost") and table.start.tolist() == [0, 1, 2, 4, 5]
    assert table.word.tolist() == [0, 0, 0, 1, 1]
    assert word_table(["", "the"]).vocabulary == ()
    assert name_groups(table, np.array([0, 0, 1, 1], np.int32), 3) == ("cards", "lost", "topic 2")
