"""Version folders that are whole or absent, and one pointer that names the current one.

    stage .partial -> fsync files -> manifest -> fsync -> rename to versions/NAME -> fsync -> replace CURRENT -> fsync

A reader that resolves CURRENT once sees the old version or the new one, after kill -9 and after power loss.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from curate.errors import StoreError
from curate.store import files

CURRENT = "CURRENT"
VERSIONS = "versions"
MANIFEST = "manifest.json"
RUN = "run.json"
NAME_LENGTH = 12
READ_ONLY = 0o444
_VERSION = re.compile(rf"[0-9a-f]{{{NAME_LENGTH}}}")
_OURS = re.compile(rf"{CURRENT}|{VERSIONS}|\.partial-\d+-[0-9a-f]{{16}}|\.{CURRENT}\.tmp-\d+-[0-9a-f]{{16}}")
_SHOWN = 5
ADVICE = "nothing was published and what was there is whole; free some space or choose another folder"


class Stage:
    """A version in the making: files are written once, hashed as they are written, and listed in the manifest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.listed: dict[str, dict[str, Any]] = {}

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[HashedFile]:
        """A new file of the version, listed under `name` when the block ends. Set `.rows` on it when rows count."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with files.create(path) as raw:
            file = HashedFile(raw)
            yield file
            raw.flush()
            os.fchmod(raw.fileno(), READ_ONLY)
            os.fsync(raw.fileno())
        self.listed[name] = {"sha256": file.sha256.hexdigest(), "bytes": file.bytes, "rows": file.rows}

    def write(self, name: str, text: str, rows: int | None = None) -> None:
        """One small file at once."""
        with self.open(name) as file:
            file.write(text.encode("utf-8"))
            file.rows = rows


class HashedFile:
    """A file that knows the sha256, size and rows of what was written to it; pyarrow can write to it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.sha256 = hashlib.sha256()
        self.bytes = 0
        self.rows: int | None = None
        self.closed = False

    def write(self, data: Any) -> int:
        self._file.write(data)
        self.sha256.update(data)
        size = memoryview(data).nbytes
        self.bytes += size
        return size

    def tell(self) -> int:
        return self.bytes

    def flush(self) -> None:
        self._file.flush()

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        # pyarrow closes what it wrote to; Stage closes the file when its bytes are on disk.
        self.closed = True


@contextlib.contextmanager
def staging(out: Path, needed: int = 0) -> Iterator[Stage]:
    """A new version of `out` to fill; the block must end with `publish(stage, ...)`, else nothing changes.

    needed: bytes that the version will take, asked for up front. Errors: StoreError when `out` is a link, holds
    foreign files, can't be written or the disk is full; what was published before stays whole.
    """
    with files.disk(out, ADVICE):
        _claim(out)
        _sweep(out)
        free = shutil.disk_usage(out).free
        if free < needed:
            raise StoreError(f"{out}: {needed:,} bytes are needed, {free:,} are free; free some or choose another")
        folder = out / f".partial-{os.getpid()}-{secrets.token_hex(8)}"
        folder.mkdir(0o755)
        try:
            with files.locked(folder, str(folder)):
                yield Stage(folder)
        finally:
            files.remove_tree(folder)


def publish(stage: Stage, run: dict[str, Any]) -> str:
    """Makes a staged version current and returns its name. An equal version that stands is re-used as it is."""
    out = stage.folder.parent
    manifest = json.dumps(stage.listed, sort_keys=True, indent=1, ensure_ascii=False) + "\n"
    name = version_name(manifest.encode())
    files.write_new(stage.folder / MANIFEST, manifest.encode(), READ_ONLY)
    files.write_new(stage.folder / RUN, (json.dumps(run, sort_keys=True, indent=1) + "\n").encode(), READ_ONLY)
    files.sync_tree(stage.folder)
    with files.locked(out, str(out)):
        _make(out / VERSIONS)
        _place(stage.folder, out / VERSIONS / name)
        # Durable even when CURRENT names it already: an interrupted exporter may have got this far.
        files.replace(out / CURRENT, f"{name}\n".encode(), 0o644)
    return name


