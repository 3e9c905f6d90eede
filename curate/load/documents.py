"""JSON documents: an array of rows, or one object that holds such an array, split into elements by their bytes.

A scan for brackets and strings finds where each element lies; the strict parser then reads each alone, so one bad
element costs one row. Works on bytes or a memory map; nothing is held but the element at hand.
"""

from __future__ import annotations

import mmap
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from curate.errors import DataError
from curate.load.batch import Chunk
from curate.load.chains import Chain
from curate.load.lines import BOM
from curate.load.mapping import ColumnMap
from curate.load.problems import RowError, name
from curate.load.spill import IN_MEMORY
from curate.load.strict import parse

Buffer = bytes | mmap.mmap
_NONE = np.zeros(0, dtype=np.int64)

CHUNK = 2 << 20
_TRIES = 100
WRAPPERS = frozenset(
    [
        "data",
        "rows",
        "train",
        "training",
        "examples",
        "instances",
        "items",
        "records",
        "dataset",
        "samples",
        "validation",
        "test",
        "eval",
    ]
)
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_FLAT = rb"\{[^{}\[\]\"]*+(?:" + _STRING + rb"[^{}\[\]\"]*+)*+\}"
_FLAT_RE = re.compile(_FLAT, re.DOTALL)
_TOKEN = re.compile(_FLAT + rb"|" + _STRING + rb'|[\[\]{},"]', re.DOTALL)
_WS = re.compile(rb"[ \t\r\n]*+")
_COLON = re.compile(rb"[ \t\r\n]*+:[ \t\r\n]*+")


@dataclass(frozen=True)
class Element:
    """Where one element of an array lies: [start, end) in the buffer; `line` is its number once it is counted."""

    start: int
    end: int
    line: int = 0


def spool(blocks: Iterable[bytes]) -> Buffer:
    """All blocks as one buffer: bytes while small, else a map of an unlinked temporary file."""
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY, prefix="curate-") as kept:
        size = 0
        for block in blocks:
            size += kept.write(block)
        kept.flush()
        if size > IN_MEMORY:
            return mmap.mmap(kept.fileno(), size, access=mmap.ACCESS_READ)
        kept.seek(0)
        return kept.read()


def skip_space(buffer: Buffer, at: int) -> int:
    """The first position from `at` on that is no JSON whitespace."""
    found = _WS.match(buffer, at)
    return found.end() if found else at


def start_of(buffer: Buffer) -> int:
    """Where the document starts: after a BOM and whitespace."""
    return skip_space(buffer, len(BOM) if buffer[: len(BOM)] == BOM else 0)


def balanced_end(buffer: Buffer, at: int, stop: int | None = None) -> int:
    """The end of the bracketed value that starts at `at`, or -1 when it isn't closed before `stop`."""
    depth = 0
    for token in _TOKEN.finditer(buffer, at, len(buffer) if stop is None else stop):
        size, first = token.end() - token.start(), buffer[token.start()]
        if size > 1 and first in b'{"':
            if depth == 0:
                return token.end() if first == 0x7B else -1
        elif first in b"[{":
            depth += 1
        elif first in b"]}":
            depth -= 1
            if depth <= 0:
                return token.end()
        elif first == 0x22:
            return -1
    return -1


def elements(buffer: Buffer, at: int) -> Iterator[Element]:
    """Elements of the array whose content starts at `at` (after its bracket). The last one yielded may be unclosed.

    An empty element (two commas, a comma before the end) is the one byte after it.
    """
    at = skip_space(buffer, at)
    if buffer[at : at + 1] == b"]":
        return
    while at < len(buffer):
        flat = _FLAT_RE.match(buffer, at)
        end = flat.end() if flat else at
        after = skip_space(buffer, end)
        if not flat or buffer[after : after + 1] not in (b",", b"]"):
            end, after = _slow_end(buffer, at)
        yield Element(at, end if end > at else min(after + 1, len(buffer)))
        if buffer[after : after + 1] != b",":
            return
        at = skip_space(buffer, after + 1)
        if buffer[at : at + 1] == b"]":
            yield Element(at, at + 1)
            return


def _slow_end(buffer: Buffer, at: int) -> tuple[int, int]:
    """(end, position of the delimiter) of any element; both are the buffer's end when it isn't closed."""
    depth = 0
    for token in _TOKEN.finditer(buffer, at):
        first = buffer[token.start()]
        if token.end() - token.start() > 1:
            continue
        if first in b"[{":
            depth += 1
        elif first == 0x22:
            break
        elif depth == 0 and first in b",]":
            end = token.start()
            while end > at and buffer[end - 1] in b" \t\r\n":
                end -= 1
            return end, token.start()
        elif first in b"]}":
            depth -= 1
    return len(buffer), len(buffer)


