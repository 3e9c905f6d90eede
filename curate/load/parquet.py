"""Parquet and Arrow: read in a process of their own, which is bounded in memory and may die alone."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from curate.errors import DataError
from curate.load.limits import Limits
from curate.load.mapping import ColumnMap
from curate.load.opened import Opened
from curate.load.pool import child_code, read_batch, receive
from curate.load.reader import Reading
from curate.load.tablefile import Piece, Spec
from curate.load.tableworker import COUNTS, DONE, ERROR, PIECE, ROW

ARROW = (".arrow",)
TABLES = (".parquet", ".pq", *ARROW)


def read_parquet(job: Reading) -> None:
    """Read a whole Parquet or Arrow file. Raises DataError for columns or sizes that can't be used."""
    for _ in job.opened.blocks():
        pass
    with closing(_frames(spec_of(job.opened, job.opened.limits, job.frozen, job.columns))) as frames:
        for piece in frames:
            assert isinstance(piece, Piece)
            job.into.batch(piece.batch)
            job.into.tally.malformed += piece.bad
            job.into.tally.blank += piece.batch.parts
            job.tick(piece.size)
    job.opened.unchanged()


def first_rows(opened: Opened, count: int) -> list[dict[str, Any]]:
    """Rows from the start of a Parquet or Arrow file."""
    with closing(_frames(spec_of(opened, opened.limits, False, None, count))) as frames:
        return [row for row in frames if isinstance(row, dict)]


def spec_of(opened: Opened, limits: Limits, frozen: bool, columns: ColumnMap | None, peek: int = 0) -> Spec:
    """What the reader process of an opened file is told."""
    arrow = opened.path.suffix.lower() in ARROW
    return Spec(str(opened.path.absolute()), opened.name, arrow, frozen, opened.stamp, limits, columns, peek)


def _frames(spec: Spec) -> Generator[Piece | dict[str, Any], None, None]:
    """What the reader process sends. Raises DataError for what it says, for its death and for its silence."""
    child = subprocess.Popen(
        [sys.executable, "-P", "-c", child_code("tableworker"), str(Path(__file__).resolve().parents[1])],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert child.stdin and child.stdout
        told = asdict(spec) | {"columns": spec.columns.pairs if spec.columns else None}
        child.stdin.write(json.dumps(told, ensure_ascii=True).encode())
        child.stdin.close()
        while True:
            kind = _next(child, child.stdout, spec)
            if kind == DONE:
                return
            yield _frame(child, child.stdout, kind, spec)
    except BrokenPipeError:
        raise _died(child, spec) from None
    finally:
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe:
                pipe.close()


def _next(child: subprocess.Popen[bytes], pipe: IO[bytes], spec: Spec) -> bytes:
    """The next frame's kind. Raises DataError when none comes in time: the process is killed then."""
    late = threading.Event()

    def end() -> None:
        late.set()
        child.kill()

    timer = threading.Timer(spec.limits.seconds, end)
    timer.start()
    kind = pipe.read(1)
    timer.cancel()
    if late.is_set():
        raise DataError(
            f"{spec.name}: no row came for {spec.limits.seconds:g} seconds; split it, or raise --limit seconds=N"
        )
    return kind


def _frame(child: subprocess.Popen[bytes], pipe: IO[bytes], kind: bytes, spec: Spec) -> Piece | dict[str, Any]:
    try:
        if kind == PIECE:
            bad, size = COUNTS.unpack(pipe.read(COUNTS.size))
            return Piece(read_batch(pipe), bad, size)
        if kind == ROW:
            row: dict[str, Any] = json.loads(receive(pipe))
            return row
        if kind == ERROR:
            raise DataError(receive(pipe).decode())
    except (EOFError, ValueError, pa.ArrowException):
        pass
    raise _died(child, spec)


def _died(child: subprocess.Popen[bytes], spec: Spec) -> DataError:
    code = child.wait(timeout=10)
    why = f"signal {-code}" if code < 0 else f"exit {code}"
    return DataError(
        f"{spec.name}: the process that read it died ({why}): the file is damaged, or needs more memory than it may"
        " take; write it again, save it as JSONL, or raise --limit memory=N"
    )
