"""The gold set page: pick rows, check and change them one by one, freeze them to a file that is then loaded as evaluation set."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from curate.decide.gold import BEGIN, LEAST, MOST, WAYS, choose, said
from curate.errors import CurateError
from curate.people import gold as golds
from curate.store import Store, Workspace
from curate.store.gold import Gold, GoldItem
from curate.types import Bool, Verdicts
from curate.ui import frame, incidents, inert, places, review_desk, session, words
from curate.ui.loaded import Loaded
from curate.views.verdict import evaluation_rows

HELP = {
    "random": "At random from the kept rows",
    "stratified": "Every topic in its share",
    "rare": "The smallest topics first: what a random set misses",
    "hard": "Next to a rule's bound, or far from every other prompt",
}

BOXES = {
    "user": ("gold.prompt", "Question", 140),
    "assistant": ("gold.answer", "The only answer that will count as right", 240),
}


def store() -> Gold:
    return Gold(Workspace(Store()))


def loaded(data: Loaded) -> None:
    """How many evaluation rows are loaded, and whether that is enough."""
    rows = evaluation_rows(data.dataset)
    lacking = said(rows)
    sign = words.BANDS["watch" if lacking else "healthy"]
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="gold.loaded"):
        st.badge(sign.word, icon=sign.icon, color=sign.colour)
        st.markdown(
            lacking
            or f"{words.rows(rows)} of evaluation files are loaded; none of them is trained on, nor are near copies."
        )
    st.caption(
        "A gold set is chosen and checked by people before any training data is touched. It is not a split: validation and "
        "test come from the same pool as training, and share its mistakes."
    )


def pick(data: Loaded, made: Verdicts, hidden: Bool) -> str:
    """Which set, and more rows for it; "" before the first row is picked."""
    names = store().names()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="gold.head"):
        chosen = (
            st.selectbox("Gold set", names, key="gold.name", width=260, format_func=lambda n: inert.plain(n, 60))
            if names
            else None
        )
        with (
            st.popover("Pick rows", icon=":material/add:", key="gold.pick")
            if names
            else st.container(border=True, key="gold.pick")
        ):
            _pick(data, made, hidden, chosen or "gold")
    return chosen or ""


def _pick(data: Loaded, made: Verdicts, hidden: Bool, name: str) -> None:
    with st.form("gold.add", border=False):
        how = st.selectbox("Which rows", WAYS, key="gold.add.how", format_func=lambda w: HELP[w])
        one, two, three = st.columns(3)
        count = one.number_input(
            "Rows",
            1,
            10 * MOST,
            BEGIN,
            10,
            key="gold.add.rows",
            help=f"{BEGIN} to begin with (S3), {LEAST} to {MOST} in the end (S1).",
        )
        seed = two.number_input("Seed", 0, 2**31, made.recipe.seed, key="gold.add.seed")
        title = three.text_input("Set", name, key="gold.add.name", max_chars=80)
        if st.form_submit_button("Pick", icon=":material/shuffle:", key="gold.add.go"):
            try:
                rows = choose(data.evidence, made, str(how), int(count), int(seed), hidden)
                new = store().pick(
                    title, [i.decode() for i in data.evidence.ids[rows].tolist()], str(how), review_desk.who()
                )
            except CurateError as error:
                incidents.show(error)
                return
            st.toast(f"{words.rows(new)} picked.", icon=":material/add:")
            st.rerun()


@st.fragment
def rows(data: Loaded, name: str) -> None:
    """One picked row at a time: as it is, changed, or left out."""
    items = store().items(name)
    done = sum(i.state == "approved" for i in items)
    out = sum(i.state == "left_out" for i in items)
    st.progress(
        min(done / LEAST, 1.0),
        f"{done:,} approved, {out:,} left out, {len(items) - done - out:,} to check · {LEAST} to {MOST} wanted, {BEGIN} to begin with",
    )
    open_ = [i for i in items if i.state == "picked"]
    if not open_:
        st.success("Every picked row is checked. Pick more, or freeze the set.", icon=":material/done_all:")
        _back(name, items)
        return
    item = open_[0]
    number = review_desk.at(data).get(item.id)
    if number is None:
        st.warning(
            f"Row `{item.id}` is not in the data that is open; open the files it was picked from, or leave it out.",
            icon=":material/search_off:",
        )
        _leave_out(name, item)
        return
    _check(data, name, items, item, number)


def _leave_out(name: str, item: GoldItem) -> None:
    st.button(
        "Leave out",
        key="gold.out",
        icon=":material/close:",
        shortcut="X",
        on_click=_say,
        args=(name, item, "left_out"),
    )


def _check(data: Loaded, name: str, items: tuple[GoldItem, ...], item: GoldItem, number: int) -> None:
    st.markdown(f":small[`{item.id}` · {inert.label(data.places([number])[0])} · picked {item.how}]")
    messages = data.messages(number)
    editing = st.session_state.get("my.gold") == item.id
    inert.read(
        messages,
        key="gold.reader",
        name=f"Gold row, {len(messages)} messages",
        focus=f"gold.answer.{item.id}" if editing else "",
    )
    with st.container(horizontal=True, gap="small", key="gold.values"):
        st.button(
            "Approve",
            key="gold.approve",
            icon=":material/check:",
            shortcut="A",
            on_click=_say,
            args=(name, item, "approved"),
        )
        st.button(
            "Change",
            key="gold.edit",
            icon=":material/edit:",
            shortcut="E",
            on_click=_edit,
            args=(item,),
            type=words.pressed(editing),
        )
        _leave_out(name, item)
        _back(name, items)
    if editing:
        _form(name, item, messages)


def _form(name: str, item: GoldItem, messages: list[tuple[str, inert.RowText]]) -> None:
    last = dict(messages)
    refused = st.session_state.pop("my.gold.refused", None)
    if refused is not None:
        incidents.show(refused)
    with st.form(f"gold.form.{item.id}", border=False):
        for role, (key, label, height) in BOXES.items():
            if role in last:
                inert.edit(label, last[role], key=f"{key}.{item.id}", height=height)
        st.form_submit_button(
            "Approve as changed", key="gold.save", icon=":material/save:", shortcut="Enter",
            on_click=_save, args=(name, item, last),
        )  # fmt: skip


def _save(name: str, item: GoldItem, last: dict[str, inert.RowText]) -> None:
    changed: dict[str, str | None] = dict.fromkeys(BOXES)
    for role, (key, _, _) in BOXES.items():
        typed = st.session_state.get(f"{key}.{item.id}")
        if typed is not None and inert.RowText(typed) != last[role]:
            changed[role] = typed
    try:
        store().say(name, item.id, "approved", review_desk.who(), changed["user"], changed["assistant"])
    except CurateError as error:
        st.session_state["my.gold.refused"] = error


def _edit(item: GoldItem) -> None:
    st.session_state["my.gold"] = None if st.session_state.get("my.gold") == item.id else item.id


def _say(name: str, item: GoldItem, state: str) -> None:
    store().say(name, item.id, state, review_desk.who(), item.prompt, item.answer)


def _back(name: str, items: tuple[GoldItem, ...]) -> None:
    done = [i for i in items if i.state != "picked"]
    last = max(done, key=lambda i: i.at, default=None)
    if last is not None:
        st.button("Back", key="gold.back", icon=":material/undo:", shortcut="Z", type="tertiary", on_click=_say, args=(name, last, "picked"),
                  help="The row checked last again.")  # fmt: skip


def freeze(data: Loaded, name: str) -> None:
    """The approved rows as a file, loaded as evaluation set at once."""
    job = session.job()
    done = sum(i.state == "approved" for i in store().items(name))
    if not done or job is None or not job.paths:
        return
    st.subheader("Freeze", anchor=False)
    st.markdown(
        "The file's name holds the hash of its bytes, so that a changed set is another file. Its rows leave the pool, by hand and as one step, before any rule looks at them."
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        folder = st.text_input("Folder", str(job.paths[0].parent), key="gold.folder", width=520)
        if st.button(f"Freeze {words.rows(done)} and load them", key="gold.freeze", icon=":material/ac_unit:"):
            try:
                made = golds.freeze(
                    store(), name, data.dataset, review_desk.at(data), places.allowed(folder), session.decisions()
                )
            except (CurateError, OSError) as error:
                incidents.show(error)
                return
            _load(made.path)


def _load(path: Path) -> None:
    job = session.job()
    assert job is not None
    kept = [p for p in job.frozen if p != path]
    session.open_job(
        session.job_list().start(
            job.paths, (*kept, path), recipe=session.recipe(), title=job.title, mapping=job.mapping
        )
    )
    st.switch_page(frame.page("gold"))


def files() -> None:
    """What was frozen so far."""
    found = store().files()
    if not found:
        return
    st.subheader("Frozen gold sets", anchor=False)
    job = session.job()
    here = {str(p) for p in job.frozen} if job else set()
    inert.table(
        {"set": [f.name for f in found], "rows": [f.rows for f in found], "sha256": [f.sha256[:12] for f in found], "file": [f.path for f in found],
         "by": [f.who for f in found], "when": [f.at[:16].replace("T", " ") for f in found], "loaded": ["yes" if f.path in here else "" for f in found]},
        key="gold.files", alt="Frozen gold sets", widths={"file": "large"},
    )  # fmt: skip
    st.caption(
        "On the command line: `curate run DATA --frozen FILE`. A loaded set is given with every command that reads the data."
    )
