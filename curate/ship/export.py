"""One call from verdicts to a published version directory."""

from __future__ import annotations

import hashlib
import os
import platform
import socket
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from curate.decide import Recipe
from curate.decide.verdicts import folds_of
from curate.errors import DataError, StoreError
from curate.overrides import Overrides
from curate.ship.changed import ORIGINALS, changed, original_lines
from curate.ship.formats import AS_READ, parse_formats, write_formats
from curate.ship.judged import write_judged
from curate.ship.ledger import SCHEMA, counts, ledger_tables
from curate.ship.lineage import Lineage, lineage_of, tool_version
from curate.ship.lines import write_malformed, write_rows
from curate.ship.proof import NAME, prove
from curate.ship.publish import Stage, publish, staging
from curate.ship.tables import labels, verdict_table, write_tables
from curate.store import Store
from curate.types import Cancel, Check, Dataset, Evidence, Progress, Source, Verdicts

BLOCK = 1 << 20
ROW_OVERHEAD = 200


class RecipeLike(Protocol):
    """What an export needs of a recipe."""

    @property
    def fingerprint(self) -> str: ...

    @property
    def overrides(self) -> Overrides: ...

    def to_toml(self) -> str: ...


def export(
    dataset: Dataset,
    evidence: Evidence,
    verdicts: Verdicts,
    recipe: RecipeLike,
    checks: Sequence[Check],
    out: Path,
    *,
    overrides: Overrides | None = None,
    format: str = AS_READ,
    shard: int = 0,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    store: Store | None = None,
) -> Lineage:
    """Publishes splits, held-out rows and their provenance as a version of `out`; equal inputs re-use the version.

    format: a comma list of FORMATS; what is not as-read stands in formats/NAME beside it. shard: rows per file there, 0 = all.
    overrides: people's decisions to write beside the recipe (default: the recipe's own). store: whose ledger holds what a judge said
    (default: this user's). The result's `version` names
    the folder under `out/versions`. Errors: StoreError (lost row, foreign or full `out`), DataError (a frozen file
    changed since it was read), Cancelled; after each of them `out` is as it was.
    """
    also = parse_formats(format)
    _fits(dataset, evidence, verdicts)
    counts(dataset, verdicts)
    decided = recipe.overrides if overrides is None else overrides
    began = time.time()
    with staging(Path(out), _needed(dataset)) as stage:
        leaving = _leaving(stage, dataset, evidence, verdicts, recipe)
        write_rows(stage, leaving, verdicts, progress, cancel)
        write_malformed(stage, dataset)
        _write_frozen(stage, dataset)
        write_formats(stage, leaving, verdicts, also, shard, cancel)
        proof = None
        if isinstance(recipe, Recipe):
            proof = prove(stage.folder, leaving, evidence, verdicts, recipe)
            stage.write(NAME, proof.to_json())
            write_judged(stage, dataset, evidence, recipe, store or Store())
        if isinstance(recipe, Recipe) and recipe.split.folds > 1:
            fold = pa.array(folds_of(evidence, verdicts))
            table = pa.table({"id": dataset.rows["id"], "fold": fold}).filter(pc.greater_equal(fold, 0))
            write_tables(stage, "folds.parquet", table.schema, [table])
        table = verdict_table(dataset, verdicts)
        write_tables(stage, "verdicts.parquet", table.schema, [table])
        write_tables(stage, "ledger.parquet", SCHEMA, ledger_tables(dataset))
        stage.write("recipe.toml", recipe.to_toml())
        stage.write("overrides.csv", decided.to_csv(), rows=len(decided) + len(decided.remarks))
        fingerprints = {"recipe": recipe.fingerprint, "overrides": decided.fingerprint}
        lineage = lineage_of(
            dataset, evidence, verdicts, checks, **fingerprints, format=format, files=dict(stage.listed)
        )
        stage.write("lineage.json", lineage.to_json())
        return replace(lineage, version=publish(stage, _run(dataset, began)), proof=proof)


def _leaving(stage: Stage, dataset: Dataset, evidence: Evidence, verdicts: Verdicts, recipe: RecipeLike) -> Dataset:
    """The dataset as it leaves; with rows that the recipe changes, their originals are written beside."""
    made = changed(dataset, evidence, verdicts, recipe) if isinstance(recipe, Recipe) else None
    if made is None:
        return dataset
    lines = "".join(line + "\n" for line in original_lines(dataset, labels(dataset), made))
    stage.write(ORIGINALS, lines, rows=len(made.changes))
    return made.dataset


def _fits(dataset: Dataset, evidence: Evidence, verdicts: Verdicts) -> None:
    if not len(dataset) == len(evidence) == len(verdicts) or evidence.fingerprint != verdicts.evidence_fingerprint:
        raise StoreError(
            f"verdicts over {len(verdicts)} rows, evidence over {len(evidence)}, dataset of {len(dataset)}: "
            "they are not of one run; measure and decide again"
        )


def _needed(dataset: Dataset) -> int:
    """Bytes that the version will take, from above for JSONL."""
    lengths = (pc.sum(pc.binary_length(dataset.rows.column(name))).as_py() or 0 for name in ("raw", "record"))
    frozen = sum(source.bytes for source in dataset.sources if source.role == "frozen")
    return int(sum(lengths)) + frozen + ROW_OVERHEAD * len(dataset)


def _write_frozen(stage: Stage, dataset: Dataset) -> None:
    """The evaluation files, byte for byte."""
    for source, label in zip(dataset.sources, labels(dataset), strict=True):
        if source.role == "frozen":
            _copy(stage, source, f"frozen/{label}")


def _copy(stage: Stage, source: Source, name: str) -> None:
    changed = DataError(f"{source.name} is not what it was when it was read; run again with the file in place")
    try:
        read = open(os.open(source.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")  # noqa: SIM115, PTH123
    except OSError:
        raise changed from None
    with read, stage.open(name) as file:
        found = hashlib.sha256()
        while block := read.read(BLOCK):
            found.update(block)
            file.write(block)
        file.rows = source.rows
        if found.hexdigest() != source.sha256:
            raise changed


def _run(dataset: Dataset, began: float) -> dict[str, Any]:
    """What differs from run to run: clock, host, places."""
    return {
        "tool": tool_version(),
        "started": datetime.fromtimestamp(began, UTC).isoformat(timespec="milliseconds"),
        "seconds": round(time.time() - began, 3),
        "host": socket.gethostname(),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "paths": dict(zip(labels(dataset), (source.path for source in dataset.sources), strict=True)),
    }
