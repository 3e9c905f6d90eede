"""Learn the threshold: borderline pairs first, same / not the same by key or button, then what the answers suggest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from curate.decide.learn import Standing, ask, deck, standing, suggest
from curate.decide.near import rows_of
from curate.types import F32, Bool, Verdicts
from curate.ui import groups, inert, rowcard, session, words
from curate.ui.duplicates_groups import undo_here
from curate.ui.loaded import Loaded, Rows
from curate.views import figures

SKIPPED = "my.learn.skipped"
GOALS = (0.8, 0.9, 0.95, 0.99)
FEW = 20  # answers above a threshold: 19 of 20 the same is 76 to 99 % by Wilson


@dataclass(frozen=True, slots=True)
class Answers:
    """Answered pairs of this dataset: place in Pairs, score by the threshold, and whether they are the same."""

    at: Rows
    score: F32
    same: Bool


@st.fragment
def show(data: Loaded, made: Verdicts) -> None:
    """The question at the left, what the answers say at the right."""
    options = groups.thresholds(data.evidence, made.recipe)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        kind = (
            st.segmented_control(
                "Threshold",
                options,
                key="learn.kind",
                default=options[-1],
                required=True,
                format_func=lambda k: groups.SCORES[k][0],
            )
            or options[-1]
        )
        answers = answered(data, made, kind)
        _question(data, made, kind, answers)
    with right, st.container(border=True, key="learn.result"):
        _result(data, made, kind, answers)


def answered(data: Loaded, made: Verdicts, kind: str) -> Answers:
    """The workspace's answers that are about measured pairs of this dataset and that no guard decides already."""
    said = session.answers()
    rows = rows_of(data.evidence, [i for a, b, _ in said for i in (a, b)]).reshape(-1, 2)
    here = np.flatnonzero((rows >= 0).all(axis=1))
    at = groups.places(data, rows[here, 0], rows[here, 1])
    same = np.array([said[n][2] == "same" for n in here.tolist()], dtype=np.bool_)
    free = unguarded(data, made)
    use = at >= 0
    use[use] = free[at[use]]
    score = scores(data, made, kind)[at[use]]
    known = np.isfinite(score)
    return Answers(at[use][known], score[known], same[use][known])


def scores(data: Loaded, made: Verdicts, kind: str) -> F32:
    view = made.recipe.near.view
    return data.remember(("learn scores", kind, view), lambda: groups.score_of(data.evidence.pairs, kind, view))


def unguarded(data: Loaded, made: Verdicts) -> Bool:
    near = made.recipe.near
    return data.remember(
        ("learn free", near.view, near.guards), lambda: groups.unguarded(data.evidence.pairs, made.recipe)
    )


def queue(data: Loaded, made: Verdicts, kind: str, answers: Answers) -> Rows:
    """Places in Pairs of the questions, in order: nearest to the threshold first, what was skipped last."""
    near, pairs = made.recipe.near, data.evidence.pairs
    floor = groups.floor_of(data.evidence, made.recipe, kind)

    def make() -> Rows:
        score = np.where(unguarded(data, made), scores(data, made, kind), np.float32(np.nan))
        return deck(score, pairs.i, pairs.j, floor)

    held = data.remember(("deck", kind, near.view, near.guards), make)
    score = scores(data, made, kind)[held]
    order = held[ask(score, np.isin(held, answers.at), float(getattr(near, kind)))]
    skipped = np.array(st.session_state.get(SKIPPED, ()), dtype=np.int64)
    return np.concatenate((order[~np.isin(order, skipped)], skipped[np.isin(skipped, order)]))


