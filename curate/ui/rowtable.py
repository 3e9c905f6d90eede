"""The row table: any rows with search, jump to an id or file:line, filters, order, and the card of the chosen row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from curate.types import Action, Verdicts
from curate.ui import bulk, inert, rowcard, session, words
from curate.ui.loaded import Loaded, Rows

PAGE = 25
ANY = "any"
DIFFERS = "differs from its witness"
MOST_VALUES = 500
ORDERS = {
    "reading order": "",
    "longest answer": "-answer_words",
    "shortest answer": "answer_words",
    "longest prompt": "-prompt_words",
    "most repetitive": "-window_repetition",
    "lowest shape score (S0)": "shape_s0",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the person asked the table for."""

    find: str = ""
    action: str | None = None
    reason: str = ANY
    order: str = "reading order"
    source: str = ANY


def show(data: Loaded, made: Verdicts, rows: Rows, key: str, *, what: str = "rows") -> None:
    """The table over `rows`. `key` names it; a change inside reruns the table alone, a decision reruns the page."""
    _table(data, made, rows, key, what)


@st.fragment
def _table(data: Loaded, made: Verdicts, rows: Rows, key: str, what: str) -> None:
    wanted = _asked(data, made, rows, key)
    found = _apply(data, made, rows, wanted, key)
    if not found.shape[0]:
        st.info(f"No {what} match. Take a filter away, or search for less.", icon=":material/search_off:")
        return
    pages = -(-found.shape[0] // PAGE)
    at = at_page(f"{key}.page", pages)
    shown = found[(at - 1) * PAGE : at * PAGE]
    picked = inert.table(
        _columns(data, made, shown),
        key=f"{key}.table",
        alt=f"{what}, page {at} of {pages}",
        select="multi-row",
        widths={"verdict": "small", "where": "small", "prompt": "large", "answer": "large", DIFFERS: "medium"},
    )
    turn(
        f"{key}.page",
        pages,
        f"{found.shape[0]:,} of {rows.shape[0]:,} {what}. Choose one (box at its left) to see it whole, several to decide.",
    )
    bulk.show(data, made, shown[picked], found, key)
    one = shown[picked[0]] if picked else (shown[0] if found.shape[0] == 1 else None)
    if one is not None and len(picked) < 2:
        rowcard.show(data, made, int(one), key, reveal=bool(picked))


def at_page(key: str, pages: int) -> int:
    """The page that a table below shows; the first one where a filter left fewer pages."""
    at = int(st.session_state.get(key, 1))
    return at if at <= pages else 1


def turn(key: str, pages: int, said: str) -> None:
    """What the table shows, and its pages, below it: above, a table's own tools would cover them."""
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", key=f"{key}.said"
    ):
        st.caption(said)
        if pages > 1:
            if st.session_state.get(key, 1) > pages:
                del st.session_state[key]
            st.pagination(pages, key=key)


def _asked(data: Loaded, made: Verdicts, rows: Rows, key: str) -> Wanted:
    actions = made.action[rows]
    counts = {words.ACTIONS[a].word: int(np.count_nonzero(actions == a)) for a in Action}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key=f"{key}.filters"):
        find = st.text_input(
            "Find", key=f"{key}.find", placeholder="Text, row id, or file:line", icon=":material/search:", width=250
        )
        present = [word for word, n in counts.items() if n]
        action = None
        if len(present) > 1:
            action = st.segmented_control(
                "Verdict", present, key=f"{key}.action", format_func=lambda w: f"{w} {counts[w]:,}"
            )
        codes = _codes(made, rows)
        reason = ANY
        if codes:
            names = [ANY, *codes]
            reason = st.selectbox(
                "Reason",
                names,
                key=f"{key}.reason",
                width=185,
                format_func=lambda c: "Any reason" if c == ANY else f"{words.title(c)} ({codes[c]:,})",
            )
        order = st.selectbox(
            "Order",
            [o for o, c in ORDERS.items() if c.lstrip("-") in ("", *data.evidence.columns)],
            key=f"{key}.order",
            width=170,
        )
        box = st.popover("Columns", icon=":material/filter_list:", key=f"{key}.columns", on_change="rerun")
        if box.open:  # every row's own columns are read only when somebody asks for them
            with box:
                _own_filter(data, key)
    return Wanted(find or "", action, reason or ANY, order or "reading order")


def _codes(made: Verdicts, rows: Rows) -> dict[str, int]:
    """Reason codes among the rows with their counts, most frequent first."""
    return dict(sorted(made.counts(rows).items(), key=lambda item: -item[1]))


