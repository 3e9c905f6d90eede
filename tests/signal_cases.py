"""Rows for tests of signals: a question and an answer as the table that a signal reads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from curate.measure.signals import SIGNALS

BY_NAME = {signal.name: signal for signal in SIGNALS}


def table(rows: Sequence[tuple[str, str]]) -> Any:
    """(prompt, answer) rows."""

    def column(texts: list[str]) -> Any:
        return pa.chunked_array([pa.array(texts, pa.large_string())])

    said = [[{"role": "user", "content": p}, {"role": "assistant", "content": a}] for p, a in rows]
    return pa.table({
        "system": column([""] * len(rows)), "prompt": column([p for p, _ in rows]), "response": column([a for _, a in rows]),
        "messages": column([json.dumps(m) for m in said]), "roles": column(["ua"] * len(rows)),
        "turns": pa.array([2] * len(rows), pa.int32()),
    })  # fmt: skip


def signal(name: str, *rows: tuple[str, str]) -> dict[str, np.ndarray]:
    """The columns of one entry of the table for these rows."""
    return dict(BY_NAME[name].make(table(rows)))
