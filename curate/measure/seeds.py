"""S1's personal data patterns, as its code has them: what they find and miss is theirs (requirements D16).

Python's \\b and \\d know every script, Arrow's patterns ASCII alone. So Arrow looks for what could match, in linear time, and
Python decides, for e-mails from the @ on both ways: S1's own pattern tries every sign before an @ and is quadratic.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from curate.types import F32

VERSION = 2
COLUMNS = ("s1_pii",)
D = r"\p{Nd}"
GATE = rf"[A-Za-z0-9._%+-]@[A-Za-z0-9.-]+\.[A-Z|a-z]{{2}}|{D}{{3}}-{D}{{2}}-{D}{{4}}|{D}{{4}}[\s-]{D}{{4}}[\s-]{D}{{4}}|{D}{{3}}\)?[-.\s]?{D}{{3}}[-.\s]?{D}{{4}}|(?:{D}{{1,3}}\.){{3}}{D}"
# S1's \b[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Z|a-z]{2,}\b: what follows the @; `_begins` says what stands before it.
HOST = re.compile(r"@[A-Za-z0-9.-]+\.[A-Z|a-z]{2,}\b")
WORD, SIGN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_", ".%+-"
NUMBERS = re.compile(
    r"\b\d{3}-\d{2}-\d{4}\b|\b\d{4}[\s-]\d{4}[\s-]\d{4}[\s-]\d{4}\b"
    r"|\b(\+1[-.\s]?)?\(?\d{3}\)?[-.\s]?\d{3}[-.\s]?\d{4}\b|\b(?:\d{1,3}\.){3}\d{1,3}\b"
)


def measure_seeds(rows: Any) -> Mapping[str, F32]:
    """s1_pii: 1 where one of S1's five patterns matches prompt, a blank and answer; float32 [n]."""
    import pyarrow as pa
    import pyarrow.compute as pc

    parts = [pc.fill_null(rows.column(name), "") for name in ("prompt", "response")]
    text = pc.binary_join_element_wise(*parts, pa.scalar(" ", parts[0].type))
    out = np.zeros(rows.num_rows, dtype=np.float32)
    gate = np.flatnonzero(np.asarray(pc.match_substring_regex(text, GATE)))
    for row, said in zip(gate.tolist(), text.take(pa.array(gate)).to_pylist(), strict=True):
        out[row] = bool(NUMBERS.search(said)) or _mailed(said)
    return {"s1_pii": out}


def _mailed(text: str) -> bool:
    """Whether S1's e-mail pattern matches somewhere."""
    last = 0  # an @ is no sign of a name, so what stands between two is read once
    for found in HOST.finditer(text):
        at = found.start()
        if _begins(text[max(last, text.rfind("@", last, at) + 1) : at]):
            return True
        last = at + 1
    return False


def _begins(before: str) -> bool:
    """Whether signs of a name with a word's edge among them end `before`."""
    for run, other in ((WORD, SIGN), (SIGN, WORD)):
        rest = before.rstrip(run)
        if len(rest) == len(before):
            continue
        if rest and rest[-1] in other:
            return True  # the edge between a letter and a sign
        word = bool(rest) and (rest[-1].isalnum() or rest[-1] == "_")
        return word != (run is WORD)
    return False
