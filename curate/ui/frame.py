"""The frame around every page: navigation, dataset card, preset, live kept count, changed settings, undo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from curate.decide import PRESETS
from curate.errors import CurateError
from curate.types import Action
from curate.ui import incidents, inert, jobs, places, recent, session, words

# An icon by name would be fetched from a font server; this one is in the page.
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><rect width="24" height="24" rx="5" fill="#1f5f8b"/>'
    '<path d="M5 6h14l-5.4 6.4V18l-3.2 1.6v-7.2z" fill="#fff"/></svg>'
)
# section -> (file, title, icon, url)
PAGES: Mapping[str, tuple[tuple[str, str, str, str], ...]] = {
    "Data": (("pages/data/load.py", "Load", ":material/upload_file:", "load"),),
    "Look": (
        ("pages/look/overview.py", "Overview", ":material/dashboard:", "overview"),
        ("pages/look/map.py", "Map", ":material/scatter_plot:", "map"),
        ("pages/look/quality.py", "Quality rules", ":material/tune:", "quality"),
        ("pages/look/duplicates.py", "Duplicates", ":material/content_copy:", "duplicates"),
        ("pages/look/contradictions.py", "Contradictions", ":material/compare_arrows:", "contradictions"),
        ("pages/look/rows.py", "All rows", ":material/table_rows:", "rows"),
    ),
    "People": (
        ("pages/people/gold.py", "Gold set", ":material/verified:", "gold"),
        ("pages/people/review.py", "Review", ":material/rate_review:", "review"),
        ("pages/people/judge.py", "Judge", ":material/gavel:", "judge"),
        ("pages/people/generate.py", "Generate", ":material/auto_awesome:", "generate"),
    ),
    "Ship": (
        ("pages/ship/export.py", "Export", ":material/inventory_2:", "export"),
        ("pages/ship/history.py", "History", ":material/history:", "history"),
        ("pages/ship/versions.py", "Versions", ":material/account_tree:", "versions"),
    ),
    "Help": (("pages/help/sources.py", "Sources", ":material/menu_book:", "sources"),),
}


def run() -> None:
    """Every run of the app: the frame first, then the page inside it."""
    st.set_page_config(page_title="curate", page_icon=ICON, layout="wide", initial_sidebar_state="expanded")
    try:
        _attach()
        pages = _pages()
        page = st.navigation([p for section in pages.values() for p in section], position="hidden")
        _land(page)
        with st.sidebar:
            _sidebar(pages)
        page.run()
    except Exception as error:
        incidents.show(error)


def page(url: str) -> Any:
    """The page of that URL, for links."""
    for section in PAGES.values():
        for file, title, icon, path in section:
            if path == url:
                return st.Page(file, title=title, icon=icon, url_path=path, default=path == "load")
    raise KeyError(url)


def _pages() -> Mapping[str, list[Any]]:
    return {section: [page(p[3]) for p in listed] for section, listed in PAGES.items()}


def _attach() -> None:
    """A session without a job takes the one of the command line, if there are files on it."""
    if session.job() is None and jobs.preloaded():
        session.open_job(_preloaded_job())
        st.session_state["my.land"] = True


def _land(now: Any) -> None:
    """Whoever names files on the command line sees their health first; a link to another page goes there."""
    if st.session_state.pop("my.land", False) and now.url_path == "":
        st.switch_page(page("overview"))


@st.cache_resource(show_spinner=False)
def _preloaded_job() -> jobs.Job:
    paths = jobs.preloaded()
    mapping = recent.remembered(paths, ())
    recent.add(paths, (), mapping)
    return session.job_list().start(paths, title=recent.Opened(tuple(map(str, paths)), ()).name, mapping=mapping)


def _sidebar(pages: Mapping[str, list[Any]]) -> None:
    _card()
    with st.container(key="nav", gap="xxsmall"):
        for section, listed in pages.items():
            st.caption(section)
            for one in listed:
                st.page_link(one, width="stretch")
    if session.loaded() is not None:
        with st.container(key="recipe"):
            _recipe()


def _card() -> None:
    """The dataset: name, rows, what is running, changed on disk."""
    found = session.job()
    with st.container(border=True, key="dataset", gap="xsmall"):
        if found is None:
            st.markdown("**No dataset open**")
            st.caption("Open the sample, a path or an upload on the Load page.")
            _recent()
            return
        st.markdown(f"**{inert.label(found.title, 60)}**")
        if found.dataset is not None:
            pool = sum(s.rows for s in found.dataset.sources if s.role == "pool")
            frozen = sum(s.rows for s in found.dataset.sources if s.role == "frozen")
            sample = f" · sample of {found.dataset.sample:,}" if found.dataset.sample else ""
            st.caption(f"{words.rows(pool)}{f' · {frozen:,} frozen' if frozen else ''}{sample}")
            _changed_on_disk(found)
        if found.active:
            _progress()
            return
        _recent()
        if found.state == "failed":
            st.page_link(page("load"), label="Measuring failed: see why", icon=":material/error:")
        elif session.stale():
            _measure_again(found)


def _measure_again(found: jobs.Job) -> None:
    """The recipe's floors, hashes or model are not those that the evidence was made with."""
    st.caption(
        ":material/pending: Not measured yet as this recipe asks (floors, hashes, model). Counts follow what was measured."
    )
    if st.button("Measure", key="measure.again", icon=":material/play_arrow:"):
        session.job_list().resume(found, session.recipe())
        st.rerun()


