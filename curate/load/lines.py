"""JSONL bytes to chunks of lines. Only LF ends a line; a CR before it stays in the row, where JSON allows it.

The rule that keeps the ledger small: every row, malformed line and run of blank lines is followed by one LF unless a
gap segment at its end says otherwise (an empty gap: nothing follows, the file ends without a line end).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from curate.load.batch import Chunk
from curate.load.chains import Chain
from curate.load.limits import Limits
from curate.load.mapping import ColumnMap

BOM = b"\xef\xbb\xbf"


@dataclass
class LongLine:
    """A line over the cap: `pieces` must be read before the next item is asked for."""

    line: int
    base: int
    pieces: Iterator[bytes]


@dataclass
class Splitter:
    """Splits a stream of blocks into Chunks of whole lines and LongLines, in file order."""

    blocks: Iterator[bytes]
    frozen: bool
    limits: Limits
    columns: ColumnMap | None = None
    plain: bool = False
    chain: Chain | None = None
    line: int = 1
    offset: int = 0
    line_ends: int = 0
    boms: int = 0
    ended: bool = field(default=False)
    _rest: bytes = b""

    def __iter__(self) -> Iterator[Chunk | LongLine]:
        carry: list[bytes] = []
        held = 0
        for block in self._sources():
            cut = block.rfind(b"\n") + 1
            if cut:
                yield self._chunk(b"".join([*carry, memoryview(block)[:cut]]))
                carry, held = [], 0
            if cut < len(block):
                carry.append(block[cut:])
                held += len(block) - cut
            if held > self.limits.line:
                yield LongLine(self.line, self.offset, self._pieces(carry))
                self.line += 1
                carry, held = [], 0
        if held:
            yield self._chunk(b"".join(carry))

    def _sources(self) -> Iterator[bytes]:
        """Blocks, what a long line left over first."""
        while True:
            block, self._rest = self._rest or next(self.blocks, b""), b""
            if not block:
                return
            yield block

    def _pieces(self, carry: list[bytes]) -> Iterator[bytes]:
        """The bytes of a long line, read on demand up to its end."""
        for piece in carry:
            yield piece
            self.offset += len(piece)
        for block in self.blocks:
            at = block.find(b"\n")
            if at >= 0:
                yield block[:at]
                self.offset += at + 1
                self.line_ends += 1
                self._rest = block[at + 1 :]
                return
            yield block
            self.offset += len(block)
        self.ended = True

    def _chunk(self, data: bytes) -> Chunk:
        """Spans of the lines of `data`, which ends with LF except at the end of the file."""
        ends = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == 10).astype(np.int64)
        self.line_ends += len(ends)
        gaps: list[tuple[int, bytes]] = []
        if not data.endswith(b"\n"):
            ends = np.append(ends, np.int64(len(data)))
            gaps.append((self.offset + len(data), b""))
        starts = np.concatenate([np.zeros(1, np.int64), ends[:-1] + 1])
        self._bom(data, starts, gaps)
        if starts[-1] == len(data):  # nothing but a BOM after the last line end
            starts, ends, gaps = starts[:-1], ends[:-1], gaps[1:]
        made = Chunk(
            data,
            self.offset,
            starts,
            ends,
            self.line,
            self.frozen,
            False,
            self.limits.line,
            tuple(gaps),
            self.columns,
            self.plain,
            self.chain,
        )
        self.line += len(starts)
        self.offset += len(data)
        return made

    def _bom(self, data: bytes, starts: NDArray[np.int64], gaps: list[tuple[int, bytes]]) -> None:
        """Take the byte order mark at the start of the file out of its first row; inside a file it is a fault of its row."""
        if self.offset == 0 and len(starts) and data.startswith(BOM):
            starts[0] += len(BOM)
            gaps.append((0, BOM))
            self.boms += 1
