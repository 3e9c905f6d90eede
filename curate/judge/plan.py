"""A plan: rows, questions and price of a run before anything is sent; and the run, once its price was confirmed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from curate.decide.recipe import Judge
from curate.errors import RecipeError
from curate.judge.batch import run_batches
from curate.judge.canaries import canary_work
from curate.judge.choose import choose
from curate.judge.estimate import REPLY, Estimate, characters, estimate
from curate.judge.live import run_live
from curate.judge.prices import Prices
from curate.judge.prompt import Row, row_of
from curate.judge.rubric import rubric_of
from curate.judge.wire import AnthropicMessenger, Messenger
from curate.judge.work import Done, Pace, Work
from curate.store import Judgements, RunRecord, Store, Workspace
from curate.types import Bool, Cancel, Dataset, Evidence, Progress, Verdicts

LOOKED_AT = 5_000  # rows whose length is read for an estimate; they come in random order
COUNTED = 30  # rows that the service counts, when a person lets it


class DatasetRows:
    """Reads a row of a dataset by its content, as a judge sees it."""

    def __init__(self, dataset: Dataset, rows: Sequence[int], contents: Sequence[str], max_chars: int) -> None:
        self._dataset, self._max_chars = dataset, max_chars
        self._at: Mapping[str, int] = dict(zip(contents, rows, strict=True))

    def __call__(self, content: str) -> Row:
        row = self._at[content]
        return row_of(content, self._dataset.text("system", row), self._dataset.text("messages", row), self._max_chars)


@dataclass(frozen=True)
class Plan:
    """Rows to ask about and what that would cost. cut: rows that the character limit cuts, of all of them (scaled up).

    most: what all of it can cost at the very most, each byte a token: a cap of that lets a batch go out in one piece.
    """

    work: Work
    estimate: Estimate
    cut: int
    most: float
    dataset: str

    def __len__(self) -> int:
        return len(self.work.contents)


def make_plan(
    dataset: Dataset, evidence: Evidence, verdicts: Verdicts, settings: Judge, store: Store, prices: Prices, *,
    which: str = "survivors", count: int = 0, batch: bool = False, pace: Pace | None = None, hidden: Bool | None = None,
) -> Plan:  # fmt: skip
    """The plan for a dataset, without `hidden` rows; sends nothing. Errors: RecipeError for an unknown model or rubric, or nothing to choose by."""
    prices.model(settings.model)
    ledger = Judgements(Workspace(store))
    rows = choose(evidence, verdicts, which, count or settings.max_rows, hidden).tolist()
    contents = contents_of(dataset, rows)
    read = DatasetRows(dataset, rows, contents, settings.max_chars)
    work = Work(rubric_of(settings.rubric, ledger), settings, prices, contents, read, batch, pace or Pace())
    return priced(work, ledger, dataset.fingerprint)


def contents_of(dataset: Dataset, rows: Sequence[int]) -> list[str]:
    """The content hash of some rows."""
    import pyarrow as pa

    return [str(c) for c in dataset.rows.column("content").take(pa.array(rows, pa.int64())).to_pylist()]


def priced(
    work: Work, ledger: Judgements, dataset: str, counted: Sequence[tuple[int, int]] = (), reply: float = REPLY
) -> Plan:
    """The plan of this work, its price by what is known now. reply: tokens of one, until there are some to go by."""
    looked = [work.read(c) for c in work.contents[:LOOKED_AT]]
    sizes = (
        np.resize([characters(work.request(r, 1)) for r in looked], len(work.contents)).astype(int).tolist()
        if looked
        else []
    )
    cut = round(sum(r.cut for r in looked) * len(work.contents) / max(len(looked), 1))
    replies = ledger.averages(work.key)
    most = (
        sum(work.most(work.request(r, work.first_tokens())) for r in looked) * len(work.contents) / max(len(looked), 1)
    )
    cost = estimate(
        sizes, work.settings.model, work.prices, batch=work.batch, counted=counted, replies=replies, reply=reply
    )
    return Plan(work, cost, cut, most, dataset)


def count_tokens(plan: Plan, messenger: Messenger, ledger: Judgements) -> Plan:
    """The plan with a price that rests on the service's own count of some rows: sends their text, costs nothing."""
    chosen = plan.work.contents[:COUNTED]
    requests = [plan.work.request(plan.work.read(c), 1) for c in chosen]
    return priced(plan.work, ledger, plan.dataset, [(characters(r), messenger.count(r)) for r in requests])


def begin(plan: Plan, ledger: Judgements, dollars: float) -> RunRecord:
    """The run that a person confirmed: at most these dollars, an earlier interrupted one included. Errors: RecipeError."""
    if not np.isfinite(dollars) or dollars < 0:
        raise RecipeError(f"a budget of {dollars} dollars; give a number from 0")
    if plan.work.rubric.text:
        ledger.keep_text("rubric", plan.work.rubric.fingerprint, plan.work.rubric.text)
    s = plan.work.settings
    settings = {"model": s.model, "rubric": plan.work.rubric.fingerprint, "max_chars": s.max_chars, "batch": plan.work.batch,
                "estimate": plan.estimate.dollars, "prices": plan.estimate.as_of}  # fmt: skip
    return ledger.begin(plan.work.key, plan.dataset, settings, s.max_rows, dollars)


def carry_out(
    plan: Plan, ledger: Judgements, run: RunRecord, messenger: Messenger, progress: Progress | None = None,
    cancel: Cancel | None = None, *, canaries: bool = False,
) -> Done:  # fmt: skip
    """Asks, live or in batches. canaries: the three rows that ask for full marks first, live. Errors: BackendError, StoreError."""
    if canaries:
        done = run_live(canary_work(plan.work), ledger, run, messenger, None, cancel, close=False)
        if done.cancelled:
            return Done(0, 0, len(plan), True, False)
        asked = sum(c in ledger.attempts(run.number) for c in canary_work(plan.work).contents)
        run = replace(run, most_rows=run.most_rows and run.most_rows + asked)  # they are no rows of the data
    if not plan.work.batch:
        return run_live(plan.work, ledger, run, messenger, progress, cancel)
    if not isinstance(messenger, AnthropicMessenger):
        raise RecipeError(f"the {messenger.name} judge has no batches; run it live")
    return run_batches(plan.work, ledger, run, messenger, progress, cancel)
