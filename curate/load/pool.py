"""Chunks to batches, in order, on every core: worker processes that speak length-prefixed bytes, no pickle.

Workers are plain subprocesses of this interpreter, so nothing of the caller's main module is imported again and no
lock is inherited. They start only once a load has shown itself to be big.
"""

from __future__ import annotations

import contextlib
import os
import struct
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa

from curate.errors import BackendError
from curate.load.batch import MARK_FIELDS, PROBLEM_FIELDS, ROW_FIELDS, Batch, Chunk, read_chunk

START_AT = 24 << 20
_HEAD = struct.Struct("<qqqqq??")


def cores() -> int:
    """Cores that this process may use, four at most."""
    try:
        return min(4, len(os.sched_getaffinity(0)))
    except AttributeError:
        return min(4, os.cpu_count() or 1)


class Pool:
    """Reads chunks in this process until `START_AT` bytes have passed, then in `workers` processes."""

    def __init__(self, workers: int | None = None) -> None:
        self.workers = cores() if workers is None else workers
        self._seen = 0
        self._threads: ThreadPoolExecutor | None = None
        self._local = threading.local()
        self._children: list[subprocess.Popen[bytes]] = []

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

    def map(self, chunks: Iterable[Chunk]) -> Iterator[tuple[Chunk, Batch]]:
        """Each chunk with its batch, in the order given; a few are in flight at once."""
        waiting: deque[tuple[Chunk, Future[Batch]]] = deque()
        for chunk in chunks:
            self._seen += len(chunk.data)
            if self.workers < 2 or (self._seen < START_AT and not waiting):
                yield chunk, read_chunk(chunk)
                continue
            if self._threads is None:
                self._threads = ThreadPoolExecutor(self.workers, "curate-load")
            waiting.append((chunk, self._threads.submit(self._ask, chunk)))
            if len(waiting) > self.workers + 1:
                first, future = waiting.popleft()
                yield first, future.result()
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result()

    def _ask(self, chunk: Chunk) -> Batch:
        """Let this thread's worker read one chunk."""
        child = getattr(self._local, "child", None)
        if child is None:
            child = self._local.child = _start()
            self._children.append(child)
        try:
            write_chunk(child.stdin, chunk)
            return read_batch(child.stdout)
        except (OSError, EOFError, pa.ArrowException) as e:
            raise BackendError(
                f"a reader process ended at byte {chunk.base:,} ({type(e).__name__});"
                " free some memory, or load with workers=1"
            ) from None


def _start() -> subprocess.Popen[bytes]:
    root = str(Path(__file__).resolve().parents[2])
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in (root, os.environ.get("PYTHONPATH", "")) if p)}
    code = "from curate.load.worker import main; main()"
    return subprocess.Popen([sys.executable, "-P", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env)


def _close(pipe: IO[bytes]) -> None:
    with contextlib.suppress(OSError):
        pipe.close()


def write_chunk(pipe: IO[bytes], chunk: Chunk) -> None:
    """Send one chunk; its gaps stay here."""
    n = len(chunk.starts)
    pipe.write(_HEAD.pack(len(chunk.data), n, chunk.base, chunk.first_line, chunk.max_bytes, chunk.frozen, chunk.remake))
    pipe.write(chunk.data)
    pipe.write(chunk.starts.tobytes())
    pipe.write(chunk.ends.tobytes())
    pipe.flush()


def read_head(pipe: IO[bytes]) -> Chunk | None:
    """Receive one chunk, or None when the sender is done."""
    head = pipe.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    size, n, base, first_line, max_bytes, frozen, remake = _HEAD.unpack(head)
    data = pipe.read(size)
    starts = np.frombuffer(pipe.read(8 * n), dtype=np.int64)
    ends = np.frombuffer(pipe.read(8 * n), dtype=np.int64)
    return Chunk(data, base, starts, ends, first_line, frozen, remake, max_bytes)


def write_batch(pipe: IO[bytes], batch: Batch) -> None:
    """Send one batch back."""
    for part in (batch.rows, batch.problems, batch.marks):
        body = part.serialize()
        pipe.write(struct.pack("<q", body.size))
        pipe.write(memoryview(body))
    pipe.flush()


def read_batch(pipe: IO[bytes]) -> Batch:
    """Receive one batch. EOFError when the worker has ended."""
    return Batch(*(_read_part(pipe, schema) for schema in (ROW_FIELDS, PROBLEM_FIELDS, MARK_FIELDS)))


def _read_part(pipe: IO[bytes], schema: pa.Schema) -> pa.RecordBatch:
    head = pipe.read(8)
    if len(head) < 8:
        raise EOFError
    size = struct.unpack("<q", head)[0]
    body = pipe.read(size)
    if len(body) < size:
        raise EOFError
    return pa.ipc.read_record_batch(pa.py_buffer(body), schema)