def _recent() -> None:
    """Files opened before, one click away."""
    listed = [o for o in recent.listed() if o.present]
    if not listed:
        return
    with st.popover("Recent files", key="recent", icon=":material/history:", width="stretch"):
        for n, one in enumerate(listed):
            if st.button(inert.label(one.name, 50), key=f"recent.{n}", type="tertiary"):
                paths = [places.allowed(p) for p in one.paths], [places.allowed(p) for p in one.frozen]
                session.open_job(session.job_list().start(*paths, title=one.name, mapping=one.mapping))
                st.rerun()


def _changed_on_disk(found: jobs.Job) -> None:
    was = st.session_state.setdefault("my.stamps", {})
    now = recent.stamps((*found.paths, *found.frozen))
    if was.setdefault(found.id, now) != now:
        st.warning("Changed on disk since it was read.", icon=":material/sync_problem:")
        if st.button("Reload", key="load.reload", icon=":material/refresh:"):
            session.open_job(
                session.job_list().start(
                    found.paths, found.frozen, recipe=found.recipe, title=found.title, mapping=found.mapping
                )
            )
            st.rerun()


@st.fragment(run_every=1.0)
def _progress() -> None:
    """Progress of the job; the page runs anew when it has more to show."""
    found = session.job()
    if found is None:
        return
    seen = st.session_state.setdefault("my.seen", {})
    if seen.setdefault(found.id, found.revision) != found.revision:
        seen[found.id] = found.revision
        st.rerun()
    st.progress(found.share, text=inert.label(jobs.said(found), 140))
    stopping = found.cancel.is_set()
    st.button(
        "Stopping" if stopping else "Cancel",
        key="measure.cancel",
        icon=":material/stop_circle:",
        type="tertiary",
        disabled=stopping,
        on_click=found.cancel.set,
    )


def _recipe() -> None:
    try:
        made = session.verdicts()
    except CurateError as error:
        incidents.show(error)
        made = None
    if made is not None:
        kept, before = made.count(Action.KEEP), session.kept_before()
        delta = kept - before if before is not None and before != kept else None
        st.metric(
            "Rows kept",
            f"{kept:,}",
            delta=None if delta is None else f"{delta:+,}",
            delta_color="off",
            delta_description=None if delta is None else f"from {before:,}",
            help="Pool rows that this recipe keeps; beside it the count before the last change.",
        )
        dropped, review = made.count(Action.DROP), made.count(Action.REVIEW)
        st.caption(f"{dropped:,} dropped · {review:,} held for review")
    st.session_state["preset"] = session.recipe().preset
    st.selectbox(
        "Preset",
        list(PRESETS),
        key="preset",
        on_change=_take_preset,
        format_func=words.title,
        help="The source documents' own numbers (S0, S1, S3), a strict one, and our default.",
    )
    _changes()


def _take_preset() -> None:
    session.use_preset(st.session_state["preset"])


def _changes() -> None:
    changed = session.changes()
    left, right = st.columns([4, 5], gap="xsmall")
    what = session.undoable()
    left.button(
        "Undo",
        key="undo",
        icon=":material/undo:",
        disabled=what is None,
        on_click=_undo,
        width="stretch",
        help=f"Takes back: {what}" if what else "Nothing to take back",
    )
    with right.popover(
        f"{len(changed)} changed", key="changes", width="stretch", disabled=not changed, icon=":material/edit:"
    ):
        st.markdown("**Differs from the preset**")
        for change in changed:
            name, reset = st.columns([5, 2], vertical_alignment="center")
            name.markdown(f"`{change.path}`  \n{_shown(change.preset)} → **{_shown(change.now)}**")
            reset.button(
                "Reset", key=f"reset.{change.path}", on_click=session.reset, args=(change.path,), type="tertiary"
            )
        st.button("Reset all", key="reset.all", on_click=session.reset, icon=":material/restart_alt:")
    count = len(session.overrides().ids)
    if count:
        st.caption(f"{count:,} decided by hand")


def _undo() -> None:
    what = session.undo()
    if what is None:
        st.toast("Not undone: somebody decided on rows meanwhile. Set the row by hand.", icon=":material/info:")
    else:
        st.toast(f"Taken back: {what}", icon=":material/undo:")


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return words.number(value) if isinstance(value, int | float) else inert.label(value, 40)


def need(*, rows: bool = True) -> tuple[Any, Any]:
    """(loaded, verdicts) for a page; without them, or without a row when `rows`, it says what to do and stops."""
    data, made = session.loaded(), session.verdicts()
    if data is not None and made is not None and (len(data) or not rows):
        return data, made
    found = session.job()
    if data is not None and made is not None:
        st.info("The files hold no usable row.", icon=":material/inbox:")
        st.page_link(page("load"), label="See what is wrong with them")
    elif found is not None and found.active:
        st.info("Measuring. This page shows as soon as the first figures are there.", icon=":material/hourglass_top:")
    elif found is not None and data is None:
        st.warning("There is nothing to show yet: reading or measuring stopped.", icon=":material/stop_circle:")
        st.page_link(page("load"), label="See why, and go on")
    elif found is None:
        st.info("Open a dataset first.", icon=":material/upload_file:")
        st.page_link(page("load"), label="Go to Load")
    st.stop()
