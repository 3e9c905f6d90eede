"""One file to the collector: which container it is, then its rows, problems and everything between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain as joined
from itertools import islice

from curate.errors import DataError
from curate.load import documents
from curate.load.batch import Builder, Chunk
from curate.load.chains import Chain, is_chained
from curate.load.collect import Collector
from curate.load.documents import Buffer, Element
from curate.load.lines import BOM, LongLine, Splitter
from curate.load.mapping import ColumnMap
from curate.load.opened import ALLOWED, Opened
from curate.load.pool import Pool
from curate.load.problems import CODES, Problem, RowError

PIECE = 1 << 20
_JSON = (".jsonl", ".ndjson", ".json", ".jsonlines")
_TABLES = {".csv": ",", ".tsv": "\t"}
_MAGIC = {
    b"\x89PNG": "a PNG image", b"\xff\xd8\xff": "a JPEG image", b"GIF8": "a GIF image", b"%PDF": "a PDF",
    b"PK\x03\x04": "a zip archive", b"\x1f\x8b": "a gzip file without .gz in its name", b"BZh": "a bzip2 file",
    b"\xfd7zXZ": "an xz file", b"\x28\xb5\x2f\xfd": "a zstd file", b"\x93NUMPY": "a NumPy array",
    b"ARROW1": "an Arrow file without .arrow in its name", b"PAR1": "a Parquet file without .parquet in its name", b"\x7fELF": "a program",
    b"\x80\x02": "a pickle", b"\x80\x03": "a pickle", b"\x80\x04": "a pickle", b"\x80\x05": "a pickle",
    b"\x89HDF": "an HDF5 file", b"SQLite format 3": "an SQLite database",
}  # fmt: skip
# What is left where a file should be: what it is, and what to do.
_STANDS_IN = {
    b"version https://git-lfs.github.com/spec/": "is a Git LFS pointer, not the data; fetch the file with git lfs pull",
    b"/annex/objects/": "is a git-annex pointer, not the data; fetch the file with git annex get",
}
_PAGES = (b"<!doctype html", b"<html", b"<?xml")
_UTF16 = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")


@dataclass(frozen=True)
class Reading:
    """What reading one file needs: the file, where its rows go, who parses them, and when to stop or tell."""

    opened: Opened
    into: Collector
    pool: Pool
    frozen: bool
    tick: Callable[[int], None]
    columns: ColumnMap | None = None
    chain: Chain | None = None

    @property
    def name(self) -> str:
        return self.opened.name

    @property
    def line_cap(self) -> int:
        return self.opened.limits.line


def ending(opened: Opened) -> str:
    """The file name's ending that says what is inside, without .gz."""
    path = opened.path.with_suffix("") if opened.compressed else opened.path
    return path.suffix.lower()


def read(job: Reading) -> str:
    """Read the whole file; gives its container: jsonl, json, csv or parquet. Raises DataError when it is none."""
    kind = ending(job.opened)
    if kind in (".parquet", ".pq", ".arrow"):
        from curate.load.parquet import read_parquet

        read_parquet(job)
        return "parquet"
    blocks = job.opened.blocks()
    head = next(blocks, b"")
    _refuse_binary(head, job)
    stream = joined([head], blocks) if head else iter(())
    job = _chained(job, head, kind)
    if kind in _TABLES:
        from curate.load.csvfile import read_csv

        read_csv(job, stream, _TABLES[kind])
        return "csv"
    rows = head.lstrip(BOM + b" \t\r\n")[:1] in (b"{", b"[")
    if kind == ".txt" and not rows:
        _read_lines(job, stream, plain=True)
        return "text"
    if kind not in _JSON and not rows:
        raise DataError(f"{job.name}: {kind or 'a file without an ending'} is not read; allowed: {ALLOWED}")
    return _read_json(job, head, stream)


def _chained(job: Reading, head: bytes, kind: str) -> Reading:
    """The job with who follows whom, when the file's first row names the row that it continues."""
    from curate.load.peek import objects_of, rows_of

    first = next(iter(islice(objects_of(head, kind, job.name), 1)), None)
    if first is None or not is_chained(first):
        return job
    if job.opened.size > job.opened.limits.chain:
        raise DataError(
            f"{job.name}: its rows continue each other and it has {job.opened.size:,} bytes; {job.opened.limits.chain:,} are"
            " allowed; split it by conversation, or raise --limit chain=N"
        )
    return replace(job, chain=Chain.of(rows_of(job.opened.path, job.opened.limits)), pool=Pool(1))


