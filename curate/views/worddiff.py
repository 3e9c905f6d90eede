"""Two texts word by word: what both say, what only the first and what only the second says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Literal, NamedTuple

Kind = Literal["same", "gone", "new"]
_CJK = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
# Line ends; blanks; a letter of a script without blanks; a number with its separators; a word; any other sign.
_TOKEN = re.compile(rf"\n+|[^\S\n]+|[{_CJK}]|\d+(?:[.,:/]\d+)*|[^\W\d_{_CJK}]+(?:['’][^\W\d_]+)?|.")
MOST = 8_000  # words a side that are compared with each other; the table of a comparison then takes 8 MB


class Part(NamedTuple):
    """A stretch of text: in both ("same"), only in the first ("gone") or only in the second ("new")."""

    kind: Kind
    text: str


def word_diff(before: str, after: str) -> tuple[Part, ...]:
    """The parts in order. Those that are same or gone join to `before`, those that are same or new to `after`."""
    return tuple(_joined(_absorbed(_joined(_words(_tokens(before), _tokens(after))))))


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(text)


def _words(old: Sequence[str], new: Sequence[str]) -> Iterator[Part]:
    """Word by word; line by line first where there are too many words for that."""
    head = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    most = min(len(old), len(new)) - head
    tail = next((n for n in range(most) if old[-1 - n] != new[-1 - n]), most)
    one, two = old[head : len(old) - tail], new[head : len(new) - tail]
    yield Part("same", "".join(old[:head]))
    if max(len(one), len(two)) > MOST:
        yield from _lines("".join(one), "".join(two))
    else:
        yield from _aligned(one, two)
    yield Part("same", "".join(old[len(old) - tail :]))


def _aligned(one: Sequence[str], two: Sequence[str]) -> Iterator[Part]:
    """Pieces along a longest common subsequence."""
    from rapidfuzz.distance import LCSseq

    for step in LCSseq.opcodes(one, two):
        gone, new = "".join(one[step.src_start : step.src_end]), "".join(two[step.dest_start : step.dest_end])
        yield from (Part("same", gone),) if step.tag == "equal" else (Part("gone", gone), Part("new", new))


def _lines(before: str, after: str) -> Iterator[Part]:
    """Whole lines; what changed between two equal lines word by word, unless that is too long as well."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    if max(len(old), len(new)) > MOST:
        yield from (Part("gone", before), Part("new", after))
        return
    for part in _swapped(_joined(_aligned(old, new))):
        words = _tokens(part[0]), _tokens(part[1])
        if part[0] == part[1]:
            yield Part("same", part[0])
        elif max(map(len, words)) > MOST:
            yield from (Part("gone", part[0]), Part("new", part[1]))
        else:
            yield from _aligned(*words)


def _swapped(parts: Sequence[Part]) -> Iterator[tuple[str, str]]:
    """(before, after) of each stretch; a change is one stretch."""
    gone = new = ""
    for part in parts:
        if part.kind == "same":
            yield gone, new
            yield part.text, part.text
            gone = new = ""
        elif part.kind == "gone":
            gone += part.text
        else:
            new += part.text
    yield gone, new


def _absorbed(parts: Sequence[Part]) -> Iterator[Part]:
    """Blanks between two changes belong to the change: "red car" -> "blue van" is one, not two."""
    for n, part in enumerate(parts):
        inner = 0 < n < len(parts) - 1 and part.kind == "same" and part.text.isspace() and "\n" not in part.text
        yield from (Part("gone", part.text), Part("new", part.text)) if inner else (part,)


def _joined(parts: Iterable[Part]) -> list[Part]:
    """One part for each stretch without empty ones; in a change what is gone stands before what is new."""
    out: list[Part] = []
    for same, run in groupby((p for p in parts if p.text), key=lambda p: p.kind == "same"):
        stretch = list(run)
        kinds: tuple[Kind, ...] = ("same",) if same else ("gone", "new")
        joined = (Part(k, "".join(p.text for p in stretch if p.kind == k)) for k in kinds)
        out += [p for p in joined if p.text]
    return out


class Fold(NamedTuple):
    """A stretch as it is shown: `skipped` characters of what is the same are left out in its middle."""

    kind: Kind
    text: str
    skipped: int
    rest: str


def folded(parts: Sequence[Part], around: int = 90) -> tuple[Fold, ...]:
    """The parts with long stretches that are the same cut to `around` characters next to each change."""
    out: list[Fold] = []
    for n, (kind, text) in enumerate(parts):
        head, tail = around * (n > 0), around * (n < len(parts) - 1)
        if kind != "same" or len(text) <= head + tail + around:
            out.append(Fold(kind, text, 0, ""))
        else:
            out.append(Fold(kind, text[:head], len(text) - head - tail, text[len(text) - tail :] if tail else ""))
    return tuple(out)


def brief(parts: Sequence[Part], limit: int = 120) -> str:
    """The changes alone on one line: `-harbor +harbour · +please`; "" when nothing differs."""
    said: list[str] = []
    for n, (kind, text) in enumerate(parts):
        if kind == "same":
            continue
        words = " ".join(text.split()) or "(blanks)"
        follows = kind == "new" and n > 0 and parts[n - 1].kind == "gone"
        said.append((" " if follows else " · " if said else "") + ("+" if kind == "new" else "−") + words)
    whole = "".join(said)
    return whole if len(whole) <= limit else whole[: limit - 1] + "…"
