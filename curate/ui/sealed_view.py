"""Test rows of exports stay out of sight where rows are read or paid for, until a person opens them and says why."""

from __future__ import annotations

import numpy as np
import streamlit as st

from curate.errors import CurateError
from curate.ship.sealed import MAX_WHY, Seal, Sealed
from curate.store import Store, Workspace
from curate.types import Bool
from curate.ui import incidents, words
from curate.ui.loaded import Loaded


def shut(data: Loaded, page: str) -> Bool:
    """Boolean per row: what this page must not show; says how many, and takes the reason that opens them.

    page: review, judge, generate or topic names, as the record names it.
    """
    sealed = Sealed(Workspace(Store()))
    seals = sealed.seals()
    hidden = data.remember(("sealed", seals), lambda: sealed.mask(data.dataset))
    count = int(np.count_nonzero(hidden))
    if not count:
        return hidden
    if st.session_state.get("my.unsealed", {}).get(page) == seals:
        st.caption(
            f":material/lock_open: {words.rows(count)} of a test split are open on this page; that is on record."
        )
        return np.zeros_like(hidden)
    with st.container(horizontal=True, vertical_alignment="center", key="sealed"):
        st.markdown(
            f":material/lock: **{words.rows(count)}** of an exported test split are hidden here: a test is touched once (S2)."
        )
        with st.popover("Open them", key="sealed.open", icon=":material/lock_open:"):
            _ask(sealed, page, count, seals)
    return hidden


def _ask(sealed: Sealed, page: str, count: int, seals: tuple[Seal, ...]) -> None:
    st.markdown(
        "Rows that somebody reads, scores or writes after measure nothing afterwards. The reason is kept with the versions."
    )
    why = st.text_input("Why?", key=f"sealed.why.{page}", max_chars=MAX_WHY)
    if not st.button("Open the test rows", key=f"sealed.go.{page}"):
        return
    try:
        sealed.open(page, why, count)
    except CurateError as error:
        incidents.show(error)
        return
    st.session_state["my.unsealed"] = st.session_state.get("my.unsealed", {}) | {page: seals}
    st.rerun()
