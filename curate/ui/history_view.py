"""The history page: snapshots kept, shared and taken over; two recipes side by side; recipes and decisions over time."""

from __future__ import annotations

import streamlit as st

from curate.decide import Recipe
from curate.errors import CurateError
from curate.people.history import ENDING, SideBySide, read_shared, recipe_of, shared, side_by_side, snapshot_of
from curate.store.history import Snapshot
from curate.types import Action, Check, Verdicts
from curate.ui import incidents, inert, rowtable, session, words
from curate.ui.loaded import Loaded

LINK = "snapshot"  # of the address: a link opens the page with this snapshot beside what is on now
STEPS = 200


def save(made: Verdicts) -> None:
    """The present recipe and everybody's decisions under a name."""
    job = session.job()
    with st.form("history.save", border=True, clear_on_submit=True):
        one, two, three = st.columns([2, 4, 1], vertical_alignment="bottom")
        name = one.text_input("Name", key="history.save.name", placeholder="before the meeting", max_chars=80)
        note = two.text_input(
            "Note", key="history.save.note", max_chars=400, placeholder="What a reader should know (optional)"
        )
        if three.form_submit_button("Save", key="history.save.go", icon=":material/bookmark_add:"):
            try:
                dataset = job.dataset if job else None
                title = job.title if job else ""
                kept = session.history().save(
                    snapshot_of(name, made.recipe, dataset, title, note, session.decisions().who)
                )
                st.toast(f"Saved: {inert.label(kept.name, 60)}", icon=":material/bookmark_added:")
            except CurateError as error:
                incidents.show(error)


def snapshots() -> None:
    """What is kept, and what one can do with it."""
    found = session.history().snapshots()
    if not found:
        st.info(
            "No snapshot yet. One holds every setting and everybody's decisions, for good: the name never means another thing.",
            icon=":material/bookmark:",
        )
    else:
        picked = inert.table(
            {"name": [s.name for s in found], "recipe": [s.fingerprint[:12] for s in found], "data": [s.title for s in found], "note": [s.note for s in found],
             "by": [s.who for s in found], "when": [_when(s.at) for s in found]},
            key="history.snapshots", alt="Snapshots", select="single-row", widths={"note": "large"},
        )  # fmt: skip
        if picked:
            _chosen(found[picked[0]])
        else:
            st.caption("Choose one (box at its left) to take it over or share it.")
    with st.popover("Take a shared snapshot", key="history.take", icon=":material/upload_file:"):
        _take()


def _chosen(one: Snapshot) -> None:
    made = _recipe(one)
    if made is None:
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="history.chosen"):
        if st.button("Use its settings", key="history.use", icon=":material/tune:"):
            session.become(made, f"snapshot {one.name[:60]}", decisions_too=False)
            st.rerun()
        if st.button(f"Use settings and {words.count(len(made.overrides), 'decision')}", key="history.use.all", icon=":material/restore:",
                     help="Decisions made since are taken back; one step, which undo takes back."):  # fmt: skip
            session.become(made, f"snapshot {one.name[:60]}", decisions_too=True)
            st.rerun()
        st.download_button(
            "Share as a file",
            shared(one),
            f"{_plain(one.name)}{ENDING}",
            "application/json",
            key="history.share",
            icon=":material/download:",
        )
    address = str(st.context.url or "").split("?")[0]
    st.caption("A link for whoever may open this app, and the file on the command line:")
    inert.code(
        inert.RowText(
            f"{address}?{LINK}={one.name.replace(' ', '%20')}\ncurate run DATA --recipe {_plain(one.name)}{ENDING} --out OUT"
        )
    )


def _take() -> None:
    file = st.file_uploader(f"A NAME{ENDING} that somebody shared", type=["json"], key="history.take.file")
    if file is None or st.session_state.get("my.taken") == file.file_id:
        return
    try:
        kept = session.history().save(
            read_shared(file.getvalue().decode("utf-8", "replace"), inert.plain(file.name, 60))
        )
    except CurateError as error:
        incidents.show(error)
        return
    st.session_state["my.taken"] = file.file_id
    st.toast(f"Taken: {inert.label(kept.name, 60)}", icon=":material/bookmark_added:")
    st.rerun()


def _recipe(one: Snapshot) -> Recipe | None:
    try:
        return recipe_of(one)
    except CurateError as error:
        incidents.show(error)
        return None


def side(data: Loaded, made: Verdicts) -> None:
    """Two recipes over this data: kept, settings, funnel, badges, and the rows that change fate."""
    listed = _options(data)
    if len(listed) < 2:
        st.caption("Move a setting or save a snapshot, and the two can be compared here.")
        return
    names = list(listed)
    wanted = st.query_params.get(LINK, "")
    first = next((n for n, label in enumerate(names) if label == f"Snapshot: {wanted}"), 1)
    left, right = st.columns(2)
    one = left.selectbox("Before", names, index=first, key="history.one", format_func=lambda n: inert.plain(n, 90))
    two = right.selectbox("After", names, index=0, key="history.two", format_func=lambda n: inert.plain(n, 90))
    try:
        sides = [made.recipe if listed[n] is None else listed[n] for n in (one, two)]
        recipes = [r if isinstance(r, Recipe) else recipe_of(r) for r in sides if r is not None]
        key = ("side", recipes[0].fingerprint, recipes[1].fingerprint)
        found = data.remember(key, lambda: side_by_side(data.dataset, data.evidence, recipes[0], recipes[1], made))
    except CurateError as error:
        incidents.show(error)
        return
    _figures(found)
    _rows(data, found)


