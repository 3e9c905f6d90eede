"""Does an export still say what it said? Every byte is read; any changed one is named by its file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from curate.errors import StoreError
from curate.ship.ledger import Count
from curate.ship.publish import CURRENT, MANIFEST, VERSIONS, current, damage
from curate.ship.rebuild import rebuild_version

_DONE = {"keep": "kept", "drop": "dropped", "review": "review", "frozen": "frozen"}


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One thing that does not hold, and in which file of the export."""

    path: str
    what: str


Derive = Callable[[Path], Iterable[Mismatch]]


def verify(out: Path, derive: Derive | None = None) -> tuple[Mismatch, ...]:
    """Mismatches of the current version of `out` (or of a version folder itself); () = everything holds.

    Checks every hash, that no file is missing or new, that the ledger balances and that every input can be rebuilt.
    run.json is outside. derive: called with the version folder when all of that holds, to compare verdicts made anew.
    Raises StoreError when there is no export at all.
    """
    version = version_of(out)
    if isinstance(version, Mismatch):
        return (version,)
    if bad := damage(version.resolve()):
        return tuple(Mismatch(path, what) for path, what in bad.items())
    found = (*_balance(version), *_rebuilt(version))
    return found or tuple(derive(version) if derive else ())


def version_of(out: Path) -> Path | Mismatch:
    """The version folder that `out` is or names, or what is wrong. Raises StoreError when there is no export at all."""
    out = Path(out)
    if (out / MANIFEST).exists():
        return out
    if not (out / CURRENT).exists() and not (out / VERSIONS).is_dir():
        raise StoreError(f"{out} holds no export; run `curate run DATA --out {out}`")
    try:
        version = current(out)
    except StoreError:
        return Mismatch(CURRENT, "does not name a version")
    return version if version.is_dir() else Mismatch(CURRENT, "names a version that is not there")


def _balance(version: Path) -> Iterator[Mismatch]:
    """Recounts verdicts and malformed rows against the lineage."""
    lineage = _lineage(version)
    seen: dict[str, dict[str, int]] = {}
    table = pq.read_table(version / "verdicts.parquet", columns=["source", "action"])
    for group in table.group_by(["source", "action"]).aggregate([([], "count_all")]).to_pylist():
        seen.setdefault(group["source"], {})[_DONE[group["action"]]] = group["count_all"]
    with (version / "malformed.jsonl").open("rb") as file:
        for line in file:
            part = seen.setdefault(json.loads(line)["source"], {})
            part["malformed"] = part.get("malformed", 0) + 1
    for source in lineage["sources"]:
        stated = Count(**source["rows"])
        counted = seen.get(source["name"], {})
        wrong = [k for k in (*_DONE.values(), "malformed") if getattr(stated, k) != counted.get(k, 0)]
        if wrong or not stated.balances:
            yield Mismatch("lineage.json", f"{source['name']}: the ledger does not balance ({', '.join(wrong)})")


def _rebuilt(version: Path) -> Iterator[Mismatch]:
    lineage = _lineage(version)
    for source in lineage["sources"]:
        if source["role"] == "pool" and source["container"] == "parquet":
            continue
        found = hashlib.sha256()
        try:
            for piece in rebuild_version(version, source["name"]):
                found.update(piece)
        except StoreError as error:
            yield Mismatch("ledger.parquet", str(error))
            continue
        if found.hexdigest() != source["plain_sha256"]:
            yield Mismatch("ledger.parquet", f"{source['name']} can't be rebuilt from this export")


def _lineage(version: Path) -> dict[str, Any]:
    return json.loads((version / "lineage.json").read_text("utf-8"))  # type: ignore[no-any-return]
