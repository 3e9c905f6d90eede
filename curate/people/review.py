"""From labels to what follows: queues drawn over a dataset, what labels decide, and edited answers as new rows.

Labels decide nothing by themselves: `decisions` says what they would, a person takes it over as one step that undo takes back.
An edited answer is a new row in a file of its own, with the id of the row it comes from; the file is opened beside the data,
so that the app and the command line export the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from curate.decide.queue import draw
from curate.decide.rules import mask_of
from curate.errors import DataError
from curate.store import Label, OverrideLog, Queue, Reviews
from curate.store.reviews import Pick
from curate.types import Action, Bool, Dataset, Evidence, Verdicts

FROM = "edited_from"  # the column that names the row an edited one comes from
REPLACED = "replaced by edited rows"
TOOLS = ("tools", "functions", "available_tools", "parallel_tool_calls")


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a queue is to be drawn: name, way, rows (0 with specialist: a tenth), seed, share labelled by two, rubric."""

    name: str
    how: str
    count: int
    seed: int
    twice: float
    rubric: str


def begin(
    desk: Reviews, dataset: Dataset, evidence: Evidence, verdicts: Verdicts, wanted: Wanted, who: str, hidden: Bool | None = None
) -> Queue:  # fmt: skip
    """Draws and keeps a queue. Errors: RecipeError, StoreError (the name is taken); DataError when there is no such row."""
    drawn = draw(evidence, verdicts, wanted.how, wanted.count, wanted.seed, wanted.twice, hidden)
    if not drawn.rows.shape[0]:
        raise DataError(
            f"no row to review in a {wanted.how} queue of {wanted.count}; choose another way, or loosen the rules"
        )
    ids = evidence.ids[drawn.rows].tolist()
    picks = [
        Pick(i.decode(), twice, weight)
        for i, twice, weight in zip(ids, drawn.twice.tolist(), drawn.weight.tolist(), strict=True)
    ]
    return desk.start(wanted.name, dataset.fingerprint, wanted.how, drawn.base, wanted.seed, wanted.rubric, who, picks)


def places(evidence: Evidence) -> dict[str, int]:
    """Row number by id; made once per dataset and kept by the caller."""
    return {i.decode(): n for n, i in enumerate(evidence.ids.tolist())}


def one_each(labels: Sequence[Label]) -> dict[str, Label]:
    """The label that counts for each row: what was settled, else the one on which all agree; rows that differ have none."""
    by: dict[str, list[Label]] = {}
    for label in labels:
        by.setdefault(label.id, []).append(label)
    out: dict[str, Label] = {}
    for row, held in by.items():
        settled = [x for x in held if x.settled]
        if settled:
            out[row] = settled[-1]
        elif len({x.said.value for x in held}) == 1:
            edited = [x for x in held if x.said.edited is not None]
            out[row] = (edited or held)[-1]
    return out


def decisions(labels: Sequence[Label], verdicts: Verdicts, at: Mapping[str, int], decided: set[str]) -> dict[str, str]:
    """{row id: keep, drop or review} that the labels would set, for rows of this dataset that nobody decided yet.

    bad: drop. fix: review, so that it is held until it is mended. good: keep, where a row rule alone removes or holds the row;
    a copy stays a copy however good it is.
    """
    rules = mask_of(verdicts.recipe.rules, "drop") | mask_of(verdicts.recipe.rules, "review")
    named = np.zeros_like(rules)
    for place in range(len(verdicts.recipe.rules)):
        named[place >> 6] |= np.uint64(1 << (place & 63))
    out: dict[str, str] = {}
    for row, label in one_each(labels).items():
        n = at.get(row)
        if n is None or row in decided or verdicts.action[n] == Action.FROZEN:
            continue
        if label.said.value == "good":
            held = verdicts.action[n] != Action.KEEP and not (verdicts.reasons[n] & ~named).any()
            if held and (verdicts.reasons[n] & rules).any():
                out[row] = "keep"
        elif not (label.said.value == "bad" and verdicts.action[n] == Action.DROP):
            out[row] = "drop" if label.said.value == "bad" else "review"
    return out


def edits(labels: Sequence[Label]) -> dict[str, Label]:
    """The edited answer of each row that has one and counts, by row id in order."""
    found = one_each(labels)
    return {i: found[i] for i in sorted(found) if found[i].said.edited is not None and found[i].said.value == "fix"}


def edited_lines(dataset: Dataset, found: Mapping[str, Label], at: Mapping[str, int]) -> Iterator[str]:
    """JSON lines of the edited rows: the conversation with its last answer as edited, the row's own columns, where it comes
    from and by which rubric. No clock and no name, so that equal edits are equal bytes. Rows of other data are left out."""
    for row, label in found.items():
        n = at.get(row)
        if n is None:
            continue
        talk = json.loads(dataset.text("messages", n) or "[]")
        last = next((m for m in reversed(talk) if m.get("role") == "assistant"), None)
        if last is None:
            talk.append({"role": "assistant", "content": label.said.edited})
        else:
            last["content"] = label.said.edited
        own = json.loads(dataset.text("extra", n) or "{}")
        made = own | _tools(dataset, n) | {"messages": talk, FROM: row, "edited_by_rubric": label.rubric}
        yield json.dumps(made, ensure_ascii=False, sort_keys=True) + "\n"


def _tools(dataset: Dataset, row: int) -> dict[str, object]:
    """The tools that the original row declares, which its messages call by name."""
    raw = dataset.rows.column("raw")[row].as_py() or dataset.text("record", row)
    try:
        held = json.loads(raw) if raw else {}
    except ValueError:  # a line of CSV
        return {}
    return {k: held[k] for k in TOOLS if k in held} if isinstance(held, dict) else {}


def replace_edited(log: OverrideLog, ids: Sequence[str]) -> int:
    """Drops the rows that edited ones stand for, as one step; returns how many that changed."""
    return log.set_each(dict.fromkeys(ids, "drop"), REPLACED)
