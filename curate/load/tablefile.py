"""Parquet and Arrow files to batches, inside the reader process that may die of them: caps on rows, bytes and memory."""

from __future__ import annotations

import base64
import datetime
import decimal
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

import pyarrow as pa

from curate.errors import DataError
from curate.load.batch import Batch, Builder, remake
from curate.load.chains import PART, Chain, is_chained
from curate.load.formats import detect
from curate.load.limits import Limits
from curate.load.mapping import ColumnMap, covers, listed
from curate.load.problems import RowError, name

_ROWS = 1_000
_SLICE = 16 << 20


@dataclass(frozen=True)
class Spec:
    """What the reader process is told. peek: send plain rows of the file's start instead of batches."""

    path: str
    name: str
    arrow: bool
    frozen: bool
    stamp: tuple[int, ...]
    limits: Limits
    columns: ColumnMap | None = None
    peek: int = 0


@dataclass(frozen=True)
class Piece:
    """One batch on its way to the parent: `bad` rows in it are malformed, `size` bytes were decoded for it."""

    batch: Batch
    bad: int
    size: int


def pieces(file: IO[bytes], spec: Spec) -> Iterator[Piece]:
    """Every row of the file. Raises DataError for columns or sizes that can't be used."""
    chain = _chain(file, spec)
    line, inside, group_before, total = 0, 0, -1, 0
    for group, batch in _batches(file, spec):
        if group != group_before:
            group_before, inside = group, 0
        total += batch.nbytes
        _cap(spec, batch.nbytes, total)
        for part in slices(batch):
            yield _piece(spec, part, line, group, inside, chain)
            line, inside = line + part.num_rows, inside + part.num_rows


def _chain(file: IO[bytes], spec: Spec) -> Chain | None:
    """Who follows whom, when the columns say that rows continue each other."""
    first = next(_batches(file, spec), None)
    file.seek(0)
    if first is None or not is_chained(first[1].schema.names):
        return None
    made = Chain.of(_plain(row) for _, batch in _batches(file, spec) for row in batch.to_pylist())
    file.seek(0)
    return made


def heads(file: IO[bytes], spec: Spec) -> Iterator[dict[str, Any]]:
    """Rows from the file's start, as they are, `spec.peek` of them."""
    left = spec.peek
    for _, batch in _batches(file, spec, check=False):
        for row in batch.slice(0, left).to_pylist():
            yield _plain(row)
        left -= batch.num_rows
        if left <= 0:
            return


