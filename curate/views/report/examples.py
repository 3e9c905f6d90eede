"""Sections of rows: duplicates and contradictions side by side, removed rows by reason. All text leaves here inert."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curate.decide.near import conflicts, ruled_out
from curate.types import Action, Guard
from curate.views.inert import RowText, escaped, pieces, preview
from curate.views.report.blocks import Block, Compare, Para, Row, table
from curate.views.report.facts import help_of

if TYPE_CHECKING:
    from curate.views.report.build import Made

LIMIT = 600  # characters of one text on the page
SIDES = (("prompt", "prompt"), ("response", "answer"))
COPIES = ("exact_copy", "near_text", "near_meaning", "contaminated")
SCORES = {"prompt_jaccard": "prompts share", "answer_jaccard": "answers share", "prompt_cosine": "prompt cosine",
          "answer_cosine": "answer cosine", "same": "surely the same", "conflict": "conflict"}  # fmt: skip


def duplicates(made: Made) -> Iterator[Block]:
    """Counts by kind, then copies beside the kept row that each repeats, the largest groups first."""
    v = made.verdicts
    rows = np.flatnonzero(v.witness >= 0)
    if not rows.shape[0]:
        yield Para("No row duplicates another under these settings.")
        return
    listed = [(code, n) for code in COPIES if (n := rows_with(made, code).shape[0])]
    yield Para(
        f"{rows.shape[0]:,} rows go because of {np.unique(v.witness[rows]).shape[0]:,} kept or frozen ones; each names its witness."
    )
    yield table(("kind", "rows", "what it says"), [(code, n, help_of(code)) for code, n in listed])
    for code, _ in listed[1:] if listed[0][0] == "exact_copy" and len(listed) > 1 else listed:
        for row in _spread(rows_with(made, code), made.options.examples):
            yield compare(made, int(v.witness[row]), int(row), "kept", "removed", ", ".join(v.why(int(row))))


def contradictions(made: Made) -> Iterator[Block]:
    """Pairs of nearly the same question whose answers cannot both be right, the surest first."""
    pairs, recipe = made.evidence.pairs, made.verdicts.recipe
    score = pairs.scores.get("conflict")
    if score is None or not np.isfinite(score).any():
        yield Para("Contradictions are not measured.")
        return
    hit = conflicts(pairs, recipe) & ((pairs.guards & np.uint16(Guard.CONTEXT)) == 0)
    at = np.flatnonzero(hit & ~ruled_out(made.evidence, recipe, "both_right"))
    rows = rows_with(made, "contradiction")
    yield Para(
        f"{at.shape[0]:,} pairs, {rows.shape[0]:,} rows: nearly the same question, answers that cannot both be right."
    )
    for k in at[np.lexsort((at, -score[at]))][: made.options.examples]:
        yield compare(made, int(pairs.i[k]), int(pairs.j[k]), "one", "other", f"conflict {float(score[k]):.2f}")


def removed(made: Made) -> Iterator[Block]:
    """A few rows of every reason that has no section of its own."""
    for code in made.verdicts.funnel.codes:
        if code in (*COPIES, "contradiction"):
            continue
        for row in _spread(rows_with(made, code), made.options.examples):
            yield _row(made, int(row), code)


def rows_with(made: Made, code: str) -> NDArray[np.int64]:
    """Dropped or held rows that carry a reason."""
    v = made.verdicts
    gone = (v.action == Action.DROP) | (v.action == Action.REVIEW)
    return np.flatnonzero(gone & v.carries(code))


def _spread(rows: NDArray[np.int64], many: int) -> NDArray[np.int64]:
    """`many` of the rows, evenly apart in order of their ids: a sample that needs no dice."""
    if rows.shape[0] <= many:
        return rows
    return rows[np.linspace(0, rows.shape[0] - 1, many).astype(np.int64)]


def compare(made: Made, left: int, right: int, one: str, two: str, why: str) -> Compare:
    """Two rows with the words that differ."""
    fields = tuple((name, pieces(text(made, column, left), text(made, column, right), LIMIT)) for column, name in SIDES)
    said = "; ".join(part for part in (why, _scores(made, left, right)) if part)
    return Compare(place(made, right), f"{one}: {place(made, left)}", f"{two}: {place(made, right)}", said, fields)


def _scores(made: Made, left: int, right: int) -> str:
    """The pair's measured scores; "" for a pair that was not measured (equal rows)."""
    pairs, content = made.evidence.pairs, made.evidence.classes["content"]
    i, j = sorted((int(content[left]), int(content[right])))
    at = np.searchsorted(pairs.i, i), np.searchsorted(pairs.i, i, side="right")
    k = at[0] + np.searchsorted(pairs.j[at[0] : at[1]], j)
    if k >= at[1] or pairs.j[k] != j:
        return ""
    found = ((said, float(pairs.scores[name][k])) for name, said in SCORES.items() if name in pairs.scores)
    return ", ".join(f"{said} {value:.2f}" for said, value in found if value == value)


def _row(made: Made, row: int, code: str) -> Row:
    fields = tuple((name, preview(text(made, column, row), LIMIT)) for column, name in SIDES)
    return Row(place(made, row), f"{code}: {help_of(code)}", fields)


def text(made: Made, column: str, row: int) -> RowText:
    """One text of a row, wrapped."""
    return RowText(made.dataset.text(column, row))


def place(made: Made, row: int) -> str:
    """file:line of a row, and its id."""
    rows = made.dataset.rows
    source = made.dataset.sources[int(rows.column("source")[row].as_py())]
    return f"{escaped(source.name)}:{rows.column('line')[row].as_py()} ({made.evidence.ids[row].decode()})"
