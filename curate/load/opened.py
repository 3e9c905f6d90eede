"""An input file opened once: regular files only, hashed as it is read, decompressed with caps, unchanged meanwhile."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from curate.errors import DataError
from curate.load.limits import Limits

BLOCK = 2 << 20
GZ_MAGIC = b"\x1f\x8b"
_NO_DATA = {
    ".npy": "it is a NumPy array, not rows of text", ".npz": "it is a NumPy archive, not rows of text",
    ".pkl": "a pickle can run code when it is read", ".pickle": "a pickle can run code when it is read",
    ".pt": "a PyTorch file can run code when it is read", ".pth": "a PyTorch file can run code when it is read",
    ".joblib": "a joblib file can run code when it is read", ".feather": "Feather is not read; save it as Parquet", ".zip": "archives are not unpacked",
    ".tar": "archives are not unpacked", ".tgz": "archives are not unpacked", ".7z": "archives are not unpacked",
    ".xml": "XML has no fixed row shape", ".xlsx": "spreadsheets are not read; save the sheet as CSV",
    ".xls": "spreadsheets are not read; save the sheet as CSV", ".zst": "only gzip is read; unpack it first",
    ".bz2": "only gzip is read; unpack it first", ".xz": "only gzip is read; unpack it first",
    ".bin": "it is not rows of text", ".safetensors": "it holds model weights", ".html": "HTML has no fixed row shape",
    ".yaml": "YAML is not read; convert it to JSONL", ".yml": "YAML is not read; convert it to JSONL",
}  # fmt: skip
ALLOWED = "JSONL, JSON, CSV, TSV, TXT (each also as .gz), Parquet and Arrow"


@dataclass
class Opened:
    """A regular file being read. `blocks()` may run once; then `sha256`, `plain_sha256` and `cut` are known.

    `cut` says why a gzip stream ended early ("" when it didn't): what came before it is data.
    """

    path: Path
    name: str
    limits: Limits
    fd: int = -1
    size: int = 0
    compressed: bool = False
    sha256: str = ""
    plain_sha256: str = ""
    cut: str = ""
    notes: list[str] = field(default_factory=list)
    _before: tuple[int, ...] = ()

    def __enter__(self) -> Opened:
        refuse_by_name(self.path, self.name)
        try:
            self.fd = os.open(self.path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        except OSError as e:
            raise DataError(f"{self.name}: can't be opened ({_why(e)}); check the path and its permissions") from None
        found = os.fstat(self.fd)
        if not stat.S_ISREG(found.st_mode):
            os.close(self.fd)
            what = "a folder" if stat.S_ISDIR(found.st_mode) else "no regular file (a pipe or device)"
            raise DataError(f"{self.name}: is {what}; give regular files: {ALLOWED}")
        self.size, self._before = found.st_size, _stamp(found)
        self.compressed = self.path.name.lower().endswith(".gz")
        return self

    def __exit__(self, _t: type[BaseException] | None, _e: BaseException | None, _tb: TracebackType | None) -> None:
        os.close(self.fd)

    @property
    def stamp(self) -> tuple[int, ...]:
        """Device, inode, size and time of the file as it was opened."""
        return self._before

    def rewind(self) -> None:
        """Start over; hashes are taken again."""
        os.lseek(self.fd, 0, os.SEEK_SET)
        self.cut = ""

    def blocks(self, head: bool = False) -> Iterator[bytes]:
        """The file's decompressed bytes. Raises DataError when it changed meanwhile or breaks a cap.

        head: only the start is wanted, so the caps are not looked at for the whole file first.
        """
        if self.compressed and not head and self.size * self.limits.ratio > self.limits.ratio_floor:
            self._measure()
        digest, plain = hashlib.sha256(), hashlib.sha256()
        source = self._read(digest)
        if not self.compressed:
            yield from source
            self.sha256 = self.plain_sha256 = digest.hexdigest()
        else:
            for block in self._unpack(source):
                plain.update(block)
                yield block
            for _ in source:
                pass
            self.sha256, self.plain_sha256 = digest.hexdigest(), plain.hexdigest()
        self.unchanged()

    def unchanged(self) -> None:
        """Raise DataError when the file on disk is no longer what was opened."""
        try:
            now = os.fstat(self.fd)
        except OSError as e:
            raise DataError(f"{self.name}: can't be read ({_why(e)})") from None
        if _stamp(now) != self._before:
            raise self._changed()

    def _changed(self) -> DataError:
        return DataError(f"{self.name}: the file changed while it was read; load it again once it is complete")

    def _read(self, digest: hashlib._Hash) -> Iterator[bytes]:
        done = 0
        while True:
            try:
                block = os.read(self.fd, BLOCK)
            except OSError as e:
                raise DataError(f"{self.name}: can't be read ({_why(e)})") from None
            if not block:
                return
            done += len(block)
            if done > self.size:  # else a file that grows as fast as it is read would never end
                raise self._changed()
            digest.update(block)
            yield block

    def _measure(self) -> None:
        """Unpack once for the caps alone: a bomb of tiny rows would keep the parser busy for minutes before it broke one."""
        unpacker, fed, made, at = zlib.decompressobj(31), 0, 0, 0
        try:
            while todo := os.pread(self.fd, BLOCK, at):
                at += len(todo)
                while todo:
                    made += len(unpacker.decompress(todo, BLOCK))
                    rest = unpacker.unconsumed_tail or unpacker.unused_data
                    fed += len(todo) - len(rest)
                    self._cap(made, fed)
                    if unpacker.eof:
                        rest = rest.lstrip(b"\0")
                        unpacker = zlib.decompressobj(31)
                    todo = rest
        except (OSError, zlib.error):
            return  # found again, and said, by the reading itself

    def _unpack(self, source: Iterator[bytes]) -> Iterator[bytes]:
        first = next(source, b"")
        if not first.startswith(GZ_MAGIC):
            raise DataError(f"{self.name}: is named .gz but is no gzip file; rename it without .gz, or compress it")
        unpacker, fed, made, todo = zlib.decompressobj(31), len(first), 0, first
        try:
            while True:
                block = unpacker.decompress(todo, BLOCK)
                made += len(block)
                self._cap(made, fed)
                if block:
                    yield block
                todo = unpacker.unconsumed_tail or unpacker.unused_data
                if unpacker.eof:
                    if not todo:
                        todo = next(source, b"")
                        fed += len(todo)
                    if not todo.strip(b"\0"):
                        return
                    unpacker = zlib.decompressobj(31)
                elif not todo:
                    todo = next(source, b"")
                    fed += len(todo)
                    if not todo and not block:
                        self.cut = "the gzip stream ends too early"
                        return
        except zlib.error:
            self.cut = "the gzip stream is damaged" if made else ""
            if not made:
                raise DataError(f"{self.name}: the gzip stream is damaged from its start; fetch it again") from None

    def _cap(self, made: int, fed: int) -> None:
        if made > self.limits.plain:
            raise DataError(
                f"{self.name}: unpacks to more than {self.limits.plain:,} bytes; split it, or raise --limit plain=N"
            )
        if made > self.limits.ratio_floor and made > fed * self.limits.ratio:
            raise DataError(
                f"{self.name}: unpacks to more than {self.limits.ratio:g} times its size, as decompression bombs do;"
                " if it is genuine, unpack it with gunzip and load that, or raise --limit ratio=N"
            )


def refuse_by_name(path: Path, name: str) -> None:
    """Raise DataError for kinds of file that are never read, with the reason."""
    ending = path.suffix.lower()
    if ending in _NO_DATA:
        raise DataError(f"{name}: {ending} is not read, {_NO_DATA[ending]}; allowed: {ALLOWED}")


def file_sha256(path: Path, name: str) -> str:
    """SHA-256 of a regular file as it lies on disk."""
    with Opened(path, name, Limits()) as opened:
        opened.compressed = False
        for _ in opened.blocks():
            pass
        return opened.sha256


def _stamp(found: os.stat_result) -> tuple[int, ...]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _why(e: OSError) -> str:
    return errno.errorcode.get(e.errno or 0, "") + " " + (os.strerror(e.errno) if e.errno else "unknown reason")
