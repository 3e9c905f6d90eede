"""The README's "Add a rule", done: a column function, one line in each of two tables, and the rule is everywhere."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest

from curate.decide import Recipe, decide
from curate.decide.rule import Rule
from curate.decide.rules import RULES
from curate.load import load
from curate.measure import measure
from curate.measure import run as measuring
from curate.measure import signals as tables
from curate.measure import table as planning

README = (
    (Path(__file__).parent.parent / "README.md")
    .read_text("utf-8")
    .partition("\n## Add a rule\n")[2]
    .partition("\n## ")[0]
)


def commas(rows: object) -> dict[str, np.ndarray]:
    """How many commas the answer has."""
    return {"commas": np.asarray(pc.count_substring(rows.column("response"), ","), dtype=np.float32)}  # type: ignore[attr-defined]


def test_a_column_and_two_entries_are_a_rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    more = (*tables.SIGNALS, tables.Signal("commas", 1, ("commas",), commas))
    for module in (measuring, planning):
        monkeypatch.setattr(module, "SIGNALS", more)
    rule = Rule(
        "many_commas",
        "commas",
        high=2,
        action="review",
        enabled=True,
        group="Answers",
        help="More commas than `high`.",
        source="our own",
    )
    recipe = Recipe(rules=(*RULES, rule)).with_setting("embed", enabled=False)
    path = tmp_path / "rows.jsonl"
    path.write_text(
        "".join(json.dumps({"prompt": f"List {k}", "completion": "a" + ", b" * k}) + "\n" for k in range(5)),
        encoding="utf-8",
    )
    data = load([path])
    made = decide(measure(data, recipe=recipe), recipe)
    assert (
        made.carries("many_commas").sum() == 2
        and "many_commas" in made.codes
        and "[rules.many_commas]" in recipe.to_toml()
    )


def test_the_readmes_section_is_short_and_its_entries_are_real() -> None:
    code = README.partition("```python\n")[2].partition("```")[0].strip()
    call = ast.parse(code, mode="eval").body
    assert isinstance(call, ast.Call) and len(README.strip().splitlines()) <= 16
    rule = Rule(
        *(ast.literal_eval(a) for a in call.args), **{k.arg: ast.literal_eval(k.value) for k in call.keywords if k.arg}
    )
    shipped = next(r for r in RULES if r.name == rule.name)
    assert (rule.column, rule.high, rule.action) == (shipped.column, shipped.high, shipped.action)
    assert 'Signal("answers", answers.VERSION, answers.COLUMNS, answers.measure_answers)' in README
