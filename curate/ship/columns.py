"""Evidence as files for other programs: what was measured of each row and of each pair, null where it was not."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curate.errors import StoreError
from curate.ship.publish import ADVICE, Stage
from curate.ship.tables import write_tables
from curate.store import files
from curate.types import Evidence, Guard

COLUMNS, PAIRS, TOPICS = NAMES = ("columns.parquet", "pairs.parquet", "topics.json")
VIEWS = (("prompt", 0), ("answer", 8))


def write_evidence(evidence: Evidence, out: Path) -> tuple[Path, ...]:
    """Writes columns.parquet, pairs.parquet and topics.json to the folder `out`, all three or none; returns their paths.

    columns: id, frozen, every row column, class_NAME (the id of the first of the equal rows), topic_SIZE (null = none).
    pairs: i and j (ids), every score, guards (list of "view.name"). An earlier such folder is replaced.
    Errors: StoreError when `out` is a link, holds anything else, or can't be written.
    """
    with files.disk(out, ADVICE), _folder(out) as folder:
        stage = Stage(folder)
        for name, table in ((COLUMNS, column_table(evidence)), (PAIRS, pair_table(evidence))):
            write_tables(stage, name, table.schema, [table])
        stage.write(TOPICS, json.dumps(_about(evidence), sort_keys=True, indent=1, ensure_ascii=False) + "\n")
    return tuple(out / name for name in NAMES)


def column_table(evidence: Evidence) -> pa.Table:
    """One row per row of the dataset, in its order."""
    ids = _ids(evidence)
    table: dict[str, pa.Array] = {"id": ids, "frozen": pa.array(evidence.frozen)}
    table |= {name: _measured(evidence.columns[name]) for name in sorted(evidence.columns)}
    table |= {f"class_{name}": ids.take(pa.array(evidence.classes[name])) for name in sorted(evidence.classes)}
    if evidence.topics is not None:
        cuts = zip(evidence.topics.sizes, evidence.topics.labels, strict=True)
        table |= {f"topic_{size}": pa.array(np.asarray(label), mask=np.asarray(label) < 0) for size, label in cuts}
    return pa.table(table)


def pair_table(evidence: Evidence) -> pa.Table:
    """One row per measured pair."""
    pairs, ids = evidence.pairs, _ids(evidence)
    table = {name: ids.take(pa.array(np.asarray(rows))) for name, rows in (("i", pairs.i), ("j", pairs.j))}
    table |= {name: _measured(values) for name, values in sorted(pairs.scores.items())}
    return pa.table(table | {"guards": _guards(np.asarray(pairs.guards))})


def _guards(bits: NDArray[np.uint16]) -> pa.Array:
    """Names of the set bits per pair, as list<string>: "prompt.number", "answer.negation"."""
    marks = [(f"{view}.{g.name.lower()}", int(g) << shift) for view, shift in VIEWS for g in Guard]
    flags = bits[:, None] & np.array([mark for _, mark in marks], np.uint16) != 0
    offsets = np.zeros(len(bits) + 1, np.int32)
    np.cumsum(flags.sum(axis=1), out=offsets[1:])
    names = pa.array([name for name, _ in marks], pa.string())
    return pa.ListArray.from_arrays(pa.array(offsets), names.take(pa.array(np.nonzero(flags)[1])))


def _about(evidence: Evidence) -> dict[str, Any]:
    """Names and sizes of the topic cuts, and what measured everything."""
    topics = evidence.topics
    cuts = [] if topics is None else [
        {"size": size, "column": f"topic_{size}", "names": list(names)}
        for size, names in zip(topics.sizes, topics.names, strict=True)
    ]  # fmt: skip
    return {"schema": 1, "fingerprint": evidence.fingerprint, "rows": len(evidence), "pairs": len(evidence.pairs),
            "cuts": cuts, "fitted": None if topics is None else topics.fitted, "floor": dict(evidence.pairs.floor),
            "completeness": evidence.pairs.completeness, "measures": {m.name: m.key for m in evidence.made}}  # fmt: skip


def _ids(evidence: Evidence) -> pa.Array:
    return pa.array([row_id.decode() for row_id in evidence.ids.tolist()], pa.string())


def _measured(values: NDArray[Any]) -> pa.Array:
    values = np.asarray(values)
    return pa.array(values, mask=np.isnan(values))


@contextlib.contextmanager
def _folder(out: Path) -> Iterator[Path]:
    """A folder beside `out` that takes its place when the block ends well."""
    refuse_foreign(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = out.absolute().parent / f".{out.absolute().name}.tmp-{os.getpid()}-{secrets.token_hex(8)}"
    beside.mkdir(0o755)
    try:
        yield beside
        files.sync_tree(beside)
        if out.exists() and any(out.iterdir()):
            out.rename(grave := beside.with_name(beside.name + "-old"))
            files.remove_tree(grave)
        beside.rename(out)
        files.sync_folder(out.absolute().parent)
    finally:
        files.remove_tree(beside)


def refuse_foreign(out: Path) -> None:
    """Raises StoreError when `out` is no folder or holds what `write_evidence` did not write."""
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise StoreError(f"{out} is no folder; name an empty or new one")
    foreign = [p.name for p in sorted(out.iterdir()) if p.name not in NAMES] if out.is_dir() else []
    if foreign:
        raise StoreError(
            f"{out} holds {len(foreign)} files that `curate evidence` did not write, such as {foreign[0]!r}; "
            "an empty or new folder is needed"
        )
