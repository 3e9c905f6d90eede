"""Topics on the Map and Overview pages: the settings of the cut, edits by hand with undo, figures, and rows behind charts."""

# ruff: noqa: F811
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from app_cases import alone, finished, opened, rows  # noqa: F401
from map_cases import mapped
from streamlit.testing.v1 import AppTest

from curate.decide import topics_of
from curate.measure import topics_saved
from curate.measure.buffers import text_keys
from curate.measure.topics import fit_topics
from curate.types import Topics
from curate.ui import overview_topics, session, topics_view
from curate.ui.jobs import Job

Finished = Callable[..., Job]
Opened = Callable[..., AppTest]
MAP, OVERVIEW = "look/map", "look/overview"


@cache
def fitted(n: int) -> Topics:
    """A real tree over n rows, from made-up vectors in five heaps."""
    import pyarrow as pa

    draw = np.random.default_rng(3)
    wide = draw.standard_normal((5, 24))[np.arange(n) % 5] + 0.3 * draw.standard_normal((n, 24))
    vectors = (wide / np.linalg.norm(wide, axis=1, keepdims=True)).astype(np.float16)
    texts = [f"{('printer', 'refund', 'visa', 'python', 'soup')[k % 5]} question {k}" for k in range(n)]
    made = fit_topics(vectors, text_keys(texts), pa.array(texts, pa.large_string()))
    assert made is not None
    return topics_saved.of_rows(made, np.arange(n, dtype=np.int32), np.arange(n))


def with_tree(job: Job) -> Job:
    assert job.evidence is not None
    job.evidence = replace(job.evidence, topics=fitted(len(job.evidence)))
    session._shared.clear()
    return job


def sound(app: AppTest) -> AppTest:
    assert not app.exception and not app.error, [e.value for e in (*app.exception, *app.error)]
    return app


def pick(app: AppTest, *places: int) -> AppTest:
    app.session_state[topics_view.TABLE] = {"selection": {"rows": list(places), "columns": []}}
    return sound(app.run())


def names(job: Job) -> list[str]:
    assert job.evidence is not None
    recipe = replace(job.recipe, overrides=session.decisions().current())
    from curate.decide import decide

    found = topics_of(job.evidence, decide(job.evidence, recipe))
    assert found is not None
    return list(found.names)


def test_topics_are_named_joined_and_parted_in_steps_that_undo_takes_back(finished: Finished, opened: Opened) -> None:
    job = with_tree(finished(rows(150)))
    app = sound(opened(job, MAP))
    plain = names(job)
    assert 3 <= len(plain) <= 8 and any(s.value == "Topics" for s in app.subheader)
    pick(app, 0)
    topic = next(str(k.key) for k in app.text_input if str(k.key).startswith("topics.name."))
    app.text_input(key=topic).set_value("  Mine   own ")
    sound(app.button(key="topics.rename").click().run())
    assert "Mine own" in names(job)
    pick(app, 0, 1)
    sound(app.button(key="topics.merge").click().run())
    assert len(names(job)) == len(plain) - 1
    pick(app, 0)
    sound(app.button(key="topics.split").click().run())
    assert len(names(job)) > len(plain) - 1
    for _ in range(3):
        app.button(key="undo").click().run()
    assert names(job) == plain and not session.decisions().current().topics


def test_edits_of_a_topic_are_taken_back_together(finished: Finished, opened: Opened) -> None:
    job = with_tree(finished(rows(150)))
    app = sound(opened(job, MAP))
    pick(app, 1, 2)
    sound(app.button(key="topics.merge").click().run())
    pick(app, 0)
    sound(app.button(key="topics.takeback").click().run())
    assert not session.decisions().current().topics