def _refuse_binary(head: bytes, job: Reading) -> None:
    """Raise DataError for UTF-16 and for files that are not text at all; one bad line is no such file."""
    for magic, what in _MAGIC.items():
        if head.startswith(magic):
            raise DataError(f"{job.name}: is {what}; allowed: {ALLOWED}")
    if head and not head.strip(b"\0"):
        raise DataError(f"{job.name}: holds nothing but zero bytes; fetch it again")
    head = head[:4096].rstrip(b"\0") or head[:4096]  # a disk that was full leaves zeros behind: that's one bad line
    zeros = head.count(0)
    if head.startswith(_UTF16) or (zeros and zeros * 3 > len(head) and _alternates(head)):
        raise DataError(f"{job.name}: is UTF-16 or UTF-32; save it as UTF-8")
    for start, said in _STANDS_IN.items():
        if head.startswith(start):
            raise DataError(f"{job.name}: {said}")
    if ending(job.opened) != ".txt" and head[:200].removeprefix(BOM).lstrip().lower().startswith(_PAGES):
        raise DataError(f"{job.name}: is a web page or XML, perhaps the error page of a download; allowed: {ALLOWED}")
    odd = sum(b < 9 or 13 < b < 32 for b in head)
    if zeros and odd * 10 > len(head) >= 64:
        raise DataError(f"{job.name}: is a binary file; allowed: {ALLOWED}")


def _alternates(head: bytes) -> bool:
    return head[::2].count(0) * 10 > len(head[::2]) * 9 or head[1::2].count(0) * 10 > len(head[1::2]) * 9


def _read_json(job: Reading, head: bytes, stream: Iterator[bytes]) -> str:
    at = documents.start_of(head)
    if head[at : at + 1] not in (b"[", b"{") or _is_lines(head, at):
        _read_lines(job, stream)
        return "jsonl"
    buffer = documents.spool(stream)
    at = documents.start_of(buffer)
    if buffer[at : at + 1] == b"[":
        _read_array(job, buffer, at + 1, root=True)
        return "json"
    end = documents.balanced_end(buffer, at)
    if documents.spans_lines(buffer, at, end, job.line_cap):
        last = _read_elements(job, buffer, documents.roots(buffer, at, job.line_cap))
        _gap(job, last.end, buffer[last.end :])
        return "json"
    if end < 0 or documents.skip_space(buffer, end) < len(buffer):
        _read_lines(job, _blocks_of(buffer))
        return "jsonl"
    inside = documents.wrapped(buffer, at, job.name)
    if inside >= 0:
        job.into.tally.notes.append("the rows are wrapped in one object; only its array of rows was read")
        _read_array(job, buffer, inside, root=False)
        return "json"
    if buffer.find(b"\n", at, end) < 0 and ending(job.opened) != ".json":
        _read_lines(job, _blocks_of(buffer))
        return "jsonl"
    _read_elements(job, buffer, iter([Element(at, end)]))
    _gap(job, end, buffer[end:])
    return "json"


def _is_lines(head: bytes, at: int) -> bool:
    """True when the first line is one whole value with more after it, or the second is one whole object."""
    first = head.find(b"\n", at)
    if first < 0:
        return False
    whole = documents.balanced_end(head[:first], at)
    if whole >= 0:
        return documents.skip_space(head, whole) >= first and documents.skip_space(head, first) < len(head)
    start = documents.skip_space(head, first)
    end = head.find(b"\n", start)
    if end < 0 or head[start : start + 1] != b"{":
        return False
    whole = documents.balanced_end(head[:end], start)
    after = documents.skip_space(head, end)
    return whole >= 0 and documents.skip_space(head, whole) >= end and head[after : after + 1] not in (b"]", b",")


def _blocks_of(buffer: Buffer) -> Iterator[bytes]:
    for start in range(0, len(buffer), PIECE):
        yield buffer[start : start + PIECE]


