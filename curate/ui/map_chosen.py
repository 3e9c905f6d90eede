"""Below the map: one row with what lies near it, or many with actions, a comparison and their table."""

from __future__ import annotations

import numpy as np
import streamlit as st

from curate.errors import CurateError
from curate.types import Action, Verdicts
from curate.ui import inert, map_compare, map_near, rowcard, rowtable, session, topics_view, words
from curate.ui.loaded import Loaded, Rows
from curate.ui.map_component import Answer
from curate.ui.map_points import Cloud

Lit = tuple[Rows, str] | None
ACTIONS = {"keep": ":material/check:", "drop": ":material/close:", "review": ":material/rate_review:"}


def show(data: Loaded, made: Verdicts, cloud: Cloud, answer: Answer, lit: Lit) -> None:
    """What is chosen on the map, else what lights up."""
    if answer.lost:
        st.info("What was chosen is no longer held here (the data moved on). Choose again.", icon=":material/info:")
    if answer.one is not None or answer.rows is not None:
        st.session_state.pop("my.map.pair", None)
    pair = st.session_state.get("my.map.pair")
    if answer.one is not None:
        _one(data, made, cloud, answer.one)
    elif answer.rows is not None:
        many(data, made, answer.rows, "chosen on the map")
    elif pair:
        _pair(data, made, pair)
    elif lit is not None:
        many(data, made, lit[0], lit[1] if lit[0].shape[0] == 0 else "that light up")


def neighbours(data: Loaded, cloud: Cloud, answer: Answer) -> Lit:
    """The rows near the one that was clicked, to light up with it."""
    if answer.one is None:
        return None
    rows, said, _ = _near(data, cloud, answer.one)
    return np.append(rows, answer.one), said


def _near(data: Loaded, cloud: Cloud, row: int) -> tuple[Rows, str, list[float] | None]:
    """(rows, by what they are near, cosines or None)."""
    with st.spinner("Reading vectors", show_time=True):
        held = map_near.vectors(data, session.recipe())
    if held is not None:
        rows, cosine = data.remember(("map near", row), lambda: map_near.near_by_vector(held, row))
        if rows.shape[0]:
            return (
                rows,
                f"the {rows.shape[0]} nearest by their prompts' vectors light up",
                [round(float(c), 4) for c in cosine],
            )
    rows = map_near.near_by_place(cloud, row)
    return rows, f"the {rows.shape[0]} nearest on the map light up (by place, not by vector)", None


def _one(data: Loaded, made: Verdicts, cloud: Cloud, row: int) -> None:
    left, right = st.columns([1, 1], gap="medium")
    with left:
        st.subheader("The row", anchor=False)
        rowcard.show(data, made, row, "map.one")
    rows, _, cosine = _near(data, cloud, row)
    with right:
        st.subheader("Nearest rows", anchor=False)
        st.caption(
            "By cosine of the prompts' vectors."
            if cosine is not None
            else "By place on the map, which keeps neighbourhoods only roughly: the vectors are not in the store."
        )
        columns = {"cosine": cosine} if cosine is not None else {}
        picked = inert.table(
            {
                **columns,
                "verdict": [words.MARKS[int(a)] for a in made.action[rows]],
                "prompt": data.texts("prompt", rows),
                "answer": data.texts("response", rows),
                "where": data.places(rows),
            },
            key="map.near",
            alt="Rows nearest to the chosen one",
            select="single-row",
            widths={"cosine": "small", "verdict": "small", "prompt": "large"},
        )
        if picked:
            rowcard.show(data, made, int(rows[picked[0]]), "map.neighbour", witness=False)
        else:
            st.caption("Choose one (box at its left) to see it whole.")


def _pair(data: Loaded, made: Verdicts, pair: tuple[int, ...]) -> None:
    st.subheader("Answers that contradict each other", anchor=False)
    for n, (column, row) in enumerate(zip(st.columns(2, gap="medium"), pair, strict=False)):
        with column:
            rowcard.show(data, made, int(row), f"map.pair{n}", witness=False)


def many(data: Loaded, made: Verdicts, rows: Rows, what: str, key: str = "map") -> None:
    """Rows with what may be done to all of them, a comparison, and their table. `key` tells two of these apart."""
    count = rows.shape[0]
    st.subheader(f"{words.rows(count)} {what}" if count else f"No row: {what}", anchor=False)
    if not count:
        return
    actions = [(words.ACTIONS[a].word, int(np.count_nonzero(made.action[rows] == a))) for a in Action]
    st.caption(" · ".join(f"{n:,} {word}" for word, n in actions if n))
    _decide(data, made, rows, key)
    with st.expander(
        "Compare with all rows", key=f"{key}.compare", icon=":material/balance:", on_change="rerun"
    ) as box:
        if box.open:
            inert.table(
                map_compare.table(data, made, rows), key=f"{key}.compare.table", alt="Chosen rows beside all rows"
            )
    rowtable.show(data, made, rows, f"{key}.chosen")


def _decide(data: Loaded, made: Verdicts, rows: Rows, key: str) -> None:
    """Keep, drop or review all of them, as one step that undo takes back. Evaluation rows stay as they are."""
    free = rows[made.action[rows] != Action.FROZEN]
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"{key}.actions"):
        for action, icon in ACTIONS.items():
            if st.button(
                f"{words.title(action)} {free.shape[0]:,}", key=f"{key}.{action}", icon=icon, disabled=not free.shape[0]
            ):
                _apply(data, free, action)
        if session.overrides().ids and st.button(
            "Take back decisions on these", key=f"{key}.clear", icon=":material/undo:", type="tertiary"
        ):
            _apply(data, free, None)
        _name(data, rows, key, "tag", "Tag", ":material/sell:", "A word to find these rows by: colour the map by it.")
        _name(data, rows, key, "topic", "Topic", ":material/category:", "Moves these rows to the topic of that name.")
        st.caption("One step each: Undo at the left takes it back.")


def _name(data: Loaded, rows: Rows, key: str, what: str, title: str, icon: str, help: str) -> None:
    """A word for all of the rows: a tag, or the topic that they are in."""
    with st.popover(title, icon=icon, key=f"{key}.{what}", help=help):
        said = st.text_input(f"{title} of {words.rows(rows.shape[0])}", key=f"{key}.{what}.name", max_chars=120)
        if not st.button("Apply", key=f"{key}.{what}.apply", disabled=not said.strip()):
            return
        try:
            if what == "tag":
                session.tag_rows([i.decode() for i in data.evidence.ids[rows].tolist()], said.strip())
            else:
                session.edit_topics(f"move rows to {said.strip()[:40]}", topics_view.move(data, rows, said))
        except CurateError as error:
            st.caption(inert.label(str(error), 300))
            return
        st.rerun()


def _apply(data: Loaded, rows: Rows, action: str | None) -> None:
    session.decide_rows([i.decode() for i in data.evidence.ids[rows].tolist()], action)
    st.rerun()
