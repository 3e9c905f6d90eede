"""The quality page: every row rule with its switch, bound, histogram and rows; ten pitfalls and where to see them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import streamlit as st

from curate.decide import Rule
from curate.types import F32, Action, Verdicts
from curate.ui import frame, rowtable, settings, words
from curate.ui.loaded import Loaded, Rows
from curate.views import figures
from curate.views import figures_stats as stats

GROUPS: Mapping[str, tuple[str, ...]] = {
    "Length": (
        "answer_below_median",
        "answer_above_median",
        "too_short_answer",
        "too_long_answer",
        "too_short_prompt",
        "too_long_prompt",
        "answer_characters",
    ),
    "Form": ("empty_prompt", "empty_answer", "role_order", "last_role_user", "special_token", "placeholder"),
    "Repetition": ("repetitive_answer", "repeated_bigrams"),
    "Phrases": ("refusal", "bad_phrase"),
    "Scores": ("low_shape", "low_diversity", "low_judge_score", "judge_exclude"),
}
MORE = "More"
PITFALLS = (
    (
        "Label leakage",
        "the prompt holds its own answer",
        "All rows: search a piece of the answer in the prompt",
        "rows",
    ),
    (
        "Distribution mismatch",
        "training prompts are unlike real ones",
        "Overview: distributions; keep messy and hard cases",
        "overview",
    ),
    ("Recency bias", "old answers outlive the facts", "Duplicates: keep the newest row of a group", "duplicates"),
    ("Format overfitting", "every answer has one layout", "Overview: shape scores bunch in one place", "overview"),
    ("Near-duplicate contamination", "copies differ in a word", "Duplicates: near text and near meaning", "duplicates"),
    ("Length bias", "long is taken for good", "Overview: answer length, and S1's coefficient", "overview"),
    ("Topic concentration", "80 % of rows about 20 % of topics", "Overview: topics, five largest", "overview"),
    ("Annotation inconsistency", "alike questions, answers that differ", "All rows: reason contradiction", "rows"),
    ("Evaluation contamination", "test questions in training", "Load: evaluation files; their copies leave", "load"),
    ("Temporal leakage", "answers know what came later", "All rows: filter by the time column", "rows"),
)


def show(data: Loaded, made: Verdicts) -> None:
    """One group of rules at a time: what is not on the screen costs nothing."""
    known = {name for names in GROUPS.values() for name in names}
    more = tuple(r.name for r in made.recipe.rules if r.name not in known)
    groups = dict(GROUPS) | ({MORE: more} if more else {})
    counts = {g: _removed(made, names) for g, names in groups.items()}
    chosen = st.segmented_control(
        "Rules",
        list(groups),
        key="quality.group",
        default="Length",
        required=True,
        label_visibility="collapsed",
        format_func=lambda g: f"{g} · {counts[g]:,}" if counts[g] else g,
    )
    st.caption("The number is the count of rows that a group holds back. A row keeps all its reasons.")
    for name in groups[chosen or "Length"]:
        _rule(data, made, made.recipe.rule(name))
    pitfalls()


def _removed(made: Verdicts, names: tuple[str, ...]) -> int:
    gone = (made.action == Action.DROP) | (made.action == Action.REVIEW)
    return int(np.count_nonzero(made.carries(*names) & gone))


def _rule(data: Loaded, made: Verdicts, rule: Rule) -> None:
    with st.container(border=True, key=f"box.rule.{rule.name}"):
        left, right = st.columns([2, 3], gap="medium")
        with left:
            with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
                settings.rule_switch(rule)
                settings.rule_action(rule)
            st.caption(rule.help.replace("`", ""), help=f"Source: {rule.source}")
            column = data.evidence.columns.get(rule.column)
            if column is None:
                st.caption(":material/pending: Not measured, so it trips on no row.")
                return
            if not rule.fact:
                settings.rule_slider(rule, *map(float, rule.span))
            failing = failing_rows(data, rule)
            _counts(made, rule, failing)
            if failing.shape[0] and st.button(
                f"See {words.rows(failing.shape[0])}",
                key=f"rule.{rule.name}.rows",
                type="tertiary",
                icon=":material/table_rows:",
            ):
                rowtable.dialog(data, made, failing, f"rule.{rule.name}", rule.help)
        with right:
            if not rule.fact:
                _histogram(data, rule, column)


def failing_rows(data: Loaded, rule: Rule) -> Rows:
    """Pool rows that fail a rule, on or off."""
    column = data.evidence.columns[rule.column]
    return data.remember(
        ("fails", rule.name, rule.low, rule.high), lambda: np.flatnonzero(rule.fails(column) & ~data.evidence.frozen)
    )


def _counts(made: Verdicts, rule: Rule, failing: Rows) -> None:
    if not rule.enabled:
        st.caption(f"Off. On, it would hold back {words.rows(failing.shape[0])}.")
        return
    at = made.funnel.codes.index(rule.name)
    st.markdown(
        f"**{made.funnel.all[at]:,}** fail · {made.funnel.first[at]:,} fail it first · {made.funnel.only[at]:,} "
        "fail only this"
    )


def _histogram(data: Loaded, rule: Rule, column: F32) -> None:
    values = column[data.pool]
    edges = data.remember(("edges", rule.column), lambda: stats.edges_of(values))

    def made() -> tuple[stats.Bins, stats.Bins]:
        fails = rule.fails(values)
        return stats.binned(values[~fails], edges), stats.binned(values[fails], edges)

    inside, outside = data.remember(("rule bins", rule.name, rule.low, rule.high), made)
    bounds = [(getattr(rule, s), s) for s in settings.sides(rule)]
    st.plotly_chart(
        figures.rule_histogram(inside, outside, rule.unit or rule.column.replace("_", " "), bounds),
        key=f"rule.{rule.name}.chart",
        config=figures.PLAIN,
        alt=f"Rows by {rule.column}, with the bounds of {rule.name}",
    )


def pitfalls() -> None:
    """S1's ten pitfalls and the page on which each can be seen."""
    with st.expander("Ten pitfalls, and where to look for each", key="quality.pitfalls", icon=":material/menu_book:"):
        for name, sign, where, url in PITFALLS:
            left, right = st.columns([5, 1], vertical_alignment="center")
            left.markdown(f"**{name}**: {sign}. {where}.")
            right.page_link(frame.page(url), label="Look", icon=":material/arrow_forward:")
