"""Ids, order and fingerprint: functions of what rows hold, never of where they came from first.

id = 16 hex of the content hash, "-", rank among rows with those 16 hex, by (pool before frozen, hash of the raw bytes,
source name, line). Rows stand pool before frozen, each sorted by id as text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

I64 = NDArray[np.int64]
_HEX = np.array([f"{b:02x}".encode() for b in range(256)], dtype="S2")


@dataclass(frozen=True)
class Canonical:
    """order: unsorted row of each canonical row; ids and contents (32 hex) in canonical order, as bytes."""

    order: I64
    ids: NDArray[np.bytes_]
    contents: NDArray[np.bytes_]


def canonical(
    content: NDArray[np.uint8],
    frozen: NDArray[np.bool_],
    source: NDArray[np.int32],
    names: Sequence[str],
    line: I64,
    hashes_of: Callable[[I64], Mapping[int, bytes]],
) -> Canonical:
    """Order rows. content: uint8 [n, 16]; hashes_of(rows) gives hashes of original bytes;
    only rows of equal content are asked for."""
    n = len(content)
    prefix = np.ascontiguousarray(content[:, :8]).view(">u8").reshape(n).astype(np.uint64)
    order = np.argsort(prefix, kind="stable")
    ranks = np.zeros(n, dtype=np.int64)
    groups = [order[g] for g in _groups(prefix[order])]
    hashes = hashes_of(np.concatenate([np.zeros(0, np.int64), *groups]))
    for group in groups:
        members = group.tolist()
        members.sort(key=lambda r: (bool(frozen[r]), hashes[r], names[int(source[r])], int(line[r])))
        ranks[members] = np.arange(len(members))
    digits = np.ones(n, dtype=np.int64)
    for power in range(1, 10):
        digits += ranks >= 10**power
    padded = ranks * 10 ** (digits.max(initial=1) - digits)
    order = np.lexsort((digits, padded, prefix, frozen)).astype(np.int64)
    hexes = _hex(content[order])
    ids = np.char.add(np.char.add(hexes.astype("S16"), b"-"), ranks[order].astype("S10"))
    return Canonical(order, ids.astype(np.bytes_), hexes)


def _groups(sorted_prefix: NDArray[np.uint64]) -> list[slice]:
    """Runs of two or more equal values."""
    changes = np.flatnonzero(sorted_prefix[1:] != sorted_prefix[:-1]) + 1
    edges = np.concatenate([[0], changes, [len(sorted_prefix)]])
    starts, ends = edges[:-1], edges[1:]
    many = ends - starts > 1
    return [slice(int(a), int(b)) for a, b in zip(starts[many], ends[many], strict=True)]


def _hex(content: NDArray[np.uint8]) -> NDArray[np.bytes_]:
    return np.ascontiguousarray(_HEX[content]).view("S32").reshape(len(content))


def fingerprint(ids: NDArray[np.bytes_], frozen: NDArray[np.bool_]) -> str:
    """32 hex over every (id, role), in canonical order."""
    digest = blake2b(digest_size=16)
    digest.update(b"\n".join(ids.tolist()))
    digest.update(b"\x00")
    digest.update(np.packbits(frozen).tobytes())
    digest.update(str(len(ids)).encode())
    return digest.hexdigest()
