"""What was judged as columns of evidence: from the ledger, by content, under one model, rubric and truncation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from hashlib import blake2b

import numpy as np

from curate.decide.recipe import Judge, Recipe
from curate.judge import prompt
from curate.judge.rubric import Rubric, rubric_of
from curate.store import Judgement, Judgements, Store, Workspace
from curate.types import F32, Dataset, Evidence, Measure

VERSION = 1
LOWEST, LEAST = 1, 3  # S1: any dimension at 1, or an overall under 3, excludes


def judge_key(settings: Judge, rubric: Rubric) -> str:
    """32 hex: equal keys mean equal questions, so a score paid for once is never paid for again."""
    parts = ("judge", str(prompt.VERSION), settings.model, rubric.sent, str(settings.max_chars))
    return blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()


def judge_columns(dataset: Dataset, settings: Judge, store: Store) -> tuple[Mapping[str, F32], Measure | None]:
    """judge_overall, judge_exclude, judge_failed, judge_cut and one column a dimension; nothing when nobody judged.

    float32 [n], NaN where there is no score. exclude is computed from the scores, not taken from the reply. A row that was cut
    has no completeness. Errors: RecipeError for a rubric that the workspace does not hold.
    """
    ledger = Judgements(Workspace(store))
    if not settings.enabled or not ledger.exists:
        return {}, None
    rubric = rubric_of(settings.rubric, ledger)
    key = judge_key(settings, rubric)
    known = ledger.known(key)
    contents = dataset.rows.column("content").to_pylist() if known else []
    found = [known.get(c) for c in contents]
    if not any(found):
        return {}, None
    return _columns(found, rubric), _measure(key, rubric, settings, found)


def _columns(found: list[Judgement | None], rubric: Rubric) -> dict[str, F32]:
    n = len(found)
    out = {
        f"judge_{name}": np.full(n, np.nan, np.float32)
        for name in (*rubric.names, "overall", "exclude", "failed", "cut")
    }
    weights = np.array([d.weight for d in rubric.dimensions])
    for row, one in enumerate(found):
        if one is None:
            continue
        out["judge_failed"][row], out["judge_cut"][row] = bool(one.reason), one.cut
        if one.reason:
            continue
        scores = np.array([np.nan if one.cut and d == "completeness" else one.scores[d] for d in rubric.names])
        overall = one.scores["overall"] if rubric.overall == "reply" else _weighted(scores, weights)
        for name, value in zip(rubric.names, scores, strict=True):
            out[f"judge_{name}"][row] = value
        out["judge_overall"][row] = overall
        out["judge_exclude"][row] = (
            bool(np.nanmin(scores) <= LOWEST) or overall < LEAST if np.isfinite(scores).any() else overall < LEAST
        )
    return out


def _weighted(scores: np.ndarray, weights: np.ndarray) -> float:
    held = np.isfinite(scores) & (weights > 0)
    return float(np.average(scores[held], weights=weights[held])) if held.any() else float("nan")


def _measure(key: str, rubric: Rubric, settings: Judge, found: list[Judgement | None]) -> Measure:
    """What measured it; another score of any row is another key."""
    digest = blake2b(digest_size=8)
    for line in sorted({f"{j.content} {sorted(j.scores.items())} {j.reason} {j.cut}" for j in found if j is not None}):
        digest.update(line.encode() + b"\n")
    params = (("key", key), ("rubric", rubric.fingerprint), ("scores", digest.hexdigest()))
    return Measure("judge", VERSION, params, "row", settings.model)


def with_judge(evidence: Evidence, dataset: Dataset, recipe: Recipe, store: Store) -> Evidence:
    """The evidence with the judge's columns as the ledger has them now; the same object when nothing changed."""
    columns, made = judge_columns(dataset, recipe.judge, store)
    before = next((m for m in evidence.made if m.name == "judge"), None)
    if before == made:
        return evidence
    kept = {k: v for k, v in evidence.columns.items() if not k.startswith("judge_")}
    for values in columns.values():
        values.flags.writeable = False
    others = tuple(m for m in evidence.made if m.name != "judge")
    return replace(evidence, columns=kept | dict(columns), made=others + ((made,) if made else ()))
