"""The table of signals: every column that depends on its row alone, with what measures it.

To add one: a function from rows to named float32 columns, an entry here, a test. An entry is kept under its own name and
version, so a new or raised one measures its own columns and nothing else.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from curate.measure import answers, language, leakage, pii, refusal, safety, seeds, text
from curate.measure.buffers import spans
from curate.types import F32

SLICE = 8_192  # rows at a time: scratch stays small, and every core has work


@dataclass(frozen=True, slots=True)
class Signal:
    """One measure of rows. make: a table of rows (see `Dataset.rows`) -> float32 [n] per name of `columns`.

    alone: it holds the interpreter all the time, so that a second thread would only make it wait (measured: twice the time).
    """

    name: str
    version: int
    columns: tuple[str, ...]
    make: Callable[[Any], Mapping[str, F32]]
    alone: bool = False


SIGNALS: tuple[Signal, ...] = (
    Signal("text", text.VERSION, text.COLUMNS, text.measure_text),
    Signal("refusal", refusal.VERSION, refusal.COLUMNS, refusal.measure_refusal),
    Signal("leakage", leakage.VERSION, leakage.COLUMNS, leakage.measure_leakage),
    Signal("safety", safety.VERSION, safety.COLUMNS, safety.measure_safety),
    Signal("answers", answers.VERSION, answers.COLUMNS, answers.measure_answers),
    Signal("seeds", seeds.VERSION, seeds.COLUMNS, seeds.measure_seeds),
    Signal("language", language.VERSION, language.COLUMNS, language.measure_language, alone=True),
    Signal("pii", pii.VERSION, pii.COLUMNS, pii.measure_pii),
)


def in_slices(signal: Signal, rows: Any) -> Mapping[str, F32]:
    """The columns of a signal, slices of rows on every core: kernels and Arrow's patterns release the interpreter.

    Equal to one call whatever the slices, since a signal reads one row at a time.
    """
    if rows.num_rows <= SLICE:
        return signal.make(rows)
    cuts = [rows.slice(a, b - a) for a, b in spans(rows.num_rows, SLICE)]
    with ThreadPoolExecutor(1 if signal.alone else os.cpu_count() or 1) as pool:
        made = list(pool.map(signal.make, cuts))
    return {name: np.concatenate([part[name] for part in made]) for name in signal.columns}


def columns_of(rows: Any) -> Mapping[str, F32]:
    """Every column of the table for these rows, not kept anywhere: for benchmarks and tests."""
    return {name: values for signal in SIGNALS for name, values in in_slices(signal, rows).items()}