def slices(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """The batch in parts of some megabytes: as Python values rows take several times their size."""
    step = max(1, batch.num_rows * _SLICE // max(batch.nbytes, _SLICE))
    return (batch.slice(at, step) for at in range(0, batch.num_rows, step))


def _batches(file: IO[bytes], spec: Spec, check: bool = True) -> Iterator[tuple[int, pa.RecordBatch]]:
    """(row group, batch); Arrow files count their batches as row groups."""
    if spec.arrow:
        stream = _arrow_stream(file)
        if check:
            _check_schema(spec, stream.schema)
        rows = 0
        for group, batch in enumerate(stream):
            batch.validate(full=True)
            rows += batch.num_rows
            _cap_rows(spec, rows)
            yield from ((group, batch.slice(at, _ROWS)) for at in range(0, batch.num_rows, _ROWS))
        return
    import pyarrow.parquet as pq

    parquet = pq.ParquetFile(pa.PythonFile(file, "r"))
    if check:
        _check_schema(spec, parquet.schema_arrow)
        _cap_rows(spec, parquet.metadata.num_rows)
    for group in range(parquet.metadata.num_row_groups):
        for batch in parquet.iter_batches(batch_size=_ROWS, row_groups=[group], use_threads=False):
            yield group, batch


def _arrow_stream(file: IO[bytes]) -> Any:
    """`datasets` writes Arrow streams; other programs write Arrow files."""
    magic = file.read(6)
    file.seek(0)
    source = pa.PythonFile(file, "r")
    if magic == b"ARROW1":
        opened = pa.ipc.open_file(source)
        return _FileBatches(opened)
    return pa.ipc.open_stream(source)


@dataclass(frozen=True)
class _FileBatches:
    opened: Any

    @property
    def schema(self) -> pa.Schema:
        return self.opened.schema

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        return (self.opened.get_batch(n) for n in range(self.opened.num_record_batches))


def _cap_rows(spec: Spec, rows: int) -> None:
    if rows > spec.limits.rows:
        raise DataError(
            f"{spec.name}: has {rows:,} rows; {spec.limits.rows:,} are allowed; split it, or raise --limit rows=N"
        )


def _cap(spec: Spec, size: int, total: int) -> None:
    limits = spec.limits
    if size > limits.batch:
        raise DataError(f"{spec.name}: {_ROWS} rows decode to {size:,} bytes; split it, or raise --limit batch=N")
    if total > limits.plain:
        raise DataError(f"{spec.name}: decodes to more than {limits.plain:,} bytes; split it, or raise --limit plain=N")
    if total > limits.ratio_floor and total > spec.stamp[2] * limits.ratio:
        raise DataError(
            f"{spec.name}: decodes to more than {limits.ratio:g} times its size, as bombs do; if it is genuine, write it"
            " without compression, or raise --limit ratio=N"
        )


def _check_schema(spec: Spec, schema: pa.Schema) -> None:
    twice = next((n for k, n in enumerate(schema.names) if n in schema.names[:k]), None)
    if twice is not None:
        raise DataError(f"{spec.name}: the column {name(twice)} is there twice; rename one")
    for column in schema:
        if _is_binary(column.type):
            raise DataError(
                f"{spec.name}: the column {name(column.name)} holds bytes ({column.type}), not text; drop or decode it"
            )
    if covers(spec.columns, schema.names, spec.name) or is_chained(schema.names):
        return
    try:
        detect(dict.fromkeys(schema.names, ""))
    except RowError as e:
        if not spec.frozen:
            raise DataError(
                f"{spec.name}: {e.message}; it has {listed(schema.names)}; rename the columns, or say what they are with"
                " --map prompt=COLUMN,response=COLUMN"
            ) from None


def _is_binary(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)
        or pa.types.is_binary_view(kind)
    )  # fmt: skip


def _piece(spec: Spec, batch: pa.RecordBatch, line: int, group: int, inside: int, chain: Chain | None) -> Piece:
    """Rows of one batch. `offset` is the row group, `length` the index within it, as there are no byte spans."""
    built = Builder(spec.frozen, spec.columns, chain)
    bad = 0
    for k, row in enumerate(_objects(batch, spec)):
        try:
            obj = _plain(row)
            line_text = remake(obj)
            if len(line_text) > spec.limits.line:
                raise RowError("too_long", "", f"the row is longer than {spec.limits.line:,} characters")
            built.add(obj, line + k + 1, group, inside + k, None, line_text)
        except RowError as e:
            built.malformed(e, line + k + 1, group, inside + k, None)
            bad += e.code != PART
    built.seen |= set(batch.schema.names) & (spec.columns.names if spec.columns else set())
    return Piece(built.finish(), bad, batch.nbytes)


def _objects(batch: pa.RecordBatch, spec: Spec) -> Iterator[dict[str, Any]]:
    try:
        yield from batch.to_pylist()
    except UnicodeDecodeError:
        raise DataError(f"{spec.name}: a text column holds bytes that are not UTF-8; write it again as UTF-8") from None


def _plain(value: Any, where: str = "") -> Any:
    """A cell as JSON values; keys that Arrow filled with None are taken out, bytes inside of objects become base64."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, dict):
        return {k: _plain(v, f"{where}.{k}" if where else k) for k, v in value.items() if not _is_fill(v)}
    if isinstance(value, list):
        return [_plain(v, where) for v in value]
    if isinstance(value, tuple):
        return [_plain(v, where) for v in value]
    if isinstance(value, float):
        if math.isinf(value):
            raise RowError("nan", where, "the number is infinite")
        return value
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise RowError("bad_content", where, f"a value of type {type(value).__name__} is no text, number, list or object")


def _is_fill(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))
