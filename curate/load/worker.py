"""A reader process: chunks come in on stdin, batches go out on stdout, until stdin ends."""

from __future__ import annotations

import gc
import signal
import sys

from curate.load.batch import read_chunk
from curate.load.pool import READY, read_head, write_batch
from curate.store.lean import leave_out


def main() -> None:
    """Serve until the sender closes the pipe. Interrupts are the parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()
    leave_out("pandas")
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    sink.write(READY)
    sink.flush()
    while (chunk := read_head(source)) is not None:
        write_batch(sink, read_chunk(chunk))
