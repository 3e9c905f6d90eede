"""Exports of the sample data in every format: `datasets` loads them, destinations accept them, the proof holds."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from cli_cases import SAMPLE, jsonl

from curate.decide import Recipe, check, decide, preset
from curate.decide.leaks import leaks_of
from curate.errors import StoreError
from curate.load import convert, load
from curate.measure import measure
from curate.overrides import Overrides
from curate.profiles import destinations, fit_row, simulate
from curate.ship import FORMATS, current, export, verify
from curate.ship.formats import TABLE
from curate.ship.outcome import outcomes
from curate.ship.proof import prove
from curate.ship.sheets import COLUMNS, guarded, unguarded
from curate.types import Dataset, Evidence, Verdicts

READ_BY = {f.name: f.read_by for f in TABLE}
SPLITS = ("train", "validation", "test")
Made = tuple[Dataset, Evidence, Recipe, Verdicts]


@pytest.fixture(scope="module")
def made() -> Made:
    data = load([SAMPLE / "helpdesk.jsonl", SAMPLE / "medical.jsonl"], [SAMPLE / "evaluation.jsonl"])
    recipe = preset("default").with_setting("embed", enabled=False).with_setting("split", folds=5)
    evidence = measure(data, recipe=recipe)
    return data, evidence, recipe, decide(evidence, recipe)


def write(made: Made, out: Path, **options: Any) -> Path:
    data, evidence, recipe, verdicts = made
    export(data, evidence, verdicts, recipe, check(data, evidence, verdicts), out, **options)
    return current(out)


@pytest.fixture(scope="module")
def version(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(made, tmp_path_factory.mktemp("formats") / "out", format=",".join(FORMATS))


def test_every_format_loads_in_datasets_with_all_its_rows(
    version: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    sizes = {split: len((version / f"{split}.jsonl").read_bytes().splitlines()) for split in SPLITS}
    for name in FORMATS:
        folder = version if name == "as-read" else version / "formats" / name
        kind = name if name in ("parquet", "csv") else "json"
        files = {s: [str(p) for p in sorted(folder.glob(f"{s}*.{kind}*"))] for s in SPLITS}
        if name == "dpo":  # the sample has no rejected answers: every row is named as left out
            assert not any(files.values()) and len((folder / "left_out.jsonl").read_bytes().splitlines()) == sum(
                sizes.values()
            )
            continue
        where = {"path": str(folder)} if name == "hf" else {"path": kind, "data_files": files}
        found = datasets.load_dataset(**where, cache_dir=str(tmp_path / name))
        assert {split: len(rows) for split, rows in found.items()} == sizes, name


def test_a_sheet_in_datasets_holds_every_text_as_it_was(version: Path, made: Made, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    files = {s: str(version / "formats" / "csv" / f"{s}.csv") for s in SPLITS}
    found = datasets.load_dataset("csv", data_files=files, keep_default_na=False, cache_dir=str(tmp_path))
    data = made[0]
    place = {name: k for k, name in enumerate(data.rows.column("id").to_pylist())}
    for row in (row for rows in found.values() for row in rows):
        told = {name: data.text(name, place[row["id"]]) or "" for name in ("system", "prompt", "response", "messages")}
        assert {name: unguarded(row[name] or "") for name in told} == told


def test_every_format_passes_its_destinations_rules(version: Path) -> None:
    for name, readers in READ_BY.items():
        path = version / "formats" / name / "train.jsonl"
        if path.exists():
            again = load([path])
            for outcome in (fit_row(simulate(again, d)) for d in destinations(readers)):
                assert not outcome.refused and outcome.lost == 0, (name, outcome.destination.name, outcome.files)


def test_converting_back_gives_the_rows_where_nothing_is_lost(made: Made, version: Path) -> None:
    data, verdicts = made[0], made[3]
    rows = np.flatnonzero(verdicts.split == 0).tolist()
    for name, shape in (("openai", "messages"), ("sharegpt", "sharegpt"), ("alpaca", "alpaca"), ("gemini", "gemini")):
        again = load([version / "formats" / name / "train.jsonl"])
        sure = {
            data.text("messages", r)
            for r in rows
            if not convert(data.text("messages", r), "{}", shape, lossy=True).lost
        }
        assert sure <= set(again.rows.column("messages").to_pylist()) and sure


def test_the_contract_holds_with_formats_and_a_changed_byte_is_named(version: Path, tmp_path: Path) -> None:
    assert verify(version.parent.parent) == ()
    copy = tmp_path / version.name
    shutil.copytree(version, copy)
    for name in ("formats/hf/data/train.parquet", "formats/openai/train.jsonl", "proof.json"):
        path = copy / name
        path.chmod(0o644)
        raw = bytearray(path.read_bytes())
        raw[len(raw) // 2] ^= 1
        path.write_bytes(raw)
        assert name in {m.path for m in verify(copy)}


def test_configurations_name_the_files(version: Path) -> None:
    folder = version / "formats" / "sharegpt"
    info = json.loads((folder / "dataset_info.json").read_text())
    assert info["curate_train"]["file_name"] == "train.jsonl" and info["curate_validation"]["formatting"] == "sharegpt"
    assert "path: train.jsonl" in (folder / "axolotl.yml").read_text()
    assert '["train.jsonl"]' in (version / "formats" / "trl" / "trl.yml").read_text()


def test_the_card_states_splits_and_what_was_removed(version: Path) -> None:
    card = (version / "formats" / "hf" / "README.md").read_text()
    assert card.startswith("---\nsize_categories:\n- n<1K\n") and "path: data/validation*.parquet" in card
    assert "| contaminated |" in card and "MiniLM reads English" in card


def test_shards_hold_all_rows_in_order(made: Made, version: Path, tmp_path: Path) -> None:
    sharded = write(made, tmp_path / "out", format="openai,parquet", shard=100)
    names = sorted((sharded / "formats" / "openai").glob("train-*.jsonl"))
    assert names[0].name == f"train-00000-of-{len(names):05d}.jsonl" and len(names) > 1
    assert b"".join(p.read_bytes() for p in names) == (version / "formats/openai/train.jsonl").read_bytes()
    info = json.loads((sharded / "formats/openai/dataset_info.json").read_text())
    assert {e["file_name"] for k, e in info.items() if "train" in k} == {p.name for p in names}
    assert sum(pq.read_metadata(p).num_rows for p in (sharded / "formats/parquet").glob("train-*")) == int(
        (made[3].split == 0).sum()
    )


def test_folds_cover_train_and_validation(made: Made, version: Path) -> None:
    fold = pq.read_table(version / "folds.parquet")
    assert fold.num_rows == int((made[3].split >= 0).sum()) - int((made[3].split == 2).sum())
    assert set(fold["fold"].to_pylist()) == set(range(5))


def test_the_same_call_gives_the_same_bytes(made: Made, version: Path, tmp_path: Path) -> None:
    assert write(made, tmp_path / "again", format=",".join(FORMATS)).name == version.name


def test_the_proof_holds_and_is_read_from_the_files(made: Made, version: Path, tmp_path: Path) -> None:
    data, evidence, recipe, verdicts = made
    told = json.loads((version / "proof.json").read_text())
    assert told["holds"] and {"same question", "near text", "group", "evaluation bytes"} <= {
        x["check"] for x in told["lines"]
    }
    copy = tmp_path / "v"
    shutil.copytree(version, copy)
    for path in copy.rglob("*.jsonl"):
        path.chmod(0o644)
    train = (copy / "train.jsonl").read_bytes().splitlines(keepends=True)
    (copy / "train.jsonl").write_bytes(b"".join(train[1:]))
    (copy / "frozen" / "evaluation.jsonl").write_bytes(b"{}\n")
    found = {x.check: x.found for x in prove(copy, data, evidence, verdicts, recipe).lines}
    assert found["bytes"] > 0 and found["evaluation bytes"] == 1


def test_a_contaminated_row_that_a_person_keeps_fails_the_proof(made: Made, tmp_path: Path) -> None:
    data, evidence, recipe, _ = made
    row = int(np.flatnonzero(leaks_of(evidence, recipe).hit)[0])
    kept = replace(recipe, overrides=Overrides.of({evidence.ids[row].decode(): ("keep", "")}, []))
    verdicts = decide(evidence, kept)
    lineage = export(data, evidence, verdicts, kept, (), tmp_path / "out")
    assert lineage.proof is not None and not lineage.proof.holds
    assert any(x.found for x in lineage.proof.lines if x.check.startswith("evaluation"))


def test_preference_rows_keep_both_answers(tmp_path: Path) -> None:
    rows = [{"prompt": f"Which is {n}?", "chosen": f"It is {n} of course.", "rejected": "No idea."} for n in range(30)]
    data = load([jsonl(tmp_path / "p.jsonl", list(rows))])
    recipe = preset("default").with_setting("embed", enabled=False).with_setting("near", text_enabled=False)
    evidence = measure(data, recipe=recipe)
    out = write((data, evidence, recipe, decide(evidence, recipe)), tmp_path / "out", format="dpo")
    found = [json.loads(x) for x in (out / "formats/dpo/train.jsonl").read_bytes().splitlines()]
    assert found and found[0]["rejected"] == [{"role": "assistant", "content": "No idea."}]


def test_no_cell_of_a_sheet_is_a_formula_and_every_text_comes_back(tmp_path: Path) -> None:
    asked = [
        "=1+1",
        "+49 30 1",
        "-2",
        "@SUM(A1)",
        "\t=1",
        "  =cmd|' /C calc'!A0",
        "'quoted'",
        "＝1",
        "plain\n=not at the start",
    ]
    rows = [
        {"prompt": text, "completion": f"Answer number {n} is said at length here."} for n, text in enumerate(asked)
    ]
    data = load([jsonl(tmp_path / "p.jsonl", list(rows))])
    recipe = preset("default").with_setting("embed", enabled=False).with_setting("split", validation=0.0, test=0.0)
    evidence = measure(data, recipe=recipe)
    verdicts = decide(evidence, replace(recipe, rules=()))
    out = tmp_path / "out"
    export(data, evidence, verdicts, recipe, (), out, format="csv")
    with (current(out) / "formats/csv/train.csv").open(newline="", encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    assert list(found[0]) == list(COLUMNS) and len(found) == int((verdicts.split == 0).sum()) > 5
    cells = [cell for row in found for cell in row.values()]
    assert not any(cell.lstrip().startswith(("=", "+", "-", "@", "＝")) for cell in cells)
    kept = np.flatnonzero(verdicts.split == 0).tolist()
    assert [unguarded(r["prompt"]) for r in found] == [data.text("prompt", r) for r in kept]
    assert all(unguarded(guarded(text)) == text for text in asked)


def test_destinations_are_asked_about_each_shape(made: Made) -> None:
    told = outcomes(made[0], made[3], "as-read,openai,gemini,csv")
    assert {o.format for o in told} == {"as-read", "openai", "gemini"}
    train = int((made[3].split == 0).sum())
    assert all(o.rows == train for o in told)
    vertex = {o.format: o for o in told if o.fit.destination.name == "vertex"}
    assert vertex["gemini"].fit.lost == 0 and not vertex["gemini"].fit.refused and vertex["as-read"].fit.lost > 0
    few = outcomes(made[0], made[3], most=50)
    assert {o.rows for o in few} == {50}


def test_an_unknown_format_is_refused_before_anything_is_written(made: Made, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="'chatml'; allowed: as-read, openai"):
        write(made, tmp_path / "out", format="openai,chatml")
    assert not (tmp_path / "out").exists()
