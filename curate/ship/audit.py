"""The audit as JSON, for other programs: CONTRACT "Command line", schema 1."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from curate.decide.copies import copy_counts
from curate.decide.gold import LEAST, said
from curate.ship.ledger import counts
from curate.ship.stats import run_stats
from curate.types import Action, Check, Dataset, Evidence, Verdicts


def audit_json(dataset: Dataset, evidence: Evidence, verdicts: Verdicts, checks: Sequence[Check]) -> dict[str, Any]:
    """files, kept, reasons {code: first, only, all}, checks, scores, stages, copies (rows beyond the first, by level), partial (rows sampled or null), evaluation (rows of evaluation files, how many are wanted, what is to be said), fingerprints."""
    f = verdicts.funnel
    reasons = {
        code: {"first": a, "only": b, "all": c}
        for code, a, b, c in zip(f.codes, f.first, f.only, f.all, strict=True)
        if c
    }
    scores = {k: {"rows": s.rows, "mean": s.mean, "median": s.median, "p25": s.p25, "p75": s.p75}
              for k, s in run_stats(evidence, verdicts).scores.items()}  # fmt: skip
    recipe = verdicts.recipe
    held = sum(s.rows for s in dataset.sources if s.role == "frozen")
    return {
        "schema": 1,
        "files": file_counts(dataset, verdicts),
        "kept": verdicts.count(Action.KEEP),
        "reasons": reasons,
        "checks": [{"id": c.id, "value": _number(c.value), "band": c.band, "base": c.base} for c in checks],
        "scores": scores,
        "stages": dict(f.stages),
        "copies": dict(copy_counts(evidence)),
        "partial": dataset.sample,
        "evaluation": {"rows": held, "wanted": LEAST, "said": said(held)},
        "fingerprints": {"dataset": dataset.fingerprint, "recipe": recipe.fingerprint,
                         "overrides": recipe.overrides.fingerprint, "measures": {m.name: m.key for m in evidence.made}},
    }  # fmt: skip


def file_counts(dataset: Dataset, verdicts: Verdicts) -> list[dict[str, Any]]:
    """Per file its path, read, kept, dropped, review, frozen, malformed, blank, in the order they were given."""
    return [
        {"path": s.path, "read": c.read, "kept": c.kept, "dropped": c.dropped, "review": c.review, "frozen": c.frozen,
         "malformed": c.malformed, "blank": c.blank}
        for s, c in zip(dataset.sources, counts(dataset, verdicts), strict=True)
    ]  # fmt: skip


def _number(value: float) -> float | None:
    """JSON knows no NaN: null = not measured or undefined."""
    return float(value) if math.isfinite(value) else None