def _read_lines(job: Reading, stream: Iterable[bytes], plain: bool = False) -> None:
    splitter = Splitter(iter(stream), job.frozen, job.opened.limits, job.columns, plain, job.chain)
    carriage_return = False
    for item in _runs(job, splitter):
        carriage_return = carriage_return or item
    if carriage_return and splitter.line_ends == 0:
        raise DataError(f"{job.name}: the lines end with CR alone (old Mac); save the file with LF line ends")
    if splitter.ended:
        _gap(job, splitter.offset, b"")
    if splitter.boms:
        job.into.tally.notes.append(f"{splitter.boms} byte order mark(s) taken off")


def _runs(job: Reading, splitter: Splitter) -> Iterator[bool]:
    """Feed the splitter's chunks through the pool; a long line waits until the chunks before it are collected.

    Yields whether the file's only line is malformed and holds a CR.
    """
    items: Iterator[Chunk | LongLine | Element] = iter(splitter)
    for stop in _pooled(job, items):
        if isinstance(stop, LongLine):
            message = f"the line is longer than {job.line_cap:,} bytes"
            job.into.long_record(RowError("too_long", "", message), stop.line, stop.base, stop.pieces)
            yield False
        elif isinstance(stop, bytes):
            yield b"\r" in stop.strip(b" \t\r") and b"\n" not in stop


def _pooled(job: Reading, items: Iterator[Chunk | LongLine | Element]) -> Iterator[LongLine | Element | bytes]:
    """Run chunks through the pool; hand back what is no chunk, in order, and the data of wholly malformed chunks."""
    held: list[LongLine | Element] = []

    def until_stop() -> Iterator[Chunk]:
        for item in items:
            if isinstance(item, Chunk):
                yield item
            else:
                held.append(item)
                return

    while True:
        for chunk, batch in job.pool.map(until_stop()):
            job.into.batch(batch, chunk.gaps)
            job.tick(len(chunk.data))
            if len(chunk.starts) == 1 and batch.rows.count == 0:
                yield chunk.data
        if not held:
            return
        yield held.pop()


def _read_array(job: Reading, buffer: Buffer, at: int, root: bool) -> None:
    """Elements of an array, then its end: what follows a root array is malformed, a missing end is said."""
    _gap(job, 0, buffer[:at])
    last = _read_elements(job, buffer, documents.elements(buffer, at), at)
    end = documents.skip_space(buffer, last.end)
    if last.end > at and buffer[last.start : last.end] == b"]":
        end = last.start
    closed = buffer[end : end + 1] == b"]"
    end = end + 1 if closed else len(buffer)
    if not closed:
        said = f"the array is not closed; {CODES['truncated'].fix}"
        _note(job, Problem("truncated", "", said, False), len(buffer))
    tail = documents.skip_space(buffer, end) if root else len(buffer)
    _gap(job, last.end, buffer[last.end : tail])
    if tail < len(buffer):
        job.into.long_record(
            RowError("invalid_json", "", "something follows the array"), 0, tail, _slices(buffer, tail)
        )
        _gap(job, len(buffer), b"")


def _read_elements(job: Reading, buffer: Buffer, found: Iterator[Element], at: int = 0) -> Element:
    """Feed elements through the pool. Gives the last one."""
    last = Element(at, at)

    def watched() -> Iterator[Element]:
        nonlocal last
        for element in found:
            last = element
            yield element

    items: Iterator[Chunk | LongLine | Element] = documents.chunks(
        buffer, watched(), at, job.frozen, job.line_cap, job.columns, job.chain
    )
    for stop in _pooled(job, items):
        if isinstance(stop, Element):
            error = RowError("too_long", "", f"the element is longer than {job.line_cap:,} bytes")
            job.into.long_record(error, stop.line, stop.start, _slices(buffer, stop.start, stop.end))
    return last


def _slices(buffer: Buffer, start: int, end: int | None = None) -> Iterator[bytes]:
    stop = len(buffer) if end is None else end
    for at in range(start, stop, PIECE):
        yield buffer[at : min(at + PIECE, stop)]


def _gap(job: Reading, at: int, raw: bytes) -> None:
    job.into.batch(Builder(job.frozen).finish(), [(at, raw)])


def _note(job: Reading, problem: Problem, at: int) -> None:
    built = Builder(job.frozen)
    built.note(problem, 0, at, 0)
    job.into.batch(built.finish())
