"""The duplicates page as Streamlit runs it: groups and what a person decides on them, learning, who repeats whom; many
rows decided at once."""

# ruff: noqa: F811
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from app_cases import alone, finished, opened, rows  # noqa: F401
from streamlit.testing.v1 import AppTest

from curate.decide import decide, preset
from curate.types import Action, Verdicts
from curate.ui import groups, session
from curate.ui.jobs import Job
from curate.ui.loaded import Loaded

Finished = Callable[..., Job]
Opened = Callable[..., AppTest]
PAGE = "look/duplicates"
PARTS = ("groups", "learn", "across")


def fine(app: AppTest) -> AppTest:
    assert not app.exception, app.exception[0].message
    assert not [e.value for e in app.error]
    return app


def kept(app: AppTest) -> int:
    return int(next(m.value for m in app.sidebar.metric if m.label == "Rows kept").replace(",", ""))


def part(app: AppTest, name: str) -> AppTest:
    return fine(app.segmented_control(key="dup.part").set_value(name).run())


def held(job: Job) -> tuple[Loaded, Verdicts]:
    assert job.dataset is not None and job.evidence is not None
    return Loaded(job.dataset, job.evidence), decide(
        job.evidence, preset("default").with_setting("embed", enabled=False)
    )


@pytest.mark.parametrize("count", [0, 1, 9, 120])
def test_every_part_at_every_size(count: int, finished: Finished, opened: Opened) -> None:
    app = fine(opened(finished(rows(count), extra="not json\n", frozen=rows(3)[:2] if count else None), PAGE))
    if not count:
        assert any("no usable row" in i.value for i in app.info)
        return
    for name in PARTS:
        part(app, name)
    assert any("dedup rate" in m.value for m in app.markdown)


def test_a_copy_is_kept_apart_or_kept_instead_and_undone_from_the_group(finished: Finished, opened: Opened) -> None:
    job = finished(rows(120))
    app = opened(job, PAGE)
    before = kept(app)
    app.selectbox(key="dup.filter.kind").set_value("near_text").run()
    app.button(key="pair.not_duplicate").click().run()
    assert kept(fine(app)) == before + 1
    assert session.decisions().current().pairs[0][2] == "not_duplicate"
    app.button(key="dup.undo").click().run()
    assert kept(fine(app)) == before and not session.decisions().current().pairs
    app.button(key="dup.swap").click().run()
    assert kept(fine(app)) == before and sorted(session.decisions().current().actions) == ["drop", "keep"]
    app.button(key="dup.undo").click().run()
    assert not session.decisions().current().ids


def test_what_one_kind_removes_alone_opens(finished: Finished, opened: Opened) -> None:
    app = opened(finished(rows(120)), PAGE)
    fine(app.button(key="dup.alone.near_text").click().run())
    assert any("by nothing else" in c.value for c in app.caption)


def test_a_mostly_repeated_file_is_warned_of(finished: Finished, opened: Opened) -> None:
    app = opened(finished([*[rows(2)[0]] * 30, *rows(9)]), PAGE)
    assert any("H5 warns above 60%" in w.value for w in fine(app).warning)


def test_a_threshold_is_learned_kept_with_the_recipe_and_undone(finished: Finished, opened: Opened) -> None:
    app = part(opened(finished(rows(120)), PAGE), "learn")
    fine(app.button(key="learn.skip").click().run())
    for _ in range(5):
        fine(app.button(key="learn.same").click().run())
    fine(app.button(key="learn.not_same").click().run())
    answers = session.decisions().answers()
    assert sorted(v for *_, v in answers) == ["not_same", *["same"] * 5]
    app.segmented_control(key="learn.goal").set_value(0.8).run()
    said = " ".join(m.value for m in fine(app).markdown)
    assert "Suggested" in said and "95 % interval" in said and "answers above it" in said
    app.button(key="learn.use").click().run()
    recipe = fine(app).session_state["my.recipe"]
    assert recipe.learned.text.startswith(f"{recipe.near.text:.2f}: ") and "interval" in recipe.learned.text
    assert recipe.learned.text in recipe.to_toml()
    assert recipe == type(recipe).from_toml(recipe.to_toml())
    app.button(key="undo").click().run()
    assert fine(app).session_state["my.recipe"].learned.text == ""
    app.button(key="learn.undo").click().run()
    assert len(session.decisions().answers()) == 5


def test_who_repeats_whom_adds_up(finished: Finished) -> None:
    job = finished(rows(120), frozen=rows(12))
    data, made = held(job)
    one, two, count = groups.across(data.source_codes, made)
    assert int(count.sum()) == int(np.count_nonzero(made.witness >= 0))
    for a, b, n in zip(one.tolist(), two.tolist(), count.tolist(), strict=True):
        assert groups.between(data.source_codes, made, a, b).shape[0] == n


def test_groups_hold_every_row_that_goes_once_and_their_head_goes_for_nobody(finished: Finished) -> None:
    data, made = held(finished(rows(120), frozen=rows(12)))
    found = groups.groups_of(made)
    assert sorted(found.members.tolist()) == np.flatnonzero(made.witness >= 0).tolist()
    assert (made.witness[found.keeper] < 0).all()
    assert (np.diff(found.sizes) <= 0).all()
    wanted = np.zeros(len(data), np.bool_)
    wanted[found.members[0]] = True
    assert groups.with_rows(found, wanted).tolist() == [0]
    score = groups.weakest(data, made, found.members)
    assert ((score >= 0) & (score <= 1)).all()


def test_many_rows_are_decided_as_one_step(finished: Finished, opened: Opened) -> None:
    app = opened(finished(rows(60), frozen=rows(3)[:2]), "look/rows")
    before = kept(app)
    app.text_input(key="rows.find").set_value("device number 1").run()
    app.text_input(key="rows.bulk.note").set_value("looked at").run()
    label = next(b.label for b in app.button if b.key == "rows.bulk.drop")
    app.button(key="rows.bulk.drop").click().run()
    decided = session.decisions().current()
    assert label == f"Drop {len(decided.ids)}" and len(decided.ids) > 5
    assert set(decided.actions) == {"drop"} and set(decided.notes) == {"looked at"}
    assert kept(fine(app)) < before
    app.button(key="undo").click().run()
    assert kept(fine(app)) == before and not session.decisions().current().ids


def test_evaluation_rows_are_in_no_bulk_decision(finished: Finished, opened: Opened) -> None:
    job = finished(rows(9), frozen=rows(3)[:2])
    app = opened(job, "look/rows")
    fine(app.button(key="rows.bulk.review").click().run())
    assert job.evidence is not None
    assert len(session.decisions().current().ids) == int(np.count_nonzero(~job.evidence.frozen))
    made: Any = app.session_state["my.memo"]
    assert made.count(Action.REVIEW) == 9
