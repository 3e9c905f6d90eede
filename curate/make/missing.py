"""What a set lacks: topics with few rows, and S2's hard cases; each with what there is and what is wanted."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from curate.make.seeds import THIN
from curate.types import Action, Dataset, Evidence, Verdicts

# S2 asks for 20 hard negatives, 20 ambiguous ones and a handful of the others; five is our handful.
WANTED = {"hard_negative": 20, "ambiguous": 20, "refusal": 5, "out_of_scope": 5}
# What rows of each kind look like where nobody says so: a full refusal, an answer that asks back, one that does not know.
SIGNS = {"refusal": "refusal_full", "ambiguous": "clarifying", "out_of_scope": "dont_know"}
NEAR = 0.90  # cosine of questions that look alike; a guard says that a detail tells them apart


@dataclass(frozen=True, slots=True)
class Hard:
    """One kind of hard case: rows that look like it, of them written for it, and how many S2 wants."""

    kind: str
    have: int
    written: int
    want: int

    @property
    def missing(self) -> int:
        return max(0, self.want - self.have)


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic with its kept rows. thin: below a third of the median topic."""

    number: int
    kept: int
    thin: bool


def topics(verdicts: Verdicts) -> list[Topic]:
    """Topics by kept rows, the fewest first; [] without topics."""
    topic = verdicts.topic[verdicts.topic >= 0]
    if not topic.shape[0]:
        return []
    present = np.unique(topic)
    kept = np.bincount(
        verdicts.topic[(verdicts.topic >= 0) & (verdicts.action == Action.KEEP)], minlength=present[-1] + 1
    )
    sizes = kept[present]
    middle = float(np.median(sizes))
    order = np.lexsort((present, sizes))
    return [Topic(int(present[k]), int(sizes[k]), bool(sizes[k] * THIN < middle)) for k in order]


def hard_cases(dataset: Dataset, evidence: Evidence, verdicts: Verdicts) -> list[Hard]:
    """S2's four kinds over pool rows that no rule drops (wanted refusals wait for review)."""
    here = (verdicts.action == Action.KEEP) | (verdicts.action == Action.REVIEW)
    said = written_kinds(dataset)
    out = []
    for kind, want in WANTED.items():
        made = here & (said == kind)
        seen = _negatives(evidence) if kind == "hard_negative" else evidence.columns[SIGNS[kind]] > 0
        out.append(Hard(kind, int(np.count_nonzero(here & (made | seen))), int(np.count_nonzero(made)), want))
    return out


def written_kinds(dataset: Dataset) -> np.ndarray:
    """str [n]: the kind that each row was written as, by its provenance; "" for others."""
    import pyarrow.compute as pc

    out = np.full(len(dataset), "", dtype="<U20")
    extra = dataset.rows.column("extra")
    for row in np.flatnonzero(pc.fill_null(pc.match_substring(extra, '"synthetic"'), False).to_numpy()).tolist():
        held = json.loads(extra[row].as_py()).get("synthetic")
        if isinstance(held, dict) and isinstance(held.get("kind"), str):
            out[row] = held["kind"]
    return out


def _negatives(evidence: Evidence) -> np.ndarray:
    """bool [n]: rows with a near question that a detail tells apart (number, name, negation, order, ...)."""
    pairs = evidence.pairs
    near = (pairs.scores["prompt_cosine"] >= np.float32(NEAR)) & ((pairs.guards & np.uint16(0x7F)) != 0)
    out = np.zeros(len(evidence), np.bool_)
    out[pairs.i[near]] = out[pairs.j[near]] = True
    return np.asarray(out[evidence.classes["content"]])
