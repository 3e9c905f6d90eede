"""Evaluation items in the data: which rows repeat which item, by class with its measured precision, side by side."""

from __future__ import annotations

import numpy as np
import streamlit as st

from curate.decide.leaks import CLASSES, LANGUAGES, Leaks, leaks_of
from curate.ship.proof import Proof
from curate.types import Verdicts
from curate.ui import inert, session, settings, words
from curate.ui.loaded import Loaded

SHOWN = 200
COLUMNS = {"quoted": "long", "alike": "short", "reworded": "reworded", "code": "code"}


def bars(data: Loaded) -> None:
    """The bars of the classes that only evaluation items have; a slider starts where measuring did."""
    matches = data.evidence.matches
    if matches is None:
        return
    for place, (name, column) in zip(st.columns(len(COLUMNS)), COLUMNS.items(), strict=True):
        kind = next(c for c in CLASSES if c.name == name)
        floor = matches.floor.get(column)
        with place:
            if floor is None:
                st.markdown(f":small[{kind.title}: not measured]", help=kind.help)
            else:
                settings.slider("leak", name, kind.title, float(floor or 0.2), 1.0, 0.05, kind.help)


def found(data: Loaded, made: Verdicts) -> None:
    """Rows that repeat an evaluation item; one opened beside its item."""
    if not data.evidence.frozen.any():
        st.info(
            "No evaluation set is loaded. Add one on the Load page: it is never changed, and rows that repeat it go.",
            icon=":material/lock:",
        )
        return
    bars(data)
    told: Leaks = data.remember(("leaks", made.recipe.fingerprint), lambda: leaks_of(data.evidence, made.recipe))
    rows = np.flatnonzero(told.hit)
    st.markdown(f"**{words.rows(len(rows))}** repeat an evaluation item. The row goes, the item stays.")
    matches = data.evidence.matches
    st.caption(inert.label(f"{matches.completeness}. {LANGUAGES}" if matches else LANGUAGES, 600))
    if not len(rows):
        return
    order = rows[np.lexsort((-told.score[rows], told.kind[rows]))][:SHOWN]
    picked = inert.table(
        {
            "class": [CLASSES[k].title for k in told.kind[order]],
            "score": [round(float(s), 3) for s in told.score[order]],
            "right when measured": [_precision(int(k)) for k in told.kind[order]],
            "row": data.texts("prompt", order.tolist()),
            "evaluation item": data.texts("prompt", told.item[order].tolist()),
        },
        key="leak.rows",
        alt="Rows that repeat an evaluation item",
        select="single-row",
        height=320,
        widths={"class": "small", "score": "small", "row": "large", "evaluation item": "large"},
    )
    if len(rows) > SHOWN:
        st.caption(f"The first {SHOWN} of {len(rows):,}; all are in rejected.jsonl with their witness.")
    if picked:
        _beside(data, int(order[picked[0]]), told)


def _precision(kind: int) -> str:
    known = CLASSES[kind]
    return f"{known.right} of {known.of}" if known.of else "not labelled"


def _beside(data: Loaded, row: int, told: Leaks) -> None:
    """The row and its item, the words that differ, and the ruling."""
    item = int(told.item[row])
    names = [data.evidence.ids[r].decode() for r in (row, item)]
    with st.container(border=True, key="card.leak"):
        st.markdown(f"`{names[0]}` repeats `{names[1]}`: {CLASSES[told.kind[row]].help}")
        for column, name in (("prompt", "Question"), ("response", "Answer")):
            one, two = data.texts(column, [row, item])
            st.caption(f"{name}: struck = only in the row, underlined = only in the item")
            inert.diff(one, two, key=f"leak.diff.{column}", name=f"{name} of the row and of the item", reveal=names[0])
        if st.button("Not a duplicate", key="leak.not_duplicate", icon=":material/call_split:"):
            session.decide_pair(names[0], names[1], "not_duplicate")
            st.rerun()


def proof(told: Proof) -> None:
    """What was looked for across every boundary of the written files."""
    if told.holds:
        st.success("Proved on the written files: nothing crosses.", icon=":material/verified_user:")
    else:
        st.error("The proof failed: something crosses a boundary. The table says what.", icon=":material/gpp_bad:")
    inert.table(
        {
            "looked for": [x.check for x in told.lines],
            "between": [x.between for x in told.lines],
            "found": [x.found for x in told.lines],
            "meaning": [x.help for x in told.lines],
        },
        key="export.proof",
        alt="The proof of the export",
    )
