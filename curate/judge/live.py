"""Judging live: several requests at a time, one ledger line before and one after each, a cap that holds, cancel between."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from curate.errors import Cancelled
from curate.judge.budget import Budget
from curate.judge.wire import Messenger
from curate.judge.work import RAISE, Done, Work, read_reply
from curate.store import Judgements, Outcome, RunRecord
from curate.types import Cancel, Progress

TICK = 0.2  # seconds between two looks at cancel while waiting


class _Live:
    """One run's threads. `stop` ends it from inside: a cap, a cancel, or an error that no retry mends."""

    def __init__(
        self, work: Work, ledger: Judgements, run: RunRecord, messenger: Messenger, cancel: Cancel | None
    ) -> None:
        self.work, self.ledger, self.run, self.messenger, self.cancel = work, ledger, run, messenger, cancel
        spent = ledger.spent(run.number)
        self.budget = Budget(run.most_dollars, run.most_rows, spent.dollars, spent.rows)
        self.before = ledger.attempts(run.number)
        self.stop = threading.Event()
        self.capped = False
        self.until = 0.0
        self.lock = threading.Lock()

    def one(self, content: str) -> None:
        """Asks about one row until it has a judgement, or the run stops."""
        row = self.work.read(content)
        tokens, first = self.work.first_tokens(), self.before.get(content, 0)
        for attempt in range(1, self.work.pace.attempts + 1):
            if not self._free():
                return
            request = self.work.request(row, tokens)
            most = self.work.most(request)
            if not self.budget.take(most, new_row=attempt == 1 and first == 0):
                self.capped = True
                self.stop.set()
                return
            [number] = self.ledger.sent(self.run.number, self.work.key, [(content, first + attempt, most)])
            try:
                reply = self.messenger.ask(request)
            except BaseException:
                self.budget.settle(most, 0.0)
                self.ledger.got([(number, Outcome("refused"), self.work.key, None)])
                self.stop.set()
                raise
            read = read_reply(self.work, row, reply, attempt, most)
            self.ledger.got([(number, read.outcome, self.work.key, read.found)])
            self.budget.settle(most, read.outcome.dollars)
            if read.found is not None:
                return
            if read.more_tokens:
                tokens = min(2 * tokens, RAISE * self.work.first_tokens())
            elif reply.outcome in ("rate_limited", "overloaded"):
                self._hold(read.wait)  # the others need not find out one by one
            else:
                self._sleep(read.wait)

    def _hold(self, seconds: float) -> None:
        with self.lock:
            self.until = max(self.until, time.monotonic() + seconds)

    def _free(self) -> bool:
        """Waits while the service wants a pause; False when the run is to stop."""
        while (left := self.until - time.monotonic()) > 0 and not self._stopping():
            time.sleep(min(left, TICK))
        return not self._stopping()

    def _sleep(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not self._stopping():
            time.sleep(min(left, TICK))

    def _stopping(self) -> bool:
        return self.stop.is_set() or (self.cancel is not None and self.cancel.is_set())


def run_live(
    work: Work, ledger: Judgements, run: RunRecord, messenger: Messenger, progress: Progress | None = None,
    cancel: Cancel | None = None, *, close: bool = True,
) -> Done:  # fmt: skip
    """Judges what is left of the work. What was judged before is never asked again. Errors: BackendError, StoreError."""
    known = ledger.known(work.key)
    left = [c for c in work.contents if c not in known]
    live = _Live(work, ledger, run, messenger, cancel)
    total, done = len(work.contents), len(work.contents) - len(left)
    with ThreadPoolExecutor(work.pace.concurrency, thread_name_prefix="judge") as pool:
        ahead = iter(left)
        running = {pool.submit(live.one, c) for c in islice(ahead, 2 * work.pace.concurrency)}
        while running:
            finished = {f for f in running if f.done()}
            running -= finished
            for future in finished:
                future.result()
                done += 1
                if not live._stopping() and (content := next(ahead, None)) is not None:
                    running.add(pool.submit(live.one, content))
            if progress is not None:
                progress("judge", min(done, total), total)
            if not finished:
                time.sleep(0.005)
    return closing(work, ledger, run, live.capped, cancel, close)


def closing(
    work: Work, ledger: Judgements, run: RunRecord, capped: bool, cancel: Cancel | None, close: bool = True
) -> Done:
    """Counts what the run reached, and marks it done when nothing is left that its caps allow."""
    known = ledger.known(work.key)
    mine = [known[c] for c in work.contents if c in known]
    failed = sum(bool(j.reason) for j in mine)
    cancelled = cancel is not None and cancel.is_set()
    left = len(work.contents) - len(mine)
    if close and not cancelled and (capped or not left):
        ledger.finish(run.number)
    return Done(len(mine) - failed, failed, left, cancelled, capped)


def stopped(done: Done) -> None:
    """Raises Cancelled for a run that a person stopped."""
    if done.cancelled:
        raise Cancelled(f"judging was stopped; {done.scored:,} rows are scored and kept; run again to go on")
