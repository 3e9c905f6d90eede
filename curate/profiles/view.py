"""What rules look at: each row's outline by its skeleton, and columns of numbers; no row text.

Rows stand as in the dataset (usable rows in canonical order), then the malformed lines in file order: a trainer reads
those too. A malformed line that is no JSON object has no outline.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.profiles.skeleton import Object, outline, skeletons
from curate.types import F32, I32, Bool, Dataset

I64 = NDArray[np.int64]
Predicate = Callable[[Object], bool]
PIECE = 1 << 16
# How a trainer would be set up for a row: the first column of this list that the row has.
COLUMNS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("preference", ("chosen", "rejected")),
    ("preference_output", ("preferred_output", "non_preferred_output")),
    ("messages", ("messages",)),
    ("conversations", ("conversations",)),
    ("contents", ("contents",)),
    ("interactions", ("interactions",)),
    ("alpaca", ("instruction", "output")),
    ("prompt_completion", ("prompt", "completion")),
    ("input_output", ("input", "output")),
    ("segments", ("segments",)),
    ("text", ("text",)),
    ("tokens", ("input_ids",)),
)

# Findings of the loader for lines that are no one JSON object to any reader.
UNREADABLE = ("invalid_json", "not_an_object", "duplicate_key", "lone_surrogate", "encoding", "truncated")
LISTS = ("messages", "conversations", "contents", "interactions")


def layout(row: Object) -> str:
    """Which columns a trainer would be pointed at for this row; "other" for none that any of them documents, "json_text" for a
    list that is written as text."""
    held = {k for k, v in row.items() if v is not None}
    found = next((name for name, keys in COLUMNS if held.issuperset(keys)), "other")
    return "json_text" if found in LISTS and type(row[found]) is str else found


@dataclass(frozen=True)
class View:
    """A dataset as the rules see it. tokens: float32 [len(dataset)] by name, or None; limit: tokens that one example may
    have there, or None."""

    dataset: Dataset
    outlines: tuple[Object | None, ...]
    code: I32
    tokens: Mapping[str, F32] | None = None
    limit: int | None = None

    @classmethod
    def of(cls, dataset: Dataset) -> View:
        """Outlines of every usable row and malformed line."""
        hashes = np.concatenate([skeletons(data, at) for data, at in _pieces(dataset)])
        _, first, code = np.unique(hashes, return_index=True, return_inverse=True)
        made = tuple(_outline(_raw(dataset, int(row))) for row in first)
        code = np.asarray(code.reshape(-1), dtype=np.int32)
        code[_unreadable(dataset)] = len(made)
        return cls(dataset, (*made, None), np.asarray(code, dtype=np.int32))

    def __len__(self) -> int:
        return int(self.code.shape[0])

    def rows(self, test: Predicate) -> Bool:
        """Bool [n]: rows whose outline passes; a line without an outline never does."""
        hit = np.array([o is not None and bool(test(o)) for o in self.outlines], dtype=np.bool_)
        return hit[self.code] if len(self) else np.zeros(0, dtype=np.bool_)

    def measured(self, name: str) -> F32 | None:
        """float32 [n], NaN for malformed lines; None when it was not measured."""
        if self.tokens is None or name not in self.tokens:
            return None
        out = np.full(len(self), np.nan, dtype=np.float32)
        out[: len(self.dataset)] = self.tokens[name]
        return out

    def occurrences(self, text: str) -> I64:
        """int64 [n]: how often an exact piece of ASCII text stands in each row's bytes."""
        import pyarrow.compute as pc

        counts = [np.asarray(pc.count_substring(c, text)).astype(np.int64) for c in _chunks(self.dataset)]
        return np.concatenate(counts) if counts else np.zeros(0, dtype=np.int64)

    def system_says(self, *texts: str) -> Bool:
        """Bool [n]: rows whose system text holds one of these; False for malformed lines."""
        import pyarrow.compute as pc

        column = self.dataset.rows.column("system")
        out = np.zeros(len(self), dtype=np.bool_)
        for text in texts if column.null_count < len(column) else ():
            out[: len(self.dataset)] |= np.asarray(
                pc.fill_null(pc.match_substring(column, text), False), dtype=np.bool_
            )
        return out

    @cached_property
    def layouts(self) -> NDArray[np.str_]:
        """Each row's layout, "" for a line without an outline."""
        names = np.array([layout(o) if o is not None else "" for o in self.outlines], dtype=np.str_)
        return np.asarray(names[self.code]) if len(self) else np.zeros(0, dtype="U1")

    @cached_property
    def main(self) -> str:
        """The layout of most training rows (ties: the first by name): what a trainer would be set up for."""
        named = self.layouts[~self.frozen]
        values, counts = np.unique(named[named != ""], return_counts=True)
        return str(values[int(np.argmax(counts))]) if values.size else "other"

    @cached_property
    def frozen(self) -> Bool:
        """True for rows and lines of evaluation files, which are not trained on."""
        roles = np.array([s.role == "frozen" for s in self.dataset.sources] or [False], dtype=np.bool_)
        return np.asarray(roles[self.sources], dtype=np.bool_)

    @cached_property
    def sources(self) -> I64:
        """Index into dataset.sources, int64 [n]."""
        return np.concatenate([_ints(self.dataset.rows, "source"), _ints(malformed(self.dataset), "source")])

    @cached_property
    def lines(self) -> I64:
        """Line, element or record number, int64 [n]."""
        return np.concatenate([_ints(self.dataset.rows, "line"), _ints(malformed(self.dataset), "line")])


