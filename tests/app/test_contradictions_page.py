"""The contradictions page: sides, marked words, resolve, undo, and that the export's verdicts follow."""

# ruff: noqa: F811 - fixtures
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app_cases import alone, finished, opened  # noqa: F401
from streamlit.testing.v1 import AppTest

from curate.types import Action
from curate.ui import session
from curate.ui.jobs import Job

ASK = "What time does the library on Main Street close?"


def rows() -> list[dict[str, Any]]:
    answers = ("It closes at 17:00.", "It closes at 5 pm.", "It closes at 19:00.")
    listed = [{"prompt": ASK, "completion": a} for a in answers]
    return [*listed, {"prompt": "How do I reset the router?", "completion": "Hold the button for ten seconds."}]


def button(app: AppTest, key: str) -> Any:
    return next(b for b in app.button if b.key == key)


def test_both_sides_are_shown_and_resolved_and_undo_works(
    finished: Callable[..., Job], opened: Callable[..., AppTest]
) -> None:
    job = finished(rows())
    app = opened(job, "look/contradictions")
    assert not app.exception
    said = " ".join(m.value for m in app.markdown)
    assert "3 rows" in said and ":orange-background[" in said
    button(app, "conflict.resolve.both").click().run()
    assert not app.exception and session.decisions().current().pairs
    assert "No two answers contradict" in " ".join(m.value for m in app.markdown)
    button(app, "undo").click().run()
    assert not session.decisions().current().pairs
    button(app, "conflict.resolve.left").click().run()
    held = session.decisions().current()
    assert sorted(held.actions) in (["drop", "drop", "keep"], ["drop", "keep", "keep"]) and not app.exception


def test_a_kept_side_is_kept(finished: Callable[..., Job], opened: Callable[..., AppTest]) -> None:
    from dataclasses import replace

    from curate.decide import decide

    job = finished(rows())
    app = opened(job, "look/contradictions")
    assert job.evidence is not None
    before = decide(job.evidence, job.recipe)
    assert before.count(Action.REVIEW) == 3
    button(app, "conflict.resolve.right").click().run()
    after = decide(job.evidence, replace(job.recipe, overrides=session.decisions().current()))
    assert after.count(Action.REVIEW) == 0 and after.count(Action.KEEP) + after.count(Action.DROP) == 4


def test_no_contradiction_says_so(finished: Callable[..., Job], opened: Callable[..., AppTest]) -> None:
    app = opened(finished(rows()[2:]), "look/contradictions")
    assert not app.exception and "No two answers" in " ".join(m.value for m in app.markdown)
