"""Loaded: one dataset with its evidence, and what pages derive from it once; shared read-only by every session."""

from __future__ import annotations

import json
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from curate.types import Bool, Dataset, Evidence, Labels
from curate.ui.inert import RowText

T = TypeVar("T")
Rows = NDArray[np.int64]
KEPT = 64
FEW = 2_000  # cells that are read one by one
_ID = re.compile(r"[0-9a-f]{16}-\d+")
_PLACE = re.compile(r"(?:(?P<file>.+):)?(?P<line>\d+)")
TEXTS = ("system", "prompt", "response")


class Loaded:
    """Reads of rows by place, and bounded memory of searches, histograms and curves."""

    def __init__(self, dataset: Dataset, evidence: Evidence) -> None:
        self.dataset = dataset
        self.evidence = evidence
        self._lock = threading.Lock()
        self._memory: OrderedDict[Hashable, Any] = OrderedDict()

    def __len__(self) -> int:
        return len(self.dataset)

    def remember(self, key: Hashable, make: Callable[[], T]) -> T:
        """`make()`, once per key while it is among the last `KEPT`."""
        with self._lock:
            if key in self._memory:
                self._memory.move_to_end(key)
                held: T = self._memory[key]
                return held
        made = make()  # outside of the lock: another session need not wait for it
        with self._lock:
            self._memory[key] = made
            while len(self._memory) > KEPT:
                self._memory.popitem(last=False)
        return made

    @cached_property
    def pool(self) -> Rows:
        return np.flatnonzero(~self.evidence.frozen)

    @cached_property
    def source_names(self) -> tuple[str, ...]:
        return tuple(s.name for s in self.dataset.sources)

    @cached_property
    def source_codes(self) -> NDArray[np.int32]:
        """int32 [n]: each row's file, a place in `source_names`."""
        return np.asarray(self.dataset.rows.column("source").to_numpy(), dtype=np.int32)

    @cached_property
    def languages(self) -> Labels | None:
        """Each row's language as a code such as "en" (-1: too short or unsure); None when no row's is known."""
        from curate.measure.language import CODES

        measured = self.evidence.columns.get("language")
        known = np.isfinite(measured) if measured is not None else np.zeros(0, np.bool_)
        if measured is None or not known.any():
            return None
        found, place = np.unique(measured[known].astype(np.int64), return_inverse=True)
        code = np.full(len(self), -1, dtype=np.int32)
        code[known] = place
        return Labels(code, tuple(CODES[n] for n in found.tolist()))

    def texts(self, column: str, rows: Iterable[int]) -> list[RowText]:
        """One text column at some rows."""
        return [RowText(_text(v)) for v in self._cells(column, rows)]

    def values(self, column: str, rows: Iterable[int]) -> list[Any]:
        """One column that holds no text of the row (id, line, turns, format) at some rows."""
        assert column in ("id", "line", "turns", "format", "source", "offset"), column
        return self._cells(column, rows)

    def _cells(self, column: str, rows: Iterable[int]) -> list[Any]:
        """Cells of a column. `take` copies a text column of many chunks whole (15 ms at 230,822 rows), so that a page's
        few rows are read one by one."""
        import pyarrow as pa

        held, listed = self.dataset.rows.column(column), list(map(int, rows))
        if len(listed) <= FEW:
            return [held[row].as_py() for row in listed]
        return list(held.take(pa.array(listed, pa.int64())).to_pylist())

    def places(self, rows: Iterable[int]) -> list[str]:
        """file:line of some rows."""
        listed = list(rows)
        pairs = zip(self.values("source", listed), self.values("line", listed), strict=True)
        return [f"{self.source_names[s]}:{line}" for s, line in pairs]

    def messages(self, row: int) -> list[tuple[str, RowText]]:
        """(role, text) of each message; parts that are no text are named."""
        found = json.loads(self.dataset.text("messages", row) or "[]")
        return [(str(m.get("role", "?")), RowText(_text(m.get("content")))) for m in found]

    def own(self, row: int) -> Mapping[str, RowText]:
        """The user's own columns of one row."""
        found = json.loads(self.dataset.text("extra", row) or "{}")
        return {str(k): RowText(_text(v)) for k, v in found.items()}

    def find(self, wanted: str) -> Rows | None:
        """Rows for what a person typed: a row id, file:line, their own id, or text anywhere; None for nothing typed."""
        wanted = wanted.strip()
        return self.remember(("find", wanted), lambda: self._find(wanted)) if wanted else None

    def _find(self, wanted: str) -> Rows:
        import pyarrow.compute as pc

        table = self.dataset.rows
        if _ID.fullmatch(wanted):
            return np.flatnonzero(self.evidence.ids == wanted.encode())
        place = _PLACE.fullmatch(wanted)
        if place:
            hit = table.column("line").to_numpy() == int(place["line"])
            if place["file"]:
                named = [
                    n
                    for n, name in enumerate(self.source_names)
                    if name == place["file"] or name.endswith(place["file"])
                ]
                hit &= np.isin(table.column("source").to_numpy(), named)
            if hit.any():
                return np.flatnonzero(hit)
        hits = [pc.fill_null(pc.match_substring(table.column(c), wanted, ignore_case=True), False) for c in TEXTS]
        mask = np.logical_or.reduce([np.asarray(h.to_numpy()) for h in hits])
        mask |= np.asarray(pc.fill_null(pc.equal(table.column("user_id"), wanted), False).to_numpy())
        return np.flatnonzero(mask)

    def stretch(self, column: str, row: int, start: int, end: int) -> RowText:
        """A stretch of one row's text, by bytes of UTF-8."""
        return RowText(self.dataset.text(column, row).encode()[start:end].decode("utf-8", "replace").strip())

    @cached_property
    def own_columns(self) -> Mapping[str, list[str | None]]:
        """The user's own columns over all rows, as text; None where a row lacks it."""
        out: dict[str, list[str | None]] = {}
        for row, extra in enumerate(self.dataset.rows.column("extra").to_pylist()):
            for name, value in (json.loads(extra) if extra else {}).items():
                if (column := out.get(str(name))) is None:  # setdefault would make a column for every cell
                    column = out[str(name)] = [None] * len(self)
                column[row] = _text(value)
        for name in ("group", "time"):
            held = self.dataset.rows.column(name)
            if held.null_count < len(self):
                out.setdefault(name, [_or_none(v) for v in held.to_pylist()])
        return out

    def counted(self, name: str) -> tuple[list[RowText], list[int], NDArray[np.int32]]:
        """Values of one of the user's columns, most frequent first, their counts, and each row's value number "
        "(-1: none)."""
        return self.remember(("counted", name), lambda: self._counted(name))

    def _counted(self, name: str) -> tuple[list[RowText], list[int], NDArray[np.int32]]:
        seen: dict[str, int] = {}
        codes = np.array([-1 if v is None else seen.setdefault(v, len(seen)) for v in self.own_columns[name]], np.int32)
        counts = np.bincount(codes[codes >= 0], minlength=len(seen))
        order = np.argsort(-counts, kind="stable")
        place = np.empty(len(seen) + 1, np.int32)
        place[order], place[-1] = np.arange(len(seen)), -1
        names = list(seen)
        return [RowText(names[k]) for k in order], counts[order].tolist(), place[codes]

    def mask(self, rows: Iterable[int]) -> Bool:
        out = np.zeros(len(self), dtype=np.bool_)
        out[np.fromiter(rows, np.int64)] = True
        return out


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _or_none(value: Any) -> str | None:
    return None if value is None else str(value)
