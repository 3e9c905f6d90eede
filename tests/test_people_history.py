"""Snapshots and decisions: kept for good, the same after a restart, and the same verdicts wherever they are used."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from cli_cases import cli, jsonl, rows, shell, tree
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.decide import preset
from curate.errors import CurateError, DataError
from curate.overrides import Overrides
from curate.people.history import read_shared, recipe_of, shared, snapshot_of
from curate.store import OverrideLog, Store, Workspace
from curate.store.history import History


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CURATE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


ids = st.sampled_from(["a-0", "b-0", "c-0"])
words = st.sampled_from(["x", "y, z", "=1"])
overrides = st.builds(
    Overrides.of,
    st.dictionaries(ids, st.tuples(st.sampled_from(["keep", "drop", "review"]), words), max_size=3),
    st.lists(st.just(("a-0", "b-0", "both_right")), max_size=1),
    st.just({}),
    st.lists(st.tuples(ids, st.just("tag")), max_size=2),
    st.lists(st.just(("topic_name", "c-0", "", "name")), max_size=1),
)


@settings(max_examples=25)
@given(overrides, overrides)
def test_decisions_become_those_of_a_snapshot_and_come_back(
    tmp_path_factory: pytest.TempPathFactory, one: Overrides, two: Overrides
) -> None:
    log = OverrideLog(Workspace(Store(tmp_path_factory.mktemp("h"))), "ann")
    log.add(one)
    log.become(two, "snapshot")
    assert log.current() == two
    if one != two:
        log.undo()
        assert log.current() == one


def test_a_snapshot_is_a_file_that_says_when_it_was_changed() -> None:
    recipe = replace(preset("strict"), overrides=Overrides.of({"a-0": ("drop", "=note")}))
    made = snapshot_of("s", recipe, None, "", "n", "ann")
    assert recipe_of(read_shared(shared(made), "f")) == recipe
    held = json.loads(shared(made))
    for change in (
        {"schema": 2},
        {"recipe": held["recipe"].replace("seed = 42", "seed = 43")},
        {"more": "x"},
        {"name": 1},
    ):
        with pytest.raises(DataError, match=r"no snapshot|was changed"):
            read_shared(json.dumps(held | change), "f")
    for text in ("", "[]", "{", '"x"'):
        with pytest.raises(DataError, match="no snapshot"):
            read_shared(text, "f")


def test_a_name_never_means_another_thing(home: Path) -> None:
    history = History(Workspace(Store(home)))
    history.save(snapshot_of("s", preset("default"), None, "", "", "ann"))
    history.save(snapshot_of("s", preset("default"), None, "", "", "bob"))
    assert [s.who for s in history.snapshots()] == ["ann"]
    with pytest.raises(CurateError, match="something else"):
        history.save(snapshot_of("s", preset("strict"), None, "", "", "ann"))
    with pytest.raises(CurateError, match="now"):
        history.save(snapshot_of("now", preset("strict"), None, "", "", "ann"))
    with pytest.raises(CurateError, match="there are: s"):
        history.snapshot("t")


def test_recipes_stood_on_are_kept_once_each(home: Path) -> None:
    history = History(Workspace(Store(home)))
    for name in ("default", "default", "strict", "default"):
        history.stand(preset(name).fingerprint, "d", "t", f"preset {name}", preset(name).to_toml(), "ann")
    assert [s.what for s in history.stands("d")] == ["preset default", "preset strict", "preset default"]
    assert not history.stands("other")


def test_a_snapshot_decides_alike_in_another_workspace_and_process(home: Path, tmp_path: Path) -> None:
    """What was decided, undone and kept here gives the same export from a shared file in a workspace that knows nothing."""
    data = jsonl(tmp_path / "d.jsonl", [*rows(40), rows(3)[0]])
    log = OverrideLog(Workspace(Store(home)), "ann")
    assert cli("run", data, "--out", tmp_path / "plain", "--no-vectors").code == 0
    version = next((tmp_path / "plain" / "versions").iterdir())
    kept = [json.loads(line) for line in (version / "train.jsonl").read_text().splitlines()]
    assert kept
    from curate.load import load

    found = [i.decode() for i in load([data]).ids.tolist()]
    log.set(found[:3], "drop", "bad")
    log.set(found[3:5], "review")
    log.set_pairs([(found[5], found[6])], "not_duplicate")
    log.set(found[7:9], "drop")
    assert log.undo() is not None, "the last one is taken back"
    assert cli("history", "save", "meeting", "--preset", "strict").code == 0
    assert shell("run", data, "--out", tmp_path / "here", "--preset", "strict", "--no-vectors").code == 0
    file = tmp_path / "meeting.snapshot.json"
    assert cli("history", "share", "meeting", "--out", file).code == 0
    other = str(tmp_path / "other")
    assert (
        shell("run", data, "--out", tmp_path / "there", "--recipe", file, "--no-vectors", CURATE_HOME=other).code == 0
    )
    assert tree(tmp_path / "there") == tree(tmp_path / "here")
    assert shell("history", "take", file, CURATE_HOME=other).code == 0
    assert shell("history", "use", "meeting", CURATE_HOME=other).out.startswith("6 decisions")
    assert (
        shell("run", data, "--out", tmp_path / "used", "--preset", "strict", "--no-vectors", CURATE_HOME=other).code
        == 0
    )
    assert tree(tmp_path / "used") == tree(tmp_path / "here")
    assert shell("history", "undo", CURATE_HOME=other).out.startswith("taken back: decisions of meeting")
    assert not len(OverrideLog(Workspace(Store(tmp_path / "other"))).current())


@pytest.mark.usefixtures("home")
def test_side_by_side(tmp_path: Path) -> None:
    items = rows(30)
    items[4]["completion"] = "Too short."
    data = jsonl(tmp_path / "d.jsonl", items)
    assert cli("history", "save", "first").code == 0
    (tmp_path / "r.toml").write_text("[rules.too_short_answer]\nenabled = true\nlow = 5\n")
    found = cli("history", "compare", data, "--one", "first", "--recipe", tmp_path / "r.toml", "--no-vectors", "--json")
    assert found.code == 0, found.err
    body = found.json
    assert body["kept"] == [30, 29] and body["moves"] == {"keep -> drop": 1} and len(body["changed"]) == 1
    assert "rules.too_short_answer.enabled" in body["settings"] and set(body["checks"]) >= {"H1", "H7"}
    assert (
        "1 rows change fate"
        in cli("history", "compare", data, "--one", "first", "--recipe", tmp_path / "r.toml", "--no-vectors").out
    )
    assert cli("history", "compare", data, "--one", "none", "--no-vectors").code == 2
    assert cli("history", "list", "--json").json["snapshots"][0]["name"] == "first"
    assert "snapshot first" in cli("history", "list").out
