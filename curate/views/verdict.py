"""The verdict in a sentence, and what is to do about it, most pressing first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from curate.decide.gold import said
from curate.types import Action, Check, Dataset, Verdicts


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing to do. `blocks`: the set is not ready before it is done. `about`: a badge id, reason code or "problems"."""

    text: str
    blocks: bool
    about: str


def todo_list(dataset: Dataset, verdicts: Verdicts, checks: Sequence[Check]) -> tuple[Todo, ...]:
    """Warnings and rows that wait for a person block; watch badges, malformed rows and unmeasured badges do not."""
    out = [Todo(f"{c.name}: {c.shown}. {c.todo}", True, c.id) for c in checks if c.band == "warning"]
    waiting = verdicts.count(Action.REVIEW)
    if waiting:
        code, rows = most_reviewed(verdicts)
        out.append(
            Todo(f"{waiting:,} rows wait for review, most for {code} ({rows:,}): keep, drop or fix them.", True, code)
        )
    if verdicts.count(Action.KEEP) == 0:
        out.insert(0, Todo("No row is kept: loosen a rule, or look at the top reasons.", True, "kept"))
    malformed = sum(s.malformed for s in dataset.sources)
    if malformed:
        out.append(
            Todo(
                f"{malformed:,} malformed row{'s are' if malformed != 1 else ' is'} left out: see where and why.",
                False,
                "problems",
            )
        )
    lacking = said(evaluation_rows(dataset))
    if lacking:
        out.append(Todo(lacking, False, "gold"))
    out += [Todo(f"{c.name}: {c.shown}. {c.todo}", False, c.id) for c in checks if c.band == "watch"]
    out += [Todo(f"{c.name} is not measured. {c.todo}", False, c.id) for c in checks if c.band == "not measured"]
    return tuple(out)


def evaluation_rows(dataset: Dataset) -> int:
    """Rows of the evaluation files that are loaded."""
    return sum(s.rows for s in dataset.sources if s.role == "frozen")


def most_reviewed(verdicts: Verdicts) -> tuple[str, int]:
    """The reason that holds most review rows, and how many."""
    import numpy as np

    counts = verdicts.counts(np.flatnonzero(verdicts.action == Action.REVIEW))
    best = max(counts, key=lambda code: (counts[code], -verdicts.codes.index(code)))
    return best, counts[best]


def sentence(todos: Sequence[Todo], verdicts: Verdicts) -> str:
    """One line: "Not ready: 3 blockers. 4,310 of 5,452 rows kept." or "Ready. ..."."""
    blockers = sum(t.blocks for t in todos)
    pool = verdicts.funnel.stages[0][1]
    state = f"Not ready: {blockers} blocker{'s' * (blockers != 1)}" if blockers else "Ready"
    return f"{state}. {verdicts.count(Action.KEEP):,} of {pool:,} rows kept."
