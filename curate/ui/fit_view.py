"""What providers and trainers would do with the rows: one line each, and the rules behind the one that is chosen."""

from __future__ import annotations

import streamlit as st

from curate.profiles import FitRow, fit_table
from curate.profiles.destinations import DESTINATIONS
from curate.types import Dataset
from curate.ui import inert, words

AT_ONCE = 20_000  # rows: the table takes about a second; above, it waits for a press


@st.cache_resource(show_spinner="Asking eleven destinations …", max_entries=4)
def _table(fingerprint: str, files: str, _data: Dataset) -> tuple[FitRow, ...]:
    del fingerprint, files
    return fit_table(_data)


def show(data: Dataset) -> None:
    """The table, at once for small data."""
    files = " ".join(s.sha256 for s in data.sources)
    with st.expander("Where it can be trained", key="load.fit", icon=":material/rocket_launch:"):
        if len(data) > AT_ONCE and not st.toggle(
            f"Ask {len(DESTINATIONS)} destinations about {words.rows(len(data))}", key="load.fit.ask"
        ):
            return
        table = _table(data.fingerprint, files, data)
        _lines(table)
        names = {row.destination.title: row for row in table}
        chosen = st.selectbox("Rules behind", list(names), key="load.fit.one", width=320)
        if chosen:
            _rules(names[chosen])


def _lines(table: tuple[FitRow, ...]) -> None:
    fine = [r.destination.title for r in table if not r.refused and not r.lost]
    said = (
        f"Trained on every row as it is: **{', '.join(fine)}**."
        if fine
        else "**No destination would train on every row.**"
    )
    st.markdown(said)
    inert.table(
        {
            "destination": [r.destination.title for r in table],
            "files": ["✕ refused" if r.refused else "fine" for r in table],
            **{fate: [r.fates[fate] for r in table] for fate in table[0].fates},
            "first reason": [_reason(r) for r in table],
        },
        key="load.fit.table",
        alt="What each provider and trainer would do with the rows",
        widths={"destination": "medium", "first reason": "large"},
        height="content",
    )
    st.caption(
        "From each destination's own documents and loader code. Rules about length need a tokenizer: "
        "`curate fit DATA --tokenizer FOLDER`."
    )


def _reason(row: FitRow) -> str:
    if row.files:
        return f"{row.files[0][1]}."
    return row.rules[0].rule.help if row.rules else ""


def _rules(row: FitRow) -> None:
    listed = [("file", "all", said, first, rule.source) for rule, said, first in row.files]
    listed += [
        (c.rule.fate.name.lower(), f"{c.met:,}", c.rule.help, c.first, c.rule.source) for c in row.rules
    ]  # fmt: skip
    if not listed:
        st.success("No rule of it is met by any row.", icon=":material/check_circle:")
        return
    inert.table(
        {
            "outcome": [o for o, *_ in listed],
            "rows": [n for _, n, *_ in listed],
            "what happens and what to do": [said for _, _, said, *_ in listed],
            "for example": [", ".join(f"{name}:{line}" for name, line in first) for *_, first, _ in listed],
            "written in": [source for *_, source in listed],
        },
        key="load.fit.rules",
        alt=f"Rules of {row.destination.title} that some row meets",
        widths={"what happens and what to do": "large", "written in": "large"},
    )