def _question(data: Loaded, made: Verdicts, kind: str, answers: Answers) -> None:
    left = queue(data, made, kind, answers)
    if not left.shape[0]:
        st.info(
            "No pair is left to ask about." if answers.at.shape[0] else "No pair was measured.",
            icon=":material/done_all:",
        )
        return
    pairs, at = data.evidence.pairs, int(left[0])
    one, two = int(pairs.i[at]), int(pairs.j[at])
    names = [data.evidence.ids[r].decode() for r in (one, two)]
    with st.container(border=True, key="learn.pair"):
        st.markdown("**Are these two rows the same for training: is one of them enough?**")
        st.caption(f"{' and '.join(inert.label(p) for p in data.places([one, two]))} · {rowcard.scores(data, at)}")
        rowcard.compare(data, one, two, "learn", sides=("the first", "the second"))
        with st.container(horizontal=True, gap="small", vertical_alignment="center", key="learn.answers"):
            for label, key, icon, short in (
                ("Same", "same", ":material/join_inner:", "S"),
                ("Not the same", "not_same", ":material/call_split:", "N"),
            ):
                if st.button(label, key=f"learn.{key}", icon=icon, shortcut=short):
                    session.answer(names[0], names[1], key)
                    st.rerun()
            st.button(
                "Skip",
                key="learn.skip",
                icon=":material/skip_next:",
                shortcut="K",
                type="tertiary",
                on_click=_skip,
                args=(at,),
            )
            undo_here("learn.undo")
        st.caption(
            f"Keys: S same, N not the same, K skip. {answers.at.shape[0]:,} answered; borderline pairs come first. Answers "
            "are kept in the workspace and change no row by themselves."
        )


def _skip(at: int) -> None:
    """The question goes to the end, behind those skipped before."""
    st.session_state[SKIPPED] = (*[s for s in st.session_state.get(SKIPPED, ()) if s != at], at)


def _result(data: Loaded, made: Verdicts, kind: str, answers: Answers) -> None:
    goal = (
        st.segmented_control(
            "At least this share of what goes must be right",
            list(GOALS),
            key="learn.goal",
            default=0.95,
            required=True,
            format_func=lambda g: f"{g:.0%}",
        )
        or 0.95
    )
    now = float(getattr(made.recipe.near, kind))
    if not answers.at.shape[0]:
        st.markdown("Answer a few pairs: the threshold that they suggest shows here.")
        return
    floor = groups.floor_of(data.evidence, made.recipe, kind)
    found = suggest(answers.score, answers.same, floor, float(goal))
    st.plotly_chart(
        figures.answers(
            answers.score.tolist(), answers.same.tolist(), now, None if found is None else found.threshold, floor
        ),
        key="learn.chart",
        config=figures.PLAIN,
        alt=f"{answers.at.shape[0]} answers by score, with the threshold as set and as suggested",
    )
    st.markdown(f"As set, **{now:.2f}**: {said(standing(answers.score, answers.same, now))}")
    if found is None:
        st.markdown(f"No threshold keeps {goal:.0%} right on these answers.")
    else:
        _suggestion(kind, found, now)
    _apart(data, answers)


def _suggestion(kind: str, found: Standing, now: float) -> None:
    st.markdown(f"Suggested, **{found.threshold:.2f}**: {said(found)}")
    if found.above < FEW:
        st.caption(f":material/info: It rests on few answers; {FEW} above it say more.")
    if st.button(
        f"Use {found.threshold:.2f}",
        key="learn.use",
        icon=":material/check:",
        disabled=abs(found.threshold - now) < 1e-9,
    ):
        text = f"{found.threshold:.2f}: {said(found)}"
        new = session.recipe().with_setting("near", **{kind: found.threshold}).with_setting("learned", **{kind: text})
        session.apply(new, f"near.{kind} learned as {found.threshold:.2f}")
        st.rerun()


def said(found: Standing) -> str:
    """What answers say of a threshold, in one line."""
    if not found.above:
        return f"no answer above it; {found.missed:,} of {found.answers:,} called the same lie below."
    return (
        f"{found.same:,} of {found.above:,} answers above it are the same: {found.precision:.0%} right "
        f"(95 % interval {found.low:.0%} to {found.high:.0%}); {found.missed:,} the same below it."
    )


def _apart(data: Loaded, answers: Answers) -> None:
    """What was called different can be ruled no duplicate in one step."""
    pairs = data.evidence.pairs
    named = [
        (data.evidence.ids[pairs.i[at]].decode(), data.evidence.ids[pairs.j[at]].decode())
        for at in answers.at[~answers.same].tolist()
    ]
    ruled = {(a, b) for a, b, v in session.overrides().pairs if v == "not_duplicate"}
    left = [p for p in named if (min(p), max(p)) not in ruled]
    if left and st.button(
        f"Keep apart the {words.count(len(left), 'pair')} called not the same",
        key="learn.apart",
        icon=":material/call_split:",
        type="tertiary",
    ):
        session.decide_pairs(left, "not_duplicate")
        st.rerun()
