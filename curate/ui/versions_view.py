"""The versions page: what is registered, drawn from inputs to training runs; each thing opens with a click or by name."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from curate.errors import CurateError
from curate.ship.ancestry import Ancestry, Node, ancestry
from curate.ship.diff import diff_entries
from curate.ship.registry import Registry
from curate.ship.sealed import Sealed
from curate.store import Store, Workspace
from curate.ui import incidents, inert
from curate.views import figures, figures_ancestry
from curate.views.inert import RowText

KIND = {"input": "Input", "recipe": "Recipe", "version": "Version", "run": "Training run"}
NAMED = 22  # characters of a name in the picture
NODES = 2  # the trace of the nodes, after two of lines


def show() -> None:
    """Everything, or what to do first."""
    registry = Registry(Workspace(Store()))
    try:
        _add(registry)
        names = sorted({e.name for e in registry.history()})
        if not names:
            st.info(
                "Nothing is registered yet. Write an export, then give it a name and a version here: the name never "
                "means other bytes, and training runs are linked to it.",
                icon=":material/history:",
            )
            return
        name = st.selectbox("Dataset", names, key="registry.name", width=320)
        if name:
            _picture(registry, name)
            _find(registry)
    except CurateError as error:
        incidents.show(error)


def _add(registry: Registry) -> None:
    """The export that was written last, under a name."""
    last = st.session_state.get("my.exported")
    if last is None:
        return
    with st.form("registry.add", border=True):
        st.markdown(f"**Register the export just written**: version `{last[1]}`")
        one, two, three = st.columns([1, 1, 3])
        name = one.text_input("Name", key="registry.add.name", placeholder="helpdesk", max_chars=64)
        version = two.text_input("Version", key="registry.add.version", placeholder="1", max_chars=64)
        notes = three.text_input("Notes", key="registry.add.notes", max_chars=400)
        if st.form_submit_button("Register", icon=":material/bookmark_add:"):
            entry = registry.add(f"{name}@{version}", Path(last[0]), notes)
            st.session_state["registry.name"] = entry.name
            st.toast(f"{entry.key} is registered for good.", icon=":material/check_circle:")


def _picture(registry: Registry, name: str) -> None:
    tree = ancestry(registry, name, Sealed(Workspace(Store())).openings())
    if tree.older:
        st.caption(f"{tree.older} older versions are not drawn; `curate registry list {name}` shows them.")
    names = [inert.plain(n.title, NAMED).replace("<", "‹").replace(">", "›").replace("&", "+") for n in tree.nodes]
    chosen = st.session_state.get("my.node", {}).get(name)
    lit = tree.kin(chosen) if chosen is not None and chosen < len(tree.nodes) else frozenset()
    event = st.plotly_chart(
        figures_ancestry.ancestry_chart(tree, names, lit), key=f"registry.tree.{name}", config=figures.PLAIN,
        on_select="rerun", selection_mode="points",
        alt=f"{len(tree.of('input'))} inputs, {len(tree.of('version'))} versions, {len(tree.of('run'))} training runs",
    )  # fmt: skip
    st.caption(
        "A click opens a thing and shows what it came from and what came from it. A red rim: another look at a test split."
    )
    place = _chosen(name, tree, event)
    if place is not None:
        _card(registry, tree, place)


def _chosen(name: str, tree: Ancestry, event: object) -> int | None:
    """The node that was clicked last, or picked by name."""
    labels = [f"{KIND[n.kind]}: {inert.plain(n.title, 60)}" for n in tree.nodes]
    held = getattr(event, "selection", None) or {}
    clicked = next((int(p["point_index"]) for p in held.get("points", ()) if p.get("curve_number") == NODES), None)
    seen = st.session_state.setdefault("my.node", {})
    if clicked is not None and st.session_state.get("my.clicked") != (name, clicked):
        st.session_state["my.clicked"] = (name, clicked)
        st.session_state[f"registry.node.{name}"] = clicked
    place = st.selectbox("Show", range(len(labels)), index=None, format_func=lambda k: labels[k],
                         key=f"registry.node.{name}", placeholder="an input, recipe, version or run", width=480)  # fmt: skip
    if seen.get(name) != place:
        seen[name] = place
        st.rerun()
    return place


def _card(registry: Registry, tree: Ancestry, place: int) -> None:
    """What is known of one thing."""
    node = tree.nodes[place]
    with st.container(border=True, key="card.node"):
        st.markdown(f"**{KIND[node.kind]}** {inert.label(node.title, 120)}")
        inert.table({"what": list(node.facts), "value": [_said(v) for v in node.facts.values()]}, key="registry.facts",
                    alt=f"Facts of the {node.kind}", widths={"what": "medium", "value": "large"}, height="content")  # fmt: skip
        if node.text:
            with st.expander("The whole recipe", key="registry.recipe"):
                inert.code(RowText(node.text), "toml")
        if node.kind == "version":
            _compare(registry, tree, node)


def _said(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else str(value)


def _compare(registry: Registry, tree: Ancestry, node: Node) -> None:
    others = [tree.nodes[n].key for n in tree.of("version") if tree.nodes[n].key != node.key]
    if not others:
        return
    other = st.selectbox("Compare with", others, index=None, key=f"registry.compare.{node.key}", width=320)
    if other:
        inert.code(RowText(diff_entries(registry, other, node.key).text()))


def _find(registry: Registry) -> None:
    """Which versions held a row."""
    row = st.text_input("Which versions held a row?", key="registry.find", placeholder="a row's id", width=320).strip()
    if not row:
        return
    found = registry.holding(row)
    if not found:
        st.info("No registered version held this row.", icon=":material/search_off:")
        return
    inert.table({"version": [e.key for e, _, _ in found], "fate": [a for _, a, _ in found],
                 "split": [s or "" for _, _, s in found]}, key="registry.held", alt="Versions that held the row")  # fmt: skip
