"""Recipes: a bad setting is named with what is allowed, and equal recipes are one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from curate.decide import Recipe
from curate.errors import RecipeError


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Recipe().with_setting("near", keep="tallest"), "near.keep is 'tallest'; allowed are longest"),
        (lambda: Recipe().with_setting("near", text=1.5), "near.text is 1.5; allowed is 0 to 1"),
        (lambda: Recipe().with_setting("near", meaning=float("nan")), "near.meaning"),
        (lambda: Recipe().with_rule("nonsense", low=1.0), "rule 'nonsense' is unknown; known are empty_prompt"),
        (lambda: Recipe().with_rule("too_short_answer", low=5.0, high=1.0), "low 5.0 above high 1.0"),
        (lambda: Recipe().with_setting("split", train=0.0, validation=0.0, test=0.0), "split shares are all 0"),
        (lambda: Recipe().with_setting("topics", size=1), "size >= 2"),
        (lambda: Recipe().with_setting("near", bands=200), "bands"),
        (lambda: replace(Recipe(), on_review="maybe"), "allowed are hold, keep"),
        (lambda: Recipe.from_toml("speed = 3"), "unknown key 'speed'"),
        (lambda: Recipe.from_toml("[near]\nspeed = 3"), r"\[near\] has the unknown key 'speed'; allowed are exact"),
        (lambda: Recipe.from_toml("[rules.refusal]\nname = 'x'"), "unknown key 'name'; allowed are low, high"),
        (lambda: Recipe.from_toml("[near]\ntext = 'much'"), "is str; expected float"),
        (lambda: Recipe.from_toml("[near]\ntext_enabled = 1"), "is int; expected bool"),
        (lambda: Recipe.from_toml("seed = true"), "is bool; expected int"),
        (lambda: Recipe.from_toml("version = 9"), "another version"),
        (lambda: Recipe.from_toml("preset = 'S9'"), "allowed are default"),
        (lambda: Recipe.from_toml("near = "), "is no TOML"),
    ],
)
def test_a_bad_setting_is_named(make: Callable[[], Recipe], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        make()


def test_equal_recipes_have_equal_fingerprints() -> None:
    one = Recipe().with_setting("near", text=1).with_setting("leak", text=0)
    two = Recipe().with_setting("near", text=np.float64(1)).with_setting("leak", text=-0.0)
    assert one == two and one.fingerprint == two.fingerprint
    seeded: Any = np.int64(7)
    assert replace(Recipe(), seed=7).fingerprint == replace(Recipe(), seed=seeded).fingerprint != Recipe().fingerprint
    assert Recipe.from_toml(two.to_toml()) == two
    odd = Recipe().with_setting("output", name='a"b\\c\n\x00é🙂')
    assert Recipe.from_toml(odd.to_toml()) == odd
