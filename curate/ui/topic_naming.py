"""Names of topics by a model: what it would cost, a typed confirmation, and the names as one step that undo takes back."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from curate.errors import CurateError
from curate.judge.prices import read_prices
from curate.judge.scripted import NAME
from curate.judge.topic_names import ModelNamer
from curate.store import Store
from curate.types import Verdicts
from curate.ui import incidents, paid, sealed_view, session, words
from curate.ui.loaded import Loaded
from curate.views.topic_cards import TopicCard, names_by, topic_cards

KIND = paid.Kind("names", "name", "named", "topic", ":material/label:")


def show(data: Loaded, made: Verdicts) -> None:
    """A box below the topics."""
    box = st.expander("Let a model name the topics", icon=":material/label:", key="names.box", on_change="rerun")
    if not box.open and not paid.running(KIND):
        return
    with box:
        _box(data, made)


def _box(data: Loaded, made: Verdicts) -> None:
    hidden = sealed_view.shut(data, "topic names")
    key = ("cards", made.recipe.fingerprint, int(hidden.sum()))
    cards = data.remember(key, lambda: topic_cards(data.dataset, data.evidence, made, hidden))
    if not cards:
        st.caption("Every topic has a name that somebody gave.")
        return
    prices = read_prices(Store().home)
    held = session.recipe().judge
    listed = list(prices.models)
    model = str(
        st.selectbox(
            "Model",
            listed,
            index=listed.index(held.model) if held.model in listed else 0,
            key="names.model",
            width=420,
            format_func=paid.model_name(prices),
        )
    )
    namer = ModelNamer(replace(held, model=model, max_rows=0), prices, paid.ledger())
    paid.progress(KIND)
    try:
        plan = namer.plan(cards, data.dataset.fingerprint)
    except CurateError as error:
        incidents.show(error)
        return
    if len(plan):
        e = plan.estimate
        st.caption(
            f"{words.count(len(plan), 'topic')}: about {paid.dollars(e.dollars)} ({paid.dollars(e.low)} to {paid.dollars(e.high)}) · {e.basis} · prices of {e.as_of}. "
            "Of each topic its words and the start of a few middle prompts are sent."
        )
        paid.confirm(KIND, plan)
    _take(namer, cards)


def _take(namer: ModelNamer, cards: tuple[TopicCard, ...]) -> None:
    """Takes the names over; without it nothing on the map moves."""
    edits = names_by(namer, cards)
    if not edits or paid.running(KIND):
        return
    by = "the scripted judge (no model)" if namer.name == NAME else namer.name
    if st.button(f"Use {words.count(len(edits), 'name')}", key="names.use", icon=":material/check:"):
        session.edit_topics(f"names by {by}", edits)
        st.rerun()
    st.caption("One undo takes all of them back.")