def _options(data: Loaded) -> dict[str, Snapshot | Recipe | None]:
    """What can be compared: now, snapshots, then recipes stood on with this data, each once."""
    out: dict[str, Snapshot | Recipe | None] = {"Now": None}
    out |= {f"Snapshot: {s.name}": s for s in session.history().snapshots()}
    now, seen = session.recipe(), {session.recipe().fingerprint}
    for stand in session.history().stands(data.dataset.fingerprint, 50):
        if stand.fingerprint not in seen:
            seen.add(stand.fingerprint)
            try:
                out[f"{_when(stand.at)} · {stand.what}"] = Recipe.from_toml(stand.recipe, now.overrides, "recipe")
            except CurateError:
                continue  # an older version's recipe, with settings that are gone
    return out


def _figures(found: SideBySide) -> None:
    kept = [v.count(Action.KEEP) for v in (found.one, found.two)]
    with st.container(border=True, key="history.figures"):
        one, two, three = st.columns(3)
        one.metric("Kept before", f"{kept[0]:,}")
        two.metric("Kept after", f"{kept[1]:,}", delta=kept[1] - kept[0] or None, delta_color="off")
        three.metric("Rows that change fate", f"{found.changed.shape[0]:,}")
        if found.moves:
            st.caption(" · ".join(f"{a} → {b}: {n:,}" for (a, b), n in found.moves.items()))
        if found.decisions:
            st.caption(
                f"{words.count(found.decisions, 'decision')} by hand differ{'s' if found.decisions == 1 else ''}."
            )
    left, right = st.columns([5, 4])
    with left:
        if found.settings:
            inert.table({"setting": [c.path for c in found.settings], "before": [_said(c.preset) for c in found.settings], "after": [_said(c.now) for c in found.settings]},
                        key="history.settings", alt="Settings that differ")  # fmt: skip
        else:
            st.caption("No setting differs.")
    with right:
        stages = list(zip(found.one.funnel.stages, found.two.funnel.stages, strict=True))
        inert.table({"stage": [a for (a, _), _ in stages], "before": [n for (_, n), _ in stages], "after": [m for _, (_, m) in stages]},
                    key="history.funnel", alt="Rows alive after each stage")  # fmt: skip
    inert.table({"badge": [a.name for a, _ in found.badges], "before": [_badge(a) for a, _ in found.badges], "after": [_badge(b) for _, b in found.badges]},
                key="history.badges", alt="Badges before and after", widths={"before": "large", "after": "large"})  # fmt: skip


def _badge(found: Check) -> str:
    """Band and figure; one word where they say the same."""
    return found.band if found.shown == found.band else f"{found.band}: {found.shown}"


def _rows(data: Loaded, found: SideBySide) -> None:
    if not found.changed.shape[0]:
        st.caption("Every row has the same fate under both.")
        return
    st.markdown(f"**{words.rows(found.changed.shape[0])} that change fate**, with the verdict after")
    rowtable.show(data, found.two, found.changed, "history.rows", what="rows that change fate")


def steps(data: Loaded) -> None:
    """Recipes stood on and decisions, newest first."""
    stands = session.history().stands(data.dataset.fingerprint, STEPS)
    made = session.decisions().history(STEPS)
    listed: list[tuple[str, str, str, int | None, str, str]] = [
        (s.at, "recipe", s.what, None, s.who, "") for s in stands
    ]
    listed += [
        (s.at, "decision", s.what, s.rows, s.who, f"undone by {s.undone_by}" if s.undone_at else "") for s in made
    ]
    listed.sort(key=lambda e: e[0], reverse=True)
    if not listed:
        st.caption("Nothing was changed or decided yet.")
        return
    shown = listed[:STEPS]
    columns = zip(*shown, strict=True)
    when, kind, what, rows, who, undone = (list(c) for c in columns)
    inert.table({"when": [_when(str(w)) for w in when], "kind": kind, "what": what, "rows": rows, "by": who, "": undone}, key="history.steps",
                alt="Recipes and decisions, newest first", widths={"what": "large"})  # fmt: skip
    latest = next((s for s in made if s.undone_at is None), None)
    if latest is not None and st.button(
        f"Take back the latest decision: {inert.plain(latest.what, 60)}, {words.rows(latest.rows)}",
        key="history.undo",
        icon=":material/undo:",
        type="tertiary",
    ):
        session.take_back_latest()
        st.rerun()


def _when(at: str) -> str:
    return at[:16].replace("T", " ")


def _plain(name: str) -> str:
    return "".join(c if c.isalnum() or c in "._-" else "-" for c in name).lstrip(".-") or "snapshot"


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return words.number(value) if isinstance(value, int | float) else inert.plain(value, 40)
