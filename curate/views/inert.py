"""Row text made inert: the one module that takes text out of its wrapper, for the screen, the terminal and the report.

Text of rows travels as `RowText`, which has no `str`, no `format` and no `+`: it can't slip into a label, Markdown or a
template. What leaves here is a plain string without control, bidirectional, zero-width or tag characters, cut short.
"""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from typing import Literal, NoReturn

from curate.views.worddiff import Fold, brief, folded, word_diff

Side = Literal["same", "old", "new"]
PREVIEW = 2_000
CELL = 160
# Joiners between letters of scripts that need them stay; alone they hide text.
_HIDDEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    r"\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]|(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
)


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


def pieces(before: RowText, after: RowText, limit: int = PREVIEW) -> tuple[tuple[Side, str], ...]:
    """The words of two texts in order: in both, only in the first, only in the second; each text cut at `limit`.

    pieces(RowText("take 5 mg"), RowText("take 50 mg")) == (("same", "take "), ("old", "5"), ("new", "50"), ("same", " mg"))
    """
    old, new = (re.findall(r"\s+|\S+", t._text[:limit]) for t in (before, after))
    out: list[tuple[Side, str]] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            out.append(("same", escaped("".join(old[a:b]))))
            continue
        out += [("old", escaped("".join(old[a:b])))] * (b > a)
        out += [("new", escaped("".join(new[c:d])))] * (d > c)
    return tuple(out)


def compared(before: RowText, after: RowText, limit: int) -> tuple[tuple[Fold, ...], bool]:
    """Two whole texts word by word, long stretches alike cut out, as they may be shown; False: cut at `limit` characters."""
    out: list[Fold] = []
    left = limit
    for kind, text, skipped, rest in folded(word_diff(before._text, after._text)):
        if left <= 0:
            break
        shown = text[:left] if kind == "same" else _visible(text[:left])
        out.append(Fold(kind, escaped(shown), skipped, escaped(rest)))
        left -= len(text) + len(rest)
    return tuple(out), left > 0


def changes(before: RowText, after: RowText) -> RowText:
    """The words that differ, on one line: −harbor +harbour; empty when none does."""
    return RowText(brief(word_diff(before._text, after._text), CELL))


def _visible(text: str) -> str:
    """Blanks that alone make the difference, as signs that can be seen."""
    return text if text.strip() else text.replace(" ", "␣").replace("\t", "⇥").replace("\n", "↵\n")


def is_printable(text: str) -> bool:
    """True when `escaped` has nothing to escape and nothing is unassigned."""
    return not _HIDDEN.search(text) and all(unicodedata.category(c) != "Cn" for c in text)
