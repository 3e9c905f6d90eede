"""Every page as Streamlit runs it: at several sizes, by deep link, with settings that stay and decisions that undo."""

# ruff: noqa: F811
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from app_cases import PAGES, ROOT, alone, finished, opened, rows, write  # noqa: F401
from streamlit.testing.v1 import AppTest

from curate.decide import check, decide, preset
from curate.decide.changes import Change
from curate.load import load
from curate.measure import measure
from curate.ship import current, export
from curate.store import Store
from curate.types import Action
from curate.ui import recent, session
from curate.ui.jobs import Job

Finished = Callable[..., Job]
Opened = Callable[..., AppTest]


def fine(app: AppTest) -> AppTest:
    """No exception and no incident on the page."""
    assert not app.exception, app.exception[0].message
    assert not [e.value for e in app.error]
    return app


def kept(app: AppTest) -> int:
    """The live count in the sidebar."""
    shown = [m.value for m in app.sidebar.metric if m.label == "Rows kept"]
    return int(shown[0].replace(",", ""))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_without_data_says_what_to_do(page: str, opened: Opened) -> None:
    app = fine(opened(None, page))
    assert page in ("data/load", "help/sources", "ship/versions") or any(
        "Open a dataset first" in i.value for i in app.info
    )


@pytest.mark.parametrize("count", [1, 9, 120])
def test_every_page_at_every_size(count: int, finished: Finished, opened: Opened) -> None:
    job = finished(rows(count), extra="not json\n", frozen=rows(3)[:2])
    for page in PAGES:
        assert len(fine(opened(job, page)).main.children) > 0


def test_a_file_without_a_usable_row_is_no_crash(finished: Finished, opened: Opened) -> None:
    job = finished([], extra="nothing here\n[1]\n")
    for page in PAGES:
        fine(opened(job, page))
    assert any("No rows" in h.value for h in opened(job).header)


def test_a_page_switch_keeps_the_frame_and_the_settings(finished: Finished, opened: Opened) -> None:
    app = opened(finished(rows(120)), "look/duplicates")
    before = kept(app)
    app.slider(key="near.text").set_value(1.0).run()
    moved = kept(fine(app))
    assert moved > before
    for page in PAGES:
        app.switch_page(f"pages/{page}.py").run()
        assert kept(fine(app)) == moved
    app.switch_page("pages/look/duplicates.py").run()
    assert app.slider(key="near.text").value == 1.0


def test_undo_and_reset_bring_the_preset_back(finished: Finished, opened: Opened) -> None:
    app = opened(finished(rows(120)), "look/quality")
    before = kept(app)
    app.toggle(key="rule.too_short_answer.on").set_value(True).run()
    app.slider(key="rule.too_short_answer").set_value(40.0).run()
    assert kept(fine(app)) < before
    assert [c.path for c in _changes(app)] == [
        "embed.enabled",
        "rules.too_short_answer.low",
        "rules.too_short_answer.enabled",
    ]
    app.button(key="undo").click().run()
    app.button(key="undo").click().run()
    assert kept(fine(app)) == before
    app.selectbox(key="preset").set_value("S1").run()
    app.button(key="undo").click().run()
    assert app.selectbox(key="preset").value == "default"


def _changes(app: AppTest) -> list[Any]:
    now = app.session_state["my.recipe"]
    base = preset(now.preset)
    found = [c for c in _settings(now) if c[1] != dict(_settings(base))[c[0]]]
    return [Change(path, None, value) for path, value in found]


def _settings(recipe: Any) -> list[tuple[str, Any]]:
    listed = [("embed.enabled", recipe.embed.enabled), ("near.text", recipe.near.text)]
    return listed + [
        (f"rules.{r.name}.{k}", getattr(r, k)) for r in recipe.rules for k in ("low", "high", "action", "enabled")
    ]


def test_a_row_decided_by_hand_and_taken_back(finished: Finished, opened: Opened) -> None:
    job = finished(rows(40))
    app = opened(job, "look/rows")
    before = kept(app)
    assert job.evidence is not None
    app.text_input(key="rows.find").set_value(job.evidence.ids[0].decode()).run()
    app.button(key="row.drop.rows").click().run()
    assert kept(fine(app)) == before - 1
    assert any("Decided by hand" in m.value for m in app.markdown)
    app.button(key="undo").click().run()
    assert kept(fine(app)) == before


