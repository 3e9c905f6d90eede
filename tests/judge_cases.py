"""Rows, work and a messenger for the judge's tests; as a program: one run against a server, to be killed."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from curate.decide.recipe import Judge
from curate.judge.live import run_live
from curate.judge.plan import begin, carry_out, priced
from curate.judge.prices import read_prices
from curate.judge.prompt import row_of
from curate.judge.rubric import shipped
from curate.judge.wire import AnthropicMessenger
from curate.judge.work import Done, Pace, Work
from curate.store import Judgements, RunRecord, Store, Workspace

from anthropic_server import KEY  # isort: skip

FAST = Pace(bad=0.01, limited=0.02, poll=0.02)
BUDGET = 5.0


def messages(n: int) -> str:
    answer = " ".join(f"word{(n * 7 + k) % 97}" for k in range(5 + n % 60))
    return json.dumps(
        [{"role": "user", "content": f"Question number {n}?"}, {"role": "assistant", "content": f"{answer}."}]
    )


def work_of(count: int, settings: Judge | None = None, *, batch: bool = False, pace: Pace = FAST, text: Callable[[int], str] = messages) -> Work:  # fmt: skip
    """Work on made-up rows whose content is their number."""
    held = settings or Judge()
    contents: Sequence[str] = [f"{n:032x}" for n in range(count)]
    return Work(
        shipped(), held, read_prices(Path("/nowhere")), contents,
        lambda c: row_of(c, "", text(int(c, 16)), held.max_chars), batch, pace,
    )  # fmt: skip


def ledger_in(home: Path) -> Judgements:
    return Judgements(Workspace(Store(home)))


def judge(
    work: Work, home: Path, url: str, dollars: float = BUDGET, timeout: float = 1.0
) -> tuple[Done, RunRecord, Judgements]:
    """One whole run against a server."""
    ledger = ledger_in(home)
    plan = priced(work, ledger, "dataset")
    run = begin(plan, ledger, dollars)
    messenger = AnthropicMessenger(KEY, url, timeout)
    try:
        return carry_out(plan, ledger, run, messenger), run, ledger
    finally:
        messenger.close()


def main(home: str, url: str, count: str, kind: str) -> None:
    work = work_of(int(count), batch=kind == "batch")
    done, _, _ = judge(work, Path(home), url)
    sys.stdout.write(f"{done.scored} {done.failed} {done.left}\n")


__all__ = ["BUDGET", "FAST", "judge", "ledger_in", "messages", "run_live", "work_of"]
if __name__ == "__main__":
    main(*sys.argv[1:])
