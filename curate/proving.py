"""The proof as `curate verify --proof` prints it."""

from __future__ import annotations

from pathlib import Path

import typer

from curate.ship.recheck import recheck
from curate.ship.verify import Mismatch, version_of
from curate.views.console import progress_bars, stopped


def crossings(out: Path, echo: bool) -> tuple[Mismatch, ...]:
    """What crosses a boundary of a whole export; every line that was looked at goes to stdout when `echo`."""
    version = version_of(out)
    if isinstance(version, Mismatch):
        return (version,)
    with progress_bars() as progress:
        proof = recheck(version, progress=progress, cancel=stopped)
    if echo:
        for line in proof.lines:
            typer.echo(f"{line.found:>9,}  {line.check:<32}{line.between}")
    return tuple(Mismatch(f"{x.between}", f"{x.found:,} {x.check}") for x in proof.lines if x.found)
