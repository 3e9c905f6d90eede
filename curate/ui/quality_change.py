"""Changed copies on the quality page: which kept rows leave redacted or stripped, seen before they are applied; expected lengths."""

from __future__ import annotations

import numpy as np
import streamlit as st

from curate.decide.edit import PII_KINDS, redacted_kinds
from curate.decide.effective import cut_rows, redacted_rows
from curate.decide.lengths import FITTED, fitted, short_by_design
from curate.errors import CurateError
from curate.ship.changed import Change, changes_of, preview, rows_to_change
from curate.types import Verdicts
from curate.ui import inert, session, settings, words
from curate.ui.loaded import Loaded

SHOWN = 5  # changed rows that are shown side by side
KIND_WORDS = {"email": "e-mails", "card": "cards", "iban": "IBANs", "ssn": "SSNs", "ip": "IP addresses", "phone": "phones",
              "secret": "keys and tokens", "licence": "driving licences"}  # fmt: skip
EXPECTED = {
    "median": "the set's median",
    "topic": "its topic's median",
    "number": "a number of words",
    "column": "a column of yours",
}


def personal(data: Loaded, made: Verdicts) -> None:
    """Personal data written as its kind in a changed copy."""
    with st.container(border=True, key="change.redact.box"):
        st.markdown("**Redact in a changed copy**")
        st.caption(
            "Rows with these kinds are kept and leave with [email], [phone] … in their place; the rules below then ask of the copy. "
            "Your files are not touched: originals stand in originals.jsonl of the export, so pass on the split files alone."
        )
        st.session_state["edit.redact"] = list(redacted_kinds(session.recipe().edit.redact))
        st.multiselect(
            "Kinds",
            list(PII_KINDS),
            key="edit.redact",
            format_func=lambda k: KIND_WORDS[k],
            on_change=_redact,
            placeholder="None",
        )
        if session.recipe().edit.redact:
            _shown(data, made, "redact")


def leaked(data: Loaded, made: Verdicts) -> None:
    """Answers that stand at the end of their prompt cut from it."""
    with st.container(border=True, key="change.strip.box"):
        settings.toggle("edit", "strip_answer", "**Strip the answer from the prompt, in a changed copy**")
        st.caption(
            "Rows past the bound of answer in prompt are kept and leave without the answer at the prompt's end (S1's fix). Rows whose "
            "prompt is nothing else, or a dialogue, stay as the rule says."
        )
        if session.recipe().edit.strip_answer:
            _shown(data, made, "strip")


def _redact() -> None:
    chosen = ", ".join(k for k in PII_KINDS if k in st.session_state["edit.redact"])
    session.apply(session.recipe().with_setting("edit", redact=chosen), f"redact {chosen or 'nothing'}")


def _shown(data: Loaded, made: Verdicts, what: str) -> None:
    """How many rows change, and some of them before and after."""
    recipe = made.recipe
    asked = redacted_rows(data.evidence, recipe) if what == "redact" else cut_rows(data.evidence, recipe)
    held = np.flatnonzero(asked)
    kept = np.intersect1d(held, rows_to_change(data.evidence, made, recipe))
    rest = held.shape[0] - kept.shape[0]
    other = f" Other rules or copies hold back the other {rest:,}." if rest else ""
    st.markdown(
        f"**{words.rows(held.shape[0])}** would change; **{words.rows(kept.shape[0])}** of them are kept and leave changed.{other}"
    )
    if not held.shape[0] or not st.toggle("Show what changes", key=f"change.{what}.show"):
        return
    shown = np.concatenate((kept, np.setdiff1d(held, kept)))[:SHOWN]
    for change in changes_of(data.dataset, data.evidence, recipe, shown):
        _pair(data, change)
    if held.shape[0] > SHOWN:
        st.caption(f"{SHOWN} of {held.shape[0]:,} are shown; the export lists every changed row with its original.")


def _pair(data: Loaded, change: Change) -> None:
    for column in ("prompt", "response", "system"):
        before = data.dataset.text(column, change.row)
        after = preview(before, change)
        if after != before:
            inert.diff(
                inert.RowText(before), inert.RowText(after), key=f"change.diff.{change.row}.{column}", name=column
            )


def lengths(data: Loaded) -> None:
    """What an answer's length is measured against, and floors that fit short answers."""
    recipe = session.recipe()
    with st.container(border=True, key="lengths.box"):
        kind = recipe.lengths.expected
        kind = "column" if kind.startswith("column:") else kind if kind in ("median", "topic") else "number"
        left, right = st.columns(2)
        st.session_state["lengths.kind"] = kind
        left.selectbox("Answers are measured against", list(EXPECTED), key="lengths.kind", format_func=lambda k: EXPECTED[k], on_change=_kind, args=(data,),
                       help="What completion ratio, answer below median and answer above median divide by.")  # fmt: skip
        if kind == "number":
            st.session_state["lengths.words"] = float(recipe.lengths.expected)
            right.number_input("Words", 1.0, 1e6, key="lengths.words", step=10.0, on_change=_words)
        elif kind == "column":
            names = _own(data)
            st.session_state["lengths.column"] = recipe.lengths.expected.removeprefix("column:")
            right.selectbox(
                "Column with the expected words",
                names,
                key="lengths.column",
                format_func=inert.plain,
                on_change=_column,
            )
        _short(data)


def _short(data: Loaded) -> None:
    found = data.remember(("short by design",), lambda: short_by_design(data.evidence))
    made = fitted(session.recipe(), data.evidence)
    if found is None or made == session.recipe():
        return
    st.info(
        f"Answers are short by design here (median {found:g} words): the documents' fixed floors reject such labels (D28).",
        icon=":material/short_text:",
    )
    if st.button(
        "Fit the floors to these answers", key="lengths.fit", help=f"Lowers {', '.join(FITTED)} to the shortest tenth."
    ):
        session.apply(made, "floors that fit short answers")
        st.rerun()


def _kind(data: Loaded) -> None:
    kind = st.session_state["lengths.kind"]
    if kind == "column":
        names = _own(data)
        if not names:
            st.toast("This data has no column of its own.", icon=":material/info:")
            return
        kind = f"column:{names[0]}"
    _take("100" if kind == "number" else kind)


def _words() -> None:
    _take(f"{float(st.session_state['lengths.words']):g}")


def _column() -> None:
    _take(f"column:{st.session_state['lengths.column']}")


def _take(expected: str) -> None:
    try:
        session.apply(session.recipe().with_setting("lengths", expected=expected), f"lengths against {expected}")
    except CurateError as error:
        st.toast(inert.label(str(error), 300), icon=":material/error:")


def _own(data: Loaded) -> list[str]:
    """Columns of the user's own that a formula can read."""
    return [name for name in data.own_columns if name not in ("group", "time")]
