"""From a finished run to the sections of its report: no clock, no host, so that equal runs give equal pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from curate.errors import CurateError
from curate.ship.diff import Diff
from curate.ship.proof import Proof
from curate.types import Check, Dataset, Evidence, Verdicts
from curate.views.report import examples, facts, origin, trust
from curate.views.report.blocks import Block, Section


@dataclass(frozen=True, slots=True)
class Options:
    """What a person chooses. without: sections left out. examples: rows shown of each kind.

    price: money per million training tokens; speed: training tokens per second; None = not stated.
    previous: the comparison with an earlier version; None = no such section. proof: of the written files; None = the
    decision is proved instead. annotators: two of the data's columns that hold two people's labels.
    """

    title: str = "Dataset report"
    without: frozenset[str] = frozenset()
    examples: int = 3
    price: float | None = None
    epochs: float = 3.0
    speed: float | None = None
    previous: Diff | None = None
    proof: Proof | None = None
    annotators: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Made:
    """One finished run with the options of its report."""

    dataset: Dataset
    evidence: Evidence
    verdicts: Verdicts
    checks: Sequence[Check]
    options: Options


@dataclass(frozen=True, slots=True)
class Report:
    """Title, the verdict in a sentence, and the sections that were asked for, in order."""

    title: str
    ready: bool
    verdict: str
    sections: tuple[Section, ...]


# name -> (heading, what makes its blocks); a section without a block is left out
SECTIONS: Mapping[str, tuple[str, Callable[[Made], Iterable[Block]]]] = {
    "todo": ("What to do", facts.todo),
    "health": ("Health", facts.health),
    "files": ("Where every row went", facts.files),
    "funnel": ("What was removed, by what", facts.funnel),
    "distributions": ("Before and after", facts.distributions),
    "topics": ("What it is about", facts.topics),
    "duplicates": ("Duplicates", examples.duplicates),
    "contradictions": ("Contradictions", examples.contradictions),
    "removed": ("Examples of removed rows", examples.removed),
    "splits": ("Splits and their proof", trust.splits),
    "people": ("Decided by people", trust.people),
    "cost": ("Training cost", facts.cost),
    "previous": ("Against the previous version", origin.previous),
    "settings": ("Settings that differ from the preset", origin.settings),
    "lineage": ("Where this comes from, and how to repeat it", origin.lineage),
}
NAMES = tuple(SECTIONS)


def build(
    dataset: Dataset, evidence: Evidence, verdicts: Verdicts, checks: Sequence[Check], options: Options
) -> Report:
    """The report of one run. Errors: CurateError for a section that is not known."""
    unknown = sorted(options.without - set(NAMES))
    if unknown:
        raise CurateError(f"section {unknown[0]!r} is unknown; allowed are {', '.join(NAMES)}")
    made = Made(dataset, evidence, verdicts, checks, options)
    ready, said = facts.verdict(made)
    found = (
        Section(name, title, tuple(make(made)))
        for name, (title, make) in SECTIONS.items()
        if name not in options.without
    )
    return Report(options.title, ready, said, tuple(s for s in found if s.blocks))
