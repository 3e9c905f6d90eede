"""Skeletons: one 64-bit hash of how a row's JSON is built, so that rules look at each build once and not at each row.

Two rows share a skeleton when they have the same keys in the same order, the same kinds of values, the same roles and
types, equally empty texts, and ids that repeat in the same places. What the texts say does not enter it. `outline`
gives the same view of one row as an object; whatever a rule reads there holds for every row of the skeleton.
500,000 rows have some hundreds of skeletons; two unlike ones among a million meet with chance 3e-8.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

Object = dict[str, Any]
Kept = frozenset[str]

# Top-level fields that some destination reads; of the others only the kind of value counts.
KNOWN: Kept = frozenset({
    "messages", "conversations", "conversation", "items", "interactions", "prompt", "completion", "chosen", "rejected",
    "input", "output", "preferred_output", "non_preferred_output", "contents", "systemInstruction", "system", "tools",
    "functions", "available_tools", "history", "images", "image", "segments", "label", "texts",
})  # fmt: skip
OPAQUE: Kept = frozenset({"parameters", "arguments", "input_schema", "args", "response", "metadata", "train_detail"})
VERBATIM: Kept = frozenset({"role", "from", "type"})
NUMBERS: Kept = frozenset({"weight", "train", "label"})
IDS: Kept = frozenset({"id", "tool_call_id"})
PLACES: Kept = frozenset({"url", "image_url", "fileUri"})
LONGEST = 64  # a longer role or type counts as text
HEAVY = 13_981_013  # base64 characters of 10 MB
# A memory-mapped dataset hands out read-only bytes.
_BYTES = types.Array(types.uint8, 1, "C", readonly=True)
_AT = types.Array(types.int64, 1, "C", readonly=True)
_HASHES = types.Array(types.uint64, 1, "C")


@njit("uint64(uint64, uint64)", cache=True, nogil=True, inline="always")
def _mix(h, x):  # type: ignore[no-untyped-def]
    h = (h ^ x) * np.uint64(0x9E3779B97F4A7C15)
    return h ^ (h >> np.uint64(29))


@njit(types.uint64(_BYTES, types.int64, types.int64), cache=True, nogil=True)
def _name(data, start, end):  # type: ignore[no-untyped-def]
    """A hash of some bytes."""
    h = np.uint64(0xCBF29CE484222325)
    for k in range(start, end):
        h = (h ^ np.uint64(data[k])) * np.uint64(0x100000001B3)
    return h


@njit("boolean(uint64, uint64[::1])", cache=True, nogil=True)
def _among(key, names):  # type: ignore[no-untyped-def]
    for k in range(names.shape[0]):  # noqa: SIM110
        if names[k] == key:
            return True
    return False


@njit(types.uint64(_BYTES, types.int64, types.int64), cache=True, nogil=True)
def _place(data, start, end):  # type: ignore[no-untyped-def]
    """The part of an address that a rule may read: data:TYPE, or the scheme, and whether it is heavy."""
    stop = start
    if end - start > 5 and data[start] == 100 and data[start + 4] == 58:
        while stop < min(end, start + 40) and data[stop] != 44:
            stop += 1
    else:
        for k in range(start, min(end, start + 10) - 2):
            if data[k] == 58 and data[k + 1] == 47 and data[k + 2] == 47:
                stop = k
                break
    return _mix(_name(data, start, stop), np.uint64(1 if end - start > HEAVY else 0))


@njit(types.void(_BYTES, _AT, *[_HASHES] * 7), cache=True, nogil=True)
def _walk(data, offsets, known, opaque, verbatim, numbers, idents, places, out):  # type: ignore[no-untyped-def]
    seen = np.empty(64, dtype=np.uint64)
    for row in range(out.shape[0]):
        i, end = offsets[row], offsets[row + 1]
        h, key = np.uint64(0x51), np.uint64(0)
        depth, skip, ids, bare = 0, -1, 0, False
        while i < end:
            c = data[i]
            if c == 34:
                a, kind, word = i + 1, 0, True
                j = a
                while j < end and data[j] != 34:
                    b = data[j]
                    if b == 92 and j + 1 < end:
                        e = data[j + 1]
                        kind = max(kind, 1) if e == 110 or e == 114 or e == 116 else 2
                        word = False
                        j += 2
                        continue
                    if b != 32:
                        kind = 2
                    elif kind == 0:
                        kind = 1
                    if not (48 <= b <= 57 or 65 <= b <= 90 or 97 <= b <= 122):
                        word = False
                    j += 1
                j = min(j, end)
                k = j + 1
                while k < end and (data[k] == 32 or data[k] == 9 or data[k] == 10 or data[k] == 13):
                    k += 1
                if skip >= 0:
                    i = j + 1
                    continue
                if k < end and data[k] == 58:
                    key = _name(data, a, j)
                    h = _mix(h, key ^ np.uint64(0xA5A5))
                    top = depth == 1 and not _among(key, known)
                    bare = top or _among(key, opaque)
                    if top:
                        key = np.uint64(0)
                    i = k + 1
                    continue
                h = _mix(h, np.uint64(8 + kind))
                if not bare:
                    if _among(key, verbatim):
                        if j - a <= LONGEST:
                            h = _mix(h, _name(data, a, j))
                    elif _among(key, idents):
                        x = _name(data, a, j)
                        at = 0
                        while at < ids and seen[at] != x:
                            at += 1
                        if at == ids and ids < 64:
                            seen[ids] = x
                            ids += 1
                        h = _mix(h, np.uint64(at * 512 + min(j - a, 255) * 2 + (1 if word else 0)))
                    elif _among(key, places):
                        h = _mix(h, _place(data, a, j))
                bare = False
                i = j + 1
            elif c == 123 or c == 91:
                if skip < 0:
                    h = _mix(h, np.uint64(c))
                    if bare:
                        skip = depth
                depth += 1
                bare = False
                i += 1
            elif c == 125 or c == 93:
                depth -= 1
                if skip >= 0 and depth <= skip:
                    skip = -1
                if skip < 0:
                    h = _mix(h, np.uint64(c))
                bare = False
                i += 1
            elif c == 32 or c == 9 or c == 10 or c == 13 or c == 44 or c == 58:
                i += 1
            else:
                a = i
                real = False
                while i < end and data[i] != 44 and data[i] != 125 and data[i] != 93 and data[i] > 32:
                    real = real or data[i] == 46 or data[i] == 101 or data[i] == 69
                    i += 1
                if i == a:  # a stray control character
                    i += 1
                if skip < 0:
                    if c == 116 or c == 102 or c == 110:
                        h = _mix(h, np.uint64(c))
                    elif not bare and _among(key, numbers):
                        h = _mix(h, _name(data, a, i))
                    else:
                        h = _mix(h, np.uint64(3 if real else 2))
                bare = False
        out[row] = h


def _names(kept: Kept) -> NDArray[np.uint64]:
    """The hash of each name, as the kernel takes it of a key's bytes."""
    raw = [np.frombuffer(name.encode(), dtype=np.uint8) for name in sorted(kept)]
    return np.array([_name(r.copy(), 0, len(r)) for r in raw], dtype=np.uint64)


