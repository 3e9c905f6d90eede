"""The map's page as Streamlit runs it, and its routes behind the guard."""

# ruff: noqa: F811
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from app_cases import HOSTILE, alone, finished, opened, rows  # noqa: F401
from map_cases import mapped
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from curate.types import Action
from curate.ui import map_component, map_points, map_routes, map_shelf, session
from curate.ui.guard import Guard
from curate.ui.jobs import Job
from curate.ui.loaded import Loaded

Finished = Callable[..., Job]
Opened = Callable[..., AppTest]
HOST = "127.0.0.1:8501"
OWN = {"host": HOST, "cookie": f"{Guard.cookie_name(HOST)}=right", "origin": f"http://{HOST}"}
PAGE = "look/map"


def infos(app: AppTest) -> str:
    assert not app.exception and not app.error, [e.value for e in app.error]
    return " ".join(i.value for i in app.info)


def headings(app: AppTest) -> str:
    return " ".join(s.value for s in app.subheader)


@pytest.fixture
def map_job(finished: Finished) -> Job:
    map_shelf.shelf.clear()
    return mapped(finished(rows(120)))


def cloud_of(job: Job) -> tuple[Loaded, map_points.Cloud]:
    assert job.dataset is not None and job.evidence is not None
    data = Loaded(job.dataset, job.evidence)
    cloud = map_points.cloud_of(data)
    assert cloud is not None
    return data, cloud


@pytest.mark.parametrize("count", [0, 1, 2, 9])
def test_few_rows_are_told_why_there_is_no_map(count: int, finished: Finished, opened: Opened) -> None:
    job = finished(rows(count), extra="not json\n")
    said = infos(opened(job, PAGE))
    if not count:
        assert "no usable row" in said
        return
    assert "A map needs vectors" in said
    assert job.evidence is not None
    job.evidence.facts["vectors"] = 1.0  # type: ignore[index]  # as if they had been made
    job.recipe = job.recipe.with_setting("embed", enabled=True)
    assert f"{count} distinct prompt" in infos(opened(job, PAGE))


def test_rows_that_are_all_the_same(finished: Finished, opened: Opened) -> None:
    job = finished([rows(5)[0]] * 30)
    assert job.evidence is not None
    job.evidence.facts["vectors"] = 1.0  # type: ignore[index]
    job.recipe = job.recipe.with_setting("embed", enabled=True)
    assert "30 rows, 1 distinct prompt: too few" in infos(opened(job, PAGE))
    placed = mapped(job)
    assert placed.evidence is not None and placed.evidence.topics is not None
    placed.evidence.topics.xy[:] = 1.0  # type: ignore[index]
    session._shared.clear()  # the same measures with other values is what only a test makes
    assert "on one spot" in infos(opened(placed, PAGE))


def test_the_page_says_what_is_on_it_and_what_is_not(map_job: Job, opened: Opened) -> None:
    app = opened(map_job, PAGE)
    infos(app)
    said = " ".join(m.value for m in app.markdown)
    assert "**119 rows** on the map" in said and "1 row without a vector has no place" in said
    assert "4 topics" in said


def choose(app: AppTest, chosen: Any) -> AppTest:
    app.session_state[map_component.KEY] = {"chosen": chosen}
    return app.run()


def test_a_lasso_becomes_rows_and_one_step_that_undo_takes_back(map_job: Job, opened: Opened) -> None:
    app = opened(map_job, PAGE)
    data, cloud = cloud_of(map_job)
    wanted = np.arange(10, 30)
    key = map_shelf.shelf().choose(map_job.id, cloud.key, cloud.bits_of(wanted))
    app = choose(app, {"key": key, "count": 20})
    assert "20 rows chosen on the map" in headings(app)
    app.button(key="map.drop").click().run()
    infos(app)
    ids = {data.evidence.ids[r].decode() for r in wanted}
    held = session.decisions().current()
    assert set(held.ids) == ids and set(held.actions) == {"drop"}
    app.button(key="undo").click().run()
    assert not session.decisions().current().ids


def test_a_click_becomes_a_row_with_what_lies_near(map_job: Job, opened: Opened) -> None:
    app = opened(map_job, PAGE)
    _, cloud = cloud_of(map_job)
    app = choose(app, {"point": 7, "cloud": cloud.key})
    infos(app)
    assert "Nearest rows" in headings(app)
    assert any("By place on the map" in c.value for c in app.caption)


@pytest.mark.parametrize("chosen", [{"key": "x.y", "count": 3}, {"point": 9_999, "cloud": "other"}, {"point": -1}, {}])
def test_a_choice_that_is_not_held_here_is_said_so(chosen: Any, map_job: Job, opened: Opened) -> None:
    app = choose(opened(map_job, PAGE), chosen)
    assert "no longer held here" in infos(app) and "chosen on the map" not in headings(app)


