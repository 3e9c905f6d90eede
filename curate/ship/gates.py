"""An audit for other programs' screens: SARIF 2.1.0 for code review, JUnit XML for CI. Neither holds text of rows.

SARIF: OASIS, Static Analysis Results Interchange Format 2.1.0. JUnit: the schema that Jenkins and GitLab read.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from curate.decide.rules import CODES, help_of
from curate.load.problems import CODES as PROBLEMS
from curate.ship.lineage import tool_version
from curate.ship.tables import labels
from curate.types import Action, Check, Dataset, Verdicts

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVEL = {"warning": "error", "watch": "warning", "not measured": "note", "healthy": "none"}
# GitHub takes 25,000 results of a run (its SARIF limits); what is left out is counted in the run's properties.
MOST_RESULTS = 25_000


def sarif(dataset: Dataset, verdicts: Verdicts, checks: Sequence[Check], most: int = MOST_RESULTS) -> str:
    """Badges, then malformed lines, then rows held back: each with its rule, the latter two with file and line."""
    found = list(islice(chain(_badges(checks), _malformed(dataset), _held(dataset, verdicts)), most))
    total = sum(c.band != "healthy" for c in checks) + sum(dataset.problems.column("fatal").to_pylist())
    total += verdicts.count(Action.DROP) + verdicts.count(Action.REVIEW)
    used = sorted({r["ruleId"] for r in found})
    rules = [{"id": name, "shortDescription": {"text": _said(name, checks)}} for name in used]
    name, _, version = tool_version().partition(" ")
    run = {
        "tool": {"driver": {"name": name, "version": version, "rules": rules}},
        "results": [r | {"ruleIndex": used.index(r["ruleId"])} for r in found],
        "properties": {"results": total, "leftOut": total - len(found), "dataset": dataset.fingerprint,
                       "recipe": verdicts.recipe.fingerprint, "kept": verdicts.count(Action.KEEP)},
    }  # fmt: skip
    whole = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(whole, sort_keys=True, indent=1, ensure_ascii=True, allow_nan=False) + "\n"


def _badges(checks: Sequence[Check]) -> Iterator[dict[str, Any]]:
    for c in checks:
        if c.band != "healthy":
            yield _result(c.id, LEVEL[c.band], f"{c.name}: {c.shown} ({c.band}). {c.todo}")


def _malformed(dataset: Dataset) -> Iterator[dict[str, Any]]:
    names, p = labels(dataset), dataset.problems
    columns = (p.column(c).to_pylist() for c in ("source", "line", "code", "fatal"))
    for source, line, code, fatal in zip(*columns, strict=True):
        if fatal:
            said = f"Malformed row: {PROBLEMS[code].fix if code in PROBLEMS else code}"
            yield _result(code, "error", said, names[source], line)


def _held(dataset: Dataset, verdicts: Verdicts) -> Iterator[dict[str, Any]]:
    """One result per row dropped or held, under its first reason, in file order."""
    rows = np.flatnonzero((verdicts.action == Action.DROP) | (verdicts.action == Action.REVIEW))
    source, line = (dataset.rows.column(c).to_numpy()[rows] for c in ("source", "line"))
    names = labels(dataset)
    for k in np.lexsort((line, source)).tolist():
        row = int(rows[k])
        why = verdicts.why(row) or ("override_drop",)
        level = "warning" if verdicts.action[row] == Action.DROP else "note"
        word = "dropped" if level == "warning" else "held for review"
        yield _result(why[0], level, f"Row {word}: {', '.join(why)}.", names[int(source[k])], int(line[k]))


def _result(rule: str, level: str, said: str, file: str | None = None, line: int | None = None) -> dict[str, Any]:
    out: dict[str, Any] = {"ruleId": rule, "level": level, "message": {"text": said}}
    if file is not None:
        place: dict[str, Any] = {"artifactLocation": {"uri": _uri(file)}}
        if line:
            place["region"] = {"startLine": int(line)}
        out["locations"] = [{"physicalLocation": place}]
    return out


def _uri(name: str) -> str:
    from urllib.parse import quote

    return quote(name)


def _said(rule: str, checks: Sequence[Check]) -> str:
    badge = next((c for c in checks if c.id == rule), None)
    if badge is not None:
        return f"{badge.name}: {badge.base}"
    return PROBLEMS[rule].fix if rule in PROBLEMS and rule not in CODES else help_of(rule)


def junit(dataset: Dataset, verdicts: Verdicts, checks: Sequence[Check], fail_on: str = "warning") -> str:
    """A test case per badge and per file. A badge at `fail_on` or worse fails; a file fails when a row is malformed."""
    bad = {"watch": ("watch", "warning"), "warning": ("warning",)}[fail_on]
    cases = [
        _case("health", f"{c.id} {c.name}", f"{c.shown}. {c.todo}", c.band in bad, c.band == "not measured")
        for c in checks
    ]
    names = labels(dataset)
    for name, s in zip(names, dataset.sources, strict=True):
        codes = Counter(_fatal_codes(dataset, names.index(name)))
        said = ", ".join(f"{code} {n:,}" for code, n in sorted(codes.items()))
        cases.append(
            _case("files", name, f"{s.malformed:,} of {s.read:,} rows are malformed: {said}", s.malformed > 0, False)
        )
    failures, skipped = sum("<failure" in c for c in cases), sum("<skipped" in c for c in cases)
    head = f'<testsuite name="curate audit" tests="{len(cases)}" failures="{failures}" skipped="{skipped}" errors="0">'
    kept = f'<properties><property name="kept" value="{verdicts.count(Action.KEEP)}"/></properties>'
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, kept, *cases, "</testsuite>"]) + "\n"


def _fatal_codes(dataset: Dataset, source: int) -> Iterator[str]:
    p = dataset.problems
    for s, code, fatal in zip(*(p.column(c).to_pylist() for c in ("source", "code", "fatal")), strict=True):
        if fatal and s == source:
            yield code


def _case(group: str, name: str, said: str, fails: bool, skipped: bool) -> str:
    inner = f"<failure message={quoteattr(said)}>{escape(said)}</failure>" if fails else ""
    inner += f"<skipped message={quoteattr(said)}/>" if skipped and not fails else ""
    return f"<testcase classname={quoteattr('curate.' + group)} name={quoteattr(name)}>{inner}</testcase>"
