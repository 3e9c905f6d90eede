"""load: files to a Dataset, once; a second load of the same bytes only hashes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, replace
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from curate.errors import Cancelled, DataError
from curate.load import dataset as tables
from curate.load.batch import Builder
from curate.load.collect import Collector, Tally
from curate.load.files import Asked, Paths, asked
from curate.load.limits import DEFAULT, Limits
from curate.load.mapping import ColumnMap
from curate.load.opened import Opened, file_sha256
from curate.load.peek import propose
from curate.load.pool import Pool
from curate.load.problems import CODES, Problem, name
from curate.load.reader import Reading, read
from curate.types import Cancel, Dataset, Progress, Source

if TYPE_CHECKING:
    from curate.store import Store

VERSION = 2
ORDERING = "order rows"  # told once every file is read


def load(
    paths: Paths,
    frozen: Paths = (),
    *,
    store: Store | None = None,
    sample: int | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    limits: Limits = DEFAULT,
    workers: int | None = None,
    mapping: ColumnMap | Mapping[str, ColumnMap] | None = None,
) -> Dataset:
    """Read, check and put in canonical order every row of the files; `frozen` files are evaluation sets.

    store: keeps the result by content. sample: how many pool rows to keep, chosen by content (frozen rows all stay).
    workers: processes, by default one per core; the result is the same for any number.
    mapping: which column is what, for rows that no shape fits; one map for all files, or by file name ("*" = the others).
    Raises DataError for a file that can't be read at all; a bad row is a problem of the dataset, not an error.
    """
    if sample is not None and sample < 1:
        raise DataError(f"sample is {sample}; at least 1 row is needed")
    files = asked(paths, frozen, mapping)
    made = _kept_or_read(files, store, sample, progress, cancel, limits, workers)
    return replace(made, limits=limits.changed())


def _kept_or_read(files: list[Asked], store: Store | None, sample: int | None, progress: Progress | None,
                  cancel: Cancel | None, limits: Limits, workers: int | None) -> Dataset:  # fmt: skip
    if store is None:
        return _read_all(files, None, sample, progress, cancel, limits, workers)
    hashes = [file_sha256(f.path, f.name) for f in files]
    key = _key(files, hashes, sample, limits)
    found = store.find("dataset", key)
    kept = _open(found, files) if found else None
    if kept is not None:
        return kept
    with store.publish("dataset", key) as folder:
        made = _read_all(files, folder, sample, progress, cancel, limits, workers)
        for source, before in zip(made.sources, hashes, strict=True):
            if source.sha256 != before:
                raise DataError(f"{source.name}: the file changed while it was read; load it again once it is complete")
        fallback = made
    found = store.find("dataset", key)
    return (_open(found, files) if found else None) or fallback


def _open(folder: Path, files: list[Asked]) -> Dataset | None:
    """A kept dataset under today's paths, or None when it is damaged: a bad entry is a miss."""
    try:
        kept = tables.open_folder(folder)
        sources = tuple(replace(s, path=str(f.path)) for s, f in zip(kept.sources, files, strict=True))
        return replace(kept, sources=sources)
    except (ValueError, KeyError, TypeError, OSError, pa.ArrowException):
        return None


def _key(files: list[Asked], hashes: list[str], sample: int | None, limits: Limits) -> str:
    parts = [
        VERSION,
        sample,
        asdict(limits),
        [[f.name, h, f.role, str(f.columns or "")] for f, h in zip(files, hashes, strict=True)],
    ]
    return blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()


def _read_all(files: list[Asked], folder: Path | None, sample: int | None, progress: Progress | None,
              cancel: Cancel | None, limits: Limits, workers: int | None) -> Dataset:  # fmt: skip
    with closing(Collector()) as got:
        with Pool(workers) as pool:
            sources = [_read_file(f, got, pool, limits, progress, cancel) for f in files]
        _refuse_unseen(files, got.tallies)
        if progress:
            progress(ORDERING, 0, 1)
        return tables.build(got, sources, sample, folder)


def _refuse_unseen(files: list[Asked], tallies: list[Tally]) -> None:
    """Raise DataError for a mapped column that no row of any file with this map has."""
    for columns in dict.fromkeys(f.columns for f in files if f.columns):
        mine = [(f, t) for f, t in zip(files, tallies, strict=True) if f.columns == columns]
        unseen = columns.names - frozenset[str]().union(*(t.seen for _, t in mine))
        part, column = next(((p, c) for p, c in columns.pairs if c in unseen), ("", ""))
        if part:
            file = mine[0][0]
            found = ", ".join(name(c.name) for c in propose(file.path).columns[:20]) or "none that can be read"
            raise DataError(
                f"{file.name}: no row has the column {name(column)} that was mapped to {part}; the first rows have {found}"
            )


def _read_file(file: Asked, got: Collector, pool: Pool, limits: Limits, progress: Progress | None,
               cancel: Cancel | None) -> Source:  # fmt: skip
    done = 0

    def tick(count: int) -> None:
        nonlocal done
        done += count
        if cancel is not None and cancel.is_set():
            raise Cancelled(f"{file.name}: loading was stopped; nothing was kept")
        if progress:
            progress(f"load {file.name}", done, max(done, opened.size))

    got.begin()
    with Opened(file.path, file.name, limits) as opened:
        tick(0)
        pool.expect(opened.size * (4 if opened.compressed else 1))
        container = read(Reading(opened, got, pool, file.role == "frozen", tick, file.columns))
        _say_cut(got, opened)
        if file.role == "pool":
            _say_mixed(got)
        if got.tally.parts:
            said = f"{got.tally.parts:,} messages only ask; they are part of the rows that answer them and counted as blank"
            got.tally.notes.append(said)
        return _source(file, opened, got.tally, container)


def _say_cut(got: Collector, opened: Opened) -> None:
    """A gzip stream that ended early: what came before the cut is loaded, and a finding says so."""
    if not opened.cut:
        return
    _say(got, "truncated", f"{opened.cut} after {got.tally.rows:,} rows")
    got.tally.notes.append(f"{opened.cut}; the rows before the cut were read")


def _say_mixed(got: Collector) -> None:
    """Rows of one file in several shapes, or that teach different situations: a system prompt or none, one question or
    several."""
    if len(shapes := got.tally.formats) > 1:
        _say(got, "mixed_formats", ", ".join(f"{n:,} rows are {name}" for name, n in sorted(shapes.items())))
    rows, system, several = got.tally.talk
    if 0 < system < rows:
        _say(got, "mixed_system", f"{system:,} of {rows:,} rows have a system prompt")
    if 0 < several < rows:
        _say(got, "mixed_turns", f"{several:,} of {rows:,} rows ask more than once")


def _say(got: Collector, code: str, said: str) -> None:
    """A finding about the file as a whole."""
    built = Builder(False)
    built.note(Problem(code, "", f"{said}; {CODES[code].fix}", False), 0, 0, 0)
    got.batch(built.finish())


def _source(file: Asked, opened: Opened, tally: Tally, container: str) -> Source:
    return Source(
        name=file.name,
        path=str(file.path),
        sha256=opened.sha256,
        bytes=opened.size,
        plain_sha256=opened.plain_sha256,
        container=container,  # type: ignore[arg-type]
        compression="gz" if opened.compressed else "none",
        role=file.role,
        formats=dict(sorted(tally.formats.items())),
        read=tally.rows + tally.malformed + tally.blank,
        rows=tally.rows,
        malformed=tally.malformed,
        blank=tally.blank,
        notes=tuple(tally.notes),
        mapping=() if file.columns is None else file.columns.pairs,
    )
