"""The reader process of one Parquet or Arrow file: it may crash or run out of memory, and takes nobody with it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import struct
import sys
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from curate.errors import DataError
from curate.load.limits import Limits
from curate.load.mapping import ColumnMap
from curate.load.pool import send, write_batch
from curate.load.problems import RowError
from curate.load.tablefile import Spec, heads, pieces

PIECE, ROW, ERROR, DONE = b"B", b"R", b"E", b"D"
COUNTS = struct.Struct("<qq")


def main() -> None:
    """Read the spec from stdin, write frames to stdout: pieces or rows, then an error or the end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    spec = _spec(json.loads(sys.stdin.buffer.read()))
    sink = sys.stdout.buffer
    _bound_memory(spec.limits.memory)
    try:
        with Path(spec.path).open("rb") as file:
            _same_file(file, spec)
            _serve(file, spec, sink)
        sink.write(DONE)
    except DataError as e:
        _fail(sink, str(e))
    except MemoryError:
        _fail(sink, _too_big(spec))
    except (pa.ArrowException, OSError, ValueError, NotImplementedError, RowError, RecursionError, OverflowError) as e:
        low = isinstance(e, pa.ArrowMemoryError) or "malloc" in str(e) or "bad_alloc" in str(e)
        kind = "Arrow" if spec.arrow else "Parquet"
        said = f"{spec.name}: is no readable {kind} file ({type(e).__name__}); write it again with pyarrow or pandas"
        _fail(sink, _too_big(spec) if low else said)
    sink.flush()


def _serve(file: IO[bytes], spec: Spec, sink: IO[bytes]) -> None:
    if spec.peek:
        for row in heads(file, spec):
            sink.write(ROW)
            send(sink, json.dumps(row).encode())
        return
    for piece in pieces(file, spec):
        sink.write(PIECE + COUNTS.pack(piece.bad, piece.size))
        write_batch(sink, piece.batch)


def _fail(sink: IO[bytes], message: str) -> None:
    sink.write(ERROR)
    send(sink, message.encode("utf-8", "backslashreplace"))


def _too_big(spec: Spec) -> str:
    return (
        f"{spec.name}: needs more than {spec.limits.memory:,} bytes of memory to decode, or is damaged; write it again with smaller row groups,"
        " or raise --limit memory=N"
    )


def _spec(told: dict[str, Any]) -> Spec:
    columns = told["columns"] and ColumnMap(tuple((part, column) for part, column in told["columns"]))
    return Spec(**{**told, "limits": Limits(**told["limits"]), "columns": columns, "stamp": tuple(told["stamp"])})


def _same_file(file: IO[bytes], spec: Spec) -> None:
    found = os.fstat(file.fileno())
    if (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns) != spec.stamp:
        raise DataError(f"{spec.name}: the file changed while it was read; load it again once it is complete")


def _bound_memory(extra: int) -> None:
    """Let this process take `extra` bytes more than it has now (POSIX; elsewhere the caps on rows and bytes hold)."""
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    pa.set_memory_pool(pa.system_memory_pool())
    with contextlib.suppress(ImportError, OSError, ValueError, IndexError):
        import resource

        now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + extra, resource.getrlimit(resource.RLIMIT_AS)[1]))
