"""The default recipe finds in the sample data what truth.json says, and nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from curate.decide import decide, preset
from curate.load import load
from curate.measure.run import measure
from curate.types import Action, Dataset, Verdicts

FOLDER = Path(__file__).parent.parent / "sample_data"
TRUTH: dict[str, Any] = json.loads((FOLDER / "truth.json").read_text("utf-8"))
NOW = [r for r in TRUTH["rows"] if r["found_by"] == "this issue" and r["expected"] != "malformed"]
HELD = (Action.DROP, Action.REVIEW)


def judged(vectors: bool) -> tuple[Dataset, Verdicts, dict[str, int]]:
    data = load([FOLDER / "helpdesk.jsonl", FOLDER / "medical.jsonl"], frozen=[FOLDER / "evaluation.jsonl"])
    recipe = preset("default")
    recipe = replace(recipe, embed=replace(recipe.embed, enabled=vectors))
    return data, decide(measure(data, recipe=recipe), recipe), {i.decode(): n for n, i in enumerate(data.ids)}


def compare(vectors: bool) -> None:
    """Found equals expected, by row where that is certain and by group where the keeper rule chooses."""
    _data, verdicts, at = judged(vectors)
    meant = {r["id"] for r in NOW if r["code"] == "near_meaning"}
    groups = [g for g in TRUTH["expected_groups"] if vectors or not meant & set(g)]
    held = {i for i, n in at.items() if verdicts.action[n] in HELD}
    for row in NOW:
        why = set(verdicts.why(at[row["id"]]))
        named = {row["code"], *row["also"]} - {None}
        if not row["either"] and row["code"]:
            assert why & named, f"{row['file']}:{row['line']} {row['code']}: {sorted(why)}"
        if not row["either"] and not row["code"]:
            assert not why - named, f"{row['file']}:{row['line']} should stay: {sorted(why)}"
    for group in groups:
        assert len(set(group) & held) == len(group) - 1, group
    assert set(TRUTH["expected_drops"]) <= held
    known = {i for r in TRUTH["rows"] for i in (r["id"], r["witness"])}
    assert held <= known, "a row without a planted defect was held"


def test_found_is_what_was_planted_without_vectors() -> None:
    compare(vectors=False)


@pytest.mark.slow
def test_found_is_what_was_planted() -> None:
    compare(vectors=True)
