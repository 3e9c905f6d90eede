"""What a report is made of, whatever it is written as: sections of paragraphs, tables, figures and rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from curate.types import Band
from curate.views.inert import Side


@dataclass(frozen=True, slots=True)
class Para:
    """A paragraph. band: coloured and marked as a badge is; "" = plain."""

    text: str
    band: Band | str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Cells as shown. numeric: places of the columns that hold numbers. bands: each row's band, () = none."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    bands: tuple[str, ...] = ()

    @property
    def numeric(self) -> frozenset[int]:
        """Columns whose every cell is a figure or empty."""
        return frozenset(n for n in range(len(self.columns)) if self.rows and all(_figure(row[n]) for row in self.rows))


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture: SVG as text, or PNG as bytes. alt: what it shows, in words."""

    title: str
    alt: str
    svg: str = ""
    png: bytes = b""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the data, already inert: where it is from, why it is here, and its (field, text)."""

    name: str
    why: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Compare:
    """Two rows side by side: per field the words of both, already inert."""

    name: str
    left: str
    right: str
    why: str
    fields: tuple[tuple[str, tuple[tuple[Side, str], ...]], ...]


@dataclass(frozen=True, slots=True)
class Code:
    """Commands or settings to copy."""

    text: str


Block = Para | Table | Figure | Row | Compare | Code


@dataclass(frozen=True, slots=True)
class Section:
    """One heading with its blocks. `id` is the name that switches it off."""

    id: str
    title: str
    blocks: tuple[Block, ...]


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], note: str = "", bands: Sequence[str] = ()) -> Table:
    """A table from values: numbers get their thousands, None is empty."""
    return Table(tuple(columns), tuple(tuple(map(shown, row)) for row in rows), note, tuple(bands))


def shown(value: Any) -> str:
    """A value as a person reads it."""
    if value is None or value != value:
        return "–" if value is not None else ""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:,.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _figure(cell: str) -> bool:
    return all(c in "0123456789.,%+-−–x $" for c in cell)
