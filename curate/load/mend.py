"""Rows that can be mended without a guess: what was changed in each, and a corrected copy of the file.

Only changes with one possible reading are made, and a row counts as mended only when the loader then reads it. Nothing is
changed in place: the copy is a new file, and every change is listed.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from curate.load.ledger import rebuild
from curate.load.lines import BOM
from curate.load.problems import RowError
from curate.load.record import record
from curate.load.strict import MAX_DEPTH, parse
from curate.load.turns import compact
from curate.types import Dataset

LONGEST = 1_000_000  # bytes; a longer row is left to its owner
ROUNDS = 6
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_LAST_COMMA = re.compile(_STRING + rb"|,(?=[ \t\r]*[}\]])", re.DOTALL)
_NO_NUMBER = re.compile(_STRING + rb"|-?\bInfinity\b|\bNaN\b", re.DOTALL)
_TEXTS = re.compile(_STRING, re.DOTALL)
_RAW_CONTROL = re.compile(rb"[\x00-\x1f]")
_NEXT_OBJECT = re.compile(rb"(?<=\})[ \t]*,?[ \t]*(?=\{)")


@dataclass(frozen=True, slots=True)
class Change:
    """What was done to one line, in words without row text."""

    line: int
    what: str


@dataclass(frozen=True)
class Corrected:
    """One file's changes and the lines that stay as they are; `pieces` are the bytes of the copy."""

    name: str
    changes: tuple[Change, ...]
    left: int
    pieces: Callable[[], Iterator[bytes]]


def corrected(dataset: Dataset, source: int) -> Corrected | None:
    """The corrected copy of a JSONL file; None when nothing in it can be mended without a guess."""
    if dataset.sources[source].container != "jsonl":
        return None
    new: dict[int, bytes] = {}
    changes: list[Change] = []
    left = 0
    for row in dataset.segments.to_pylist():
        if row["source"] != source or row["kind"] != "malformed":
            continue
        made = mended(row["raw"])
        if made is None:
            left += 1
            continue
        new[row["offset"]] = made[0]
        changes += [Change(row["line"], what) for what in made[1]]
    if not new:
        return None
    bare = dataset.sources[source].name.removesuffix(".gz")
    stem = bare.removesuffix(".jsonl").removesuffix(".json")
    return Corrected(f"{stem}.corrected.jsonl", tuple(changes), left, lambda: rebuild(dataset, source, new))


def mended(raw: bytes) -> tuple[bytes, tuple[str, ...]] | None:
    """The line as the loader reads it, and what was changed; None when it takes a guess. Several rows come as lines."""
    if len(raw) > LONGEST:
        return None
    said: list[str] = []
    for _ in range(ROUNDS):
        try:
            _readable(raw)
            return (raw, tuple(said)) if said else None
        except RowError as e:
            made = next((m for fix in _FIXES.get(e.code, ()) if (m := fix(raw)) is not None and m[0] != raw), None)
        if made is None:
            return None
        raw, what = made
        said.append(what)
    return None


def _readable(raw: bytes) -> None:
    """Raise RowError unless every line is a usable row."""
    for line in raw.split(b"\n"):
        record(parse(line), False, [])


Made = tuple[bytes, str] | None


def _no_mark(raw: bytes) -> Made:
    return raw.removeprefix(BOM), "took the byte order mark off"


def _no_comma_after(raw: bytes) -> Made:
    bare = raw.rstrip(b" \t\r")
    return (bare[:-1], "took the comma after the row off") if bare.endswith(b"},") else None


def _no_last_commas(raw: bytes) -> Made:
    return _replaced(_LAST_COMMA, raw, b"", "took {} comma(s) before a closing bracket out")


def _null_for_no_number(raw: bytes) -> Made:
    return _replaced(_NO_NUMBER, raw, b"null", "wrote null for {} NaN or Infinity")


def _replaced(pattern: re.Pattern[bytes], raw: bytes, by: bytes, said: str) -> Made:
    """Matches outside of strings replaced."""
    count = 0

    def one(found: re.Match[bytes]) -> bytes:
        nonlocal count
        if found.group()[:1] == b'"':
            return found.group()
        count += 1
        return by

    made = pattern.sub(one, raw)
    return (made, said.format(count)) if count else None


def _escaped_controls(raw: bytes) -> Made:
    count = 0

    def one(found: re.Match[bytes]) -> bytes:
        nonlocal count
        made, n = _RAW_CONTROL.subn(lambda c: b"\\u%04x" % c.group()[0], found.group())
        count += n
        return made

    made = _TEXTS.sub(one, raw)
    return (made, f"escaped {count} raw control character(s) in texts") if count else None


def _split(raw: bytes) -> Made:
    """Objects in one line, one a line; only where every piece is a row by itself."""
    pieces = _NEXT_OBJECT.split(raw)
    try:
        for piece in pieces:
            parse(piece)
    except RowError:
        return None
    return (b"\n".join(pieces), f"split into {len(pieces)} rows") if len(pieces) > 1 else None


def _from_python(raw: bytes) -> Made:
    """A dict as Python prints it; literals are read, nothing is run."""
    if not raw.startswith(b"{'") or raw.count(b"{") + raw.count(b"[") > MAX_DEPTH:
        return None
    try:
        value = ast.literal_eval(raw.decode())
        made = compact(value)
        same = json.loads(made) == value  # not for tuples, numbers as keys, bytes
        return (made.encode(), "wrote JSON for a Python literal") if same else None
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def _once(raw: bytes) -> Made:
    """A key given twice with equal values, once."""

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, value in found:
            if key in made and made[key] != value:
                raise ValueError
            made[key] = value
        return made

    try:
        return compact(
            json.loads(raw, object_pairs_hook=pairs)
        ).encode(), "gave a repeated key once, as its values are equal"
    except (ValueError, RecursionError):
        return None


def _bare_keys(raw: bytes) -> Made:
    """Blanks around keys taken off, where no two keys become one."""
    try:
        obj = parse(raw)
    except RowError:
        return None
    count = sum(k != k.strip() for k in _keys(obj))
    made = _stripped(obj)
    return (compact(made).encode(), f"took blanks around {count} key(s) off") if count and made is not None else None


def _keys(value: Any) -> Iterator[str]:
    if type(value) is dict:
        yield from value
        for item in value.values():
            yield from _keys(item)
    elif type(value) is list:
        for item in value:
            yield from _keys(item)


def _stripped(value: Any) -> Any:
    """The value with bare keys; None when two of them are the same then."""
    if type(value) is list:
        return [_stripped(item) for item in value]
    if type(value) is not dict:
        return value
    made = {k.strip(): _stripped(v) for k, v in value.items()}
    return made if len(made) == len(value) else None


_FIXES: dict[str, tuple[Callable[[bytes], Made], ...]] = {
    "bom": (_no_mark,),
    "invalid_json": (_no_comma_after, _escaped_controls, _no_last_commas, _split, _from_python),
    "nan": (_null_for_no_number,),
    "duplicate_key": (_once,),
    "missing_key": (_bare_keys,),
}
