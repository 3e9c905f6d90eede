"""NLI: contradictions by a sentence-transformers CrossEncoder (hub id or folder), where the built-in model leaves doubt.

Both directions of every aligned sentence pair; the strongest pair speaks for the answers. The place of "contradiction"
among a model's labels differs from model to model, so it is read by name. A score depends on its two sentences and the
model alone, and is kept by both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from curate.errors import BackendError, Cancelled
from curate.measure import models
from curate.measure.buffers import text_keys
from curate.store import RowStore, Store
from curate.types import F32, I32, Cancel, Measure, Progress

VERSION = 1
STEP = 512  # sentence pairs between two writes: what an interrupted run can lose
BATCH = 1  # a batch pads its texts, and padding moves the last bits of a score
SENTENCES = 8  # of either answer, from its start; what is compared besides is the two answers' opening as a whole
DOUBT = 0.02  # pairs that the built-in model scores lower are not worth a cross-encoder's second


@dataclass(frozen=True, slots=True)
class Encoder:
    """A loaded cross-encoder. name: what enters the cache key. place: of "contradiction" among its labels."""

    name: str
    model: Any
    place: int

    @classmethod
    def open(cls, model: str) -> Encoder:
        """The model of that hub id or folder. Errors: BackendError when it can't be loaded or has no such label."""
        from sentence_transformers import CrossEncoder

        try:
            loaded = CrossEncoder(model, device="cpu")
        except (OSError, ValueError) as error:
            raise BackendError(
                f"conflict.model {model!r} can't be loaded ({type(error).__name__}); give a folder or a hub id of a "
                'CrossEncoder with a contradiction label, or set conflict.backend = "builtin"'
            ) from None
        return cls(identity(model), loaded, contradiction_place(loaded.config.id2label, model))

    def score(self, pairs: Sequence[tuple[str, str]]) -> F32:
        """float32 [m]: probability of contradiction of (premise, hypothesis)."""
        raw = np.asarray(self.model.predict(list(pairs), batch_size=BATCH, show_progress_bar=False, apply_softmax=True))
        return np.ascontiguousarray(raw.reshape(len(pairs), -1)[:, self.place], dtype=np.float32)


def contradiction_place(labels: Any, model: str) -> int:
    """Which output is "contradiction". Errors: BackendError that names the labels it has."""
    found = [int(k) for k, name in dict(labels).items() if "contradict" in str(name).lower()]
    if len(found) != 1:
        names = ", ".join(str(v) for v in dict(labels).values())
        raise BackendError(f'conflict.model {model!r} has the labels {names}; one of them must be "contradiction"')
    return found[0]


def identity(model: str) -> str:
    """The model's name for cache keys: with a digest of its files where they are on this machine."""
    folder = models.model_folder(model)
    return model if folder is None else models.model_name(model, folder, "float32").rsplit(":", 1)[0]


def nli_scores(
    encoder: Encoder,
    answers: Sequence[str],
    i: I32,
    j: I32,
    store: Store,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> F32:
    """float32 [m]: how strongly answers i[e] and j[e] contradict each other, by their strongest sentence pair.

    Errors: Cancelled (what was scored stays), BackendError.
    """
    todo: list[tuple[str, str]] = []
    owner: list[int] = []
    sentences = {k: _sentences(answers[k]) for k in {*i.tolist(), *j.tolist()}}
    for e, (a, b) in enumerate(zip(i.tolist(), j.tolist(), strict=True)):
        for x, y in aligned(sentences[a], sentences[b]):
            todo += [(x, y), (y, x)]
            owner += [e, e]
    values = _kept(encoder, todo, store, progress, cancel)
    both = np.maximum(values[::2], values[1::2])
    out = np.zeros(i.shape[0], dtype=np.float32)
    np.maximum.at(out, np.array(owner[::2], dtype=np.int64), both)
    return out


def _sentences(text: str) -> list[str]:
    """The first sentences of an answer."""
    import re

    parts = [p.strip() for p in re.split(r"(?<=[.!?。！？])\s+|\n+", text) if p.strip()]
    return parts[:SENTENCES] or [text.strip() or "."]


def aligned(a: Sequence[str], b: Sequence[str]) -> list[tuple[str, str]]:
    """Each sentence with the one of the other side that shares most of its words; each pair once, in order."""
    words_a, words_b = ([frozenset(s.lower().split()) for s in side] for side in (a, b))
    share = [[len(x & y) / max(1, len(x | y)) for y in words_b] for x in words_a]
    out = {(k, max(range(len(b)), key=lambda m: (row[m], -m))) for k, row in enumerate(share)}
    out |= {(max(range(len(a)), key=lambda k: (share[k][m], -k)), m) for m in range(len(b))}
    return [(a[k], b[m]) for k, m in sorted(out)]


def _kept(
    encoder: Encoder, todo: list[tuple[str, str]], store: Store, progress: Progress | None, cancel: Cancel | None
) -> F32:
    """Scores of sentence pairs: what the store has, and the rest scored and stored in steps."""
    every = sorted(set(todo))
    kept = RowStore(store, Measure("nli", VERSION, (), "row", encoder.name), 1, "<f4")
    keys = text_keys([f"{x}\x1f{y}" for x, y in every])
    values, missing = kept.get(keys)
    rows = np.flatnonzero(missing)
    for start in range(0, rows.shape[0], STEP):
        if cancel is not None and cancel.is_set():
            raise Cancelled(f"nli was cancelled after {start} of {rows.shape[0]} sentence pairs; run again to go on")
        part = rows[start : start + STEP]
        values[part, 0] = encoder.score([every[r] for r in part])
        kept.put(keys[part], values[part])
        if progress is not None:
            progress("contradictions by NLI", min(start + STEP, rows.shape[0]), rows.shape[0])
    place = {pair: k for k, pair in enumerate(every)}
    return np.asarray(values[[place[pair] for pair in todo], 0] if todo else np.empty(0), dtype=np.float32)


def combined(builtin: F32, nli: F32) -> F32:
    """The mean of both log odds where NLI spoke, the built-in score elsewhere. Each is held within 1 % and 99 %, so that
    neither can outvote the other by being sure of itself."""
    odds = [np.log(p / (1 - p)) for p in (np.clip(builtin, 0.01, 0.99), np.clip(nli, 0.01, 0.99))]
    mean = 1.0 / (1.0 + np.exp(-(odds[0] + odds[1]) / 2))
    return np.where(np.isnan(nli), builtin, mean).astype(np.float32)
