"""What each destination would do with the training file, in the shapes that are chosen, before it is written."""

from __future__ import annotations

import streamlit as st

from curate.ship.outcome import MOST, Outcome, outcomes
from curate.types import Action, Verdicts
from curate.ui import inert
from curate.ui.loaded import Loaded

MARK = {
    "takes all": "✓ takes all rows",
    "loses": "△ loses {:,} of {:,}",
    "none": "✕ takes none",
    "refuses": "✕ refuses the file",
}


def show(data: Loaded, made: Verdicts, formats: list[str]) -> None:
    """A line per shape and destination; asked for by a press, since rows are put into every shape."""
    if not made.count(Action.KEEP):
        return
    chosen = ",".join(["as-read", *formats])
    with st.expander("What each destination would do with it", key="export.fit", icon=":material/rocket_launch:"):
        key = ("outcomes", made.recipe.fingerprint, chosen)
        if st.toggle("Ask every destination about the training split", key="export.fit.ask"):
            told = data.remember(key, lambda: outcomes(data.dataset, made, chosen))
            _table(told)


def _table(told: tuple[Outcome, ...]) -> None:
    if not told:
        st.info("No row is in the training split.", icon=":material/info:")
        return
    inert.table(
        {
            "written as": [o.format for o in told],
            "destination": [o.fit.destination.title for o in told],
            "outcome": [MARK[fate(o)].format(_lost(o), o.rows) for o in told],
            "first reason": [_reason(o) for o in told],
            **{name: counts for name, counts in _counts(told).items() if any(counts)},
        },
        key="export.fit.table",
        alt="What each destination would do with the training split in each shape",
        widths={"destination": "medium", "outcome": "medium", "first reason": "large"},
        height="content",
    )
    fine = sorted({o.fit.destination.title for o in told if fate(o) == "takes all"})
    st.caption(
        (
            f"Takes every row in some shape above: {', '.join(fine)}. "
            if fine
            else "No destination takes every row yet. "
        )
        + f"Asked about {told[0].rows:,} rows"
        + (f", evenly spread ({MOST:,} at most)" if told[0].rows >= MOST else "")
        + ". From each destination's own documents and loader code; rules about length need `curate fit --tokenizer`."
    )


def fate(o: Outcome) -> str:
    """takes all, loses, none or refuses."""
    if o.fit.refused:
        return "refuses"
    return "none" if _lost(o) >= o.rows else "loses" if _lost(o) else "takes all"


def _lost(o: Outcome) -> int:
    return o.fit.lost + o.left_out


def _counts(told: tuple[Outcome, ...]) -> dict[str, list[int]]:
    """Rows by what becomes of them; a fate that no row has anywhere is left out."""
    fates = {name: [o.fit.fates[name] for o in told] for name in told[0].fit.fates}
    return {"no place in the shape": [o.left_out for o in told]} | fates


def _reason(o: Outcome) -> str:
    if o.fit.files:
        return f"{o.fit.files[0][1]}."
    return o.fit.rules[0].rule.help if o.fit.rules else ""