def _own_filter(data: Loaded, key: str) -> None:
    """A filter on the file, or on any column of the user's own: its values with counts, in a table to choose from."""
    names = [ANY, "file", "format", *data.own_columns]
    picked_before = st.session_state.get(f"{key}.picked")
    if picked_before and f"{key}.own" not in st.session_state:
        st.session_state[f"{key}.own"] = picked_before[0]
    chosen = st.selectbox(
        "Filter by a column", names, key=f"{key}.own", format_func=lambda n: "None" if n == ANY else inert.plain(n, 60)
    )
    if chosen == ANY:
        st.session_state[f"{key}.picked"] = None
        return
    values, counts, _ = values_of(data, chosen)
    shown = values[:MOST_VALUES]
    picked = inert.table(
        {"value": shown, "rows": counts[: len(shown)]},
        key=f"{key}.own.{chosen}",
        alt="Values of the column with their counts",
        select="multi-row",
        height=260,
    )
    st.caption(f"{len(shown):,} of {len(values):,} values; choose one or more")
    st.session_state[f"{key}.picked"] = (chosen, tuple(picked)) if picked else None


def values_of(data: Loaded, name: str) -> tuple[list[inert.RowText], list[int], Any]:
    """Values of a column with counts and each row's value number; "file" and "format" are ours."""
    if name not in ("file", "format"):
        return data.counted(name)
    if name == "file":
        listed, codes = list(data.source_names), data.dataset.rows.column("source").to_numpy()
    else:
        listed, codes = _coded(data.dataset.rows.column("format").to_pylist())
    counts = np.bincount(codes, minlength=len(listed))
    return [inert.RowText(v) for v in listed], counts.tolist(), codes


def _coded(values: list[str]) -> tuple[list[str], Any]:
    seen: dict[str, int] = {}
    codes = np.array([seen.setdefault(v, len(seen)) for v in values], dtype=np.int32)
    return list(seen), codes


def _apply(data: Loaded, made: Verdicts, rows: Rows, wanted: Wanted, key: str) -> Rows:
    found = rows
    hits = data.find(wanted.find)
    if hits is not None:
        found = found[data.mask(hits)[found]]
    if wanted.action is not None:
        number = next(a for a, sign in words.ACTIONS.items() if sign.word == wanted.action)
        found = found[made.action[found] == number]
    if wanted.reason != ANY:
        found = found[made.carries(wanted.reason, rows=found)]
    picked = st.session_state.get(f"{key}.picked")
    if picked:
        found = found[np.isin(values_of(data, picked[0])[2][found], picked[1])]
    return _ordered(data, found, ORDERS[wanted.order])


def _ordered(data: Loaded, rows: Rows, column: str) -> Rows:
    if not column:
        return rows[np.argsort(data.evidence.orders["first"][rows], kind="stable")]
    values = data.evidence.columns[column.lstrip("-")][rows].astype(np.float64)
    values = np.where(np.isnan(values), np.inf, -values if column.startswith("-") else values)
    return rows[np.argsort(values, kind="stable")]


def _columns(data: Loaded, made: Verdicts, rows: Rows) -> dict[str, list[Any]]:
    decided = set(session.overrides().ids)
    ids = [data.evidence.ids[r].decode() for r in rows]
    columns: dict[str, list[Any]] = {
        "verdict": [
            words.MARKS[int(made.action[r])] + (" (by hand)" if i in decided else "")
            for r, i in zip(rows, ids, strict=True)
        ],
        "prompt": data.texts("prompt", rows),
        "answer": data.texts("response", rows),
    }
    twins = made.witness[rows].astype(np.int64)
    if (twins >= 0).any():
        columns[DIFFERS] = [
            changed if twin >= 0 else inert.RowText("")
            for twin, changed in zip(twins.tolist(), _changes(data, rows, twins), strict=True)
        ]
    if made.reasons[rows].any():
        columns["reasons"] = [", ".join(made.why(int(r))) for r in rows]
    lengths = data.evidence.columns["answer_words"][rows]
    return columns | {"words": [int(v) if v == v else None for v in lengths], "where": data.places(rows), "id": ids}


def _changes(data: Loaded, rows: Rows, twins: Rows) -> list[inert.RowText]:
    """What each row says otherwise than its witness; rows without one are compared with themselves."""
    by = np.where(twins >= 0, twins, rows)
    return changes(data, by.tolist(), rows.tolist())


def changes(data: Loaded, one: Sequence[int], two: Sequence[int]) -> list[inert.RowText]:
    """The words that differ between rows, in the prompt or else in the answer."""
    out = [inert.RowText("")] * len(one)
    for column in ("prompt", "response"):
        pairs = zip(data.texts(column, one), data.texts(column, two), strict=True)
        out = [held if len(held) else inert.changes(a, b) for held, (a, b) in zip(out, pairs, strict=True)]
    return [held if len(held) else inert.RowText("(nothing)") for held in out]


@st.dialog("Rows behind this number", width="large")
def dialog(data: Loaded, made: Verdicts, rows: Rows, key: str, said: str) -> None:
    """The table over the page, for the rows behind a number."""
    st.caption(said)
    _table(data, made, rows, key, "rows")
