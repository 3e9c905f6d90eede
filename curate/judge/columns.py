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
from curate.types import F32, F64, Dataset, Evidence, Measure

VERSION = 1
LOWEST, LEAST = 1, 3  # S1: any dimension at 1, or an overall under 3, excludes


def judge_key(settings: Judge, rubric: Rubric) -> str:
    """32 hex: equal keys mean equal questions, so a score paid for once is never paid for again."""
    parts = ("judge", str(prompt.VERSION), settings.model, rubric.sent, str(settings.max_chars))
    return blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()


def judge_columns(dataset: Dataset, settings: Judge, ledger: Judgements) -> tuple[Mapping[str, F32], Measure | None]:
    """judge_overall, judge_exclude, judge_failed, judge_cut and one column a dimension; nothing when nobody judged.

    float32 [n], NaN where there is no score. exclude is computed from the scores, not taken from the reply. A row that was cut
    has no completeness. Errors: RecipeError for a rubric that the workspace does not hold.
    """
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
    names = (*rubric.names, "overall")
    out = {f"judge_{name}": np.full(len(found), np.nan, np.float32) for name in (*names, "exclude", "failed", "cut")}
    asked = [(row, one) for row, one in enumerate(found) if one is not None]
    rows = np.array([row for row, _ in asked])
    out["judge_failed"][rows] = [bool(one.reason) for _, one in asked]
    out["judge_cut"][rows] = [one.cut for _, one in asked]
    scored = [(row, one) for row, one in asked if not one.reason]
    if not scored:
        return out
    rows = np.array([row for row, _ in scored])
    values = np.array([[one.scores[n] for n in names] for _, one in scored], np.float64)
    scores, overall = values[:, :-1], values[:, -1]
    if "completeness" in rubric.names:
        scores[np.array([one.cut for _, one in scored]), rubric.names.index("completeness")] = np.nan
    if rubric.overall == "weighted":
        overall = _weighted(scores, np.array([d.weight for d in rubric.dimensions]))
    for k, name in enumerate(rubric.names):
        out[f"judge_{name}"][rows] = scores[:, k]
    out["judge_overall"][rows] = overall
    out["judge_exclude"][rows] = (np.nan_to_num(scores, nan=np.inf) <= LOWEST).any(1) | (overall < LEAST)
    return out


def _weighted(scores: F64, weights: F64) -> F64:
    """Weighted means of each row's scores; NaN where none with a weight is there."""
    held = np.isfinite(scores) * weights
    with np.errstate(invalid="ignore"):
        return np.asarray((np.nan_to_num(scores) * held).sum(1) / held.sum(1))


def _measure(key: str, rubric: Rubric, settings: Judge, found: list[Judgement | None]) -> Measure:
    """What measured it; another score of any row is another key."""
    digest = blake2b(digest_size=8)
    held = {j.content: j for j in found if j is not None}
    for content in sorted(held):
        j = held[content]
        digest.update(f"{content} {sorted(j.scores.items())} {j.reason} {j.cut}\n".encode())
    params = (("key", key), ("rubric", rubric.fingerprint), ("scores", digest.hexdigest()))
    return Measure("judge", VERSION, params, "row", settings.model)


def with_judge(
    evidence: Evidence, dataset: Dataset, recipe: Recipe, store: Store, ledger: Judgements | None = None
) -> Evidence:
    """The evidence with the judge's columns of rows and pairs as the ledger has them now; the same object when nothing changed.

    ledger: in place of the workspace's, such as the one that an export carries.
    """
    from curate.judge.pair_columns import with_pairs  # asking about pairs needs what is here

    held = ledger or Judgements(Workspace(store))
    made: Evidence = with_pairs(_with_rows(evidence, dataset, recipe, held), dataset, recipe.judge, held)
    return made


def _with_rows(evidence: Evidence, dataset: Dataset, recipe: Recipe, ledger: Judgements) -> Evidence:
    columns, made = judge_columns(dataset, recipe.judge, ledger)
    before = next((m for m in evidence.made if m.name == "judge"), None)
    if before == made:
        return evidence
    kept = {k: v for k, v in evidence.columns.items() if not k.startswith("judge_")}
    for values in columns.values():
        values.flags.writeable = False
    others = tuple(m for m in evidence.made if m.name != "judge")
    return replace(evidence, columns=kept | dict(columns), made=others + ((made,) if made else ()))
