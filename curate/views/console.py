"""The terminal of a command: messages and progress on stderr, Ctrl-C that asks before it tears."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from rich.console import Console
from rich.text import Text

from curate.errors import CurateError
from curate.types import Progress

PATIENCE = 3.0  # seconds that a step has to stop by itself after Ctrl-C

err = Console(stderr=True, soft_wrap=True)
stopped = threading.Event()


def say(text: str) -> None:
    """One line on stderr; names from the data can hold anything, so it is escaped and read as no markup."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)
    err.print(Text(shown.encode("utf-8", "backslashreplace").decode()), highlight=False)


@contextmanager
def progress_bars() -> Iterator[Progress | None]:
    """A progress bar on stderr when a person is watching; one line per stage otherwise would only be noise."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    if not err.is_terminal:
        yield None
        return
    columns = (
        TextColumn("{task.description:<28}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    tasks: dict[str, Any] = {}
    lock = threading.Lock()
    with Bars(*columns, console=err, transient=True) as bars:

        def show(stage: str, done: int, total: int) -> None:
            with lock:
                if stage not in tasks:
                    tasks[stage] = bars.add_task(stage, total=max(total, 1))
                bars.update(tasks[stage], completed=done, total=max(total, done, 1))

        yield show


@contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C asks the work to stop between two batches; pressed again, or unheard for PATIENCE seconds, it stops at once."""
    stopped.clear()
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ask(number: int, _frame: FrameType | None) -> None:
        if stopped.is_set() or number != signal.SIGINT:
            raise KeyboardInterrupt
        stopped.set()
        signal.setitimer(signal.ITIMER_REAL, PATIENCE)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGALRM)}
    try:
        yield
        if stopped.is_set():
            raise KeyboardInterrupt
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


def nobody_reads() -> int:
    """Whoever read stdout has gone: `curate rules | head -1`. Nothing is left to say."""
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    return 0


def write_json(place: str, value: Any) -> None:
    """Writes a result as JSON to a file, or to stdout for -. Raises CurateError when it can't be written."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1) + "\n"
    if place == "-":
        sys.stdout.write(text)
        return
    try:
        # A path that is no UTF-8 stands in the text as half characters; escaped, they are JSON again.
        Path(place).write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise CurateError(
            f"--json {place} can't be written ({type(error).__name__}); give a file in a folder that exists"
        ) from None
