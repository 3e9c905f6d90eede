"""Where reviews stand as plain values, for the command line and other programs: CONTRACT "Command line", schema 1."""

from __future__ import annotations

from typing import Any

from curate.decide.agreement import Agreement
from curate.decide.queue import FAIR
from curate.people import agree
from curate.store import Label, Queue, Reviews


def label_pair(found: tuple[agree.Question, ...]) -> Agreement:
    """The two who share most rows, on the label."""
    return found[0].kappa if found else Agreement(0, float("nan"), float("nan"), float("nan"), float("nan"))


def status(desk: Reviews, queue: Queue) -> tuple[dict[str, Any], Any]:
    """(a queue's figures, its error rate)."""
    labels, standing = desk.labels(queue.number), desk.standing(queue.number, "")
    found = agree.rate(labels, desk.items(queue.number))
    body = {
        "name": queue.name, "how": queue.how, "fair": queue.how in FAIR, "seed": queue.seed, "rubric": queue.rubric, "dataset": queue.dataset,
        "base": queue.base, "rows": queue.rows, "twice": queue.twice, "labelled": standing.labelled, "filled": standing.filled,
        "wrong": found.wrong, "rate": _number(found.rate), "low": found.low, "high": found.high, "verdict": found.verdict, "more": found.more,
    }  # fmt: skip
    return body, found


def agreement(labels: tuple[Label, ...]) -> tuple[dict[str, Any], tuple[agree.Question, ...]]:
    """(agreement, reviewers and differences of some labels, the questions)."""
    table = agree.blind(labels)
    asked = agree.questions(table)
    body = {
        "people": list(table.people),
        "questions": [
            {"name": q.name, "kappa": _agreement(q.kappa), "squared": _number(q.squared), "over": [{"rows": p.rows, "value": _number(p.value)} for p in q.over],
             "alpha": {"rows": q.alpha.rows, "labels": q.alpha.labels, "alpha": _number(q.alpha.alpha), "low": _number(q.alpha.low), "high": _number(q.alpha.high)}}
            for q in asked
        ],
        "pairs": [{"one": p.one, "two": p.two, **_agreement(p.agreement)} for p in agree.pairs(table)] if table.people else [],
        "reviewers": [
            {"name": r.name, "labels": r.labels, "good": r.good, "seconds": r.seconds,
             "drift": [{"name": c.name, "early": c.early, "late": c.late, "p": c.p, "drifted": c.drifted} for c in r.changes]}
            for r in agree.reviewers(labels)
        ],
        "differences": [
            {"id": d.id, "settled": None if d.settled is None else d.settled.said.value,
             "labels": [{"who": x.who, "label": x.said.value, "score": x.said.score, "reasons": list(x.said.reasons)} for x in d.labels]}
            for d in agree.differences(labels)
        ],
    }  # fmt: skip
    return body, asked


def _agreement(found: Agreement) -> dict[str, Any]:
    values = {"agree": found.agree, "kappa": found.kappa, "low": found.low, "high": found.high}
    return {"rows": found.rows, **{k: _number(v) for k, v in values.items()}}


def _number(value: float) -> float | None:
    return None if value != value else float(value)
