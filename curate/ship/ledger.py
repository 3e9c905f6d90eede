"""The ledger: a row is never lost, and every input can be rebuilt from an export alone.

Per file and in total: read = kept + dropped + review + frozen + malformed + blank.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

import numpy as np

from curate.errors import StoreError
from curate.types import Action, Dataset, Verdicts


@dataclass(frozen=True, slots=True)
class Count:
    """Where the rows of one file (or of all) went."""

    read: int
    kept: int
    dropped: int
    review: int
    frozen: int
    malformed: int
    blank: int

    @property
    def balances(self) -> bool:
        return self.read == sum(asdict(self).values()) - self.read


def counts(dataset: Dataset, verdicts: Verdicts) -> tuple[Count, ...]:
    """One count per source, in the order of `dataset.sources`. Raises StoreError when one does not balance."""
    if len(verdicts) != len(dataset):
        raise StoreError(f"verdicts over {len(verdicts)} rows, dataset of {len(dataset)}; decide again")
    width = max(Action) + 1
    source = dataset.rows.column("source").to_numpy().astype(np.int64)
    cells = np.bincount(source * width + verdicts.action, minlength=len(dataset.sources) * width)
    table = cells.reshape(len(dataset.sources), width)
    found = tuple(
        Count(s.read, *(int(row[a]) for a in Action), malformed=s.malformed, blank=s.blank)
        for s, row in zip(dataset.sources, table, strict=True)
    )
    for s, count in zip(dataset.sources, found, strict=True):
        _require(s.name, count)
    unsplit = (verdicts.action == Action.KEEP) & (verdicts.split < 0)
    if unsplit.any():
        raise StoreError(f"{np.count_nonzero(unsplit)} kept rows are in no split; decide again")
    return found


def total(parts: tuple[Count, ...]) -> Count:
    """The sum over files. Raises StoreError when it does not balance."""
    whole = Count(*(sum(getattr(part, f.name) for part in parts) for f in fields(Count)))
    _require("all files", whole)
    return whole


def _require(name: str, count: Count) -> None:
    if not count.balances:
        parts = ", ".join(f"{key} {value}" for key, value in asdict(count).items())
        raise StoreError(f"{name}: the ledger does not balance ({parts}); nothing was exported; report this")
