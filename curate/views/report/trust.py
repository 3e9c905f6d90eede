"""Sections of trust: splits and their proof, decisions by people and how far two of them agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from curate.decide.agreement import AMBIGUOUS, WANTED, kappa_of
from curate.errors import CurateError
from curate.ship.proof import prove_decided
from curate.types import Action
from curate.views.inert import escaped
from curate.views.report.blocks import Block, Para, table

if TYPE_CHECKING:
    from curate.views.report.build import Made


def splits(made: Made) -> Iterator[Block]:
    """Rows per split, and what crosses between them."""
    v = made.verdicts
    kept = max(v.count(Action.KEEP), 1)
    rows: list[Sequence[Any]] = [
        (name, n, f"{n / kept:.1%}") for k, name in enumerate(v.splits) if (n := int((v.split == k).sum())) >= 0
    ]
    rows += [
        ("held for review", v.count(Action.REVIEW), ""),
        ("rejected", v.count(Action.DROP), ""),
        ("frozen", v.count(Action.FROZEN), ""),
    ]
    yield table(("split", "rows", "of the kept rows"), rows)
    yield from _proof(made)


def _proof(made: Made) -> Iterator[Block]:
    written = made.options.proof
    proof = written or prove_decided(made.evidence, made.verdicts)
    where = "on the written files" if written else "on the decision, before writing"
    if proof.holds:
        yield Para(f"Proved {where}: nothing crosses a boundary.", "healthy")
    else:
        yield Para(f"The proof failed {where}: something crosses a boundary.", "warning")
    yield table(("looked for", "between", "found", "what that is"), [(x.check, x.between, x.found, x.help) for x in proof.lines],
                "0 is the proof. `curate verify EXPORT --proof` makes it again from the exported bytes alone.",
                ["warning" if x.found else "healthy" for x in proof.lines])  # fmt: skip


def people(made: Made) -> Iterator[Block]:
    """Overrides by kind, and the agreement of two annotators."""
    said = made.verdicts.recipe.overrides
    actions, pairs = Counter(said.actions), Counter(v for _, _, v in said.pairs)
    rows = [(name.replace("_", " "), n) for part in (actions, pairs) for name, n in sorted(part.items())]
    rows += [("notes", len(said.remarks) + sum(map(bool, said.notes)))] if rows or said.remarks else []
    if rows:
        yield table(("decision", "times"), rows, "Listed by row id in overrides.csv of the export.")
    else:
        yield Para("Nobody decided on a single row by hand.")
    yield from _agreement(made)


def _agreement(made: Made) -> Iterator[Block]:
    columns = made.options.annotators
    if not columns:
        yield Para(
            f"Agreement is not measured. Have {WANTED:.0%} of the rows labelled by two people (S0), keep their labels in two "
            "columns, and name these: `curate report DATA --annotators ONE,TWO`.",
            "not measured",
        )
        return
    labels = made.evidence.labels
    unknown = [c for c in columns if c not in labels]
    if unknown or len(columns) != 2:
        known = ", ".join(map(escaped, labels)) or "none"
        raise CurateError(f"--annotators needs two columns of labels, got {len(columns)}; the data's columns: {known}")
    one, two = (labels[c] for c in columns)
    place = {name: k for k, name in enumerate(sorted({*one.names, *two.names}))}
    told = kappa_of(*(_codes(x.code, x.names, place) for x in (one, two)))
    bad = not told.kappa >= AMBIGUOUS
    yield Para(
        f"Two people labelled {told.rows:,} rows and agree on {told.agree:.1%}; Cohen's kappa {told.kappa:.2f} "
        f"(95 %: {told.low:.2f} to {told.high:.2f}). "
        + (f"Below {AMBIGUOUS} the guideline is ambiguous (S0): mend it, then label again." if bad else
           f"{AMBIGUOUS} or more: the guideline is clear enough (S0)."),
        "warning" if bad else "healthy",
    )  # fmt: skip


def _codes(code: Any, names: Sequence[str], place: dict[str, int]) -> Any:
    new = np.array([*(place[n] for n in names), -1], np.int32)
    return new[code]
