"""Where the app may read and write: roots checked after links are resolved; uploads under their sha256.

`CURATE_ROOTS` (folders, separated like PATH) names the roots; without it they are the folder the app was started in,
the folders of files given on the command line, and the sample data. Hidden files and folders are never inside.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from curate.errors import DataError
from curate.load.files import display
from curate.store import Store
from curate.ui import jobs

ENDINGS = (".jsonl", ".json", ".jsonl.gz", ".json.gz", ".ndjson", ".csv", ".tsv", ".parquet")
DEPTH = 3
MOST = 300
SAMPLE = Path(__file__).resolve().parents[2] / "sample_data"
BLOCK = 1 << 20


def roots() -> tuple[Path, ...]:
    """Folders below which files may be opened and written."""
    named = os.environ.get("CURATE_ROOTS")
    asked = (
        [Path(p) for p in named.split(os.pathsep) if p]
        if named
        else [Path.cwd(), *(p.parent for p in jobs.preloaded())]
    )
    found = [p.expanduser().resolve() for p in (*asked, SAMPLE)]
    return tuple(dict.fromkeys(p for p in found if p.is_dir()))


def allowed(path: str | Path) -> Path:
    """The resolved path. Errors: DataError when it is outside of the roots, hidden or not a path at all."""
    try:
        found = Path(path).expanduser().resolve()
    except (OSError, ValueError, RuntimeError):
        raise DataError("that is not a path; give the path of a file") from None
    if found in jobs.preloaded() or any(_inside(found, root) for root in roots()):
        return found
    where = ", ".join(str(r) for r in roots())
    raise DataError(
        f"{display(found.name)}: outside of the folders that the app may use ({where}); "
        "start it in the folder of the data, or set CURATE_ROOTS"
    )


def _inside(path: Path, root: Path) -> bool:
    if not path.is_relative_to(root):
        return False
    return not any(part.startswith(".") for part in path.relative_to(root).parts)


def data_files() -> list[str]:
    """Files below the roots that look like data, nearest first."""
    found: list[str] = []
    for root in roots():
        found += sorted(_walk(root), key=lambda p: (p.count(os.sep), p))
    return list(dict.fromkeys(found))[:MOST]


def _walk(root: Path) -> Iterator[str]:
    count = 0
    for base, folders, names in os.walk(root):
        depth = len(Path(base).relative_to(root).parts)
        folders[:] = sorted(
            f
            for f in folders
            if not f.startswith((".", "__")) and f not in ("node_modules", "versions", "build", "dist")
        )
        if depth >= DEPTH:
            folders.clear()
        for name in names:
            if name.lower().endswith(ENDINGS) and not name.startswith("."):
                yield os.path.join(base, name)  # noqa: PTH118
                count += 1
        if count > MOST:
            return


def sample_files() -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """The sample data: pool files and evaluation files."""
    return (SAMPLE / "helpdesk.jsonl", SAMPLE / "medical.jsonl"), (SAMPLE / "evaluation.jsonl",)


def keep_upload(name: str, data: memoryview | bytes) -> Path:
    """An uploaded file on disk. Its name is for display only; its folder is named by its sha256."""
    shown = display(name.replace("\\", "/").rsplit("/", 1)[-1])[:120].lstrip(".") or "upload"
    folder = Store().folder("uploads", hashlib.sha256(data).hexdigest())
    path = folder / shown
    if not path.is_file() or path.stat().st_size != len(data):
        temporary = folder / f".{os.getpid()}.part"
        with temporary.open("wb") as file:
            for start in range(0, len(data), BLOCK):
                file.write(data[start : start + BLOCK])
        temporary.replace(path)
    return path


def out_folder(path: str) -> Path:
    """A folder that an export may write to. Errors: DataError outside of the roots."""
    if not path.strip():
        raise DataError("no folder was given; name one below the folder that the app was started in")
    return allowed(path.strip())


def sizes(paths: Iterable[Path]) -> int:
    """Bytes of the files that are there."""
    return sum(p.stat().st_size for p in paths if p.is_file())
