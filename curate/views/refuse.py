"""What is refused before the work begins: places that results must not go, data that can't be used."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from curate.errors import CurateError, DataError
from curate.types import Dataset


def refuse_place(json_file: str | None, inputs: Sequence[Path], out: Path | None = None) -> None:
    """Raises CurateError when `--json` would overwrite an input, or lie in the export folder, which takes no foreign file."""
    if json_file in (None, "-"):
        return
    place = os.path.realpath(json_file)
    if place in map(os.path.realpath, inputs):
        raise CurateError(f"--json {json_file} is one of the inputs; name another file, or - for stdout")
    if out is not None and Path(place).is_relative_to(os.path.realpath(out)):
        raise CurateError(
            f"--json {json_file} lies in the export folder, which holds exports only; name a file outside of it"
        )


def refuse_bad(dataset: Dataset, max_malformed: float | None) -> None:
    """Raises DataError when no row of the pool is usable, or too large a share is malformed."""
    read = sum(s.read - s.blank for s in dataset.sources)
    bad = sum(s.malformed for s in dataset.sources)
    if not len(dataset) or not (~dataset.frozen).any():
        first = dataset.problems.slice(0, 1).to_pylist()
        said = ""
        if first:
            name = dataset.sources[first[0]["source"]].name
            said = f"; first: {name}:{first[0]['line']} {first[0]['code']}: {first[0]['message']}"
        raise DataError(f"no usable row among {read:,} read ({bad:,} malformed){said}")
    if max_malformed is not None and read and bad / read > max_malformed:
        raise DataError(
            f"{bad:,} of {read:,} rows are malformed ({bad / read:.1%}); --max-malformed allows {max_malformed:.1%}"
        )
