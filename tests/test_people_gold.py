"""The gold set: how rows are chosen, what is frozen under which name, and that nothing of it is trained on."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from cli_cases import cli, jsonl, rows
from decide_worlds import evidence, make_world

from curate.decide import decide, preset
from curate.decide.gold import LEAST, WAYS, choose, said
from curate.errors import CurateError, RecipeError
from curate.store import Store, Workspace
from curate.store.gold import Gold
from curate.types import Action


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CURATE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.mark.parametrize("how", WAYS)
def test_rows_are_chosen_from_what_is_kept(how: str) -> None:
    found = evidence(make_world(np.random.default_rng(3), 200))
    made = decide(found, preset("default"))
    action = np.where(found.frozen, Action.FROZEN, np.where(np.arange(200) % 2, Action.KEEP, made.action))
    object.__setattr__(made, "action", action.astype(np.uint8))
    object.__setattr__(made, "topic", (np.arange(200) % 20 // 13 - (np.arange(200) % 20 == 0)).astype(np.int32))
    one, again = choose(found, made, how, 30, 7), choose(found, made, how, 30, 7)
    assert np.array_equal(one, again) and len(set(one.tolist())) == 30
    assert (made.action[one] == Action.KEEP).all()
    hidden = np.ones(200, np.bool_)
    assert choose(found, made, how, 30, 7, hidden).shape[0] == 0
    if how == "rare":
        kept = np.bincount(made.topic[made.action == Action.KEEP] + 1, minlength=3)
        assert np.bincount(made.topic[one] + 1, minlength=3)[2] >= min(15, kept[2]), "the smallest topic first"
    with pytest.raises(RecipeError):
        choose(found, made, "best", 1, 1)


def test_what_is_said_of_the_evaluation_set() -> None:
    assert "No evaluation set" in said(0) and "1 row;" in said(1) and f"{LEAST}" in said(LEAST - 1) and not said(LEAST)


def test_from_the_pick_to_a_run_without_it(home: Path, tmp_path: Path) -> None:
    """Approved rows are frozen under their hash; they and their near copies are in no split; the audit says how many there are."""
    data = jsonl(tmp_path / "d.jsonl", rows(40))
    assert "No evaluation set is loaded" in cli("audit", data, "--no-vectors").out
    assert cli("gold", "pick", data, "--rows", "6", "--no-vectors").out.startswith("6 rows")
    assert cli("gold", "pick", data, "--rows", "6", "--no-vectors").out.startswith("0 rows"), (
        "the same seed, the same rows"
    )
    assert cli("gold", "freeze", data, "--out", tmp_path / "gold").code == 2, "nothing is approved yet"
    gold = Gold(Workspace(Store(home)))
    items = gold.items("gold")
    for n, item in enumerate(items[:4]):
        gold.say("gold", item.id, "approved", "ann", *(("Asked anew?", "Yes.") if n == 0 else ()))
    gold.say("gold", items[4].id, "left_out", "ann")
    with pytest.raises(CurateError, match="pick it first"):
        gold.say("gold", "none-0", "approved", "ann")
    done = cli("gold", "freeze", data, "--out", tmp_path / "gold")
    assert done.code == 0, done.err
    (path,) = (tmp_path / "gold").iterdir()
    assert path.name == f"gold.gold-{sha256(path.read_bytes()).hexdigest()[:12]}.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    taken = {i.id for i in items[:4]}
    assert {line["gold_from"] for line in lines} == taken
    assert [m["content"] for line in lines if line["gold_from"] == items[0].id for m in line["messages"]] == [
        "Asked anew?",
        "Yes.",
    ]
    assert (
        cli("gold", "freeze", data, "--out", tmp_path / "gold").code == 0
        and len(list((tmp_path / "gold").iterdir())) == 1
    )
    assert cli("gold", "status", "--json").json["sets"] == [{"name": "gold", "picked": 1, "approved": 4, "left_out": 1}]
    found = cli("audit", data, "--frozen", path, "--no-vectors", "--json").json
    assert found["evaluation"]["rows"] == 4 and "4 rows; 200 to 500 are wanted" in found["evaluation"]["said"]
    assert cli("run", data, "--frozen", path, "--out", tmp_path / "out", "--no-vectors").code == 0
    version = next((tmp_path / "out" / "versions").iterdir())
    rejected = {json.loads(line)["id"] for line in (version / "rejected.jsonl").read_text().splitlines()}
    assert taken <= rejected
    assert (version / "frozen" / path.name).read_bytes() == path.read_bytes()
