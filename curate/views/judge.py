"""A judge's plan and what became of it, for a terminal and as JSON. Never text of rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from curate.judge.canaries import singing
from curate.judge.estimate import Estimate
from curate.judge.plan import Plan
from curate.judge.prices import Prices
from curate.judge.scripted import LABEL, NAME
from curate.judge.work import Done
from curate.store import Judgements, RunRecord


def money(dollars: float) -> str:
    """$0.0042, $1.23, $1,234: enough figures to tell it from nothing."""
    if dollars and dollars < 0.01:
        return f"${dollars:.4f}"
    return f"${dollars:,.2f}" if dollars < 1000 else f"${dollars:,.0f}"


def priced(found: Estimate) -> str:
    """The price with its range."""
    return f"about {money(found.dollars)} ({money(found.low)} to {money(found.high)})"


def plan_json(plan: Plan) -> dict[str, Any]:
    s, e = plan.work.settings, plan.estimate
    return {
        "schema": 1, "rows": len(plan), "cut": plan.cut, "model": s.model, "rubric": plan.work.rubric.fingerprint,
        "batch": plan.work.batch, "max_chars": s.max_chars, "input_tokens": round(e.input), "output_tokens": round(e.output),
        "dollars": e.dollars, "low": e.low, "high": e.high, "most": plan.most, "basis": e.basis, "prices": e.as_of,
    }  # fmt: skip


def done_json(plan: Plan, run: RunRecord, done: Done, ledger: Judgements) -> dict[str, Any]:
    spent = ledger.spent(run.number)
    return plan_json(plan) | {
        "run": run.number, "scored": done.scored, "failed": done.failed, "not_judged": done.left, "capped": done.capped,
        "cancelled": done.cancelled, "spent": spent.dollars, "most": run.most_dollars, "requests": spent.requests,
        "retries": spent.retries, "unanswered": spent.open, "counted": {"input": spent.input, "output": spent.output, "cached": spent.cached},
        "outcomes": ledger.outcomes(run.number), "canaries": dict(zip(("obeyed", "asked"), singing(ledger, plan.work.key), strict=True)),
    }  # fmt: skip


def print_plan(plan: Plan, console: Console | None = None) -> None:
    out, s = console or Console(soft_wrap=True), plan.work.settings
    how = f"the {LABEL}" if s.model == NAME else f"{s.model}{', in batches' if plan.work.batch else ''}"
    out.print(f"{len(plan):,} rows by {how}: {priced(plan.estimate)}", highlight=False, markup=False)
    out.print(f"{plan.estimate.input:,.0f} tokens in, {plan.estimate.output:,.0f} out ({plan.estimate.basis}); prices of {plan.estimate.as_of}",
              highlight=False, markup=False)  # fmt: skip
    if plan.work.batch:
        out.print(
            f"A cap of {money(plan.most)} lets all of it go out as one batch; below, batches follow each other.",
            highlight=False,
            markup=False,
        )
    if plan.cut:
        out.print(f"{plan.cut:,} rows are cut at {s.max_chars:,} characters (judge.max_chars) and get no completeness score.",
                  highlight=False, markup=False)  # fmt: skip
    out.print("Nothing was sent. `curate judge run ... --spend DOLLARS` judges them.", highlight=False, markup=False)


def print_done(plan: Plan, run: RunRecord, done: Done, ledger: Judgements, console: Console | None = None) -> None:
    out, spent = console or Console(soft_wrap=True), ledger.spent(run.number)
    label = f" (by the {LABEL})" if plan.work.settings.model == NAME else ""
    lines = [
        f"{done.scored:,} scored, {done.failed:,} without a readable reply, {done.left:,} not judged{label}",
        f"{money(spent.dollars)} of {money(run.most_dollars)}; {spent.requests:,} requests, {spent.retries:,} of them again"
        + (f", {spent.open:,} interrupted" if spent.open else ""),
    ]
    sang, asked = singing(ledger, plan.work.key)
    if sang:
        lines.append(
            f"{sang} of {asked} rows that ask for full marks and deserve none got them: this judge may follow what rows say."
        )
    if done.capped:
        lines.append("The cap is reached; the rest stays not judged.")
    for line in lines:
        out.print(line, highlight=False, markup=False)


def print_prices(prices: Prices, console: Console | None = None) -> None:
    table = Table(
        title=f"Dollars per million tokens, as of {prices.as_of}; batches cost {prices.batch:.0%} of it",
        title_justify="left",
    )
    for name in ("model", "in", "out", "note"):
        table.add_column(name, justify="left" if name in ("model", "note") else "right")
    for name, m in prices.models.items():
        note = (
            f"in {m.long_input:g}, out {m.long_output:g} above {m.long_after:,} tokens"
            if m.long_after
            else "always thinks"
            if m.thinks
            else ""
        )
        table.add_row(name, f"{m.input:g}", f"{m.output:g}", note)
    (console or Console(soft_wrap=True)).print(table)


def print_pairs(told: Mapping[str, Any], console: Console | None = None) -> None:
    """What `curate judge pairs` would cost, or what was said."""
    out = console or Console(soft_wrap=True)
    lines = [
        f"{told['pairs']:,} pairs, {told['rows']:,} questions left by {told['model']}: about {money(told['dollars'])} ({money(told['low'])} to {money(told['high'])})"
    ]
    if "relations" not in told:
        lines.append("Nothing was sent. `--spend DOLLARS` asks." if told["rows"] else "Nothing is left to ask.")
    else:
        said = ", ".join(f"{n:,} {what}" for what, n in told["relations"].items()) or "no pair has both answers"
        lines.append(f"{money(told['spent'])} spent; {said}")
    if trust := told.get("trust"):
        lines.append(
            f"{trust['turned']:,} of {trust['pairs']:,} were answered differently when turned round; the first was called right {trust['firsts']:,} of "
            f"{trust['sides']:,} times, the longer {trust['longer']:,} of {trust['chosen']:,}"
        )
    for line in lines:
        out.print(line, highlight=False, markup=False)
