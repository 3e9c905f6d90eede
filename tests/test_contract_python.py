"""Contract "Python": the names, their arguments, and that they say what the command line says."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from cli_cases import SAMPLE, cli, jsonl, rows

import curate
from curate.ship import current


def arguments(function: object) -> list[str]:
    return list(inspect.signature(function).parameters)  # type: ignore[arg-type]


def test_names_and_arguments() -> None:
    assert arguments(curate.load)[:2] == ["paths", "frozen"]
    assert {"store", "sample", "progress", "cancel"} <= set(arguments(curate.load))
    assert arguments(curate.measure)[0] == "dataset"
    assert {"recipe", "store", "progress", "cancel"} <= set(arguments(curate.measure))
    assert arguments(curate.decide) == ["evidence", "recipe", "previous"]
    assert arguments(curate.check) == ["dataset", "evidence", "verdicts"]
    assert arguments(curate.export)[:6] == ["dataset", "evidence", "verdicts", "recipe", "checks", "out"]
    assert arguments(curate.verify)[0] == "out"
    assert set(curate.__all__) <= set(dir(curate))
    for name in curate.__all__:
        assert getattr(curate, name) is not None


def test_the_function_wins_over_the_folder_of_its_name() -> None:
    """`curate.load` is both; whichever is imported first, `from curate import load` gives the function."""
    for code in ("from curate import load", "import curate.load.reader; from curate import load",
                 "from curate.load import load as f; import curate; load = curate.load; assert load is f",
                 "import curate.decide.rules, curate.measure.text; from curate import *"):  # fmt: skip
        tail = "; assert callable(load) and load.__name__ == 'load'"
        subprocess.run([sys.executable, "-c", code + tail], check=True, timeout=120)


def test_from_a_file_to_an_export(tmp_path: Path) -> None:
    pool, frozen = SAMPLE / "medical.jsonl", SAMPLE / "evaluation.jsonl"
    dataset = curate.load([pool], frozen=[frozen])
    recipe = curate.preset("default").with_setting("embed", enabled=False)
    evidence = curate.measure(dataset, recipe=recipe)
    verdicts = curate.decide(evidence, recipe)
    checks = curate.check(dataset, evidence, verdicts)
    lineage = curate.export(dataset, evidence, verdicts, recipe, checks, tmp_path / "python")
    assert curate.verify(tmp_path / "python") == ()
    assert b"".join(curate.rebuild(tmp_path / "python", "medical.jsonl")) == pool.read_bytes()
    assert cli("run", pool, "--frozen", frozen, "--out", tmp_path / "cli", "--no-vectors").code == 0
    assert current(tmp_path / "cli").name == lineage.version
    said = cli("audit", pool, "--frozen", frozen, "--no-vectors", "--json", "-").json
    assert [(c["id"], c["band"]) for c in said["checks"]] == [(c.id, c.band) for c in checks]


def test_a_moved_setting_equals_a_fresh_decision(tmp_path: Path) -> None:
    recipe = curate.preset("default").with_setting("embed", enabled=False)
    evidence = curate.measure(curate.load(jsonl(tmp_path / "d.jsonl", rows(30) + rows(9))), recipe=recipe)
    moved = recipe.with_setting("near", text=0.9)
    again = curate.decide(evidence, moved, previous=curate.decide(evidence, recipe))
    fresh = curate.decide(evidence, moved)
    for name in ("action", "reasons", "witness", "topic", "split"):
        assert np.array_equal(getattr(again, name), getattr(fresh, name)), name
    assert again.funnel == fresh.funnel


def test_without_a_model_near_meaning_is_not_measured(tmp_path: Path) -> None:
    recipe = curate.preset("default")
    missing = recipe.with_setting("embed", model=str(tmp_path / "no-model-here"))
    dataset = curate.load(jsonl(tmp_path / "d.jsonl", rows(10) + rows(2)))
    evidence = curate.measure(dataset, recipe=missing)
    assert np.isnan(evidence.pairs.scores["prompt_cosine"]).all()
    checks = curate.check(dataset, evidence, curate.decide(evidence, missing))
    assert next(c for c in checks if c.id == "H3").band == "not measured"
    (tmp_path / "r.toml").write_text(f'[embed]\nmodel = "{tmp_path / "no-model-here"}"\n')
    done = cli("audit", tmp_path / "d.jsonl", "--recipe", tmp_path / "r.toml")
    assert done.code == 2 and "no-model-here" in done.err and "enabled = false" in done.err


def test_errors_are_of_one_family() -> None:
    for name in ("BackendError", "DataError", "FloorError", "RecipeError", "StoreError"):
        assert issubclass(getattr(curate, name), curate.CurateError)
    with pytest.raises(curate.DataError):
        curate.load("/nowhere/at/all.jsonl")
