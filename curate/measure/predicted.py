"""Scores predicted for rows that nobody judged, from everything that is measured of them; for choosing, never a verdict."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from curate.decide.recipe import Recipe
from curate.judge.predict import LEAST, Prediction, predict
from curate.measure.rowvectors import row_vectors
from curate.store import Store
from curate.types import F32, Dataset, Evidence


def predicted(dataset: Dataset, evidence: Evidence, recipe: Recipe, store: Store) -> Prediction | None:
    """The prediction from the signals and, where the evidence has vectors, the meaning; None with too few judged rows."""
    overall = evidence.columns.get("judge_overall")
    if overall is None or np.count_nonzero(~np.isnan(overall)) < LEAST:
        return None
    names = sorted(k for k in evidence.columns if not k.startswith("judge_"))
    signals = np.column_stack([evidence.columns[k] for k in names])

    def vectors(rows: NDArray[np.int64]) -> F32:
        made = row_vectors(dataset, recipe, store, rows=rows)
        assert made is not None  # facts say that there is a model
        return made

    return predict(signals, vectors if evidence.facts.get("vectors") else None, overall)


def with_prediction(evidence: Evidence, found: Prediction | None) -> Evidence:
    """The evidence with predicted scores, for choosing what to judge next; never kept."""
    if found is None:
        return evidence
    return replace(evidence, columns=dict(evidence.columns) | {"judge_predicted": found.mean})
