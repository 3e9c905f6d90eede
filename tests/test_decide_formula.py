"""Rules of a person's own: the expression is walked and never run, three-valued, and a row fails only for what is known."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.decide import Recipe, decide, preset
from curate.decide.changes import from_preset
from curate.decide.formula import columns_of, own_rule, parse, terms_of, values_of
from curate.errors import RecipeError
from curate.load import load
from curate.measure.run import measure
from curate.types import Action

NAN = float("nan")


def value(formula: str, **columns: float) -> float:
    made = values_of(own_rule("mine", formula), {k: np.array([v], np.float32) for k, v in columns.items()})
    assert made is not None and made.dtype == np.float32
    return float(made[0])


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("a + 2 * b", 7), ("(a + b) / 2", 2), ("-a", -1), ("a < b < 4", 1), ("a < b < 3", 0), ("a == 1 and b != 3", 0),
        ("not a > 5", 1), ("min(a, b, 0)", 0), ("max(a, b)", 3), ("abs(a - b)", 2), ("log(a)", 0), ("1 / (a - 1)", NAN),
        ("missing(c)", 1), ("c > 1", NAN), ("c > 1 or a == 1", 1), ("c > 1 and a == 2", 0), ("c > 1 and a == 1", NAN), ("c + 1", NAN),
        ("True", 1), ("log(a - 1)", NAN),
    ],
)  # fmt: skip
def test_values_and_what_is_not_known(formula: str, expected: float) -> None:
    assert value(formula, a=1, b=3, c=NAN) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    "formula",
    [
        "__import__('os').system('id')", "a.b", "a[0]", "[a for a in b]", "lambda: 1", "a ** 999999", "exec('1')", "(x := 3)", "f'{a}'",
        "a if b else c", "open('x')", "'text'", "a @ b", "a << 3", "contains(a, 'x')", "contains(answer)", "contains(answer, '')",
        "own(a)", "min(a)", "", "a +", "1e400", "10 ** 30", "a is b", "a in b", "*a", "{a}", "contains(answer, 'x', k=1)", "not", "()", "speaks()", "speaks(1)", "links(a)",
        "a" * 2_000, "+".join(["a"] * 500), "(" * 80 + "a" + ")" * 80 + "(", "-" * 200 + "a", "a and " * 900 + "a", "\0",
    ],
)  # fmt: skip
def test_anything_else_is_refused(formula: str) -> None:
    with pytest.raises(RecipeError):
        own_rule("mine", formula)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=40))
def test_no_text_does_anything_but_be_read_or_refused(text: str) -> None:
    try:
        rule = own_rule("mine", text)
    except RecipeError:
        return
    assert Recipe().with_own("mine", text).rule("mine") == rule


SIGNS: dict[str, Callable[[float, float], float]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "<": operator.lt, ">=": operator.ge, "==": operator.eq,
}  # fmt: skip
Said = tuple[str, Callable[[float, float], float]]


def _both(one: Said, sign: str, two: Said) -> Said:
    return f"({one[0]} {sign} {two[0]})", lambda a, b: float(SIGNS[sign](one[1](a, b), two[1](a, b)))


ATOMS: list[Said] = [
    ("a", lambda a, b: a + 0 * b), ("b", lambda a, b: b + 0 * a), ("1.5", lambda a, b: 1.5 + 0 * a * b), ("-2", lambda a, b: -2.0 + 0 * a * b),
]  # fmt: skip
SUMS = st.recursive(
    st.sampled_from(ATOMS), lambda kids: st.builds(_both, kids, st.sampled_from(list(SIGNS)), kids), max_leaves=8
)


@settings(max_examples=150, deadline=None)
@given(SUMS, st.integers(-3, 3), st.integers(-3, 3))
def test_numbers_agree_with_python(said: Said, a: int, b: int) -> None:
    assert value(said[0], a=a, b=b) == pytest.approx(said[1](a, b), rel=1e-5)


def test_terms_are_named_once_and_canonically() -> None:
    rule = own_rule("mine", "contains( answer , 'it''s' ) or own('n')>2 or own('src') == \"x\" or 'y' != own('src')")
    assert terms_of((rule, rule)) == ('contains(answer, "its")', 'own("n")', 'own("src") == "x"', 'own("src") == "y"')
    assert rule.fact and not own_rule("m", "count(answer, 'x')").fact and not own_rule("m", "own('n') + 1").fact
    assert columns_of(own_rule("m", "a < b")) == {"a", "b"} and parse("a<b") is parse("a<b")


def rows(tmp_path: Path) -> Any:
    import json

    path = tmp_path / "rows.jsonl"
    texts = [
        "Escalate this at once.",
        "A plain answer, see https://www.spam.example/x for more.",
        "I will ESCALATE.",
        "Nothing here.",
    ]
    lines = [
        {"prompt": f"Question {k}?", "completion": t, "rating": r, "src": s}
        for k, (t, r, s) in enumerate(zip(texts, [1, "2.5", None, 4], ["x", "y", "x", None], strict=True))
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return load([path])


def held(data: Any, recipe: Recipe) -> set[str]:
    made = decide(measure(data, recipe=recipe), recipe)
    return {
        data.text("response", int(k)) for k in np.flatnonzero(made.carries("mine") & (made.action == Action.REVIEW))
    }


@pytest.mark.parametrize(
    ("formula", "starts"),
    [
        ("contains(answer, 'escalate')", {"Esc", "I w"}), ("matches(answer, '^I .*E')", {"I w"}), ("starts(answer, 'nothing')", {"Not"}),
        ("ends(answer, 'here.')", {"Not"}), ("count(answer, 'i') >= 2", {"I w"}), ("own('rating') < 3", {"Esc", "A p"}),
        ("own('src') == 'x'", {"Esc", "I w"}), ("links('spam.example')", {"A p"}),
        ("not speaks('de', 'fr')", {"Esc", "A p", "I w"}), ("speaks('de')", set()), ("missing(own('rating'))", {"I w"}), ("answer_words < 3 or contains(prompt, '1')", {"A p", "Not"}),
    ],
)  # fmt: skip
def test_a_rule_over_text_and_own_columns(tmp_path: Path, formula: str, starts: set[str]) -> None:
    recipe = replace(preset("default"), embed=replace(preset("default").embed, enabled=False))
    found = {t[:3] for t in held(rows(tmp_path), recipe.with_own("mine", formula))}
    assert found == starts


def test_a_score_of_its_own_has_bounds(tmp_path: Path) -> None:
    recipe = replace(preset("default"), embed=replace(preset("default").embed, enabled=False))
    scored = recipe.with_own("mine", "10 * answer_words", high=25.0)
    assert {t[:3] for t in held(rows(tmp_path), scored)} == {"Esc", "A p", "I w"}
    assert held(rows(tmp_path), scored.with_rule("mine", high=100.0)) == set()


@pytest.mark.parametrize("formula", ["nobody > 1", "own('nothing') > 1", "matches(answer, '(?=a)')", "speaks('zzz')"])
def test_what_nothing_measures_is_said(tmp_path: Path, formula: str) -> None:
    recipe = Recipe().with_setting("embed", enabled=False).with_own("mine", formula)
    with pytest.raises(RecipeError):
        measure(rows(tmp_path), recipe=recipe)


def test_it_is_kept_in_the_recipe() -> None:
    made = preset("default").with_own(
        "mine", 'contains(answer, "a \\"b\\"") and answer_words > 3', action="drop", help="ours"
    )
    made = made.with_own("shape", "0.5 * answer_words", low=2.0)
    back = Recipe.from_toml(made.to_toml())
    assert back == made and back.fingerprint == made.fingerprint
    assert [c.path for c in from_preset(made)] == ["rules.mine", "rules.shape"]
    assert made.without_own("mine").without_own("shape") == preset("default")
    assert made.without_own("refusal") == made
    for name in ("refusal", "near_text", "Big", "9x", "x" * 41, "", "a b"):
        with pytest.raises(RecipeError):
            made.with_own(name, "answer_words > 1")
    changed = made.with_own("mine", "answer_words > 4")
    assert changed.rule("mine").action == "drop" and math.isinf(changed.rule("mine").low)