_SETS = tuple(_names(s) for s in (KNOWN, OPAQUE, VERBATIM, NUMBERS, IDS, PLACES))


def skeletons(data: NDArray[np.uint8], offsets: NDArray[np.int64]) -> NDArray[np.uint64]:
    """uint64 [n]: a hash of the build of each JSON text data[offsets[k]:offsets[k + 1]]."""
    out = np.empty(offsets.shape[0] - 1, dtype=np.uint64)
    _walk(data, offsets, *_SETS, out)  # type: ignore[call-arg]
    return out


def outline(value: Object) -> Object:
    """The same object with its texts masked: "" stays, white space is " ", any other text is "x"; an id is "id0:9w"
    (first id, nine characters, letters and digits only); an address keeps its scheme or data type."""
    ids: dict[str, int] = {}
    return {k: _masked(v, k if k in KNOWN else "", k not in KNOWN or k in OPAQUE, ids) for k, v in value.items()}


def _masked(value: Any, key: str, bare: bool, ids: dict[str, int]) -> Any:
    if type(value) is str:
        return _text(value, "" if bare else key, ids)
    if type(value) is dict:
        return {} if bare else {k: _masked(v, k, k in OPAQUE, ids) for k, v in value.items()}
    if type(value) is list:
        return [] if bare else [_masked(v, key if type(v) is not str else "", False, ids) for v in value]
    if value is None or type(value) is bool:
        return value
    return value if key in NUMBERS and not bare else (1 if type(value) is int else 0.5)


def _text(value: str, key: str, ids: dict[str, int]) -> str:
    kind = "" if not value else (" " if not value.strip(" \n\r\t") else "x")
    if key in VERBATIM and len(value.encode()) <= LONGEST:
        return value
    if key in IDS:
        at = ids.setdefault(value, len(ids))
        word = value.isascii() and value.isalnum()
        return f"id{min(at, 64)}:{len(value)}{'w' if word else ''}" if value else ""
    if key in PLACES:
        head = value[:40].split(",")[0] if value.startswith("data:") else value[:10].partition("://")[0]
        heavy = " heavy" if len(value) > HEAVY else ""
        return (head if value.startswith("data:") or "://" in value[:10] else "path") + heavy
    return kind
