"""Presets: the source documents' numbers as settings, and what they do to rows at their bounds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from decide_worlds import SCORES, World, evidence

from curate.decide import PRESETS, Recipe, decide, preset
from curate.decide.recipe import SECTIONS
from curate.errors import RecipeError
from curate.types import Action


def setting(recipe: Recipe, path: str) -> Any:
    """A setting by its TOML path: near.text, rules.too_short_answer.low, seed."""
    first, _, rest = path.partition(".")
    if first == "rules":
        name, _, part = rest.partition(".")
        return getattr(recipe.rule(name), part)
    return getattr(getattr(recipe, first), rest) if rest else getattr(recipe, first)


# Every field of S1's CurationConfig, where it stands here, and its value in preset S1 (D8: 32 bands in place of 16).
S1_FIELDS: dict[str, tuple[str, Any]] = {
    "exact_dedup": ("near.exact", "spaced"),
    "minhash_dedup": ("near.text_enabled", True),
    "minhash_similarity_threshold": ("near.text", 0.8),
    "minhash_num_hashes": ("near.hashes", 128),
    "minhash_num_bands": ("near.bands", 32),
    "embedding_dedup": ("near.meaning_enabled", False),
    "embedding_similarity_threshold": ("near.meaning", 0.92),
    "min_input_tokens": ("rules.too_short_prompt.low", 20.0),
    "max_input_tokens": ("rules.too_long_prompt.high", 2048.0),
    "min_output_tokens": ("rules.too_short_answer.low", 10.0),
    "max_output_tokens": ("rules.too_long_answer.high", 1024.0),
    "max_repetition_ratio": ("rules.repeated_bigrams.high", 0.15),
    "llm_judge": ("judge.enabled", False),
    "llm_judge_model": ("judge.model", "claude-haiku-4-5-20251001"),
    "min_quality_score": ("rules.low_judge_score.low", 3.5),
    "llm_judge_max_examples": ("judge.max_rows", 0),
    "output_dir": ("output.dir", "curated_dataset"),
    "dataset_name": ("output.name", "curated"),
    "random_seed": ("seed", 42),
}


@pytest.mark.parametrize("field", S1_FIELDS)
def test_every_field_of_s1s_config_has_a_setting(field: str) -> None:
    path, value = S1_FIELDS[field]
    recipe = preset("S1")
    assert setting(recipe, path) == value
    if path.startswith("rules."):
        assert recipe.rule(path.split(".")[1]).enabled
    assert setting(Recipe.from_toml(recipe.to_toml()), path) == value


def kept(name: str, **columns: float) -> bool:
    """Whether one row with these measures is kept by a preset."""
    values = {k: np.array([v], np.float32) for k, v in columns.items()}
    ev = evidence(World(((0, 0, 0),), ((0, False),), (0,), {}, values, ()))
    return decide(ev, preset(name)).count(Action.KEEP) == 1


@pytest.mark.parametrize(
    ("name", "column", "inside", "outside"),
    [
        ("S0", "shape_s0", 0.7, 0.699),  # composite >= .7 stays: .4 + .3 is enough (D14)
        ("S1", "prompt_words", 20, 19), ("S1", "prompt_words", 2048, 2049),
        ("S1", "answer_words", 10, 9), ("S1", "answer_words", 1024, 1025),
        ("S1", "repeated_bigrams", 0.15, 0.151),
        ("S1", "judge_overall", 3.5, 3.49), ("S1", "judge_exclude", 0, 1),
        ("S3", "shortest_answer_chars", 10, 9), ("S3", "longest_answer_chars", 4000, 4001),
        ("S3", "shape_s3", 0.8, 0.7),  # > .7: one fault of .3 is enough to go (D14)
        ("S3", "prompt_empty", 0, 1), ("S3", "answer_empty", 0, 1),
        ("default", "answer_ratio", 0.02, 0.019), ("default", "answer_ratio", 30, 30.1),
        ("default", "window_repetition", 0.6, 0.61), ("default", "answer_empty", 0, 1),
        ("default", "refusal_full", 0, 1), ("default", "special_token", 0, 1), ("default", "placeholder", 0, 1),
        ("strict", "refusal_full", 0, 1),
    ],
)  # fmt: skip
def test_bounds(name: str, column: str, inside: float, outside: float) -> None:
    assert kept(name, **{column: inside}) and not kept(name, **{column: outside})


@pytest.mark.parametrize("name", PRESETS)
def test_what_a_preset_does_not_ask_for_it_does_not_judge(name: str) -> None:
    assert kept(name)
    recipe = preset(name)
    assert recipe.preset == name and Recipe.from_toml(f"preset = {name!r}") == recipe


def near(name: str | Recipe, same_prompt: bool = False, guards: int = 0, **scores: Any) -> tuple[str, ...]:
    """Reasons of the later of two rows with these scores under a preset."""
    table = dict.fromkeys(SCORES, np.nan)
    texts = ((0, 0, 0), (0 if same_prompt else 2, 0, 5))
    columns = {"answer_words": np.array([300.0, 100.0], np.float32)}
    world = World(texts, ((0, False), (1, False)), (0, 1), {(0, 1): ({**table, **scores}, guards)}, columns, ())
    ev = evidence(world)
    recipe = preset(name) if isinstance(name, str) else name
    return decide(ev, recipe).why(int(np.argmax(ev.orders["first"])))


def test_s0_goes_by_the_prompts_meaning_alone_with_guards() -> None:
    assert near("S0", prompt_cosine=0.951) == ("near_meaning",)
    assert near("S0", prompt_cosine=0.949) == ()
    assert near("S0", prompt_cosine=0.992, guards=32) == ()  # 10 miles to kilometers (D5)
    assert near("S0", same_prompt=True, prompt_jaccard=1.0) == ("near_meaning",)
    assert near("S0", prompt_jaccard=0.99, answer_jaccard=0.99) == ()


@pytest.mark.parametrize("name", ["S1", "S3"])
def test_s1_and_s3_go_by_text_on_both_sides(name: str) -> None:
    assert near(name, prompt_jaccard=0.8, answer_jaccard=0.8) == ("near_text",)
    assert near(name, prompt_jaccard=0.8, answer_jaccard=0.79) == ()
    assert near(name, prompt_cosine=0.99, answer_cosine=0.99) == ()


def test_how_sure_leaves_wording_to_the_probability() -> None:
    sure = preset("default").with_setting("near", guards="sure", text=0.7)
    alike: dict[str, Any] = {"prompt_jaccard": 0.7, "answer_jaccard": 0.9}
    assert near(sure, **alike, prompt_same=0.5, answer_same=0.9) == ("near_text",)
    assert near(sure, **alike, prompt_same=0.49, answer_same=0.9) == ()
    assert near(sure, **alike, prompt_same=0.9, answer_same=0.49) == ()
    assert near(sure, **alike) == (), "not measured is not sure"
    assert near(sure, **alike, prompt_same=0.9, answer_same=0.9, guards=1) == ("near_text",)
    for bits in (0x40, 0x4000, 0x80):  # code, in the prompt or the answer, and another system prompt
        assert near(sure, **alike, prompt_same=0.9, answer_same=0.9, guards=bits) == ()


def test_precise_asks_that_text_and_meaning_agree() -> None:
    both: dict[str, Any] = {"prompt_jaccard": 0.8, "answer_jaccard": 0.8, "prompt_cosine": 0.92, "answer_cosine": 0.92}
    assert near("precise", **both) == ("near_text", "near_meaning")
    assert near("precise", **{**both, "answer_cosine": 0.91}) == ()
    assert near("precise", **{**both, "prompt_jaccard": 0.79}) == ()
    assert near("precise", **both, guards=1) == ()
    assert near("precise", prompt_jaccard=0.9, answer_jaccard=0.9) == (), "not measured is not agreed"


def test_the_default_holds_contradictions_and_strict_drops_what_it_reviews() -> None:
    assert near("default", prompt_cosine=0.915, conflict=0.9) == ("contradiction",)
    assert {r.action for r in preset("strict").rules} == {"drop"}
    assert {r.name for r in preset("strict").rules if r.enabled} == {
        r.name for r in preset("default").rules if r.enabled
    }


def test_splits_and_seed() -> None:
    for name in PRESETS:
        recipe = preset(name)
        assert (recipe.split.train, recipe.split.validation, recipe.split.test) == (0.8, 0.1, 0.1) and recipe.seed == 42
        assert recipe.near.guards == "on"


def test_an_unknown_preset_lists_the_known() -> None:
    with pytest.raises(RecipeError, match="'S2' is unknown; allowed are default, strict, precise, S0, S1, S3"):
        preset("S2")


def test_toml_changes_only_what_it_names() -> None:
    changed = Recipe.from_toml('preset = "S1"\n[rules.too_short_answer]\nlow = 5\n[near]\ntext = 0.9\n')
    expected = preset("S1").with_rule("too_short_answer", low=5.0).with_setting("near", text=0.9)
    assert changed == expected
    assert set(SECTIONS) == {
        k for k in vars(Recipe()) if k not in ("preset", "seed", "on_review", "rules", "overrides")
    }
