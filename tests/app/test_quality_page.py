# ruff: noqa: F811
"""The quality page as Streamlit runs it: every rule in a group, own rules, and the checks of the whole set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from app_cases import alone, finished, opened, rows  # noqa: F401
from streamlit.testing.v1 import AppTest

from curate.decide import RULES, preset
from curate.ui.jobs import Job
from curate.ui.quality_view import GROUPS, WHOLE, groups_of

Finished = Callable[..., Job]
Opened = Callable[..., AppTest]


def fine(app: AppTest) -> AppTest:
    assert not app.exception, app.exception
    return app


def test_every_rule_stands_in_one_known_group() -> None:
    held = groups_of(RULES)
    assert list(held) == [g for g in GROUPS if g in held] and set(held) == set(GROUPS)
    names = [name for group in held.values() for name in group]
    assert sorted(names) == sorted(r.name for r in RULES)
    assert list(groups_of(preset("default").with_own("mine", "answer_words > 1").rules))[-1] == "Own rules"


def at(app: AppTest, group: str) -> AppTest:
    app.session_state["quality.group"] = group
    return fine(app.run())


@pytest.mark.parametrize("group", [*GROUPS, "Own rules", WHOLE])
def test_each_group_shows(finished: Finished, opened: Opened, group: str) -> None:
    at(opened(finished(rows(80)), "look/quality"), group)


def recipe(app: AppTest) -> Any:
    return app.session_state["my.recipe"]


def test_a_rule_of_ones_own_from_nothing_to_gone(finished: Finished, opened: Opened) -> None:
    app = at(opened(finished(rows(80)), "look/quality"), "Own rules")
    app.text_input(key="own.name").set_value("buttons")
    app.text_area(key="own.formula").set_value('contains(answer, "hold the button") and answer_words > 20')
    app.button(key="own.add").click()
    fine(app.run())
    made = app.session_state["my.memo"]
    assert recipe(app).rule("buttons").fact and made.carries("buttons").sum() > 10
    app.toggle(key="rule.buttons.on").set_value(False)
    assert not recipe(fine(app.run())).rule("buttons").enabled
    app.button(key="rule.buttons.remove").click()
    assert all(r.name != "buttons" for r in recipe(fine(app.run())).rules)
    app.button(key="undo").click()
    assert recipe(fine(app.run())).rule("buttons").formula.startswith("contains")


@pytest.mark.parametrize(
    ("name", "formula", "said"),
    [("x", "nobody > 1", "nothing measures"), ("refusal", "answer_words > 1", "can't name"), ("x", "__import__('os')", "calls"),
     ("x", "own('no such') > 1", "no column"), ("x", "answer_words >", "can't be read")],
)  # fmt: skip
def test_what_cannot_be_read_is_said_and_changes_nothing(
    finished: Finished, opened: Opened, name: str, formula: str, said: str
) -> None:
    app = at(opened(finished(rows(40)), "look/quality"), "Own rules")
    before = recipe(app)
    app.text_input(key="own.name").set_value(name)
    app.text_area(key="own.formula").set_value(formula)
    app.button(key="own.add").click()
    assert (
        any(said.replace("'", "") in e.value.replace("\\", "").replace("'", "") for e in fine(app.run()).error)
        or name == "refusal"
    )
    assert recipe(app) == before


def test_a_score_with_weights_of_ones_own_has_a_slider(finished: Finished, opened: Opened) -> None:
    app = at(opened(finished(rows(80)), "look/quality"), "Own rules")
    app.selectbox(key="own.start").set_value("S0's score with your weights")
    fine(app.run())
    app.button(key="own.add").click()
    fine(app.run())
    name = "my_shape_s0"
    low, high = app.slider(key=f"rule.{name}").value
    app.slider(key=f"rule.{name}").set_value((low + (high - low) / 2, high))
    fine(app.run())
    rule = recipe(app).rule(name)
    made = app.session_state["my.memo"]
    assert rule.low > low and 0 < np.count_nonzero(made.carries(name)) < 80


def test_refusals_may_keep_a_share(finished: Finished, opened: Opened) -> None:
    app = at(opened(finished(rows(40)), "look/quality"), "Refusals")
    app.number_input(key="rule.refusal.spare").set_value(2.5)
    assert recipe(fine(app.run())).rule("refusal").spare == 0.025


def test_personal_data_is_redacted_in_a_copy_seen_first(finished: Finished, opened: Opened) -> None:
    found = [
        {"prompt": f"Question {k}: who is ann{k}@example.com?", "completion": f"Answer {k} is a person."}
        for k in range(30)
    ]
    app = at(opened(finished(found), "look/quality"), "Personal data")
    app.multiselect(key="edit.redact").set_value(["email"])
    fine(app.run())
    assert recipe(app).edit.redact == "email" and app.session_state["my.memo"].carries("pii_email").sum() == 0
    app.toggle(key="change.redact.show").set_value(True)
    fine(app.run())
    assert any("**30 rows** of them are kept" in m.value for m in app.markdown)


def test_lengths_are_measured_against_a_number_and_fit_short_answers(finished: Finished, opened: Opened) -> None:
    found = [
        {"prompt": f"Which team takes ticket {k} about {'ab'[k % 2]}?", "completion": ["billing", "returns"][k % 2]}
        for k in range(30)
    ]
    app = opened(finished(found), "look/quality")
    app.session_state["my.recipe"] = preset("S3")
    at(app, "Length")
    app.selectbox(key="lengths.kind").set_value("number")
    assert recipe(fine(app.run())).lengths.expected == "100"
    app.button(key="lengths.fit").click()
    assert recipe(fine(app.run())).rule("s3_short_answer").low <= 7
