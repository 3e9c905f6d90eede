"""An order of rows: seeds, requests and price before anything is sent; and what becomes of the rows once they are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curate.decide import Recipe
from curate.decide.recipe import Judge
from curate.errors import CurateError
from curate.judge.plan import DatasetRows, Plan, contents_of, priced
from curate.judge.prices import Prices
from curate.judge.prompt import Row
from curate.judge.rubric import shipped
from curate.load import ColumnMap
from curate.make.candidates import collapse, lines, risks, written
from curate.make.seeds import seeds
from curate.make.sieve import Sieved, originals, queue_up, sieve
from curate.make.teacher import A_REQUEST, ROW_TOKENS, TeacherWork, names_of
from curate.store import Judgements, Store, Workspace
from curate.store.files import write_text
from curate.types import Action, Bool, Cancel, Dataset, Evidence, Progress, Verdicts

OVER = 2  # S3: twice as many as wanted, since rules and duplicates take their part
WANT, EACH = 500, 10  # S3: 50 seeds with 10 variations each
TARGET = (500, 2_000)  # S3's final size
COPIES = ("exact_copy", "near_text", "near_meaning", "contaminated")
ANSWERS = 2_000  # of the pool that written answers are held against


class SeedRows:
    """Reads the seed that a request shows, under the request's name."""

    def __init__(self, names: Mapping[str, str], read: DatasetRows) -> None:
        self._names, self._read = names, read

    def __call__(self, name: str) -> Row:
        return replace(self._read(self._names[name]), content=name)


@dataclass(frozen=True)
class Order:
    """What was ordered. plan: of the requests that are still to be answered; names: request -> seed's content, of all;
    ids: seed's content -> row id."""

    plan: Plan
    names: Mapping[str, str]
    ids: Mapping[str, str]
    want: int
    recipe: Recipe

    @property
    def work(self) -> TeacherWork:
        assert isinstance(self.plan.work, TeacherWork)  # order() makes no other
        return self.plan.work


@dataclass(frozen=True, slots=True)
class Queued:
    """A written row that a person is to read: its id, and what it says."""

    id: str
    prompt: str
    answer: str


@dataclass(frozen=True)
class Made:
    """What became of an order. alike: in what the answers grew alike; risky: fields in which facts need a check, with rows;
    copies: rows that went as a copy of another or of an evaluation row; shape: mean of S3's score over those that stay."""

    file: Path
    want: int
    written: int
    passed: int
    kept: int
    reasons: Mapping[str, int]
    alike: Sequence[str]
    risky: Mapping[str, int]
    copies: int
    shape: float
    queue: tuple[Queued, ...]
    queued: int

    @property
    def dedup_rate(self) -> float:
        """S3's: the share of what was written that repeats another row."""
        return self.copies / max(self.written, 1)

    @property
    def enough(self) -> bool:
        return self.want <= self.kept


def order(
    dataset: Dataset, evidence: Evidence, verdicts: Verdicts, settings: Judge, store: Store, prices: Prices, *,
    want: int = WANT, each: int = EACH, kind: str = "more", rule: str = "", rows: NDArray[np.int64] | None = None,
    hidden: Bool | None = None,
) -> Order:  # fmt: skip
    """The order; sends nothing. rows: seeds that a person chose, else those of thin topics first, without `hidden` ones.

    Errors: RecipeError for an unknown model or kind, CurateError without a seed.
    """
    prices.model(settings.model)
    settings, ledger = replace(settings, max_rows=0), Judgements(Workspace(store))
    rows = seeds(evidence, verdicts, -(-OVER * want // each), hidden) if rows is None else rows
    if not rows.shape[0]:
        raise CurateError("no row is kept, so there is no seed; loosen the rules or name seeds with --seed")
    contents = contents_of(dataset, rows.tolist())
    names = names_of(contents, kind, max(each, -(-OVER * want // len(contents))))
    read = SeedRows(names, DatasetRows(dataset, rows.tolist(), contents, settings.max_chars))
    work = TeacherWork(shipped(), settings, prices, tuple(names), read, kind=kind, rule=rule)
    known = ledger.known(work.key)
    left = tuple(n for n in names if n not in known)
    plan = priced(replace(work, contents=left), ledger, dataset.fingerprint, reply=float(A_REQUEST * ROW_TOKENS))
    ids = {c: evidence.ids[r].decode() for c, r in zip(contents, rows.tolist(), strict=True)}
    return Order(plan, names, ids, want, verdicts.recipe)


def finish(
    ordered: Order, pool: Sequence[Path], frozen: Sequence[Path], out: Path, store: Store, progress: Progress | None = None,
    cancel: Cancel | None = None, *, mapping: Mapping[str, ColumnMap] | None = None,
) -> Made:  # fmt: skip
    """The written rows through the rules beside the pool: `out` holds those that stay, NAME.rejected.jsonl the others; one in
    ten is sent to review. Errors: CurateError when no row can be read; as load, measure and decide."""
    rows = written(ordered.work, Judgements(Workspace(store)), ordered.names)
    if not rows:
        raise CurateError(
            "the teacher wrote no row that could be read; run again, or look at the outcomes in the ledger"
        )
    every = out.with_name(f"{out.stem}.written.jsonl")
    write_text(every, "".join(lines(ordered.work, rows, ordered.ids)))
    found = sieve(pool, every, frozen, ordered.recipe, store, ordered.want, progress, cancel, mapping=mapping)
    write_text(out, originals(found, found.kept).decode())
    rest = found.rows[~np.isin(found.rows, found.kept)]
    write_text(out.with_name(f"{out.stem}.rejected.jsonl"), originals(found, rest).decode())
    answers = [r.answer for r in rows]
    copied = np.logical_or.reduce([found.verdicts.carries(c, rows=found.rows) for c in COPIES])
    return Made(
        file=out,
        want=ordered.want,
        written=len(rows),
        passed=int(np.count_nonzero(found.verdicts.action[found.rows] == Action.KEEP)),
        kept=int(found.kept.shape[0]),
        reasons=found.reasons,
        alike=tuple(collapse(answers, _pool_answers(found))),
        risky=risks([f"{r.prompt} {r.answer}" for r in rows]),
        copies=int(np.count_nonzero(copied)),
        shape=float(np.nanmean(found.evidence.columns["shape_s3"][found.kept]))
        if found.kept.shape[0]
        else float("nan"),
        queue=tuple(_queued(found, r) for r in found.queue.tolist()),
        queued=queue_up(found, store),
    )


def _queued(found: Sieved, row: int) -> Queued:
    return Queued(
        found.evidence.ids[row].decode(), found.dataset.text("prompt", row), found.dataset.text("response", row)
    )


def _pool_answers(found: Sieved) -> list[str]:
    others = np.flatnonzero(~np.isin(np.arange(len(found.dataset)), found.rows))[:ANSWERS]
    return [found.dataset.text("response", r) for r in others.tolist()]