def test_words_light_up_their_rows(map_job: Job, opened: Opened) -> None:
    app = opened(map_job, PAGE)
    app.text_input(key="map.find").set_value("device number 7 after").run()
    infos(app)
    assert "1 row that light up" in headings(app)


@pytest.mark.parametrize("name", ["Verdict", "Reason", "Split", "File", "answer_words"])
def test_every_colour_and_both_views_draw(name: str, map_job: Job, opened: Opened) -> None:
    app = opened(map_job, PAGE)
    app.selectbox(key="map.colour").set_value(name).run()
    app.segmented_control(key="map.show").set_value("After the recipe").run()
    app.pills(key="map.outline").set_value(["copies", "contradiction"]).run()
    infos(app)


def test_a_column_of_the_users_own_colours_inertly(map_job: Job, opened: Opened) -> None:
    app = opened(map_job, PAGE)
    app.selectbox(key="map.colour").set_value("A column of its own …").run()
    infos(app)
    assert app.selectbox(key="map.own").value == "team"


# ---- the routes


@pytest.fixture
def client(map_job: Job) -> TestClient:
    data, cloud = cloud_of(map_job)
    map_shelf.shelf().open(map_job.id, cloud, data)
    app = Starlette(routes=map_routes.routes(), middleware=[Middleware(Guard, token="right")])
    return TestClient(app, base_url=f"http://{HOST}", headers=OWN)


def test_points_go_to_who_knows_the_job(client: TestClient, map_job: Job) -> None:
    _, cloud = cloud_of(map_job)
    path = f"{map_routes.base(map_job.id)}/{cloud.key}"
    got = client.get(path)
    assert got.status_code == 200 and got.content == cloud.blob()
    assert got.headers["cache-control"] == "no-store" and "content-security-policy" in got.headers
    assert client.get(path.replace(map_job.id, "another")).status_code == 404
    assert client.get(path + "x").status_code == 404


@pytest.mark.parametrize("bad", [{"cookie": ""}, {"host": "evil.example"}, {"origin": "http://evil.example"}])
def test_strangers_get_nothing_on_any_route(bad: dict[str, str], client: TestClient, map_job: Job) -> None:
    _, cloud = cloud_of(map_job)
    base = map_routes.base(map_job.id)
    for path in (map_routes.library(), f"{base}/{cloud.key}", f"{base}/{cloud.key}/row/0"):
        assert client.get(path, headers=bad).status_code == 403
    assert client.post(f"{base}/{cloud.key}/chosen", content=b"", headers=bad).status_code == 403


def test_a_row_is_plain_escaped_text(client: TestClient, map_job: Job) -> None:
    data, cloud = cloud_of(map_job)
    place = int(cloud.points_of(np.array([r for r in range(len(data)) if r != len(data) - 1]))[0])
    got = client.get(f"{map_routes.base(map_job.id)}/{cloud.key}/row/{place}")
    assert got.headers["content-type"].startswith("text/plain") and got.headers["x-content-type-options"] == "nosniff"
    assert "\u202e" not in HOSTILE.replace("\u202e", "") and "data.jsonl:" in got.text
    texts = [client.get(f"{map_routes.base(map_job.id)}/{cloud.key}/row/{p}").text for p in range(len(cloud))]
    assert not any(c in t for t in texts for c in "\u202e\u200b\x07")
    assert client.get(f"{map_routes.base(map_job.id)}/{cloud.key}/row/{len(cloud)}").status_code == 404


def test_a_set_of_points_has_one_bit_a_point(client: TestClient, map_job: Job) -> None:
    _, cloud = cloud_of(map_job)
    path = f"{map_routes.base(map_job.id)}/{cloud.key}/chosen"
    bits = cloud.bits_of(np.array([0, 3]))
    got = client.post(path, content=bits)
    assert got.status_code == 200 and map_shelf.shelf().chosen(map_job.id, got.text) == bits
    assert client.post(path, content=bits[:-1]).status_code == 400
    assert client.post(path, content=bits * 3).status_code == 413
    assert client.post(path.replace(map_job.id, "another"), content=bits).status_code == 404


def test_the_script_is_served_by_version_only(client: TestClient) -> None:
    got = client.get(map_routes.library())
    assert got.status_code == 200 and got.headers["content-type"].startswith("text/javascript")
    assert client.get("/map-lib/old/map.js").status_code == 404
    for name in ("README.md", "LICENSES.txt", "map.css", "..%2f..%2fserve.py"):
        assert client.get(map_routes.library().replace("map.js", name)).status_code == 404


def test_the_map_counts_kept_rows_as_the_sidebar_does(map_job: Job, opened: Opened) -> None:
    app = opened(map_job, PAGE)
    shown = [m.value for m in app.sidebar.metric if m.label == "Rows kept"]
    made = app.session_state["my.memo"]
    assert int(shown[0].replace(",", "")) == made.count(Action.KEEP)