def malformed(dataset: Dataset) -> Any:
    """The segments that are malformed lines, in file order."""
    import pyarrow.compute as pc

    return dataset.segments.filter(pc.equal(dataset.segments.column("kind"), "malformed"))


def _ints(table: Any, name: str) -> I64:
    return np.asarray(table.column(name).to_numpy(), dtype=np.int64)


def _chunks(dataset: Dataset) -> Iterator[Any]:
    """Each row's JSON as large_binary arrays: the original bytes, or the row remade as JSON (CSV, Parquet)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = dataset.rows
    made, raw = rows.column("record"), rows.column("raw")
    column = raw if made.null_count == len(made) else pc.coalesce(made.cast(pa.large_binary()), raw)
    yield from column.chunks
    yield from malformed(dataset).column("raw").chunks


def _pieces(dataset: Dataset) -> Iterator[tuple[NDArray[np.uint8], I64]]:
    """(bytes, offsets [k + 1]) of all rows' JSON, without a copy."""
    yield np.zeros(1, dtype=np.uint8), np.zeros(1, dtype=np.int64)
    for chunk in _chunks(dataset):
        filled = chunk.fill_null(b"") if chunk.null_count else chunk
        _, offsets, data = filled.buffers()
        if not len(filled):
            continue
        at = np.frombuffer(offsets, dtype=np.int64)[filled.offset : filled.offset + len(filled) + 1]
        held = data is not None and data.size
        yield np.frombuffer(data, dtype=np.uint8) if held else np.zeros(1, dtype=np.uint8), at


def _unreadable(dataset: Dataset) -> I64:
    """Places of the malformed lines that the loader could not read as one JSON object."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = dataset.problems.filter(pc.is_in(dataset.problems.column("code"), pa.array(UNREADABLE, pa.large_string())))
    bad = {*zip(_ints(found, "source").tolist(), _ints(found, "line").tolist(), strict=True)}
    lines = malformed(dataset)
    places = zip(_ints(lines, "source").tolist(), _ints(lines, "line").tolist(), strict=True)
    return np.array([len(dataset) + k for k, place in enumerate(places) if place in bad], dtype=np.int64)


def _raw(dataset: Dataset, row: int) -> bytes:
    if row >= len(dataset):
        return malformed(dataset).column("raw")[row - len(dataset)].as_py() or b""
    made = dataset.rows.column("record")[row].as_py()
    return made.encode() if made is not None else dataset.rows.column("raw")[row].as_py() or b""


def _outline(raw: bytes) -> Object | None:
    try:
        made = json.loads(raw.decode())  # bytes would be guessed at: a byte order mark amid a file is no JSON
        return outline(made) if type(made) is dict else None
    except (ValueError, RecursionError):
        return None
