"""A look at a file's first rows: its columns, what they hold, whether a shape fits, and a mapping to start from."""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from curate.load import documents
from curate.load.formats import detect
from curate.load.limits import DEFAULT, Limits
from curate.load.mapping import ColumnMap
from curate.load.opened import Opened
from curate.load.problems import RowError, kind
from curate.load.strict import parse

HEAD = 8 << 20
Object = dict[str, Any]
# How columns that hold one part are often called, in several languages; lower case, compared without - _ and blanks.
_CALLED = {
    "turns": ("messages", "conversations", "conversation", "dialogue", "dialog", "chat", "turns", "utterances"),
    "system": ("system", "systemprompt", "systemmessage", "persona"),
    "prompt": ("prompt", "question", "instruction", "query", "input", "user", "ask", "request", "q", "human", "source",
               "problem", "src", "usermessage", "frage", "pregunta", "pergunta", "domanda", "вопрос", "问题", "質問", "질문"),
    "response": ("response", "answer", "output", "completion", "reply", "assistant", "target", "a", "solution", "gpt",
                 "tgt", "botmessage", "label", "antwort", "respuesta", "resposta", "réponse", "ответ", "回答", "答案", "답변"),
    "context": ("context", "passage", "background", "article", "document"),
    "id": ("id", "uuid", "nr", "key", "rowid", "uid"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the rows looked at. filled: share (0..1) that hold a text that is not blank. characters: median length
    of those texts. kinds: what the other cells hold, by count ("a list", "a number", "null", "missing")."""

    name: str
    filled: float
    characters: float
    kinds: dict[str, int]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the first rows hold. fits: share of them that a known shape reads. suggested: a mapping to start from, when
    the columns' names or texts give one."""

    rows: int
    columns: tuple[Column, ...]
    fits: float
    suggested: ColumnMap | None


def propose(path: str | os.PathLike[str], rows: int = 1_000, limits: Limits = DEFAULT) -> Proposal:
    """Look at up to `rows` rows in the first 8 MB. Raises DataError for a file that can't be read at all."""
    with closing(_objects(Path(path), limits, rows)) as found:
        seen = list(islice(found, rows))
    keys = list(dict.fromkeys(k for obj in seen for k in obj))
    columns = tuple(_column(k, seen) for k in keys)
    fits = sum(_fits(obj) for obj in seen) / len(seen) if seen else 0.0
    return Proposal(len(seen), columns, fits, _suggest(columns, seen))


def _fits(obj: Object) -> bool:
    try:
        detect(obj)
    except RowError:
        return False
    return True


def _column(key: str, seen: list[Object]) -> Column:
    texts = [v for obj in seen if type(v := obj.get(key)) is str and v.strip()]
    kinds = Counter("missing" if key not in obj else kind(obj[key]) for obj in seen if type(obj.get(key)) is not str)
    return Column(key, len(texts) / len(seen), float(median(map(len, texts))) if texts else 0.0, dict(kinds))


def _suggest(columns: tuple[Column, ...], seen: list[Object]) -> ColumnMap | None:
    """By name first; else the two fullest text columns, the earlier one asking."""
    found: dict[str, str] = {}
    for part, names in _CALLED.items():
        called = {_bare(c.name): c.name for c in columns if c.name}
        hit = next((called[n] for n in names if n in called and called[n] not in found.values()), None)
        if hit is not None:
            found[part] = hit
    if "turns" in found and any(type(obj.get(found["turns"])) is list for obj in seen):
        return ColumnMap.of(**{p: c for p, c in found.items() if p in ("turns", "system", "id")})
    found.pop("turns", None)
    taken = set(found.values())
    full = sorted((c for c in columns if c.filled > 0.5 and c.name not in taken and c.name), key=lambda c: -c.filled)
    for part in ("prompt", "response"):
        if part not in found and full:
            first = min(full[:2], key=lambda c: [k.name for k in columns].index(c.name))
            found[part] = first.name
            full.remove(first)
    return ColumnMap.of(**found) if {"prompt", "response"} <= found.keys() else None


def _bare(key: str) -> str:
    return "".join(c for c in key.lower() if c not in " _-")


def _objects(path: Path, limits: Limits, rows: int) -> Generator[Object, None, None]:
    """The rows that can be read in the head of a file of any container."""
    with Opened(path, path.name, limits) as opened:
        kind_of = (path.with_suffix("") if opened.compressed else path).suffix.lower()
        if kind_of in (".parquet", ".pq", ".arrow"):
            from curate.load.parquet import first_rows

            yield from first_rows(opened, rows)
            return
        head = _head(opened)
    yield from objects_of(head, kind_of, path.name)


def rows_of(path: Path, limits: Limits) -> Iterator[Object]:
    """Every row of a text file that can be read, with the whole file in memory."""
    with Opened(path, path.name, limits) as opened:
        whole = b"".join(opened.blocks())
    yield from objects_of(whole, (path.with_suffix("") if opened.compressed else path).suffix.lower(), path.name)


def objects_of(data: bytes, ending: str, file: str) -> Iterator[Object]:
    """The rows in some bytes of a file with this ending. Raises DataError for one that holds several arrays of rows."""
    if ending in (".csv", ".tsv"):
        return _csv(data, "," if ending == ".csv" else "\t")
    return _json(data, file)


def _head(opened: Opened) -> bytes:
    taken: list[bytes] = []
    size = 0
    for block in opened.blocks(head=True):
        taken.append(block)
        size += len(block)
        if size >= HEAD:
            break
    return b"".join(taken)[:HEAD]


def _json(head: bytes, file: str) -> Iterator[Object]:
    at = documents.start_of(head)
    for piece in _pieces(head, at, file):
        try:
            yield parse(piece)
        except RowError:
            continue


def _pieces(head: bytes, at: int, file: str) -> Iterable[bytes]:
    """The bytes of each row: elements of an array, alone or in one object; else lines."""
    end = documents.balanced_end(head, at)
    one = end > 0 and not head[end:].strip()
    inside = at + 1 if head[at : at + 1] == b"[" else documents.wrapped(head, at, file) if one else -1
    if inside >= 0:
        return (head[e.start : e.end] for e in documents.elements(head, inside))
    return [head[at:]] if one else head[at:].split(b"\n")


def _csv(head: bytes, delimiter: str) -> Iterator[Object]:
    lines = io.StringIO(head.decode("utf-8", "replace").removeprefix("\ufeff"), newline="")
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        header = next(reader, [])
        yield from (dict(zip(header, fields, strict=True)) for fields in reader if len(fields) == len(header))
    except csv.Error:
        return
