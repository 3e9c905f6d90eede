"""The harness: results round-trip, sets answer or say why not, nothing is left behind."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from benchmarks import fit, quality, run
from benchmarks.schema import Result, machine, read, versions, write
from benchmarks.tables import Prepared


def test_a_result_survives_the_disk(tmp_path: Path) -> None:
    result = Result("load", "1k", 1000, 0.5, 90.0, quality={"malformed": 0.0}, machine=machine(), versions=versions())
    write(result, tmp_path)
    assert read(tmp_path) == [result]


def test_another_schema_is_refused() -> None:
    with pytest.raises(ValueError, match="schema 9"):
        Result.from_json('{"schema": 9}')


def test_the_ratio_is_of_one_run() -> None:
    prepared = Prepared(1, lambda: {"x": 1.0}, "peer", lambda: sum(range(200_000)))
    seconds, figures, peer = run.against_peer(prepared, 1)
    assert figures == {"x": 1.0} and peer["name"] == "peer" and peer["ratio"] > 0 and seconds >= 0


def test_committed_results_can_be_read() -> None:
    assert all(result.name for result in read())


def _gold(folder: Path) -> Path:
    """A refusal set of two rows, labels and all."""
    part = folder / "refusal_gold"
    part.mkdir()
    rows = [
        {"id": "a", "label": "refusal", "messages": [{"role": "user", "content": "Hi?"},
         {"role": "assistant", "content": "I'm sorry, but I can't assist with that request."}]},
        {"id": "b", "label": "full", "messages": [{"role": "user", "content": "Where?"},
         {"role": "assistant", "content": "By the gate, on the left."}]},
    ]  # fmt: skip
    with gzip.open(part / "rows.jsonl.gz", "wt", encoding="utf-8") as f:
        f.writelines(json.dumps(row) + "\n" for row in rows)
    return folder


def test_a_set_is_answered_for_every_id(tmp_path: Path) -> None:
    target = tmp_path / "pred.jsonl"
    assert quality.main(["refusal", str(_gold(tmp_path)), str(target)]) == 0
    lines = [json.loads(line) for line in target.read_text("utf-8").splitlines()]
    assert {line["id"]: line["flag"] for line in lines} == {"a": True, "b": False}


def test_labels_are_not_even_read(tmp_path: Path) -> None:
    rows = quality.pick(_gold(tmp_path) / "refusal_gold/rows.jsonl.gz", "id", "messages")
    assert all(set(row) == {"id", "messages"} for row in rows)


def test_an_unanswered_set_says_why_and_leaves_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "pred.jsonl"
    assert quality.main(["quality_pairs", str(tmp_path), str(target)]) == 3
    assert "not answered" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_unknown_words_are_usage_errors(tmp_path: Path) -> None:
    assert quality.main(["nothing", str(tmp_path), "x"]) == 2
    assert fit.main(["nothing", str(tmp_path)]) == 2
    assert fit.main(["contradiction", str(tmp_path)]) == 2  # a folder without the set
