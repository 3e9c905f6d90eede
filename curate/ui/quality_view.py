"""The quality page: every row rule with its switch, bound, histogram and rows; rules of one's own; checks of the whole set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from curate.decide import Rule
from curate.decide.edit import Edit, Lengths
from curate.decide.effective import effective, key_of
from curate.decide.formula import GROUP as OWN
from curate.decide.formula import values_of
from curate.decide.topics import topic_set
from curate.decide.verdicts import rows_only
from curate.types import F32, Action, Verdicts
from curate.ui import inert, quality_change, quality_own, quality_set, rowtable, session, settings, words
from curate.ui.loaded import Loaded, Rows
from curate.views import figures
from curate.views import figures_stats as stats

# Rules that name no group of their own, then the order in which groups are shown.
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
    "Turns and tokens": (
        "empty_prompt",
        "empty_answer",
        "role_order",
        "last_role_user",
        "special_token",
        "placeholder",
    ),
    "Repetition": ("repetitive_answer", "repeated_bigrams"),
    "Answers": (),
    "Refusals": (),
    "Leakage": (),
    "Safety": (),
    "Personal data": (),
    "Language": (),
    "Prompts": (),
    "Scores": ("low_shape", "low_diversity", "low_judge_score", "judge_exclude", "judge_failed"),
    "S0, S1, S3": ("bad_phrase",),
}
WHOLE = "Whole set"
NEAR = 50  # rows shown on each side of a bound


def groups_of(rules: Sequence[Rule]) -> Mapping[str, tuple[str, ...]]:
    """Every rule in one group, groups in their order."""
    own = {name: group for group, names in GROUPS.items() for name in names}
    out: dict[str, list[str]] = {group: list(names) for group, names in GROUPS.items()}
    for rule in rules:
        if rule.name not in own:
            out.setdefault(rule.group or "More", []).append(rule.name)
    return {group: tuple(names) for group, names in out.items() if names}


def show(data: Loaded, made: Verdicts) -> None:
    """One group of rules at a time: what is not on the screen costs nothing."""
    groups = groups_of(made.recipe.rules)
    counts = {g: _removed(made, names) for g, names in groups.items()}
    _sentence(made, counts)
    chosen = st.pills(
        "Rules",
        [*(g for g in groups if g != OWN), OWN, WHOLE],
        key="quality.group",
        default="Length",
        required=True,
        label_visibility="collapsed",
        format_func=lambda g: f"{g} · {counts[g]:,}" if counts.get(g) else g,
    )
    if chosen == WHOLE:
        quality_set.show(data, made)
        return
    if chosen == OWN:
        quality_own.add(data, made)
    if chosen == "Length":
        quality_change.lengths(data)
    elif chosen == "Personal data":
        quality_change.personal(data, made)
    elif chosen == "Leakage":
        quality_change.leaked(data, made)
    for name in groups.get(chosen or "Length", ()):
        _rule(data, made, made.recipe.rule(name))


def _sentence(made: Verdicts, counts: Mapping[str, int]) -> None:
    on = sum(r.enabled for r in made.recipe.rules)
    held = _removed(made, tuple(r.name for r in made.recipe.rules))
    most = max(counts, key=lambda g: counts[g], default="")
    lead = f", most of them by {most} ({counts[most]:,})" if counts.get(most) else ""
    st.markdown(f"**{on} of {len(made.recipe.rules)}** rules are on and hold back **{words.rows(held)}**{lead}.")
    st.caption("The number beside a group is the count of rows that it holds back. A row keeps all its reasons.")


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
            _said(rule)
            values = _values(data, rule)
            if values is None:
                st.caption(":material/pending: Not measured, so it trips on no row.")
                return
            if not rule.fact:
                settings.rule_slider(rule, *_span(data, rule, values))
            if rule.group == "Refusals":
                settings.rule_spare(rule)
            failing = failing_rows(data, rule)
            _counts(made, rule, failing)
            _buttons(data, made, rule, failing)
        with right:
            if not rule.fact:
                _histogram(data, rule, values)
            if rule.formula:
                quality_own.edit(data, rule)


def _said(rule: Rule) -> None:
    if rule.formula:
        inert.code(inert.RowText(rule.formula))
        return
    st.caption(rule.help.replace("`", ""))
    st.caption(f":material/science: {inert.label(rule.source[:1].upper() + rule.source[1:], 400)}")


def _values(data: Loaded, rule: Rule) -> F32 | None:
    columns = _columns(data)
    if not rule.formula:
        return columns.get(rule.column)
    return data.remember(("formula", rule.formula, _changed()), lambda: values_of(rule, columns))


def _changed() -> tuple[object, ...]:
    """What sets the columns that rules read apart from the evidence's own; () = nothing."""
    recipe = session.recipe()
    return () if recipe.edit == Edit() and recipe.lengths == Lengths() else key_of(recipe)


