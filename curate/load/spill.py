"""Columns that grow: rows stay packed until their column is wanted, long text goes to an unlinked temporary file."""

from __future__ import annotations

import mmap
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from typing import IO

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curate.load.batch import ROW_FIELDS, Packed, is_text

IN_MEMORY = 8 << 20
_AHEAD = 4


class TextColumn:
    """A growing large_string or large_binary column."""

    def __init__(self, kind: pa.DataType) -> None:
        self.kind = kind
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY, prefix="curate-")  # noqa: SIM115
        self._lengths: list[NDArray[np.int64]] = []
        self._valid: list[NDArray[np.bool_]] = []
        self.size = 0

    def append(self, array: pa.Array) -> None:
        """Add the cells of an Arrow array of this column's kind."""
        if len(array) == 0:
            return
        _, offsets_buffer, data = array.buffers()
        offsets = np.frombuffer(offsets_buffer, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
        self._lengths.append(np.diff(offsets))
        self._valid.append(np.asarray(array.is_valid().to_numpy(zero_copy_only=False)))
        first, last = int(offsets[0]), int(offsets[-1])
        if last > first:
            self._file.write(memoryview(data)[first:last])
            self.size += last - first

    def append_cell(self, pieces: Iterable[bytes | memoryview]) -> int:
        """Add one cell from pieces that need not fit in memory together. Gives its length in bytes."""
        total = 0
        for piece in pieces:
            self._file.write(piece)
            total += len(piece)
        self._lengths.append(np.array([total], dtype=np.int64))
        self._valid.append(np.ones(1, dtype=np.bool_))
        self.size += total
        return total

    def close(self) -> None:
        """Let the temporary file go, when the load failed."""
        self._file.close()

    def finish(self) -> pa.Array:
        """The whole column. The column can't grow after that."""
        lengths = np.concatenate([np.zeros(1, np.int64), *self._lengths])
        valid = np.concatenate([np.zeros(0, np.bool_), *self._valid])
        offsets = np.cumsum(lengths, dtype=np.int64)
        bits = None if bool(valid.all()) else pa.py_buffer(np.packbits(valid, bitorder="little"))
        self._lengths, self._valid = [], []
        return pa.Array.from_buffers(
            self.kind, len(valid), [bits, pa.py_buffer(offsets), self._data()], null_count=int((~valid).sum())
        )

    def _data(self) -> pa.Buffer:
        if self.size == 0:
            self._file.close()
            return pa.py_buffer(b"")
        if self.size <= IN_MEMORY and not getattr(self._file, "_rolled", True):
            self._file.seek(0)
            data = pa.py_buffer(self._file.read())
        else:
            self._file.flush()
            data = pa.py_buffer(mmap.mmap(self._file.fileno(), self.size, access=mmap.ACCESS_READ))
        self._file.close()
        return data


class NumberColumn:
    """A growing column of plain numbers or fixed-width bytes, kept in memory."""

    def __init__(self, kind: pa.DataType) -> None:
        self.kind = kind
        self._parts: list[pa.Array] = []

    def append(self, array: pa.Array) -> None:
        if len(array):
            self._parts.append(array)

    def finish(self) -> pa.Array:
        return pa.concat_arrays(self._parts) if self._parts else pa.array([], self.kind)


def column(kind: pa.DataType) -> TextColumn | NumberColumn:
    """The growing column for an Arrow type."""
    return TextColumn(kind) if is_text(kind) else NumberColumn(kind)


class Arena:
    """Memory lent to one set of columns after another: touching fresh pages costs more than filling them."""

    def __init__(self, size: int) -> None:
        self._data = np.empty(size, dtype=np.uint8)
        self._at = 0

    def reset(self) -> None:
        """Take everything back; what was lent must no longer be used."""
        self._at = 0

    def lend(self, size: int) -> NDArray[np.uint8]:
        """The next `size` bytes."""
        self._at += size
        return self._data[self._at - size : self._at]


class Stack:
    """All rows of a load, packed, in reading order."""

    def __init__(self) -> None:
        self._parts: list[Packed] = []
        self._sources: list[int] = []

    def append(self, rows: Packed, source: int) -> None:
        if rows.count:
            self._parts.append(rows)
            self._sources.append(source)

    def __len__(self) -> int:
        return sum(p.count for p in self._parts)

    @property
    def size(self) -> int:
        """Bytes of text, unpacked."""
        return self.size_of(ROW_FIELDS.names)

    def source(self) -> NDArray[np.int32]:
        """The source number of each row."""
        counts = [p.count for p in self._parts]
        return np.repeat(np.array(self._sources, dtype=np.int32), counts)

    def size_of(self, names: Sequence[str]) -> int:
        """Bytes of text of some columns, unpacked."""
        return sum(p.sizes.get(n, 0) for p in self._parts for n in names)

    def columns(self, names: Sequence[str], arena: Arena | None = None) -> dict[str, pa.Array]:
        """Some columns, each one contiguous array. With an arena their text lies in it, until it is lent again."""
        lender = arena or Arena(self.size_of(names))
        lender.reset()
        kinds = {name: ROW_FIELDS.field(name).type for name in names}
        filled = {
            name: _Filled(kind, len(self), lender.lend(self.size_of([name])))
            for name, kind in kinds.items() if is_text(kind)
        }  # fmt: skip
        numbers = {name: NumberColumn(kind) for name, kind in kinds.items() if name not in filled}
        for batch in self._unpacked(names, filled):
            for name, target in numbers.items():
                target.append(batch.column(name))
        return {name: (filled.get(name) or numbers[name]).finish() for name in names}

    def _unpacked(self, names: Sequence[str], filled: Mapping[str, _Filled]) -> Iterator[pa.RecordBatch]:
        """Some columns of every part, in order, once their text is in place; a few parts are unpacked at a time."""
        rows = np.cumsum([0, *(part.count for part in self._parts)]).tolist()
        starts = {name: np.cumsum([0, *(part.sizes.get(name, 0) for part in self._parts)]).tolist() for name in filled}

        def unpack(k: int) -> pa.RecordBatch:
            batch = self._parts[k].columns(names)
            for name, target in filled.items():
                target.put(batch.column(name), rows[k], starts[name][k])
            return batch

        if len(self._parts) <= _AHEAD:
            yield from map(unpack, range(len(self._parts)))
            return
        with ThreadPoolExecutor(2, "curate-unpack") as threads:
            waiting = deque(threads.submit(unpack, k) for k in range(_AHEAD))
            for k in range(_AHEAD, len(self._parts)):
                yield waiting.popleft().result()
                waiting.append(threads.submit(unpack, k))
            while waiting:
                yield waiting.popleft().result()

    def hashes(self, rows: NDArray[np.int64]) -> dict[int, bytes]:
        """16 bytes of hash of the original bytes of some rows (of the canonical line where there are none: Parquet)."""
        found: dict[int, bytes] = {}
        base = 0
        wanted = np.unique(rows)
        for part in self._parts:
            inside = wanted[np.searchsorted(wanted, base) : np.searchsorted(wanted, base + part.count)]
            if len(inside):
                batch = part.columns(["raw", "record"]).take(pa.array(inside - base))
                raws = batch.column("raw" if batch.column("raw").null_count == 0 else "record").cast(pa.large_binary())
                found.update(zip(inside.tolist(), map(_hash, raws.to_pylist()), strict=True))
            base += part.count
        return found


def _hash(raw: bytes) -> bytes:
    return blake2b(raw, digest_size=16).digest()


class _Filled:
    """A column of known size that is filled part by part, in any order and by several threads, without a second copy."""

    def __init__(self, kind: pa.DataType, rows: int, data: NDArray[np.uint8]) -> None:
        self.kind = kind
        self._data = data
        self._offsets = np.zeros(rows + 1, dtype=np.int64)
        self._valid = np.ones(rows, dtype=np.bool_)

    def put(self, array: pa.Array, row: int, start: int) -> None:
        """Set the cells from `row` on; their text goes to byte `start`."""
        n = len(array)
        _, offsets_buffer, data = array.buffers()
        offsets = np.frombuffer(offsets_buffer, dtype=np.int64)[: n + 1]
        self._offsets[row + 1 : row + n + 1] = offsets[1:] + start
        if offsets[n]:
            self._data[start : start + int(offsets[n])] = np.frombuffer(data, dtype=np.uint8)[: int(offsets[n])]
        if array.null_count:
            self._valid[row : row + n] = array.is_valid().to_numpy(zero_copy_only=False)

    def finish(self) -> pa.Array:
        nulls = int((~self._valid).sum())
        bits = pa.py_buffer(np.packbits(self._valid, bitorder="little")) if nulls else None
        buffers = [bits, pa.py_buffer(self._offsets), pa.py_buffer(self._data)]
        return pa.Array.from_buffers(self.kind, len(self._valid), buffers, null_count=nulls)
