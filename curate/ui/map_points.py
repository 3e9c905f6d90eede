"""The points of the map: which rows have a place, where, and sets of points as bits. A place is for display only."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from curate.types import F32, Bool, Evidence
from curate.ui.loaded import Loaded, Rows

LEAST = 3  # fewer points are no picture


@dataclass(frozen=True, slots=True)
class Cloud:
    """m rows with a place. rows: int64 [m]; xy: float32 [m, 2] within -1 .. 1, both axes on one scale; at: int64 [n],
    each row's point or -1; key: changes with any of it."""

    key: str
    rows: Rows
    xy: F32
    at: Rows

    def __len__(self) -> int:
        return int(self.rows.shape[0])

    @property
    def one_spot(self) -> bool:
        """True when every point lies on the same spot."""
        return bool(len(self)) and bool((self.xy == self.xy[0]).all())

    def blob(self) -> bytes:
        """All x, then all y, float32 little-endian."""
        return np.ascontiguousarray(self.xy.T, dtype="<f4").tobytes()

    def points_of(self, rows: Rows) -> Rows:
        """The points of some rows, those without a place left out."""
        found = self.at[rows]
        return found[found >= 0]

    def bits_of(self, rows: Rows) -> bytes:
        """Some rows as a bitset over the points."""
        mask = np.zeros(len(self), dtype=np.bool_)
        mask[self.points_of(rows)] = True
        return pack(mask)

    def rows_in(self, bits: bytes) -> Rows:
        """The rows of a bitset over the points. Errors: ValueError when it has another length."""
        return self.rows[unpack(bits, len(self))]


def cloud_of(data: Loaded) -> Cloud | None:
    """The cloud of a dataset, made once; None while no row has a place."""
    return data.remember(("map cloud",), lambda: make_cloud(data.evidence, places(data.evidence)))


def places(evidence: Evidence) -> F32 | None:
    """float32 [n, 2] as measured, NaN for rows without a vector; None when not measured."""
    return None if evidence.topics is None else evidence.topics.xy


def make_cloud(evidence: Evidence, xy: F32 | None) -> Cloud | None:
    """The cloud of coordinates [n, 2] that any layout made."""
    if xy is None:
        return None
    rows = np.flatnonzero(np.isfinite(xy).all(axis=1))
    if not rows.shape[0]:
        return None
    at = np.full(len(evidence), -1, dtype=np.int64)
    at[rows] = np.arange(rows.shape[0])
    scaled = _scaled(xy[rows])
    key = blake2b(f"{evidence.fingerprint}\x1f".encode() + scaled.tobytes() + at.tobytes(), digest_size=12).hexdigest()
    return Cloud(key, rows, scaled, at)


def _scaled(xy: F32) -> F32:
    """Centred and scaled so that the longer side spans -.95 .. .95; a single spot lies in the middle."""
    low, high = xy.min(axis=0).astype(np.float64), xy.max(axis=0).astype(np.float64)
    span = float((high - low).max())
    scaled = (xy - (low + high) / 2) * (1.9 / span if span > 0 else 0.0)
    return np.ascontiguousarray(scaled, dtype=np.float32)


def pack(mask: Bool) -> bytes:
    """Bool [m] as bits, the first in the lowest bit of the first byte."""
    return np.packbits(mask, bitorder="little").tobytes()


def unpack(bits: bytes, count: int) -> Bool:
    """The bits as bool [count]. Errors: ValueError when the length is not that of `count` bits."""
    if len(bits) != size_of(count):
        raise ValueError(f"{len(bits)} bytes for {count} points; {size_of(count)} are needed")
    return np.unpackbits(np.frombuffer(bits, np.uint8), count=count, bitorder="little").astype(np.bool_)


def size_of(count: int) -> int:
    """Bytes of a bitset over `count` points."""
    return -(-count // 8)
