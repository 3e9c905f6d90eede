"""One line's bytes to one object, refusing whatever two readers could read differently.

The standard json module with hooks: duplicate keys, NaN, infinite numbers, integers of more than 19 digits, lone
surrogates, invalid UTF-8, raw control characters, deep nesting and anything after the object are errors with a code.
"""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np

from curate.load.problems import RowError, field_name, kind

MAX_BYTES = 10_000_000
MAX_DEPTH = 64
MAX_DIGITS = 19
SPACE = " \t\r\n"

_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_MESSAGES = {
    "Expecting value", "Expecting ',' delimiter", "Expecting ':' delimiter", "Unterminated string starting",
    "Expecting property name enclosed in double quotes", "Invalid control character", "Invalid \\uXXXX escape",
    "Illegal trailing comma before end of object", "Illegal trailing comma before end of array",
}  # fmt: skip


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        twice = next(k for k, _ in pairs if k in seen or seen.add(k))  # type: ignore[func-returns-value]
        raise RowError("duplicate_key", field_name(twice), "a key is given twice in one object")
    return made


def _constant(_text: str) -> Any:
    raise RowError("nan", "", "NaN or Infinity is no JSON number")


def _float(text: str) -> float:
    value = float(text)
    if value - value != 0:
        raise RowError("nan", "", "a number is too big for a double")
    return value


def _int(text: str) -> int:
    if len(text) > MAX_DIGITS and len(text.lstrip("-")) > MAX_DIGITS:
        raise RowError("big_integer", "", f"an integer has {len(text.lstrip('-'))} digits; {MAX_DIGITS} are allowed")
    return int(text)


_scan = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_constant, parse_float=_float, parse_int=_int
).scan_once  # type: ignore[attr-defined]


def parse(line: bytes, max_bytes: int = MAX_BYTES, escaped: bool = True) -> dict[str, Any]:
    """The object on one line; a bare list of messages counts as {"messages": ...}. `escaped`: there may be \\u escapes.

    Raises RowError with code, field and column; the message holds no row text.
    """
    if len(line) > max_bytes:
        raise RowError("too_long", "", f"the row has {len(line):,} bytes; {max_bytes:,} are allowed")
    value = parse_value(line, escaped)
    if type(value) is list and _is_talk(value):
        return {"messages": value}
    if type(value) is not dict:
        raise RowError("not_an_object", "", f"the row is {kind(value)}, expected an object")
    return value


def _is_talk(value: list[Any]) -> bool:
    """True for a bare list of messages, which xtuner and others write as a row."""
    return bool(value) and all(type(m) is dict and type(m.get("role")) is str and "content" in m for m in value)


def parse_value(line: bytes, escaped: bool = True) -> Any:
    """Any JSON value, as strictly as `parse`."""
    try:
        text = line.decode()
    except UnicodeDecodeError as e:
        raise RowError("encoding", "", f"invalid UTF-8 at byte {e.start} of the row") from None
    if line.count(b"{") + line.count(b"[") > MAX_DEPTH and _depth(line) > MAX_DEPTH:
        raise RowError("too_deep", "", f"the row is nested deeper than {MAX_DEPTH} levels")
    if text[:1] == "\ufeff":
        raise RowError("bom", "", "a byte order mark stands before the row", 1)
    value = _whole(text)
    if escaped and b"\\u" in line and (b"\\ud" in line or b"\\uD" in line):
        _refuse_surrogates(value, "")
    return value


def parse_text(text: str) -> Any:
    """A JSON document that a row holds as text (messages in a CSV cell), as strictly as a line."""
    return parse_value(text.encode())


def _whole(text: str) -> Any:
    """Scan one value and refuse anything after it."""
    start = 0 if text[:1] == "{" else len(text) - len(text.lstrip(SPACE))
    try:
        value, end = _scan(text, start)
    except StopIteration as e:
        raise RowError("invalid_json", "", "expecting a value", int(e.value) + 1) from None
    except json.JSONDecodeError as e:
        said = e.msg.removesuffix(" at").rstrip(": ")
        raise RowError("invalid_json", "", said if said in _MESSAGES else "invalid JSON", e.pos + 1) from None
    except RecursionError:
        raise RowError("too_deep", "", f"the row is nested deeper than {MAX_DEPTH} levels") from None
    if end != len(text) and text[end:].strip(SPACE):
        extra = end + len(text[end:]) - len(text[end:].lstrip(SPACE))
        raise RowError("invalid_json", "", "something follows the object", extra + 1)
    return value


def _depth(line: bytes) -> int:
    """Deepest nesting outside strings, at C speed; called only for lines with many brackets."""
    marks = np.frombuffer(_STRING.sub(b"", line), dtype=np.uint8)
    steps = np.isin(marks, (0x5B, 0x7B)).astype(np.int32) - np.isin(marks, (0x5D, 0x7D))
    return int(np.cumsum(steps).max(initial=0))


def _refuse_surrogates(value: Any, path: str) -> None:
    """Name the field and position of the first lone surrogate. Depth is bounded by MAX_DEPTH."""
    if type(value) is str:
        found = _SURROGATE.search(value)
        if found:
            raise RowError("lone_surrogate", path, f"half a character at position {found.start() + 1} of the text")
    elif type(value) is dict:
        for key, item in value.items():
            _refuse_surrogates(key, path)
            _refuse_surrogates(item, f"{path}.{field_name(key)}" if path else field_name(key))
    elif type(value) is list:
        for n, item in enumerate(value):
            _refuse_surrogates(item, f"{path}[{n}]")
