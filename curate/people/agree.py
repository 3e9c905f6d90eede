"""What labels say together: the share of errors, agreement per question and over time, who differs where, who drifts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from curate.decide.agreement import Agreement, kappa_of, kappa_over, quadratic_kappa
from curate.decide.alpha import Alpha, Scale, alpha_of
from curate.decide.drift import Change, change
from curate.decide.review_rate import ErrorRate, error_rate
from curate.store import Label
from curate.store.reviews import VALUES, Pick

BLOCK = 20  # rows labelled by two that make one point of agreement over time
APART = 2  # steps of the score from which two differ
I32 = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Point:
    """Agreement of one block of rows: kappa of two people, alpha of more; NaN where nothing varies."""

    rows: int
    value: float


@dataclass(frozen=True)
class Question:
    """Agreement on one question. kappa: of the two who share most rows; squared: with quadratic weights, for scores (NaN
    else); alpha: of everybody; over: each block of rows in time."""

    name: str
    kappa: Agreement
    squared: float
    alpha: Alpha
    over: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two reviewers and how far they agree on the label."""

    one: str
    two: str
    agreement: Agreement


@dataclass(frozen=True, slots=True)
class Reviewer:
    """One reviewer: labels, share called good, median seconds, and what became of three figures while labelling."""

    name: str
    labels: int
    good: float
    seconds: float
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """A row on which reviewers differ, their labels, and what was settled (None = not yet)."""

    id: str
    labels: tuple[Label, ...]
    settled: Label | None


@dataclass(frozen=True)
class Blind:
    """Labels given alone, as a table: people, ids, and per question int32 [rows, people] of codes, -1 = none; rows stand in
    the order in which their last label came."""

    people: tuple[str, ...]
    ids: tuple[str, ...]
    codes: dict[str, I32]


def blind(labels: Sequence[Label]) -> Blind:
    """The table of labels that people gave for themselves; settled ones are not among them."""
    own = [x for x in labels if not x.settled]
    people = tuple(sorted({x.who for x in own}))
    last = {x.id: x.number for x in own}
    ids = tuple(sorted(last, key=lambda i: (last[i], i)))
    at, who = {i: n for n, i in enumerate(ids)}, {p: n for n, p in enumerate(people)}
    rows = np.array([at[x.id] for x in own], np.int64)
    cols = np.array([who[x.who] for x in own], np.int64)
    asked: dict[str, list[int]] = {
        "label": [VALUES.index(x.said.value) for x in own],
        "score": [-1 if x.said.score is None else x.said.score - 1 for x in own],
    }
    for reason in sorted({r for x in own for r in x.said.reasons}):
        asked[reason] = [int(reason in x.said.reasons) for x in own]
    codes = {}
    for name, values in asked.items():
        codes[name] = np.full((len(ids), len(people)), -1, np.int32)
        codes[name][rows, cols] = values
    return Blind(people, ids, codes)


def questions(table: Blind) -> tuple[Question, ...]:
    """Agreement per question: the label, the score where it was given, and each reason; () with fewer than two people."""
    best = max(_pairs(table), key=lambda p: (p[2], -p[0], -p[1]), default=None)
    if best is None:
        return ()
    out = []
    for name, codes in table.codes.items():
        a, b = codes[:, best[0]], codes[:, best[1]]
        squared = quadratic_kappa(a, b, 5) if name == "score" else float("nan")
        scale: Scale = "ordinal" if name == "score" else "nominal"
        alpha = alpha_of(codes, scale)
        if name == "label" or alpha.rows:
            out.append(Question(name, kappa_of(a, b), squared, alpha, _over(codes, scale)))
    return tuple(out)


def _over(codes: I32, scale: Scale) -> tuple[Point, ...]:
    """Every `BLOCK` rows that two or more labelled, in the order of labelling."""
    if codes.shape[1] == 2:
        return tuple(Point(a.rows, a.kappa) for a in kappa_over(codes[:, 0], codes[:, 1], BLOCK))
    both = codes[(codes >= 0).sum(axis=1) >= 2]
    parts = np.array_split(both, max(1, round(both.shape[0] / BLOCK))) if both.shape[0] else []
    return tuple(Point(p.shape[0], alpha_of(p, scale).alpha) for p in parts)


def pairs(table: Blind) -> tuple[Pair, ...]:
    """Every two reviewers who share a row, most shared rows first."""
    codes = table.codes["label"]
    found = sorted(_pairs(table), key=lambda p: -p[2])
    return tuple(Pair(table.people[a], table.people[b], kappa_of(codes[:, a], codes[:, b])) for a, b, _ in found)


def _pairs(table: Blind) -> list[tuple[int, int, int]]:
    given = table.codes["label"] >= 0
    shared = given.T.astype(np.int64) @ given.astype(np.int64)
    return [(a, b, int(shared[a, b])) for a, b in combinations(range(len(table.people)), 2) if shared[a, b]]


def rate(labels: Sequence[Label], items: Sequence[Pick]) -> ErrorRate:
    """The share of rows that are not good: what was settled counts, else half a row where two differ."""
    weight = {p.id: p.weight for p in items}
    said: dict[str, list[float]] = {}
    settled: dict[str, float] = {}
    for x in labels:
        if x.settled:
            settled[x.id] = float(x.said.value != "good")
        else:
            said.setdefault(x.id, []).append(float(x.said.value != "good"))
    wrong = {i: settled.get(i, sum(v) / len(v)) for i, v in said.items() if i in weight}
    return error_rate(np.array(list(wrong.values())), np.array([weight[i] for i in wrong]))


def scores(labels: Sequence[Label]) -> dict[str, float]:
    """The mean 1-5 score of each row that has one; what was settled counts alone."""
    held: dict[str, list[int]] = {}
    settled: dict[str, float] = {}
    for x in labels:
        if x.said.score is not None and x.settled:
            settled[x.id] = float(x.said.score)
        elif x.said.score is not None:
            held.setdefault(x.id, []).append(x.said.score)
    return {i: sum(v) / len(v) for i, v in held.items()} | settled


def differences(labels: Sequence[Label]) -> tuple[Difference, ...]:
    """Rows on which two differ in the label, or by `APART` or more in the score; those not yet settled first."""
    by: dict[str, list[Label]] = {}
    for x in labels:
        by.setdefault(x.id, []).append(x)
    out = []
    for row, held in by.items():
        own = tuple(x for x in held if not x.settled)
        scores = [x.said.score for x in own if x.said.score is not None]
        if len({x.said.value for x in own}) > 1 or (scores and max(scores) - min(scores) >= APART):
            out.append(Difference(row, own, next((x for x in held if x.settled), None)))
    return tuple(sorted(out, key=lambda d: (d.settled is not None, d.id)))


def reviewers(labels: Sequence[Label]) -> tuple[Reviewer, ...]:
    """Each reviewer's figures, by name."""
    out = []
    own = [x for x in labels if not x.settled]
    for name in sorted({x.who for x in own}):
        mine = [x for x in own if x.who == name]
        seconds = np.array([x.said.seconds for x in mine], np.float64)
        good = np.array([x.said.value == "good" for x in mine], np.float64)
        words = [float(len(f"{x.said.note} {x.said.edited or ''}".split())) for x in mine if x.said.value != "good"]
        found = (
            change("seconds", seconds),
            change("share called good", good),
            change("words written", np.array(words)),
        )
        out.append(
            Reviewer(name, len(mine), float(good.mean()), float(np.median(seconds)), tuple(c for c in found if c))
        )
    return tuple(out)