def spans_lines(buffer: Buffer, at: int, end: int, limit: int) -> bool:
    """True when the document is several objects, of which the first is sound and takes several lines."""
    if not 0 < end - at <= limit or buffer.find(b"\n", at, end) < 0:
        return False
    after = skip_space(buffer, end)
    if buffer[after : after + 1] != b"{" or buffer.find(b"\n", end, after) < 0:
        return False
    try:
        parse(buffer[at:end], limit)
    except RowError:
        return False
    return True


def roots(buffer: Buffer, at: int, limit: int) -> Iterator[Element]:
    """Objects that follow each other with whitespace between. One that is not closed ends before the next line that
    starts with a brace; after `_TRIES` of them no object is looked for beyond such a line, or a bomb would take forever."""
    tries = _TRIES
    while at < len(buffer):
        cut = buffer.find(b"\n{", at)
        cut = len(buffer) if cut < 0 else cut
        opens = buffer[at : at + 1] == b"{"
        end = balanced_end(buffer, at, cut) if opens else -1
        if opens and end < 0 and tries and cut < len(buffer):
            tries -= 1
            end = balanced_end(buffer, at, min(at + limit, len(buffer)))
        end = cut if end < 0 else end
        yield Element(at, end)
        at = skip_space(buffer, end)


def wrapped(buffer: Buffer, at: int, file: str) -> int:
    """Where the rows of a one-object document start (after the array's bracket), or -1 when it is itself a row.

    Raises DataError when several arrays could be the rows, or when what is around them is no JSON.
    """
    found = [(key, start) for key, start in _members(buffer, at) if buffer[start : start + 1] == b"["]
    rows = [(key, start) for key, start in found if key.lower() in WRAPPERS]
    if len(rows) > 1:
        named = ", ".join(name(key) for key, _ in rows)
        raise DataError(f"{file}: holds several arrays of rows ({named}); save each as its own file")
    if not rows:
        return -1
    start = rows[0][1]
    end = balanced_end(buffer, start)
    try:
        parse(buffer[at:start] + b"[]" + buffer[end:].rstrip())
    except RowError as e:
        raise DataError(
            f"{file}: what is around the rows is no valid JSON ({e.message}); mend it, or save the rows as JSONL"
        ) from None
    return start + 1


def _members(buffer: Buffer, at: int) -> Iterator[tuple[str, int]]:
    """(key, position of its value) of the object at `at`."""
    depth = 0
    for token in _TOKEN.finditer(buffer, at + 1):
        first = buffer[token.start()]
        if token.end() - token.start() > 1:
            colon = _COLON.match(buffer, token.end()) if depth == 0 and first == 0x22 else None
            if colon:
                yield token.group()[1:-1].decode(errors="replace"), colon.end()
        elif first in b"[{":
            depth += 1
        elif first in b"]}":
            depth -= 1
            if depth < 0:
                return


def chunks(buffer: Buffer, found: Iterable[Element], at: int, frozen: bool, limit: int,
           columns: ColumnMap | None = None,
           chain: Chain | None = None) -> Iterator[Chunk | Element]:  # fmt: skip
    """Elements in chunks, with every byte between them from `at` on as gaps; an over-long element comes alone."""
    held: list[Element] = []
    line, size = 1, 0
    for element in found:
        long = element.end - element.start > limit
        if held and (long or size + element.end - element.start > CHUNK or len(held) >= 20_000):
            yield _chunk(buffer, held, at, line, frozen, limit, columns, chain)
            line, at, held, size = line + len(held), held[-1].end, [], 0
        if long:
            yield Chunk(b"", at, _NONE, _NONE, line, frozen, gaps=((at, buffer[at : element.start]),))
            yield Element(element.start, element.end, line)
            line, at = line + 1, element.end
        else:
            held.append(element)
            size += element.end - element.start
    if held:
        yield _chunk(buffer, held, at, line, frozen, limit, columns, chain)


def _chunk(buffer: Buffer, held: list[Element], at: int, line: int, frozen: bool, limit: int,
           columns: ColumnMap | None, chain: Chain | None) -> Chunk:  # fmt: skip
    base = held[0].start
    gaps = []
    for element in held:
        gaps.append((at, buffer[at : element.start]))  # even an empty one: no LF follows an element by itself
        at = element.end
    starts = np.array([e.start - base for e in held], dtype=np.int64)
    ends = np.array([e.end - base for e in held], dtype=np.int64)
    return Chunk(
        buffer[base : held[-1].end], base, starts, ends, line, frozen, True, limit, tuple(gaps), columns, False, chain
    )
