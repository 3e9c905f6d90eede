"""Text columns as the flat bytes that compiled kernels walk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.types import U64

Bytes = NDArray[np.uint8]
Offsets = NDArray[np.int64]


def flat(column: Any) -> tuple[Bytes, Offsets]:
    """UTF-8 bytes and offsets [n+1] of an Arrow string column; nulls are empty. No copy for one large_string chunk."""
    import pyarrow as pa

    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):  # several chunks that would not fit one
        array = pa.concat_arrays(array.chunks)
    if array.type != pa.large_string():
        array = array.cast(pa.large_string())
    if array.null_count:
        array = array.fill_null("")
    if not len(array):
        return np.zeros(1, dtype=np.uint8), np.zeros(1, dtype=np.int64)
    _, offsets, data = array.buffers()
    at = np.frombuffer(offsets, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
    if data is None or not data.size:
        return np.zeros(1, dtype=np.uint8), at
    return np.frombuffer(data, dtype=np.uint8), at


def spans(n: int, size: int) -> Iterator[tuple[int, int]]:
    """[0, n) in pieces of at most `size`."""
    for start in range(0, n, size):
        yield start, min(start + size, n)


def hex_keys(hexes: list[str]) -> U64:
    """uint64 [n, 2] from 32-hex strings: the keys of row evidence."""
    return np.frombuffer(bytes.fromhex("".join(hexes)), dtype=">u8").reshape(-1, 2).astype(np.uint64)


def text_keys(texts: list[str]) -> U64:
    """uint64 [n, 2]: a 128-bit hash of each text, the same in every process."""
    from hashlib import blake2b

    raw = b"".join(blake2b(t.encode(), digest_size=16).digest() for t in texts)
    return np.frombuffer(raw, dtype=">u8").reshape(-1, 2).astype(np.uint64)
