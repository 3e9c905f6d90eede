"""The map page: what the data is about, seen at once; choose rows on it or in the topics' table, and decide on them."""

from __future__ import annotations

import numpy as np
import streamlit as st

from curate.errors import CurateError
from curate.types import Action, Bool, Verdicts
from curate.ui import (
    duplicates_groups,
    frame,
    inert,
    jobs,
    map_chosen,
    map_component,
    map_layers,
    map_links,
    map_near,
    map_points,
    rowtable,
    session,
    topics_view,
    words,
)
from curate.ui.loaded import Loaded
from curate.ui.map_chosen import Lit
from curate.ui.map_component import Answer, Picture
from curate.ui.map_layers import Layer
from curate.ui.map_points import Cloud

KINDS = {"copies": "Copies", "contradiction": "Contradictions"}
SHOWS = ("Before", "After the recipe")
NAME = 60
FEW = 200  # distinct prompts
ENGLISH = "all-MiniLM-L6-v2"


def headline(data: Loaded, made: Verdicts, cloud: Cloud | None) -> None:
    """What is on the map, what is not, and how the places came about."""
    if cloud is None:
        return
    parts = [f"**{words.rows(len(cloud))}** on the map"]
    lost = len(data) - len(cloud)
    if lost:
        parts.append(f"{words.rows(lost)} without a vector {'has' if lost == 1 else 'have'} no place")
    topic = made.topic[cloud.rows]
    count = int(np.unique(topic[topic >= 0]).shape[0])
    none = int(np.count_nonzero(topic < 0))
    parts.append(f"{count:,} topic{'' if count == 1 else 's'}, {none / len(cloud):.0%} of the rows in none")
    st.markdown(" · ".join(parts))
    st.caption(
        "Rows that mean the same lie near each other; distances between far groups say little. "
        f"{_placed(data)}Places are for looking only: no decision reads them.{_limits(data, cloud)}"
    )


def _limits(data: Loaded, cloud: Cloud) -> str:
    """What a small set, or a set in another language, can't show."""
    prompts = int(np.unique(data.evidence.classes["prompt"][cloud.rows]).shape[0])
    said = ""
    if prompts < FEW:
        said += f" {prompts:,} distinct prompts tell only a few topics apart, and where groups lie is mostly chance."
    if session.recipe().embed.model == ENGLISH:
        said += f" Vectors are by {ENGLISH}, which was trained on English: in other languages neighbours say less."
    return said


def _placed(data: Loaded) -> str:
    topics = data.evidence.topics
    if topics is None or not topics.placement_error:
        return ""
    return (
        f"{topics.fitted:,} distinct prompts were laid out, the others placed among their neighbours "
        f"(median miss {topics.placement_error:.1%} of the map's width). "
    )


def show(data: Loaded, made: Verdicts) -> None:
    """The page."""
    cloud = map_points.cloud_of(data)
    headline(data, made, cloud)
    if cloud is None:
        without(data)
        rowtable.show(data, made, np.arange(len(data)), "map.rows")
        return
    if len(cloud) < map_points.LEAST or cloud.one_spot:
        st.info(
            f"{words.rows(len(cloud))} on one spot: there is nothing to tell apart on a map. The table has them."
            if cloud.one_spot
            else f"A map of {words.rows(len(cloud))} shows no structure. The table has them.",
            icon=":material/info:",
        )
    _map(data, made, cloud)
    topics_view.show(data, made)
    picked = topics_view.picked_rows(made)
    if picked is not None:
        map_chosen.many(data, made, picked[0], "that light up", "topics")


def without(data: Loaded) -> None:
    """Why there is no map, and what to do."""
    found = session.job()
    if found is not None and found.active:
        st.info(
            "The map follows by itself once the vectors are there. Until then: the rows.",
            icon=":material/hourglass_top:",
        )
    elif found is not None and (why := jobs.no_vectors(found, session.recipe())):
        st.info(f"A map needs vectors: {why}", icon=":material/pending:")
    else:
        prompts = int(np.unique(data.evidence.classes["prompt"]).shape[0])
        st.info(
            f"{words.rows(len(data))}, {prompts:,} distinct prompt{'' if prompts == 1 else 's'}: too few for a map. "
            "Neighbourhoods mean something from about 20 on. The table shows the rows.",
            icon=":material/info:",
        )


