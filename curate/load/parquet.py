"""Parquet: streamed in small batches with caps on rows and decoded bytes; cells become plain JSON values."""

from __future__ import annotations

import datetime
import decimal
import math
import os
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curate.errors import DataError
from curate.load.batch import Builder, remake
from curate.load.formats import detect
from curate.load.mapping import covers, listed
from curate.load.problems import RowError, name
from curate.load.reader import Reading

_ROWS = 1_000


def read_parquet(job: Reading) -> None:
    """Read a whole Parquet file. Raises DataError for columns or sizes that can't be used."""
    for _ in job.opened.blocks():
        pass
    os.lseek(job.opened.fd, 0, os.SEEK_SET)
    with os.fdopen(os.dup(job.opened.fd), "rb") as file:
        try:
            _rows(job, pq.ParquetFile(pa.PythonFile(file, "r")))
        except (pa.ArrowException, OSError, ValueError, NotImplementedError) as e:
            raise DataError(
                f"{job.name}: is no readable Parquet file ({type(e).__name__}); write it again with pyarrow or pandas"
            ) from None
    job.opened.unchanged()


def _rows(job: Reading, file: pq.ParquetFile) -> None:
    _check_schema(job, file.schema_arrow)
    rows = file.metadata.num_rows
    if rows > job.opened.limits.rows:
        raise DataError(
            f"{job.name}: has {rows:,} rows; {job.opened.limits.rows:,} are allowed; split it, or pass Limits(rows=...)"
        )
    line = 0
    for group in range(file.metadata.num_row_groups):
        inside = 0
        for batch in file.iter_batches(batch_size=_ROWS, row_groups=[group]):
            if batch.nbytes > job.opened.limits.batch:
                raise DataError(
                    f"{job.name}: {_ROWS} rows decode to {batch.nbytes:,} bytes; split it, or pass Limits(batch=...)"
                )
            _batch(job, batch, line, group, inside)
            line, inside = line + batch.num_rows, inside + batch.num_rows


def _check_schema(job: Reading, schema: pa.Schema) -> None:
    twice = next((n for k, n in enumerate(schema.names) if n in schema.names[:k]), None)
    if twice is not None:
        raise DataError(f"{job.name}: the column {name(twice)} is there twice; rename one")
    for column in schema:
        if _is_binary(column.type):
            raise DataError(
                f"{job.name}: the column {name(column.name)} holds bytes ({column.type}), not text; drop or decode it"
            )
    if covers(job.columns, schema.names, job.name):
        job.into.tally.seen |= set(schema.names)
        return
    try:
        detect(dict.fromkeys(schema.names, ""))
    except RowError as e:
        if not job.frozen:
            raise DataError(
                f"{job.name}: {e.message}; it has {listed(schema.names)}; rename the columns, or say what they are with"
                " --map prompt=COLUMN,response=COLUMN"
            ) from None


def _is_binary(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)
        or pa.types.is_binary_view(kind)
    )  # fmt: skip


def _batch(job: Reading, batch: pa.RecordBatch, line: int, group: int, inside: int) -> None:
    """Rows of one batch. `offset` is the row group, `length` the index within it, as there are no byte spans."""
    built = Builder(job.frozen, job.columns)
    bad = 0
    for k, row in enumerate(_objects(batch)):
        try:
            obj = _plain(row)
            built.add(obj, line + k + 1, group, inside + k, None, remake(obj))
        except RowError as e:
            built.malformed(e, line + k + 1, group, inside + k, None)
            bad += 1
    job.into.batch(built.finish())
    job.into.tally.malformed += bad
    job.tick(batch.nbytes)


def _objects(batch: pa.RecordBatch) -> Iterator[dict[str, Any]]:
    try:
        yield from batch.to_pylist()
    except UnicodeDecodeError:
        raise DataError("a Parquet text column holds bytes that are not UTF-8; write it again as UTF-8") from None


def _plain(value: Any, where: str = "") -> Any:
    """A cell as JSON values; keys that Arrow filled with None are taken out."""
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
    raise RowError("bad_content", where, f"a value of type {type(value).__name__} is no text, number, list or object")


def _is_fill(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))
