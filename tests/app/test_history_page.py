"""The history page, and what the app decides against what the command line decides from the same workspace."""

# ruff: noqa: F811
from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from app_cases import ROOT, alone, finished, opened, rows  # noqa: F401
from streamlit.testing.v1 import AppTest

sys.path.insert(0, str(ROOT / "tests"))
from cli_cases import shell, tree

from curate.decide import check
from curate.ship import export
from curate.store import Store, Workspace
from curate.store.history import History
from curate.ui import session
from curate.ui.jobs import Job


def find(listed: Any, key: str) -> Any:
    return next(e for e in listed if e.key == key)


def decided(app: AppTest, job: Job, tmp_path: Path, name: str) -> dict[str, bytes]:
    """What the app would export now: the session's verdicts, from its own state."""
    made = app.session_state["my.memo"]
    assert job.dataset is not None and job.evidence is not None
    export(job.dataset, job.evidence, made, made.recipe, check(job.dataset, job.evidence, made), tmp_path / name)
    return tree(tmp_path / name)


def commanded(tmp_path: Path, name: str, recipe: Path | None) -> dict[str, bytes]:
    """What the command line exports in another process, from the same workspace."""
    extra = ["--recipe", str(recipe)] if recipe else []
    done = shell(
        "run",
        tmp_path / "data.jsonl",
        "--out",
        tmp_path / name,
        "--no-vectors",
        *extra,
        CURATE_HOME=os.environ["CURATE_HOME"],
    )
    assert done.code in (0, 1), done.err
    return tree(tmp_path / name)


def test_decisions_undo_and_snapshots_give_the_same_bytes_everywhere(
    finished: Callable[..., Job], opened: Callable[..., AppTest], tmp_path: Path
) -> None:
    job = finished(rows(60))
    assert job.evidence is not None
    ids = [i.decode() for i in job.evidence.ids[np.flatnonzero(~job.evidence.frozen)].tolist()]
    log = session.decisions()
    for n, action in enumerate(("keep", "drop", "review")):
        log.set(ids[3 * n : 3 * n + 2], action, "by hand")
    log.set_pairs([(ids[10], ids[11])], "not_duplicate")
    log.set_pairs([(ids[12], ids[13])], "both_right")
    app = opened(job, "ship/history")
    find(app.text_input, "history.save.name").set_value("first")
    find(app.button, "history.save.go").click().run()
    assert not app.exception and not app.error
    first = decided(app, job, tmp_path, "app1")
    assert first == commanded(tmp_path, "cli1", None), "decisions, as the app made them, in another process"
    log.set(ids[20:30], "drop")
    app.run()
    assert (more := decided(app, job, tmp_path, "app2")) == commanded(tmp_path, "cli2", None) and more != first
    find(app.button, "history.undo").click().run()
    assert decided(app, job, tmp_path, "app3") == commanded(tmp_path, "cli3", None) == first, (
        "undo takes it all back, for both"
    )
    log.set(ids[30:40], "drop")
    session.job_list.clear()  # a restart: another process's app, the same workspace
    again = finished(rows(60))
    app = opened(again, "ship/history")
    history = History(Workspace(Store()))
    assert [s.name for s in history.snapshots()] == ["first"]
    assert decided(app, again, tmp_path, "app4") == commanded(tmp_path, "cli4", None) != first
    from curate.people.history import recipe_of, shared

    file = tmp_path / "first.snapshot.json"
    file.write_text(shared(history.snapshot("first")))
    assert commanded(tmp_path, "cli5", file) == first, "the shared file brings its own decisions"
    log.become(recipe_of(history.snapshot("first")).overrides, "first")
    app.run()
    assert decided(app, again, tmp_path, "app5") == first


def test_recipes_stood_on_side_by_side(finished: Callable[..., Job], opened: Callable[..., AppTest]) -> None:
    app = opened(finished(rows(120)), "look/duplicates")
    app.slider(key="near.text").set_value(1.0).run()
    app.switch_page("pages/ship/history.py").run()
    assert not app.exception
    figures = {m.label: m.value for m in app.metric}
    assert figures["Kept before"] != figures["Kept after"] and figures["Rows that change fate"] != "0"
    assert len(History(Workspace(Store())).stands()) == 2
    find(app.button, "undo").click().run()
    assert not app.exception and History(Workspace(Store())).stands()[0].what.startswith("undo: ")
