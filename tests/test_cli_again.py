"""verify --again across models: another vector is not a changed byte, and the rows that it could move are counted."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cli_cases import cli, jsonl, rows

from curate import check, decide, export, load, measure, preset
from curate.measure import HashEmbedder
from curate.ship import current
from curate.ship.derive import close_calls, derive


def test_another_model_is_named_with_its_close_calls(tmp_path: Path) -> None:
    recipe, out = preset("default"), tmp_path / "out"
    if measure_key(recipe) is None:
        pytest.skip("no model on this machine")
    dataset = load(jsonl(tmp_path / "d.jsonl", list(rows(6))))
    evidence = measure(dataset, recipe=recipe, embedder=HashEmbedder())
    verdicts = decide(evidence, recipe)
    export(dataset, evidence, verdicts, recipe, check(dataset, evidence, verdicts), out)
    assert cli("verify", out).code == 0
    first, *rest = derive(current(out))
    assert first.path == "lineage.json"
    assert "vectors" in first.what and "another model" in first.what and "0 rows lie within 1e-05" in first.what
    assert rest == [], "six rows apart in every way have equal verdicts under any model"
    assert cli("verify", out, "--again").code == 1


def measure_key(recipe: object) -> object:
    from curate.measure.wanted import embedder_identity

    return embedder_identity(recipe, None)  # type: ignore[arg-type]


def test_an_export_without_vectors_is_derived_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From Python a recipe may want vectors where no model is; deriving elsewhere must not add them."""
    recipe, out = preset("default").with_setting("embed", model=str(tmp_path / "none")), tmp_path / "out"
    dataset = load(jsonl(tmp_path / "d.jsonl", rows(6) + rows(2)))
    evidence = measure(dataset, recipe=recipe)
    verdicts = decide(evidence, recipe)
    export(dataset, evidence, verdicts, recipe, check(dataset, evidence, verdicts), out)
    monkeypatch.setattr("curate.ship.derive.require_model", None)
    assert list(derive(current(out))) == []


def test_close_calls_are_rows_at_a_bound_in_use(tmp_path: Path) -> None:
    recipe = preset("default").with_setting("embed", enabled=False)
    evidence = measure(load(jsonl(tmp_path / "d.jsonl", list(rows(12)))), recipe=recipe)
    assert not close_calls(evidence, recipe).any()
    column = np.full(12, 0.3, np.float32)
    column[[2, 5]] = (0.6, 0.6 + 5e-6)
    moved = replace(evidence, columns={**evidence.columns, "window_repetition": column})
    assert np.flatnonzero(close_calls(moved, recipe)).tolist() == [2, 5]
    assert not close_calls(moved, recipe.with_rule("repetitive_answer", enabled=False)).any()
    pairs = evidence.pairs
    at = {k: np.full(1, np.nan, np.float32) for k in pairs.scores} | {"prompt_jaccard": np.array([0.8], np.float32)}
    one = replace(pairs, i=np.array([3], np.int32), j=np.array([7], np.int32), scores=at, guards=np.zeros(1, np.uint16))
    assert np.flatnonzero(close_calls(replace(evidence, pairs=one), recipe)).tolist() == [3, 7]


def test_named_columns_are_part_of_the_lineage(tmp_path: Path) -> None:
    """An export of files that no shape fits comes out the same from itself: the map goes with it, file by file."""
    asked = [{"ask": f"what is thing {n}?", "say": f"thing {n} is good for use {n}", "n": n} for n in range(6)]
    held = [{"frage": "what is thing 9?", "antwort": "nine"}]
    one, two, out = jsonl(tmp_path / "a.jsonl", asked), jsonl(tmp_path / "b.jsonl", held), tmp_path / "out"
    maps = ("--map", "a.jsonl:prompt=ask,response=say,id=n", "--map", "b.jsonl:prompt=frage,response=antwort")
    done = cli("run", one, "--frozen", two, "--out", out, "--no-vectors", *maps)
    assert done.code == 0, done.err
    sources = {s["name"]: s["mapping"] for s in json.loads((current(out) / "lineage.json").read_text())["sources"]}
    assert sources == {"a.jsonl": {"prompt": "ask", "response": "say", "id": "n"},
                       "b.jsonl": {"prompt": "frage", "response": "antwort"}}  # fmt: skip
    again = cli("verify", out, "--again")
    assert again.code == 0, again


def test_scores_travel_with_the_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another workspace repeats what a judge dropped here, without asking; a later word of its own changes nothing."""
    data = jsonl(tmp_path / "d.jsonl", rows(12))
    recipe = tmp_path / "r.toml"
    recipe.write_text('[judge]\nmodel = "scripted"\n[rules.low_judge_score]\nlow = 5.0\n')
    monkeypatch.setenv("CURATE_HOME", str(tmp_path / "here"))
    words = ("--no-vectors", "--recipe", recipe)
    assert cli("judge", "run", data, *words, "--count", "8", "--spend", "0").code == 0
    assert cli("run", data, *words, "--out", tmp_path / "out").code == 0
    version = current(tmp_path / "out")
    told = [json.loads(line) for line in (version / "judgements.jsonl").read_text().splitlines()]
    assert len(told) == 8 and all(set(t) == {"judge", "content", "scores", "reason", "cut"} for t in told)
    lineage = json.loads((version / "lineage.json").read_text())
    assert any(m["name"] == "judge" and m["backend"] == "scripted" for m in lineage["measures"])
    assert next(c for c in lineage["checks"] if c["id"] == "H4")["band"] != "not measured"
    assert "low_judge_score" in lineage["funnel"]["reasons"], "the scripted judge calls twelve words a 4"
    monkeypatch.setenv("CURATE_HOME", str(tmp_path / "elsewhere"))
    assert cli("verify", tmp_path / "out", "--again").code == 0
    assert cli("judge", "run", data, *words, "--spend", "0").code == 0
    assert cli("verify", tmp_path / "out", "--again").code == 0, (
        "four more are judged here, and not part of that export"
    )
    assert cli("run", data, *words, "--out", tmp_path / "other").code == 0
    assert len((current(tmp_path / "other") / "judgements.jsonl").read_text().splitlines()) == 12
