"""Files that are whole or absent: exclusive temporary names, fsync, rename, fsync of the folder.

A reader sees the old bytes or the new ones, never between, after kill -9 and after power loss.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from curate.errors import StoreError

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600


def create(path: Path, mode: int = PRIVATE_FILE) -> BinaryIO:
    """A new file open for writing. An existing file or link is never opened (FileExistsError)."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.fdopen(os.open(path, flags, mode), "wb")


def write_new(path: Path, data: bytes, mode: int = PRIVATE_FILE) -> None:
    """A new file with these bytes, on disk (fsync) when this returns."""
    with create(path, mode) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def replace(path: Path, data: bytes, mode: int = PRIVATE_FILE) -> None:
    """Gives `path` these bytes atomically and durably. A link there is replaced, not followed."""
    temporary = path.with_name(temporary_name(path.name))
    try:
        write_new(temporary, data, mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_text(path: Path, text: str) -> None:
    """A result that a person asked for: UTF-8, whole or absent, readable as their umask says. Raises StoreError."""
    umask = os.umask(0o077)
    os.umask(umask)
    with disk(path, "nothing was written; free some space or choose another folder"):
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, text.encode("utf-8"), 0o666 & ~umask)


def temporary_name(name: str) -> str:
    """`.NAME.tmp-<pid>-<random>`: hidden, unguessable, and says whose it is."""
    return f".{name}.tmp-{os.getpid()}-{secrets.token_hex(8)}"


def sync_file(path: Path) -> None:
    """Puts a file's bytes on disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(path: Path) -> None:
    """Puts a folder's entries on disk: a rename is durable only after this."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Puts every file and folder below `folder` on disk, leaves first."""
    for base, _, names in os.walk(folder, topdown=False):
        for name in names:
            sync_file(Path(base, name))
        sync_folder(Path(base))


def digest(path: Path, kind: str = "sha256") -> str:
    """Hex digest of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, kind).hexdigest()


@contextlib.contextmanager
def locked(path: Path, what: str, *, wait: bool = True) -> Iterator[bool]:
    """Holds an exclusive lock on the file or folder at `path` (the file is made when missing).

    Yields True while held; with wait=False yields False at once when another process holds it.
    The kernel drops the lock when its holder dies. Raises StoreError when `path` is a link.
    """
    flags = os.O_RDONLY if path.is_dir() else os.O_RDWR | os.O_CREAT
    try:
        descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE_FILE)
    except OSError as error:
        raise StoreError(f"{what}: can't lock {path.name} ({error.strerror}); it must be a plain file") from None
    try:
        yield _flock(descriptor, wait)
    finally:
        os.close(descriptor)


def _flock(descriptor: int, wait: bool) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def disk(place: Path, advice: str) -> Iterator[None]:
    """Turns the operating system's refusals into a StoreError that names the place and what to do."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"{place} can't be written ({error.strerror or error}); {advice}") from None


def owner_is_dead(temporary: Path) -> bool:
    """True when the process that made this temporary path (`...-<pid>-<random>`) is gone.

    Two witnesses: the pid does not run here, and nobody holds a lock on it (a process in another container).
    """
    parts = temporary.name.rsplit("-", 2)
    if len(parts) < 3 or not parts[1].isdigit() or _runs(int(parts[1])):
        return False
    try:
        descriptor = os.open(temporary, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return temporary.is_symlink()
    try:
        return _flock(descriptor, wait=False)
    finally:
        os.close(descriptor)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def remove_tree(path: Path) -> None:
    """Removes a file, link or folder; read-only files inside are no obstacle, links are not followed."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    for base, _, _ in os.walk(path):
        with contextlib.suppress(OSError):
            Path(base).chmod(stat.S_IRWXU)
    shutil.rmtree(path, ignore_errors=True)
