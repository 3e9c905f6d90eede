"""Row text on the screen: the one module that renders it, in sinks that cannot fetch, run or format it.

Text of rows travels as `RowText`, which has no `str`, no `format` and no `+`: it can't slip into a label or Markdown.
Names that come with the data (files, topics, columns) go through `label`, which escapes every Markdown sign.
Measured: Markdown sinks load remote images of hostile rows without a click; st.text, st.code and st.dataframe do not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NoReturn

import pandas as pd
import streamlit as st

Width = Literal["small", "medium", "large"]
PREVIEW = 2_000
CELL = 160
# Joiners between letters of scripts that need them stay; alone they hide text.
_HIDDEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    r"\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]|(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
)
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:/&^=@\"'])")


class RowText:
    """Text out of a data file. Only this module takes it out again."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __len__(self) -> int:
        return len(self._text)

    def __str__(self) -> NoReturn:
        raise TypeError("row text is shown by curate.ui.inert alone")

    __repr__ = __str__

    def __format__(self, spec: str) -> NoReturn:
        raise TypeError("row text is shown by curate.ui.inert alone")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RowText) and self._text == other._text

    __hash__ = None  # type: ignore[assignment]


def escaped(text: str) -> str:
    """The text with control, bidirectional, zero-width and tag characters written out as [U+XXXX]."""
    return _HIDDEN.sub(lambda m: f"[U+{ord(m.group()):04X}]", text.replace("\r\n", "\n"))


def preview(text: RowText, limit: int = PREVIEW) -> str:
    """At most `limit` characters, escaped; says how long the whole is when it was cut."""
    whole = text._text
    if len(whole) <= limit:
        return escaped(whole)
    return f"{escaped(whole[:limit])}\n… {limit:,} of {len(whole):,} characters shown"


def cell(text: RowText, limit: int = CELL) -> str:
    """One table cell: one line, cut short."""
    whole = text._text[: limit + 1]
    line = " ".join(escaped(whole[:limit]).split())
    return line + " …" if len(whole) > limit else line


def show(text: RowText) -> None:
    """A text as it is, wrapped."""
    st.text(preview(text) if len(text) else "(empty)")


def code(text: RowText, language: str | None = None) -> None:
    """A text in fixed width, with a copy button."""
    st.code(preview(text), language=language, wrap_lines=True)


def diff(before: RowText, after: RowText) -> None:
    """Words that differ between two texts, as lines: two blanks = both, - = only the first, + = only the second."""
    from difflib import SequenceMatcher

    old, new = (re.findall(r"\s+|[^\s]+", t._text[:PREVIEW]) for t in (before, after))
    lines: list[str] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        for mark, words in (
            (" ", old[a:b] if kind == "equal" else []),
            ("-", old[a:b] if kind != "equal" else []),
            ("+", new[c:d] if kind != "equal" else []),
        ):
            said = " ".join(escaped("".join(words)).split())
            lines += [f"{mark} {said}"] if said else []
    st.code("\n".join(lines) or "(both empty)", language="diff", wrap_lines=True)


def table(
    columns: Mapping[str, Sequence[Any]],
    *,
    key: str,
    alt: str,
    widths: Mapping[str, Width] | None = None,
    select: str | None = None,
    height: int | str = "auto",
) -> list[int]:
    """Columns of RowText, text and numbers as a table; returns the places of the selected rows.

    select: None, "single-row" or "multi-row". alt: what the table shows, for assistive technology.
    """
    frame = pd.DataFrame({escaped(name): _cells(values) for name, values in columns.items()})
    config = {name: _column(frame[name], name, (widths or {}).get(name)) for name in frame.columns}
    options: dict[str, Any] = {"hide_index": True, "column_config": config, "key": key, "height": height, "alt": alt}
    if select is None:
        st.dataframe(frame, **options)
        return []
    event: Any = st.dataframe(frame, on_select="rerun", selection_mode=select, **options)  # type: ignore[call-overload]
    return [int(r) for r in event["selection"]["rows"] if r < len(frame)]


def label(name: object, limit: int = 120) -> str:
    """A name that came with the data as Markdown that shows it literally: no link, image, icon, colour or formula."""
    text = " ".join(escaped(str(name)).split())
    text = text if len(text) <= limit else text[: limit - 1] + "…"
    return _MARKDOWN.sub(r"\\\1", text)


def plain(name: object, limit: int = 120) -> str:
    """The same for places that show text as it is (options of a select box, chart labels): escaped and cut."""
    text = " ".join(escaped(str(name)).split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _cells(values: Sequence[Any]) -> list[Any]:
    return [cell(v) if isinstance(v, RowText) else plain(v, CELL) if isinstance(v, str) else v for v in values]


def _column(values: Any, name: str, width: Width | None) -> Any:
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        return st.column_config.NumberColumn(name, width=width)
    return st.column_config.TextColumn(name, width=width)


def is_printable(text: str) -> bool:
    """True when `escaped` has nothing to escape and nothing is unassigned."""
    return not _HIDDEN.search(text) and all(unicodedata.category(c) != "Cn" for c in text)
