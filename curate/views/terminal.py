"""The report a person reads in a terminal. Names from files and topics are escaped: nothing in the data can move the cursor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console, Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from curate.decide import topics_of
from curate.decide.copies import LEVELS, copy_counts
from curate.decide.rules import help_of
from curate.types import Action, Check, Dataset, Evidence, Verdicts
from curate.views.lengths import length_table, topic_counts
from curate.views.verdict import sentence, todo_list

STYLE = {"healthy": "green", "watch": "yellow", "warning": "bold red", "not measured": "dim"}
MARK = {"healthy": "+", "watch": "~", "warning": "!", "not measured": "?"}  # never colour alone
TOPICS = 10
BAR = 40
REASONS = 10
FATES = ("read", "kept", "dropped", "review", "frozen", "malformed", "blank")


def plain(text: str) -> Text:
    """Text from data: control, bidi and invisible characters shown as escapes, no markup."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return Text(shown, no_wrap=False)


def print_report(
    console: Console,
    dataset: Dataset,
    evidence: Evidence,
    verdicts: Verdicts,
    checks: Sequence[Check],
    files: Sequence[Mapping[str, Any]],
) -> None:
    """Verdict sentence, badges, files, lengths, topics, reasons, advice. `files`: where each file's rows went, by fate."""
    todos = todo_list(dataset, verdicts, checks)
    blocked = any(t.blocks for t in todos)
    console.print(Text(sentence(todos, verdicts), style="bold red" if blocked else "bold green"))
    if dataset.sample is not None:
        console.print(Text(f"Partial: a sample of {dataset.sample:,} rows.", style="bold yellow"))
    console.print()
    console.print(badge_table(checks))
    for part in (_files(dataset, files), _lengths(evidence), _topics(evidence, verdicts), _reasons(verdicts)):
        if part is not None:
            console.print()
            console.print(part)
    console.print()
    console.print(Text(_copies(evidence)))
    console.print()
    for number, todo in enumerate(todos, 1):
        console.print(Text(f"{number}. {todo.text}", style="" if todo.blocks else "dim"))


def _copies(evidence: Evidence) -> str:
    """ "Copies: 469 exact, 509 with case and white space folded, 547 with punctuation folded too"."""
    return "Copies: " + ", ".join(f"{n:,} {LEVELS[level]}" for level, n in copy_counts(evidence).items())


def badge_table(checks: Sequence[Check]) -> Table:
    """Badges with band, value and what to do."""
    table = _table("Health", "", "badge", "value", "band", "what to do")
    for c in checks:
        style = STYLE[c.band]
        table.add_row(Text(MARK[c.band], style), f"{c.id} {c.name}", c.shown, Text(c.band, style), c.todo)
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _files(dataset: Dataset, files: Sequence[Mapping[str, Any]]) -> Table:
    table = _table("Files", "file", *FATES)
    for source, count in zip(dataset.sources, files, strict=True):
        table.add_row(plain(source.name), *(f"{count[fate]:,}" for fate in FATES))
        for note in source.notes:
            table.add_row(plain(f"  {note}"))
    return table


def _lengths(evidence: Evidence) -> Table | None:
    found = length_table(evidence)
    if not found:
        return None
    table = _table("Lengths", "", "unit", "count", "mean", "median", "P10", "P90", "P99", "min", "max", "total")
    for x in found:
        cells = (x.median, x.p10, x.p90, x.p99, x.least, x.most, x.total)
        table.add_row(x.name, x.unit, f"{x.count:,}", f"{x.mean:,.1f}", *(f"{v:,.0f}" for v in cells))
    return table


def _topics_by(evidence: Evidence, verdicts: Verdicts) -> str:
    """Where the topics come from."""
    found = topics_of(evidence, verdicts)
    if found is not None and found.column:
        return f"by the column {escape(plain(found.column).plain)}"
    return "" if evidence.topics is None else f"{evidence.topics.fitted:,} prompts clustered"


def _topics(evidence: Evidence, verdicts: Verdicts) -> Group | None:
    found = topic_counts(evidence, verdicts)
    if not found:
        return None
    total = sum(count for _, count in found)
    table = _table(
        f"Topics ({sum(n != 'no topic' for n, _ in found)}; {_topics_by(evidence, verdicts)})",
        "topic",
        "rows",
        "share",
    )
    for name, count in found[:TOPICS]:
        table.add_row(plain(name), f"{count:,}", "█" * round(BAR * count / total) + f" {count / total:.1%}")
    rest = found[TOPICS:]
    if rest:
        table.add_row(f"{len(rest)} more", f"{sum(c for _, c in rest):,}", "")
    return Group(table)


def _reasons(verdicts: Verdicts) -> Table | None:
    f = verdicts.funnel
    found = sorted(
        ((a, code, first, only) for code, first, only, a in zip(f.codes, f.first, f.only, f.all, strict=True) if a),
        reverse=True,
    )
    if not found:
        return None
    removed = verdicts.count(Action.DROP) + verdicts.count(Action.REVIEW)
    table = _table(f"Top reasons ({removed:,} rows dropped or held)", "reason", "rows", "first", "only", "what it is")
    for every, code, first, only in found[:REASONS]:
        table.add_row(code, f"{every:,}", f"{first:,}", f"{only:,}", plain(help_of(code)))
    return table