@st.fragment
def _map(data: Loaded, made: Verdicts, cloud: Cloud) -> None:
    """Controls, map, and below it what is chosen; a choice reruns this part alone."""
    job = session.job()
    assert job is not None  # there is data
    layer, kinds, shown, lit = _controls(data, made, cloud)
    now = map_component.now(job.id, cloud)
    found = lit or map_chosen.neighbours(data, cloud, now)
    lit = found or topics_view.picked_rows(made)  # those stand below their own table
    links = {kind: _links(data, made, cloud, kind) for kind in kinds}
    picture = Picture(cloud, layer, _labels(data, made, cloud), shown, lit, links)
    answer = map_component.show(job.id, data, picture)
    _open(answer, cloud, links)
    map_chosen.show(data, made, cloud, answer, found)


def _controls(data: Loaded, made: Verdicts, cloud: Cloud) -> tuple[Layer, list[str], Bool | None, Lit]:
    """One row: colours, before or after, outlines, search. Returns layer, outlined kinds, points shown, what lights up."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="map.controls"):
        listed = map_layers.choices(data, made)
        name = st.selectbox("Colour by", listed, key="map.colour", width=190, format_func=_title) or "Topic"
        own = None
        if name == map_layers.OWN:
            own = st.selectbox("Column", list(data.own_columns), key="map.own", width=170, format_func=_own)
        when = st.segmented_control("Show", SHOWS, key="map.show", default=SHOWS[0], required=True)
        kinds = st.pills(
            "Outline", list(KINDS), key="map.outline", selection_mode="multi", format_func=KINDS.__getitem__
        )
        lit = _search(data)
    key = ("map layer", name, own, made.recipe.fingerprint, cloud.key, made.recipe.overrides.tags)
    layer = data.remember(key, lambda: map_layers.layer(data, made, cloud, name, own))
    return layer, list(kinds), made.action[cloud.rows] == Action.KEEP if when == SHOWS[1] else None, lit


def _title(name: str) -> str:
    return words.title(name) if name.islower() and ":" not in name else inert.plain(name, NAME)


def _own(name: str) -> str:
    return inert.plain(name, NAME)


def _search(data: Loaded) -> Lit:
    """Rows that light up for what was typed."""
    said = st.text_input(
        "Light up", key="map.find", placeholder="Text, row id, or file:line", icon=":material/search:", width=250
    )
    way: str | None = map_near.WORDS
    if data.evidence.facts.get("vectors", 0):
        ways = (map_near.WORDS, map_near.MEANING)
        way = st.segmented_control("Search by", ways, key="map.by", default=ways[0], required=True)
    if not (said or "").strip():
        return None
    if way == map_near.MEANING:
        return _meant(data, said)
    found = data.find(said)
    rows = np.empty(0, np.int64) if found is None else found
    return rows, f"{words.rows(rows.shape[0])} found"


def _meant(data: Loaded, said: str) -> Lit:
    try:
        with st.spinner("Reading the sentence"):
            held = map_near.vectors(data, session.recipe())
            if held is None:
                st.caption("The vectors are not in the store, so nothing can be found by meaning; measure again.")
                return None
            rows, cosine = data.remember(("map meant", said), lambda: map_near.near_by_meaning(held, said))
    except CurateError as error:
        st.caption(inert.label(str(error), 300))
        return None
    if not rows.shape[0]:
        return rows, "none found"
    return rows, f"the {words.rows(rows.shape[0])} nearest in meaning (cosine {cosine[-1]:.2f} to {cosine[0]:.2f})"


def _links(data: Loaded, made: Verdicts, cloud: Cloud, kind: str) -> map_links.Links:
    make = map_links.copies if kind == "copies" else map_links.contradictions
    return data.remember(("map links", kind, made.recipe.fingerprint), lambda: make(data, made, cloud))


def _labels(data: Loaded, made: Verdicts, cloud: Cloud) -> list[map_layers.Label]:
    key = ("map labels", made.recipe.topics, made.recipe.overrides.topics, cloud.key)
    return data.remember(key, lambda: map_layers.labels(data, made, cloud))


def _open(answer: Answer, cloud: Cloud, links: dict[str, map_links.Links]) -> None:
    """A click on an outline: copies open on the page of duplicates, two rows that contradict each other below the map."""
    if answer.opened is None:
        return
    kind, number = answer.opened
    found = links.get(kind)
    if found is None or not 0 <= number < len(found):
        return
    if kind == "copies":
        group = int(found.which[number])
        st.session_state["dup.page"] = group // duplicates_groups.PAGE + 1
        st.session_state[duplicates_groups.OPEN] = group
        st.switch_page(frame.page("duplicates"))
    st.session_state["my.map.pair"] = tuple(found.rows(cloud, number).tolist())
