"""Send pairs to the judge: which, what it costs in both orders, a typed confirmation, what it said and how far to trust that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import streamlit as st

from curate.decide.review_rate import wilson_of
from curate.errors import CurateError
from curate.judge.pair_columns import PairTrust, pair_trust
from curate.judge.pairs import plan_pairs
from curate.judge.prices import read_prices
from curate.judge.scripted import LABEL, NAME
from curate.store import Store
from curate.types import Bool
from curate.ui import incidents, inert, paid, sealed_view, session, words
from curate.ui.loaded import Loaded, Rows

MANY = 20  # pairs that are offered first: an estimate of some cents
WORD = {1.0: "yes", 0.0: "no", 0.5: "depends on the order"}


def show(data: Loaded, offered: Callable[[], Mapping[str, Rows]], name: str) -> None:
    """A box: `offered` gives places in Pairs by the words that say which they are, asked only while the box is open (sorting
    pairs would hold up every move of a slider); `name`: conflict or dup, before the keys."""
    kind = paid.Kind(f"{name}.pairs", "send", "sent", "question")
    box = st.expander("Send to judge", icon=":material/gavel:", key=f"{name}.pairs.box", on_change="rerun")
    if not box.open and not paid.running(kind):
        return
    with box:
        paid.progress(kind)
        offers = offered()
        if offers:
            _ask(data, kind, offers, name)
        else:
            st.caption("No pair is measured.")
        _said(data, name)


def _ask(data: Loaded, kind: paid.Kind, offers: Mapping[str, Rows], name: str) -> None:
    prices = read_prices(Store().home)
    held = session.recipe().judge
    if not held.enabled:
        st.info(
            "The recipe's judge is off, so its word would not count. Switch judge.enabled on first.",
            icon=":material/toggle_off:",
        )
        return
    left, middle, right = st.columns([3, 1, 3], vertical_alignment="bottom")
    which = str(left.selectbox("Pairs", list(offers), key=f"{name}.pairs.which"))
    count = int(middle.number_input("At most", 1, 10_000, MANY, 10, key=f"{name}.pairs.count"))
    listed = list(prices.models)
    model = str(
        right.selectbox(
            "Judge", listed, index=listed.index(held.model) if held.model in listed else 0, key=f"{name}.pairs.model",
            format_func=paid.model_name(prices), help="Its word counts where the recipe names this model; choosing another here changes the recipe.",
        )
    )  # fmt: skip
    if model != held.model:
        if st.button(f"Make {model} the recipe's judge", key=f"{name}.pairs.use", icon=":material/check:"):
            session.apply(session.recipe().with_setting("judge", model=model), f"judge {model}")
            st.rerun()
        return
    if model == NAME:
        st.caption(f":material/theater_comedy: This is the {LABEL}.")
    at = _free(data, offers[which], sealed_view.shut(data, "judge"))[:count]
    if not at.shape[0]:
        st.caption("No such pair.")
        return
    try:
        plan = plan_pairs(data.dataset, data.evidence, at.tolist(), replace(held, max_rows=0), Store(), prices)
    except CurateError as error:
        incidents.show(error)
        return
    if len(plan):
        e = plan.estimate
        st.caption(
            f"{words.count(at.shape[0], 'pair')}, each asked in both orders: about {paid.dollars(e.dollars)} ({paid.dollars(e.low)} to "
            f"{paid.dollars(e.high)}) · {e.basis} · prices of {e.as_of}"
        )
    paid.confirm(kind, plan)


def _free(data: Loaded, at: Rows, hidden: Bool) -> Rows:
    """Pairs of which neither row is hidden."""
    pairs = data.evidence.pairs
    return at[~(hidden[pairs.i[at]] | hidden[pairs.j[at]])]


def _said(data: Loaded, name: str) -> None:
    """What the judge said of these data's pairs, and the step that takes its word where that needs one."""
    scores = data.evidence.pairs.scores
    if "conflict_judge" not in scores:
        return
    at = np.flatnonzero(~np.isnan(scores["conflict_judge"]))
    trust = pair_trust(data.evidence, data.dataset, paid.ledger(), session.recipe().judge)
    if trust is not None:
        _trust(trust)
    listed = at[np.argsort(-scores["conflict_judge"][at], kind="stable")][:200]
    pairs = data.evidence.pairs
    inert.table(
        {
            "contradicts": [WORD[float(v)] for v in scores["conflict_judge"][listed]],
            "repeats": [WORD[float(v)] for v in scores["same_judge"][listed]],
            "before": [round(float(v), 2) for v in scores["conflict_unjudged"][listed]],
            "prompt": data.texts("prompt", pairs.i[listed].tolist()),
            "answer": data.texts("response", pairs.i[listed].tolist()),
            "other answer": data.texts("response", pairs.j[listed].tolist()),
        },
        key=f"{name}.pairs.said",
        alt="Pairs that the judge was asked about",
        height=260,
        widths={"contradicts": "small", "repeats": "small", "before": "small"},
    )
    st.caption(
        "Where both orders agree, its word takes the place of the conflict score; “before” is what the other voices say."
    )
    _apart(data, name)


def _trust(found: PairTrust) -> None:
    """Position and verbosity, with their intervals."""
    said = [
        f"{words.count(found.pairs, 'pair')} asked in both orders; {found.turned:,} answered differently when turned round, and change nothing"
    ]
    if found.sides:
        low, high = wilson_of(found.firsts / found.sides, found.sides)
        lean = low > 0.5 or high < 0.5
        said.append(f"the answer shown first was called right {found.firsts / found.sides:.0%} of {found.sides:,} times (95 %: {low:.0%} to {high:.0%})"
                    f"{': it minds the place' if lean else ''}")  # fmt: skip
    if found.chosen:
        low, high = wilson_of(found.longer / found.chosen, found.chosen)
        said.append(f"the longer answer was the right one {found.longer / found.chosen:.0%} of {found.chosen:,} times (95 %: {low:.0%} to {high:.0%})"
                    f"{': read some before you trust it' if low > 0.5 else ''}")  # fmt: skip
    st.caption("How far to trust it: " + " · ".join(said) + ".")


def _apart(data: Loaded, name: str) -> None:
    """Near rows that the judge calls no duplicates can be kept apart in one step."""
    pairs, scores = data.evidence.pairs, data.evidence.pairs.scores
    if name != "dup":
        return
    ruled = {(a, b) for a, b, v in session.overrides().pairs if v == "not_duplicate"}
    named = [
        (data.evidence.ids[pairs.i[k]].decode(), data.evidence.ids[pairs.j[k]].decode())
        for k in np.flatnonzero(scores["same_judge"] == 0).tolist()
    ]
    left = [p for p in named if (min(p), max(p)) not in ruled]
    if left and st.button(
        f"Keep apart the {words.count(len(left), 'pair')} that it calls no duplicates",
        key="dup.pairs.apart",
        icon=":material/call_split:",
    ):
        session.decide_pairs(left, "not_duplicate")
        st.rerun()


def heard(data: Loaded, at: int) -> str:
    """The judge's word on one pair, for the line that says what its score rests on."""
    said = data.evidence.pairs.scores.get("conflict_judge")
    if said is None or np.isnan(said[at]):
        return ""
    was = float(data.evidence.pairs.scores["conflict_unjudged"][at])
    word = {1.0: "they contradict", 0.0: "they do not"}.get(
        float(said[at]), "another answer in each order, so nothing is told"
    )
    return f". Judge: {word} (the other voices: {was:.2f})"
