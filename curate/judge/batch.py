"""Judging by the Batches API: half the price, an answer within a day. A batch is in the ledger before it is created.

A run killed between creating a batch and learning its name finds it again: every request's id begins with a token that
the ledger holds, so an unnamed batch is looked for among the recent ones, and adopted.
"""

from __future__ import annotations

import secrets
import time
from datetime import datetime, timedelta

from curate.judge.budget import Budget
from curate.judge.live import TICK, closing
from curate.judge.prompt import Request, Row
from curate.judge.wire import AnthropicMessenger, BatchRefused, Reply
from curate.judge.work import Done, Work, read_reply
from curate.store import Judgement, Judgements, Outcome, RunRecord
from curate.types import Cancel, Progress

MOST_BYTES = 200_000_000  # of one batch; the service takes 256 MB
CLOCKS = timedelta(minutes=10)  # that ours and the service's may differ by


class _Batches:
    def __init__(
        self, work: Work, ledger: Judgements, run: RunRecord, messenger: AnthropicMessenger, progress: Progress | None,
        cancel: Cancel | None,
    ) -> None:  # fmt: skip
        self.work, self.ledger, self.run, self.messenger = work, ledger, run, messenger
        self.progress, self.cancel = progress, cancel
        self.capped = False
        self.tokens: dict[str, int] = {}

    def go(self) -> Done:
        for token, batch, _state, at in self.ledger.batches(self.run.number):
            if found := batch or self._adopt(token, at):
                self._collect(token, found)
        refused = 0
        while not self._stopping() and (chosen := self._next()):
            try:
                token, batch = self._create(chosen)
            except BatchRefused as error:
                refused += 1
                if refused >= self.work.pace.attempts:
                    raise
                self._sleep(error.wait if error.wait is not None else self.work.pace.limited * refused)
                continue
            self._collect(token, batch)
        return closing(self.work, self.ledger, self.run, self.capped, self.cancel)

    def _next(self) -> list[tuple[Row, Request, int, float]]:
        """As many rows as the caps allow at their most: (row, request, attempt, most dollars)."""
        spent = self.ledger.spent(self.run.number)
        budget = Budget(self.run.most_dollars, self.run.most_rows, spent.dollars, spent.rows)
        known, tried = self.ledger.known(self.work.key), self.ledger.attempts(self.run.number)
        out: list[tuple[Row, Request, int, float]] = []
        size, self.capped = 0, False
        for content in self.work.contents:
            if content in known:
                continue
            row = self.work.read(content)
            request = self.work.request(row, self.tokens.get(content, self.work.first_tokens()))
            most, size = self.work.most(request), size + request.bytes
            if len(out) >= self.work.pace.batch_rows or size > MOST_BYTES:
                break
            if not budget.take(most, new_row=content not in tried):
                self.capped = True
                break
            out.append((row, request, tried.get(content, 0) + 1, most))
        return out

    def _create(self, chosen: list[tuple[Row, Request, int, float]]) -> tuple[str, str]:
        token = secrets.token_hex(8)
        self.ledger.batch_sent(self.run.number, token)
        lines = [(row.content, attempt, most) for row, _, attempt, most in chosen]
        numbers = self.ledger.sent(self.run.number, self.work.key, lines, token)
        asked = [(f"{token}-{n}", request) for n, (_, request, _, _) in zip(numbers, chosen, strict=True)]
        try:
            batch = self.messenger.create_batch(asked)
        except BatchRefused:
            self._lost(token)
            raise
        self.ledger.batch_is(token, batch, "running")
        return token, batch

    def _adopt(self, token: str, at: str) -> str | None:
        """The service's name of a batch that was sent and never named; None when it does not have it."""
        waiting = self.ledger.waiting(token)
        since = datetime.fromisoformat(at) - CLOCKS
        for batch, created, count in self.messenger.recent_batches():
            if datetime.fromisoformat(created) < since or (count and count != len(waiting)):
                continue
            if not self._wait(batch, len(waiting)):
                return None
            if any(name.startswith(token) for name, _ in self.messenger.batch_results(batch)):
                self.ledger.batch_is(token, batch, "running")
                return batch
        self._lost(token)
        return None

    def _lost(self, token: str) -> None:
        """The service never took it: nothing was paid, its rows are asked again."""
        self.ledger.got((n, Outcome("refused"), self.work.key, None) for n, _ in self.ledger.waiting(token).values())
        self.ledger.batch_is(token, "", "lost")

    def _collect(self, token: str, batch: str) -> None:
        if not self._wait(batch, len(self.ledger.waiting(token))):
            return
        waiting = self.ledger.waiting(token)
        by_name = {f"{token}-{n}": (content, n, attempt) for content, (n, attempt) in waiting.items()}
        answers = []
        for name, reply in self.messenger.batch_results(batch):
            found = by_name.pop(name, None)  # an id that is unknown or came before is none of ours
            if found is not None:
                answers.append(self._answer(*found, reply))
        answers += [self._answer(content, n, attempt, Reply("missing")) for content, n, attempt in by_name.values()]
        self.ledger.got(answers)
        self.ledger.batch_is(token, batch, "done")

    def _answer(
        self, content: str, number: int, attempt: int, reply: Reply
    ) -> tuple[int, Outcome, str, Judgement | None]:
        row = self.work.read(content)
        read = read_reply(self.work, row, reply, attempt, 0.0)
        if read.more_tokens:
            self.tokens[content] = min(4, 2**attempt) * self.work.first_tokens()
        return number, read.outcome, self.work.key, read.found

    def _wait(self, batch: str, count: int) -> bool:
        """True once the batch has ended; False when a person stopped waiting: it goes on there, and is collected later."""
        while True:
            state, answered = self.messenger.batch_state(batch)
            if self.progress is not None:
                self.progress("batch", answered, max(count, 1))
            if state == "ended":
                return True
            if not self._sleep(self.work.pace.poll):
                return False

    def _sleep(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not self._stopping():
            time.sleep(min(left, TICK))
        return not self._stopping()

    def _stopping(self) -> bool:
        return self.cancel is not None and self.cancel.is_set()


def run_batches(
    work: Work, ledger: Judgements, run: RunRecord, messenger: AnthropicMessenger, progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Done:  # fmt: skip
    """Judges what is left of the work in batches. Errors: BackendError, StoreError."""
    return _Batches(work, ledger, run, messenger, progress, cancel).go()
