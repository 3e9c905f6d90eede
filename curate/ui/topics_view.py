"""Topics as people work with them: the settings of the cut, all topics as a table, and topics named, joined or parted by hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from curate.decide import topics_of
from curate.decide.topics import MEANING, TopicSet, usual_size
from curate.errors import CurateError
from curate.types import Action, Verdicts
from curate.ui import inert, session, settings, topic_naming, words
from curate.ui.loaded import Loaded, Rows

TABLE = "map.topics"
NAME = 60
SHORT = 3  # words of a name on the map
NO_TOPIC = "(in no topic)"
Edit = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Ranked:
    """Topics with a row, the largest first; -1 stands for no topic. topics, rows, kept: int64 [k]."""

    topics: Rows
    rows: Rows
    kept: Rows


def names(data: Loaded, made: Verdicts) -> list[str]:
    """Names of the topics behind `made.topic`, as they may be shown; [] without topics."""
    found = topics_of(data.evidence, made)
    return [] if found is None else [inert.plain(n, NAME) for n in found.names]


def short_names(data: Loaded, made: Verdicts) -> list[str]:
    """The same for where there is little room: the first words of names that nobody gave."""
    found = topics_of(data.evidence, made)
    if found is None:
        return []
    cut = (n if t in found.given else " / ".join(n.split(" / ")[:SHORT]) for t, n in enumerate(found.names))
    return [inert.plain(n, NAME) for n in cut]


def ranked(made: Verdicts, rows: Rows | None = None) -> Ranked:
    """The topics of some rows (default: all)."""
    topic = (made.topic if rows is None else made.topic[rows]) + 1
    action = made.action if rows is None else made.action[rows]
    whole = np.bincount(topic)
    kept = np.bincount(topic[action == Action.KEEP], minlength=whole.shape[0])
    order = np.argsort(-whole, kind="stable")
    order = order[whole[order] > 0]
    return Ranked(order - 1, whole[order], kept[order])


def picked_rows(made: Verdicts) -> tuple[Rows, str] | None:
    """Rows of the topics chosen in the table, which does what a lasso does where a map can't be used."""
    chosen = picked(made)
    if not chosen:
        return None
    rows = np.flatnonzero(np.isin(made.topic, chosen))
    return rows, f"{words.rows(rows.shape[0])} of {len(chosen)} chosen topic{'' if len(chosen) == 1 else 's'} light up"


def picked(made: Verdicts) -> list[int]:
    """Topics that are chosen in the table, -1 for the rows in none."""
    held = st.session_state.get(TABLE)
    places = list(held["selection"]["rows"]) if held else []
    topics = ranked(made).topics
    return [int(topics[p]) for p in places if p < topics.shape[0]]


def show(data: Loaded, made: Verdicts) -> None:
    """Settings, table and edits. Outside of the map's fragment: a change here moves every number on the page."""
    found = topics_of(data.evidence, made)
    if found is None:
        return
    st.subheader("Topics", anchor=False)
    st.caption(origin(data, found))
    _settings(data, found)
    _table(data, made, found)
    _edit(data, made, found)
    if not found.column:
        topic_naming.show(data, made)


def origin(data: Loaded, found: TopicSet) -> str:
    """Where the topics come from, and how to read the table."""
    if found.column:
        return (
            f"The values of your column “{inert.label(found.column, NAME)}”. Choose “by meaning” to let the prompts' "
            "vectors say what rows are about."
        )
    topics = data.evidence.topics
    if topics is None or found.tree is None:
        return ""
    n = int(np.unique(data.evidence.classes["prompt"][np.isfinite(found.apart)]).shape[0])
    sample = (
        f"{topics.fitted:,} distinct prompts were clustered and the others took the topic of their nearest one"
        if topics.fitted < n
        else f"all {topics.fitted:,} distinct prompts were clustered"
    )
    return (
        f"HDBSCAN on UMAP in ten dimensions; {sample}. A topic has at least {found.size:,} of them. Rows that lie apart "
        f"from all others are in none ({np.mean((found.label < 0) & (found.nearest >= 0)):.0%})."
    )


def _settings(data: Loaded, found: TopicSet) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="topics.settings"):
        if (data.evidence.labels and data.evidence.topics is not None) or found.column:
            options = ["", MEANING, *data.evidence.labels]
            settings.choice("topics", "column", "Topics are", options, "By meaning, or by a column of your own.", _by)
        if not found.column and found.tree is not None:
            usual = usual_size(found.tree.left.shape[0] + 1)
            settings.number("topics", "size", "Least size", 0, 100_000, 1,
                            f"Distinct prompts that a topic has at least; 0 = by how many there are ({usual} here). "
                            "The stored tree is cut anew, in milliseconds.")  # fmt: skip
            settings.slider("topics", "noise", "In no topic at most", 0.0, 0.5, 0.01,
                            "Share of rows that may be left without a topic because they lie apart. 0 puts every row "
                            "into its nearest topic; its card then says how far away it lies.")  # fmt: skip
        settings.number("topics", "cap", "Keep of each topic", 0, 10_000_000, 100,
                        "Rows kept of each topic at most (S1: 500); 0 = all. A keyed shuffle chooses; what goes has "
                        "the reason “over cap”.")  # fmt: skip


def _by(column: str) -> str:
    return {"": "Chosen by itself", MEANING: "By meaning"}.get(column, f"Column {inert.plain(column, 40)}")


