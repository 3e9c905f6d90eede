"""The load page: choose files, see what was found in them, what is wrong where, and how measuring goes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from curate.decide.recipe import ALLOWED
from curate.errors import CurateError
from curate.load.formats import WHY
from curate.types import Dataset
from curate.ui import (
    columns_view,
    fit_view,
    frame,
    incidents,
    inert,
    jobs,
    mend_view,
    places,
    problems_view,
    recent,
    session,
    settings,
)

SAMPLE = "Sample: help desk and drug questions"
FORMATS = "JSONL, JSON, CSV, TSV or Parquet, also .gz"


def choose() -> None:
    """Four ways to open data."""
    if session.stale_link():
        st.info(
            "The link names work of an earlier run of the app. Open the files again: what was measured is kept.",
            icon=":material/history:",
        )
    ways = {"Sample": _sample, "Path": _path, "Upload": _upload, "Recent": _recent}
    way = st.segmented_control(
        "Open",
        list(ways),
        key="load.way",
        default="Path" if session.job() else "Sample",
        required=True,
        label_visibility="collapsed",
    )
    with st.container(border=True, key="load.box"):
        ways[way or "Sample"]()


def _sample() -> None:
    st.markdown(
        "**Sample data.** A help desk and drug questions with planted defects: copies, near copies, "
        "contradictions, broken rows, "
        "and an evaluation file whose copies must not be trained on."
    )
    if st.button("Open the sample", key="load.sample", icon=":material/science:"):
        pool, frozen = places.sample_files()
        _start(pool, frozen, SAMPLE)


def _path() -> None:
    found = places.data_files()
    paths = st.multiselect(
        "Files",
        found,
        key="load.path",
        accept_new_options=True,
        placeholder="Choose or type the path of a file",
        help=f"{FORMATS}. Several files are read as one pool. Folders: "
        f"{inert.label(', '.join(map(str, places.roots())), 400)}",
    )
    frozen = st.multiselect(
        "Evaluation files (frozen)",
        found,
        key="load.frozen",
        accept_new_options=True,
        placeholder="Optional: rows that must not be trained on",
        help="Never changed; near copies of their questions leave the training data.",
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        sample = st.number_input(
            "Sample",
            min_value=0,
            value=0,
            step=1000,
            key="load.sample_rows",
            width=160,
            help="Read only this many rows, chosen by content; 0 reads all. A sample is marked partial everywhere.",
        )
        if st.button("Open", key="load.start", icon=":material/folder_open:", disabled=not (paths or frozen)):
            pool, held = [places.allowed(p) for p in paths], [places.allowed(p) for p in frozen]
            _start(pool, held, recent.Opened(tuple(map(str, pool)), tuple(map(str, held))).name, int(sample) or None)


def _upload() -> None:
    files = st.file_uploader(f"Files ({FORMATS})", accept_multiple_files=True, key="load.upload")
    frozen = st.file_uploader(
        "Evaluation files (frozen), optional", accept_multiple_files=True, key="load.upload.frozen"
    )
    st.caption(
        "Uploads are kept in your own folder on this machine, named by their content. For big files use Path: "
        "nothing is copied."
    )
    if st.button("Open", key="load.upload.start", icon=":material/folder_open:", disabled=not (files or frozen)):
        pool = [places.keep_upload(f.name, f.getbuffer()) for f in files or []]
        held = [places.keep_upload(f.name, f.getbuffer()) for f in frozen or []]
        _start(pool, held, recent.Opened(tuple(map(str, pool)), tuple(map(str, held))).name)


def _recent() -> None:
    listed = recent.listed()
    if not listed:
        st.caption("Nothing was opened by path yet.")
        return
    picked = inert.table(
        {
            "files": [o.name for o in listed],
            "folder": [str(Path((o.paths or o.frozen)[0]).parent) for o in listed],
            "state": [_state(o) for o in listed],
        },
        key="load.recent",
        alt="Files opened before",
        select="single-row",
    )
    one = listed[picked[0]] if picked else None
    if (
        st.button(
            "Open",
            key="load.recent.start",
            icon=":material/history:",
            disabled=one is None or not one.present,
        )
        and one
    ):
        _start([places.allowed(p) for p in one.paths], [places.allowed(p) for p in one.frozen], one.name)


def _state(opened: recent.Opened) -> str:
    if not opened.present:
        return "gone"
    same = recent.stamps([Path(p) for p in (*opened.paths, *opened.frozen)]) == opened.stamps
    return "as it was" if same else "changed on disk"


def _start(pool: Sequence[Path], frozen: Sequence[Path], title: str, sample: int | None = None) -> None:
    st.session_state.pop("my.refused", None)
    mapping = recent.remembered(pool, frozen)
    if title != SAMPLE:
        recent.add(pool, frozen, mapping)
    session.open_job(session.job_list().start(pool, frozen, sample=sample, title=title, mapping=mapping))
    st.rerun()


def progress() -> None:
    """How the work goes, or how it ended."""
    found = session.job()
    if found is None:
        return
    if found.state == "failed":
        message = jobs.failure(found)
        if message is not None:
            st.error(inert.label(message, 600), icon=":material/error:")
        elif isinstance(found.error, Exception):
            _incident(found)
    if found.active:
        st.caption(
            "Badges come first; near meaning and topics follow once the vectors are there. You can look at the "
            "data meanwhile."
        )
    elif found.state in ("failed", "cancelled"):
        if found.state == "cancelled":
            st.info("Stopped. What was measured so far is kept.", icon=":material/stop_circle:")
        if st.button("Go on", key="measure.start", icon=":material/play_arrow:"):
            session.job_list().resume(found, session.recipe())
            st.rerun()
    why = jobs.no_vectors(found, session.recipe())
    if why and found.state == "done" and session.recipe().embed.enabled:
        st.info(f"Near meaning and topics are not measured: {why}", icon=":material/pending:")


def measuring() -> None:
    """Settings that decide what is measured; a change waits for a press on Measure."""
    if session.loaded() is None:
        return
    with st.expander("What is measured", key="load.measuring", icon=":material/straighten:"):
        st.caption(
            "Floors say how alike rows must be to be compared at all; thresholds above them move live. A change here "
            "is measured when you press Measure at the left; what is in the store is not made anew."
        )
        one, two, three = st.columns(3)
        with one:
            settings.number(
                "near", "text_floor", "Near text floor", 0.3, 1.0, 0.05, "Jaccard from which pairs are kept."
            )
            settings.number("near", "bands", "Bands", 1, 512, 1, "Of the candidate search; more find more, slower.")
        with two:
            settings.number(
                "near", "meaning_floor", "Near meaning floor", 0.5, 1.0, 0.05, "Cosine from which pairs are kept."
            )
            settings.number("near", "hashes", "Hashes", 1, 512, 1, "Permutations of the candidate search.")
        with three:
            settings.text("embed", "model", "Embedding model", "A folder or a hub id that is on this machine.")
            settings.choice("embed", "dtype", "Vectors in", ALLOWED["embed", "dtype"], "bfloat16: quicker, less exact.")
            settings.toggle("embed", "enabled", "Vectors", "Off: no near meaning and no topics.")


def _incident(found: jobs.Job) -> None:
    """One incident per failed job, however often the page is shown."""
    assert found.error is not None
    shown = st.session_state.setdefault("my.incidents", {})
    if found.id not in shown:
        shown[found.id] = incidents.record(found.error)
    st.error(
        f"Measuring failed (incident {shown[found.id]}). What was measured so far is kept; the log file has the "
        "details.",
        icon=":material/error:",
    )


def found() -> None:
    """What is in the files: sources, problems with line and fix, a row before and after."""
    job = session.job()
    data = job.dataset if job else None
    if data is None:
        return
    _next()
    st.subheader("What was found")
    _sources(data)
    problems_view.show(data)
    mend_view.show(data)
    if len(data):
        _before_after(data)
        fit_view.show(data)


def _next() -> None:
    if session.loaded() is not None:
        st.page_link(frame.page("overview"), label="See how healthy it is", icon=":material/arrow_forward:")


def _sources(data: Dataset) -> None:
    listed = data.sources
    inert.table(
        {
            "file": [s.name for s in listed],
            "role": [s.role for s in listed],
            "container": [s.container for s in listed],
            "shape": [", ".join(f"{k} {v:,}" for k, v in s.formats.items()) for s in listed],
            "because its rows have": ["; ".join(WHY.get(k, k) for k in s.formats) for s in listed],
            "read": [s.read for s in listed],
            "usable": [s.rows for s in listed],
            "malformed": [s.malformed for s in listed],
            "blank": [s.blank for s in listed],
            "notes": ["; ".join(s.notes) for s in listed],
        },
        key="load.sources",
        alt="Files with their format and row counts",
    )
    read, rows, bad, blank = (sum(getattr(s, k) for s in listed) for k in ("read", "rows", "malformed", "blank"))
    st.caption(
        f"{read:,} read = {rows:,} usable + {bad:,} malformed + {blank:,} blank. Nothing is lost: malformed "
        "rows are exported beside the data."
    )


def _before_after(data: Dataset) -> None:
    """One row as it stands in the file, and as it is read."""
    names = [s.name for s in data.sources]
    with st.expander("A row before and after reading", key="load.row", expanded=False):
        at = st.number_input("Row", min_value=1, max_value=len(data), value=1, key="load.row.at", width=160) - 1
        raw = data.rows.column("raw")[at].as_py() or data.text("record", at)
        text = raw.decode("utf-8", "backslashreplace") if isinstance(raw, bytes) else raw
        place = f"{names[data.rows.column('source')[at].as_py()]}:{data.rows.column('line')[at].as_py()}"
        left, right = st.columns(2)
        with left:
            st.caption(f"As it stands in {inert.label(place)}")
            inert.code(inert.RowText(text), "json")
        with right:
            st.caption(f"As it is read, shape `{inert.plain(data.text('format', at))}`")
            inert.code(inert.RowText(data.text("messages", at)), "json")


def page() -> None:
    """The whole page; a refused path is a sentence, not the end of the page."""
    try:
        choose()
    except CurateError as error:
        st.session_state["my.refused"] = error  # kept: progress of a job runs the page anew within a second
    refused = st.session_state.get("my.refused")
    if refused is not None:
        incidents.show(refused)
    progress()
    columns_view.show()
    measuring()
    found()
