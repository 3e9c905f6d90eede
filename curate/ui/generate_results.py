"""What became of written rows: counts and reasons, style and fields to check, and the tenth that a person reads."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from curate.decide.review_rate import LINE, error_rate
from curate.make.order import TARGET, Made, Queued
from curate.ui import inert, rowcard, session, words

AT = "my.generate.at"


def show(made: Any) -> None:
    """The results of the last run of this page, when there is one."""
    if not isinstance(made, Made):
        return
    _counts(made)
    _warnings(made)
    _queue(made)
    _open(made)


def _counts(made: Made) -> None:
    with st.container(border=True, key="generate.result"):
        columns = st.columns(5)
        for column, (name, value, help_) in zip(
            columns,
            (
                ("Written", f"{made.written:,}", "Rows that could be read out of the replies."),
                ("Pass", f"{made.passed:,}", "Through every rule, beside the data that they join."),
                ("Stay", f"{made.kept:,}", f"At most the {made.want:,} wanted."),
                (
                    "Dedup rate",
                    f"{made.dedup_rate:.1%}",
                    "Written rows that repeat another, the pool's or an evaluation row.",
                ),
                (
                    "Mean score",
                    words.number(made.shape),
                    "S3's score of the rows that stay: shape, not truth. S3 keeps above 0.7.",
                ),
            ),
            strict=True,
        ):
            column.metric(name, value, help=help_)
        gone = " · ".join(f"{words.title(code)} {n:,}" for code, n in made.reasons.items())
        st.caption(f"Held back: {gone or 'none'}.")
        if not made.enough:
            st.caption(
                f":material/info: {made.want - made.kept:,} fewer than wanted: take more seeds, or more rows after each."
            )
        if not TARGET[0] <= made.kept <= TARGET[1]:
            st.caption(
                f":material/straighten: S3 ends with {TARGET[0]:,} to {TARGET[1]:,} rows; {made.kept:,} stay here."
            )


def _warnings(made: Made) -> None:
    for field, n in made.risky.items():
        st.warning(
            f"{words.rows(n)} speak of {field}: a wrong answer harms there. Have someone who knows check their facts before training (S1).",
            icon=":material/health_and_safety:",
        )
    if made.alike:
        said = " ".join(f"{line[0].upper()}{line[1:]}." for line in made.alike)
        st.warning(
            f"The answers have grown alike (S1: teacher style collapse). {said}", icon=":material/format_list_numbered:"
        )
    else:
        st.caption(":material/check: Layouts and openings of the answers are no more alike than the pool's.")


def _queue(made: Made) -> None:
    """One in ten, one after the other; unread rows stay out of training."""
    if not made.queue:
        return
    held = session.overrides()
    action = dict(zip(held.ids, held.actions, strict=True))
    state = [action.get(q.id, "review") for q in made.queue]
    read = [s for s in state if s != "review"]
    st.subheader(f"Read one in ten: {len(read):,} of {len(state):,} read", anchor=False)
    _rate(state)
    left = [n for n, s in enumerate(state) if s == "review"]
    if left:
        _one(made.queue[left[0]])
    else:
        st.success("All are read.", icon=":material/done_all:")
    marks = {"keep": "✓ accepted", "drop": "✕ rejected", "review": "? to read"}
    with st.expander("All of them", key="generate.queue.box"):
        inert.table(
            {
                "verdict": [marks[s] for s in state],
                "prompt": [inert.RowText(q.prompt) for q in made.queue],
                "answer": [inert.RowText(q.answer) for q in made.queue],
            },
            key="generate.queue",
            alt="Written rows to read, with what was decided",
            widths={"verdict": "small", "prompt": "large", "answer": "large"},
        )


def _rate(state: list[str]) -> None:
    """What the rows read so far say of those that nobody reads."""
    wrong = np.array([s == "drop" for s in state if s != "review"], np.float64)
    if not wrong.shape[0]:
        st.caption("They wait for review and stay out of training until you accept them.")
        return
    found = error_rate(wrong, np.ones_like(wrong))
    said = {
        "above": f"above S0's {LINE:.0%}: mend the prompt or the seeds before you write more",
        "under": f"under S0's {LINE:.0%}",
        "open": f"S0's line is {LINE:.0%}; more reading tells which side it is on",
    }.get(found.verdict, "")
    st.caption(
        f"{int(found.wrong):,} of {found.rows:,} rejected: {found.rate:.0%} (95 %: {found.low:.0%} to {found.high:.0%}), {said}."
    )


def _one(row: Queued) -> None:
    with st.container(border=True, key="generate.read"):
        with st.chat_message("user", avatar=rowcard.AVATARS["user"]):
            inert.show(inert.RowText(row.prompt))
        with st.chat_message("assistant", avatar=rowcard.AVATARS["assistant"]):
            inert.show(inert.RowText(row.answer))
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            for label, action, icon, short in (
                ("Accept", "keep", ":material/check:", "A"),
                ("Reject", "drop", ":material/close:", "X"),
            ):
                st.button(
                    label, key=f"generate.{action}", icon=icon, shortcut=short, on_click=session.decide_rows, args=([row.id], action)
                )  # fmt: skip
            st.caption("Keys: A accept, X reject. Undo in the sidebar takes one back.")


def _open(made: Made) -> None:
    job = session.job()
    if job is None or not made.kept:
        return
    inside = made.file in job.paths
    with st.container(horizontal=True, vertical_alignment="center", key="generate.file"):
        if not inside and st.button("Open the data with these rows", key="generate.open", icon=":material/merge:"):
            session.open_job(session.job_list().start(
                [*job.paths, made.file], job.frozen, recipe=session.recipe(), title=f"{job.title} + written", mapping=job.mapping))  # fmt: skip
            st.rerun()
        st.caption(
            f"{'These rows are part of the open data' if inside else 'They are kept in'} {inert.label(str(made.file), 200)}, each with model, prompt and seed in `synthetic`."
        )
