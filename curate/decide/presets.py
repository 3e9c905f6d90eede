"""Presets: the source documents' own numbers, and a default that avoids what was measured to be wrong with them.

S0 `Data Quality for Fine-Tuning`, S1 `Dataset Curation for Fine-Tuning`, S3 `Data Formats`: their thresholds over our
measures, guards on (requirements.md 7-9, 16-23, 46-48, 52). Each number of the default stands with its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from curate.decide.recipe import Conflict, Judge, Leak, Near, Recipe, Split, TopicCut
from curate.errors import RecipeError


def _default() -> Recipe:
    # Every guard on, not `sure`: the fitted probability takes a polite "Can I get ..." for a question that any word flips,
    # and so misses planted rewordings that cosine .95 finds (tests/test_sample_truth.py). It is one setting away.
    recipe = Recipe(preset="default")
    for name in (
        "empty_prompt",
        "empty_answer",
        "role_order",
        "last_role_user",
        "refusal",
        "partial_refusal",
        "special_token",
        "placeholder",
        "answer_in_prompt",
        "toxic",
        "injection",
        "pii_card",
        "pii_iban",
        "pii_ssn",
        "pii_secret",
        "pii_licence",
        "pii_email",
        "pii_phone",
        "pii_ip",
        "truncated",
        "cut_by_limit",
        "debris",
        "unanswered",
        "other_language",
    ):
        recipe = recipe.with_rule(name, enabled=True)
    # The rule's own .5 flags 1 ordinary text in 800; drug leaflets that speak of harm lie between .5 and .9.
    recipe = recipe.with_rule("toxic", high=0.9)
    # Fixed floors reject short labels ("billing", D28) and S0's own good answer (D1); a share of the median does not.
    recipe = recipe.with_rule("answer_below_median", enabled=True, low=0.02)
    # The longest of 52,002 Alpaca answers is 23 medians long; 30 leaves honest long answers alone.
    recipe = recipe.with_rule("answer_above_median", enabled=True, high=30.0)
    # S1's .15 over the whole answer flags clean long prose (D15: .135 at 3,500 words); a stuck loop passes .6 in 100.
    recipe = recipe.with_rule("repetitive_answer", enabled=True, high=0.6)
    return recipe.with_rule("low_judge_score", enabled=True, low=3.5).with_rule("judge_exclude", enabled=True)


def _s0() -> Recipe:
    """S0: composite >= .7; prompts at cosine > .95 (first user message; ours: all user turns), the first row stays."""
    recipe = Recipe(
        preset="S0",
        near=Near(exact="off", text_enabled=False, meaning=0.95, view="prompt", keep="first"),
        conflict=Conflict(enabled=False),
    )
    return recipe.with_rule("low_shape", enabled=True, low=0.7)


def _s1() -> Recipe:
    """S1: every field of its CurationConfig. Its judge is off there too, and waits for a confirmed cost."""
    recipe = Recipe(
        preset="S1",
        seed=42,
        near=Near(exact="spaced", text=0.8, meaning_enabled=False, meaning=0.92, keep="first", hashes=128, bands=32),
        judge=Judge(enabled=False, model="claude-haiku-4-5-20251001"),
        conflict=Conflict(enabled=False),
        topics=TopicCut(cap=0),
    )
    recipe = recipe.with_rule("too_short_prompt", enabled=True, low=20.0).with_rule(
        "too_long_prompt", enabled=True, high=2048.0
    )
    recipe = recipe.with_rule("too_short_answer", enabled=True, low=10.0).with_rule(
        "too_long_answer", enabled=True, high=1024.0
    )
    recipe = recipe.with_rule("repeated_bigrams", enabled=True, high=0.15)
    # The other rows of its table; its code has none of them but the patterns, so they hold for review and drop nothing.
    recipe = recipe.with_rule("s1_personal_data", enabled=True).with_rule("toxic", enabled=True, high=0.1)
    for name in (
        "other_language",
        "truncated",
        "cut_by_limit",
        "json_invalid",
        "role_order",
        "empty_prompt",
        "empty_answer",
    ):
        recipe = recipe.with_rule(name, enabled=True, action="review")
    # Its literal numbers stand ready and off: .95 rejects half of good English rows, and nobody defines expected length (D21).
    recipe = recipe.with_rule("language_unsure", low=0.95).with_rule("completion_ratio", low=0.8)
    return recipe.with_rule("low_judge_score", enabled=True, low=3.5).with_rule("judge_exclude", enabled=True)


def _s3() -> Recipe:
    """S3: level 1 (roles, empties, 10-4000 characters), level 2 (> .7), level 3 (Jaccard .8)."""
    recipe = Recipe(
        preset="S3",
        near=Near(exact="content", text=0.8, meaning_enabled=False, keep="first"),
        leak=Leak(text=0.8),
        conflict=Conflict(enabled=False),
        split=Split(0.8, 0.1, 0.1),
    )
    for name in ("empty_prompt", "empty_answer"):
        recipe = recipe.with_rule(name, enabled=True, action="drop")
    for name in ("s3_short_answer", "s3_long_answer", "s3_empty_message", "s3_no_user", "s3_no_assistant"):
        recipe = recipe.with_rule(name, enabled=True)
    # "keep > 0.7": the bound itself drops, so low diversity alone (1.0 - 0.3) drops (D14).
    return recipe.with_rule("low_diversity", enabled=True, low=0.7001)


def _strict() -> Recipe:
    """The default with every review made a drop, for runs that nobody will look at."""
    recipe = _default()
    for rule in recipe.rules:
        recipe = recipe.with_rule(rule.name, action="drop")
    from dataclasses import replace

    return replace(recipe, preset="strict")


def _precise() -> Recipe:
    """The default for medical, legal and safety data (S1 Q2): near text is a duplicate only where the vectors agree too.

    S1's .8 (Jaccard) and .92 (cosine), both views, every guard on. What that costs in recall is measured on labelled pairs
    (benchmarks/near_dup.py prints it). Without vectors nothing is near: only exact copies go.
    """
    from dataclasses import replace

    near = Near(text=0.8, meaning=0.92, match="all", guards="on")
    return replace(_default(), preset="precise", near=near)


PRESETS: Mapping[str, Callable[[], Recipe]] = {
    "default": _default,
    "strict": _strict,
    "precise": _precise,
    "S0": _s0,
    "S1": _s1,
    "S3": _s3,
}


@cache
def preset(name: str) -> Recipe:
    """The recipe of that name. Errors: RecipeError that lists the names."""
    if name not in PRESETS:
        raise RecipeError(f"preset {name!r} is unknown; allowed are {', '.join(PRESETS)}")
    return PRESETS[name]()
