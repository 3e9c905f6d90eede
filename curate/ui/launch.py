"""launch: the app from the command line, in place of this process."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from curate.errors import BackendError, DataError

PORTS = range(1, 65_536)


def launch(paths: Iterable[str | os.PathLike[str]] = (), port: int | None = None) -> None:
    """Becomes `streamlit run app.py -- PATHS...`; the link is printed once the server listens. Does not return.

    Errors: DataError (a path that is no file, a port out of range), BackendError (the app's files are not installed).
    """
    files = [Path(p).absolute() for p in paths]
    for path in files:
        if not path.is_file():
            raise DataError(f"{path.name}: no such file; give JSONL, JSON, CSV or Parquet files")
    command = command_line(files, port)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(command[0], command)


def command_line(files: Iterable[Path] = (), port: int | None = None) -> list[str]:
    """The command that serves the app."""
    if port is not None and port not in PORTS:
        raise DataError(f"port {port}; allowed are 1 to {PORTS[-1]}")
    command = [sys.executable, "-m", "streamlit", "run", str(app_file())]
    if port is not None:
        command += ["--server.port", str(port)]
    return [*command, "--", *map(str, files)]


def app_file() -> Path:
    """app.py of the checkout that this package was installed from. Errors: BackendError when it is not there."""
    path = Path(__file__).resolve().parents[2] / "app.py"
    if not path.is_file():
        raise BackendError("the app's files are not beside the package; install from a checkout: pip install -e .")
    return path
