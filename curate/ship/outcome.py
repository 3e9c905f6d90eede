"""Before writing: what each destination would do with the training file, in every shape that is chosen."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from curate.load import load
from curate.profiles import FitRow, destinations, fit_table
from curate.ship.formats import AS_READ, BY_NAME, converted, parse_formats, stop
from curate.ship.lines import exported_lines
from curate.types import Cancel, Dataset, Verdicts

MOST = 5_000  # rows of the training split that are put into each shape: a second or two


@dataclass(frozen=True, slots=True)
class Outcome:
    """One shape at one destination. rows: of the training split that were asked about; left_out: of those, rows that the
    shape has no place for."""

    format: str
    rows: int
    left_out: int
    fit: FitRow


def outcomes(
    dataset: Dataset, verdicts: Verdicts, format: str = AS_READ, most: int = MOST, cancel: Cancel | None = None
) -> tuple[Outcome, ...]:
    """What the destinations that read a shape would do with the training split in it; as read goes to all of them.

    Of more than `most` rows evenly spread ones are asked about; rules about the number of rows count those. csv, parquet
    and hf name no destination. Errors: Cancelled, StoreError for an unknown format.
    """
    train = np.flatnonzero(verdicts.split == 0)
    if len(train) > most:
        train = train[np.linspace(0, len(train) - 1, most).astype(np.int64)]
    names = (AS_READ, *parse_formats(format)) if format != AS_READ else (AS_READ,)
    return tuple(o for name in names if name == AS_READ or name in BY_NAME for o in _of(dataset, train, name, cancel))


def _of(dataset: Dataset, train: np.ndarray, name: str, cancel: Cancel | None) -> Iterator[Outcome]:
    lines = list(_as_read(dataset, train) if name == AS_READ else _shaped(dataset, train, name, cancel))
    if not lines:
        return
    with tempfile.TemporaryDirectory(prefix="curate-fit-") as folder:
        path = Path(folder) / "train.jsonl"
        path.write_bytes(b"\n".join(lines) + b"\n")
        readers = destinations(() if name == AS_READ else BY_NAME[name].read_by)
        for fit in fit_table(load([path], cancel=cancel), readers):
            yield Outcome(name, len(train), len(train) - len(lines), fit)


def _as_read(dataset: Dataset, train: np.ndarray) -> Iterator[bytes]:
    """The lines as the split file has them."""
    for start, block in exported_lines(dataset):
        some = train[(train >= start) & (train < start + len(block))] - start
        yield from block.take(pa.array(some)).to_pylist()


def _shaped(dataset: Dataset, train: np.ndarray, name: str, cancel: Cancel | None) -> Iterator[bytes]:
    for row in train.tolist():
        stop(cancel, row)
        made, _, _ = converted(dataset, row, BY_NAME[name])
        if made is not None:
            yield json.dumps(made, ensure_ascii=False, allow_nan=False).encode("utf-8", "surrogatepass")
