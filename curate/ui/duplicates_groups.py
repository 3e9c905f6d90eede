"""Groups of duplicates: filtered, listed by size; one opened with its keeper, its copies, what differs, and actions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from curate.decide.near import rows_of
from curate.decide.rules import BIT
from curate.types import Action, Bool, Verdicts
from curate.ui import groups, inert, rowcard, rowtable, session, topics_view, words
from curate.ui.loaded import Loaded, Rows

PAGE = 10
COPIES = 8
ANY = "any"
OPEN = "my.dup.open"  # the group to show when none is chosen: from a link, else the first


@st.fragment
def show(data: Loaded, made: Verdicts) -> None:
    """Filters, the list, the chosen group."""
    found = groups.held(data, made)
    if not len(found):
        st.info("No groups. Lower a threshold to look further.", icon=":material/search_off:")
        return
    chosen = _filtered(data, made, found)
    if not chosen.shape[0]:
        st.info("No group matches. Take a filter away.", icon=":material/search_off:")
        return
    pages = -(-chosen.shape[0] // PAGE)
    at = rowtable.at_page("dup.page", pages)
    shown = chosen[(at - 1) * PAGE : at * PAGE].tolist()
    picked = _table(data, found, shown, f"Groups of duplicates, page {at} of {pages}")
    rowtable.turn(
        "dup.page",
        pages,
        f"{chosen.shape[0]:,} of {len(found):,} groups, the largest first. Choose one (box at its left) to open it.",
    )
    linked = int(st.session_state.get(OPEN, -1))
    if picked:
        st.session_state.pop(OPEN, None)
    _group(data, made, found, shown[picked[0]] if picked else linked if linked in shown else shown[0])
    ruled(data)


def _filtered(data: Loaded, made: Verdicts, found: groups.Groups) -> Rows:
    """Numbers of the groups that pass the filters by kind, topic and file."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="dup.filters"):
        kind = _kind(found)
        topic = _topic(data, made)
        source = _source(data)
    out = np.arange(len(found))
    if kind != ANY:
        out = out[(found.kinds & np.uint64(1 << BIT[kind])) != 0]
    for wanted in (topic, source):
        if wanted is not None:
            out = np.intersect1d(out, groups.with_rows(found, wanted))
    return out


def _kind(found: groups.Groups) -> str:
    many = {k: int(np.count_nonzero(found.kinds & np.uint64(1 << BIT[k]))) for k in groups.KINDS}
    options = [ANY, *(k for k in groups.KINDS if many[k])]
    return (
        st.selectbox(
            "Kind",
            options,
            key="dup.filter.kind",
            width=230,
            format_func=lambda k: "Any kind" if k == ANY else f"{words.title(k)} ({many[k]:,} groups)",
        )
        or ANY
    )


def _topic(data: Loaded, made: Verdicts) -> Bool | None:
    names = topics_view.names(data, made)
    if not names:
        return None
    size = np.bincount(made.topic[made.witness >= 0] + 1, minlength=len(names) + 1)[1:]
    order = [t for t in np.argsort(-size, kind="stable").tolist() if size[t]]
    chosen = st.selectbox(
        "Topic",
        [-1, *order],
        key="dup.filter.topic",
        width=300,
        format_func=lambda t: "Any topic" if t < 0 else f"{names[t]} ({size[t]:,} copies)",
    )
    return made.topic == chosen if chosen is not None and chosen >= 0 else None


def _source(data: Loaded) -> Bool | None:
    if len(data.source_names) < 2:
        return None
    chosen = st.selectbox(
        "File",
        [-1, *range(len(data.source_names))],
        key="dup.filter.file",
        width=260,
        format_func=lambda s: "Any file" if s < 0 else inert.plain(data.source_names[s], 60),
    )
    return data.source_codes == chosen if chosen is not None and chosen >= 0 else None


def _table(data: Loaded, found: groups.Groups, shown: Sequence[int], alt: str) -> list[int]:
    keepers = [int(found.keeper[g]) for g in shown]
    copies = [int(found.of(g)[0]) for g in shown]
    return inert.table(
        {
            "copies": [int(found.sizes[g]) for g in shown],
            "why": [_kinds(int(found.kinds[g])) for g in shown],
            "what differs (first copy)": rowtable.changes(data, keepers, copies),
            "kept prompt": data.texts("prompt", keepers),
            "kept answer": data.texts("response", keepers),
            "where": data.places(keepers),
        },
        key="dup.groups",
        alt=alt,
        select="single-row",
        widths={"copies": "small", "what differs (first copy)": "medium", "kept prompt": "large"},
    )


def _kinds(bits: int) -> str:
    return ", ".join(words.title(k).lower() for k in groups.KINDS if bits >> BIT[k] & 1)


