"""A folder of finished work, each entry named by what it follows from.

    home/KIND/KK/KEY/...          a published entry: its files and `complete.json`, written last
    home/tmp/KIND-<pid>-<random>  work in progress; swept once its process is dead

An entry is immutable: whole or absent; a damaged one counts as absent. No pickle anywhere.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import secrets
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.errors import StoreError
from curate.store import files
from curate.store.rows import KIND as ROWS
from curate.store.rows import damaged_shards

MARKER = "complete.json"
SMALL = 1 << 16
ADVICE = "the store needs free space in a folder of yours; set CURATE_HOME to another one"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


@dataclass(frozen=True, slots=True)
class Kind:
    """How much of one kind the store holds."""

    name: str
    entries: int
    bytes: int


def default_home() -> Path:
    """`CURATE_HOME`, else `curate` in the platform's cache folder."""
    if named := os.environ.get("CURATE_HOME"):
        return Path(named).expanduser().absolute()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "curate"
    cache = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(cache) if cache.startswith("/") else Path.home() / ".cache") / "curate"


class Store:
    """Finished work on disk, shared by this user's processes. `home` is made (0700) on first write."""

    def __init__(self, home: Path | str | None = None) -> None:
        self.home = default_home() if home is None else Path(home).expanduser().absolute()
        self._swept = False

    def __repr__(self) -> str:
        return f"Store({self.home})"

    def folder(self, *parts: str) -> Path:
        """A folder below home, made with mode 0700 when missing. Raises StoreError when it can't be."""
        with files.disk(self.home, ADVICE):
            _private_home(self.home)
            path = self.home
            for part in parts:
                path = path / part
                with contextlib.suppress(FileExistsError):
                    path.mkdir(files.PRIVATE_FOLDER)
        return path

    def find(self, kind: str, key: str) -> Path | None:
        """The published entry's folder, or None. Sizes and small files are checked; a bad entry is a miss."""
        path = self._path(kind, key)
        return path if _whole(path, full=False) else None

    @contextlib.contextmanager
    def publish(self, kind: str, key: str) -> Iterator[Path]:
        """Yields an empty folder to fill with plain files; on clean exit it becomes the entry, durably.

        On error nothing is published. When a whole entry stands there already, the new one is thrown away;
        a damaged one is replaced.
        """
        target = self._path(kind, key)
        self._sweep_once()
        with self._temporary(kind) as folder:
            yield folder
            with files.disk(self.home, ADVICE):
                _seal(folder)
                self.folder(kind, key[:2])
                _place(folder, target)

    def sweep(self) -> None:
        """Removes temporary folders whose process is dead."""
        for leftover in _entries(self.home / "tmp"):
            if files.owner_is_dead(leftover):
                files.remove_tree(leftover)

    def check(self) -> tuple[str, ...]:
        """Names of damaged entries ("kind/key"), every byte read."""
        entries = [(kind, path) for kind, path in self._published() if not kind.startswith(ROWS)]
        found = [f"{kind}/{path.name}" for kind, path in entries if not _whole(path, full=True)]
        return (*found, *damaged_shards(self))

    def info(self) -> tuple[Kind, ...]:
        """Kinds in the store with entries and bytes, by name. The workspace database is not among them."""
        totals: dict[str, tuple[int, int]] = {}
        for kind, path in self._published():
            entries, size = totals.get(kind, (0, 0))
            totals[kind] = (entries + 1, size + _size(path))
        return tuple(Kind(name, *totals[name]) for name in sorted(totals))

    def clear(self, kind: str | None = None) -> int:
        """Removes every entry (of one kind) and stale temporaries; returns the bytes freed.

        People's decisions live in the workspace database and stay.
        """
        self.sweep()
        freed = 0
        for name, path in list(self._published()):
            if kind in (None, name):
                freed += _size(path)
                self._discard(path)
        return freed

    def _published(self) -> Iterator[tuple[str, Path]]:
        for kind in _entries(self.home):
            if kind.name == "tmp" or kind.is_symlink():
                continue
            for prefix in _entries(kind):
                yield from ((kind.name, path) for path in _entries(prefix) if path.name[:2] == prefix.name)

    def _path(self, kind: str, key: str) -> Path:
        if kind == "tmp" or not _NAME.fullmatch(kind) or not _NAME.fullmatch(key) or len(key) < 3:
            raise StoreError(f"a store entry named {kind!r}/{key!r}; letters, digits, '.', '_' and '-' are allowed")
        return self.home / kind / key[:2] / key

    @contextlib.contextmanager
    def _temporary(self, kind: str) -> Iterator[Path]:
        folder = self.folder("tmp") / f"{kind}-{os.getpid()}-{secrets.token_hex(8)}"
        folder.mkdir(files.PRIVATE_FOLDER)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield folder
        finally:
            os.close(descriptor)
            files.remove_tree(folder)

    def _sweep_once(self) -> None:
        if not self._swept:
            self.sweep()
            self._swept = True

    def _discard(self, path: Path) -> None:
        # Renamed first: find would have to judge a half-removed entry for as long as that takes.
        grave = self.folder("tmp") / f"grave-{os.getpid()}-{secrets.token_hex(8)}"
        with contextlib.suppress(FileNotFoundError):
            path.rename(grave)
            files.remove_tree(grave)


