"""Chunks to batches, in order, on every core: worker processes that speak length-prefixed bytes, no pickle.

Workers are plain subprocesses of this interpreter, so nothing of the caller's main module is imported again and no
lock is inherited. They start only once a load has shown itself to be big.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO

import numpy as np
import pyarrow as pa

from curate.errors import BackendError
from curate.load.batch import MARK_FIELDS, PROBLEM_FIELDS, Batch, Chunk, Packed, read_chunk
from curate.load.mapping import ColumnMap

START_AT = 16 << 20
READY = b"R"
_HEAD = struct.Struct("<qqqqqq???")


def cores() -> int:
    """Cores that this process may use, four at most."""
    try:
        return min(4, len(os.sched_getaffinity(0)))
    except AttributeError:
        return min(4, os.cpu_count() or 1)


class Pool:
    """Reads chunks in this process until workers are up; they are started once `START_AT` bytes are in sight."""

    def __init__(self, workers: int | None = None) -> None:
        self.workers = cores() if workers is None else workers
        self._seen = 0
        self._greeted = 0
        self._threads: ThreadPoolExecutor | None = None
        self._children: list[subprocess.Popen[bytes]] = []
        self._idle: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_exc: object) -> None:
        for child in self._children:
            child.kill()
        if self._threads:
            self._threads.shutdown(wait=True, cancel_futures=True)
        for child in self._children:
            child.wait()
            for pipe in (child.stdin, child.stdout):
                if pipe:
                    _close(pipe)

    def expect(self, size: int) -> None:
        """Say how many bytes are coming, so that workers start early for a big file."""
        self._seen += size
        if self.workers > 1 and self._threads is None and self._seen >= START_AT:
            self._threads = ThreadPoolExecutor(self.workers, "curate-load")
            self._children = [_start() for _ in range(self.workers)]
            for child in self._children:
                self._threads.submit(self._greet, child)

    def _greet(self, child: subprocess.Popen[bytes]) -> None:
        if child.stdout and child.stdout.read(1) == READY:
            self._idle.put(child)
            self._greeted += 1

    def map(self, chunks: Iterable[Chunk]) -> Iterator[tuple[Chunk, Batch]]:
        """Each chunk with its batch, in the order given; a few are in flight at once."""
        waiting: deque[tuple[Chunk, Future[Batch]]] = deque()
        for chunk in chunks:
            self.expect(0 if self._threads else len(chunk.data))
            child = None if self._threads is None else self._free()
            if child is None:
                waiting.append((chunk, _done(read_chunk(chunk))))
            else:
                assert self._threads
                waiting.append((chunk, self._threads.submit(self._ask, child, chunk)))
            while len(waiting) > 2 * self.workers or (waiting and waiting[0][1].done()):
                first, future = waiting.popleft()
                yield first, future.result()
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result()

    def _free(self) -> subprocess.Popen[bytes] | None:
        """A worker that has nothing to do; None while they are starting: this process reads the chunk itself."""
        try:
            return self._idle.get_nowait() if self._greeted < self.workers else self._idle.get(timeout=60)
        except Empty:
            return None

    def _ask(self, child: subprocess.Popen[bytes], chunk: Chunk) -> Batch:
        """Let a worker read one chunk."""
        assert child.stdin and child.stdout
        try:
            write_chunk(child.stdin, chunk)
            batch = read_batch(child.stdout)
        except (OSError, EOFError, ValueError, pa.ArrowException) as e:
            raise BackendError(
                f"a reader process ended at byte {chunk.base:,} ({type(e).__name__});"
                " free some memory, or load with workers=1"
            ) from None
        self._idle.put(child)
        return batch


def _done(batch: Batch) -> Future[Batch]:
    made: Future[Batch] = Future()
    made.set_result(batch)
    return made


# The __init__ of the package and of this folder bring in everything; a reader needs its part alone, so it gets empty
# packages instead: a third less to import, in every process.
_CODE = """
import os, sys, types
for name, folder in (("curate", sys.argv[1]), ("curate.load", os.path.join(sys.argv[1], "load"))):
    package = types.ModuleType(name)
    package.__path__ = [folder]
    sys.modules[name] = package
from curate.load.{module} import main
main()
"""


def child_code(module: str) -> str:
    """What a child process runs: `main` of a module of this folder; its first argument is the package's folder."""
    return _CODE.format(module=module)


def _start() -> subprocess.Popen[bytes]:
    folder = str(Path(__file__).resolve().parents[1])
    return subprocess.Popen(
        [sys.executable, "-P", "-c", child_code("worker"), folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


def _close(pipe: IO[bytes]) -> None:
    with contextlib.suppress(OSError):
        pipe.close()


def write_chunk(pipe: IO[bytes], chunk: Chunk) -> None:
    """Send one chunk; its gaps stay here."""
    columns = json.dumps(chunk.columns.pairs).encode() if chunk.columns else b""
    sizes = (len(chunk.data), len(chunk.starts), len(columns))
    pipe.write(_HEAD.pack(*sizes, chunk.base, chunk.first_line, chunk.max_bytes, chunk.frozen, chunk.remake,
                          chunk.plain))  # fmt: skip
    pipe.write(columns)
    pipe.write(chunk.data)
    pipe.write(chunk.starts.tobytes())
    pipe.write(chunk.ends.tobytes())
    pipe.flush()


def read_head(pipe: IO[bytes]) -> Chunk | None:
    """Receive one chunk, or None when the sender is done."""
    head = pipe.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    size, n, mapped, base, first_line, max_bytes, frozen, remake, plain = _HEAD.unpack(head)
    pairs = json.loads(pipe.read(mapped)) if mapped else None
    columns = ColumnMap(tuple((part, column) for part, column in pairs)) if pairs else None
    data = pipe.read(size)
    starts = np.frombuffer(pipe.read(8 * n), dtype=np.int64)
    ends = np.frombuffer(pipe.read(8 * n), dtype=np.int64)
    return Chunk(data, base, starts, ends, first_line, frozen, remake, max_bytes, (), columns, plain)


def write_batch(pipe: IO[bytes], batch: Batch) -> None:
    """Send one batch back."""
    rows = batch.rows
    send(pipe, json.dumps([rows.count, rows.sizes, rows.formats, rows.talk, sorted(batch.seen), batch.parts]).encode())
    for part in (rows.body, batch.problems.serialize(), batch.marks.serialize()):
        send(pipe, memoryview(part))
    pipe.flush()


def read_batch(pipe: IO[bytes]) -> Batch:
    """Receive one batch. EOFError when the worker has ended."""
    count, sizes, formats, talk, seen, parts = json.loads(receive(pipe))
    rows = Packed(receive(pipe), count, sizes, formats, (talk[0], talk[1], talk[2]))
    problems, marks = (
        pa.ipc.read_record_batch(pa.py_buffer(receive(pipe)), schema) for schema in (PROBLEM_FIELDS, MARK_FIELDS)
    )
    return Batch(rows, problems, marks, frozenset(seen), parts)


def send(pipe: IO[bytes], part: bytes | memoryview) -> None:
    """Write one length-prefixed part."""
    pipe.write(struct.pack("<q", len(part)))
    pipe.write(part)


def receive(pipe: IO[bytes]) -> bytes:
    """Read one length-prefixed part. EOFError when the other side has ended."""
    head = pipe.read(8)
    size = struct.unpack("<q", head)[0] if len(head) == 8 else -1
    body = pipe.read(size) if size >= 0 else b""
    if len(body) != size:
        raise EOFError
    return body