def _group(data: Loaded, made: Verdicts, found: groups.Groups, group: int) -> None:
    keeper, members = int(found.keeper[group]), found.of(group)
    with st.container(border=True, key="dup.group"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            sign = words.ACTIONS[int(made.action[keeper])]
            st.markdown(
                f"**Stays** `{data.evidence.ids[keeper].decode()}` · {inert.label(data.places([keeper])[0])} · "
                f"{sign.icon} {sign.word} · **{words.rows(members.shape[0])}** go for it"
            )
            undo_here("dup.undo")
        at, picked = _copies(data, made, keeper, members)
        rowcard.compare(data, keeper, at, "dup.group")
        _actions(data, made, keeper, picked)
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**The row that stays**")
        rowcard.show(data, made, keeper, "dup.keeper", witness=False)
    with right:
        st.markdown("**The row that goes**")
        rowcard.show(data, made, at, "dup.copy", witness=False)


def _copies(data: Loaded, made: Verdicts, keeper: int, members: Rows) -> tuple[int, Rows]:
    """The copies of a group as a table: (the one to compare, those that are chosen)."""
    pages = -(-members.shape[0] // COPIES)
    at = rowtable.at_page("dup.copies.page", pages)
    shown = members[(at - 1) * COPIES : at * COPIES]
    joined = groups.edges(data, shown, np.full(shown.shape[0], keeper))
    listed = shown.tolist()
    picked = inert.table(
        {
            "joined by": [
                edge_said(data, made, row, at, level)
                for row, at, level in zip(listed, joined.at.tolist(), joined.level, strict=True)
            ],
            "what differs": rowtable.changes(data, [keeper] * len(listed), listed),
            "verdict": [words.MARKS[int(made.action[r])] for r in listed],
            "where": data.places(listed),
        },
        key="dup.member",
        alt=f"Copies of the group, page {at} of {pages}",
        select="multi-row",
        widths={"joined by": "large", "what differs": "large", "verdict": "small", "where": "medium"},
    )
    said = "Choose one or more (boxes at the left): the first is compared below, all of them take an action."
    rowtable.turn("dup.copies.page", pages, f"{words.rows(members.shape[0])}. {said}" if len(listed) > 1 else "")
    chosen = shown[picked] if picked else shown[:1]
    return int(chosen[0]), chosen


def edge_said(data: Loaded, made: Verdicts, row: int, at: int, level: str) -> str:
    """Why a row goes for its witness, in words: the exact level, or the kinds with the scores behind them."""
    why = [k for k in made.why(row) if k in groups.KINDS]
    kinds = ", ".join(words.title(k).lower() for k in why) or "no longer joined"
    if level in ("content", "spaced", "folded"):
        return f"{kinds}: {groups.EQUAL[level]}"
    said = rowcard.scores(data, at) or groups.EQUAL.get(level, "")
    through = " of a row that goes too" if "exact_copy" in why else ""
    return f"{kinds}{through}: {said}" if said else kinds + through


def _actions(data: Loaded, made: Verdicts, keeper: int, picked: Rows) -> None:
    """Decisions on the chosen copies; each is one step that undo takes back."""
    keeps, names = data.evidence.ids[keeper].decode(), [i.decode() for i in data.evidence.ids[picked].tolist()]
    free = [n for n, a in zip(names, made.action[picked].tolist(), strict=True) if a != Action.FROZEN]
    many = "" if len(names) == 1 else f" ({len(names):,})"
    content = data.evidence.classes["content"]
    apart = [n for n, c in zip(names, content[picked].tolist(), strict=True) if c != content[keeper]]
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="dup.actions"):
        if st.button(
            f"Not a duplicate{many}",
            key="pair.not_duplicate",
            icon=":material/call_split:",
            disabled=not apart,
            help="These two never make each other go again. Rows equal in every message are copies; use Keep too.",
        ):
            session.decide_pairs([(keeps, n) for n in apart], "not_duplicate")
            st.rerun()
        if st.button(f"Keep too{many}", key="dup.keep", icon=":material/check:", disabled=not free):
            session.decide_rows(free, "keep")
            st.rerun()
        if st.button(f"Drop{many}", key="dup.drop", icon=":material/close:", disabled=not free):
            session.decide_rows(free, "drop")
            st.rerun()
        swap = len(free) == 1 and made.action[keeper] != Action.FROZEN
        if st.button("Keep this one instead", key="dup.swap", icon=":material/swap_horiz:", disabled=not swap):
            session.decide_each({free[0]: "keep", keeps: "drop"}, "keep another row of a group")
            st.rerun()


def ruled(data: Loaded) -> None:
    """Pairs that a person ruled no duplicates, to look at and to take back."""
    pairs = [(a, b) for a, b, v in session.overrides().pairs if v == "not_duplicate"]
    rows = rows_of(data.evidence, [i for pair in pairs for i in pair]).reshape(-1, 2)
    here = np.flatnonzero((rows >= 0).all(axis=1)).tolist()
    if not here:
        return
    with st.expander(f"{len(here):,} pairs ruled no duplicates by hand", key="dup.ruled", icon=":material/front_hand:"):
        one, two = rows[here, 0].tolist(), rows[here, 1].tolist()
        picked = inert.table(
            {"what differs": rowtable.changes(data, one, two), "row": data.places(one), "other row": data.places(two)},
            key="dup.ruled.table",
            alt="Pairs ruled no duplicates",
            select="multi-row",
            height=240,
        )
        if st.button(
            f"Take back {len(picked):,}", key="pair.clear", icon=":material/undo:", disabled=not picked, type="tertiary"
        ):
            session.decide_pairs([pairs[here[p]] for p in picked], None)
            st.rerun()


def undo_here(key: str) -> None:
    """The session's undo, where the decision was made."""
    what = session.undoable()
    if what and st.button(f"Undo: {inert.label(what, 60)}", key=key, icon=":material/undo:", type="tertiary"):
        session.undo()
        st.rerun()