def write_array(folder: Path, name: str, array: NDArray[Any]) -> None:
    """`folder/name.npy` with the array; numbers and fixed-width bytes only."""
    with files.create(folder / f"{name}.npy") as file:
        np.lib.format.write_array(file, np.asarray(array, order="C"), allow_pickle=False)


def read_array(folder: Path, name: str) -> NDArray[Any]:
    """The array of `folder/name.npy`, memory-mapped read-only. Raises StoreError when it is damaged."""
    path = folder / f"{name}.npy"
    try:
        try:
            array = np.load(path, mmap_mode="r", allow_pickle=False)
        except ValueError:  # an empty array can't be mapped
            array = np.load(path, allow_pickle=False)
            if array.size:
                raise
    except Exception as error:  # numpy's header parser raises several kinds on damage
        raise StoreError(
            f"{path.name} in the store can't be read ({type(error).__name__}); run `curate store clear`"
        ) from None
    array.flags.writeable = False
    return array  # type: ignore[no-any-return]


def _private_home(home: Path) -> None:
    try:
        home.mkdir(files.PRIVATE_FOLDER, parents=True)
    except FileExistsError:
        # A folder of the user's that already holds other things keeps its mode; ours below it are private.
        status = home.stat()
        if status.st_mode & 0o077 and status.st_uid == os.geteuid() and not _entries(home):
            home.chmod(files.PRIVATE_FOLDER)


def _seal(folder: Path) -> None:
    """Makes files private, puts them on disk, then writes the marker that says so."""
    listed = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise StoreError(f"{path.name} in a store entry is no plain file")
        path.chmod(files.PRIVATE_FOLDER if path.is_dir() else files.PRIVATE_FILE)
        if path.is_file():
            listed[path.relative_to(folder).as_posix()] = [path.stat().st_size, files.digest(path)]
    files.sync_tree(folder)
    body = json.dumps(listed, sort_keys=True, separators=(",", ":"))
    files.write_new(folder / MARKER, f"{sha256(body.encode()).hexdigest()}\n{body}\n".encode())
    files.sync_folder(folder)


def _place(folder: Path, target: Path) -> None:
    """Renames a sealed folder to its name; loses quietly to a whole entry that came first."""
    for _ in range(3):
        try:
            folder.rename(target)
            files.sync_folder(target.parent)
            return
        except OSError:
            if _whole(target, full=False):
                return
            grave = folder.with_name(f"grave-{os.getpid()}-{secrets.token_hex(8)}")
            with contextlib.suppress(FileNotFoundError):
                target.rename(grave)
            files.remove_tree(grave)
    raise StoreError(f"the store entry {target.name} can't be placed; run `curate store clear`")


def _whole(folder: Path, *, full: bool) -> bool:
    """True when the marker is intact and every file has its size (and, small or `full`, its checksum)."""
    try:
        stamp, body, rest = (folder / MARKER).read_text("utf-8").split("\n")
        if rest or sha256(body.encode()).hexdigest() != stamp:
            return False
        for name, (size, checksum) in json.loads(body).items():
            path = folder / name
            if path.is_symlink() or path.stat().st_size != size:
                return False
            if (full or size <= SMALL) and files.digest(path) != checksum:
                return False
    except (OSError, ValueError, TypeError, AttributeError):
        return False
    return True


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _size(path: Path) -> int:
    total = 0
    # os.walk, unlike rglob, bears with an entry that another process clears meanwhile.
    for base, _, names in os.walk(path):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                total += Path(base, name).lstat().st_size
    return total
