"""Classes: rows equal under a named normalisation, each named by its lowest row.

content: equal messages, roles, tools and weights. spaced: case and runs of white space folded (S1's code). folded:
punctuation removed too (S1's text). prompt: spaced user turns. question: spaced system and user turns.
Texts are compared by a 128-bit hash taken in one compiled pass; two unlike texts among 10 million share one with
chance 1e-25.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numba import njit

from curate.measure.buffers import Bytes, Offsets, flat, hex_keys
from curate.measure.words import space_at
from curate.types import I32, U64


def classes_of(rows: Any) -> Mapping[str, I32]:
    """int32 [n] per name: the lowest row of each row's class. See prompt_view for rows without a prompt."""
    spaced, folded = {}, {}
    for name, column in (
        ("system", rows.column("system")),
        ("asked", prompt_view(rows)),
        ("answer", rows.column("response")),
    ):
        spaced[name], folded[name] = folds(column)
    none = np.zeros_like(spaced["asked"])
    quiet = np.asarray(_said(rows.column("prompt")).is_null())[:, None]
    asked, bare = np.where(quiet, none, spaced["asked"]), np.where(quiet, none, folded["asked"])
    return {
        "content": lowest(hex_keys(rows.column("content").to_pylist())),
        "spaced": lowest(joined(spaced["system"], asked, spaced["answer"])),
        "folded": lowest(joined(folded["system"], bare, folded["answer"])),
        "prompt": lowest(spaced["asked"]),
        "question": lowest(joined(spaced["system"], spaced["asked"])),
    }


def prompt_view(rows: Any) -> Any:
    """The text that stands for the question: user turns, or the answer's text where the user says nothing.

    Otherwise all rows without a prompt would ask one question, and one of them in an evaluation set would empty the pool.
    """
    import pyarrow.compute as pc

    return pc.coalesce(_said(rows.column("prompt")), rows.column("response"), "")


def _said(column: Any) -> Any:
    """The column with null in place of blank texts."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.if_else(pc.equal(pc.utf8_trim_whitespace(column), ""), pa.scalar(None, column.type), column)


@njit("boolean(int64)", cache=True, nogil=True)
def _punctuation(p):  # type: ignore[no-untyped-def]
    """Whether code point p is punctuation or a symbol of ASCII, Latin-1, general or CJK punctuation, or full width."""
    if p < 128:
        return 33 <= p <= 47 or 58 <= p <= 64 or 91 <= p <= 96 or 123 <= p <= 126
    if p <= 0xBF:
        return p >= 0xA1 and p != 0xAA and p != 0xB5 and p != 0xBA
    return 0x2010 <= p <= 0x205E or 0x2190 <= p <= 0x2BFF or 0x3001 <= p <= 0x303F or 0xFF01 <= p <= 0xFF0F


@njit("void(uint8[::1], int64[::1], uint64[:, ::1], uint64[:, ::1])", cache=True, nogil=True)
def _fold(data, offsets, spaced, folded):  # type: ignore[no-untyped-def]
    """Hashes of each lower-cased text with white space folded, and with punctuation folded to white space too."""
    prime, other = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
    for row in range(offsets.shape[0] - 1):
        at, end = offsets[row], offsets[row + 1]
        a, b, c, d = np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)
        gap, hole, said, told = False, False, False, False
        while at < end:
            step = space_at(data, at, end)
            if step:
                gap = hole = True
                at += step
                continue
            lead = np.int64(data[at])
            width = 1 if lead < 0x80 else (2 if lead < 0xE0 else (3 if lead < 0xF0 else 4))
            p = lead if width == 1 else lead & (0xFF >> (width + 1))
            for k in range(1, width):
                if at + k < end:
                    p = (p << 6) | (np.int64(data[at + k]) & 63)
            at += width
            if gap and said:
                a, b = (a ^ np.uint64(32)) * prime, (b ^ np.uint64(32)) * other
            a, b = (a ^ np.uint64(p)) * prime, (b ^ np.uint64(p)) * other
            a, b = a ^ (a >> np.uint64(29)), b ^ (b >> np.uint64(31))
            gap, said = False, True
            if _punctuation(p):
                hole = True
                continue
            if hole and told:
                c, d = (c ^ np.uint64(32)) * prime, (d ^ np.uint64(32)) * other
            c, d = (c ^ np.uint64(p)) * prime, (d ^ np.uint64(p)) * other
            c, d = c ^ (c >> np.uint64(29)), d ^ (d >> np.uint64(31))
            hole, told = False, True
        spaced[row, 0], spaced[row, 1] = a, b
        folded[row, 0], folded[row, 1] = c, d


def folds(column: Any) -> tuple[U64, U64]:
    """(spaced, folded) hashes uint64 [n, 2] of an Arrow string column: "A,  b" -> "a, b" and "a b"."""
    import pyarrow.compute as pc

    data, offsets = flat(pc.utf8_lower(column))
    return fold_bytes(data, offsets)


def fold_bytes(data: Bytes, offsets: Offsets) -> tuple[U64, U64]:
    """The same of lower-cased UTF-8 bytes."""
    n = offsets.shape[0] - 1
    spaced, folded = np.empty((n, 2), np.uint64), np.empty((n, 2), np.uint64)
    _fold(data, offsets, spaced, folded)
    return spaced, folded


def joined(*parts: U64) -> U64:
    """One hash of several in their order."""
    out = np.zeros_like(parts[0])
    for part in parts:
        out = (out ^ part) * np.uint64(0xFF51AFD7ED558CCD)
        out ^= out >> np.uint64(32)
    return out


def lowest(keys: U64) -> I32:
    """int32 [n]: for each key (uint64 [n, 2]) the first row that has it."""
    order = np.lexsort((keys[:, 1], keys[:, 0]))  # stable: rows of one key stay in row order
    sorted_keys = keys[order]
    first = np.concatenate(([True], (sorted_keys[1:] != sorted_keys[:-1]).any(axis=1)))[: order.shape[0]]
    out = np.empty(order.shape[0], dtype=np.int32)
    out[order] = order[first][np.cumsum(first) - 1] if order.shape[0] else order
    return out
