"""Row-scope evidence: values by text hash, so that 500 new rows cost 500 rows of work.

A measure's values lie in immutable shards. One shard, all little-endian:

    header 128 bytes   magic, rows, width, dtype, measure key, blake2b of keys, values, header
    keys               uint64 [rows, 2], sorted, unique; padded with zeros to 64 bytes
    values             dtype [rows, width]

Size, header and keys are checked when a shard is opened; values by `damaged_shards`. A bad shard is a miss.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from curate.errors import StoreError
from curate.store import files
from curate.types import U64, Bool, Measure

if TYPE_CHECKING:
    from curate.store.store import Store

KIND = "rows-"
SUFFIX = ".shard"
MAX_SHARDS = 16
_MAGIC = b"CURROWS1"
_HEADER = struct.Struct("<8sQQ8s16s16s16s32x16s")
_CHUNK = 1 << 16
# What reading a damaged or vanishing shard can raise; each means: not there.
_BAD = (OSError, ValueError, TypeError, struct.error)

Values = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Shard:
    """One mapped shard: keys uint64 [n, 2] sorted, values [n, width]."""

    path: Path
    keys: U64
    values: Values

    def __len__(self) -> int:
        return int(self.keys.shape[0])


class RowStore:
    """Values of one measure: `width` numbers of `dtype` per 128-bit text hash. Processes may share it."""

    def __init__(self, store: Store, measure: Measure, width: int, dtype: str) -> None:
        self.width = width
        self.dtype = np.dtype(dtype).newbyteorder("<")
        if self.dtype.kind not in "fiub" or width < 1:
            raise StoreError(f"row values of dtype {dtype}, width {width}; numbers and width >= 1 are allowed")
        self._measure = bytes.fromhex(measure.key)
        self._store = store
        name = KIND + re.sub(r"[^A-Za-z0-9._-]", "_", measure.name)[:100]
        self._place = (name, measure.key[:2], measure.key)
        self._open: dict[str, Shard | None] = {}

    @property
    def path(self) -> Path:
        """The folder of shards; it may not exist yet."""
        return self._store.home.joinpath(*self._place)

    def get(self, keys: U64) -> tuple[Values, Bool]:
        """(values [n, width], missing [n]) for keys uint64 [n, 2]; values of missing rows are undefined."""
        keys = _as_keys(keys)
        values = np.empty((len(keys), self.width), self.dtype)
        missing = np.ones(len(keys), np.bool_)
        order = np.lexsort((keys[:, 1], keys[:, 0]))
        for shard in self._shards():
            # Ascending look-ups touch the mapped keys and values in file order.
            left = order[missing[order]]
            if not len(left):
                break
            at, found = _locate(shard.keys, keys[left])
            rows = left[found]
            values[rows] = shard.values[at[found]]
            missing[rows] = False
        return values, missing

    def lacks(self, keys: U64) -> int:
        """How many of the keys [n, 2] have no value; no value is read."""
        keys = _as_keys(keys)
        left = keys[np.lexsort((keys[:, 1], keys[:, 0]))]
        for shard in self._shards():
            left = left[~_locate(shard.keys, left)[1]]
        return len(left)

    def put(self, keys: U64, values: Values) -> None:
        """Adds values [k, width] for keys [k, 2] as one shard, durably; keys that are stored are skipped."""
        keys = _as_keys(keys)
        values = np.asarray(values)
        if values.shape != (len(keys), self.width) or values.dtype != self.dtype:
            raise StoreError(
                f"row values {values.dtype}{list(values.shape)} for {len(keys)} keys; "
                f"{self.dtype}[{len(keys)}, {self.width}] is needed"
            )
        order = np.lexsort((keys[:, 1], keys[:, 0]))
        order = order[_first_of_each(keys[order])]
        for shard in self._shards():
            order = order[~_locate(shard.keys, keys[order])[1]]
        if len(order):
            chosen = (values[order[start : start + _CHUNK]] for start in range(0, len(order), _CHUNK))
            self._write(keys[order], chosen)
            self._compact()

    def __len__(self) -> int:
        return sum(len(shard) for shard in self._shards())

    def _shards(self) -> list[Shard]:
        """Whole shards in the folder now, by name; a shard is opened once per RowStore."""
        while True:
            names = sorted(path.name for path in self.path.glob(f"*{SUFFIX}"))
            try:
                self._open = {n: self._open[n] if n in self._open else self._read(n) for n in names}
            except FileNotFoundError:
                continue  # merged away since it was listed; what replaced it is there already
            return [shard for shard in self._open.values() if shard is not None]

    def _read(self, name: str) -> Shard | None:
        try:
            shard, meant = _open_shard(self.path / name)
        except FileNotFoundError:
            raise
        except _BAD:
            return None
        fits = shard.values.dtype == self.dtype and shard.values.shape[1] == self.width
        return shard if fits and meant == self._measure else None

    def _write(self, keys: U64, chunks: Iterator[Values]) -> str:
        """Publishes one shard, named by its content; returns the name."""
        folder = self._store.folder(*self._place)
        temporary = folder / files.temporary_name("shard")
        try:
            with (
                files.disk(folder, "free some space or set CURATE_HOME to another folder"),
                files.create(temporary) as file,
            ):
                key_block = _padded(keys)
                file.write(bytes(_HEADER.size))
                file.write(key_block)
                value_hash = blake2b(digest_size=16)
                for chunk in chunks:
                    block = np.ascontiguousarray(chunk).data.cast("B")
                    value_hash.update(block)
                    file.write(block)
                header = self._header(keys, key_block, value_hash.digest())
                file.seek(0)
                file.write(header)
                file.flush()
                os.fsync(file.fileno())
            name = header[-16:].hex() + SUFFIX
            temporary.replace(folder / name)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        files.sync_folder(folder)
        return name

    def _header(self, keys: U64, key_block: bytes, value_hash: bytes) -> bytes:
        fields = (
            _MAGIC,
            len(keys),
            self.width,
            self.dtype.str.encode(),
            self._measure,
            _hash(key_block),
            value_hash,
        )
        head = _HEADER.pack(*fields, bytes(16))
        return head[:-16] + _hash(head[:-16])

    def _compact(self) -> None:
        """Above MAX_SHARDS, merges the small ones; a large shard waits for others of its size."""
        if len(self._shards()) <= MAX_SHARDS:
            return
        with files.locked(self.path / ".lock", "row store", wait=False) as held:
            shards = sorted(self._shards(), key=len)
            if not held or len(shards) <= MAX_SHARDS:
                return
            self._sweep()
            small = shards[: _mergeable([len(shard) for shard in shards])]
            merged = self._write(*_merge(small))
            for shard in small:
                if shard.path.name != merged:
                    shard.path.unlink(missing_ok=True)
            self._shards()

    def _sweep(self) -> None:
        for leftover in self.path.glob(".shard.tmp-*"):
            if files.owner_is_dead(leftover):
                leftover.unlink(missing_ok=True)


def damaged_shards(store: Store) -> tuple[str, ...]:
    """Names ("kind/measure key/shard") of shards with any wrong byte; every byte is read."""
    found = []
    for path in sorted(store.home.glob(f"{KIND}*/??/*/*{SUFFIX}")):
        if not _intact(path):
            found.append(f"{path.parts[-4]}/{path.parts[-2]}/{path.name}")
    return tuple(found)


def _intact(path: Path) -> bool:
    try:
        shard, _ = _open_shard(path)
        with path.open("rb") as file:
            header = _HEADER.unpack(file.read(_HEADER.size))
            file.seek(path.stat().st_size - shard.values.nbytes)
            found = blake2b(digest_size=16)
            while block := file.read(1 << 20):
                found.update(block)
    except _BAD:
        return False
    return bool(found.digest() == header[6] and path.stem == header[7].hex())


def _open_shard(path: Path) -> tuple[Shard, bytes]:
    """The shard and the measure key that it was written for. Raises one of _BAD when it is damaged."""
    blob = np.memmap(path, np.uint8, mode="r")
    head = blob[: _HEADER.size].tobytes()
    magic, rows, width, dtype_name, measure, key_hash, _, head_hash = _HEADER.unpack(head)
    dtype = np.dtype(dtype_name.rstrip(b"\0").decode("ascii"))
    start = _HEADER.size + -(-rows * 16 // 64) * 64
    if magic != _MAGIC or _hash(head[:-16]) != head_hash or len(blob) != start + rows * width * dtype.itemsize:
        raise ValueError("not a whole shard")
    if _hash(blob[_HEADER.size : start].data) != key_hash:
        raise ValueError("damaged keys")
    keys = blob[_HEADER.size : _HEADER.size + rows * 16].view("<u8").reshape(rows, 2)
    values = blob[start:].view(dtype).reshape(rows, width)
    # Plain views: subclass hooks of memmap cost more than small look-ups do.
    return Shard(path, np.asarray(keys), np.asarray(values)), measure


def _locate(stored: U64, wanted: U64) -> tuple[NDArray[np.intp], Bool]:
    """(position [k], found [k]) of sorted `wanted` keys among sorted `stored` keys."""
    if not len(stored):
        return np.zeros(len(wanted), np.intp), np.zeros(len(wanted), np.bool_)
    high = np.ascontiguousarray(stored[:, 0])
    at = np.searchsorted(high, wanted[:, 0])
    last = len(stored) - 1
    while True:
        # Two keys with equal first halves are next to impossible, so this loop ends after one look.
        here = np.minimum(at, last)
        behind = (at <= last) & (stored[here, 0] == wanted[:, 0]) & (stored[here, 1] < wanted[:, 1])
        if not behind.any():
            break
        at = at + behind
    found = (at <= last) & (stored[here] == wanted).all(axis=1)
    return here, found


def _first_of_each(keys: U64) -> Bool:
    first = np.ones(len(keys), np.bool_)
    first[1:] = (keys[1:] != keys[:-1]).any(axis=1)
    return first


def _mergeable(sizes: list[int]) -> int:
    """How many of the smallest to merge: half of them, and on while the next is at most twice the sum."""
    count = MAX_SHARDS // 2
    while count < len(sizes) and sizes[count] <= 2 * sum(sizes[:count]):
        count += 1
    return count


def _merge(shards: list[Shard]) -> tuple[U64, Iterator[Values]]:
    """Unique sorted keys of all shards, and their values in chunks of that order."""
    keys = np.concatenate([shard.keys for shard in shards])
    owner = np.repeat(np.arange(len(shards)), [len(shard) for shard in shards])
    place = np.concatenate([np.arange(len(shard)) for shard in shards])
    order = np.lexsort((owner, keys[:, 1], keys[:, 0]))
    order = order[_first_of_each(keys[order])]

    def chunks() -> Iterator[Values]:
        for start in range(0, len(order), _CHUNK):
            part = order[start : start + _CHUNK]
            block = np.empty((len(part), shards[0].values.shape[1]), shards[0].values.dtype)
            for number, shard in enumerate(shards):
                mine = owner[part] == number
                block[mine] = shard.values[place[part[mine]]]
            yield block

    return keys[order], chunks()


def _as_keys(keys: U64) -> U64:
    keys = np.asarray(keys)
    if keys.ndim != 2 or keys.shape[1] != 2 or keys.dtype != np.uint64:
        raise StoreError(f"keys {keys.dtype}{list(keys.shape)}; uint64[n, 2] is needed")
    return keys


def _padded(keys: U64) -> bytes:
    block = np.ascontiguousarray(keys, "<u8").tobytes()
    return block + bytes(-len(block) % 64)


def _hash(block: bytes | memoryview) -> bytes:
    return blake2b(block, digest_size=16).digest()
