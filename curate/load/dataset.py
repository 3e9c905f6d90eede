"""Collected columns to a Dataset: canonical order, ids, fingerprint, Arrow tables in memory or memory-mapped."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from curate.load.batch import MARK_FIELDS, PROBLEM_FIELDS, UNSAMPLED
from curate.load.canonical import canonical, fingerprint
from curate.load.collect import Collector
from curate.load.problems import CODES
from curate.load.spill import Arena, Stack
from curate.types import Dataset, Source

I64 = NDArray[np.int64]
Arrays = Mapping[str, pa.Array]
SLICE = 8_192
PARTS = 2
ON_DISK = 64 << 20
COLUMNS = (
    "id", "content", "system", "prompt", "response", "messages", "turns", "roles", "source", "line", "offset", "length",
    "group", "time", "frozen", "format", "raw", "user_id", "extra", "record",
)  # fmt: skip
# Written and mapped apart, so that putting one group in order holds no other group's bytes. The first is unpacked while
# the rows are still being put in order.
EARLY = ("system", "prompt", "response")
GROUPS = (
    ("texts", EARLY),
    ("rows", ("id", "content", "turns", "roles", "source", "line", "offset", "length", "group", "time", "frozen",
              "format", "user_id", "extra")),
    ("messages", ("messages",)),
    ("raw", ("raw", "record")),
)  # fmt: skip


def build(got: Collector, sources: Sequence[Source], sample: int | None, folder: Path | None) -> Dataset:
    """The dataset of what was collected. With a folder its tables are written there and mapped; without one they stay
    in memory, or in an unlinked temporary folder once they are big."""
    big = folder is not None or got.rows.size > ON_DISK
    with ThreadPoolExecutor(1, "curate-texts") as thread:
        unpacked = thread.submit(_Unpacked, got.rows, EARLY) if big else None
        return _build(got, sources, sample, folder, unpacked)


def _build(got: Collector, sources: Sequence[Source], sample: int | None, folder: Path | None,
           unpacked: Future[_Unpacked] | None) -> Dataset:  # fmt: skip
    source = got.rows.source()
    places: Arrays = {
        "source": pa.array(source),
        **got.rows.columns(("line", "offset", "length", "user_id", "content")),
    }
    frozen = np.array([s.role == "frozen" for s in sources], dtype=np.bool_)[source]
    content = _bytes16(places["content"])
    made = canonical(content, frozen, source, [s.name for s in sources], _numpy(places["line"]), got.rows.hashes)
    ids, order, contents = made.ids, made.order, made.contents
    problems = _problems(got, places, frozen, sources)
    segments = got.segments.finish()
    if sample is not None and int((~frozen).sum()) > sample:
        keep = (np.cumsum(~frozen[order]) <= sample) | frozen[order]
        segments = _with_unsampled(segments, got.rows, places, order[~keep])
        problems = _only_of(problems, places, order[~keep])
        ids, contents, order = ids[keep], contents[keep], order[keep]
        sources = _sampled(sources, source[order])
    known = {"source": places["source"].take(pa.array(order)), "frozen": pa.array(frozen[order])}
    known |= {"id": _strings(ids), "content": _strings(contents)}
    tables = _Tables(known, got.rows, order, _table(problems, PROBLEM_FIELDS), _table(segments, MARK_FIELDS))
    print_ = fingerprint(ids, frozen[order])
    meta = {"sources": [_plain(s) for s in sources], "fingerprint": print_, "sample": sample}
    if unpacked is None:
        return Dataset(tables.rows(), tables.problems, tables.segments, tuple(sources), print_, sample)
    if folder is not None:
        return tables.write(folder, meta, unpacked.result())
    temporary = Path(tempfile.mkdtemp(prefix="curate-"))
    try:
        return tables.write(temporary, meta, unpacked.result())
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _plain(source: Source) -> dict[str, Any]:
    return asdict(replace(source, formats=dict(source.formats)))


def open_folder(folder: Path) -> Dataset:
    """A dataset that `build` wrote, memory-mapped. Raises ValueError, KeyError or an Arrow error when it is damaged."""
    meta = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
    sources = tuple(
        Source(**{**s, "notes": tuple(s["notes"]), "mapping": tuple((p, c) for p, c in s["mapping"])})
        for s in meta["sources"]
    )
    columns: dict[str, pa.ChunkedArray] = {}
    for group, names in GROUPS:
        table = pa.concat_tables([_mapped(folder / f"{group}.{part}.arrow") for part in range(PARTS)])
        columns |= {name: table.column(name) for name in names}
    rows = pa.table({name: columns[name] for name in COLUMNS})
    problems, segments = _mapped(folder / "problems.arrow"), _mapped(folder / "segments.arrow")
    return Dataset(rows, problems, segments, sources, meta["fingerprint"], meta["sample"])


def _mapped(path: Path) -> pa.Table:
    return pa.ipc.open_file(pa.memory_map(str(path), "r")).read_all()


class _Unpacked:
    """Columns of one group, unsorted, in memory that is lent to one group after another."""

    def __init__(self, stack: Stack, names: Sequence[str]) -> None:
        self.stack = stack
        self._arena = Arena(max(stack.size_of(names) for _, names in GROUPS))
        self._names, self._columns = tuple(names), stack.columns(names, self._arena)

    def columns(self, names: Sequence[str]) -> Arrays:
        """The columns asked for; those asked for before must no longer be used."""
        if tuple(names) != self._names:
            self._columns = {}
            self._names, self._columns = tuple(names), self.stack.columns(names, self._arena)
        return self._columns


@dataclass(frozen=True)
class _Tables:
    """Tables about to be put in canonical order. `known` are columns that already stand in it."""

    known: Arrays
    stack: Stack
    order: I64
    problems: pa.Table
    segments: pa.Table

    def rows(self) -> pa.Table:
        """All rows, in memory."""
        arrays: dict[str, pa.Array] = {}
        for _, names in GROUPS:
            unsorted = self.stack.columns(self._to_order(names))
            arrays |= {n: a.take(pa.array(self.order)) for n, a in unsorted.items()}
        return pa.table({n: self.known[n] if n in self.known else arrays[n] for n in COLUMNS})

    def write(self, folder: Path, meta: dict[str, Any], unpacked: _Unpacked) -> Dataset:
        """Write every table, then map them."""
        for group, names in GROUPS:
            self._write_group(folder, group, names, unpacked.columns(self._to_order(names)))
        for name, table in (("problems", self.problems), ("segments", self.segments)):
            with pa.ipc.new_file(folder / f"{name}.arrow", table.schema) as sink:
                sink.write_table(table, max_chunksize=SLICE)
        (folder / "dataset.json").write_text(json.dumps(meta, indent=1), encoding="utf-8")
        return open_folder(folder)

    def _to_order(self, names: Sequence[str]) -> list[str]:
        return [n for n in names if n not in self.known]

    def _write_group(self, folder: Path, group: str, names: Sequence[str], unsorted: Arrays) -> None:
        """Write some columns, each part of the rows to its own file at the same time."""
        bounds = [len(self.order) * k // PARTS for k in range(PARTS + 1)]

        def write(part: int) -> None:
            schema = pa.schema([(n, (self.known[n] if n in self.known else unsorted[n]).type) for n in names])
            with pa.ipc.new_file(folder / f"{group}.{part}.arrow", schema) as sink:
                for at in range(bounds[part], bounds[part + 1], SLICE):
                    stop = min(at + SLICE, bounds[part + 1])
                    rows = pa.array(self.order[at:stop])
                    cells = [
                        self.known[n].slice(at, stop - at) if n in self.known else unsorted[n].take(rows) for n in names
                    ]
                    sink.write_batch(pa.record_batch(cells, schema=schema))

        with ThreadPoolExecutor(PARTS, "curate-write") as writers:
            for done in [writers.submit(write, part) for part in range(PARTS)]:
                done.result()


def _numpy(array: pa.Array) -> NDArray[Any]:
    return np.asarray(array.to_numpy(zero_copy_only=False))


def _bytes16(content: pa.Array) -> NDArray[np.uint8]:
    """Fixed-width binary cells as an array of shape [n, 16]."""
    n = len(content)
    if n == 0:
        return np.zeros((0, 16), dtype=np.uint8)
    data = np.frombuffer(content.buffers()[1], dtype=np.uint8)[16 * content.offset :]
    return np.asarray(data[: 16 * n].reshape(n, 16))


def _strings(fixed: NDArray[np.bytes_]) -> pa.Array:
    """Fixed-width ASCII bytes, padded with NUL, as an Arrow text column."""
    cells = np.ascontiguousarray(fixed).view(np.uint8).reshape(len(fixed), fixed.dtype.itemsize)
    kept = cells != 0
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(kept.sum(axis=1, dtype=np.int64))])
    return pa.Array.from_buffers(
        pa.large_string(), len(fixed), [None, pa.py_buffer(offsets), pa.py_buffer(cells[kept])], null_count=0
    )


def _table(arrays: Mapping[str, pa.Array], schema: pa.Schema) -> pa.Table:
    return pa.table({name: arrays[name] for name in ("source", *schema.names)})


def _problems(
    got: Collector, rows: Arrays, frozen: NDArray[np.bool_], sources: Sequence[Source]
) -> dict[str, pa.Array]:
    """All findings by source and offset, repeated user ids included."""
    for source, batch in _repeated_ids(rows, frozen, sources):
        got.problems.append(batch, source)
    found = got.problems.finish()
    order = np.lexsort((_numpy(found["line"]), _numpy(found["source"])))
    if np.array_equal(order, np.arange(len(order))):
        return found
    return {name: array.take(pa.array(order)) for name, array in found.items()}


def _repeated_ids(
    rows: Arrays, frozen: NDArray[np.bool_], sources: Sequence[Source]
) -> Iterator[tuple[int, pa.RecordBatch]]:
    """A finding per row whose own id an earlier row of the same role has."""
    ids = rows["user_id"]
    if ids.null_count == len(ids):
        return
    codes = _numpy(pc.fill_null(ids.dictionary_encode().indices, -1)).astype(np.int64)
    seen = np.flatnonzero(codes >= 0)
    key = codes[seen] * 2 + frozen[seen]
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    again = seen[first[inverse] != np.arange(len(seen))]
    earlier = seen[first[inverse]][first[inverse] != np.arange(len(seen))]
    place = {n: _numpy(rows[n]) for n in ("source", "line", "offset", "length")}
    for source in range(len(sources)):
        mine = place["source"][again] == source
        if not mine.any():
            continue
        said = [
            f"the row's own id was used at line {place['line'][e]} of {sources[place['source'][e]].name};"
            f" {CODES['duplicate_id'].fix}"
            for e in earlier[mine]
        ]
        cells = [pa.array(place[n][again[mine]]) for n in ("line", "offset", "length")]
        texts = [pa.array(v, pa.large_string()) for v in (["duplicate_id"] * len(said), [""] * len(said), said)]
        yield source, pa.record_batch([*cells, *texts, pa.array([False] * len(said))], schema=PROBLEM_FIELDS)


def _with_unsampled(segments: Arrays, stack: Stack, places: Arrays, out: I64) -> dict[str, pa.Array]:
    """Segments with the rows that the sample leaves out, so that files can still be rebuilt."""
    at = pa.array(out)
    added = {name: places[name].take(at) for name in ("source", "offset", "line")}
    added["raw"] = stack.columns(["raw"])["raw"].take(at)
    added["kind"] = pa.array([UNSAMPLED] * len(out), pa.large_string())
    joined = {name: pa.concat_arrays([array, added[name]]) for name, array in segments.items()}
    order = pa.array(np.lexsort((_numpy(joined["offset"]), _numpy(joined["source"]))))
    return {name: array.take(order) for name, array in joined.items()}


def _only_of(problems: Mapping[str, pa.Array], rows: Arrays, out: I64) -> dict[str, pa.Array]:
    """Findings without those about rows that the sample leaves out."""

    def key(table: Mapping[str, pa.Array]) -> I64:
        return np.asarray((_numpy(table["source"]).astype(np.int64) << 40) + _numpy(table["line"]))

    gone = np.isin(key(problems), key(rows)[out]) & ~_numpy(problems["fatal"])
    return {name: array.filter(pa.array(~gone)) for name, array in problems.items()}


def _sampled(sources: Sequence[Source], source: NDArray[np.int32]) -> list[Source]:
    """Balances of the sample alone: rows left out were not read, as far as a result is concerned."""
    counts = np.bincount(source, minlength=len(sources)).tolist()
    return [
        s if s.rows == n else replace(
            s, rows=n, read=n + s.malformed + s.blank, notes=(*s.notes, f"sample: {n:,} of {s.rows:,} rows")
        )
        for s, n in zip(sources, counts, strict=True)
    ]  # fmt: skip
