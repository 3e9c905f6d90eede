"""What live and batch runs share: which rows are left, what a reply means, what goes into the ledger."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from curate.decide.recipe import Judge
from curate.judge.columns import judge_key
from curate.judge.prices import Prices
from curate.judge.prompt import Request, Row, ask
from curate.judge.reply import Unreadable, scores_of
from curate.judge.rubric import Rubric
from curate.judge.wire import Reply
from curate.store import Judgement, Outcome

RAISE = 4  # times the set output tokens that a reply that stops at the limit may get
FINAL = {"refusal": "refusal", "bad_request": "bad_request"}  # asking again gives the same


@dataclass(frozen=True, slots=True)
class Pace:
    """S1's: 3 attempts, 1 s x n after a bad reply, 5 s x n after a limit unless the service says how long. poll: batches."""

    concurrency: int = 8
    attempts: int = 3
    bad: float = 1.0
    limited: float = 5.0
    poll: float = 30.0
    batch_rows: int = 10_000


@dataclass(frozen=True)
class Work:
    """Rows to judge: their contents in the order of asking, and how to read one. batch: by the Batches API, at its price."""

    rubric: Rubric
    settings: Judge
    prices: Prices
    contents: Sequence[str]
    read: Callable[[str], Row]
    batch: bool = False
    pace: Pace = field(default_factory=Pace)

    @property
    def key(self) -> str:
        return judge_key(self.settings, self.rubric)

    def request(self, row: Row, max_tokens: int) -> Request:
        line = self.prices.model(self.settings.model)
        return ask(self.rubric, row, self.settings.model, max_tokens, line.thinking)

    def first_tokens(self) -> int:
        """Output tokens of a first attempt; a model that always thinks needs room for it."""
        return self.settings.max_tokens * (RAISE if self.prices.model(self.settings.model).thinks else 1)

    def judgement(self, row: Row, reply: Reply) -> Judgement:
        """What a reply says of a row. Errors: Unreadable."""
        return Judgement(row.content, scores_of(reply.text, reply.stop, self.rubric.names), cut=row.cut)

    def most(self, request: Request) -> float:
        return self.prices.most(self.settings.model, request.bytes, request.max_tokens, batch=self.batch)


@dataclass(frozen=True, slots=True)
class Read:
    """What a reply means: its line in the ledger, the judgement when it is final, and else how to go on."""

    outcome: Outcome
    found: Judgement | None
    wait: float = 0.0
    more_tokens: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """How a run ended. left: rows of it that have no judgement, because of a cap or a cancel."""

    scored: int
    failed: int
    left: int
    cancelled: bool
    capped: bool


def read_reply(work: Work, row: Row, reply: Reply, attempt: int, most: float) -> Read:
    """A reply to a judgement, a reason to ask again, or (after the last attempt) a failure that keeps what came."""
    dollars = most if reply.maybe_paid else work.prices.dollars(work.settings.model, reply.usage, batch=work.batch)
    u = reply.usage
    what, reason = reply.outcome, reply.outcome
    if reply.outcome == "ok":
        try:
            found = work.judgement(row, reply)
            return Read(Outcome("ok", dollars, u.prompt, u.output, u.cache_read), found)
        except Unreadable as error:
            what = reason = str(error)
    made = Outcome(what, dollars, u.prompt, u.output, u.cache_read)
    if reason in FINAL or attempt >= work.pace.attempts:
        return Read(made, Judgement(row.content, {}, reason, reply.text, row.cut))
    slow = reply.outcome in ("rate_limited", "overloaded")
    pause = (work.pace.limited if slow else work.pace.bad) * attempt
    return Read(made, None, reply.wait if reply.wait is not None else pause, what == "max_tokens")
