"""Rules of one's own on the quality page: a formula over columns, texts and own columns, tried before it is added."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from curate.decide import Recipe, Rule
from curate.decide.formula import LANGUAGE
from curate.errors import BackendError, RecipeError
from curate.measure.terms import own_numbers, with_terms
from curate.types import Verdicts
from curate.ui import inert, session
from curate.ui.loaded import Loaded

S3_PHRASES = "I cannot|I'm sorry|As an AI|I don't have|ERROR|undefined"
START: Mapping[str, tuple[str, str]] = {
    "An empty formula": ("", ""),
    "A phrase in the answer": ("says_phrase", 'contains(answer, "as per our conversation")'),
    "Much longer than the question": ("rambling", "answer_words > 20 * prompt_words and answer_words > 300"),
    "A column of your own": ("low_rating", 'own("rating") < 3'),
    "Only these languages": ("other_tongue", 'not speaks("en", "de") and not language_asked'),
    "Links to sites of a list": ("bad_links", 'links("example.com", "example.org")'),
    "Far from a description of your domain": ("off_topic", 'about("questions of pet owners to a vet") < 0.2'),
    "Unlike your anchor rows": ("unlike_experts", 'like("source", "expert") < 0.3'),
    "Unlike the evaluation rows": ("unlike_evaluation", "like_evaluation() < 0.3"),
    "Perplexity by a model in a folder": ("perplexed", 'perplexity("models/gpt2") > 200'),
    "Toxicity by a transformer": ("toxic_too", 'toxic_by("models/toxicity") > 0.5'),
    "Names by a model": ("names_found", 'named("models/ner") > 0'),
    "Shorter than a column says (S1)": ("short_of_plan", 'answer_words < 0.8 * own("expected_words")'),
    "S0's score with your weights": (
        "my_shape_s0",
        "0.4 * min(answer_words / 50, 1, 800 / max(answer_words, 1)) + 0.3 * structure + 0.3 * (1 - bad_phrase)",
    ),
    "S3's score with your weights": (
        "my_shape_s3",
        f'max(0, 1 - 0.3 * (unique_words < 0.4) - 0.2 * (answer_words < 5) - 0.4 * matches(answer, "{S3_PHRASES}"))',
    ),
}


def add(data: Loaded, made: Verdicts) -> None:
    """The form of a new rule."""
    with st.container(border=True, key="own.new"):
        st.markdown("**A rule of your own**")
        st.caption(
            "A yes/no formula fails the rows where it is true. A formula that is a number gets bounds: a score of your own "
            "(of shape, as S0's and S3's are, not of quality)."
        )
        left, right = st.columns([1, 2])
        left.selectbox("Start from", list(START), key="own.start", on_change=_start)
        left.text_input("Name", key="own.name", max_chars=40, placeholder="small_letters_and_digits")
        with right:
            example = 'answer_words < 5 and not contains(prompt, "one word")'
            inert.area("Formula", key="own.formula", max_chars=1000, height=120, placeholder=example)
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button("Add", key="own.add", icon=":material/add:"):
                _add(data, made.recipe)
            with st.popover("What a formula may say", icon=":material/help:"):
                st.markdown(f"{inert.label(LANGUAGE, 600)}.")
                st.caption("Columns: " + inert.label(", ".join(own_numbers(data.evidence.columns)), 4000))
        failed = st.session_state.pop("my.own.failed", "")
        if failed:
            st.error(inert.label(failed, 600), icon=":material/error:")


def edit(data: Loaded, rule: Rule) -> None:
    """Another formula, or none."""
    key = f"rule.{rule.name}.formula"
    with st.container(horizontal=True):
        with st.popover("Change the formula", icon=":material/edit:"):
            st.session_state.setdefault(key, rule.formula)
            inert.area("Formula", key=key, max_chars=1000)
            if st.button("Use it", key=f"{key}.use"):
                _take(data, session.recipe(), rule.name, str(st.session_state[key]), f"{rule.name} formula")
            failed = st.session_state.pop("my.own.failed", "")
            if failed:
                st.error(inert.label(failed, 600), icon=":material/error:")
        st.button("Remove", key=f"rule.{rule.name}.remove", type="tertiary", icon=":material/delete:", on_click=_remove, args=(rule.name,))  # fmt: skip


def _start() -> None:
    st.session_state["own.name"], st.session_state["own.formula"] = START[st.session_state["own.start"]]


def _add(data: Loaded, recipe: Recipe) -> None:
    name, formula = str(st.session_state["own.name"]).strip(), str(st.session_state["own.formula"])
    if any(r.name == name for r in recipe.rules):
        st.session_state["my.own.failed"] = f"A rule is called {name} already; give another name."
        return
    _take(data, recipe, name, formula, f"rule {name}")


def _take(data: Loaded, recipe: Recipe, name: str, formula: str, what: str) -> None:
    """Applied only when every column and term of it can be measured here."""
    try:
        wanted = recipe.with_own(name, formula)
        with_terms(data.dataset, data.evidence, wanted)
    except (RecipeError, BackendError) as error:
        st.session_state["my.own.failed"] = str(error)
        return
    session.apply(wanted, what)
    st.rerun()


def _remove(name: str) -> None:
    session.apply(session.recipe().without_own(name), f"remove {name}")
