"""The ledger: a row is never lost, and every input can be rebuilt from an export alone.

Per file and in total: read = kept + dropped + review + frozen + malformed + blank.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from curate.errors import StoreError
from curate.ship.lines import exported_lines
from curate.ship.tables import labels, named
from curate.types import Action, Bool, Dataset, Source, Verdicts

ROW, MALFORMED, GAP = "row", "malformed", "gap"


@dataclass(frozen=True, slots=True)
class Count:
    """Where the rows of one file (or of all) went."""

    read: int
    kept: int
    dropped: int
    review: int
    frozen: int
    malformed: int
    blank: int

    @property
    def balances(self) -> bool:
        return self.read == self.kept + self.dropped + self.review + self.frozen + self.malformed + self.blank


def counts(dataset: Dataset, verdicts: Verdicts) -> tuple[Count, ...]:
    """One count per source, in the order of `dataset.sources`. Raises StoreError when one does not balance."""
    if len(verdicts) != len(dataset):
        raise StoreError(f"verdicts over {len(verdicts)} rows, dataset of {len(dataset)}; decide again")
    width = max(Action) + 1
    source = dataset.rows.column("source").to_numpy().astype(np.int64)
    cells = np.bincount(source * width + verdicts.action, minlength=len(dataset.sources) * width)
    table = cells.reshape(len(dataset.sources), width)
    found = tuple(_count(s, row.tolist()) for s, row in zip(dataset.sources, table, strict=True))
    for s, count in zip(dataset.sources, found, strict=True):
        _require(s.name, count)
    unsplit = (verdicts.action == Action.KEEP) & (verdicts.split < 0)
    if unsplit.any():
        raise StoreError(f"{np.count_nonzero(unsplit)} kept rows are in no split; decide again")
    return found


def _count(source: Source, by_action: list[int]) -> Count:
    kept, dropped, review, frozen = by_action
    return Count(source.read, kept, dropped, review, frozen, source.malformed, source.blank)


def total(parts: tuple[Count, ...]) -> Count:
    """The sum over files. Raises StoreError when it does not balance."""
    whole = Count(*(sum(getattr(part, f.name) for part in parts) for f in fields(Count)))
    _require("all files", whole)
    return whole


def _require(name: str, count: Count) -> None:
    if not count.balances:
        parts = ", ".join(f"{key} {value}" for key, value in asdict(count).items())
        raise StoreError(f"{name}: the ledger does not balance ({parts}); nothing was exported; report this")


SCHEMA = pa.schema([
    ("source", pa.string()), ("offset", pa.int64()), ("length", pa.int64()), ("kind", pa.string()),
    ("id", pa.string()), ("raw", pa.large_binary()),
])  # fmt: skip


def ledger_tables(dataset: Dataset) -> Iterator[pa.Table]:
    """Every byte of every file, in chunks: the rows in canonical order, then what is no row, by file and offset.

    kind is row, malformed, blank, gap or unsampled. raw is null where the bytes stand elsewhere in the export: rows
    whose exported line is their original, malformed rows (malformed.jsonl), frozen files (frozen/). Of a Parquet row,
    offset is the row group and length the index in it.
    """
    names = labels(dataset)
    frozen = np.array([source.role == "frozen" for source in dataset.sources], np.bool_)
    where = dataset.rows.select(["source", "offset", "length", "id", "raw"])
    for start, lines in exported_lines(dataset):
        part = where.slice(start, len(lines)).combine_chunks()
        raw = pc.cast(_one(part, "raw"), pa.large_binary())
        source = _one(part, "source").to_numpy()
        stands = pc.or_(pc.fill_null(pc.equal(raw, lines), True), pa.array(frozen[source]))
        ids = pc.cast(_one(part, "id"), pa.string())
        yield _ledger(names, part, pa.repeat(ROW, len(part)), ids, _unless(stands, raw))
    yield _rest(dataset, names, frozen)


def _rest(dataset: Dataset, names: tuple[str, ...], frozen: Bool) -> pa.Table:
    """What is no row, by file and offset."""
    rest = dataset.segments.combine_chunks()
    source = rest.column("source").to_numpy()
    raw = pc.cast(_one(rest, "raw"), pa.large_binary())
    length = pc.fill_null(pc.cast(pc.binary_length(raw), pa.int64()), 0)
    kind = pc.cast(_one(rest, "kind"), pa.string())
    stands = pc.or_(pc.equal(kind, MALFORMED), pa.array(frozen[source]))
    rest = rest.select(["source", "offset"]).append_column("length", length)
    table = _ledger(names, rest, kind, pa.nulls(len(rest), pa.string()), _unless(stands, raw))
    rank = np.argsort(np.argsort(np.array(names)))[source] if len(rest) else source
    tie = tie_rank(pc.equal(kind, GAP).to_numpy(zero_copy_only=False), length.to_numpy())
    return table.take(pa.array(np.lexsort((tie, table.column("offset").to_numpy(), rank))))


def tie_rank(gap: Bool, length: NDArray[np.int64]) -> NDArray[np.int8]:
    """What stands first at one offset: a record of no bytes, then a gap, then a record that begins there."""
    return np.where(gap, 1, np.where(length == 0, 0, 2)).astype(np.int8)


def _ledger(names: tuple[str, ...], where: pa.Table, kind: pa.Array, ids: pa.Array, raw: pa.Array) -> pa.Table:
    source = named(names, where.column("source").to_numpy())
    places = [pc.cast(_one(where, name), pa.int64()) for name in ("offset", "length")]
    return pa.table([source, *places, kind, ids, raw], schema=SCHEMA)


def _unless(stands: pa.Array, raw: pa.Array) -> pa.Array:
    return pc.if_else(stands, pa.scalar(None, pa.large_binary()), raw)


def _one(table: pa.Table, column: str) -> pa.Array:
    chunks = table.column(column).combine_chunks()
    return chunks.chunk(0) if isinstance(chunks, pa.ChunkedArray) else chunks
