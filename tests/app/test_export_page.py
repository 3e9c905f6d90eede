"""The export page: what each destination would do, asked for before anything is written."""

# ruff: noqa: F811 - fixtures
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app_cases import alone, finished, opened, rows  # noqa: F401
from streamlit.testing.v1 import AppTest

from curate.ui.jobs import Job


def find(listed: Any, key: str) -> Any:
    return next(e for e in listed if e.key == key)


def test_destinations_are_asked_before_writing(finished: Callable[..., Job], opened: Callable[..., AppTest]) -> None:
    app = opened(finished(rows(40)), "ship/export")
    tables = len(app.dataframe)
    find(app.multiselect, "export.formats").set_value(["openai", "csv"]).run()
    find(app.toggle, "export.fit.ask").set_value(True).run()
    assert not app.exception and len(app.dataframe) == tables + 1
    told = next(t.value for t in app.dataframe if "destination" in t.value.columns)
    assert {"as-read", "openai"} == set(told["written as"]) and told["outcome"].str.startswith(("✓", "△", "✕")).all()
