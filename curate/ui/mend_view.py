"""A corrected copy of a file: what can be mended without a guess, change by change, as a new file."""

from __future__ import annotations

import streamlit as st

from curate.load import Corrected, corrected
from curate.types import Dataset
from curate.ui import inert, words

MOST_SHOWN = 500
MOST_BAD = 20_000  # malformed rows looked at; more is a broken file, not one with broken rows


@st.cache_resource(show_spinner=False, max_entries=8)
def _copy(sha256: str, source: int, _data: Dataset) -> Corrected | None:
    del sha256
    return corrected(_data, source)


def show(data: Dataset) -> None:
    """One block for each file that has rows to mend."""
    for place, source in enumerate(data.sources):
        if 0 < source.malformed <= MOST_BAD:
            made = _copy(source.sha256, place, data)
            if made is not None:
                _block(made, source.name)


def _block(made: Corrected, name: str) -> None:
    rows = len({c.line for c in made.changes})
    stay = "stays as it is: to mend it" if made.left == 1 else "stay as they are: to mend them"
    left = f" {words.rows(made.left)} {stay} takes a guess." if made.left else ""
    with st.container(border=True, key=f"load.mend.{inert.plain(name)}"):
        st.markdown(
            f"**{words.rows(rows)} of {inert.label(name)} can be mended without a guess.**{left} Your file is not "
            "changed: the copy is a new file, and every row that was fine is in it as it was."
        )
        inert.table(
            {
                "line": [c.line for c in made.changes[:MOST_SHOWN]],
                "change": [c.what for c in made.changes[:MOST_SHOWN]],
            },
            key=f"load.mend.table.{inert.plain(name)}",
            alt="Changes of the corrected copy, line by line",
            widths={"line": "small", "change": "large"},
            height=200 if len(made.changes) > 4 else "auto",
        )
        if len(made.changes) > MOST_SHOWN:
            st.caption(f"{MOST_SHOWN} of {len(made.changes):,} changes shown; the copy holds all of them")
        st.download_button(
            "Corrected copy (JSONL)",
            lambda: b"".join(made.pieces()),
            made.name,
            "application/jsonl",
            key=f"load.mend.get.{inert.plain(name)}",
            icon=":material/download:",
            on_click="ignore",
        )
