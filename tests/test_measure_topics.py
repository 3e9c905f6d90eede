"""Topics and the map: neighbours that are the nearest, coordinates and topics that any process repeats."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from curate.measure import nearest as module
from curate.measure.layout import between, placement_error
from curate.measure.nearest import Nearest, choose, nearest


def vectors(n: int, d: int = 32, seed: int = 0, groups: int = 6) -> np.ndarray:
    """Unit vectors around a few centres, float16."""
    rng = np.random.default_rng(seed)
    wide = rng.standard_normal((groups, d))[np.arange(n) % groups] + 0.5 * rng.standard_normal((n, d))
    return np.asarray(wide / np.linalg.norm(wide, axis=1, keepdims=True), dtype=np.float16)


@pytest.mark.parametrize("n,m,k", [(1, 1, 3), (2, 1, 3), (40, 40, 7), (300, 90, 15), (1_500, 1_100, 5)])
def test_neighbours_are_the_nearest_fitted_vectors(n: int, m: int, k: int) -> None:
    made = vectors(n)
    fitted = np.sort(np.random.default_rng(1).permutation(n)[:m])
    near = nearest(made, fitted, k)
    wide = made.astype(np.float64)
    far = 1 - wide @ wide[fitted].T
    far[fitted, np.arange(m)] = -1
    want = np.argsort(far, axis=1, kind="stable")[:, :k]
    assert near.index.shape == (n, min(k, m)) and near.whole == (n == m)
    assert np.allclose(near.distance, np.maximum(np.take_along_axis(far, want, axis=1), 0), atol=1e-6)
    assert (np.take_along_axis(far, near.index, axis=1)[:, 1:] >= 0).all()
    own, _ = near.among_fitted(1)
    assert own[:, 0].tolist() == list(range(m))


def test_neighbours_of_equal_vectors_begin_with_the_vector_itself() -> None:
    near = nearest(np.repeat(vectors(1), 60, axis=0), np.arange(60), 5)
    assert near.index[:, 0].tolist() == list(range(60)) and float(near.distance.max()) < 1e-2


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
    alone = Nearest(np.arange(3), np.zeros((3, 1), np.int32), np.zeros((3, 1), np.float32))
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
