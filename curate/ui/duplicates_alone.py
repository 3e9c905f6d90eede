"""What one kind of duplicate removes alone: the rows that a mistake of that kind would cost, the least sure first."""

from __future__ import annotations

import numpy as np
import streamlit as st

from curate.types import Verdicts
from curate.ui import groups, inert, rowcard, rowtable, session, words
from curate.ui.duplicates_groups import undo_here
from curate.ui.loaded import Loaded, Rows

PAGE = 10


@st.dialog("Removed by one kind alone", width="large")
def dialog(data: Loaded, made: Verdicts, kind: str, rows: Rows) -> None:
    """The rows over the page."""
    _rows(data, made, kind, rows)


@st.fragment
def _rows(data: Loaded, made: Verdicts, kind: str, rows: Rows) -> None:
    st.caption(
        f"{words.rows(rows.shape[0])} go by “{words.title(kind)}” and by nothing else: if it is wrong about a row, that row "
        "is lost for nothing. The least sure come first."
    )
    score = groups.weakest(data, made, rows)
    order = np.argsort(score, kind="stable")
    pages = -(-rows.shape[0] // PAGE)
    at = rowtable.at_page("dup.alone.page", pages)
    place = order[(at - 1) * PAGE : at * PAGE]
    shown, by = rows[place], made.witness[rows[place]].astype(np.int64)
    picked = inert.table(
        {
            "alike": [round(float(s), 3) for s in score[place]],
            "what differs": rowtable.changes(data, by.tolist(), shown.tolist()),
            "prompt": data.texts("prompt", shown),
            "answer": data.texts("response", shown),
            "where": data.places(shown),
        },
        key="dup.alone.table",
        alt=f"Rows that {words.title(kind)} alone removes, page {at} of {pages}",
        select="single-row",
        widths={"alike": "small", "what differs": "medium", "prompt": "large"},
    )
    rowtable.turn("dup.alone.page", pages, "Choose a row (box at its left) to compare it with its witness.")
    if not picked:
        return
    row, twin = int(shown[picked[0]]), int(by[picked[0]])
    names = [data.evidence.ids[r].decode() for r in (twin, row)]
    with st.container(border=True, key="card.alone"):
        st.markdown(f"`{names[1]}` goes because of `{names[0]}`{rowcard.similarity(data, twin, row)}")
        rowcard.compare(data, twin, row, "alone", reveal=names[1])
        with st.container(horizontal=True, gap="small"):
            equal = data.evidence.classes["content"][row] == data.evidence.classes["content"][twin]
            if st.button("Not a duplicate", key="alone.apart", icon=":material/call_split:", disabled=bool(equal)):
                session.decide_pairs([(names[0], names[1])], "not_duplicate")
                st.rerun()
            if st.button("Keep too", key="alone.keep", icon=":material/check:"):
                session.decide_rows([names[1]], "keep")
                st.rerun()
            undo_here("alone.undo")
