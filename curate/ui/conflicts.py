"""Contradictions for the screen: why a pair counts as one, and the points of the pair plane; numbers, no text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.types import Evidence
from curate.ui.loaded import Loaded


@dataclass(frozen=True, slots=True)
class Spoken:
    """Why a pair counts as a contradiction. what: a short reason, in words; marks: spans (start, end) in characters of the
    two answers; share: how much of the score's log odds that reason gave, by name of feature, greatest first."""

    what: str
    marks: tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]
    share: Mapping[str, float]


def explain(data: Loaded, at: int) -> Spoken:
    """Reads the two rows of a pair again and says what spoke."""
    from curate.measure.spoken import spoken

    pairs = data.evidence.pairs
    rows = [int(pairs.i[at]), int(pairs.j[at])]
    scores = {k: v[at : at + 1] for k, v in pairs.scores.items()} | {"guards": pairs.guards[at : at + 1]}
    what, marks, share = spoken(data.dataset.rows, rows, scores)
    return Spoken(what, marks, share)


@dataclass(frozen=True, slots=True)
class Plane:
    """Points of the pair plane: at int64 [k] places in `Pairs`, x prompt cosine, y answer cosine, score. all: how many
    pairs it was drawn from."""

    at: NDArray[np.int64]
    x: NDArray[np.float32]
    y: NDArray[np.float32]
    score: NDArray[np.float32]
    all: int


def plane(evidence: Evidence, most: int = 4000) -> Plane:
    """The measured pairs: the surest contradictions, and of the others a sample by place, the same every time."""
    pairs = evidence.pairs
    score = pairs.scores["conflict"]
    known = np.flatnonzero(np.isfinite(score) & np.isfinite(pairs.scores["answer_cosine"]))
    sure = known[np.argsort(-score[known], kind="stable")][: most // 2]
    rest = np.setdiff1d(known, sure)
    step = max(1, -(-rest.shape[0] // (most - sure.shape[0])) if most > sure.shape[0] else 1)
    at = np.sort(np.concatenate((sure, rest[::step])))
    x = np.where(pairs.scores["prompt_jaccard"][at] >= 1.0, 1.0, pairs.scores["prompt_cosine"][at])
    return Plane(at, x.astype(np.float32), pairs.scores["answer_cosine"][at], score[at], known.shape[0])
