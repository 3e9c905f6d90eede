"""The generate page: what is lacking, nothing sent unasked, seeds picked, the rules' leftovers, a tenth accepted or rejected."""

# ruff: noqa: F811 - fixtures
from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from app_cases import alone, finished, opened, rows  # noqa: F401
from streamlit.testing.v1 import AppTest
from test_judge_page import find, said

from curate.ui import session
from curate.ui.jobs import Job


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANTHROPIC_API_KEY", "CURATE_KEY_FILE", "CURATE_JUDGE_URL"):
        monkeypatch.delenv(name, raising=False)


def metrics(app: AppTest) -> dict[str, str]:
    return {m.label: m.value for m in app.metric}


def scripted(app: AppTest, want: int) -> AppTest:
    find(app.selectbox, "generate.model").set_value("scripted").run()
    find(app.number_input, "generate.want").set_value(want).run()
    assert not app.exception
    return app


def ended(app: AppTest) -> AppTest:
    for _ in range(300):
        app.run()
        if "Written" in metrics(app) and not [b for b in app.button if b.key == "generate.cancel"]:
            return app
        time.sleep(0.1)
    raise AssertionError(said(app))


def test_without_a_key_it_says_what_to_set_and_what_lacks(
    finished: Callable[..., Job], opened: Callable[..., AppTest]
) -> None:
    app = opened(finished(rows(40)), "people/generate")
    assert not app.exception and "There is no key" in said(app) and "hard cases of S2 it lacks" in said(app)
    assert int(metrics(app)["Rows to write"].replace(",", "")) >= 1000, "twice the 500 wanted"
    assert not [b for b in app.button if b.key == "generate.start"]


def test_a_typed_number_and_a_stated_rule_are_needed(
    finished: Callable[..., Job], opened: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-canary")
    monkeypatch.setenv("CURATE_JUDGE_URL", "http://127.0.0.1:9")
    app = opened(finished(rows(40)), "people/generate")
    find(app.button, "generate.start").click().run()
    assert "Nothing was sent" in said(app) and "sk-canary" not in said(app)
    find(app.selectbox, "generate.kind").set_value("refusal").run()
    assert "State the rule first" in said(app) and not [b for b in app.button if b.key == "generate.start"]
    find(app.text_area, "generate.rule").set_value("Decline in one polite sentence.").run()
    assert find(app.button, "generate.start") and not app.exception


def test_the_scripted_teacher_goes_the_whole_way(
    finished: Callable[..., Job], opened: Callable[..., AppTest], tmp_path: Path
) -> None:
    job = finished(rows(40))
    app = scripted(opened(job, "people/generate"), 30)
    assert "never to train on" in said(app)
    find(app.button, "generate.start").click().run()
    app = ended(app)
    shown = metrics(app)
    assert shown["Stay"] == "30" and "S3 ends with" in said(app) and "Dedup rate" in shown
    [file] = [p for p in (tmp_path / "home" / "written").glob("*.jsonl") if "." not in p.stem]
    made = [json.loads(line) for line in file.read_text().splitlines()]
    assert len(made) == 30 and {r["synthetic"]["model"] for r in made} == {"scripted"}
    queue = [
        i
        for i, a in zip(session.decisions().current().ids, session.decisions().current().actions, strict=True)
        if a == "review"
    ]
    assert len(queue) == 3 and "0 of 3 read" in " ".join(s.value for s in app.subheader)
    find(app.button, "generate.keep").click().run()
    find(app.button, "generate.drop").click().run()
    assert "2 of 3 read" in " ".join(s.value for s in app.subheader) and "1 of 2 rejected" in said(app)
    now = dict(zip(session.decisions().current().ids, session.decisions().current().actions, strict=True))
    assert sorted(now.values()) == ["drop", "keep", "review"]
    find(app.button, "undo").click().run()
    assert "1 of 3 read" in " ".join(s.value for s in app.subheader)
    assert "nothing left to pay" in metrics(app)["Estimate"], "answered requests cost nothing more"
    find(app.button, "generate.again").click().run()
    assert metrics(ended(app))["Stay"] == "30" and not app.exception
    assert "1 of 3 read" in " ".join(s.value for s in app.subheader), "the same tenth is to be read"
    find(app.button, "generate.open").click().run()
    named: Any = app.query_params["job"]
    opened_job: Any = session.job_list().find(named[0] if isinstance(named, list) else named)
    assert opened_job is not None and opened_job is not job and file in opened_job.paths
    opened_job.thread.join(60)
    assert opened_job.state == "done" and len(opened_job.dataset) == 70


def test_seeds_are_those_that_are_named(finished: Callable[..., Job], opened: Callable[..., AppTest]) -> None:
    job = finished(rows(40))
    app = scripted(opened(job, "people/generate"), 10)
    assert metrics(app)["Seeds"] == "2"
    assert job.evidence is not None
    find(app.text_input, "generate.ids").set_value(job.evidence.ids[3].decode()).run()
    assert metrics(app)["Seeds"] == "1" and metrics(app)["Rows to write"] == "20"
