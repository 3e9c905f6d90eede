"""Columns named by hand: which column of a file is what, for files that no known shape fits; read again with them."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from curate.errors import CurateError
from curate.load import PARTS, ColumnMap
from curate.load.peek import Proposal, propose
from curate.ui import incidents, inert, jobs, recent, session, words

NONE = ""
SHOWN = ("prompt", "response", "system", "context", "turns", "history", "id", "group", "time", "tools")


@st.cache_data(show_spinner=False, max_entries=16)
def _look(path: str, stamp: str) -> Proposal:
    del stamp  # a changed file is looked at again
    return propose(path)


def show() -> None:
    """One file at a time, opened when a known shape does not fit its first rows."""
    found = session.job()
    if found is None or found.active:
        return
    files = list(dict.fromkeys((*found.paths, *found.frozen)))
    try:
        looks = {f: _look(str(f), recent.stamps([f])[0]) for f in files}
    except CurateError:
        return  # the page says already why that file can't be read
    unfit = [f for f in files if looks[f].fits < 1 and f.name not in found.mapping]
    with st.expander("Which column is what", key="load.columns", expanded=bool(unfit), icon=":material/view_column:"):
        path = files[0]
        if len(files) > 1:
            path = st.selectbox(
                "File", unfit + [f for f in files if f not in unfit], key="load.columns.file",
                format_func=lambda f: inert.plain(f.name),
            )  # fmt: skip
        _file(found, path, looks[path])


def _file(found: jobs.Job, path: Path, look: Proposal) -> None:
    st.caption(
        f"A known shape fits {look.fits:.0%} of the first {words.rows(look.rows)}. Columns named here are read first; "
        "rows that have none of them are read by their shape."
    )
    inert.table(
        {
            "column": [c.name for c in look.columns],
            "rows with text": [f"{c.filled:.0%}" for c in look.columns],
            "characters (median)": [round(c.characters) for c in look.columns],
            "otherwise": [", ".join(f"{k} {v:,}" for k, v in c.kinds.items()) for c in look.columns],
        },
        key=f"load.columns.table.{path.name}",
        alt=f"Columns of {inert.plain(path.name)}",
    )
    chosen = _choose(found.mapping.get(path.name) or look.suggested, [c.name for c in look.columns])
    held = found.mapping.get(path.name)
    with st.container(horizontal=True):
        if st.button("Read again with these", key="load.columns.read", icon=":material/refresh:", disabled=not chosen):
            _read(found, path, chosen)
        if held and st.button("Read by shape", key="load.columns.clear", icon=":material/undo:", type="tertiary"):
            _read(found, path, {})


def _choose(start: ColumnMap | None, names: list[str]) -> dict[str, str]:
    """A select box per part; what was chosen."""
    begin = start.columns if start else {}
    out: dict[str, str] = {}
    for first in range(0, len(SHOWN), 5):
        for column, part in zip(st.columns(5), SHOWN[first : first + 5], strict=True):
            options = [NONE, *names]
            value = column.selectbox(
                words.title(part),
                options,
                index=options.index(begin[part]) if begin.get(part) in names else 0,
                key=f"load.columns.{part}",
                help=PARTS[part].capitalize() + ".",
                format_func=lambda n: inert.plain(n) if n else "–",
            )
            if value:
                out[part] = value
    return out


def _read(found: jobs.Job, path: Path, chosen: dict[str, str]) -> None:
    """A new job over the same files; what was measured of equal rows is not measured again."""
    try:
        others = {k: v for k, v in found.mapping.items() if k != path.name}
        mapping = others | ({path.name: ColumnMap.of(**chosen)} if chosen else {})
    except CurateError as error:
        incidents.show(error)
        return
    recent.add(found.paths, found.frozen, mapping)
    session.open_job(
        session.job_list().start(
            found.paths, found.frozen, sample=found.sample, recipe=found.recipe, title=found.title, mapping=mapping
        )
    )
    st.rerun()
