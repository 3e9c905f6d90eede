"""S1's personal data patterns, as its code has them: what they find and miss is theirs (requirements D16).

Python's \\b and \\d know every script, Arrow's patterns ASCII alone. So Arrow looks for what could match, in linear time, and
Python's own pattern decides in a window around it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from curate.types import F32

VERSION = 1
COLUMNS = ("s1_pii",)
WINDOW = 320  # signs around an @ that are read; S1's own e-mail pattern is quadratic in a run of its signs
D = r"\p{Nd}"
GATE = rf"@|{D}{{3}}-{D}{{2}}-{D}{{4}}|{D}{{4}}[\s-]{D}{{4}}[\s-]{D}{{4}}|{D}{{3}}\)?[-.\s]?{D}{{3}}[-.\s]?{D}{{4}}|(?:{D}{{1,3}}\.){{3}}{D}"
EMAIL = re.compile(r"\b[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Z|a-z]{2,}\b")
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
    at = text.find("@")
    while at >= 0:
        if EMAIL.search(text[max(0, at - WINDOW) : at + WINDOW]):
            return True
        at = text.find("@", at + WINDOW // 2)
    return False
