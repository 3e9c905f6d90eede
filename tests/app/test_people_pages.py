"""Review and Gold set as Streamlit runs them: a queue from the form, labels that decide as one step, a set that is frozen."""

# ruff: noqa: F811
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from app_cases import alone, finished, opened, rows  # noqa: F401
from streamlit.testing.v1 import AppTest

from curate.store import Reviews, Said, Store, Workspace
from curate.store.gold import Gold
from curate.ui import session
from curate.ui.jobs import Job

Finished = Callable[..., Job]
Opened = Callable[..., AppTest]


def find(listed: Any, key: str) -> Any:
    return next(e for e in listed if e.key == key)


def said(app: AppTest) -> str:
    kinds = (app.markdown, app.info, app.caption, app.success, app.error, app.warning)
    return " ".join(str(e.value) for kind in kinds for e in kind)


def test_a_review_from_the_form_to_the_decision(finished: Finished, opened: Opened) -> None:
    app = opened(finished(rows(60)), "people/review")
    app.number_input(key="review.start.rows").set_value(4)
    find(app.button, "review.start.go").click().run()
    assert not app.exception
    find(app.button, "review.good").click().run()
    find(app.button, "review.bad").click().run()
    find(app.button, "review.reason.format").click().run()
    find(app.button, "review.save").click().run()
    find(app.button, "review.score.4").click().run()
    find(app.button, "review.good").click().run()
    assert not app.exception
    desk = Reviews(Workspace(Store()))
    labels = desk.labels()
    assert [(x.said.value, x.said.reasons, x.said.score) for x in labels] == [
        ("good", (), None),
        ("bad", ("format",), None),
        ("good", (), 4),
    ]
    find(app.button, "review.back").click().run()
    assert len(desk.labels()) == 2
    before = {m.label: m.value for m in app.sidebar.metric}["Rows kept"]
    app.session_state["review.part"] = "Use the labels"
    app.run()
    find(app.button, "review.apply").click().run()
    assert not app.exception
    assert int({m.label: m.value for m in app.sidebar.metric}["Rows kept"]) == int(before) - 1
    find(app.button, "undo").click().run()
    assert {m.label: m.value for m in app.sidebar.metric}["Rows kept"] == before, "one undo takes all of it back"


def test_agreement_and_differences_are_shown(finished: Finished, opened: Opened) -> None:
    job = finished(rows(60))
    app = opened(job, "people/review")
    app.number_input(key="review.start.rows").set_value(33)
    app.number_input(key="review.start.twice").set_value(100)
    find(app.button, "review.start.go").click().run()
    desk = Reviews(Workspace(Store()))
    queue = desk.queues()[0].number
    for who in ("ann", "bob"):
        for n in range(30):
            row = desk.next(queue, who, who)  # the app holds one row itself
            assert row is not None
            desk.save(
                queue,
                row,
                who,
                Said("bad" if n % 4 == 0 or (who == "bob" and n % 9 == 1) else "good", 1 + n % 5, seconds=40.0 - n),
            )
    app.session_state["review.part"] = "Agreement"
    app.run()
    assert not app.exception and "Kappa" in said(app) and "Mend the generation before scaling" in said(app)
    assert "labelling changed" in said(app), "both grew quicker by far"
    app.session_state["review.part"] = "Differences"
    app.run()
    assert "to settle" in said(app)
    next(b for b in app.button if str(b.key).startswith("review.settle.bad.")).click().run()
    assert not app.exception and any(x.settled for x in desk.labels())


def test_a_gold_set_is_picked_checked_frozen_and_loaded(finished: Finished, opened: Opened, tmp_path: Path) -> None:
    job = finished(rows(60))
    app = opened(job, "people/gold")
    assert "No evaluation set is loaded" in said(app)
    app.number_input(key="gold.add.rows").set_value(3)
    find(app.button, "gold.add.go").click().run()
    find(app.button, "gold.approve").click().run()
    find(app.button, "gold.out").click().run()
    find(app.button, "gold.back").click().run()
    find(app.button, "gold.edit").click().run()
    box = next(t for t in app.text_area if str(t.key).startswith("gold.answer."))
    box.set_value("The only right answer.")
    find(app.button, "gold.save").click().run()
    assert not app.exception
    items = Gold(Workspace(Store())).items("gold")
    assert [i.state for i in items] == ["approved", "approved", "picked"]
    assert items[1].answer == "The only right answer." and items[1].prompt is None
    find(app.button, "gold.freeze").click().run()
    assert not app.exception and not app.error
    (path,) = tmp_path.glob("*.gold-*.jsonl")
    now = session.job_list().find(
        app.query_params["job"][0] if isinstance(app.query_params["job"], list) else app.query_params["job"]
    )
    assert now is not None and now.id != job.id and now.frozen == (path,)
