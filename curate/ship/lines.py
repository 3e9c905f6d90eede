"""JSONL files of an export. An unmodified row leaves as its original line; a rejected one carries it verbatim."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate.errors import Cancelled, StoreError
from curate.ship.publish import HashedFile, Stage
from curate.ship.tables import labels
from curate.types import Action, Cancel, Dataset, Progress, Verdicts

CHUNK = 1 << 14
BLOCK = 3 << 18
MARK = b', "row": '
REJECTED = "rejected.jsonl"
REVIEW = "review.jsonl"
MALFORMED = "malformed.jsonl"
_HELD = {Action.DROP: REJECTED, Action.REVIEW: REVIEW}


def write_rows(
    stage: Stage, dataset: Dataset, verdicts: Verdicts, progress: Progress | None, cancel: Cancel | None
) -> None:
    """Split files, rejected and review rows in one pass over the mapped columns, in canonical order."""
    head = _Heads(dataset, verdicts)
    with contextlib.ExitStack() as stack:
        splits = [stack.enter_context(_lines(stage, f"{name}.jsonl")) for name in verdicts.splits]
        held = {action: stack.enter_context(_lines(stage, name)) for action, name in _HELD.items()}
        for start, lines in exported_lines(dataset):
            if cancel is not None and cancel.is_set():
                raise Cancelled(f"export stopped after {start} of {len(dataset)} rows; nothing was published")
            stop = start + len(lines)
            action = verdicts.action[start:stop]
            split = np.where(action == Action.KEEP, verdicts.split[start:stop], -1)
            for number, file in enumerate(splits):
                _put(file, lines.filter(pa.array(split == number)), tail=b"\n")
            for which, file in held.items():
                chosen = action == which
                _put(file, lines.filter(pa.array(chosen)), head.of(start + np.flatnonzero(chosen)), b"}\n")
            if progress is not None:
                progress("export", stop, len(dataset))


def exported_lines(dataset: Dataset) -> Iterator[tuple[int, pa.Array]]:
    """(first row, lines as large_binary without line end) of at most CHUNK rows at a time."""
    start = 0
    for batch in dataset.rows.select(["raw", "record"]).to_batches(max_chunksize=CHUNK):
        record = pc.cast(batch.column("record"), pa.large_binary())
        yield start, pc.coalesce(record, pc.cast(batch.column("raw"), pa.large_binary()))
        start += batch.num_rows


def write_malformed(stage: Stage, dataset: Dataset) -> None:
    """malformed.jsonl. Raises StoreError as `malformed_pieces` does."""
    with _lines(stage, MALFORMED) as file:
        for piece in malformed_pieces(dataset):
            file.write(piece)
        file.rows = sum(source.malformed for source in dataset.sources)


def malformed_pieces(dataset: Dataset) -> Iterator[bytes]:
    """One line per malformed row: where it is, the first fatal finding, and its bytes in base64. In pieces, because such
    a row can be a line of hundreds of megabytes.

    Raises StoreError when there are not as many as the files' balances say.
    """
    names = labels(dataset)
    segments = dataset.segments
    kinds = segments.column("kind").to_pylist()
    held = {_place(segments, at): at for at, kind in enumerate(kinds) if kind == "malformed"}
    why: dict[_Place, tuple[str, str]] = {}
    fatal = dataset.problems.filter(dataset.problems.column("fatal"))
    for p in fatal.select(["source", "offset", "line", "code", "field"]).to_pylist():
        why.setdefault((p["source"], p["offset"], p["line"]), (p["code"], p["field"] or ""))
    places = sorted(held.keys() | why.keys(), key=lambda place: (names[place[0]], *place[1:]))
    if len(places) != sum(source.malformed for source in dataset.sources):
        raise StoreError(f"{len(places)} malformed rows are known, the files' balances differ; nothing was exported")
    for place in places:
        source, offset, line = place
        code, field = why.get(place, ("malformed", ""))
        record = {"source": names[source], "line": line, "offset": offset, "code": code, "field": field}
        yield _json(record).encode()[:-1] + b', "raw_b64": "'
        if place in held:
            yield from _base64(segments.column("raw")[held[place]].as_buffer())
        yield b'"}\n'


_Place = tuple[int, int, int]  # source, offset, line


def _place(table: pa.Table, at: int) -> _Place:
    source, offset, line = (int(table.column(name)[at].as_py()) for name in ("source", "offset", "line"))
    return source, offset, line


def _base64(raw: pa.Buffer | None) -> Iterator[bytes]:
    view = memoryview(raw or b"")
    for start in range(0, len(view), BLOCK):
        yield base64.b64encode(view[start : start + BLOCK])


class _Heads:
    """The part of a rejected row before its original, per row number."""

    def __init__(self, dataset: Dataset, verdicts: Verdicts) -> None:
        self._ids = dataset.rows.column("id")
        self._source = dataset.rows.column("source").to_numpy()
        self._line = dataset.rows.column("line").to_numpy()
        self._names = [_json(name) for name in labels(dataset)]
        self._verdicts = verdicts
        self._reasons: dict[bytes, str] = {}

    def of(self, rows: Any) -> pa.Array:
        """Heads of the rows as large_binary."""
        witness = np.asarray(self._verdicts.witness)[rows].astype(np.int64)
        ids = self._ids.take(pa.array(rows)).to_pylist()
        seen = self._ids.take(pa.array(witness, mask=witness < 0)).to_pylist()
        made = []
        for row, row_id, other in zip(rows.tolist(), ids, seen, strict=True):
            made.append(
                f'{{"id": "{row_id}", "source": {self._names[self._source[row]]}, "line": {self._line[row]}, '
                f'"reasons": {self._why(row)}, "witness": {_json(other)}'.encode()
                + MARK
            )
        return pa.array(made, pa.large_binary())

    def _why(self, row: int) -> str:
        bits = self._verdicts.reasons[row].tobytes()
        if bits not in self._reasons:
            self._reasons[bits] = _json(list(self._verdicts.why(row)))
        return self._reasons[bits]


def original(line: bytes) -> bytes:
    """The original bytes of a rejected or review row, from its exported line without the line end."""
    # No string before it can hold this mark: a quote inside a JSON string is escaped.
    return line[line.index(MARK) + len(MARK) : -1]


@contextlib.contextmanager
def _lines(stage: Stage, name: str) -> Iterator[HashedFile]:
    with stage.open(name) as file:
        file.rows = 0
        yield file


def _put(file: HashedFile, lines: pa.Array, head: pa.Array | None = None, tail: bytes = b"\n") -> None:
    if not len(lines):
        return
    parts = [] if head is None else [head]
    joined = pc.binary_join_element_wise(*parts, lines, _scalar(tail), _scalar(b""))
    offsets = np.frombuffer(joined.buffers()[1], np.int64)[joined.offset : joined.offset + len(joined) + 1]
    file.write(memoryview(joined.buffers()[2])[offsets[0] : offsets[-1]])
    file.rows = (file.rows or 0) + len(lines)


def _scalar(value: bytes) -> pa.Scalar:
    return pa.scalar(value, pa.large_binary())


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
