"""Batches of all files in reading order to unsorted columns, with every file's balance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from curate.load.batch import (
    BLANK,
    GAP,
    MALFORMED,
    MARK_FIELDS,
    PROBLEM_FIELDS,
    Batch,
    Builder,
    blanks,
)  # fmt: skip
from curate.load.problems import RowError
from curate.load.spill import NumberColumn, Stack, TextColumn, column

_SOURCE = pa.int32()


@dataclass
class Columns:
    """A table under construction: one growing column per field, and the source number of each row."""

    schema: pa.Schema
    parts: Mapping[str, TextColumn | NumberColumn] = field(init=False)
    source: NumberColumn = field(init=False)

    def __post_init__(self) -> None:
        self.parts = {f.name: column(f.type) for f in self.schema}
        self.source = NumberColumn(_SOURCE)

    def append(self, batch: pa.RecordBatch, source: int) -> None:
        for name, part in self.parts.items():
            part.append(batch.column(name))
        self.source.append(pa.array(np.full(batch.num_rows, source, dtype=np.int32)))

    def finish(self) -> dict[str, pa.Array]:
        return {"source": self.source.finish(), **{name: part.finish() for name, part in self.parts.items()}}


@dataclass
class Tally:
    """The balance of one file while it is read."""

    rows: int = 0
    malformed: int = 0
    blank: int = 0
    formats: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    parts: int = 0
    talk: tuple[int, int, int] = (0, 0, 0)


class Collector:
    """Takes what readers produce, file by file, in offset order."""

    def __init__(self) -> None:
        self.rows = Stack()
        self.problems = Columns(PROBLEM_FIELDS)
        self.segments = Columns(MARK_FIELDS)
        self.tallies: list[Tally] = []

    @property
    def _now(self) -> int:
        return len(self.tallies) - 1

    @property
    def tally(self) -> Tally:
        """The balance of the file being read."""
        return self.tallies[-1]

    def close(self) -> None:
        """Let temporary files go; finished columns stay valid."""
        for table in (self.problems, self.segments):
            for part in table.parts.values():
                if isinstance(part, TextColumn):
                    part.close()

    def begin(self) -> None:
        """A new file starts."""
        self.tallies.append(Tally())

    def batch(self, made: Batch, gaps: Iterable[tuple[int, bytes]] = ()) -> None:
        """Add one batch; `gaps` are (offset, bytes) between its records."""
        self.rows.append(made.rows, self._now)
        self.problems.append(made.problems, self._now)
        self.tally.rows += made.rows.count
        self.tally.seen |= made.seen
        self.tally.parts += made.parts
        a, b = self.tally.talk, made.rows.talk
        self.tally.talk = (a[0] + b[0], a[1] + b[1], a[2] + b[2])
        for name, count in made.rows.formats.items():
            self.tally.formats[name] = self.tally.formats.get(name, 0) + count
        kinds = made.marks.column("kind").to_pylist()
        self.tally.malformed += kinds.count(MALFORMED)
        if BLANK in kinds:
            raws = made.marks.column("raw").to_pylist()
            self.tally.blank += sum(blanks(raw) for kind, raw in zip(kinds, raws, strict=True) if kind == BLANK)
        self._segments(made.marks, list(gaps))

    def problem_only(self, error: RowError, line: int, offset: int, length: int) -> None:
        """A malformed row of which there are no bytes to keep (Parquet)."""
        built = Builder(False)
        built.malformed(error, line, offset, length, None)
        self.batch(built.finish())
        self.tally.malformed += 1

    def long_record(self, error: RowError, line: int, offset: int, pieces: Iterable[bytes | memoryview]) -> None:
        """A malformed record too long to hold: its bytes go to the segments piece by piece."""
        raw = self.segments.parts["raw"]
        assert isinstance(raw, TextColumn)
        length = raw.append_cell(pieces)
        for name, value in (("offset", offset), ("line", line), ("kind", MALFORMED)):
            self.segments.parts[name].append(pa.array([value], MARK_FIELDS.field(name).type))
        self.segments.source.append(pa.array([self._now], _SOURCE))
        self.problem_only(error, line, offset, length)

    def _segments(self, marks: pa.RecordBatch, gaps: list[tuple[int, bytes]]) -> None:
        if not gaps and BLANK not in marks.column("kind").to_pylist():
            if marks.num_rows:
                self.segments.append(marks, self._now)
            return
        if not marks.num_rows:  # an array's commas: one gap per row, in order as they come
            self._gaps(gaps)
            return
        cells = list(zip(*(marks.column(n).to_pylist() for n in MARK_FIELDS.names), strict=True))
        cells += [(offset, 0, GAP, raw) for offset, raw in gaps]
        cells = _joined(sorted(cells, key=lambda c: (c[0], c[2] != GAP)))
        arrays = [pa.array([c[k] for c in cells], f.type) for k, f in enumerate(MARK_FIELDS)]
        self.segments.append(pa.record_batch(arrays, schema=MARK_FIELDS), self._now)

    def _gaps(self, gaps: list[tuple[int, bytes]]) -> None:
        offsets, raws = zip(*gaps, strict=True)
        n = len(gaps)
        columns = {
            "offset": offsets,
            "line": np.zeros(n, np.int64),
            "kind": pa.repeat(pa.scalar(GAP, pa.large_string()), n),
            "raw": raws,
        }
        arrays = [pa.array(columns[f.name], f.type) for f in MARK_FIELDS]
        self.segments.append(pa.record_batch(arrays, schema=MARK_FIELDS), self._now)


def _joined(cells: list[tuple[int, int, str, bytes]]) -> list[tuple[int, int, str, bytes]]:
    """Runs of blank lines as one segment each: ten million empty lines are one cell of ten megabytes."""
    made: list[tuple[int, int, str, list[bytes], int]] = []
    for offset, line, kind, raw in cells:
        if kind == BLANK and made and made[-1][2] == BLANK and made[-1][4] + 1 == offset:
            made[-1][3].append(raw)
            made[-1] = (*made[-1][:4], offset + len(raw))
        else:
            made.append((offset, line, kind, [raw], offset + len(raw)))
    return [(offset, line, kind, b"\n".join(raws)) for offset, line, kind, raws, _ in made]
