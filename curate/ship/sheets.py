"""CSV for people with a spreadsheet: no cell can be a formula, and what was put before one can be taken off again.

A cell that begins with = + - @ (also full width), a tab, a line end or the guard itself gets an apostrophe before it, as
OWASP's page on CSV injection asks; a spreadsheet shows the text and computes nothing. `unguarded` is the way back.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from curate.ship.publish import Stage
from curate.types import Cancel, Dataset, Verdicts

GUARD = "'"
STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", GUARD)
EXCEL = 32_767  # characters of a cell; a longer one is cut by Excel (specifications and limits)
COLUMNS = ("id", "source", "system", "prompt", "response", "messages", "extra")
CHUNK = 4_096


def guarded(text: str) -> str:
    """The cell as it is safe to open. White space before a sign does not hide it: some programs trim."""
    return GUARD + text if text.startswith(STARTS) or text.lstrip().startswith(STARTS[:-1]) else text


def unguarded(cell: str) -> str:
    """What `guarded` was given."""
    return cell[1:] if cell.startswith(GUARD) else cell


def write_sheets(stage: Stage, dataset: Dataset, verdicts: Verdicts, cancel: Cancel | None = None) -> None:
    """formats/csv/SPLIT.csv with the columns of COLUMNS, and about.json: cells that were guarded or are too long for Excel."""
    counts, guards, long = dict[str, int](), 0, 0
    for number, split in enumerate(verdicts.splits):
        rows = np.flatnonzero(verdicts.split == number)
        counts[split] = len(rows)
        with stage.open(f"formats/csv/{split}.csv") as file:
            file.write((",".join(COLUMNS) + "\n").encode())
            for text, hit, cut in _chunks(dataset, rows, cancel):
                file.write(text.encode())
                guards, long = guards + hit, long + cut
            file.rows = len(rows)
    about = {"format": "csv", "rows": counts, "guarded_cells": guards, "cells_longer_than_excel_takes": long}
    stage.write("formats/csv/about.json", json.dumps(about, indent=1, sort_keys=True) + "\n")


def _chunks(dataset: Dataset, rows: np.ndarray, cancel: Cancel | None) -> Iterator[tuple[str, int, int]]:
    """(lines, guarded cells, cells too long for Excel) of CHUNK rows at a time."""
    from curate.ship.formats import stop

    names = [s.name for s in dataset.sources]
    for first in range(0, len(rows), CHUNK):
        stop(cancel, int(rows[first]))
        table = dataset.rows.select(list(COLUMNS)).take(pa.array(rows[first : first + CHUNK], pa.int64()))
        columns = [
            [names[c] if name == "source" else c or "" for c in table.column(name).to_pylist()] for name in COLUMNS
        ]
        safe = [[guarded(c) for c in column] for column in columns]
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(zip(*safe, strict=True))
        pairs = [(a, b) for old, new in zip(columns, safe, strict=True) for a, b in zip(old, new, strict=True)]
        yield out.getvalue(), sum(len(a) != len(b) for a, b in pairs), sum(len(b) > EXCEL for _, b in pairs)