def _columns(data: Loaded) -> Mapping[str, F32]:
    """The columns as the recipe's rules read them."""
    if not _changed():
        return data.evidence.columns
    recipe = session.recipe()

    def made() -> Mapping[str, F32]:
        found = topic_set(data.evidence, recipe) if recipe.lengths.expected == "topic" else None
        return effective(data.evidence, recipe, None if found is None else np.asarray(found.label))

    return data.remember(("columns", _changed()), made)


def _span(data: Loaded, rule: Rule, values: F32) -> tuple[float, float]:
    """What the slider offers: the rule's own span, or what a formula gives on this data."""
    if not rule.formula:
        return float(rule.span[0]), float(rule.span[1])
    held = values[data.pool]
    held = held[~np.isnan(held)]
    least, most = (float(held.min()), float(held.max())) if held.shape[0] else (0.0, 1.0)
    return (least, most) if most > least else (least, least + 1.0)


def failing_rows(data: Loaded, rule: Rule) -> Rows:
    """Pool rows that fail a rule, on or off."""
    values = _values(data, rule)
    assert values is not None
    return data.remember(
        ("fails", rule.name, rule.formula, rule.low, rule.high, _changed()),
        lambda: np.flatnonzero(rule.fails(values) & ~data.evidence.frozen),
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


def _buttons(data: Loaded, made: Verdicts, rule: Rule, failing: Rows) -> None:
    """Rows that fail, those that nothing else removes, and those next to the bound on both sides."""
    with st.container(horizontal=True, gap="small"):
        if failing.shape[0] and _asked(rule, "rows", f"See {words.rows(failing.shape[0])}", ":material/table_rows:"):
            rowtable.dialog(data, made, failing, f"rule.{rule.name}", rule.help)
        only = made.funnel.only[made.funnel.codes.index(rule.name)] if rule.enabled else 0
        if only and _asked(rule, "only", f"Only this: {only:,}", ":material/filter_1:"):
            said = f"What {words.title(rule.name)} alone removes: without it these rows would stay."
            rowtable.dialog(data, made, rows_only(made, rule.name), f"only.{rule.name}", said)
        if not rule.fact and _asked(rule, "near", "Both sides of the bound", ":material/compare:"):
            rows = beside(data, rule)
            rowtable.dialog(data, made, rows, f"near.{rule.name}", "Rows next to the bound: half pass, half fail.")


def _asked(rule: Rule, what: str, label: str, icon: str) -> bool:
    return st.button(label, key=f"rule.{rule.name}.{what}", type="tertiary", icon=icon)


def beside(data: Loaded, rule: Rule) -> Rows:
    """Pool rows closest to a bound in use: up to NEAR that fail, then up to NEAR that pass, closest first."""
    values = _values(data, rule)
    assert values is not None
    bounds = [b for b in (rule.low, rule.high) if np.isfinite(b)]
    rows = data.pool[~np.isnan(values[data.pool])]
    if not bounds or not rows.shape[0]:
        return rows[:0]
    away = np.min([np.abs(values[rows] - np.float32(b)) for b in bounds], axis=0)
    rows = rows[np.argsort(away, kind="stable")]
    fails = rule.fails(values[rows])
    return np.concatenate((rows[fails][:NEAR], rows[~fails][:NEAR]))


def _histogram(data: Loaded, rule: Rule, column: F32) -> None:
    values, name = column[data.pool], rule.column or rule.name
    edges = data.remember(("edges", rule.column, rule.formula, _changed()), lambda: stats.edges_of(values))

    def made() -> Any:
        fails = rule.fails(values)
        inside, outside = stats.binned(values[~fails], edges), stats.binned(values[fails], edges)
        bounds = [(getattr(rule, s), s) for s in settings.sides(rule)]
        return figures.rule_histogram(inside, outside, rule.unit or name.replace("_", " "), bounds)

    st.plotly_chart(  # charts of rules that did not move are drawn as they were: making them anew costs most of a run
        data.remember(("rule chart", rule.name, rule.formula, rule.low, rule.high, _changed()), made),
        key=f"rule.{rule.name}.chart",
        config=figures.PLAIN,
        alt=f"Rows by {name}, with the bounds of {rule.name}",
    )
