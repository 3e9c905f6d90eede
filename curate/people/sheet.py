"""Labels as a file: one line of JSON each, so that reviewers on other machines can send theirs. Text of rows is not in it,
but for edited answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from curate.errors import CurateError, DataError
from curate.store import Label, Said

FIELDS = ("id", "who", "label", "score", "reasons", "note", "edited", "seconds", "rubric", "settled", "at")
MOST = 1_000_000  # bytes of a line, as much as an edited answer may be
Read = tuple[str, str, Said, str, bool]


def lines(labels: Sequence[Label]) -> Iterator[str]:
    """A line for each label, by row id, then who."""
    for x in sorted(labels, key=lambda x: (x.id, x.settled, x.who, x.number)):
        said = x.said
        held = (x.id, x.who, said.value, said.score, list(said.reasons), said.note, said.edited, said.seconds, x.rubric,
                x.settled, x.at)  # fmt: skip
        yield json.dumps(dict(zip(FIELDS, held, strict=True)), ensure_ascii=False) + "\n"


def read(path: Path) -> list[Read]:
    """The labels of such a file. Errors: DataError that names the line and never shows it."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"labels {path.name} can't be read ({type(error).__name__}); give a file of `review export`"
        ) from None
    out = []
    for n, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                out.append(_read(line))
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError, CurateError) as error:
                why = str(error) if isinstance(error, CurateError) else "it is not a line of `review export`"
                raise DataError(
                    f"{path.name}, line {n}: {why}; allowed are id, who, label and {', '.join(FIELDS[3:])}"
                ) from None
    return out


def _read(line: str) -> Read:
    held: dict[str, Any] = json.loads(line) if len(line) <= 2 * MOST else {}
    unknown = set(held) - set(FIELDS)
    text = (held["id"], held["who"], held["label"], held.get("note", ""), held.get("rubric", ""))
    score, edited = held.get("score"), held.get("edited")
    right = all(type(v) is str for v in text) and type(score) in (int, type(None)) and type(edited) in (str, type(None))
    if unknown or not right or not held["id"] or any(type(r) is not str for r in held.get("reasons", [])):
        raise ValueError
    said = Said(held["label"], score, tuple(held.get("reasons", [])), text[3], edited, float(held.get("seconds", 0.0)))
    return held["id"], held["who"], said, text[4], held.get("settled", False) is True
