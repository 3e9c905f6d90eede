"""Every default number that S1, S2 and S3 give for the judge and the teacher, read off the code; and what is computed from scores."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from curate.decide import preset
from curate.decide.recipe import Judge
from curate.judge import columns, work, worth
from curate.judge.prices import SHIPPED, parse_prices
from curate.judge.rubric import shipped
from curate.make import missing, order, seeds, sieve, teacher
from curate.store import Judgement

PRICES = parse_prices(SHIPPED.read_text("utf-8"))
RULE = preset("default").rule("low_judge_score")
# name -> (what the code has, what the documents say, where)
DEFAULTS: dict[str, tuple[Any, Any, str]] = {
    "characters of a text": (Judge().max_chars, 1500, "S1"),
    "output tokens": (Judge().max_tokens, 512, "S1"),
    "attempts": (work.Pace().attempts, 3, "S1"),
    "seconds after a bad reply, times the attempt": (work.Pace().bad, 1.0, "S1"),
    "seconds after a limit, times the attempt": (work.Pace().limited, 5.0, "S1"),
    "keep from": ((RULE.low, RULE.enabled), (3.5, True), "S1"),
    "exclude at a dimension of": (columns.LOWEST, 1, "S1"),
    "exclude under an overall of": (columns.LEAST, 3, "S1"),
    "H4's line": (worth.LOW, 3.0, "S1"),
    "dimensions": (
        shipped().names,
        ("correctness", "helpfulness", "instruction_following", "completeness", "quality"),
        "S1",
    ),
    "weights": ({d.weight for d in shipped().dimensions}, {1.0}, "S1: equal until somebody sets them"),
    "row cap": (Judge().max_rows, 0, "none until somebody sets one"),
    "batch price": (PRICES.batch, 0.5, "the Batches API"),
    "S1's preset is off and has S1's model": (
        (preset("S1").judge.enabled, preset("S1").judge.model),
        (False, "claude-haiku-4-5-20251001"),
        "S1",
    ),
    "over-generate": (order.OVER, 2, "S3"),
    "variations of a seed": (order.EACH, 10, "S3: 50 x 10"),
    "rows wanted": (order.WANT, 500, "S3: 50 x 10 = 500"),
    "target": (order.TARGET, (500, 2_000), "S3"),
    "one in so many read": (sieve.REVIEW, 10, "S0, S3"),
    "hard cases": (missing.WANTED, {"hard_negative": 20, "ambiguous": 20, "refusal": 5, "out_of_scope": 5}, "S2"),
    "kinds that need their rule": (teacher.NEED_RULE, ("ambiguous", "refusal"), "S2"),
    "thin": (seeds.THIN, 3, "ours: a third of the median"),
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_a_default_is_the_documents(name: str) -> None:
    has, says, where = DEFAULTS[name]
    assert has == says, where


def test_the_default_model_is_current_and_s3s_is_retired() -> None:
    assert Judge().model in PRICES.models and PRICES.as_of >= "2026"
    assert "claude-sonnet-4-20250514" in PRICES.retired and not set(PRICES.retired) & set(PRICES.models)


def test_more_tokens_up_to_four_times() -> None:
    assert work.RAISE == 4


def test_the_rubric_holds_an_excellent_short_answer() -> None:
    assert any(len(e["answer"].split()) <= 8 and set(e["scores"].values()) == {5} for e in shipped().examples), (
        "else a judge learns that long is good"
    )
    assert next(iter(shipped().schema["properties"])) == "reasoning", "S1: reasoning before the scores"


@pytest.mark.parametrize(
    ("scores", "said", "excluded"),
    [((5, 5, 5, 5, 5), 5, 0), ((5, 5, 5, 1, 5), 4, 1), ((3, 3, 3, 3, 3), 3, 0), ((2, 2, 2, 2, 2), 2, 1)],
)
def test_exclude_is_computed(scores: tuple[int, ...], said: int, excluded: int) -> None:
    """Whatever the reply's own `exclude` says."""
    for own in (0.0, 1.0):
        made = dict(zip(shipped().names, map(float, scores), strict=True)) | {"overall": float(said), "exclude": own}
        found = columns._columns([Judgement("a", made)], shipped())
        assert found["judge_exclude"][0] == excluded


def test_a_cut_row_has_no_completeness_and_is_not_excluded_for_it() -> None:
    made = dict.fromkeys(shipped().names, 4.0) | {"completeness": 1.0, "overall": 4.0, "exclude": 0.0}
    found = columns._columns([Judgement("a", made, cut=True), None], shipped())
    assert np.isnan(found["judge_completeness"][0]) and found["judge_exclude"][0] == 0 and found["judge_cut"][0] == 1
    assert np.isnan(found["judge_failed"][1]), "a row past the cap is not judged, not failed"
