"""Row text on the screen: the one module that renders it, in sinks that cannot fetch, run or format it.

Text of rows travels as `RowText` (curate/views/inert.py): it can't slip into a label or Markdown.
Names that come with the data (files, topics, columns) go through `label`, which escapes every Markdown sign.
Measured: Markdown sinks load remote images of hostile rows without a click; st.text, st.code and st.dataframe do not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import streamlit as st

from curate.views.inert import CELL, PREVIEW, RowText, cell, changes, compared, escaped, is_printable, preview

__all__ = [
    "RowText",
    "cell",
    "changes",
    "code",
    "diff",
    "edit",
    "escaped",
    "grid",
    "is_printable",
    "label",
    "marked",
    "plain",
    "preview",
    "read",
    "show",
    "table",
]
Width = Literal["small", "medium", "large"]
SHOWN = 12_000  # characters of a comparison
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:/&^=@\"'])")
_PARTS = Path(__file__).parent / "component"
_DIFF = st.components.v2.component(
    "curate_diff",
    html='<div class="wd" role="group" tabindex="0"></div>',
    css=(_PARTS / "diff.css").read_text("utf-8"),
    js=(_PARTS / "diff.js").read_text("utf-8"),
)
_READER = st.components.v2.component(
    "curate_reader",
    html='<div class="rd" role="region" tabindex="0"></div>',
    css=(_PARTS / "reader.css").read_text("utf-8"),
    js=(_PARTS / "reader.js").read_text("utf-8"),
)
READ = 60_000  # characters of one message in the reader: a person reads no more


def show(text: RowText) -> None:
    """A text as it is, wrapped."""
    st.text(preview(text) if len(text) else "(empty)")


def code(text: RowText, language: str | None = None) -> None:
    """A text in fixed width, with a copy button."""
    st.code(preview(text), language=language, wrap_lines=True)


def diff(before: RowText, after: RowText, *, key: str, name: str, reveal: str = "") -> None:
    """Words that differ: struck = only in the first, underlined = only in the second; long stretches alike are cut.

    name: what is compared, for assistive technology. reveal: when it changes, the first difference is scrolled to.
    """
    parts, whole = compared(before, after, SHOWN)
    _DIFF(key=key, data={"name": name, "parts": [list(p) for p in parts], "reveal": reveal}, height="content")
    if not whole:
        st.caption(f"The first {SHOWN:,} characters of the comparison are shown.")


def read(messages: Sequence[tuple[str, RowText]], *, key: str, name: str, focus: str = "") -> None:
    """A conversation in big type, for reading one row after another.

    name: what it is, for assistive technology. focus: the widget key whose text box takes the keyboard once, "" = none.
    """
    parts = [[plain(role, 40), preview(text, READ) if len(text) else "(empty)"] for role, text in messages]
    _READER(
        key=key, data={"name": name, "parts": parts, "focus": re.sub(r"[^A-Za-z0-9_-]", "-", focus)}, height="content"
    )


def edit(label: str, text: RowText, *, key: str, height: int = 240) -> str:
    """A box with a row's text to be changed; a form control shows it as it is. Returns what stands in it."""
    return str(st.text_area(label, text._text, key=key, height=height))


def marked(text: RowText, spans: Sequence[tuple[int, int]]) -> None:
    """A text with some stretches (characters from, to) marked; blanks are folded, a long text is cut."""
    whole, said, at = text._text[:PREVIEW], "", 0
    for begin, end in spans:
        if begin < at or begin >= len(whole):
            continue
        said += _inline(whole[at:begin]) + f":orange-background[**{label(whole[begin:end], PREVIEW)}**]"
        at = end
    said += _inline(whole[at:])
    cut = f" … {PREVIEW:,} of {len(text):,} characters shown" if len(text) > PREVIEW else ""
    st.markdown(said + cut if len(text) else "(empty)")


def _inline(text: str) -> str:
    """`label` that keeps a blank at either end."""
    lead, tail = " " if text[:1].isspace() else "", " " if text[-1:].isspace() else ""
    return lead + label(text, 2 * PREVIEW) + tail if text.strip() else lead


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


def grid(names: Sequence[RowText], counts: Any, *, key: str, alt: str) -> tuple[int, int] | None:
    """A square of counts, int [k, k], with its names on both sides; returns (line, column) of the chosen cell."""
    said: list[str] = []
    for name in names:  # two names that look alike once cut stay two columns
        short = cell(name, 40) or "(empty)"
        said.append(short if short not in said else f"{short} ({len(said) + 1})")
    frame = pd.DataFrame({"": said} | {short: counts[:, n] for n, short in enumerate(said)})
    event: Any = st.dataframe(
        frame, hide_index=True, key=key, alt=alt, on_select="rerun", selection_mode="single-cell", height="content"
    )
    for line, column in event["selection"]["cells"]:
        if column in said and line < len(said):
            return int(line), said.index(column)
    return None


def _cells(values: Sequence[Any]) -> list[Any]:
    return [cell(v) if isinstance(v, RowText) else plain(v, CELL) if isinstance(v, str) else v for v in values]


def _column(values: Any, name: str, width: Width | None) -> Any:
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        return st.column_config.NumberColumn(name, width=width)
    return st.column_config.TextColumn(name, width=width)


def area(label: str, text: str = "", **options: Any) -> str:
    """A box of several lines for what the person writes (a formula, a rubric); nothing of a row stands in it."""
    return str(st.text_area(label, text, **options))
