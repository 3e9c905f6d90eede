"""The map without a screen: points and bits, classes and their legend, outlines, comparison, what lies near."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from app_cases import alone, finished, rows  # noqa: F401
from hypothesis import given
from hypothesis import strategies as some
from map_cases import mapped

from curate.decide import decide
from curate.types import Action, Verdicts
from curate.ui import groups, map_compare, map_layers, map_links, map_near, map_points, map_routes, map_shelf
from curate.ui.jobs import Job
from curate.ui.loaded import Loaded

BUNDLE = "3f02051e1c3fdc306664cc000020be1198af02976832ca2f7f9aa7e25ee0f703"
Finished = Callable[..., Job]


@pytest.fixture
def whole(finished: Finished) -> tuple[Loaded, Verdicts, map_points.Cloud]:  # noqa: F811
    """120 rows and 3 frozen ones, with places."""
    job = mapped(finished(rows(120), frozen=rows(3)[:2]))
    assert job.dataset is not None and job.evidence is not None
    data = Loaded(job.dataset, job.evidence)
    cloud = map_points.cloud_of(data)
    assert cloud is not None
    return data, decide(job.evidence, job.recipe), cloud


@given(some.lists(some.booleans(), max_size=70))
def test_bits_come_back_as_they_went(listed: list[bool]) -> None:
    mask = np.array(listed, dtype=np.bool_)
    assert np.array_equal(map_points.unpack(map_points.pack(mask), mask.shape[0]), mask)
    with pytest.raises(ValueError, match="bytes for"):
        map_points.unpack(map_points.pack(mask) + b"\0", mask.shape[0])


def test_the_first_point_is_the_lowest_bit() -> None:
    assert map_points.pack(np.array([True, False, False, False, False, False, False, False, True])) == b"\x01\x01"


def test_a_cloud_has_the_rows_with_a_place_on_one_scale(whole: Any) -> None:
    data, _, cloud = whole
    assert len(cloud) == len(data) - 1 and cloud.at[-1] == -1
    assert np.abs(cloud.xy).max() == pytest.approx(0.95, abs=1e-5)
    raw = data.evidence.topics.xy[cloud.rows]
    ratio = (raw.max(axis=0) - raw.min(axis=0)) / (cloud.xy.max(axis=0) - cloud.xy.min(axis=0))
    assert ratio[0] == pytest.approx(ratio[1], rel=1e-4)
    assert np.frombuffer(cloud.blob(), "<f4").reshape(2, -1).T.tolist() == cloud.xy.tolist()
    some_rows = np.array([3, 5, len(data) - 1])
    assert cloud.rows_in(cloud.bits_of(some_rows)).tolist() == [3, 5]


def test_one_spot_is_seen_as_one(whole: Any) -> None:
    data, _, _ = whole
    same = map_points.make_cloud(data.evidence, np.ones((len(data), 2), np.float32))
    assert same is not None and same.one_spot and not same.xy.any()
    assert map_points.make_cloud(data.evidence, np.full((len(data), 2), np.nan, np.float32)) is None


def test_every_way_to_colour_counts_every_point_once(whole: Any) -> None:
    data, made, cloud = whole
    for name in [*map_layers.choices(data, made)[:-1], map_layers.OWN]:
        layer = map_layers.layer(data, made, cloud, name, "team")
        tally = np.bincount(layer.codes, minlength=len(layer.entries))
        assert tally.tolist() == [e.count for e in layer.entries], name
        assert min(tally) > 0 and layer.codes.dtype == np.uint16
        assert len({e.name for e in layer.entries}) == len(layer.entries), name


def test_classes_of_a_score_are_its_ranges(whole: Any) -> None:
    data, made, cloud = whole
    layer = map_layers.layer(data, made, cloud, "answer_words")
    values = data.evidence.columns["answer_words"][cloud.rows]
    assert 1 < len(layer.entries) <= map_layers.STEPS
    ends = [values[layer.codes == k] for k in range(len(layer.entries))]
    assert all(a.max() < b.min() for a, b in pairwise(ends))


def test_languages_have_names(whole: Any) -> None:
    data, made, cloud = whole
    assert data.languages is not None and "en" in data.languages.names
    choices = map_layers.choices(data, made)
    assert map_layers.LANGUAGE in choices and "language" not in choices
    named = map_layers.layer(data, made, cloud, map_layers.LANGUAGE)
    assert "en" in [e.name for e in named.entries] and sum(e.count for e in named.entries) == len(cloud)


def test_rare_values_share_a_class() -> None:
    names = [f"n{k}" for k in range(400)]
    codes = np.concatenate((np.arange(400), np.arange(200), [-1]))
    layer = map_layers._named("x", codes, names, "none")
    assert len(layer.entries) == map_layers.LISTED + 2
    assert layer.entries[-1].name == "250 rarer values" and sum(e.count for e in layer.entries) == 601


def test_names_of_topics_stand_on_their_own_points(whole: Any) -> None:
    data, made, cloud = whole
    listed = map_layers.labels(data, made, cloud)
    assert [v.count for v in listed] == sorted((v.count for v in listed), reverse=True)
    spots = {tuple(v) for v in cloud.xy.tolist()}
    assert all((v.x, v.y) in spots for v in listed)


def test_near_topics_differ_in_hue() -> None:
    draw = np.random.default_rng(3)
    middle = draw.random((100, 2)).astype(np.float32)
    hue = np.array(map_layers.spread(middle, np.arange(100, 0, -1)))
    away = ((middle[:, None] - middle) ** 2).sum(axis=2) + np.eye(100) * 9
    assert (hue[away.argmin(axis=1)] != hue).mean() > 0.97


def test_outlines_are_the_groups_of_the_duplicates_page(whole: Any) -> None:
    data, made, cloud = whole
    found = map_links.copies(data, made, cloud)
    assert len(found) > 3
    stays = groups.kept_for(made)  # an exact copy's witness may be a near copy of the row that stays
    for group in range(len(found)):
        keeper, *members = found.rows(cloud, group).tolist()
        assert members and all(stays[m] == keeper for m in members)
    head = np.frombuffer(found.blob(), "<i4")
    assert head[0] == len(found) and head[1] == found.points.shape[0]
    assert head.shape[0] == 2 + len(found) + 1 + len(found) + found.points.shape[0]


def test_no_contradictions_where_none_are_measured(whole: Any) -> None:
    assert len(map_links.contradictions(*whole)) == 0


def test_a_comparison_has_shares_of_both(whole: Any) -> None:
    data, made, _ = whole
    dropped = np.flatnonzero(made.action == Action.DROP)
    table = map_compare.table(data, made, dropped)
    at = table[""].index("dropped")
    assert table["chosen"][at] == f"{dropped.shape[0]:,} (100.0%)" and table["all rows"][at] != table["chosen"][at]
    assert any(str(v).startswith("reason:") for v in table[""])


def test_near_by_place_leaves_the_row_itself_out(whole: Any) -> None:
    _, _, cloud = whole
    found = map_near.near_by_place(cloud, 7)
    assert found.shape[0] == map_near.MOST and 7 not in found
    away = ((cloud.xy - cloud.xy[cloud.at[7]]) ** 2).sum(axis=1)
    assert set(cloud.at[found]) == set(np.argsort(away, kind="stable")[1 : map_near.MOST + 1])


def test_near_by_vector_is_brute_force() -> None:
    draw = np.random.default_rng(2)
    values = draw.standard_normal((300, 16)).astype(np.float32)
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    place = np.append(np.arange(300), [-1, 4]).astype(np.int32)
    held = map_near.Vectors(values.astype(np.float16), place, "m", "float32")
    rows_near, cosine = map_near.near_by_vector(held, 4)
    assert rows_near[0] == 301 and 4 not in rows_near and (np.diff(cosine) <= 0).all()
    assert map_near.near_by_vector(held, 300)[0].shape[0] == 0


def test_the_shelf_is_by_job_and_bounded(whole: Any) -> None:
    data, _, cloud = whole
    shelf = map_shelf.Shelf()
    shelf.open("one", cloud, data)
    assert shelf.blob("one", cloud.key) == cloud.blob() and shelf.blob("two", cloud.key) is None
    key = shelf.choose("one", cloud.key, cloud.bits_of(np.array([1, 2])))
    assert key is not None and cloud.rows_in(shelf.chosen("one", key) or b"").tolist() == [1, 2]
    assert shelf.choose("one", cloud.key, b"\0") is None and shelf.choose("two", cloud.key, b"") is None
    for n in range(map_shelf.BLOBS + 5):
        shelf.put("one", f"k{n}", lambda: b"x")
    assert shelf.blob("one", "k0") is None and shelf.blob("one", f"k{map_shelf.BLOBS}") == b"x"
    for n in range(map_shelf.JOBS):
        shelf.put(f"j{n}", "k", lambda: b"x")
    assert shelf.blob("one", f"k{map_shelf.BLOBS}") is None


def test_the_vendored_bundle_is_the_one_that_its_page_names() -> None:
    assert sha256(map_routes.files()["regl-scatterplot.js"]).hexdigest() == BUNDLE
    about = (map_routes.FOLDER / "README.md").read_text("utf-8")
    assert BUNDLE in about and "1.16.0" in about and (map_routes.FOLDER / "LICENSES.txt").is_file()


def test_our_scripts_put_text_into_the_page_as_text_only() -> None:
    for name, held in map_routes.files().items():
        if name != "regl-scatterplot.js":
            for never in (
                b"innerHTML",
                b"outerHTML",
                b"insertAdjacentHTML",
                b"document.write",
                b"eval(",
                b"http://",
                b"https://",
            ):
                assert never not in held, (name, never)
