"""The proof of an export: read back from the written files, what crosses a boundary between its parts; it must be nothing.

Which row stands in which part is taken from the split files' bytes, line by line, not from the verdicts that wrote them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curate.decide import Recipe
from curate.decide.leaks import CLASSES, found_of
from curate.decide.near import leak_edges, rows_of
from curate.decide.splits import declared_groups
from curate.ship.lines import exported_lines
from curate.ship.tables import labels
from curate.store import files
from curate.types import Action, Dataset, Evidence, Verdicts

NAME = "proof.json"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked for: between which parts, how many were found (0 is the proof), and what that means."""

    check: str
    between: str
    found: int
    help: str


@dataclass(frozen=True, slots=True)
class Proof:
    """All lines; holds when every count is 0."""

    lines: tuple[Line, ...]

    @property
    def holds(self) -> bool:
        return not any(line.found for line in self.lines)

    @classmethod
    def from_json(cls, text: str) -> Proof:
        """The proof of a `proof.json`."""
        return cls(tuple(Line(**line) for line in json.loads(text)["lines"]))

    def to_json(self) -> str:
        data = {"schema": 1, "holds": self.holds, "lines": [asdict(line) for line in self.lines]}
        return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def prove(folder: Path, dataset: Dataset, evidence: Evidence, verdicts: Verdicts, recipe: Recipe) -> Proof:
    """The proof of a version folder whose split and frozen files are written. Errors: OSError for a file that is gone."""
    part, wrong = _parts(folder, dataset, verdicts)
    lines = [
        Line("bytes", "split files", wrong, "Lines of the split files that are not the row that should stand there.")
    ]
    lines += _between_splits(evidence, verdicts, recipe, part)
    lines += _with_items(evidence, recipe, part)
    lines.append(
        Line(
            "evaluation bytes",
            "frozen files",
            _changed(folder, dataset),
            "Evaluation files whose bytes differ from the input's.",
        )
    )
    return Proof(tuple(lines))


def prove_decided(evidence: Evidence, verdicts: Verdicts) -> Proof:
    """The same of a decision that is not written yet: no line about bytes."""
    part = np.where(verdicts.action == Action.KEEP, verdicts.split, -1).astype(np.int8)
    recipe = verdicts.recipe
    return Proof((*_between_splits(evidence, verdicts, recipe, part), *_with_items(evidence, recipe, part)))


def _parts(folder: Path, dataset: Dataset, verdicts: Verdicts) -> tuple[NDArray[np.int8], int]:
    """(split of each row as the files have it, lines that are not what they should be)."""
    part, wrong = np.full(len(dataset), -1, np.int8), 0
    readers = [_file_lines(folder / f"{name}.jsonl") for name in verdicts.splits]
    for start, block in exported_lines(dataset):
        split = np.asarray(verdicts.split[start : start + len(block)])
        kept = np.flatnonzero((split >= 0) & (verdicts.action[start : start + len(block)] == Action.KEEP))
        for at, line in zip(kept.tolist(), block.take(pa.array(kept)).to_pylist(), strict=True):
            if next(readers[split[at]], None) == line:
                part[start + at] = split[at]
            else:
                wrong += 1
    return part, wrong + sum(1 for reader in readers for _ in reader)


def _file_lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        for line in file:
            yield line.removesuffix(b"\n")


def _between_splits(evidence: Evidence, verdicts: Verdicts, recipe: Recipe, part: NDArray[np.int8]) -> Iterator[Line]:
    """Pairs of one question, groups and times that stand in two parts."""
    edges = leak_edges(evidence, recipe)
    a, b = evidence.pairs.i[edges.at], evidence.pairs.j[edges.at]
    content = evidence.classes["content"]
    holds = np.stack(
        [np.bincount(content[part == k], minlength=len(evidence)) > 0 for k in range(len(verdicts.splits))]
    )
    tied = declared_groups(evidence, recipe.split.group)
    for one, two in combinations(range(len(verdicts.splits)), 2):
        between = f"{verdicts.splits[one]} and {verdicts.splits[two]}"
        crosses = (holds[one][a] & holds[two][b]) | (holds[two][a] & holds[one][b])
        yield Line(
            "same question",
            between,
            _shared(evidence.classes["question"], part, one, two),
            "Equal system and user turns.",
        )
        yield Line(
            "near text", between, int((crosses & edges.text).sum()), f"Prompts at Jaccard {recipe.leak.text} or more."
        )
        yield Line(
            "near meaning",
            between,
            int((crosses & edges.meaning).sum()),
            f"Prompts at cosine {recipe.leak.meaning} or more.",
        )
        yield Line("group", between, _shared(tied, part, one, two), "Conversations, documents or users on both sides.")
        if recipe.split.by == "time":
            time = evidence.ties["time"]
            late = time[part == one].max(initial=-1)
            early = time[part == two]
            yield Line(
                "time",
                between,
                int((early <= late).sum()) if (part == one).any() else 0,
                "Later part's rows not after the earlier's last.",
            )


def _shared(label: NDArray[np.int32], part: NDArray[np.int8], one: int, two: int) -> int:
    both = np.intersect1d(label[part == one], label[part == two])
    return int((both >= 0).sum())


def _with_items(evidence: Evidence, recipe: Recipe, part: NDArray[np.int8]) -> Iterator[Line]:
    """Kept rows that repeat an evaluation item, by class. A person's keep counts: the proof says that it is there."""
    if not evidence.frozen.any() or not recipe.leak.enabled:
        return
    kept = np.bincount(evidence.classes["content"][part >= 0], minlength=len(evidence)) > 0
    prompt = evidence.classes["prompt"]
    ruled = {(a, b) for a, b, said in recipe.overrides.pairs if said == "not_duplicate"}
    free = rows_of(evidence, [name for pair in ruled for name in pair]) if ruled else np.zeros(0, np.int64)
    asked = np.isin(prompt, prompt[evidence.frozen]) & (part >= 0)
    asked[free[free >= 0]] = False
    found = found_of(evidence, recipe)
    for place, kind in enumerate(CLASSES):
        hit = (
            int(asked.sum())
            if place == 0
            else int((kept[found.row] & (found.kind == place) & ~evidence.frozen[found.row]).sum())
        )
        yield Line(f"evaluation: {kind.title.lower()}", "splits and evaluation", hit, kind.help)


def _changed(folder: Path, dataset: Dataset) -> int:
    """Evaluation files that are not the input's bytes."""
    wrong = 0
    for source, label in zip(dataset.sources, labels(dataset), strict=True):
        if source.role == "frozen":
            path = folder / "frozen" / label
            wrong += not path.is_file() or files.digest(path, hashlib.sha256().name) != source.sha256
    return wrong
