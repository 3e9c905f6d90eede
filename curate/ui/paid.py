"""Whatever costs money, on every page alike: the key, a typed number of dollars, progress, cancel, going on after a reload."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from curate.errors import CurateError
from curate.judge.plan import Plan
from curate.judge.prices import Prices
from curate.judge.scripted import NAME
from curate.store import Judgements, Store, Workspace
from curate.ui import incidents, inert, judge_jobs, session, words
from curate.views.judge import money

FREE = "No row leaves this machine."


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of run in words. key: before the keys of its widgets; verb and past of what is done with a `unit`."""

    key: str
    verb: str
    past: str
    unit: str = "row"
    icon: str = ":material/gavel:"
    canaries: bool = False


@st.cache_resource(show_spinner=False)
def runs() -> judge_jobs.JudgeJobs:
    """Runs of this process."""
    return judge_jobs.JudgeJobs()


def ledger() -> Judgements:
    return Judgements(Workspace(Store()))


def dollars(value: float) -> str:
    """Money in Markdown, where two dollar signs would be a formula."""
    return money(value).replace("$", "\\$")


def model_name(prices: Prices) -> Callable[[str], str]:
    """A model of the table with its prices, for a select box."""

    def named(model: str) -> str:
        line = prices.models[model]
        return (
            f"{model} (no model: to try the flow)"
            if model == NAME
            else f"{model} · ${line.input:g} in, ${line.output:g} out"
        )

    return named


def found(kind: Kind) -> judge_jobs.JudgeJob | None:
    """This dataset's last run of the kind."""
    job = session.job()
    return runs().find(job, kind.key) if job is not None else None


def running(kind: Kind) -> bool:
    held = found(kind)
    return held is not None and held.state == "running"


def confirm(kind: Kind, plan: Plan, then: judge_jobs.Then | None = None, *, again: str = "") -> None:
    """The typed confirmation; without a key, what to set. then: what follows in the background once all is answered.

    again: what a button says that does that alone, where nothing is left to ask.
    """
    if session.job() is None or running(kind):
        return
    other = runs().busy(session.job())
    if other is not None:
        st.info(
            "Another paid run of this dataset is going on; it is waited for or cancelled where it began.",
            icon=":material/hourglass:",
        )
        return
    model = plan.work.settings.model
    try:
        ready = model == NAME or judge_jobs.has_key()
        where = "nowhere: it is answered here" if model == NAME else judge_jobs.host()
    except CurateError as error:
        incidents.show(error)
        return
    if not ready:
        st.info("There is no key. Set `ANTHROPIC_API_KEY`, or `CURATE_KEY_FILE` to a private file that holds it, and start the app again. "
                f"Everything else works without one; choose **{NAME}** to try the flow.", icon=":material/key_off:")  # fmt: skip
        return
    earlier = ledger().open_run(plan.work.key, plan.dataset) if ledger().exists else None
    if earlier is not None and len(plan):
        _go_on(kind, plan, then, earlier.most_dollars, earlier.number)
    if len(plan):
        _typed(kind, plan, then, where)
    elif not again:
        st.caption(f"Nothing is left to {kind.verb}.")
    elif st.button(again, key=f"{kind.key}.again", icon=":material/filter_alt:"):
        _start(kind, plan, then, 0.0)


def _go_on(kind: Kind, plan: Plan, then: judge_jobs.Then | None, most: float, number: int) -> None:
    spent = ledger().spent(number)
    with st.container(border=True, key=f"{kind.key}.open"):
        st.markdown(f"A run stopped before its end: {dollars(spent.dollars)} of the {dollars(most)} that you allowed, {words.count(spent.rows, kind.unit)} asked. "
                    "What is answered is kept.")  # fmt: skip
        if st.button("Go on", key=f"{kind.key}.resume", icon=":material/play_arrow:", disabled=not len(plan)):
            _start(kind, plan, then, most)


def _typed(kind: Kind, plan: Plan, then: judge_jobs.Then | None, where: str) -> None:
    free = plan.work.settings.model == NAME
    with st.form(f"{kind.key}.form", border=False):
        left, right = st.columns([2, 3], vertical_alignment="bottom")
        suggested = f"{max(plan.estimate.high, 0.01):.2f}"
        typed = "0" if free else left.text_input("Type the most it may cost, in dollars", key=f"{kind.key}.most", placeholder=suggested,
                                                  help="A hard cap: it stops before it, whatever goes wrong.")  # fmt: skip
        label = f"{kind.verb.capitalize()} {words.count(len(plan), kind.unit)}"
        sent = right.form_submit_button(label, key=f"{kind.key}.start", icon=kind.icon)
        st.caption(f"What is asked goes to {inert.label(where)}." if not free else FREE)
    if sent:
        try:
            most = float(typed.strip().removeprefix("$"))
        except ValueError:
            most = float("nan")
        if np.isfinite(most) and most >= 0 and (free or most > 0):
            _start(kind, plan, then, most)
        else:
            st.error(f"Type a number of dollars, such as {suggested}. Nothing was sent.", icon=":material/error:")


def _start(kind: Kind, plan: Plan, then: judge_jobs.Then | None, most: float) -> None:
    job = session.job()
    assert job is not None  # confirm saw it
    try:
        runs().start(job, session.recipe(), plan, most, kind=kind.key, canaries=kind.canaries, then=then)
    except CurateError as error:
        incidents.show(error)
        return
    st.rerun()


def progress(kind: Kind) -> Any:
    """How a run goes, or how the last one ended; returns what `then` made of it, None before."""
    held = found(kind)
    if held is None:
        return None
    if held.state == "running":
        with st.container(border=True, key=f"{kind.key}.progress"):
            _progress(kind)
        return None
    if held.error is not None:
        incidents.show(held.error)
    if held.result is not None and len(held.plan):
        _ended(kind, held)
    return held.made


@st.fragment(run_every=1.0)
def _progress(kind: Kind) -> None:
    held = found(kind)
    if held is None or held.state != "running":
        st.rerun()
    assert held is not None
    spent = ledger().spent(held.run.number)
    again = f", {spent.retries:,} asked again" if spent.retries else ""
    said = (
        f"{held.done:,} of {held.total:,} {kind.past} · {dollars(spent.dollars)} of {dollars(held.run.most_dollars)}{again}"
        if held.result is None
        else f"{inert.label(held.stage)} · {held.done:,} of {held.total:,}"
    )
    st.progress(min(held.done / max(held.total, 1), 1.0), text=said)
    stopping = held.cancel.is_set()
    st.button(
        "Stopping" if stopping else "Cancel",
        key=f"{kind.key}.cancel",
        icon=":material/stop_circle:",
        disabled=stopping,
        on_click=held.cancel.set,
    )


def _ended(kind: Kind, held: judge_jobs.JudgeJob) -> None:
    spent, r = ledger().spent(held.run.number), held.result
    assert r is not None
    did = "scored" if kind.key == "judge" else "answered"
    said = f"{r.scored:,} {did}, {r.failed:,} without a readable reply, {r.left:,} not {kind.past}. {dollars(spent.dollars)} spent in {spent.requests:,} requests, {spent.retries:,} of them again."
    if held.state == "cancelled":
        st.info(f"Stopped. {said}", icon=":material/stop_circle:")
    else:
        more = f" The cap is reached; the rest stays not {kind.past}." if r.capped else ""
        st.success(said + more, icon=":material/check_circle:")


__all__ = ["Kind", "confirm", "dollars", "found", "ledger", "model_name", "money", "progress", "running", "runs"]