def test_find_takes_text_an_id_and_a_place(finished: Finished, opened: Opened) -> None:
    job = finished(rows(40))
    app = opened(job, "look/rows")
    for wanted in ("device number 7 after", "data.jsonl:8", job.evidence.ids[3].decode() if job.evidence else ""):
        app.text_input(key="rows.find").set_value(wanted).run()
        assert any(c.value.startswith("1 of 40") for c in app.caption), wanted


def test_a_reload_finds_job_and_recipe_and_a_stranger_does_not(finished: Finished, opened: Opened) -> None:
    job = finished(rows(40))
    app = opened(job, "look/duplicates")
    app.slider(key="near.text").set_value(0.9).run()
    again = opened(job, "look/duplicates")
    assert again.slider(key="near.text").value == 0.9
    assert any("No dataset open" in m.value for m in opened(None).markdown)


def test_sample_and_path_open_and_refuse(tmp_path: Path, opened: Opened) -> None:
    path = write(tmp_path / "mine.jsonl", rows(12))
    app = opened(None, "data/load")
    app.segmented_control(key="load.way").set_value("Path").run()
    app.multiselect(key="load.path").set_value([str(path)]).run()
    app.button(key="load.start").click().run()
    assert any("mine" in m.value for m in app.markdown)
    app.multiselect(key="load.path").set_value(["/etc/passwd"]).run()
    app.button(key="load.start").click().run()
    assert any("outside of the folders" in e.value for e in app.error)
    for job in session.job_list()._jobs.values():
        job.cancel.set()
        if job.thread:
            job.thread.join(60)


def test_an_export_equals_the_one_without_the_app(tmp_path: Path, finished: Finished, opened: Opened) -> None:
    job = finished(rows(60))
    app = opened(job, "ship/export")
    app.text_input(key="export.dir").set_value(str(tmp_path / "by_app")).run()
    app.button(key="export.write").click().run()
    fine(app)
    store, recipe = Store(), preset("default").with_setting("embed", enabled=False)
    data = load([tmp_path / "data.jsonl"], store=store)
    evidence = measure(data, recipe=recipe, store=store)
    verdicts = decide(evidence, recipe)
    export(data, evidence, verdicts, recipe, check(data, evidence, verdicts), tmp_path / "by_hand")
    assert current(tmp_path / "by_app").name == current(tmp_path / "by_hand").name
    assert verdicts.count(Action.KEEP) == kept(app)
    app.button(key="export.verify").click().run()
    assert any("Every byte" in s.value for s in app.success)


def test_an_export_outside_of_the_roots_is_refused(finished: Finished, opened: Opened) -> None:
    app = opened(finished(rows(9)), "ship/export")
    app.text_input(key="export.dir").set_value("/usr/curated").run()
    app.button(key="export.write").click().run()
    assert any("outside of the folders" in e.value for e in app.error)


