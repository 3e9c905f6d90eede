"""The generate page: thin topics and missing hard cases, seeds that a person picks, the price, and the run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from curate.decide.recipe import Judge
from curate.errors import CurateError
from curate.judge.prices import Prices, read_prices
from curate.judge.scripted import LABEL, NAME
from curate.make.missing import Hard, hard_cases, topics
from curate.make.order import EACH, OVER, TARGET, WANT, Order, finish, order
from curate.make.seeds import seeds
from curate.make.teacher import A_REQUEST, KINDS, NEED_RULE
from curate.store import Store
from curate.types import Action, Bool, Cancel, Progress, Verdicts
from curate.ui import incidents, inert, paid, session, topics_view, words
from curate.ui.loaded import Loaded, Rows

KIND = paid.Kind("generate", "send", "sent", "request", ":material/auto_awesome:")
TABLE = "generate.seeds"
SHOWN = 60  # seeds that the table offers to choose from
WAYS = {
    "more": "More of the same kind",
    "hard_negative": "Hard negatives: alike, another answer",
    "ambiguous": "Ambiguous, with the stated rule",
    "refusal": "Requests to decline",
    "out_of_scope": "Out of scope: it does not know",
}
PLURAL = {
    "hard_negative": "hard negatives",
    "ambiguous": "ambiguous",
    "refusal": "refusals",
    "out_of_scope": "out of scope",
}
RULES = {"ambiguous": "The rule that ambiguous answers follow", "refusal": "How a refusal is worded"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person asked for."""

    settings: Judge
    prices: Prices
    kind: str
    rule: str
    want: int
    each: int
    topics: tuple[int, ...]


def lacks(data: Loaded, made: Verdicts) -> None:
    """Thin topics and S2's hard cases, with what there is of each."""
    listed = topics(made)
    thin = [t for t in listed if t.thin]
    hard = _hard(data, made)
    short = [h for h in hard if h.missing]
    names = topics_view.names(data, made)
    said = (
        f"**{words.count(len(thin), 'topic')}** of {len(listed):,} {'is' if len(thin) == 1 else 'are'} thin (below a third of the median topic)"
        if listed
        else "Topics are not measured, so none can be called thin"
    )
    lack = ", ".join(f"{h.missing} {PLURAL[h.kind]}" for h in short)
    st.markdown(
        f"{said}; {f'of the hard cases of S2 it lacks **{lack}**' if lack else 'it has the hard cases that S2 asks for'}."
    )
    left, right = st.columns(2, gap="medium")
    with left:
        inert.table(
            {
                "hard case": [words.title(h.kind) for h in hard],
                "there": [h.have for h in hard],
                "written": [h.written for h in hard],
                "S2 wants": [h.want for h in hard],
                "lacks": [h.missing for h in hard],
            },
            key="generate.hard",
            alt="Hard cases: rows there, wanted and lacking",
        )
    with right:
        if thin:
            inert.table(
                {"thin topic": [names[t.number] for t in thin], "kept rows": [t.kept for t in thin]},
                key="generate.thin",
                alt="Thin topics with their kept rows",
                height=min(180, 38 + 35 * len(thin)),
                widths={"thin topic": "large"},
            )
        elif listed:
            st.caption("No topic is below a third of the median topic.")
    st.caption(
        "There: kept or waiting rows that look like it (a refusal, an answer that asks back, one that does not know, near "
        "questions that a detail tells apart) or were written as it. The signs are rough: read some before you trust them."
    )


def _hard(data: Loaded, made: Verdicts) -> list[Hard]:
    return data.remember(("hard cases", made.recipe.fingerprint), lambda: hard_cases(data.dataset, data.evidence, made))


def choices(data: Loaded) -> Wanted:
    """What to write, how much of it, by whom."""
    prices = read_prices(Store().home)
    held = session.recipe().judge
    one, two, three = st.columns(3)
    with one:
        kind = str(st.selectbox("Write", list(KINDS), key="generate.kind", format_func=lambda k: WAYS[k]))
        listed = list(prices.models)
        model = str(
            st.selectbox(
                "Teacher",
                listed,
                index=listed.index(held.model) if held.model in listed else 0,
                key="generate.model",
                format_func=paid.model_name(prices),
                help="A judge of another family than the teacher does not prefer its manner (S1).",
            )
        )
    with two:
        want = int(
            st.number_input(
                "Rows wanted", 1, 100_000, WANT, 50, key="generate.want",
                help=f"S3 ends with {TARGET[0]:,} to {TARGET[1]:,}; {OVER} times as many are written, since rules and duplicates take theirs.",
            )
        )  # fmt: skip
        each = int(
            st.number_input(
                "Rows after each seed",
                1,
                1_000,
                EACH,
                5,
                key="generate.each",
                help="S3: 50 seeds with 10 variations each.",
            )
        )
    with three:
        chosen = _topics(data)
    rule = ""
    if kind in NEED_RULE:
        rule = inert.area(
            RULES[kind], key="generate.rule", height=80, placeholder="State it in a sentence; S2 wants it stated."
        )
    if model == NAME:
        st.warning(
            f"This is the {LABEL}: rows of it are to try the flow, never to train on.", icon=":material/theater_comedy:"
        )
    return Wanted(replace(held, model=model), prices, kind, rule, want, each, chosen)


def _topics(data: Loaded) -> tuple[int, ...]:
    made = session.verdicts()
    names = topics_view.names(data, made) if made is not None else []
    if made is None or not names:
        st.caption("Seeds come from all kept rows: topics are not measured.")
        return ()
    listed = {t.number: t for t in topics(made)}
    return tuple(
        st.multiselect(
            "After rows of topics",
            list(listed),
            key="generate.topics",
            format_func=lambda t: f"{names[t]} ({listed[t].kept:,}{', thin' if listed[t].thin else ''})",
            placeholder="All, the thin ones first",
        )
    )