def test_the_cut_is_a_setting_and_a_cap_moves_what_is_kept(finished: Finished, opened: Opened) -> None:
    job = with_tree(finished(rows(150)))
    app = sound(opened(job, MAP))
    app.slider(key="topics.noise").set_value(0.0).run()
    sound(app)
    app.number_input(key="topics.cap").set_value(3).run()
    sound(app)
    assert session_recipe(app).topics.noise == 0.0 and session_recipe(app).topics.cap == 3
    app.number_input(key="topics.size").set_value(100).run()
    sound(app)
    app.number_input(key="topics.size").set_value(1).run()  # refused: the widget goes back to what stands
    assert session_recipe(app).topics.size == 100


def session_recipe(app: AppTest) -> Any:
    return app.session_state["my.recipe"]


@pytest.mark.parametrize("what,key", [("tag", "topics.tag"), ("topic", "topics.topic")])
def test_chosen_rows_get_a_tag_or_a_topic_of_their_own(what: str, key: str, finished: Finished, opened: Opened) -> None:
    job = with_tree(finished(rows(150)))
    app = sound(opened(job, MAP))
    pick(app, 0)
    app.text_input(key=f"{key}.name").set_value("odd ones").run()
    sound(app.button(key=f"{key}.apply").click().run())
    held = session.decisions().current()
    if what == "tag":
        assert held.tags and {t for _, t in held.tags} == {"odd ones"}
        sound(app.selectbox(key="map.colour").set_value("Tag").run())
    else:
        assert "odd ones" in names(job)


@pytest.mark.parametrize("name", ["Topic group", "Distance to others"])
def test_what_only_a_tree_has_colours_the_map(name: str, finished: Finished, opened: Opened) -> None:
    app = sound(opened(with_tree(finished(rows(150))), MAP))
    choices = app.selectbox(key="map.colour").options
    if name in choices:
        sound(app.selectbox(key="map.colour").set_value(name).run())
    assert name in choices or name == "Topic group"  # five topics need no level above them


def test_a_column_of_the_users_own_is_the_topic(finished: Finished, opened: Opened) -> None:
    listed = [r | {"category": ("billing", "login <b>")[n % 2]} for n, r in enumerate(rows(60)) if isinstance(r, dict)]
    job = finished(listed)
    app = sound(opened(job, OVERVIEW))
    metrics = {m.label: m.value for m in app.metric}
    assert metrics["Topics"] == "2" and metrics["Largest / smallest"] == "1x"
    app.segmented_control(key="overview.by").set_value("Verdict").run()
    sound(app)
    app.segmented_control(key="overview.topics.as").set_value("Tiles").run()
    sound(app)
    assert "billing" in names(job)


def test_the_overview_says_how_rows_lie_over_topics(finished: Finished, opened: Opened) -> None:
    app = sound(opened(mapped(finished(rows(120))), OVERVIEW))
    said = {m.label: m.value for m in app.metric}
    assert {"Topics", "Largest / smallest", "Five largest hold", "Effective number", "Largest 20 % hold"} <= set(said)
    assert said["Five largest hold"] == "100%" and any("200,000 rows ending at 30,000" in c.value for c in app.caption)
    links = [m.value for m in app.markdown if m.value.startswith(("**1.", "**2.", "**3.", "**4."))]
    assert [v[2] for v in links] == ["1", "2", "3", "4"]
    for way in app.segmented_control(key="overview.by").options:
        sound(app.segmented_control(key="overview.by").set_value(way).run())


@pytest.mark.parametrize("count", [1, 2, 9])
def test_few_rows_have_no_topics_and_are_told_why(count: int, finished: Finished, opened: Opened) -> None:
    job = finished(rows(count))
    assert any("Topics are not measured yet" in i.value for i in sound(opened(job, OVERVIEW)).info)
    assert job.evidence is not None
    job.evidence.facts["vectors"] = 1.0  # type: ignore[index]
    assert any("Too few different prompts" in i.value for i in sound(opened(job, OVERVIEW)).info)


def test_points_of_a_click() -> None:
    from types import SimpleNamespace

    listed = [{"point_index": 3}, {"point_index": 1}, {"point_index": 3}, {}]
    event = SimpleNamespace(selection={"points": listed})
    assert overview_topics.points_of(event) == [1, 3] and overview_topics.points_of(None) == []
