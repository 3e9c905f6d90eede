"""The list of reason codes: row rules, later stages and what makes a row malformed, with the default recipe's bounds."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from curate.decide.presets import preset
from curate.decide.recipe import Recipe
from curate.decide.rules import CODES as RULE_CODES
from curate.decide.rules import LATER, RULES
from curate.load.problems import CODES

FACTS = {rule.name for rule in RULES if rule.fact}
# Where the bound of a later stage stands: (column, low, high, enabled) under a recipe.
Bounds = tuple[str, float | None, float | None, bool]


def rule_rows() -> list[dict[str, Any]]:
    """One row per code: code, action, column, low, high, enabled, help, source, unit.

    action is drop, review, malformed (the row can't be used) or note (it can, and a finding says what is odd).
    low and high are those of the default preset, null = no bound.
    """
    recipe = preset("default")
    return [*_rules(recipe), *_later(recipe), *_malformed()]


def print_rules(console: Console) -> None:
    """The same as a table."""
    table = Table(box=None, pad_edge=False)
    for column in ("code", "action", "default", "what it is", "source"):
        table.add_column(column, overflow="fold", no_wrap=column == "code")
    for row in rule_rows():
        cells = (row["code"], row["action"], _default(row), row["help"], row["source"])
        table.add_row(*map(Text, cells), style="" if row["enabled"] else "dim")
    console.print(table)


def _rules(recipe: Recipe) -> Iterator[dict[str, Any]]:
    for rule in recipe.rules:
        bounds = (rule.column, _bound(rule.low), _bound(rule.high), rule.enabled)
        yield _row(rule.name, rule.action, bounds, rule.help, rule.source, rule.unit)


def _later(recipe: Recipe) -> Iterator[dict[str, Any]]:
    near, leak, conflict, cap = recipe.near, recipe.leak, recipe.conflict, recipe.topics.cap
    known: dict[str, Bounds] = {
        "contaminated": ("prompt_jaccard", leak.text, None, leak.enabled),
        "exact_copy": (near.exact if near.exact != "off" else "", None, None, near.exact != "off"),
        "near_text": ("jaccard", near.text, None, near.text_enabled),
        "near_meaning": ("cosine", near.meaning, None, near.meaning_enabled),
        "contradiction": ("conflict", None, conflict.score, conflict.enabled),
        "over_cap": ("topic", None, float(cap) if cap else None, cap > 0),
    }
    for code, action, help, source in LATER:
        yield _row(
            code, action, known.get(code, ("", None, None, True)), help, source, "rows" if code == "over_cap" else ""
        )


def _malformed() -> Iterator[dict[str, Any]]:
    for code, about in CODES.items():
        if code in RULE_CODES:  # a finding that a row rule acts on is listed once, as that rule
            continue
        action = "malformed" if about.fatal else "note"
        help = about.fix[:1].upper() + about.fix[1:] + "."
        yield _row(code, action, ("", None, None, True), help, "loader", "")


def _row(code: str, action: str, bounds: Bounds, help: str, source: str, unit: str) -> dict[str, Any]:
    column, low, high, enabled = bounds
    return {"code": code, "action": action, "column": column, "low": low, "high": high, "enabled": enabled,
            "help": help, "source": source, "unit": unit}  # fmt: skip


def _bound(value: float) -> float | None:
    return value if isfinite(value) else None


def _default(row: dict[str, Any]) -> str:
    if not row["enabled"] or row["code"] in FACTS:
        return "on" if row["enabled"] else "off"
    parts = [f"{sign} {row[key]:g}" for sign, key in ((">=", "low"), ("<=", "high")) if row[key] is not None]
    return " ".join([*parts, row["unit"]]).strip() if parts else "on"
