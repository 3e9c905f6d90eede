"""Pairs before a judge: both orders asked once, columns beside the other voices, position and length told, names of topics."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from anthropic_server import KEY, ROW, Body, Service, serving
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from curate.cli import app
from curate.decide import preset
from curate.decide.near import conflicts
from curate.errors import RecipeError
from curate.judge import with_judge
from curate.judge.pair_columns import OWN, pair_trust
from curate.judge.pairs import RELATIONS, RIGHT, SCHEMA, plan_pairs, ruling_of, rulings
from curate.judge.plan import begin, carry_out
from curate.judge.prices import read_prices
from curate.judge.reply import Unreadable
from curate.judge.scripted import ScriptedMessenger
from curate.judge.topic_names import ModelNamer, name_of
from curate.judge.wire import AnthropicMessenger
from curate.load import load
from curate.measure import measure
from curate.store import Judgements, Store, Workspace
from curate.types import Dataset, Evidence
from curate.views.topic_cards import TopicCard, names_by

RECIPE = preset("default").with_setting("embed", enabled=False).with_setting("near", text_floor=0.5)
PRICES = read_prices(Path("/nowhere"))
STEM = "the reset of the blue router in the second cellar room below the main stairs"


def opened(tmp_path: Path) -> tuple[Dataset, Evidence, Store]:
    """Twelve rows whose questions are near each other, with answers of several lengths."""
    lines = [
        {
            "prompt": f"How long does {STEM} take on day {chr(97 + n)}?",
            "completion": f"It takes {'about ' * (n % 4)}{n + 2} minutes.",
        }
        for n in range(12)
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    store = Store(tmp_path / "home")
    dataset = load([path], store=store)
    evidence = measure(dataset, recipe=RECIPE, store=store)
    assert len(evidence.pairs) >= 10
    return dataset, evidence, store


def of(body: Body) -> tuple[Body, Body]:
    found = ROW.search(body["messages"][0]["content"])
    assert found
    row = json.loads(found.group(2))
    return row["first"], row["second"]


class Pairs(Service):
    """A service that answers about pairs by `rule`; everything else as ever."""

    def __init__(self, rule: Any, fault: Any = None) -> None:
        super().__init__(fault)
        self.rule = rule

    def message(self, body: Body, fault: str) -> Body:
        relation, right = self.rule(*of(body))
        text = json.dumps({"reasoning": "Because.", "relation": relation, "right": right})
        if fault == "bad_json":
            text = text[:-3]
        return {"id": "m", "type": "message", "role": "assistant", "model": body["model"], "stop_reason": "end_turn", "stop_sequence": None,
                "content": [{"type": "text", "text": text}], "usage": {"input_tokens": 100, "output_tokens": 30}}  # fmt: skip


def ask(tmp_path: Path, service: Service, count: int = 8) -> tuple[Dataset, Evidence, Store, Judgements]:
    dataset, evidence, store = opened(tmp_path)
    ledger = Judgements(Workspace(store))
    with serving(service) as url:
        messenger = AnthropicMessenger(KEY, url)
        plan = plan_pairs(dataset, evidence, range(count), RECIPE.judge, store, PRICES)
        assert len(plan) == 2 * count and 0 < plan.estimate.dollars < 0.01
        plan = replace(plan, work=replace(plan.work, pace=replace(plan.work.pace, bad=0.01, limited=0.01)))
        carry_out(plan, ledger, begin(plan, ledger, 1.0), messenger)
        messenger.close()
    return dataset, evidence, store, ledger


def longer(first: Body, second: Body) -> tuple[str, str]:
    """Even sums of lengths contradict; the longer answer is right, whatever its place."""
    sizes = [len(x["answer"]) for x in (first, second)]
    relation = "contradiction" if sum(sizes) % 2 == 0 else "duplicate"
    return relation, "both" if sizes[0] == sizes[1] else "first" if sizes[0] > sizes[1] else "second"


def test_both_orders_are_asked_once_and_stand_beside_the_other_voices(tmp_path: Path) -> None:
    service = Pairs(longer, lambda n, _b: {1: "429", 4: "bad_json", 9: "500"}.get(n, ""))
    dataset, evidence, store, ledger = ask(tmp_path, service)
    assert not len(plan_pairs(dataset, evidence, range(8), RECIPE.judge, store, PRICES)), "nothing is paid for twice"
    made = with_judge(evidence, dataset, RECIPE, store)
    said = made.pairs.scores["conflict_judge"]
    assert np.isfinite(said[:8]).all() and np.isnan(said[8:]).all() and set(said[:8].tolist()) <= {0.0, 1.0}
    assert np.array_equal(said[:8], 1 - made.pairs.scores["same_judge"][:8])
    for k in range(8):
        sizes = [len(dataset.text("response", int(r[k]))) for r in (evidence.pairs.i, evidence.pairs.j)]
        assert said[k] == float(sum(sizes) % 2 == 0), "no answer went to another pair"
    assert np.array_equal(made.pairs.scores["conflict"][:8], said[:8])
    assert np.array_equal(made.pairs.scores[OWN], evidence.pairs.scores["conflict"], equal_nan=True)
    bar = RECIPE.with_setting("conflict", prompt=0.0)
    free = replace(
        made.pairs, floor={}, scores=dict(made.pairs.scores) | {"prompt_jaccard": np.ones(len(made.pairs), np.float32)}
    )
    assert np.array_equal(conflicts(free, bar)[:8], said[:8] == 1)
    assert with_judge(made, dataset, RECIPE, store) is made, "nothing changed"
    again = measure(dataset, recipe=RECIPE, store=store)
    assert again.made == made.made and np.array_equal(
        again.pairs.scores["conflict"], made.pairs.scores["conflict"], equal_nan=True
    )
    off = with_judge(made, dataset, RECIPE.with_setting("judge", enabled=False), store)
    assert off.made == evidence.made and np.array_equal(
        off.pairs.scores["conflict"], evidence.pairs.scores["conflict"], equal_nan=True
    )
    assert set(off.pairs.scores) == set(evidence.pairs.scores)
    trust = pair_trust(made, dataset, ledger, RECIPE.judge)
    assert (
        trust is not None and trust.turned == 0 and trust.longer == trust.chosen > 0 and 2 * trust.firsts == trust.sides
    )
    assert b"router" not in b"".join(p.read_bytes() for p in (tmp_path / "home").glob("workspace*")), (
        "no text of rows in the ledger"
    )


def test_a_judge_that_minds_the_place_tells_nothing(tmp_path: Path) -> None:
    def first(one: Body, two: Body) -> tuple[str, str]:
        return ("contradiction" if one["answer"] < two["answer"] else "variant"), "first"

    dataset, evidence, store, ledger = ask(tmp_path, Pairs(first), 5)
    made = with_judge(evidence, dataset, RECIPE, store)
    assert (made.pairs.scores["conflict_judge"][:5] == 0.5).all()
    assert np.array_equal(made.pairs.scores["conflict"], evidence.pairs.scores["conflict"], equal_nan=True)
    trust = pair_trust(made, dataset, ledger, RECIPE.judge)
    assert trust is not None and (trust.pairs, trust.turned, trust.firsts, trust.sides, trust.chosen) == (
        5,
        5,
        10,
        10,
        0,
    )
    assert all(r.relation == r.right == -1 for r in rulings(ledger, RECIPE.judge))


def test_the_scripted_judge_compares_words(tmp_path: Path) -> None:
    dataset, evidence, store = opened(tmp_path)
    recipe = RECIPE.with_setting("judge", model="scripted")
    ledger = Judgements(Workspace(store))
    plan = plan_pairs(dataset, evidence, range(4), recipe.judge, store, PRICES)
    done = carry_out(plan, ledger, begin(plan, ledger, 0.0), ScriptedMessenger())
    assert done.scored == 8 and len(rulings(ledger, recipe.judge)) == 4 and not rulings(ledger, RECIPE.judge)


@given(st.sampled_from(RELATIONS), st.sampled_from(RIGHT), st.text(max_size=20))
def test_replies_are_read_strictly(relation: str, right: str, reasoning: str) -> None:
    good = {"reasoning": reasoning, "relation": relation, "right": right}
    assert ruling_of(json.dumps(good), "end_turn") == (RELATIONS.index(relation), RIGHT.index(right))
    for bad in (
        good | {"relation": "same"},
        good | {"right": 1},
        good | {"more": "x"},
        {"relation": relation, "right": right},
    ):
        with pytest.raises(Unreadable):
            ruling_of(json.dumps(bad), "end_turn")
    assert next(iter(SCHEMA["properties"])) == "reasoning"


CARDS = tuple(TopicCard(f"{n:016x}-0", 5, ("router", f"cellar{n}"), ("How do I reset it?",)) for n in range(3))


def test_topics_are_named_once_and_taken_over_as_edits(tmp_path: Path) -> None:
    ledger = Judgements(Workspace(Store(tmp_path / "home")))
    namer = ModelNamer(replace(RECIPE.judge, model="scripted"), PRICES, ledger)
    assert namer.names(CARDS) == ["", "", ""] and names_by(namer, CARDS) == [], "nothing is asked by asking for names"
    plan = namer.plan(CARDS, "d")
    assert len(plan) == 3 and ModelNamer(RECIPE.judge, PRICES, ledger).estimate(CARDS) > 0 == namer.estimate(CARDS)
    carry_out(plan, ledger, begin(plan, ledger, 0.0), ScriptedMessenger())
    assert names_by(namer, CARDS) == [
        ("topic_name", c.anchor, "", f"router cellar{n} (scripted)") for n, c in enumerate(CARDS)
    ]
    assert not len(namer.plan(CARDS, "d"))
    for bad in ('{"topic": 3}', '{"topic": ""}', '{"name": "x"}', "[]", json.dumps({"topic": "x" * 61})):
        with pytest.raises(Unreadable):
            name_of(bad, "end_turn")
    assert name_of('{"topic": " Router\\n resets "}', "end_turn") == "Router resets"


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(tmp_path)
    monkeypatch.setenv("CURATE_HOME", str(tmp_path / "home"))
    recipe = tmp_path / "r.toml"
    recipe.write_text('[judge]\nmodel = "scripted"\n[near]\ntext_floor = 0.5\nguards = "off"\n')
    words = [
        "judge",
        "pairs",
        str(tmp_path / "rows.jsonl"),
        "--no-vectors",
        "--recipe",
        str(recipe),
        "--which",
        "duplicates",
        "--count",
        "4",
    ]

    def told(*more: str) -> Any:
        result = CliRunner().invoke(app, [*words, *more, "--json=-"], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    first = told()
    assert first["pairs"] == 4 and first["rows"] == 8 and "run" not in first, "nothing is sent without --spend"
    asked = told("--spend", "0")
    assert sum(asked["relations"].values()) == asked["trust"]["pairs"] == 4 and asked["spent"] == 0
    assert told()["pairs"] == 4 and told()["rows"] == 8, "answered pairs make room for the next ones"
    assert isinstance(CliRunner().invoke(app, [*words[:-3], "all", "--json=-"]).exception, RecipeError)
