"""Checks of the whole set on the quality page: the ten pitfalls and more, and the sentences that many answers share."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from curate.decide.pitfalls import pitfalls
from curate.measure.boilerplate import Shared, most_shared
from curate.types import Check, Verdicts
from curate.ui import frame, inert, rowtable, words
from curate.ui.loaded import Loaded

PAGE = {"P5": "duplicates", "P7": "map", "P8": "contradictions", "P9": "load", "P2": "load"}


def show(data: Loaded, made: Verdicts) -> None:
    """Cards, worst first, then repeated sentences."""
    found = data.remember(("pitfalls", made.recipe.fingerprint), lambda: pitfalls(data.evidence, made))
    order = {"warning": 0, "watch": 1, "healthy": 2, "not measured": 3}
    listed = sorted(found, key=lambda c: order[c.band])
    bad = sum(c.band == "warning" for c in found)
    watch = sum(c.band == "watch" for c in found)
    unknown = sum(c.band == "not measured" for c in found)
    st.markdown(
        f"**{bad}** of {len(found)} checks warn, **{watch}** want a look, {unknown} can't be measured on this data."
    )
    for start in range(0, len(listed), 3):
        for column, check in zip(st.columns(3), listed[start : start + 3], strict=False):
            with column.container(border=True, height="stretch", key=f"pitfall.{check.id}"):
                _card(data, made, check)
    _repeated(data, made)


def _card(data: Loaded, made: Verdicts, check: Check) -> None:
    sign = words.BANDS[check.band]
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"**{check.name}**")
        st.badge(sign.word, icon=sign.icon, color=sign.colour)
    st.markdown(check.shown)
    st.caption(check.why, help=f"Measured: {check.base}. S1, S0 and S3; bounds are ours.")
    if check.band in ("warning", "watch"):
        st.caption(f":material/build: {inert.label(check.todo, 300)}")
    with st.container(horizontal=True, vertical_alignment="center"):
        if (
            check.rows.shape[0]
            and check.band != "not measured"
            and st.button(
                f"See {words.rows(check.rows.shape[0])}",
                key=f"pitfall.{check.id}.rows",
                type="tertiary",
                icon=":material/table_rows:",
            )
        ):
            rowtable.dialog(data, made, check.rows, f"pitfall.{check.id}", f"{check.name}: {check.shown}")
        if check.id in PAGE:
            st.page_link(frame.page(PAGE[check.id]), label="Look", icon=":material/arrow_forward:")


def _repeated(data: Loaded, made: Verdicts) -> None:
    st.subheader("Sentences that many answers share", anchor=False)
    found: Sequence[Shared] = data.remember(
        ("shared sentences",),
        lambda: most_shared(data.dataset.rows, data.evidence.classes["content"], data.evidence.frozen),
    )
    if not found:
        st.caption(
            "None: no sentence of four words and more stands in ten answers (one in two thousand of a large set)."
        )
        return
    texts = [data.stretch("response", s.row, s.start, s.end) for s in found]
    picked = inert.table(
        {"sentence": texts, "answers": [s.count for s in found]}, key="quality.shared", alt="Shared sentences with counts",
        select="single-row", widths={"sentence": "large"},
    )  # fmt: skip
    st.caption("Copies of one row count once. Rule boilerplate holds back answers that are made of such sentences.")
    if picked and st.button("See the rows", key="quality.shared.rows", icon=":material/table_rows:"):
        rowtable.dialog(data, made, found[picked[0]].rows, "shared", "Rows whose answer has this sentence.")
