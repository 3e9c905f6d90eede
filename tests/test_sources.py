"""The table of the source documents names only what exists, and leaves no point out."""

from __future__ import annotations

import ast
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import typer.main

from curate.cli import app
from curate.decide import PRESETS, Recipe
from curate.decide.rules import CODES
from curate.decide.sizing import GOALS
from curate.ui.frame import PAGES
from curate.views.sources import Entry, entries

ROOT = Path(__file__).parent.parent
URLS = {url for section in PAGES.values() for *_, url in section}
CHECKS = {"H1", "H2", "H3", "H4", "H5", "H6"}


def exists(kind: str, name: str) -> bool:
    if kind == "command":
        return command(name)
    if kind == "setting":
        section, _, field = name.partition(".")
        return field in {f.name for f in fields(getattr(Recipe(), section))}
    if kind == "test":
        path, _, function = name.partition("::")
        return (ROOT / path).is_file() and (not function or function in functions(ROOT / path))
    if kind == "module":
        return (ROOT / name).is_file()
    known = {"page": URLS, "preset": set(PRESETS), "rule": set(CODES), "check": CHECKS, "goal": set(GOALS)}
    return name in known[kind]


def command(name: str) -> bool:
    words = name.split()
    commands: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    if words[0] not in commands:
        return False
    options = {o for p in commands[words[0]].params for o in p.opts}
    return set(words[1:]) <= options


def functions(path: Path) -> set[str]:
    return {n.name for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.FunctionDef)}


@pytest.mark.parametrize("entry", entries(), ids=lambda e: f"{e.document}{e.id}")
def test_what_an_entry_names_exists(entry: Entry) -> None:
    missing = [ref for ref in entry.met if not exists(*ref.split(":", 1))]
    assert not missing
    assert entry.built or "not built" in entry.note or "Not built" in entry.note


def test_no_point_is_left_out() -> None:
    ids = [e.id for e in entries()]
    assert ids == [*map(str, range(1, 29)), "H1-H6", *map(str, range(29, 54)), *(f"D{n}" for n in range(1, 36))]


def test_a_name_that_does_not_exist_is_found() -> None:
    for ref in ("page:nowhere", "rule:no_rule", "setting:near.no", "command:audit --no", "test:tests/no.py", "goal:no"):
        assert not exists(*ref.split(":", 1))
