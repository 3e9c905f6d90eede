"""Recent files: what was opened by path, per home, newest first. Uploads belong to their session and are not listed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from curate.errors import CurateError
from curate.store import Store, files

FILE = "recent.json"
MOST = 8


@dataclass(frozen=True, slots=True)
class Opened:
    """One set of files that was opened together, with their sizes and times then."""

    paths: tuple[str, ...]
    frozen: tuple[str, ...]
    stamps: tuple[str, ...] = ()

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
        return tuple(Opened(tuple(o["paths"]), tuple(o["frozen"]), tuple(o["stamps"])) for o in found)[:MOST]
    except (OSError, ValueError, TypeError, KeyError):
        return ()


def add(paths: Sequence[Path], frozen: Sequence[Path]) -> None:
    """Puts a set of files first; a home that can't be written is no reason to fail."""
    new = Opened(tuple(map(str, paths)), tuple(map(str, frozen)), stamps((*paths, *frozen)))
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
