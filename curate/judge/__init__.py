"""The judge: a model scores what survives, within a confirmed budget; every reply is kept before the next request."""

from __future__ import annotations

from curate.judge.columns import judge_columns, judge_key, with_judge
from curate.judge.prices import Prices
from curate.judge.rubric import Rubric, rubric_of

__all__ = ["Prices", "Rubric", "judge_columns", "judge_key", "rubric_of", "with_judge"]
