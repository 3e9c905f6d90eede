"""The duplicates page: thresholds with their curve, groups with keeper and witness, borderline pairs to rule on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from curate.decide.curves import kept_curve
from curate.decide.recipe import ALLOWED
from curate.decide.rules import BIT
from curate.types import Action, Verdicts
from curate.ui import groups, inert, rowcard, rowtable, session, settings, words
from curate.ui.loaded import Loaded
from curate.views import figures

PAGE = 15
POINTS = 13
MOST_MEMBERS = 30
BITS = 8


def headline(data: Loaded, made: Verdicts) -> None:
    """How many rows go because of a kept one, by kind."""
    found = groups.counts(made)
    gone, many = int(np.count_nonzero(made.witness >= 0)), int(np.unique(made.witness[made.witness >= 0]).shape[0])
    if gone:
        st.markdown(f"**{words.rows(gone)}** go because of **{many:,}** kept or frozen ones. Each names its witness.")
    else:
        st.markdown("No row duplicates another under these settings.")
    names = {
        "exact_copy": "Exact copies",
        "near_text": "Near text",
        "near_meaning": "Near meaning",
        "contaminated": "In an evaluation set",
    }
    for column, (kind, name) in zip(st.columns(4), names.items(), strict=True):
        measured = kind != "near_meaning" or bool(data.evidence.facts.get("vectors", 0))
        column.metric(name, f"{found[kind]:,}" if measured else "not measured", border=True, help=words.HELP[kind])
    st.caption(inert.label(data.evidence.pairs.completeness, 600))


def thresholds(data: Loaded, made: Verdicts) -> None:
    """Settings at the left, the curve of kept rows at the right."""
    near, floor = made.recipe.near, data.evidence.pairs.floor
    left, right = st.columns([2, 3], gap="medium")
    with left, st.container(border=True):
        on = settings.toggle(
            "near", "text_enabled", "Near text", "Character 5-grams shared by prompt and by answer (Jaccard)."
        )
        settings.slider(
            "near",
            "text",
            "Jaccard at least",
            float(floor.get("text", near.text_floor)),
            1.0,
            0.01,
            "Rows whose weaker side is at least this alike are the same. The slider starts where measuring did.",
            disabled=not on,
        )
        vectors = bool(data.evidence.facts.get("vectors", 0))
        on = (
            settings.toggle("near", "meaning_enabled", "Near meaning", "Cosine of sentence vectors; guards must agree.")
            and vectors
        )
        settings.slider(
            "near",
            "meaning",
            "Cosine at least",
            float(floor.get("meaning", near.meaning_floor)),
            1.0,
            0.01,
            "Nothing is dropped on vectors alone: rows that differ in a number, unit, name, negation or code stay.",
            disabled=not on,
        )
        if not vectors:
            st.caption(":material/pending: Near meaning is not measured yet.")
        one, two = st.columns(2)
        with one:
            settings.choice("near", "keep", "Keep which", ALLOWED["near", "keep"], "The row of a group that stays.")
            settings.choice(
                "near", "view", "Compare", ALLOWED["near", "view"], "Both sides must be alike, or one of them."
            )
        with two:
            settings.choice(
                "near",
                "exact",
                "Equal means",
                ALLOWED["near", "exact"],
                "content: same messages. spaced: case and blanks folded. folded: punctuation too.",
            )
            settings.choice(
                "near",
                "guards",
                "Guards",
                ALLOWED["near", "guards"],
                "off is unsafe: 10 miles and 10 kilometers become one row.",
            )
        if near.guards == "off":
            st.warning(
                "Guards are off: rows that differ only in a number, unit or name count as copies.",
                icon=":material/warning:",
            )
    with right, st.container(border=True, height="stretch"):
        _curve(data, made, vectors)


def _curve(data: Loaded, made: Verdicts, vectors: bool) -> None:
    options = ["text", "meaning"] if vectors else ["text"]
    kind = (
        st.segmented_control(
            "Curve", options, key="dup.curve", default="text", required=True, format_func=lambda k: f"Near {k}"
        )
        or "text"
    )
    floor = float(data.evidence.pairs.floor.get(kind, getattr(made.recipe.near, f"{kind}_floor")))
    values = [round(float(v), 3) for v in np.linspace(floor, 1.0, POINTS)]
    at_one = replace(made.recipe.with_setting("near", **{kind: 1.0}), preset="")
    key = ("curve", kind, at_one.fingerprint)
    kept = data.remember(key, lambda: kept_curve(data.evidence, made.recipe, "near", kind, values, made))
    now = getattr(made.recipe.near, kind)
    st.plotly_chart(
        figures.curve(values, kept, now, made.count(Action.KEEP), "Jaccard" if kind == "text" else "cosine"),
        key="dup.chart",
        config=figures.PLAIN,
        alt=f"Rows kept as the near {kind} threshold moves",
    )
    st.caption(
        "Every point is a whole decision, everything else as it is set. The curve need not rise: which row "
        "stays can change."
    )


@st.fragment
def list_groups(data: Loaded, made: Verdicts) -> None:
    """Groups with their keeper; one opened below."""
    st.subheader("Groups", anchor=False)
    found = data.remember(("groups", made.recipe.fingerprint), lambda: groups.groups_of(made))
    if not len(found):
        st.info("No groups. Lower a threshold to look further.", icon=":material/search_off:")
        return
    pages = -(-len(found) // PAGE)
    at = rowtable.at_page("dup.page", pages)
    shown = list(range((at - 1) * PAGE, min(at * PAGE, len(found))))
    keepers = [int(found.keeper[g]) for g in shown]
    picked = inert.table(
        {
            "copies": [int(found.sizes[g]) for g in shown],
            "why": [_kinds(int(found.kinds[g])) for g in shown],
            "kept prompt": data.texts("prompt", keepers),
            "kept answer": data.texts("response", keepers),
            "where": data.places(keepers),
        },
        key="dup.groups",
        alt=f"Groups of duplicates, page {at} of {pages}",
        select="single-row",
        widths={"copies": "small", "kept prompt": "large", "kept answer": "large"},
    )
    rowtable.turn(
        "dup.page", pages, f"{len(found):,} groups, the largest first. Choose one (box at its left) to see its rows."
    )
    if picked:
        _group(data, made, found, shown[picked[0]])


def _kinds(bits: int) -> str:
    return ", ".join(words.title(k).lower() for k in groups.KINDS if bits >> BIT[k] & 1)


def _group(data: Loaded, made: Verdicts, found: groups.Groups, group: int) -> None:
    keeper, members = int(found.keeper[group]), found.of(group)
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**Stays**")
        rowcard.show(data, made, keeper, "dup.keeper", witness=False)
    with right:
        st.markdown(f"**Goes** ({words.rows(members.shape[0])})")
        at = 0
        if members.shape[0] > 1:
            listed = members[:MOST_MEMBERS].tolist()
            places = data.places(listed)
            at = (
                st.selectbox(
                    "Copy",
                    list(range(len(listed))),
                    key="dup.member",
                    format_func=lambda n: f"{n + 1} · {inert.plain(places[n])} · {', '.join(made.why(listed[n]))}",
                )
                or 0
            )
        rowcard.show(data, made, int(members[at]), "dup.copy")


@st.fragment
def borderline(data: Loaded, made: Verdicts) -> None:
    """Pairs on both sides of the threshold, the most uncertain first, to rule on."""
    st.subheader("Borderline pairs", anchor=False)
    kinds = ["text", "meaning"] if data.evidence.facts.get("vectors", 0) else ["text"]
    kind = (
        st.segmented_control(
            "Kind",
            kinds,
            key="dup.border.kind",
            default=kinds[0],
            required=True,
            label_visibility="collapsed",
            format_func=lambda k: f"Near {k}",
        )
        or kinds[0]
    )
    guarded = st.toggle(
        "Also pairs that differ in a number, unit, name, …",
        key="dup.border.guarded",
        help="They are never duplicates while guards are on.",
    )
    key = ("border", kind, guarded, made.recipe.fingerprint)
    found = data.remember(key, lambda: groups.border(data, made, kind, guarded=guarded))
    if not found.at.shape[0]:
        st.caption("No pair was measured on this side.")
        return
    pairs = data.evidence.pairs
    one, two = pairs.i[found.at].tolist(), pairs.j[found.at].tolist()
    picked = inert.table(
        {
            "score": [round(float(s), 4) for s in found.score],
            "counts as": ["duplicate" if c else "not" for c in found.counts],
            "differ in": [guards(int(g)) for g in pairs.guards[found.at]],
            "prompt": data.texts("prompt", one),
            "other prompt": data.texts("prompt", two),
        },
        key="dup.border",
        alt="Pairs nearest to the threshold",
        select="single-row",
        height=320,
        widths={"score": "small", "prompt": "large", "other prompt": "large"},
    )
    if picked:
        _pair(data, one[picked[0]], two[picked[0]])
    else:
        st.caption("Choose a pair to compare it word by word and to rule on it.")


def guards(bits: int) -> str:
    """What two rows differ in, prompt and answer sides together."""
    both = (bits | bits >> BITS) & (1 << BITS) - 1
    return ", ".join(name for b, name in enumerate(words.GUARDS) if both >> b & 1)


def _pair(data: Loaded, one: int, two: int) -> None:
    ids = [data.evidence.ids[r].decode() for r in (one, two)]
    with st.container(border=True, key="card.pair"):
        st.markdown(f"`{ids[0]}` and `{ids[1]}`{rowcard.similarity(data, one, two)}")
        for column, name in (("prompt", "Prompt"), ("response", "Answer")):
            before, after = data.texts(column, [one, two])
            st.caption(name if before != after else f"{name}: the same, {len(after):,} characters")
            if before != after:
                inert.diff(before, after)
        ruled: dict[Any, str] = {(a, b): v for a, b, v in session.overrides().pairs}
        held = ruled.get((min(ids), max(ids)))
        with st.container(horizontal=True):
            if held:
                st.badge(held.replace("_", " "), icon=":material/front_hand:", color="blue")
                if st.button("Take back", key="pair.clear", icon=":material/undo:", type="tertiary"):
                    session.decide_pair(ids[0], ids[1], None)
                    st.rerun()
            elif st.button("Not a duplicate", key="pair.not_duplicate", icon=":material/call_split:"):
                session.decide_pair(ids[0], ids[1], "not_duplicate")
                st.rerun()
