"""What a judge said, carried in an export: another workspace can repeat the decision without asking (and paying) again.

judgements.jsonl: the rubric's text, then a line a judged content and a line a question about a pair; scores, never a reply's text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from curate.decide import Recipe
from curate.errors import StoreError
from curate.judge import judge_key, rubric_of, with_judge
from curate.judge.pairs import pairs_key
from curate.ship.publish import Stage
from curate.store import Judgement, Judgements, Store, Workspace
from curate.types import Dataset, Evidence

NAME = "judgements.jsonl"
MEASURES = ("judge", "judge_pairs")


def write_judged(stage: Stage, dataset: Dataset, evidence: Evidence, recipe: Recipe, store: Store) -> None:
    """Writes the file where a judge's word is part of the evidence. Errors: StoreError when the ledger has moved on since."""
    if not any(m.name in MEASURES for m in evidence.made):
        return
    if with_judge(evidence, dataset, recipe, store) is not evidence:
        raise StoreError("the judge's ledger has changed since the rows were decided; decide again, then export")
    lines = [json.dumps(line, sort_keys=True, ensure_ascii=False) + "\n" for line in _lines(dataset, recipe, store)]
    stage.write(NAME, "".join(lines), rows=len(lines))


def _lines(dataset: Dataset, recipe: Recipe, store: Store) -> Iterator[dict[str, Any]]:
    ledger, settings = Judgements(Workspace(store)), recipe.judge
    rubric = rubric_of(settings.rubric, ledger)
    if settings.rubric:
        yield {"rubric": rubric.fingerprint, "text": rubric.text}
    here = set(dataset.rows.column("content").to_pylist())
    key = judge_key(settings, rubric)
    for content, found in ledger.known(key).items():
        if content in here:
            yield _line(key, found)
    key = pairs_key(settings)
    for found in ledger.known(key).values():
        pair = found.raw.split(" ")
        if not found.reason and here.issuperset(pair):
            yield _line(key, found) | {"pair": pair}


def _line(key: str, found: Judgement) -> dict[str, Any]:
    return {
        "judge": key,
        "content": found.content,
        "scores": dict(found.scores),
        "reason": found.reason,
        "cut": found.cut,
    }


def carried(version: Path, folder: Path) -> Judgements:
    """A ledger, in `folder`, of nothing but what an export carries; empty for one that carries nothing.

    Errors: StoreError for a file that is no such list.
    """
    ledger = Judgements(Workspace(Store(folder)))
    path = version / NAME
    if not path.exists():
        return ledger
    by_judge: dict[str, list[Judgement]] = {}
    try:
        with path.open(encoding="utf-8") as file:
            for line in map(json.loads, file):
                if "rubric" in line:
                    ledger.keep_text("rubric", line["rubric"], line["text"])
                    continue
                raw = " ".join(line.get("pair", ()))
                made = Judgement(line["content"], line["scores"], line["reason"], raw, line["cut"])
                by_judge.setdefault(line["judge"], []).append(made)
    except (ValueError, KeyError, TypeError):
        raise StoreError(f"{path.name} holds a line that is no judgement; was it changed?") from None
    for judge, found in by_judge.items():
        ledger.take(judge, found)
    return ledger
