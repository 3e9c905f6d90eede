"""The frontier: rows worth paying for next. The judge sees survivors only."""

from __future__ import annotations

import numpy as np

from curate.types import Action, Evidence, Verdicts


def frontier(evidence: Evidence, verdicts: Verdicts, column: str = "judge_overall") -> np.ndarray:
    """int64 [k]: kept rows whose `column` was not measured, one per class of equal content, in canonical order."""
    kept = verdicts.action == Action.KEEP
    values = evidence.columns.get(column)
    missing = kept if values is None else kept & np.isnan(values)
    rows = np.flatnonzero(missing)
    _, first = np.unique(evidence.classes["content"][rows], return_index=True)
    return np.asarray(rows[np.sort(first)])
