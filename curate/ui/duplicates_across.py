"""Who repeats whom: which file, or value of a column, loses rows to which, with the rows behind each number."""

from __future__ import annotations

import numpy as np
import streamlit as st

from curate.types import Verdicts
from curate.ui import groups, inert, rowtable, words
from curate.ui.loaded import Loaded

MOST = 14  # values a side that fit on a screen; the list below has all of them
LISTED = 500
FILE = "file"


@st.fragment
def show(data: Loaded, made: Verdicts) -> None:
    """The matrix or list, and the rows of the chosen cell."""
    name = _column(data)
    names, _, codes = rowtable.values_of(data, name)
    one, two, count = groups.across(codes, made)
    what = "file" if name == FILE else inert.label(name, 60)
    if not count.shape[0]:
        st.info("No row goes because of another, so there is nothing to compare.", icon=":material/search_off:")
        return
    own = int(count[one == two].sum())
    total = int(count.sum())
    st.markdown(
        f"**{words.rows(total)}** go: **{own:,}** repeat a row of the same {what}, **{total - own:,}** one of another."
    )
    least = np.zeros(len(names), np.int64)
    np.add.at(least, one, count)
    np.add.at(least, two, count)
    shown = np.argsort(-least, kind="stable")[:MOST]
    shown = shown[least[shown] > 0]
    cell = _grid(names, one, two, count, shown, what)
    listed = _list(names, one, two, count, what)
    chosen = cell or listed
    if chosen is None:
        st.caption("Choose a number, or a line of the list, to see its rows.")
        return
    rows = groups.between(codes, made, *chosen)
    if rows.shape[0]:
        rowtable.show(data, made, rows, "dup.across.rows", what="rows")
    else:
        st.caption("No row there.")


def _column(data: Loaded) -> str:
    """The file, or one of the user's own columns; those are read only when somebody asks."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        own = st.toggle("By a column of my own", key="dup.across.own", help="Reads every row's own columns once.")
        if not own:
            return FILE
        if not data.own_columns:
            st.caption("The rows have no columns of their own.")
            return FILE
        return str(
            st.selectbox(
                "Column",
                list(data.own_columns),
                key="dup.across.column",
                width=260,
                format_func=lambda n: inert.plain(n, 60),
                label_visibility="collapsed",
            )
        )


def _grid(
    names: list[inert.RowText], one: np.ndarray, two: np.ndarray, count: np.ndarray, shown: np.ndarray, what: str
) -> tuple[int, int] | None:
    """The matrix of the values with the most copies; returns the chosen (one, two)."""
    place = np.full(len(names), -1)
    place[shown] = np.arange(shown.shape[0])
    table = np.zeros((shown.shape[0], shown.shape[0]), np.int64)
    inside = (place[one] >= 0) & (place[two] >= 0)
    table[place[one[inside]], place[two[inside]]] = count[inside]
    st.caption(
        f"Lines: the {what} of the rows that go. Columns: the {what} of their witnesses."
        + (f" The {shown.shape[0]} with the most copies; the list has all." if shown.shape[0] < len(names) else "")
    )
    picked = inert.grid(
        [names[v] for v in shown.tolist()],
        table,
        key="dup.across.grid",
        alt=f"Rows that go, by {what} of the row and {what} of its witness",
    )
    return None if picked is None else (int(shown[picked[0]]), int(shown[picked[1]]))


def _list(
    names: list[inert.RowText], one: np.ndarray, two: np.ndarray, count: np.ndarray, what: str
) -> tuple[int, int] | None:
    """Every pair of values with its count, the most first; returns the chosen one."""
    if count.shape[0] < 3:
        return None
    many = min(LISTED, count.shape[0])
    with st.expander(f"All {count.shape[0]:,} pairs as a list", key="dup.across.list", icon=":material/list:"):
        picked = inert.table(
            {
                f"{what} of the row": [names[v] for v in one[:many].tolist()],
                f"{what} of its witness": [names[v] for v in two[:many].tolist()],
                "rows": count[:many].tolist(),
            },
            key="dup.across.pairs",
            alt="Pairs of values with the rows that go",
            select="single-row",
            height=300,
        )
        if many < count.shape[0]:
            st.caption(f"The {many:,} largest are listed.")
    return (int(one[picked[0]]), int(two[picked[0]])) if picked else None
