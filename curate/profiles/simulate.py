"""simulate: what a destination would do with each row, and the table of it for screen, terminal and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.profiles.destinations import DESTINATIONS
from curate.profiles.rule import Destination, Fate, FileRule, Rule
from curate.profiles.view import View
from curate.types import F32, U64, Bool, Dataset, frozen_array

I64 = NDArray[np.int64]
FATES = tuple(f.name.lower() for f in Fate)
SHOWN = 3


@dataclass(frozen=True)
class Finding:
    """A file rule that is broken: what is wrong in words, and the rows that show it (may be none)."""

    rule: FileRule
    said: str
    rows: I64


@dataclass(frozen=True)
class Outcome:
    """One destination's answer. Rows as in View: the dataset's, then the malformed lines.

    fate: uint8 [n], Fate. rule: int16 [n], the deciding rule's place in destination.rules, -1 = none. bits: uint64 [n],
    every rule that a row meets. unmeasured: rules that need token counts. A broken file rule stops all of it.
    """

    destination: Destination
    view: View
    fate: NDArray[np.uint8]
    rule: NDArray[np.int16]
    bits: U64
    findings: tuple[Finding, ...]
    unmeasured: tuple[Rule, ...]

    def __len__(self) -> int:
        return int(self.fate.shape[0])

    def count(self, fate: Fate) -> int:
        """Training rows with this fate."""
        return int(np.count_nonzero((self.fate == fate) & ~self.view.frozen))

    def met(self, rule: int) -> Bool:
        """Bool [n]: training rows that meet a rule, whether or not it decided."""
        return np.asarray((self.bits >> np.uint64(rule) & np.uint64(1)).astype(np.bool_) & ~self.view.frozen)


def simulate(
    dataset: Dataset | View,
    destination: Destination,
    *,
    tokens: Mapping[str, F32] | None = None,
    max_length: int | None = None,
) -> Outcome:
    """What this destination would do with every row.

    tokens: token columns of `curate.measure.training` for the dataset's rows; without them the rules about length and
    chat template are `unmeasured`. max_length: tokens per example, default the destination's own. Give a View to ask
    several destinations of one dataset: the rows are walked once.
    """
    view = dataset if isinstance(dataset, View) else View.of(dataset)
    view = replace(view, tokens=tokens, limit=max_length if max_length is not None else destination.limit)
    n = len(view)
    fate, rule, bits = np.zeros(n, np.uint8), np.full(n, -1, np.int16), np.zeros(n, np.uint64)
    unmeasured = []
    for place, entry in enumerate(destination.rules):
        hit = entry.when(view)
        if hit is None:
            unmeasured.append(entry)
            continue
        bits[hit] |= np.uint64(1 << place)
        worse = hit & (fate < entry.fate)
        fate[worse], rule[worse] = entry.fate, place
    unread = np.isin(view.code, [k for k, o in enumerate(view.outlines) if o is None])
    fate[unread] = Fate.ERROR  # no JSON object: the file rule says which
    findings = tuple(Finding(f, *found) for f in destination.files if (found := f.broken(view)) is not None)
    return Outcome(
        destination, view, frozen_array(fate), frozen_array(rule), frozen_array(bits), findings, tuple(unmeasured)
    )


@dataclass(frozen=True)
class RuleCount:
    """A rule that some training row meets: how many meet it, for how many it decides, and the first places."""

    rule: Rule
    met: int
    decided: int
    first: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class FitRow:
    """One line of the table: a destination, training rows by fate, its rules by rows, and what is wrong with the files.

    refused: a file rule is broken, so nothing is trained before that is mended.
    """

    destination: Destination
    rows: int
    fates: Mapping[str, int]
    rules: tuple[RuleCount, ...]
    files: tuple[tuple[FileRule, str, tuple[tuple[str, int], ...]], ...]
    unmeasured: tuple[Rule, ...]
    limit: int | None

    @property
    def refused(self) -> bool:
        return bool(self.files)

    @property
    def lost(self) -> int:
        """Training rows that would be dropped or stop the run."""
        return self.fates["dropped"] + self.fates["error"]


def places(view: View, rows: I64, count: int = SHOWN) -> tuple[tuple[str, int], ...]:
    """(file name, line) of the first rows in reading order."""
    order = rows[np.lexsort((view.lines[rows], view.sources[rows]))][:count]
    return tuple((view.dataset.sources[int(view.sources[r])].name, int(view.lines[r])) for r in order)


def fit_row(outcome: Outcome) -> FitRow:
    """An outcome as counts and first places."""
    view = outcome.view
    counted = []
    for place, rule in enumerate(outcome.destination.rules):
        met = np.flatnonzero(outcome.met(place))
        if met.size:
            decided = int(np.count_nonzero((outcome.rule == place) & ~view.frozen))
            counted.append(RuleCount(rule, int(met.size), decided, places(view, met)))
    ranked = sorted(counted, key=lambda c: (-c.rule.fate, -c.decided, -c.met))
    return FitRow(outcome.destination, int(np.count_nonzero(~view.frozen)), {f: outcome.count(Fate(k)) for k, f in enumerate(FATES)},
                  tuple(ranked), tuple((f.rule, f.said, places(view, f.rows)) for f in outcome.findings),
                  outcome.unmeasured, view.limit)  # fmt: skip


def fit_table(
    dataset: Dataset,
    chosen: Iterable[Destination] = DESTINATIONS,
    *,
    tokens: Mapping[str, F32] | None = None,
    max_length: int | None = None,
) -> tuple[FitRow, ...]:
    """One line per destination: what the load page and `curate fit` show."""
    view = View.of(dataset)
    return tuple(fit_row(simulate(view, d, tokens=tokens, max_length=max_length)) for d in chosen)


def fit_json(row: FitRow) -> dict[str, Any]:
    """The line as JSON: {destination, title, kind, set_up, rows, refused, limit, fates, rules, files, unmeasured}."""
    d = row.destination
    rules = [{"id": f"{d.name}.{c.rule.id}", "fate": c.rule.fate.name.lower(), "rows": c.met, "decides": c.decided, "help": c.rule.help,
              "source": c.rule.source, "since": c.rule.since, "first": _places(c.first)} for c in row.rules]  # fmt: skip
    files = [{"id": f"{d.name}.{r.id}", "said": said, "help": r.help, "source": r.source, "first": _places(first)}
             for r, said, first in row.files]  # fmt: skip
    return {"destination": d.name, "title": d.title, "kind": d.kind, "set_up": d.set_up, "rows": row.rows, "refused": row.refused,
            "limit": row.limit, "limit_source": d.limit_source, "fates": dict(row.fates), "rules": rules, "files": files,
            "unmeasured": [f"{d.name}.{r.id}" for r in row.unmeasured]}  # fmt: skip


def _places(first: tuple[tuple[str, int], ...]) -> list[dict[str, Any]]:
    return [{"file": name, "line": line} for name, line in first]
