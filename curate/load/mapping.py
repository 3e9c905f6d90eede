"""Column mapping by hand: which column of a file plays which part, when no known shape fits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from curate.errors import DataError
from curate.load.problems import name

# What a column can be, in the order in which a person would name them.
PARTS: Mapping[str, str] = {
    "prompt": "what the user asks: text or a list of messages",
    "response": "the answer to be learned: text or a list of messages",
    "system": "the system prompt",
    "context": "text put below the prompt",
    "history": "earlier turns: a list of [question, answer] pairs",
    "turns": "the whole conversation: a list of messages in any known dialect, or its JSON as text",
    "tools": "the tool definitions",
    "id": "the row's own id",
    "group": "rows of one group never stand on two sides of a split",
    "time": "when the row was made",
}
SPOKEN = ("turns", "prompt", "response")
READ = frozenset({"turns", "prompt", "response", "system", "context", "history"})
EVERY = "*"
_PAIR = re.compile(rf"(?:^|,)({'|'.join(PARTS)})=")


@dataclass(frozen=True)
class ColumnMap:
    """Part -> column name, as sorted pairs. A row that has none of the spoken columns is read by the table of shapes.

        ColumnMap.of(prompt="question", response="answer", id="nr")

    Raises DataError for an unknown part, an empty column, one column in two parts, and a map without anything spoken.
    """

    pairs: tuple[tuple[str, str], ...]

    def __post_init__(self) -> None:
        parts = [part for part, _ in self.pairs]
        for part, column in self.pairs:
            if part not in PARTS:
                raise DataError(f"mapping: the part {name(part)} is not known; allowed: {', '.join(PARTS)}")
            if not column:
                raise DataError(f"mapping: {part} has no column; write {part}=COLUMN")
            if parts.count(part) > 1:
                raise DataError(f"mapping: {part} is given twice; give each part one column")
        read = [column for part, column in self.pairs if part in READ]
        twice = next((c for c in read if read.count(c) > 1), None)
        if twice is not None:
            raise DataError(f"mapping: the column {name(twice)} has two parts; give each column one")
        if not set(SPOKEN) & set(parts):
            raise DataError("mapping: nothing is spoken; map turns, or prompt and response")
        object.__setattr__(self, "pairs", tuple(sorted(self.pairs)))

    @staticmethod
    def of(**columns: str) -> ColumnMap:
        """From keywords: `ColumnMap.of(prompt="question", response="answer")`."""
        return ColumnMap(tuple(columns.items()))

    @staticmethod
    def parse(text: str) -> ColumnMap:
        """From `prompt=question,response=answer`; a comma parts two pairs only where a part and `=` follow."""
        return ColumnMap(tuple(_pairs(text)))

    def __str__(self) -> str:
        return ",".join(f"{part}={column}" for part, column in self.pairs)

    @cached_property
    def columns(self) -> Mapping[str, str]:
        """Column name by part."""
        return dict(self.pairs)

    @cached_property
    def names(self) -> frozenset[str]:
        """Every column that the map names."""
        return frozenset(column for _, column in self.pairs)

    @cached_property
    def spoken(self) -> tuple[str, ...]:
        """Columns of which a row must have one to be read by this map."""
        return tuple(self.columns[p] for p in SPOKEN if p in self.columns)


def _pairs(text: str) -> Iterable[tuple[str, str]]:
    found = list(_PAIR.finditer(text))
    if not found or found[0].start():
        part, eq, _ = text.partition("=")
        said = f"the part {name(part)} is not known" if eq else f"{name(text)} holds no ="
        raise DataError(f"mapping: {said}; write PART=COLUMN[,PART=COLUMN...] with parts {', '.join(PARTS)}")
    for match, after in zip(found, [*found[1:], None], strict=True):
        yield match.group(1), text[match.end() : after.start() if after else len(text)]


def parse_maps(given: Iterable[str]) -> dict[str, ColumnMap]:
    """`--map` values to one map per file name ("*" = every other file). Values for one file are joined.

    `FILE:prompt=question` is for one file; a value that begins with a part is for every file.
    """
    gathered: dict[str, list[tuple[str, str]]] = {}
    for text in given:
        head, eq, _ = text.partition("=")
        file, colon, part = head.rpartition(":")
        one = bool(colon and eq and part in PARTS)
        gathered.setdefault(file if one else EVERY, []).extend(_pairs(text[len(file) + 1 :] if one else text))
    return {file: ColumnMap(tuple(pairs)) for file, pairs in gathered.items()}


def covers(columns: ColumnMap | None, header: Iterable[str], file: str) -> bool:
    """True when a table's header is read by the map. Raises DataError when it has only some of the spoken columns."""
    present = list(header)
    if columns is None or not any(c in present for c in columns.spoken):
        return False
    missing = next((pair for pair in columns.pairs if pair[1] not in present and pair[1] in columns.spoken), None)
    if missing is not None:
        raise DataError(
            f"{file}: the column {name(missing[1])} mapped to {missing[0]} is not there; it has {listed(present)}"
        )
    return True


def listed(columns: Iterable[str]) -> str:
    """Column names as they may be printed, twenty at most."""
    shown = [name(c) for c in columns]
    return ", ".join(shown[:20]) + (f" and {len(shown) - 20} more" if len(shown) > 20 else "") or "none"


def map_for(mapping: ColumnMap | Mapping[str, ColumnMap] | None, *file_names: str) -> ColumnMap | None:
    """The map of a file known by any of these names."""
    if mapping is None or isinstance(mapping, ColumnMap):
        return mapping
    return next((mapping[n] for n in (*file_names, EVERY) if n in mapping), None)
