"""Decide many rows at once: the chosen ones of a table, or all that it found, with the count on the button."""

from __future__ import annotations

import numpy as np
import streamlit as st

from curate.types import Action, Verdicts
from curate.ui import inert, session, words
from curate.ui.loaded import Loaded, Rows

ACTIONS = {"keep": ":material/check:", "drop": ":material/close:", "review": ":material/rate_review:"}
CHOSEN, ALL = "chosen", "all"


def show(data: Loaded, made: Verdicts, chosen: Rows, found: Rows, key: str) -> None:
    """A bar below a table. Evaluation rows stay as they are. Every action is one step that undo takes back."""
    free = {CHOSEN: _free(made, chosen), ALL: _free(made, found)}
    options = [o for o in (CHOSEN, ALL) if free[o].shape[0]]
    if not options or (found.shape[0] == 1 and not chosen.shape[0]):
        return
    with st.popover(
        f"Decide {words.rows(chosen.shape[0])}" if chosen.shape[0] else "Decide many",
        key=f"{key}.bulk",
        icon=":material/checklist:",
    ):
        scope = st.radio(
            "Which rows",
            options,
            key=f"{key}.bulk.scope",
            format_func=lambda o: (
                f"The {free[o].shape[0]:,} chosen" if o == CHOSEN else f"All {free[o].shape[0]:,} found"
            ),
            horizontal=True,
        )
        rows = free[scope or options[0]]
        note = st.text_input(
            "Note", key=f"{key}.bulk.note", placeholder="A note on each of them (optional)", max_chars=2000
        )
        _buttons(data, rows, note, key)
        st.caption("One step, however many rows: Undo takes all of it back. A decision beats every rule.")


def _buttons(data: Loaded, rows: Rows, note: str, key: str) -> None:
    count = f"{rows.shape[0]:,}"
    with st.container(horizontal=True, gap="small"):
        for action, icon in ACTIONS.items():
            if st.button(f"{words.title(action)} {count}", key=f"{key}.bulk.{action}", icon=icon):
                session.decide_rows(_ids(data, rows), action, note or None)
                _done(f"{words.title(action)}: {words.rows(rows.shape[0])}")
        if note and st.button(f"Only note {count}", key=f"{key}.bulk.annotate", icon=":material/edit_note:"):
            session.annotate(_ids(data, rows), note)
            _done(f"Noted: {words.rows(rows.shape[0])}")
        if session.overrides().ids and st.button(
            f"Take back on {count}", key=f"{key}.bulk.clear", icon=":material/undo:", type="tertiary"
        ):
            session.decide_rows(_ids(data, rows), None)
            _done(f"Taken back on {words.rows(rows.shape[0])}")


def _done(said: str) -> None:
    st.toast(inert.label(f"{said}. Undo at the left takes it back.", 200), icon=":material/done_all:")
    st.rerun()


def _free(made: Verdicts, rows: Rows) -> Rows:
    return rows[made.action[rows] != Action.FROZEN] if rows.shape[0] else np.empty(0, np.int64)


def _ids(data: Loaded, rows: Rows) -> list[str]:
    return [i.decode() for i in data.evidence.ids[rows].tolist()]
