"""The report on the export page: which sections, what training costs, and the page as a file."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from curate.errors import CurateError
from curate.ship.diff import diff_run
from curate.types import Verdicts
from curate.ui import incidents, inert, places, session
from curate.ui.loaded import Loaded
from curate.views.report import NAMES, Options, Report, build, to_html, to_markdown
from curate.views.report.build import SECTIONS


@st.fragment
def show(data: Loaded, made: Verdicts) -> None:
    """Choices at the left; a click makes the page, another saves it."""
    st.markdown(
        ":small[One file that opens offline and prints well: verdict, badges, before and after, examples of what goes "
        "and why, splits, lineage. It shows texts of rows; nothing in it runs or fetches.]"
    )
    options = _options(list(data.evidence.labels))
    try:
        if st.button("Make report", key="report.make", icon=":material/description:"):
            st.session_state["my.report"] = (made.recipe.fingerprint, _made(data, made, options))
        kept = st.session_state.get("my.report")
        if kept is None:
            return
        if kept[0] != made.recipe.fingerprint:
            st.caption(":material/update: The recipe changed since this report was made. Make it again.")
            return
        _files(kept[1])
    except CurateError as error:
        incidents.show(error)


def _options(labels: list[str]) -> Options:
    title = st.text_input("Title", value="Dataset report", key="report.title", max_chars=120)
    chosen = st.pills("Sections", list(NAMES), key="report.sections", selection_mode="multi", default=list(NAMES),
                      format_func=lambda name: SECTIONS[name][0])  # fmt: skip
    one, two, three, four = st.columns(4)
    examples = one.number_input("Examples of each kind", 0, 50, 3, key="report.examples")
    price = two.number_input("Price per million tokens", 0.0, None, None, key="report.price",
                             help="Of training, in your currency; empty = leave money out.")  # fmt: skip
    epochs = three.number_input("Epochs", 0.0, None, 3.0, 0.5, key="report.epochs")
    speed = four.number_input("Tokens per second", 1.0, None, None, key="report.speed",
                              help="Of training on your hardware; empty = leave hours out.")  # fmt: skip
    left, right = st.columns(2)
    left.text_input("Compare with the export in", key="report.previous", placeholder="folder of an earlier export")
    people = right.multiselect("Labels of two people", labels, key="report.annotators", max_selections=2, format_func=inert.label,
                               help="Two columns of the data: the report states Cohen's kappa.")  # fmt: skip
    without = frozenset(NAMES) - frozenset(chosen)
    return Options(title or "Dataset report", without, int(examples), price, float(epochs), speed,
                   annotators=tuple(people) if len(people) == 2 else ())  # fmt: skip


def _made(data: Loaded, made: Verdicts, options: Options) -> Report:
    last = str(st.session_state.get("report.previous") or "")
    before = diff_run(places.allowed(last), data.dataset, data.evidence, made, session.checks()) if last else None
    written = st.session_state.get("my.proof") if st.session_state.get("my.proved") == made.recipe.fingerprint else None
    return build(data.dataset, data.evidence, made, session.checks(), replace(options, previous=before, proof=written))


def _files(report: Report) -> None:
    left, right, _ = st.columns([2, 2, 5])
    left.download_button("HTML", to_html(report), "report.html", "text/html", key="report.html",
                         icon=":material/download:", on_click="ignore", width="stretch")  # fmt: skip
    right.download_button("Markdown", to_markdown(report), "report.md", "text/markdown", key="report.md",
                          icon=":material/download:", on_click="ignore", width="stretch")  # fmt: skip
    st.caption(f"{len(report.sections)} sections. {report.verdict}")