def _table(data: Loaded, made: Verdicts, found: TopicSet) -> None:
    listed, shown = ranked(made), names(data, made)
    known = listed.topics >= 0
    share = np.round(100 * listed.rows / max(1, int(listed.rows.sum())), 1)
    columns: dict[str, list[object]] = {
        "topic": [shown[t] if t >= 0 else NO_TOPIC for t in listed.topics.tolist()],
        "rows": listed.rows.tolist(),
        "% of rows": share.tolist(),
        "kept": listed.kept.tolist(),
        "% kept": np.round(100 * listed.kept / np.maximum(1, listed.rows), 1).tolist(),
    }
    for level, group in enumerate(found.groups):
        title = "group" if level == 0 else "wider group"
        of = [inert.plain(n, NAME) for n in found.group_names[level]]
        columns[title] = [of[int(group[t])] if t >= 0 else "" for t in listed.topics.tolist()]
    example = np.where(known, found.exemplars[np.maximum(listed.topics, 0), 0] if len(found) else -1, -1)
    texts = iter(data.texts("prompt", example[example >= 0].tolist()))
    columns["a prompt at its middle"] = [next(texts) if e >= 0 else inert.RowText("") for e in example.tolist()]
    inert.table(
        columns,
        key=TABLE,
        alt="Topics with their rows, before and after the recipe",
        select="multi-row",
        height=min(420, 38 + 35 * len(listed.topics)),
        widths={"topic": "large", "a prompt at its middle": "large", "group": "medium", "wider group": "medium"},
    )
    st.caption(
        "The largest first. Choose some (boxes at the left): they light up on the map, their rows come below, and "
        "you can name, join or part them here."
    )


def _edit(data: Loaded, made: Verdicts, found: TopicSet) -> None:
    """Name, join or part what is chosen; each is one step that undo takes back."""
    chosen = [t for t in picked(made) if t >= 0]
    if not chosen:
        return
    shown = names(data, made)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="topics.edit"):
        if len(chosen) == 1:
            topic = chosen[0]
            said = st.text_input("Name", value=shown[topic], key=f"topics.name.{topic}", max_chars=120, width=320)
            if st.button("Rename", key="topics.rename", icon=":material/edit:") and said.strip():
                _apply(f"name a topic {said.strip()[:40]}", rename(data, found, topic, said))
            if found.tree is not None and st.button(
                "Split", key="topics.split", icon=":material/call_split:",
                help="In the parts that the tree has at a smaller size; where it has none, in two halves.",
            ):  # fmt: skip
                _apply("split a topic", split(data, found, topic))
        elif st.button(f"Merge {len(chosen)} topics", key="topics.merge", icon=":material/call_merge:"):
            _apply(f"merge {len(chosen)} topics", merge(data, found, chosen))
        back = standing(data, found, chosen)
        if back and st.button(
            f"Take back edits of {'this' if len(chosen) == 1 else 'these'}", key="topics.takeback", icon=":material/undo:",
            type="tertiary",
        ):  # fmt: skip
            _apply("take back topic edits", back)


def _apply(what: str, edits: Iterable[Edit]) -> None:
    try:
        session.edit_topics(what, edits)
    except CurateError as error:
        st.toast(inert.label(str(error), 300), icon=":material/error:")
        return
    st.session_state.pop(TABLE, None)
    st.rerun()


def anchor(data: Loaded, found: TopicSet, topic: int) -> str:
    """The id of the row that stands for a topic: its first exemplar."""
    return str(data.evidence.ids[int(found.exemplars[topic, 0])].decode())


def rename(data: Loaded, found: TopicSet, topic: int, name: str) -> list[Edit]:
    """The topic's earlier names give way. A topic of moved rows is renamed by moving them."""
    ids = _ids(data, found, [topic])
    moved = [e for e in session.overrides().topics if e[0] == "topic_move" and e[1] in ids]
    if moved and len(moved) == len(ids):
        return [(kind, row, other, name) for kind, row, other, _ in moved]
    old = [(k, row, o, "") for k, row, o, _ in session.overrides().topics if k == "topic_name" and row in ids]
    return [*old, ("topic_name", anchor(data, found, topic), "", name)]


def merge(data: Loaded, found: TopicSet, topics: list[int]) -> list[Edit]:
    """Each of the others with the largest."""
    first, *rest = (anchor(data, found, t) for t in sorted(topics))
    return [("topic_merge", first, other, "merge") for other in rest]


def split(data: Loaded, found: TopicSet, topic: int) -> list[Edit]:
    """After all splits that stand."""
    done = [int(value) for kind, _, _, value in session.overrides().topics if kind == "topic_split"]
    row = anchor(data, found, topic)
    taken = {r for kind, r, _, _ in session.overrides().topics if kind == "topic_split"}
    if row not in taken:
        return [("topic_split", row, "", str(max(done, default=0) + 1))]
    free = next((i for i in sorted(_ids(data, found, [topic])) if i not in taken), row)
    return [("topic_split", free, "", str(max(done, default=0) + 1))]


def standing(data: Loaded, found: TopicSet, topics: list[int]) -> list[Edit]:
    """Edits that name a row of these topics, each taken back."""
    every = session.overrides().topics
    if not every:
        return []
    ids = set(_ids(data, found, topics))
    return [(k, one, two, "") for k, one, two, _ in every if one in ids or two in ids]


def _ids(data: Loaded, found: TopicSet, topics: list[int]) -> set[str]:
    return {i.decode() for i in data.evidence.ids[np.isin(found.nearest, topics)].tolist()}


def move(data: Loaded, rows: Rows, name: str) -> list[Edit]:
    """Rows to the topic of that name."""
    return [("topic_move", i.decode(), "", name) for i in data.evidence.ids[rows].tolist()]
