"""The original bytes of an input, from the export alone.

Rows lie in the files that their verdicts name, in canonical order, so that row k of a file is its k-th line. A record
is followed by one "\\n" unless something else begins where that would stand (an empty gap: nothing follows).
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from curate.errors import StoreError
from curate.ship.changed import ORIGINALS
from curate.ship.ledger import GAP, MALFORMED, ROW, tie_rank
from curate.ship.lines import MALFORMED as MALFORMED_FILE
from curate.ship.lines import REJECTED, REVIEW, original
from curate.ship.publish import current

BLOCK = 1 << 20
_HELD = {"drop": REJECTED, "review": REVIEW}


def rebuild(out: Path, source_name: str) -> Iterator[bytes]:
    """The decompressed bytes of one input of the current version, in pieces.

    source_name: as lineage.json names it. Promised for JSONL, JSON arrays and CSV, plain or gz. Errors: StoreError for
    a name that is not there, a Parquet or sampled input, or an export that is damaged.
    """
    return rebuild_version(current(out), source_name)


def rebuild_version(version: Path, source_name: str) -> Iterator[bytes]:
    """The same for one version folder."""
    sources = {s["name"]: s for s in json.loads((version / "lineage.json").read_text("utf-8"))["sources"]}
    if source_name not in sources:
        raise StoreError(f"{source_name!r} is no input of {version}; inputs: {', '.join(sorted(sources))}")
    source = sources[source_name]
    if source["role"] == "frozen":
        return _frozen(version / "frozen" / source_name, source["compression"] == "gz")
    if source["container"] == "parquet":
        raise StoreError(f"{source_name} is Parquet: its rows are kept by value, not its bytes")
    return _pool(version, source)


def _frozen(path: Path, zipped: bool) -> Iterator[bytes]:
    with gzip.open(path) if zipped else path.open("rb") as file:
        try:
            while block := file.read(BLOCK):
                yield block
        except EOFError:  # a gz that ends too early was loaded as far as it went
            return


def _pool(version: Path, source: dict[str, Any]) -> Iterator[bytes]:
    lines = _Lines(version)
    ledger = pq.read_table(version / "ledger.parquet", filters=pc.field("source") == source["name"])
    kinds = np.array(ledger.column("kind").to_pylist(), np.str_)
    offsets, lengths = (ledger.column(name).to_numpy() for name in ("offset", "length"))
    order = np.lexsort((tie_rank(kinds == GAP, lengths), offsets))
    rows = lines.find(ledger.column("id"))
    raws = ledger.column("raw").combine_chunks()
    malformed = _malformed(version, source["name"])
    pending, end = b"", 0
    for at in order.tolist():
        kind, start = kinds[at], int(offsets[at])
        if start > end:
            yield pending
        raw = raws[at].as_py()
        if raw is None and kind == ROW:
            raw = lines.original(rows[at])
        elif raw is None and kind == MALFORMED:
            raw = malformed.get(start)
        if raw is None:
            raise StoreError(f"{source['name']}, byte {start}: not in the export (loaded as a sample or damaged)")
        yield raw
        end = start + len(raw)
        pending = b"" if kind == GAP else b"\n"
    yield pending


def _malformed(version: Path, name: str) -> dict[int, bytes]:
    with (version / MALFORMED_FILE).open("rb") as file:
        rows = [json.loads(line) for line in file]
    return {row["offset"]: base64.b64decode(row["raw_b64"]) for row in rows if row["source"] == name}


@dataclass(frozen=True)
class _Lines:
    """Finds the exported line of a row: its file by its verdict, its place by its rank among the file's rows."""

    version: Path

    @cached_property
    def _verdicts(self) -> pa.Table:
        return pq.read_table(self.version / "verdicts.parquet", columns=["id", "role", "action", "split"])

    @cached_property
    def _files(self) -> NDArray[np.str_]:
        table = self._verdicts
        names = [
            f"{split}.jsonl" if action == "keep" else _HELD.get(action, "")
            for action, split in zip(table["action"].to_pylist(), table["split"].to_pylist(), strict=True)
        ]
        return np.array(names, np.str_)

    @cached_property
    def _rank(self) -> NDArray[np.int64]:
        rank = np.zeros(len(self._files), np.int64)
        for name in np.unique(self._files):
            mine = self._files == name
            rank[mine] = np.arange(np.count_nonzero(mine))
        return rank

    @cached_property
    def _maps(self) -> dict[str, tuple[NDArray[np.uint8], NDArray[np.int64]]]:
        """Per file: its mapped bytes and where its lines end."""
        maps = {}
        for name in np.unique(self._files[self._files != ""]):
            path = self.version / str(name)
            data = np.memmap(path, np.uint8, mode="r") if path.stat().st_size else np.zeros(0, np.uint8)
            ends = [start + np.flatnonzero(data[start : start + BLOCK] == 10) for start in range(0, len(data), BLOCK)]
            maps[str(name)] = (np.asarray(data), np.concatenate([np.zeros(0, np.int64), *ends]))
        return maps

    @cached_property
    def _originals(self) -> dict[int, bytes]:
        """Row number -> the original bytes of rows that left as a changed copy."""
        path = self.version / ORIGINALS
        if not path.exists():
            return {}
        with path.open("rb") as file:
            lines = [line.rstrip(b"\n") for line in file]
        rows = self.find(pa.chunked_array([pa.array([json.loads(line)["id"] for line in lines], pa.string())]))
        return {row: original(line) for row, line in zip(rows, lines, strict=True)}

    def find(self, ids: pa.ChunkedArray) -> list[int]:
        """Row numbers of pool rows by id; -1 for null."""
        pool = self._verdicts.filter(pc.equal(self._verdicts["role"], "pool"))["id"]
        found = pc.fill_null(pc.index_in(ids, value_set=pool, skip_nulls=True), -1)
        return [int(row) for row in found.to_pylist()]

    def original(self, row: int) -> bytes | None:
        """The original bytes of pool row `row`, or None when the export does not hold its line."""
        data, ends = self._maps.get(str(self._files[row]), (np.zeros(0, np.uint8), np.zeros(0, np.int64)))
        rank = int(self._rank[row])
        if row < 0 or rank >= len(ends):
            return None
        if (kept := self._originals.get(row)) is not None:
            return kept
        line = data[ends[rank - 1] + 1 if rank else 0 : ends[rank]].tobytes()
        return original(line) if self._files[row] in _HELD.values() else line
