"""Small data made by the tests, a finished job over it, and the app run as Streamlit runs it: fixtures by plug-in."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from curate.decide import preset
from curate.ui import session
from curate.ui.jobs import Job

ROOT = Path(__file__).parents[2]
PAGES = (
    "data/load",
    "look/overview",
    "look/quality",
    "look/duplicates",
    "look/contradictions",
    "look/rows",
    "people/gold",
    "people/review",
    "people/judge",
    "people/generate",
    "ship/export",
    "ship/history",
    "ship/versions",
    "help/sources",
)
HOSTILE = (
    "![x](http://evil.example/a.png) <script>alert(1)</script> :red[x] $x^2$ "
    "[a](javascript:alert(1)) \u202eabc\u200b\x07"
)


def rows(count: int) -> list[dict[str, Any]]:
    """Rows of which every tenth is an exact copy and every eleventh a near one; the last is hostile."""
    made = [_row(f"How do I reset device number {n} after a failed update?", _answer(n), n) for n in range(count)]
    for n in range(10, count, 10):
        made[n] = dict(made[n - 1])
    for n in range(11, count, 11):
        text = made[n - 2]["messages"][1]["content"]
        made[n] = _row(made[n - 2]["messages"][0]["content"], text + " Thanks.", n)
    if count:
        made[-1] = _row(HOSTILE, HOSTILE * 3, HOSTILE)
    return made


def _row(prompt: str, answer: str, team: object) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}], "team": team}


def _answer(n: int) -> str:
    words = " ".join(f"word{(n * 7 + k * k) % 997}" for k in range(12 + n % 40))
    return f"Hold the button of unit {n} for {n % 9 + 2} seconds. {words}."


def write(path: Path, listed: list[dict[str, Any]], extra: str = "") -> Path:
    path.write_text("".join(json.dumps(r) + "\n" for r in listed) + extra, encoding="utf-8")
    return path


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A home, a root and a list of jobs of its own for every test."""
    monkeypatch.setenv("CURATE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CURATE_ROOTS", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    yield
    session.job_list.clear()


@pytest.fixture
def finished(tmp_path: Path, alone: None) -> Callable[..., Job]:
    """A job that has measured, without vectors."""
    del alone

    def make(listed: list[dict[str, Any]], extra: str = "", frozen: list[dict[str, Any]] | None = None) -> Job:
        recipe = preset("default").with_setting("embed", enabled=False)
        held = [write(tmp_path / "eval.jsonl", frozen)] if frozen else []
        job = session.job_list().start(
            [write(tmp_path / "data.jsonl", listed, extra)], held, recipe=recipe, title="data.jsonl"
        )
        assert job.thread is not None
        job.thread.join(60)
        assert job.state == "done", job.error
        return job

    return make


@pytest.fixture
def opened(alone: None) -> Callable[..., AppTest]:
    """The app looking at a job, on a page."""
    del alone

    def make(job: Job | None, page: str = "look/overview") -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        if job is not None:
            app.query_params["job"] = job.id
        app.run()
        return app.switch_page(f"pages/{page}.py").run()

    return make
