"""The help page: every point of the source documents with links to where it is met."""

from __future__ import annotations

import streamlit as st

from curate.ui import frame
from curate.views.sources import DOCUMENTS, Entry, entries

CONFLICTS = "Conflicts"


def show() -> None:
    """One document at a time, or a search over all of them."""
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    with left:
        chosen = st.segmented_control(
            "Document", [*DOCUMENTS, CONFLICTS], key="help.document", default="S0", required=True
        )
    with right:
        wanted = st.text_input("Find", key="help.find", placeholder="kappa, MinHash, rule:refusal …").strip().lower()
    st.caption("Conflicts: where the documents contradict each other or their code is wrong, and what is done instead."
               if chosen == CONFLICTS else DOCUMENTS[chosen or "S0"])  # fmt: skip
    document = "" if chosen == CONFLICTS else chosen
    found = [e for e in entries() if (wanted in _words(e) if wanted else e.document == document)]
    if not found:
        st.info("No point says that.", icon=":material/search_off:")
    for entry in found:
        _entry(entry)


def _words(entry: Entry) -> str:
    return " ".join((entry.id, entry.document, entry.asks, entry.note, *entry.met)).lower()


def _entry(entry: Entry) -> None:
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"**{entry.id}** {entry.asks}")
        if entry.note:
            st.caption(entry.note)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if not entry.built:
                st.badge("not built yet", icon=":material/pending:", color="gray")
            for kind, _, name in (ref.partition(":") for ref in entry.met):
                if kind == "page":
                    st.page_link(frame.page(name), label=name.capitalize(), icon=":material/arrow_forward:")
                else:
                    st.badge(f"{kind} {name}".replace("_", "\\_"), color="blue")
