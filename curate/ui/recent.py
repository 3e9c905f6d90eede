"""Recent files: what was opened by path, per home, newest first. Uploads belong to their session and are not listed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from curate.errors import CurateError
from curate.load import ColumnMap
from curate.store import Store, files

FILE = "recent.json"
MOST = 8


@dataclass(frozen=True, slots=True)
class Opened:
    """One set of files that was opened together, with their sizes and times then."""

    paths: tuple[str, ...]
    frozen: tuple[str, ...]
    stamps: tuple[str, ...] = ()
    maps: tuple[tuple[str, str], ...] = ()

    @property
    def mapping(self) -> dict[str, ColumnMap]:
        """Columns named by hand when it was opened, by file name."""
        return {name: ColumnMap.parse(text) for name, text in self.maps}

    @property
    def name(self) -> str:
        first = Path(self.paths[0]).name if self.paths else Path(self.frozen[0]).name
        more = len(self.paths) + len(self.frozen) - 1
        return f"{first} and {more} more" if more else first

    @property
    def present(self) -> bool:
        return all(Path(p).is_file() for p in (*self.paths, *self.frozen))


def listed() -> tuple[Opened, ...]:
    """What was opened, newest first; a damaged list is an empty one."""
    try:
        found = json.loads((Store().home / FILE).read_text("utf-8"))
        return tuple(_opened(o) for o in found)[:MOST]
    except (OSError, ValueError, TypeError, KeyError):
        return ()


def _opened(held: dict[str, Any]) -> Opened:
    maps = tuple((str(name), str(text)) for name, text in held.get("maps", ()))
    return Opened(tuple(held["paths"]), tuple(held["frozen"]), tuple(held["stamps"]), maps)


def remembered(paths: Sequence[Path], frozen: Sequence[Path]) -> dict[str, ColumnMap]:
    """Columns named by hand when exactly these files were open before; none when one of them has changed since."""
    wanted = tuple(map(str, paths)), tuple(map(str, frozen)), stamps((*paths, *frozen))
    found = next((o for o in listed() if (o.paths, o.frozen, o.stamps) == wanted), None)
    return found.mapping if found else {}


def add(paths: Sequence[Path], frozen: Sequence[Path], mapping: Mapping[str, ColumnMap] | None = None) -> None:
    """Puts a set of files first; a home that can't be written is no reason to fail. Uploads are passed over."""
    if any(p.is_relative_to(Store().home) for p in (*paths, *frozen)):
        return
    maps = tuple((name, str(columns)) for name, columns in (mapping or {}).items())
    new = Opened(tuple(map(str, paths)), tuple(map(str, frozen)), stamps((*paths, *frozen)), maps)
    kept = [o for o in listed() if (o.paths, o.frozen) != (new.paths, new.frozen)]
    try:
        files.replace(Store().folder() / FILE, json.dumps([asdict(o) for o in (new, *kept)][:MOST]).encode())
    except (OSError, CurateError):
        return


def stamps(paths: Sequence[Path]) -> tuple[str, ...]:
    """Size and time of each file: differs once a file was changed on disk."""
    return tuple(_stamp(p) for p in paths)


def _stamp(path: Path) -> str:
    try:
        status = path.stat()
        return f"{status.st_size}-{status.st_mtime_ns}"
    except OSError:
        return "gone"
