"""The terms of a person's own rules: what their formulas ask of a row's text or of the user's own columns.

Each is a column under its canonical text (curate/decide/formula.py). They are made anew with the evidence and kept in no store:
a pass of Arrow's linear matcher, .1 s each at 500,000 rows.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from curate.decide.effective import terms_wanted
from curate.decide.formula import columns_of
from curate.decide.recipe import Recipe
from curate.errors import RecipeError
from curate.measure.model_terms import by_model, model_term
from curate.measure.voices import CODES, PLACE
from curate.store import Store
from curate.types import F32, Dataset, Evidence, frozen_array

COLUMN = {"prompt": "prompt", "answer": "response", "system": "system"}
LATER = frozenset(("judge_overall", "judge_exclude", "prompt_tokens", "answer_tokens"))  # measured only when asked for


def with_terms(dataset: Dataset, evidence: Evidence, recipe: Recipe, store: Store | None = None) -> Evidence:
    """The evidence with every term that the recipe's rules read. The same object when none is missing.

    store: where vectors and models' values are kept (None: this user's, opened only for those).
    Errors: BackendError for a model that is not here; RecipeError for a pattern that can't be read, a column that nothing measures, or an own column that no row has.
    """
    known = evidence.columns.keys() | LATER
    for rule in recipe.rules:
        odd = {c for c in columns_of(rule) if "(" not in c} - known if rule.formula else set()
        if odd:
            raise RecipeError(
                f"rules.{rule.name} reads {', '.join(sorted(odd))[:80]}, which nothing measures; columns are {', '.join(sorted(known))}"
            )
    missing = [t for t in terms_wanted(recipe) if t not in evidence.columns]
    if not missing:
        return evidence
    made = {}
    for term in missing:
        if by_model(term):
            made[term] = frozen_array(model_term(dataset, term, recipe, store or Store()))
        else:
            made[term] = frozen_array(term_of(dataset.rows, term, evidence.columns))
    return replace(evidence, columns={**evidence.columns, **made})


def term_of(rows: Any, term: str, columns: Mapping[str, F32]) -> F32:
    """float32 [n]: one term; text terms are 0 or 1 (count: how often), own columns NaN where a row has no number, speaks()
    NaN where the row says too little."""
    read = ast.parse(term, mode="eval").body  # written by the formula's own walker
    if isinstance(read, ast.Compare):
        return _own(rows, _texts(read.left)[0], _texts(read.comparators[0])[0])
    assert isinstance(read, ast.Call) and isinstance(read.func, ast.Name)
    if read.func.id == "speaks":
        return _speaks(columns["language"], [_texts(a)[0] for a in read.args])
    if read.func.id == "links":
        return _links(rows, [_texts(a)[0] for a in read.args])
    if read.func.id == "own":
        return _own(rows, _texts(read.args[0])[0], None)
    assert isinstance(read.args[0], ast.Name)
    return _said(rows.column(COLUMN[read.args[0].id]), read.func.id, _texts(read.args[1])[0])


def _texts(node: ast.expr) -> list[str]:
    return [str(n.value) for n in ast.walk(node) if isinstance(n, ast.Constant)]


def _said(column: Any, ask: str, wanted: str) -> F32:
    """Case is ignored, as a person would expect of a search; a regular expression decides for itself with (?i)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    text = pc.fill_null(column, "")
    try:
        match ask:
            case "contains":
                found = pc.match_substring(text, wanted, ignore_case=True)
            case "count":
                found = pc.count_substring(text, wanted, ignore_case=True)
            case "starts" | "ends":
                trimmed = pc.utf8_trim_whitespace(text)
                found = (pc.starts_with if ask == "starts" else pc.ends_with)(trimmed, wanted, ignore_case=True)
            case _:
                found = pc.match_substring_regex(text, wanted)
    except pa.ArrowInvalid:
        raise RecipeError(
            "a pattern in matches() can't be read; allowed is RE2's syntax: no look-around, no back-reference"
        ) from None
    return np.ascontiguousarray(np.asarray(found), dtype=np.float32)


def _speaks(language: F32, wanted: list[str]) -> F32:
    unknown = [w for w in wanted if w not in PLACE]
    if unknown:
        raise RecipeError(f"speaks() has {', '.join(unknown)[:60]}; allowed are codes such as {', '.join(CODES[:12])}")
    said = np.isin(language, np.array([PLACE[w] for w in wanted], dtype=np.float32))
    return np.where(np.isnan(language), np.nan, said).astype(np.float32)


def _links(rows: Any, sites: list[str]) -> F32:
    """Whether prompt or answer links to one of the sites, or to a site below it."""
    hosts = "|".join(re.escape(site.removeprefix("www.")) for site in sites)
    pattern = rf"(?i)https?://(?:[\w.-]+\.)?(?:{hosts})(?:[/:?#\s\"'<>)\]]|$)"
    return np.maximum(*(_said(rows.column(name), "matches", pattern) for name in ("prompt", "response")))


def _own(rows: Any, name: str, wanted: str | None) -> F32:
    """A number of the user's own column, or whether its text is `wanted`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    held = rows.column("extra")
    held = held.combine_chunks() if isinstance(held, pa.ChunkedArray) else held
    coded = pc.dictionary_encode(pc.fill_null(held, "{}"))
    coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
    objects = [json.loads(t) if len(t) > 2 else {} for t in coded.dictionary.to_pylist()]
    if not any(name in o for o in objects):
        names = sorted({str(k) for o in objects[:1000] for k in o})[:20]
        raise RecipeError(
            f"own({json.dumps(name[:40])}) is no column of this data; its own columns are {', '.join(n[:40] for n in names) or 'none'}"
        )
    values = np.array([_cell(o.get(name), wanted) for o in objects], dtype=np.float32)
    place = coded.indices.to_numpy(zero_copy_only=False)
    return np.ascontiguousarray(values[place])


def _cell(value: Any, wanted: str | None) -> float:
    if wanted is not None:
        return float((value if isinstance(value, str) else json.dumps(value)) == wanted)
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return float("nan")
    return float(value) if isinstance(value, int | float) and abs(value) < 1e30 else float("nan")


def own_numbers(columns: Mapping[str, F32]) -> tuple[str, ...]:
    """Names that a formula can use, in order."""
    return tuple(sorted(c for c in columns if c.isidentifier()))