def seed_rows(data: Loaded, made: Verdicts, wanted: Wanted, hidden: Bool) -> Rows:
    """The seeds that are offered, and those of them that a person picked; never `hidden` rows."""
    count = -(-OVER * wanted.want // wanted.each)
    key = ("seeds", made.recipe.fingerprint, wanted.topics, count, np.packbits(hidden).tobytes())
    offered = data.remember(key, lambda: _offered(data, made, wanted.topics, max(count, SHOWN), hidden))
    shown = offered[:SHOWN]
    names = topics_view.names(data, made)
    with st.expander(
        f"Seeds: {words.rows(min(count, offered.shape[0]))} by default; pick your own",
        icon=":material/psychiatry:",
        key="generate.seeds.box",
    ):
        picked = inert.table(
            {
                "topic": [names[t] if names and t >= 0 else "" for t in made.topic[shown].tolist()],
                "prompt": data.texts("prompt", shown.tolist()),
                "answer": data.texts("response", shown.tolist()),
                "where": data.places(shown.tolist()),
            },
            key=TABLE,
            alt="Rows that the teacher may be shown",
            select="multi-row",
            height=320,
            widths={"prompt": "large", "answer": "large"},
        )
        typed = st.text_input("Or by id, file:line or text", key="generate.ids", placeholder="0123456789abcdef-0")
        hits = data.find(typed)
        st.caption(
            "A seed is shown to the teacher whole, up to the judge's limit of characters. Rows of evaluation files are never offered."
        )
    if hits is not None:
        hits = hits[(made.action[hits] != Action.FROZEN) & ~hidden[hits]]
        return hits[:count] if not picked else np.unique(np.concatenate([hits[:count], shown[picked]]))
    return shown[picked] if picked else offered[:count]


def _offered(data: Loaded, made: Verdicts, only: tuple[int, ...], count: int, hidden: Bool) -> Rows:
    found = seeds(data.evidence, made, len(data) if only else count, hidden)
    return found[np.isin(made.topic[found], only)][:count] if only else found


def offered(data: Loaded, made: Verdicts, wanted: Wanted, rows: Rows) -> Order | None:
    """The order with its price; None, and why on the page, when it can't be made."""
    if wanted.kind in NEED_RULE and not wanted.rule.strip():
        st.info(
            "State the rule first: answers to ambiguous questions and refusals follow it (S2).",
            icon=":material/edit_note:",
        )
        return None
    key = ("order", made.recipe.fingerprint, wanted.settings, wanted.prices.as_of, wanted.kind, wanted.rule, wanted.want, wanted.each,
           rows.tobytes(), _answered())  # fmt: skip
    try:
        made_order = data.remember(key, lambda: order(
            data.dataset, data.evidence, made, wanted.settings, Store(), wanted.prices, want=wanted.want, each=wanted.each,
            kind=wanted.kind, rule=wanted.rule, rows=rows))  # fmt: skip
    except CurateError as error:
        incidents.show(error)
        return None
    _price(made_order, wanted, int(rows.shape[0]))
    return made_order


def _answered() -> tuple[int, str]:
    """Changes once a run of this page has moved on, so that the price is of what is left."""
    held = paid.found(KIND)
    return (held.done, held.state) if held is not None else (0, "")


def _price(ordered: Order, wanted: Wanted, seeds_: int) -> None:
    e, left, every = ordered.plan.estimate, len(ordered.plan), len(ordered.names)
    with st.container(border=True, key="generate.estimate"):
        one, two, three, four = st.columns(4)
        one.metric("Seeds", f"{seeds_:,}")
        two.metric(
            "Rows to write", f"{left * A_REQUEST:,}", help=f"{A_REQUEST} a request, {OVER} times what is wanted (S3)."
        )
        three.metric(
            "Requests", f"{left:,}", help=f"{every - left:,} of {every:,} are answered already and cost nothing more."
        )
        four.metric("Estimate", paid.money(e.dollars) if left else "nothing left to pay")
        st.caption(
            f"{paid.dollars(e.low)} to {paid.dollars(e.high)} · {e.input:,.0f} tokens in, {e.output:,.0f} out · {e.basis} · prices of {e.as_of}"
        )
        if not TARGET[0] <= wanted.want <= TARGET[1]:
            st.caption(f":material/info: S3 ends with {TARGET[0]:,} to {TARGET[1]:,} rows.")


def confirm(ordered: Order) -> None:
    """The typed confirmation; what is written goes through the rules by itself."""
    job = session.job()
    if job is None:
        return
    place = _place(ordered, job.paths)
    pool, frozen, mapping = job.paths, job.frozen, job.mapping

    def then(progress: Progress, cancel: Cancel) -> Any:
        return finish(ordered, pool, frozen, place, Store(), progress, cancel, mapping=mapping or None)

    paid.confirm(KIND, ordered.plan, then, again="Filter what is written")


def _place(ordered: Order, taken: tuple[Path, ...]) -> Path:
    """Where the rows go: a folder of the workspace, never over a file that this dataset was read from."""
    folder = Store().home / "written"
    stem, n = f"{ordered.work.kind}-{ordered.work.key[:8]}", 1
    while (out := folder / f"{stem}{'' if n == 1 else f'-{n}'}.jsonl") in taken:
        n += 1
    return out


def progress() -> Any:
    return paid.progress(KIND)
