"""Fit reports for a terminal: what each destination does with the rows, and what training on them costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from curate.measure.budget import Budget
from curate.profiles import FitRow
from curate.views.terminal import plain

STYLE = {"changed": "yellow", "truncated": "yellow", "dropped": "bold red", "error": "bold red"}
Places = tuple[tuple[str, int], ...]


def print_fit(console: Console, table: Sequence[FitRow], sources: bool) -> None:
    """One line per destination, then what is behind it. sources: say where each rule is written."""
    console.print(_counts(table))
    for row in table:
        lines = list(_reasons(row, sources))
        if lines:
            console.print()
            console.print(Text(f"{row.destination.title}: {_sentence(row)}", style="bold"))
            for line in lines:
                console.print(line)


def print_budget(console: Console, made: Budget, how: str) -> None:
    """The cost of training, in figures with their units."""
    console.print()
    console.print(plain(f"Tokens: {how}"))
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, value in _figures(made):
        table.add_row(name, value)
    console.print(table)


def budget_json(made: Budget) -> dict[str, Any]:
    """Every figure, and the three shares."""
    return asdict(made) | {
        "cut_share": made.cut_share,
        "padding_waste": made.padding_waste,
        "packing_waste": made.packing_waste,
    }


def _counts(table: Sequence[FitRow]) -> Table:
    shown = Table(box=None, pad_edge=False)
    for column in ("destination", "accepted", "changed", "truncated", "dropped", "error", "files"):
        shown.add_column(column, justify="left" if column in ("destination", "files") else "right", overflow="fold")
    for row in table:
        cells = [Text(f"{count:,}", STYLE.get(fate, "") if count else "dim") for fate, count in row.fates.items()]
        files = Text("refused" if row.refused else "fine", "bold red" if row.refused else "green")
        shown.add_row(row.destination.title, *cells, files)
    return shown


def _sentence(row: FitRow) -> str:
    if row.refused:
        return "nothing is trained before the files are mended"
    if row.lost:
        return f"{row.lost:,} of {row.rows:,} rows would be lost or stop the run"
    return "every row is used, with these changes" if row.rules else "every row is used"


def _reasons(row: FitRow, sources: bool) -> Iterator[Text]:
    name = row.destination.name
    for rule, said, first in row.files:
        yield _line("file", f"{name}.{rule.id}", f"{said}.", first, rule.source if sources else "")
    for c in row.rules:
        count = f"{c.met:,} rows" if c.met == c.decided else f"{c.met:,} rows, decides {c.decided:,}"
        yield _line(
            c.rule.fate.name.lower(),
            f"{name}.{c.rule.id}",
            f"{count}: {c.rule.help}",
            c.first,
            c.rule.source if sources else "",
        )
    if row.unmeasured:
        ids = ", ".join(f"{name}.{r.id}" for r in row.unmeasured)
        what = "give --tokenizer FOLDER" if row.limit is not None else "give --tokenizer FOLDER and --max-length N"
        yield Text(f"  not measured  {ids}: {what}", style="dim")


def _line(fate: str, code: str, said: str, first: Places, source: str) -> Text:
    line = Text("  ").append(f"{fate:<9} ", STYLE.get(fate, "bold red")).append(f"{code}  ").append_text(plain(said))
    if first:
        line.append(" e.g. ", "dim").append_text(plain(", ".join(f"{name}:{number}" for name, number in first)))
    return line.append(f" [{source}]", "dim") if source else line


def _figures(b: Budget) -> Iterator[tuple[str, str]]:
    yield "rows", f"{b.rows:,}" + (f" ({b.refused:,} more are refused by the chat template)" if b.refused else "")
    yield "tokens", f"{b.total:,}; per row " + ", ".join(f"{k} {v:,.0f}" for k, v in b.quantiles.items())
    yield (
        "by role",
        ", ".join(f"{r} {n:,}" for r, n in b.roles.items()) + f", template {b.total - sum(b.roles.values()):,}",
    )
    yield "trained", f"{b.trained:,} tokens ({b.trained / b.total:.1%} of all)" if b.total else "0 tokens"
    yield (
        f"cut at {b.limit:,}",
        f"{b.cut_rows:,} rows, {b.cut_share:.2%} of the tokens; {b.lost_rows:,} rows keep no trained token",
    )
    yield "padding", f"{b.padding_waste:.1%} of computed tokens at batches of {b.batch}"
    yield "packing", f"{b.sequences:,} sequences of {b.limit:,}, {b.packing_waste:.1%} of them empty (best fit)"
    cost = f", {b.cost:,.2f} at the price given" if b.cost is not None else ""
    yield "training", f"{b.all_epochs:,} tokens in {b.epochs:g} epochs{cost}"
