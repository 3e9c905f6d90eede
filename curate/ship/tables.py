"""Parquet files of an export: fixed row groups and compression, no clock, equal bytes for equal rows."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from curate.ship.publish import Stage
from curate.types import Action, Bool, Dataset, Verdicts

ROW_GROUP = 1 << 16
ACTIONS = tuple(a.name.lower() for a in Action)


def write_tables(stage: Stage, name: str, schema: pa.Schema, tables: Iterable[pa.Table]) -> None:
    """The tables as one file `name`, in row groups of ROW_GROUP rows however they happen to be cut."""
    options = {"compression": "zstd", "compression_level": 3, "store_schema": False, "version": "2.6"}
    with stage.open(name) as file, pq.ParquetWriter(file, schema, **options) as writer:
        waiting: list[pa.Table] = []
        file.rows = 0
        for table in tables:
            file.rows += len(table)
            waiting.append(table)
            while sum(map(len, waiting)) >= ROW_GROUP:
                whole = pa.concat_tables(waiting)
                _write_group(writer, whole.slice(0, ROW_GROUP))
                waiting = [whole.slice(ROW_GROUP)]
        if any(map(len, waiting)):
            _write_group(writer, pa.concat_tables(waiting))


def _write_group(writer: pq.ParquetWriter, table: pa.Table) -> None:
    # Pages would follow the chunks of a column, which depend on how the rows were read.
    writer.write_table(table.combine_chunks(), row_group_size=ROW_GROUP)


def labels(dataset: Dataset) -> tuple[str, ...]:
    """A distinct printable name per source, free of folders: the file name, with a mark when two share it."""
    names = [source.name.replace("\\", "/").rsplit("/", 1)[-1] or "data" for source in dataset.sources]
    names = ["_" + name if name.startswith(".") else name for name in names]
    shared = [f"{s.sha256[:8]}-{n}" if names.count(n) > 1 else n for s, n in zip(dataset.sources, names, strict=True)]
    seen: dict[str, int] = {}
    for at, name in enumerate(shared):
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            shared[at] = f"{seen[name]}-{name}"
    return tuple(json.dumps(name)[1:-1] if not name.isprintable() else name for name in shared)


def named(values: tuple[str, ...], index: NDArray[Any]) -> pa.Array:
    """`values[index]` as an Arrow string column; null where the index is negative."""
    index = np.asarray(index, np.int64)
    return pa.array(values, pa.string()).take(pa.array(index, mask=index < 0))


def verdict_table(dataset: Dataset, verdicts: Verdicts) -> pa.Table:
    """id, content, source, line, role, action, reasons, witness, topic, split of every row, in canonical order."""
    rows = dataset.rows
    ids = pc.cast(rows.column("id").combine_chunks(), pa.string())
    witness = np.asarray(verdicts.witness, np.int64)
    topic = np.asarray(verdicts.topic, np.int32)
    columns = {
        "id": ids,
        "content": pc.cast(rows.column("content"), pa.string()),
        "source": named(labels(dataset), rows.column("source").to_numpy()),
        "line": pc.cast(rows.column("line"), pa.int64()),
        "role": named(("pool", "frozen"), dataset.frozen.astype(np.int8)),
        "action": named(ACTIONS, verdicts.action),
        "reasons": reason_lists(verdicts),
        "witness": ids.take(pa.array(witness, mask=witness < 0)),
        "topic": pa.array(topic, mask=topic < 0),
        "split": named(verdicts.splits, verdicts.split),
    }
    return pa.table(columns)


def reason_lists(verdicts: Verdicts) -> pa.Array:
    """Reason codes per row as list<string>, in stage order."""
    flags = reason_flags(verdicts)
    offsets = np.zeros(len(verdicts) + 1, np.int32)
    np.cumsum(flags.sum(axis=1), out=offsets[1:])
    return pa.ListArray.from_arrays(pa.array(offsets), named(verdicts.codes, np.nonzero(flags)[1]))


def reason_flags(verdicts: Verdicts) -> Bool:
    """Bool [rows, codes]."""
    if not verdicts.codes:
        return np.zeros((len(verdicts), 0), np.bool_)
    return np.stack([verdicts.carries(code) for code in verdicts.codes], axis=1)
