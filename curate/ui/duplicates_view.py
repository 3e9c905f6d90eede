"""The duplicates page: what goes and why, thresholds with their curve; then groups, learning, or who repeats whom."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from curate.decide.curves import kept_curve
from curate.decide.health import repetition
from curate.decide.memo import Memo
from curate.decide.recipe import ALLOWED
from curate.decide.rules import help_of
from curate.decide.verdicts import rows_only
from curate.types import Action, Check, Verdicts
from curate.ui import (
    duplicates_across,
    duplicates_alone,
    duplicates_groups,
    duplicates_learn,
    groups,
    inert,
    pair_judge,
    settings,
    words,
)
from curate.ui.loaded import Loaded, Rows
from curate.views import figures

PAGE = duplicates_groups.PAGE
POINTS = 16
TOO_MUCH = 0.60  # S1: above it ask whether what is left is varied enough
SECTIONS = {
    "groups": ("Groups", ":material/stacks:"),
    "learn": ("Learn the threshold", ":material/school:"),
    "across": ("Who repeats whom", ":material/grid_on:"),
}
NAMES = {
    "exact_copy": "Exact copies",
    "near_text": "Near text",
    "near_meaning": "Near meaning",
    "contaminated": "In an evaluation set",
}


def headline(data: Loaded, made: Verdicts) -> None:
    """How many rows go because of a kept one, the dedup rate with its band, and what each kind costs."""
    gone = int(np.count_nonzero(made.witness >= 0))
    many = len(groups.held(data, made))
    rate = dedup_rate(data, made)
    sign = words.BANDS[rate.band]
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="dup.rate"):
        if gone:
            st.markdown(
                f"**{words.rows(gone)}** go because of **{many:,}** kept or frozen ones. Each names its witness."
            )
        else:
            st.markdown("No row duplicates another under these settings.")
        st.badge(f"dedup rate {rate.shown.partition(' (')[0]}: {sign.word}", icon=sign.icon, color=sign.colour)
    if rate.value > TOO_MUCH:
        st.warning(
            f"Duplicate removal alone takes {words.share(rate.value)} of the pool (H5 warns above {TOO_MUCH:.0%}). "
            f"{rate.todo} Look through the largest groups and what each kind removes alone before you trust it.",
            icon=":material/warning:",
        )
    _kinds(data, made)
    st.caption(
        f"Dedup rate: {rate.base}; {rate.shown}. Healthy is 5 to 30 %.",
        help=f"What was looked for: {inert.label(data.evidence.pairs.completeness, 600)}",
    )


def dedup_rate(data: Loaded, made: Verdicts) -> Check:
    """H5 under these settings; what no threshold moves is kept between two moves."""
    held = data.remember(("rate stages",), dict[str, tuple[object, object]])

    def rate() -> Check:
        memo = Memo({**made.stages, **held})
        found = repetition(data.evidence, made.recipe, memo)
        held.update(memo.new)
        return found

    return data.remember(("rate", made.recipe.fingerprint), rate)


def _kinds(data: Loaded, made: Verdicts) -> None:
    """A box for each kind: its rows, and those that it alone removes, which a mistake of it would cost."""
    found = groups.counts(made)
    vectors = bool(data.evidence.facts.get("vectors", 0))
    for column, kind in zip(st.columns(len(groups.KINDS)), groups.KINDS, strict=True):
        with column.container(border=True, key=f"dup.kind.{kind}", gap="xxsmall", height="stretch"):
            measured = kind != "near_meaning" or vectors
            st.metric(
                NAMES.get(kind, words.title(kind)),
                f"{found[kind]:,}" if measured else "not measured",
                help=help_of(kind),
            )
            alone = made.funnel.only[made.funnel.codes.index(kind)]
            if not alone:
                st.caption("none by it alone" if measured else "needs vectors")
            elif st.button(
                f"{alone:,} by it alone",
                key=f"dup.alone.{kind}",
                type="tertiary",
                icon=":material/visibility:",
                help="No other reason removes these rows: if this kind is wrong about them, they are lost for nothing.",
            ):
                duplicates_alone.dialog(data, made, kind, rows_only(made, kind))


def thresholds(data: Loaded, made: Verdicts) -> None:
    """Settings at the left, the curve of kept rows at the right."""
    left, right = st.columns([2, 3], gap="medium")
    with left, st.container(border=True, key="dup.settings"):
        _sliders(data, made)
        _choices(made)
    with right, st.container(border=True, height="stretch", key="dup.curve.box"):
        _curve(data, made)


def _sliders(data: Loaded, made: Verdicts) -> None:
    known = groups.thresholds(data.evidence, made.recipe)
    said = {
        "text": (
            "Jaccard at least",
            "Character 5-grams shared by prompt and by answer (Jaccard).",
            "Rows whose weaker side is at least this alike are the same. The slider starts where measuring did.",
        ),
        "meaning": (
            "Cosine at least",
            "Cosine of sentence vectors; guards must agree.",
            "Nothing is dropped on vectors alone: rows that differ in a number, unit, name, negation or code stay.",
        ),
        "sure": (
            "Probability at least",
            "One probability from every measure of a pair, fitted on labelled pairs.",
            "How sure it must be that two rows are the same. 0.5 is even.",
        ),
    }
    for kind, (label, help, bound) in said.items():
        on = True
        if kind == "sure":
            if kind not in known:
                continue
            st.caption("**How sure** (guards are weighed)", help=help)
        else:
            on = settings.toggle("near", f"{kind}_enabled", groups.SCORES[kind][0], help)
        if on and kind in known:  # one that moves nothing is not drawn: its greyed label could hardly be read
            floor = groups.floor_of(data.evidence, made.recipe, kind)
            settings.slider("near", kind, label, floor, 1.0, 0.01, bound)
    if "meaning" not in known:
        st.caption(":material/pending: Near meaning is not measured yet.")


def _choices(made: Verdicts) -> None:
    one, two = st.columns(2)
    with one:
        settings.choice("near", "keep", "Keep which", ALLOWED["near", "keep"], "The row of a group that stays.")
        settings.choice("near", "view", "Compare", ALLOWED["near", "view"], "Both sides must be alike, or one of them.")
    with two:
        settings.choice(
            "near",
            "exact",
            "Equal means",
            ALLOWED["near", "exact"],
            "content: same messages. spaced: case and blanks folded. folded: punctuation too.",
        )
        settings.choice(
            "near",
            "guards",
            "Guards",
            ALLOWED["near", "guards"],
            "on: rows that differ in a number, unit, name, negation or word order are no copies. sure: such differences are "
            "weighed by one fitted probability. off is unsafe: 10 miles and 10 kilometers become one row.",
        )
    settings.choice(
        "near",
        "match",
        "Text and meaning",
        ALLOWED["near", "match"],
        "any: one of them is enough. all: both must agree.",
    )
    if made.recipe.near.guards == "off":
        st.warning(
            "Guards are off: rows that differ only in a number, unit or name count as copies.",
            icon=":material/warning:",
        )


def _curve(data: Loaded, made: Verdicts) -> None:
    options = groups.thresholds(data.evidence, made.recipe)
    kind = options[0]
    if len(options) > 1:
        kind = (
            st.segmented_control(
                "Curve",
                options,
                key="dup.curve",
                default=options[0],
                required=True,
                format_func=lambda k: groups.SCORES[k][0],
                label_visibility="collapsed",
            )
            or kind
        )
    values = _values(groups.floor_of(data.evidence, made.recipe, kind))
    at_one = replace(made.recipe.with_setting("near", **{kind: 1.0}), preset="")
    key = ("curve", kind, at_one.fingerprint)
    kept = data.remember(key, lambda: kept_curve(data.evidence, made.recipe, "near", kind, values, made))
    name, unit = groups.SCORES[kind]
    now, kept_now = getattr(made.recipe.near, kind), made.count(Action.KEEP)
    st.markdown(f"**{kept_now:,} rows kept** at {name.lower()} {now:.2f}; {kept[0]:,} at the floor, {kept[-1]:,} at 1.")
    st.plotly_chart(
        figures.curve(values, kept, now, kept_now, f"{name.lower()}: {unit} at least", 300),
        key="dup.chart",
        config=figures.PLAIN,
        alt=f"Rows kept as the threshold of {name.lower()} moves from {values[0]} to 1; now {kept_now:,} at {now:.2f}",
    )
    learned = getattr(made.recipe.learned, kind)
    if learned:
        st.caption(f":material/school: Learned: {inert.label(learned, 200)}")
    st.caption(
        "Every point is a whole decision, everything else as it is set. The curve need not rise: which row stays can change."
    )


def _values(floor: float) -> list[float]:
    """Thresholds from the floor to 1 in slider steps, about `POINTS` of them."""
    steps = round((1 - floor) * 100)
    jump = max(1, round(steps / (POINTS - 1)))
    return sorted({round(1 - n * jump / 100, 2) for n in range(steps // jump + 1)} | {round(floor, 3)})


def sections(data: Loaded, made: Verdicts) -> None:
    """One part at a time: what is not on the screen costs nothing."""
    wanted = st.segmented_control(
        "Part of the page",
        list(SECTIONS),
        key="dup.part",
        default="groups",
        required=True,
        label_visibility="collapsed",
        format_func=lambda s: f"{SECTIONS[s][1]} {SECTIONS[s][0]}",
    )
    if wanted == "learn":
        duplicates_learn.show(data, made)
    elif wanted == "across":
        duplicates_across.show(data, made)
    else:
        duplicates_groups.show(data, made)


def judge(data: Loaded, made: Verdicts) -> None:
    """Pairs for the judge: those next to a threshold that no guard decides, nearest first."""
    pair_judge.show(data, lambda: _unsure(data, made), "dup")


def _unsure(data: Loaded, made: Verdicts) -> dict[str, Rows]:
    """Places in Pairs next to each threshold."""
    return {
        f"{groups.SCORES[kind][0]}: next to the threshold": duplicates_learn.queue(
            data, made, kind, duplicates_learn.answered(data, made, kind)
        )
        for kind in groups.thresholds(data.evidence, made.recipe)
    }
