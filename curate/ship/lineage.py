"""Where an export came from: everything that re-derives it, as one frozen value with a deterministic JSON.

The clock, the host and durations are in run.json, outside of what is hashed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Any

from curate.ship.ledger import Count, counts, total
from curate.ship.proof import Proof
from curate.ship.stats import RunStats, run_stats
from curate.ship.tables import labels
from curate.types import Check, Dataset, Evidence, Funnel, Measure, Source, Verdicts

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One input file: what it was and where its rows went. mapping: column by part, where a person named the columns."""

    name: str
    role: str
    container: str
    compression: str
    sha256: str
    bytes: int
    plain_sha256: str
    formats: dict[str, int]
    mapping: dict[str, str]
    notes: tuple[str, ...]
    rows: Count


@dataclass(frozen=True, slots=True)
class Lineage:
    """What an export follows from. `version` is its name, known after publishing, and not part of the JSON; nor is `proof`, a file of its own.

    limits: `--limit` values that were not the usual ones. order: the files as they were given, where the first copy read is
    the one that stays; () where no order of files can change a byte, so that none does.
    files: {path: {sha256, bytes, rows}} of every file of the version but lineage.json, manifest.json and run.json.
    """

    tool: str
    dataset: str
    sample: int | None
    limits: Mapping[str, float]
    order: tuple[str, ...]
    format: str
    sources: tuple[SourceLine, ...]
    total: Count
    evidence: str
    measures: tuple[Measure, ...]
    recipe: str
    overrides: str
    funnel: Funnel
    checks: tuple[Check, ...]
    stats: RunStats
    files: Mapping[str, Mapping[str, Any]]
    version: str = ""
    proof: Proof | None = None

    def to_json(self) -> str:
        """Sorted keys, fixed layout, no NaN (null = undefined or not measured), no rows behind the checks."""
        data = {
            "schema": SCHEMA,
            "tool": self.tool,
            "dataset": self.dataset,
            "sample": self.sample,
            "partial": self.sample is not None,
            "limits": dict(self.limits),
            "order": list(self.order),
            "format": self.format,
            "sources": [asdict(source) for source in self.sources],
            "total": asdict(self.total),
            "evidence": self.evidence,
            "measures": [_measure(m) for m in sorted(self.measures, key=lambda m: (m.name, m.key))],
            "recipe": self.recipe,
            "overrides": self.overrides,
            "funnel": _funnel(self.funnel),
            "checks": [_check(check) for check in self.checks],
            "stats": asdict(self.stats),
            "files": {name: dict(entry) for name, entry in self.files.items()},
        }
        return json.dumps(_plain(data), sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def lineage_of(
    dataset: Dataset,
    evidence: Evidence,
    verdicts: Verdicts,
    checks: Sequence[Check],
    *,
    recipe: str,
    overrides: str,
    format: str,
    files: Mapping[str, Mapping[str, Any]],
) -> Lineage:
    """The lineage of one export; `recipe` and `overrides` are fingerprints. Raises StoreError for a lost row."""
    parts = counts(dataset, verdicts)
    names = labels(dataset)
    lines = [_source(*item) for item in zip(dataset.sources, names, parts, strict=True)]
    return Lineage(
        tool=tool_version(),
        dataset=dataset.fingerprint,
        sample=dataset.sample,
        limits=dict(dataset.limits),
        order=tuple(names) if verdicts.recipe.near.keep == "first" else (),
        format=format,
        sources=tuple(sorted(lines, key=lambda line: line.name)),
        total=total(parts),
        evidence=evidence.fingerprint,
        measures=evidence.made,
        recipe=recipe,
        overrides=overrides,
        funnel=verdicts.funnel,
        checks=tuple(checks),
        stats=run_stats(evidence, verdicts),
        files=files,
    )


def tool_version() -> str:
    """The installed version of this package."""
    try:
        return f"curate {metadata.version('curate')}"
    except metadata.PackageNotFoundError:
        return "curate (not installed)"


def _source(source: Source, label: str, rows: Count) -> SourceLine:
    return SourceLine(
        name=label,
        role=source.role,
        container=source.container,
        compression=source.compression,
        sha256=source.sha256,
        bytes=source.bytes,
        plain_sha256=source.plain_sha256,
        formats=dict(source.formats),
        mapping=dict(source.mapping),
        notes=source.notes,
        rows=rows,
    )


def _measure(measure: Measure) -> dict[str, Any]:
    fields = {"name": measure.name, "version": measure.version, "params": dict(sorted(measure.params))}
    return fields | {"scope": measure.scope, "backend": measure.backend, "key": measure.key}


def _funnel(funnel: Funnel) -> dict[str, Any]:
    columns = zip(funnel.codes, funnel.first, funnel.only, funnel.all, strict=True)
    reasons = {code: {"first": first, "only": only, "all": each} for code, first, only, each in columns if each}
    return {"stages": [list(stage) for stage in funnel.stages], "reasons": reasons}


def _check(check: Check) -> dict[str, Any]:
    names = ("id", "name", "value", "shown", "base", "band", "why", "todo")
    return {name: getattr(check, name) for name in names} | {"rows": len(check.rows)}


def _plain(value: Any) -> Any:
    """The same with NaN and infinities as null and NumPy scalars as Python numbers."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
