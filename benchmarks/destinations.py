"""python -m benchmarks.destinations FOLDER: what each destination does with every data file of a folder, as a table.

One line per file and destination: rows by fate and the rules that decide. A file that does not load says why.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from curate.errors import CurateError
from curate.load import load
from curate.profiles import FitRow, fit_table


def lines(folder: Path) -> Iterator[str]:
    """The table, file by file."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = path.relative_to(folder).as_posix()
        try:
            table = fit_table(load([path]))
        except CurateError as error:
            yield f"{name}\tnot read\t{error}"
            continue
        yield from (f"{name}\t{row.destination.name}\t{cells(row)}" for row in table)


def cells(row: FitRow) -> str:
    """ "52,002 rows: error 52,002 (shape 52,002); files: jsonl_only"."""
    fates = ", ".join(f"{fate} {n:,}" for fate, n in row.fates.items() if n) or "nothing"
    decided = ", ".join(f"{c.rule.id} {c.decided:,}" for c in row.rules if c.decided)
    files = "; files: " + ", ".join(rule.id for rule, _, _ in row.files) if row.files else ""
    return f"{row.rows:,} rows: {fates}" + (f" ({decided})" if decided else "") + files


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    if not folder.is_dir():
        sys.exit(f"{folder} is no folder; give one that holds data files")
    for line in lines(folder):
        print(line, flush=True)


if __name__ == "__main__":
    main()