def current(out: Path) -> Path:
    """The folder of the version that CURRENT names. Raises StoreError when there is none."""
    try:
        name = (out / CURRENT).read_text("ascii").removesuffix("\n")
    except (OSError, ValueError):
        raise StoreError(f"{out} holds no export (no readable {CURRENT}); run `curate run DATA --out {out}`") from None
    if not _VERSION.fullmatch(name):
        raise StoreError(f"{out / CURRENT} does not name a version; run `curate run` again")
    return out / VERSIONS / name


def version_name(manifest: bytes) -> str:
    """A version is named by its manifest, so that no byte of it can change unseen."""
    return hashlib.sha256(manifest).hexdigest()[:NAME_LENGTH]


def damage(version: Path) -> dict[str, str]:
    """{path: what is wrong} for the manifest, every file in it, and every file beside them; empty = whole."""
    try:
        data = (version / MANIFEST).read_bytes()
    except OSError:
        return {MANIFEST: "is missing"}
    found = {path.relative_to(version).as_posix() for path in version.rglob("*") if _is_leaf(path)}
    bad = {} if version_name(data) == version.name else {MANIFEST: "was changed: its hash is not the version's name"}
    try:
        listed = {str(name): (int(e["bytes"]), str(e["sha256"])) for name, e in json.loads(data).items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        return {MANIFEST: "was changed: it is no manifest"}
    bad |= dict.fromkeys(found - set(listed) - {MANIFEST, RUN}, "is not in the manifest")
    for name, (size, checksum) in listed.items():
        if name not in found or (version / name).is_symlink():
            bad[name] = "is missing"
        elif (version / name).stat().st_size != size or files.digest(version / name) != checksum:
            bad[name] = "was changed: its bytes are not the exported ones"
    return dict(sorted(bad.items()))


def _is_leaf(path: Path) -> bool:
    return path.is_symlink() or not path.is_dir()


def _claim(out: Path) -> None:
    """Makes `out` or accepts it; refuses a link and a folder with files that no export wrote."""
    if out.is_symlink():
        raise StoreError(f"{out} is a link; name the folder that it points to, or another one")
    out.mkdir(parents=True, exist_ok=True)
    foreign = [path.name for path in sorted(out.iterdir()) if not _OURS.fullmatch(path.name) or path.is_symlink()]
    versions = out / VERSIONS
    if versions.is_dir() and not versions.is_symlink():
        known = (path for path in sorted(versions.iterdir()) if path.is_symlink() or not _VERSION.fullmatch(path.name))
        foreign += [f"{VERSIONS}/{path.name}" for path in known]
    elif versions.exists():
        foreign.append(VERSIONS)
    if foreign:
        more = f" and {len(foreign) - _SHOWN} more" if len(foreign) > _SHOWN else ""
        raise StoreError(
            f"{out} holds files that no export wrote: {', '.join(map(repr, foreign[:_SHOWN]))}{more}; "
            "an empty folder or an earlier export is needed"
        )


def _sweep(out: Path) -> None:
    for leftover in sorted(out.glob(".*-*-*")):
        if _OURS.fullmatch(leftover.name) and files.owner_is_dead(leftover):
            files.remove_tree(leftover)


def _place(folder: Path, target: Path) -> None:
    if target.is_symlink() or not target.is_dir() or damage(target):
        if os.path.lexists(target):
            # A damaged version is no version: equal inputs repair it.
            target.rename(grave := folder.with_name(f".partial-{os.getpid()}-{secrets.token_hex(8)}"))
            files.remove_tree(grave)
        folder.rename(target)
    files.sync_folder(target.parent)


def _make(folder: Path) -> None:
    with contextlib.suppress(FileExistsError):
        folder.mkdir(0o755)
        files.sync_folder(folder.parent)
