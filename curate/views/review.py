"""Where a review stands, as sentences for every screen, as JSON and on a terminal. Never text of rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from curate.decide.agreement import AMBIGUOUS, Agreement
from curate.decide.review_rate import LINE, ErrorRate

HARMFUL = 3.5  # S1's Q1: the mean of 200 scored rows
SAMPLE = 200
MEND = "Mend the generation before scaling: more rows made the same way are wrong as often (S0)."
BIASED = "These rows were picked because they are hard: their share of errors says nothing of the whole set."


def rate_said(found: ErrorRate, fair: bool) -> tuple[str, str]:
    """(band, sentence) of a share of errors against the 5 % line."""
    if not found.rows:
        return (
            "not measured",
            f"No row is labelled yet. {found.more} rows without an error would put the share under {LINE:.0%}.",
        )
    share = (
        f"{found.rate:.1%} of {found.rows:,} labelled rows are not good (95 %: {found.low:.1%} to {found.high:.1%})."
    )
    if not fair:
        return "not measured", f"{share} {BIASED}"
    if found.verdict == "under":
        return "healthy", f"{share} The whole interval lies under {LINE:.0%}: go on."
    if found.verdict == "above":
        return "warning", f"{share} The whole interval lies above {LINE:.0%}. {MEND}"
    more = (
        "No number of rows settles a share this close to the line"
        if found.more is None
        else f"{found.more:,} more rows at this share would settle it"
    )
    if found.rate > LINE:
        return "warning", f"{share} {MEND} {more}."
    return "watch", f"{share} It may lie on either side of {LINE:.0%}: {more}."


def score_said(scores: Sequence[float]) -> tuple[str, str]:
    """(band, sentence) of people's mean score against S1's 3.5; 200 rows are its sample."""
    if not scores:
        return "not measured", f"No row has a 1-5 score yet; S1 looks at the mean of {SAMPLE}."
    mean, n = sum(scores) / len(scores), len(scores)
    half = 1.96 * (sum((s - mean) ** 2 for s in scores) / max(n - 1, 1) / n) ** 0.5
    said = f"Mean score {mean:.2f} of 5 over {n:,} rows (95 %: {max(mean - half, 1):.2f} to {min(mean + half, 5):.2f})."
    if mean < HARMFUL:
        return "warning", f"{said} Under {HARMFUL} such data does harm (S1)."
    if n < SAMPLE // 4 or mean - half < HARMFUL:
        return "watch", f"{said} S1 takes {SAMPLE} rows; under {HARMFUL} such data would do harm."
    return "healthy", f"{said} S1 calls it harmful under {HARMFUL}."


def kappa_said(found: Agreement) -> tuple[str, str]:
    """(band, sentence) of two people's agreement against S0's .6."""
    if not found.rows:
        return "not measured", "No row is labelled by two people yet."
    if math.isnan(found.kappa):
        return (
            "not measured",
            f"{found.rows:,} rows labelled by two, all with one and the same label: kappa is undefined.",
        )
    figure = (
        f"Kappa {found.kappa:.2f} (95 %: {found.low:.2f} to {found.high:.2f}) over {found.rows:,} rows labelled by two"
    )
    if found.kappa < AMBIGUOUS:
        return (
            "warning",
            f"{figure}. Below {AMBIGUOUS} the guideline is ambiguous (S0): settle the differences, mend the rubric, label again.",
        )
    if found.low < AMBIGUOUS:
        return "watch", f"{figure}. The interval reaches below {AMBIGUOUS}: more rows labelled by two would tell."
    return "healthy", f"{figure}. The guideline is clear enough (S0: {AMBIGUOUS})."


def print_status(body: dict[str, Any]) -> None:
    """The queues of `review status`."""
    out = Console()
    for queue in body["queues"]:
        out.print(f"{queue['name']}  ({queue['how']}, {queue['rows']:,} of {queue['base']:,} rows, seed {queue['seed']}, rubric {queue['rubric'][:8]})",
                  highlight=False, markup=False)  # fmt: skip
        out.print(
            f"  {queue['labelled']:,} rows labelled, {queue['filled']:,} complete; {queue['twice']:,} for two reviewers",
            highlight=False,
        )
        out.print(f"  {queue['said']}", highlight=False, markup=False)


def print_agreement(body: dict[str, Any]) -> None:
    """The figures of `review agreement`."""
    out = Console()
    out.print(body["said"], highlight=False, markup=False)
    if body["questions"]:
        table = Table("question", "rows", "agree", "kappa", "squared weights", "alpha", "95 %", box=None)
        for q in body["questions"]:
            a = q["alpha"]
            table.add_row(q["name"], f"{q['kappa']['rows']:,}", _share(q["kappa"]["agree"]), _two(q["kappa"]["kappa"]), _two(q["squared"]),
                          _two(a["alpha"]), f"{_two(a['low'])} to {_two(a['high'])}")  # fmt: skip
        out.print(table)
    for r in body["reviewers"]:
        drift = "; ".join(f"{c['name']} {c['early']:.3g} to {c['late']:.3g}" for c in r["drift"] if c["drifted"])
        out.print(f"{r['name']}: {r['labels']:,} labels, {r['good']:.0%} good, {r['seconds']:.0f} s each"
                  + (f"; drift: {drift}" if drift else ""), highlight=False, markup=False)  # fmt: skip
    if body["differences"]:
        out.print(f"{len(body['differences']):,} rows to talk about: {', '.join(d['id'] for d in body['differences'][:20])}",
                  highlight=False, markup=False)  # fmt: skip


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"


def _two(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
