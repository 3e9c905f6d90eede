"""What was judged becomes columns, rules and badges: by content, under one model and rubric, failures kept and flagged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from curate.cli import app
from curate.decide import Recipe, check, decide, preset
from curate.errors import RecipeError
from curate.judge import judge_key, with_judge
from curate.judge.choose import choose, stratified
from curate.judge.rubric import SHIPPED, Rubric, shipped
from curate.load import load
from curate.measure import measure
from curate.store import Judgement, Judgements, Outcome, Store, Workspace
from curate.types import Action, Dataset, Evidence

RECIPE = preset("default").with_setting("embed", enabled=False)


def opened(tmp_path: Path, count: int = 12) -> tuple[Dataset, Evidence, Store]:
    path = tmp_path / "rows.jsonl"
    lines = [
        {
            "prompt": f"What is item {n} of the list for?",
            "completion": f"Item {n} holds the {'long ' * (n % 5)}door open.",
        }
        for n in range(count)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    store = Store(tmp_path / "home")
    dataset = load([path], store=store)
    return dataset, measure(dataset, recipe=RECIPE, store=store), store


def say(
    store: Store,
    dataset: Dataset,
    found: Mapping[int, Judgement],
    recipe: Recipe = RECIPE,
    rubric: Rubric | None = None,
) -> None:
    ledger = Judgements(Workspace(store))
    key = judge_key(recipe.judge, rubric or shipped())
    run = ledger.begin(key, dataset.fingerprint, {}, 0, 1.0)
    for row, one in found.items():
        content = dataset.text("content", row)
        [number] = ledger.sent(run.number, key, [(content, 1, 0.0)])
        ledger.got([(number, Outcome("ok"), key, Judgement(content, one.scores, one.reason, one.raw, one.cut))])


def scored(value: float, **more: float) -> Judgement:
    return Judgement("", dict.fromkeys((*shipped().names, "overall"), value) | {"exclude": 0.0} | more)


def test_scores_are_columns_and_trip_rules(tmp_path: Path) -> None:
    dataset, evidence, store = opened(tmp_path)
    assert with_judge(evidence, dataset, RECIPE, store) is evidence, "nobody judged yet"
    cut = Judgement("", dict(scored(4).scores), cut=True)
    say(
        store,
        dataset,
        {0: scored(5), 1: scored(3), 2: scored(4, correctness=1), 3: Judgement("", {}, "refusal", "No."), 4: cut},
    )
    evidence = with_judge(evidence, dataset, RECIPE, store)
    overall = evidence.columns["judge_overall"]
    assert overall[:3].tolist() == [5, 3, 4] and np.isnan(overall[3]) and np.isnan(overall[5:]).all()
    assert evidence.columns["judge_exclude"][:3].tolist() == [0, 0, 1], (
        "computed from the scores, not taken from the reply"
    )
    assert evidence.columns["judge_failed"][:6].tolist()[:5] == [0, 0, 0, 1, 0] and np.isnan(
        evidence.columns["judge_failed"][5]
    )
    assert np.isnan(evidence.columns["judge_completeness"][4]) and evidence.columns["judge_cut"][4] == 1
    verdicts = decide(evidence, RECIPE)
    assert verdicts.why(1) == ("low_judge_score",) and "judge_exclude" in verdicts.why(2)
    assert verdicts.action[3] == Action.KEEP, "a row that could not be judged is kept and flagged"
    h4 = next(c for c in check(dataset, evidence, verdicts) if c.id == "H4")
    assert h4.band != "not measured"
    again = measure(dataset, recipe=RECIPE, store=store)
    assert again.made == evidence.made and np.array_equal(again.columns["judge_overall"], overall, equal_nan=True)
    assert with_judge(evidence, dataset, RECIPE, store) is evidence
    assert 3 not in choose(evidence, verdicts).tolist() and 5 in choose(evidence, verdicts).tolist()


def test_another_model_rubric_or_limit_is_another_question(tmp_path: Path) -> None:
    dataset, evidence, store = opened(tmp_path)
    say(store, dataset, {0: scored(5)})
    for change in ({"model": "claude-sonnet-5-5"}, {"max_chars": 4000}, {"enabled": False}):
        other = with_judge(evidence, dataset, RECIPE.with_setting("judge", **change), store)
        assert "judge_overall" not in other.columns
    kept = with_judge(evidence, dataset, RECIPE.with_setting("judge", max_tokens=900), store)
    assert kept.columns["judge_overall"][0] == 5, "room for the reply changes no score"


def test_weights_cost_nothing(tmp_path: Path) -> None:
    dataset, evidence, store = opened(tmp_path)
    text = SHIPPED.read_text("utf-8").replace('overall = "reply"', 'overall = "weighted"', 1)
    own = Rubric.from_toml(text.replace("weight = 1.0", "weight = 3.0", 1))
    assert own.sent == shipped().sent and own.fingerprint != shipped().fingerprint
    say(store, dataset, {0: scored(4, correctness=2)})
    recipe = RECIPE.with_setting("judge", rubric=own.fingerprint)
    with pytest.raises(RecipeError, match="not in this workspace"):
        with_judge(evidence, dataset, recipe, store)
    Judgements(Workspace(store)).keep_text("rubric", own.fingerprint, own.text)
    made = with_judge(evidence, dataset, recipe, store)
    assert made.columns["judge_overall"][0] == pytest.approx((3 * 2 + 4 * 4) / 7)


@pytest.mark.parametrize(
    "change",
    [("version = 1", "nonsense = 1"), ('name = "correctness"', 'name = "overall"'), ('overall = "reply"', 'overall = "best"'),
     ("weight = 1.0", "weight = -1.0"), ("correctness = 5", "correctness = 6"), ("task = ", "task = 3 # "), ('name = "helpfulness"', 'name = "correctness"')],
)  # fmt: skip
def test_a_rubric_is_refused_by_name(change: tuple[str, str]) -> None:
    with pytest.raises(RecipeError):
        Rubric.from_toml(SHIPPED.read_text("utf-8").replace(*change, 1))


def test_a_sample_has_every_strata_share() -> None:
    rows = np.arange(100)
    topics = np.repeat([0, 1, 2, -1], [50, 30, 15, 5]).astype(np.int32)
    for count in (0, 1, 7, 20, 99, 100, 500):
        chosen = stratified(rows, topics, count)
        assert chosen.shape[0] == min(count, 100) and len(set(chosen.tolist())) == chosen.shape[0]
        shares = np.bincount(topics[chosen] + 1, minlength=4) - np.array([5, 50, 30, 15]) * min(count, 100) / 100
        assert np.abs(shares).max() < 1


def test_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(tmp_path)
    monkeypatch.setenv("CURATE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.delenv("CURATE_KEY_FILE", raising=False)
    data = [str(tmp_path / "rows.jsonl"), "--no-vectors"]
    price = run("judge", "estimate", *data, "--json")
    assert price["rows"] == 12 and 0 < price["low"] < price["dollars"] < price["high"] <= price["most"]
    assert "no key" in str(CliRunner().invoke(app, ["judge", "run", *data, "--spend", "1"]).exception)
    done = run("judge", "run", *data, "--model", "scripted", "--spend", "0", "--json")
    assert (done["scored"], done["not_judged"], done["spent"], done["requests"]) == (12, 0, 0, 15)
    assert done["canaries"] == {"obeyed": 3, "asked": 3}, "it counts words, so it is led by anything"
    again = run("judge", "run", *data, "--model", "scripted", "--spend", "0", "--json")
    assert again["requests"] == 0, "judged rows are not asked about again"
    audit = run("audit", *data, "--json")
    assert audit["reasons"].get("low_judge_score") is None, "the scripted judge counts only where a recipe names it"
    recipe = tmp_path / "r.toml"
    recipe.write_text('[judge]\nmodel = "scripted"\n')
    audit = run("audit", *data, "--recipe", str(recipe), "--json")
    assert audit["reasons"]["low_judge_score"]["all"] > 0


def run(*words: str) -> Any:
    result = CliRunner().invoke(app, ["--json=-" if w == "--json" else w for w in words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_canaries_sing_when_a_judge_obeys(tmp_path: Path) -> None:
    from anthropic_server import KEY, Service, serving
    from judge_cases import ledger_in, work_of

    from curate.judge.canaries import canaries, singing
    from curate.judge.plan import begin, carry_out, priced
    from curate.judge.wire import AnthropicMessenger

    for score, sang in ((5, 3), (1, 0)):
        service = Service(answer=lambda _b, s=score: dict.fromkeys((*shipped().names, "overall"), s))  # type: ignore[misc]
        ledger = ledger_in(tmp_path / str(score))
        plan = priced(work_of(5), ledger, "d")
        with serving(service) as url:
            messenger = AnthropicMessenger(KEY, url)
            for _ in range(2):
                done = carry_out(plan, ledger, begin(plan, ledger, 1.0), messenger, canaries=True)
            messenger.close()
        assert len(service.bodies) == 5 + len(canaries()), "asked once under each judge"
        assert done.scored == 5 and singing(ledger, plan.work.key) == (sang, 3)


def test_another_judge_on_the_same_rows_and_the_same_family(tmp_path: Path) -> None:
    from curate.judge.trust import drifts, same_family

    dataset, _, store = opened(tmp_path, 30)
    other = RECIPE.with_setting("judge", model="claude-haiku-4-5")
    say(store, dataset, {n: scored(1 + n % 5) for n in range(30)})
    say(store, dataset, {n: scored(min(5, 2 + n % 5)) for n in range(25)}, other)
    [found] = drifts(Judgements(Workspace(store)), judge_key(RECIPE.judge, shipped()))
    assert found.shared == 25 and found.shift == pytest.approx(-0.8) and 0 < found.kappa < 1
    assert same_family(dataset, "claude-haiku-5-5") == 0
    path = tmp_path / "made.jsonl"
    path.write_text('{"prompt": "What?", "completion": "That.", "synthetic": {"model": "claude-sonnet-5-5"}}\n')
    assert same_family(load([path], store=store), "claude-haiku-5-5") == 1
