"""What went wrong on our side: a private file with the places of the error, never the text of a row.

An exception's own text can hold a row, and people attach such files to reports; so places and types are written, no text.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import traceback
from collections.abc import Iterator

from curate.errors import CurateError
from curate.store import Store

FOLDER = "log"
KEPT = 20


def record(error: BaseException) -> str:
    """Writes the error's places below CURATE_HOME, readable by its owner only; returns the path.

    When even that fails, says so in place of a path: reporting an error must not raise another.
    """
    try:
        folder = Store().folder(FOLDER)
        for old in sorted(folder.glob("*.txt"), key=lambda p: p.stat().st_mtime_ns, reverse=True)[KEPT - 1 :]:
            with contextlib.suppress(OSError):
                old.unlink()
        path = folder / f"{secrets.token_hex(4)}.txt"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8", errors="backslashreplace") as file:
            file.writelines(_lines(error))
        return str(path)
    except (OSError, CurateError):
        place = next(reversed(traceback.extract_tb(error.__traceback__)), None)
        return f"no file (CURATE_HOME can't be written); it happened in {place.name if place else '?'}"


def _lines(error: BaseException | None) -> Iterator[str]:
    """Types and places, the error's causes after it."""
    while error is not None:
        yield f"{type(error).__module__}.{type(error).__qualname__}\n"
        yield from (f"    {f.filename}:{f.lineno} {f.name}\n" for f in traceback.extract_tb(error.__traceback__))
        error = error.__cause__ or error.__context__
