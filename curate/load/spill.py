"""Columns that grow without growing memory: text goes to an unlinked temporary file once it is big.

When finished, a column is one contiguous Arrow array over a memory map, so that taking rows in another order touches
each byte once and copies only what is asked for.
"""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Iterable
from typing import IO

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

IN_MEMORY = 8 << 20


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
    return TextColumn(kind) if pa.types.is_large_string(kind) or pa.types.is_large_binary(kind) else NumberColumn(kind)
