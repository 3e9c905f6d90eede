"""The judge page: what judging would cost, a typed confirmation, progress, cancel, go on, and what was said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from curate.decide.recipe import Judge
from curate.errors import CurateError
from curate.judge.choose import WHICH
from curate.judge.plan import Plan, make_plan
from curate.judge.prices import Prices, read_prices
from curate.judge.rubric import Rubric, rubric_of
from curate.judge.scripted import LABEL, NAME
from curate.measure.predicted import with_prediction
from curate.store import Store
from curate.types import Bool, Verdicts
from curate.ui import incidents, inert, judge_predict, paid, session, settings, words
from curate.ui.loaded import Loaded
from curate.views.judge import money

LIMITS = (1_500, 4_000, 16_000)  # characters: S1's, a long answer, nearly everything
WAYS = {
    "survivors": "All rows that are kept",
    "sample": "A sample with every topic's share",
    "borderline": "Next to the bound",
}


KIND = paid.Kind("judge", "judge", "judged", canaries=True)


def headline(data: Loaded, made: Verdicts) -> None:
    """How much is judged, and by what."""
    overall = data.evidence.columns.get("judge_overall")
    kept = int(np.count_nonzero(made.action == 0))
    model = session.recipe().judge.model
    if overall is None or np.isnan(overall).all():
        st.markdown(
            f"No row is judged by **{inert.label(model)}** yet. {kept:,} rows are kept; nothing is sent before you type what it may cost."
        )
    else:
        scored = int(np.count_nonzero(~np.isnan(overall)))
        st.markdown(
            f"**{words.rows(scored)}** judged by **{inert.label(model)}**, mean {np.nanmean(overall):.2f} of 5."
        )
    if model == NAME:
        st.warning(f"This is the {LABEL}. It lets you try the flow.", icon=":material/theater_comedy:")


def choices(prices: Prices) -> tuple[str, int, bool]:
    """Settings of the recipe, and (which rows, how many, batch) of this run."""
    one, two, three = st.columns(3)
    with one:
        settings.choice(
            "judge",
            "model",
            "Judge",
            list(prices.models),
            "Prices differ by a factor of eighty.",
            paid.model_name(prices),
        )
        which = st.selectbox(
            "Rows",
            list(WHICH),
            key="judge.which",
            format_func=lambda w: WAYS[w],
            help="Rows that a rule or copy removed are never asked about.",
        )
    with two:
        settings.number(
            "judge",
            "max_chars",
            "Characters of each text",
            1,
            1_000_000,
            500,
            "S1 cuts at 1,500. A row that is cut gets no completeness score.",
        )
        count = st.number_input(
            "At most so many rows",
            0,
            None,
            0,
            100,
            key="judge.count",
            help="0 = all. They are taken in random order, so a part is a fair sample.",
        )
    with three:
        settings.number(
            "judge",
            "max_tokens",
            "Tokens of a reply",
            1,
            32_000,
            64,
            "A reply that stops there is asked again with more, up to four times as many.",
        )
        batch = st.toggle(
            "In batches: half the price, an answer within a day",
            key="judge.batch",
            disabled=session.recipe().judge.model == NAME,
        )
    return str(which), int(count), bool(batch) and session.recipe().judge.model != NAME


def rubric(data: Loaded) -> None:
    """What the judge is told, to read and to change."""
    del data
    held = rubric_of(session.recipe().judge.rubric, paid.ledger())
    with st.expander(
        f"What the judge is told: {', '.join(held.names)}", icon=":material/rule:", key="judge.rubric.box"
    ):
        text = inert.area("Rubric (TOML)", held.text, height=320, key=f"judge.rubric.{held.fingerprint}")
        st.caption(
            "Names and texts are sent: a change asks anew. Weights and `overall` are not: a change of them costs nothing."
        )
        if st.button("Use this rubric", key="judge.rubric.use", disabled=text == held.text):
            _use(text)


def _use(text: str) -> None:
    try:
        own = Rubric.from_toml(text)
    except CurateError as error:
        incidents.show(error)
        return
    paid.ledger().keep_text("rubric", own.fingerprint, own.text)
    session.apply(session.recipe().with_setting("judge", rubric=own.fingerprint), f"rubric {own.fingerprint[:6]}")
    st.rerun()


def plan_of(
    data: Loaded, made: Verdicts, prices: Prices, which: str, count: int, batch: bool, settings_: Judge, hidden: Bool
) -> Plan:
    """The plan, made once for what it follows from."""
    known = next((m.key for m in data.evidence.made if m.name == "judge"), "")
    evidence = data.evidence
    if which == "borderline":
        evidence = with_prediction(evidence, judge_predict.prediction(data))
    key = (
        "judge plan",
        made.recipe.fingerprint,
        which,
        count,
        batch,
        settings_,
        prices.as_of,
        known,
        np.packbits(hidden).tobytes(),
    )
    return data.remember(
        key,
        lambda: make_plan(
            data.dataset,
            data.evidence,
            made,
            settings_,
            Store(),
            prices,
            which=which,
            count=count,
            batch=batch,
            hidden=hidden,
        ),
    )


def offered(
    data: Loaded, made: Verdicts, prices: Prices, which: str, count: int, batch: bool, hidden: Bool
) -> Plan | None:
    """The plan with its price; None, and the reason on the page, when these rows can't be chosen."""
    try:
        return estimate(data, made, prices, which, count, batch, hidden)
    except CurateError as error:
        incidents.show(error)
        return None


def estimate(data: Loaded, made: Verdicts, prices: Prices, which: str, count: int, batch: bool, hidden: Bool) -> Plan:
    """What it would cost, what a higher limit would, and what is cut."""
    held = session.recipe().judge
    plan = plan_of(data, made, prices, which, count, batch, held, hidden)
    e = plan.estimate
    if not len(plan):
        return plan
    with st.container(border=True, key="judge.estimate"):
        one, two, three = st.columns(3)
        one.metric("Rows to judge", f"{len(plan):,}")
        two.metric(
            "Estimate",
            money(e.dollars),
            help=f"{money(e.low)} to {money(e.high)}. {e.basis.capitalize()}. Prices of {e.as_of}.",
        )
        three.metric(
            "Cut by the limit", f"{plan.cut:,}", help="They get scores for what the judge saw, none for completeness."
        )
        st.caption(
            f"{paid.dollars(e.low)} to {paid.dollars(e.high)} · {e.input:,.0f} tokens in, {e.output:,.0f} out · {e.basis} · prices of {e.as_of}"
        )
        if plan.cut:
            _limits(data, made, prices, which, count, batch, held, hidden)
    return plan


def _limits(
    data: Loaded, made: Verdicts, prices: Prices, which: str, count: int, batch: bool, held: Judge, hidden: Bool
) -> None:
    limits = sorted({*LIMITS, held.max_chars})
    plans = [plan_of(data, made, prices, which, count, batch, replace(held, max_chars=n), hidden) for n in limits]
    said = [
        f"{n:,} characters: {p.cut:,} cut, {paid.dollars(p.estimate.dollars)}"
        for n, p in zip(limits, plans, strict=True)
    ]
    st.caption("What a higher limit costs: " + " · ".join(said))


def confirm(plan: Plan) -> None:
    paid.confirm(KIND, plan)


def progress() -> None:
    paid.progress(KIND)


def page_prices() -> Prices:
    return read_prices(Store().home)
