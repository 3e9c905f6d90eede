"""Contract "Recipe": TOML in and out, unknown keys refused by name, overrides by fingerprint, presets by name."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from cli_cases import cli, jsonl, rows

from curate import PRESETS, RULES, Overrides, Recipe, RecipeError, preset
from curate.ship import current


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_a_recipe_survives_toml(name: str) -> None:
    recipe = preset(name)
    again = Recipe.from_toml(recipe.to_toml())
    assert again == recipe and again.fingerprint == recipe.fingerprint
    assert again.to_toml() == recipe.to_toml()


def test_the_tables_and_keys() -> None:
    data = tomllib.loads(preset("default").to_toml())
    assert data["version"] == 1
    assert {"rules", "near", "leak", "conflict", "topics", "split", "embed"} <= set(data)
    assert set(data["rules"]) == {rule.name for rule in RULES}
    assert all(set(rule) == {"low", "high", "action", "enabled", "spare"} for rule in data["rules"].values())
    assert {"model", "dtype", "enabled"} <= set(data["embed"])
    shares = {"train", "validation", "test", "validation_rows", "test_rows"}
    assert set(data["split"]) == {*shares, "by", "folds", "group", "stratify"}
    assert set(PRESETS) == {"default", "strict", "precise", "S0", "S1", "S3"}


@pytest.mark.parametrize(
    ("text", "key"),
    [("colour = 1", "colour"), ("[near]\ncolour = 1", "colour"), ("[rules.colour]\nlow = 1", "colour"),
     ("[rules.refusal]\ncolour = 1", "colour"), ("[colour]\nx = 1", "colour")],
)  # fmt: skip
def test_unknown_keys_are_refused_by_name(text: str, key: str) -> None:
    with pytest.raises(RecipeError, match=key):
        Recipe.from_toml(text)


def test_a_short_recipe_is_a_preset_with_changes() -> None:
    recipe = Recipe.from_toml('preset = "S1"\n[rules.too_short_answer]\nlow = 5\n')
    assert recipe == preset("S1").with_rule("too_short_answer", low=5.0)
    assert recipe.fingerprint != preset("S1").fingerprint


def test_overrides_enter_by_fingerprint() -> None:
    plain = preset("default")
    decided = Recipe.from_toml(plain.to_toml(), Overrides.of({"0123456789abcdef-0": ("drop", "spam")}))
    assert tomllib.loads(decided.to_toml())["overrides"] == decided.overrides.fingerprint
    assert "0123456789abcdef" not in decided.to_toml()
    assert decided.fingerprint != plain.fingerprint


def test_an_exported_recipe_gives_the_same_export(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text('preset = "S3"\n[near]\nkeep = "longest"\n')
    data = jsonl(tmp_path / "d.jsonl", rows(20) + rows(5))
    words = ("run", data, "--no-vectors", "--out")
    assert cli(*words, tmp_path / "a", "--recipe", tmp_path / "r.toml").code == 0
    assert cli(*words, tmp_path / "b", "--recipe", current(tmp_path / "a") / "recipe.toml").code == 0
    assert current(tmp_path / "a").name == current(tmp_path / "b").name


def test_a_recipe_wins_over_a_preset(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text('preset = "S3"\n')
    data = jsonl(tmp_path / "d.jsonl", list(rows(3)))
    both = cli("audit", data, "--no-vectors", "--json", "-", "--recipe", tmp_path / "r.toml", "--preset", "S1").json
    alone = cli("audit", data, "--no-vectors", "--json", "-", "--preset", "S3").json
    assert both["fingerprints"]["recipe"] == alone["fingerprints"]["recipe"]
