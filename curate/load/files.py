"""What the caller asked to load: paths, names that tell files apart, roles."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from curate.errors import DataError
from curate.load.folders import expand
from curate.load.mapping import EVERY, ColumnMap, map_for

Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]


@dataclass(frozen=True, slots=True)
class Asked:
    """One file to read. `name` is its display name, unique among the files of its role."""

    path: Path
    name: str
    role: Literal["pool", "frozen"]
    columns: ColumnMap | None = None


def asked(paths: Paths, frozen: Paths, mapping: ColumnMap | Mapping[str, ColumnMap] | None = None) -> list[Asked]:
    """The files to read, pool first. Raises DataError for none, for one file given twice in one role, and for a map of a
    file that is not among them or without an answer for a pool file."""
    pool, held = _listed(paths), _listed(frozen)
    if not pool and not held:
        raise DataError("no file was given; give at least one JSONL, JSON, CSV or Parquet file")
    for some in (pool, held):
        real = [os.path.realpath(p) for p in some]
        twice = next((p for n, p in enumerate(some) if real[n] in real[:n]), None)
        if twice is not None:
            raise DataError(f"{display(twice.name)}: the file is given twice; give each once")
    names = _names([*pool, *held])
    files = [Asked(p, names[p], "pool", map_for(mapping, names[p], p.name)) for p in pool]
    files += [Asked(p, names[p], "frozen", map_for(mapping, names[p], p.name)) for p in held]
    _check_maps(files, mapping)
    return files


def _check_maps(files: list[Asked], mapping: ColumnMap | Mapping[str, ColumnMap] | None) -> None:
    known = {n for f in files for n in (f.name, f.path.name)} | {EVERY}
    stray = next((n for n in mapping if n not in known), None) if isinstance(mapping, Mapping) else None
    if stray is not None:
        raise DataError(
            f"mapping: no file is called {display(stray)}; the files are {', '.join(f.name for f in files)}"
        )
    mute = next(
        (f for f in files if f.role == "pool" and f.columns and f.columns.spoken == (f.columns.columns.get("prompt"),)),
        None,
    )
    if mute is not None:
        raise DataError(f"{mute.name}: the mapping names no answer; add response=COLUMN, or turns=COLUMN")


def _listed(paths: Paths) -> list[Path]:
    listed = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    for path in listed:
        if "\0" in os.fspath(path):
            raise DataError("a path holds a NUL character; give the path of a file")
    return [file for p in listed for file in expand(Path(p))]


def _names(paths: list[Path]) -> dict[Path, str]:
    """The shortest tail of each path that tells it from the others, its folders joined by two underscores."""
    parts = {p: p.absolute().parts for p in paths}
    taken = dict.fromkeys(paths, 1)
    while True:
        names = {p: display("__".join(parts[p][-n:])) for p, n in taken.items()}
        same = {p for p in names for q in names if names[p] == names[q] and parts[p] != parts[q]}
        grown = [p for p in same if taken[p] < len(parts[p])]
        if not grown:
            return names
        for p in grown:
            taken[p] += 1


def display(name: str) -> str:
    """A file name that can be written as UTF-8 on one line, without path separators."""
    text = name.encode("utf-8", "backslashreplace").decode()
    return "".join(c if c.isprintable() and c not in "/\\" else "_" for c in text) or "_"
