"""CSV and TSV: the csv module in strict mode, everything stays text, every record keeps its bytes and line number."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from curate.errors import DataError
from curate.load.batch import BLANK, Builder, remake
from curate.load.formats import detect
from curate.load.mapping import covers
from curate.load.problems import RowError, name
from curate.load.reader import Reading

_HALF = re.compile("[\ud800-\udfff]")
_ROWS = 5_000


@dataclass
class Feed:
    """Physical lines for csv.reader, remembering the bytes of the record that is being put together."""

    stream: Iterator[bytes]
    cap: int
    taken: list[bytes] = field(default_factory=list)
    offset: int = 0
    line: int = 0
    _lines: Iterator[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self._lines = _physical(self.stream, self.cap)

    def __iter__(self) -> Iterator[str]:
        for raw in self._lines:
            self.taken.append(raw)
            self.line += 1
            text = raw.decode("utf-8", "surrogateescape")
            yield text.removeprefix("\ufeff") if self.line == 1 else text

    def take(self) -> tuple[bytes, int, int]:
        """(bytes, offset, first line) of the record just read."""
        raw = b"".join(self.taken)
        at, first = self.offset, self.line - len(self.taken) + 1
        self.offset += len(raw)
        self.taken = []
        return raw, at, first


def _physical(stream: Iterator[bytes], cap: int) -> Iterator[bytes]:
    """Lines with their LF; a line over the cap comes in several pieces, each of which then fails on its own."""
    carry = b""
    for block in stream:
        carry += block
        lines = carry.split(b"\n")
        carry = lines.pop()
        for line in lines:
            yield line + b"\n"
        while len(carry) > cap + 1:
            yield carry[: cap + 1]
            carry = carry[cap + 1 :]
    if carry:
        yield carry


def read_csv(job: Reading, stream: Iterator[bytes], delimiter: str) -> None:
    """Read a whole CSV file. Raises DataError for a header that can't be used."""
    csv.field_size_limit(max(csv.field_size_limit(), job.line_cap))
    feed = Feed(stream, job.line_cap)
    reader = csv.reader(iter(feed), delimiter=delimiter, strict=True)
    header = _header(job, feed, reader, delimiter)
    built, gaps, seen = Builder(job.frozen, job.columns, job.chain), [_header_gap(feed)], 0
    while True:
        fields = _next(reader)
        if fields is None and not feed.taken:
            break
        raw, at, line = feed.take()
        seen += len(raw)
        body = raw.removesuffix(b"\n")
        if len(body) == len(raw):
            gaps.append((at + len(raw), b""))
        _record(built, header, fields, body, at, line)
        if len(built.rows) + len(built.marks) >= _ROWS or seen > 4 << 20:
            job.into.batch(built.finish(), gaps)
            job.tick(seen)
            gaps, seen = [], 0
    job.into.batch(built.finish(), gaps)
    job.tick(seen)


def _next(reader: Iterator[list[str]]) -> list[str] | RowError | None:
    """The next record, what is wrong with it, or None at the end."""
    try:
        return next(reader)
    except StopIteration:
        return None
    except csv.Error as e:
        said = str(e)
        if "field larger" in said:
            return RowError("too_long", "", "a field is too long")
        if "unexpected end" in said:
            return RowError("csv_quote", "", "a quote is opened in this record and never closed")
        return RowError("csv_quote", "", "a quote stands where none may be")


def _header(job: Reading, feed: Feed, reader: Iterator[list[str]], delimiter: str) -> list[str]:
    """Column names. Blank lines before the header are part of it."""
    found = _next(reader)
    while type(found) is list and not found:
        found = _next(reader)
    if found is None:
        raise DataError(f"{job.name}: is empty; the first line must name the columns")
    if b"\r" in b"".join(feed.taken).replace(b"\r\n", b""):
        raise DataError(f"{job.name}: the lines end with CR alone (old Mac); save the file with LF line ends")
    if isinstance(found, RowError):
        raise DataError(
            f"{job.name}: the header can't be read ({found.message}); allowed: plain or quoted column names"
        )
    header = found
    if any(_HALF.search(h) for h in header):
        raise DataError(f"{job.name}: the header is not UTF-8; save the file as UTF-8")
    twice = next((h for n, h in enumerate(header) if h in header[:n]), None)
    if twice is not None:
        raise DataError(f"{job.name}: line {feed.line}: the column {name(twice)} is named twice; rename one")
    if job.chain is None and not covers(job.columns, header, job.name):
        _known_header(job, header, delimiter)
    return header


def _known_header(job: Reading, header: list[str], delimiter: str) -> None:
    """Raise DataError when the columns make no known shape: no header, or another delimiter."""
    try:
        detect(dict.fromkeys(header, ""))
    except RowError:
        if job.frozen and set(header) & {"question", "prompt", "instruction", "query", "input", "problem"}:
            return
        other = next((d for d in ";\t,|" if d != delimiter and any(d in h for h in header)), None)
        if other is not None:
            shown = {"\t": "tabs", ";": "semicolons", ",": "commas", "|": "bars"}[other]
            raise DataError(
                f"{job.name}: the columns look separated by {shown}; allowed: commas in .csv, tabs in .tsv; save it so"
            ) from None
        raise DataError(
            f"{job.name}: line 1: the {len(header)} columns make no known shape; the first line must name them, such as"
            " instruction,input,output or prompt,completion or messages; or say what they are with --map prompt=COLUMN,response=COLUMN"
        ) from None


def _header_gap(feed: Feed) -> tuple[int, bytes]:
    raw, at, _ = feed.take()
    return at, raw


def _record(built: Builder, header: list[str], fields: list[str] | RowError | None, raw: bytes, at: int,
            line: int) -> None:  # fmt: skip
    """One record to a row, a blank or a malformed record."""
    try:
        if isinstance(fields, RowError):
            raise fields
        if not fields:
            built.marks.append((at, line, BLANK, raw))
            return
        if len(fields) != len(header):
            raise RowError("csv_fields", "", f"the record has {len(fields)} fields, the header {len(header)}")
        bad = next((h for h, f in zip(header, fields, strict=True) if not f.isascii() and _HALF.search(f)), None)
        if bad is not None:
            raise RowError("encoding", bad, "the field is not UTF-8")
        obj = dict(zip(header, fields, strict=True))
        built.add(obj, line, at, len(raw), raw, remake(obj))
    except RowError as e:
        built.malformed(e, line, at, len(raw), raw)