def test_an_error_of_ours_is_an_incident_without_row_text(
    finished: Finished, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ValueError("canary of a row")

    job = finished(rows(9))
    monkeypatch.setattr("curate.ui.rows_view.show", broken)
    app = opened(job, "look/rows")
    said = [e.value for e in app.error]
    assert said and "incident" in said[0] and "canary" not in said[0]
    log = (Store().home / "app.log").read_text()
    assert "ValueError" in log and "canary" not in log


def test_files_on_the_command_line_open_on_their_health(
    tmp_path: Path, alone: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    del alone
    path = write(tmp_path / "mine.jsonl", rows(12))
    monkeypatch.setattr("curate.ui.jobs.preloaded", lambda: (path,))
    session.job_list.clear()
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    (job,) = session.job_list()._jobs.values()
    assert job.thread is not None
    job.cancel.set()
    job.thread.join(60)
    assert not any("Open a dataset" in t.value for t in fine(app).title)


def test_another_floor_is_measured_on_request_and_holds_the_export_back(finished: Finished, opened: Opened) -> None:
    job = finished(rows(60))
    app = opened(job, "data/load")
    app.number_input(key="near.text_floor").set_value(0.5).run()
    assert app.button(key="measure.again")
    app.switch_page("pages/ship/export.py").run()
    assert fine(app).button(key="export.write").disabled
    app.button(key="measure.again").click().run()
    assert job.thread is not None
    job.thread.join(60)
    app.run()
    assert job.evidence is not None and job.evidence.pairs.floor["text"] == 0.5
    assert not fine(app).button(key="export.write").disabled
    app.switch_page("pages/look/duplicates.py").run()
    assert app.slider(key="near.text").min == 0.5


def test_settings_that_do_not_go_together_change_nothing(finished: Finished, opened: Opened) -> None:
    app = opened(finished(rows(9)), "data/load")
    app.number_input(key="near.bands").set_value(500).run()
    assert fine(app).number_input(key="near.bands").value == 32
    assert any("bands" in t.value for t in app.toast)


def test_vectors_that_are_missing_hold_the_export_back_until_the_recipe_says_so(
    finished: Finished, opened: Opened
) -> None:
    job = finished(rows(20))
    job.recipe = preset("default")  # asks for vectors that were not made
    app = opened(job, "ship/export")
    assert fine(app).button(key="export.write").disabled
    app.button(key="export.no_vectors").click().run()
    assert not fine(app).button(key="export.write").disabled
    assert app.session_state["my.recipe"].embed.enabled is False


def test_a_recipe_file_opens_and_a_wrong_one_says_what_is_wrong(finished: Finished, opened: Opened) -> None:
    app = opened(finished(rows(40)), "ship/export")
    text = preset("default").with_setting("embed", enabled=False).with_setting("near", text=0.9).to_toml()
    app.file_uploader(key="recipe.file").upload("mine.toml", text.encode(), "application/toml").run()
    assert fine(app).session_state["my.recipe"].near.text == 0.9
    app.file_uploader(key="recipe.file").upload("bad.toml", b"[near]\nnope = 1\n", "application/toml").run()
    assert any("nope" in e.value for e in app.error)
    assert app.session_state["my.recipe"].near.text == 0.9


def test_columns_named_by_hand_make_an_unknown_file_usable(tmp_path: Path, alone: None, opened: Opened) -> None:
    del alone
    path = tmp_path / "odd.jsonl"
    path.write_text("".join(f'{{"ask": "what is {n}?", "says": "it is {n}", "k": {n}}}\n' for n in range(12)))
    recipe = preset("default").with_setting("embed", enabled=False)
    job = session.job_list().start([path], recipe=recipe, title="odd")
    assert job.thread is not None
    job.thread.join(60)
    app = opened(job, "data/load")
    assert any("0% of the first 12 rows" in c.value for c in fine(app).caption)
    app.selectbox(key="load.columns.prompt").set_value("ask")
    app.selectbox(key="load.columns.response").set_value("says").run()
    app.button(key="load.columns.read").click().run()
    again = session.job_list()._jobs[app.session_state["my.job"]]
    assert again.thread is not None and again.id != job.id
    again.thread.join(60)
    assert again.dataset is not None and len(again.dataset) == 12
    assert str(again.mapping["odd.jsonl"]) == "prompt=ask,response=says"
    assert recent.remembered([path], []) == again.mapping


def test_the_load_page_groups_problems_mends_copies_and_asks_destinations(finished: Finished, opened: Opened) -> None:
    good = json.dumps(rows(1)[0])
    job = finished(rows(3), extra=f"{good},\nnot json\n" + good.replace('"team"', '" team "') + "\n")
    app = opened(job, "data/load")
    assert not app.exception
    kinds, changes, fit = (
        next(t.value for t in app.dataframe if name in t.value.columns)
        for name in ("how to fix", "change", "first reason")
    )
    assert kinds["kind"].tolist()[0] == "Invalid JSON" and kinds["unusable"].tolist()[0] == 2
    assert changes["change"].tolist() == ["took the comma after the row off"]
    assert any("1 row of data" in m.value and "can be mended without a guess" in m.value for m in app.markdown)
    assert len(fit) == 11 and set(fit["files"]) == {"✕ refused"}, "a line that is no JSON stops every loader"
    app.selectbox(key="load.fit.one").set_value("Vertex AI (Gemini)").run()
    assert not app.exception
