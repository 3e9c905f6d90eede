"""The judge page: nothing is sent unasked, what to set without a key, the scripted judge, scores as rules, undo of settings."""

# ruff: noqa: F811 - fixtures
from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from app_cases import alone, finished, opened, rows  # noqa: F401
from streamlit.testing.v1 import AppTest

from curate.ship.sealed import Sealed
from curate.store import Store, Workspace
from curate.ui import session
from curate.ui.jobs import Job


def said(app: AppTest) -> str:
    return " ".join(
        str(e.value)
        for kind in (app.markdown, app.info, app.caption, app.success, app.error, app.warning)
        for e in kind
    )


def find(listed: Any, key: str) -> Any:
    return next(e for e in listed if e.key == key)


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANTHROPIC_API_KEY", "CURATE_KEY_FILE", "CURATE_JUDGE_URL"):
        monkeypatch.delenv(name, raising=False)


def test_without_a_key_it_says_what_to_set(finished: Callable[..., Job], opened: Callable[..., AppTest]) -> None:
    app = opened(finished(rows(40)), "people/judge")
    assert not app.exception and "There is no key" in said(app) and "nothing is sent" in said(app)
    assert {m.label: m.value for m in app.metric}["Rows to judge"] != "0"


def test_a_typed_number_is_needed(
    finished: Callable[..., Job], opened: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-canary")
    monkeypatch.setenv("CURATE_JUDGE_URL", "http://127.0.0.1:9")  # nobody listens there
    app = opened(finished(rows(40)), "people/judge")
    find(app.button, "judge.start").click().run()
    assert "Nothing was sent" in said(app) and not app.exception
    assert "sk-canary" not in said(app)


def test_no_address_but_this_machine(
    finished: Callable[..., Job], opened: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-canary")
    monkeypatch.setenv("CURATE_JUDGE_URL", "https://evil.example")
    app = opened(finished(rows(20)), "people/judge")
    assert "may not be sent to evil" in said(app).replace("\\", "") and not [
        b for b in app.button if b.key == "judge.start"
    ]


def test_the_scripted_judge_goes_the_whole_way(finished: Callable[..., Job], opened: Callable[..., AppTest]) -> None:
    job = finished(rows(40))
    app = opened(job, "people/judge")
    find(app.selectbox, "judge.model").set_value("scripted").run()
    assert "no model" in said(app)
    find(app.button, "judge.start").click().run()
    for _ in range(100):
        if job.evidence is not None and "judge_overall" in job.evidence.columns:
            break
        time.sleep(0.1)
    app.run()
    assert not app.exception and "judged by" in said(app) and "Nothing is left to judge" in said(app)
    find(app.button, "undo").click().run()
    assert session.job_list().find(job.id) is job
    assert job.evidence is not None and "judge_overall" not in job.evidence.columns, (
        "another judge's scores are other evidence"
    )
    assert not app.exception


def test_exported_test_rows_are_hidden_until_someone_says_why(
    finished: Callable[..., Job], opened: Callable[..., AppTest], tmp_path: Path
) -> None:
    app = opened(finished(rows(60)), "ship/export")
    find(app.text_input, "export.dir").set_value(str(tmp_path / "out")).run()
    find(app.button, "export.write").click().run()
    sizes = {m.label: m.value for m in app.metric}
    train, held, test = (int(str(sizes[name])) for name in ("Train", "Validation", "Test"))
    app.switch_page("pages/people/judge.py").run()
    asked = {m.label: m.value for m in app.metric}["Rows to judge"]
    assert test and asked == str(train + held) and "touched once" in said(app)
    find(app.button, "sealed.go.judge").click().run()
    assert "say why" in said(app) and {m.label: m.value for m in app.metric}["Rows to judge"] == asked
    find(app.text_input, "sealed.why.judge").set_value("comparing judges").run()
    find(app.button, "sealed.go.judge").click().run()
    assert {m.label: m.value for m in app.metric}["Rows to judge"] == str(train + held + test) and "on record" in said(
        app
    )
    assert [o.why for o in Sealed(Workspace(Store())).openings()] == ["comparing judges"]
