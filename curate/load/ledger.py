"""From a dataset back to bytes: the exported line of a row, and the original file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curate.types import Dataset


def record_line(dataset: Dataset, row: int) -> bytes:
    """The exact bytes of one exported row without its line end: a JSONL row's own line, else its canonical JSON."""
    record = dataset.rows.column("record")[row].as_py()
    return bytes(dataset.rows.column("raw")[row].as_py()) if record is None else str(record).encode()


def record_lines(dataset: Dataset, rows: Sequence[int] | NDArray[np.int64]) -> Iterator[bytes]:
    """`record_line` of many rows, in the order given, a few thousand at a time."""
    at = np.asarray(rows, dtype=np.int64)
    for start in range(0, len(at), 4096):
        part = pa.array(at[start : start + 4096])
        raws = dataset.rows.column("raw").take(part).to_pylist()
        records = dataset.rows.column("record").take(part).to_pylist()
        yield from (raw if record is None else record.encode() for raw, record in zip(raws, records, strict=True))


def rebuild(dataset: Dataset, source: int, instead: Mapping[int, bytes] | None = None) -> Iterator[bytes]:
    """The decompressed bytes of a JSONL, JSON or CSV source, piece by piece, from its rows and segments alone.

    The rule: a record is followed by one LF unless a gap stands at its end (an empty gap: nothing follows).
    instead: other bytes for malformed records, by offset; then it is a copy, no longer the source.
    """
    instead = instead or {}
    rows = _of(dataset.rows, source, ("offset", "raw"))
    segments = _of(dataset.segments, source, ("offset", "raw", "kind"))
    offsets = np.concatenate([rows[0].to_numpy(), segments[0].to_numpy()])
    is_gap = np.concatenate(
        [np.zeros(len(rows[0]), np.bool_), np.asarray([k == "gap" for k in segments[2].to_pylist()])]
    )
    order = np.lexsort((~is_gap.astype(np.bool_), offsets))
    at, owed = 0, False
    for item in order.tolist():
        gap = bool(is_gap[item])
        if owed and not (gap and offsets[item] == at):
            yield b"\n"
            at += 1
        cell = rows[1][item] if item < len(rows[0]) else segments[1][item - len(rows[0])]
        raw = cell.as_py()
        yield raw if gap else instead.get(int(offsets[item]), raw)
        at += len(raw)
        owed = not gap
    if owed:
        yield b"\n"


def _of(table: pa.Table, source: int, names: Sequence[str]) -> list[pa.ChunkedArray]:
    mine = pa.array(np.flatnonzero(table.column("source").to_numpy() == source))
    return [table.column(n).take(mine) for n in names]
