"""A stretch of rows on its way from bytes to Arrow: what a worker gets, what it gives back.

`Chunk` holds the bytes of some records and where each one lies; `read_chunk` gives a `Batch`: Arrow columns of the
usable rows, the problems, and which records were malformed or blank. The same function runs in every process, so the
number of workers can't change a result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from curate.load.chains import NAME as CHAIN
from curate.load.chains import PART, Chain
from curate.load.checks import ANYWHERE, odd_places
from curate.load.mapping import ColumnMap
from curate.load.problems import Notes, Problem, RowError
from curate.load.record import Record, record
from curate.load.strict import MAX_BYTES, parse
from curate.load.turns import compact

I64 = NDArray[np.int64]
TEXT = pa.large_string()
MALFORMED, BLANK, GAP, UNSAMPLED = "malformed", "blank", "gap", "unsampled"

ROW_FIELDS = pa.schema(
    [("line", pa.int64()), ("offset", pa.int64()), ("length", pa.int64()), ("turns", pa.int32())]
    + [("content", pa.binary(16))]
    + [(n, TEXT) for n in ("system", "prompt", "response", "messages", "roles", "format")]
    + [(n, TEXT) for n in ("group", "time", "user_id", "extra")]
    + [("raw", pa.large_binary()), ("record", TEXT)]
)
_PLACE = (("line", pa.int64()), ("offset", pa.int64()), ("length", pa.int64()))
PROBLEM_FIELDS = pa.schema([*_PLACE, ("code", TEXT), ("field", TEXT), ("message", TEXT), ("fatal", pa.bool_())])
MARK_FIELDS = pa.schema([("offset", pa.int64()), ("line", pa.int64()), ("kind", TEXT), ("raw", pa.large_binary())])


@dataclass(frozen=True)
class Chunk:
    """Records of one file: `data[starts[k]:ends[k]]` is record k, `base` the file offset of data[0].

    lines: the number of record k (line, element or record number). gaps: (offset, bytes) of what lies between records.
    plain: a record is a text as it stands, no JSON. chain: who follows whom; such a file is read in one process.
    """

    data: bytes
    base: int
    starts: I64
    ends: I64
    first_line: int
    frozen: bool
    remake: bool = False
    max_bytes: int = MAX_BYTES
    gaps: tuple[tuple[int, bytes], ...] = ()
    columns: ColumnMap | None = None
    plain: bool = False
    chain: Chain | None = None


@dataclass(frozen=True)
class Packed:
    """Usable rows as a Zstandard Arrow stream: text shrinks several times, so a whole load fits in memory unsorted.

    sizes: bytes of each text column. formats: rows by format name. talk: rows that converse, that have a system prompt,
    that ask more than once.
    """

    body: bytes | pa.Buffer
    count: int
    sizes: dict[str, int]
    formats: dict[str, int]
    talk: tuple[int, int, int] = (0, 0, 0)

    @staticmethod
    def of(rows: pa.RecordBatch) -> Packed:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, rows.schema, options=_SMALL) as stream:
            stream.write_batch(rows)
        formats = {pair["values"]: pair["counts"] for pair in pc.value_counts(rows.column("format")).to_pylist()}
        sizes = {f.name: _data_size(rows.column(f.name)) for f in ROW_FIELDS if is_text(f.type)}
        return Packed(sink.getvalue(), rows.num_rows, sizes, formats, _talk(rows.column("roles")))

    def columns(self, names: Sequence[str]) -> pa.RecordBatch:
        """Some of the columns; only these are unpacked."""
        wanted = pa.ipc.IpcReadOptions(included_fields=sorted(ROW_FIELDS.get_field_index(n) for n in names))
        return pa.ipc.open_stream(self.body, options=wanted).read_next_batch()


def _talk(roles: pa.Array) -> tuple[int, int, int]:
    asks = pc.count_substring(roles, "u")
    conversing = pc.sum(pc.greater(asks, 0)).as_py() or 0
    system = pc.sum(pc.and_(pc.match_substring_regex(roles, "^[sd]"), pc.greater(asks, 0))).as_py() or 0
    return conversing, system, pc.sum(pc.greater(asks, 1)).as_py() or 0


# Level 1: half the size of LZ4 on real rows (each holds its text three times) and quicker to write.
_SMALL = pa.ipc.IpcWriteOptions(compression=pa.Codec("zstd", 1), use_threads=False)


def is_text(kind: pa.DataType) -> bool:
    """True for the variable-width columns."""
    return bool(pa.types.is_large_string(kind) or pa.types.is_large_binary(kind))


def _data_size(array: pa.Array) -> int:
    offsets = array.buffers()[1]
    return int(np.frombuffer(offsets, dtype=np.int64)[len(array)]) if len(array) else 0


@dataclass(frozen=True)
class Batch:
    """Arrow tables (record batches) of one chunk: usable rows, problems, and the records that are no row.

    seen: the columns of the file's map that some row has. parts: records that are part of other rows.
    """

    rows: Packed
    problems: pa.RecordBatch
    marks: pa.RecordBatch
    seen: frozenset[str] = frozenset()
    parts: int = 0


@dataclass
class Builder:
    """Collects rows of one file into a Batch."""

    frozen: bool
    columns: ColumnMap | None = None
    chain: Chain | None = None
    parts: int = 0
    seen: set[str] = field(default_factory=set)
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    problems: list[tuple[Any, ...]] = field(default_factory=list)
    marks: list[tuple[Any, ...]] = field(default_factory=list)

    def add(self, obj: dict[str, Any], line: int, offset: int, length: int, raw: bytes | None, remade: str | None,
            odd: int = ANYWHERE) -> None:  # fmt: skip
        """One parsed object; raises RowError when it is no usable row."""
        notes: Notes = []
        if self.columns is not None:
            self.seen |= self.columns.names & obj.keys()
        try:
            made: Record = record(obj, self.frozen, notes, self.columns, self.chain, odd)
        finally:
            for p in notes:
                self.note(p, line, offset, length)
        if made.format == CHAIN:
            remade = f'{{"messages":{made.messages}' + (f",{made.extra[1:]}" if made.extra != "{}" else "}")
        self.rows.append((line, offset, length, raw, remade, *made))

    def note(self, problem: Problem, line: int, offset: int, length: int) -> None:
        self.problems.append((line, offset, length, *problem))

    def malformed(self, error: RowError, line: int, offset: int, length: int, raw: bytes | None) -> None:
        if error.code == PART:
            self.parts += 1
            if raw is not None:
                self.marks.append((offset, line, BLANK, raw))
            return
        self.note(error.problem, line, offset, length)
        if raw is not None:
            self.marks.append((offset, line, MALFORMED, raw))

    def finish(self) -> Batch:
        """The collected rows as Arrow, and an empty builder."""
        names = ("line", "offset", "length", "raw", "record", *Record._fields)
        rows = Packed.of(_arrow(self.rows, names, ROW_FIELDS))
        problems = _arrow(self.problems, PROBLEM_FIELDS.names, PROBLEM_FIELDS)
        made = Batch(rows, problems, _arrow(self.marks, MARK_FIELDS.names, MARK_FIELDS),
                     frozenset(self.seen), self.parts)  # fmt: skip
        self.parts = 0
        self.rows, self.problems, self.marks = [], [], []
        return made


def _arrow(rows: list[tuple[Any, ...]], names: Any, schema: pa.Schema) -> pa.RecordBatch:
    columns = dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else {}
    return pa.record_batch([pa.array(columns.get(f.name, ()), f.type) for f in schema], schema=schema)


def read_chunk(chunk: Chunk) -> Batch:
    """Parse, check and convert every record of a chunk."""
    built = Builder(chunk.frozen, chunk.columns, chunk.chain)
    data, base, starts, ends = chunk.data, chunk.base, chunk.starts, chunk.ends
    lines = np.arange(chunk.first_line, chunk.first_line + len(starts))
    empty = starts == ends
    if empty.any():
        _mark_empty(built, chunk, np.flatnonzero(empty))
        starts, ends, lines = starts[~empty], ends[~empty], lines[~empty]
    places = zip(starts.tolist(), ends.tolist(), lines.tolist(), _escaped(data, starts).tolist(), strict=True)
    for start, end, line, escaped in places:
        raw = data[start:end]
        if raw[:1] in b" \t\r" and not raw.strip(b" \t\r"):
            built.marks.append((base + start, line, BLANK, raw))
        else:
            try:
                _read_one(built, raw, line, base + start, chunk, escaped)
            except RowError as e:
                built.malformed(e, line, base + start, end - start, raw)
    return built.finish()


def _mark_empty(built: Builder, chunk: Chunk, at: I64) -> None:
    """Records of no bytes, each run of neighbours as one mark: a file may hold ten million of them."""
    new = np.flatnonzero(np.concatenate([[True], (np.diff(at) != 1) | (np.diff(chunk.starts[at]) != 1)]))
    for first, count in zip(at[new].tolist(), np.diff(np.append(new, len(at))).tolist(), strict=True):
        offset = chunk.base + int(chunk.starts[first])
        built.marks.append((offset, chunk.first_line + first, BLANK, b"\n" * (count - 1)))


def blanks(raw: bytes) -> int:
    """How many blank records a mark stands for."""
    return len(raw) + 1 if raw and not raw.strip(b"\n") else 1


def _escaped(data: bytes, starts: I64) -> NDArray[np.bool_]:
    """Which records hold an escape other than those of quotes and line ends (or DEL), for all records at once: a search
    per record costs a tenth of the whole load."""
    found = np.zeros(len(starts), dtype=np.bool_)
    codes = np.frombuffer(data, dtype=np.uint8)
    slashes = np.flatnonzero(codes[:-1] == 0x5C)
    after = codes[slashes + 1]
    rare = slashes[(after == 0x75) | (after == 0x62) | (after == 0x66)]
    for at in (rare, np.flatnonzero(codes == 0x7F)):
        found[np.maximum(np.searchsorted(starts, at, side="right") - 1, 0)] = True
    return found


def _read_one(built: Builder, raw: bytes, line: int, offset: int, chunk: Chunk, escaped: bool) -> None:
    obj = _plain_text(raw) if chunk.plain else parse(raw, chunk.max_bytes, escaped)
    remade = remake(obj) if chunk.remake or chunk.plain else None
    built.add(obj, line, offset, len(raw), raw, remade, ANYWHERE if chunk.plain else odd_places(raw, escaped))


def _plain_text(raw: bytes) -> dict[str, Any]:
    try:
        return {"text": raw.removesuffix(b"\r").decode()}
    except UnicodeDecodeError as e:
        raise RowError("encoding", "text", f"invalid UTF-8 at byte {e.start} of the line") from None


def remake(obj: dict[str, Any]) -> str:
    """A row as one canonical JSON line: the user's own keys in their own order, compact, UTF-8."""
    return compact(obj)
