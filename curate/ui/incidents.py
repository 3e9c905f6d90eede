"""Errors on a page: an incident id for the person, the details in the log file only, never row text.

Tracebacks are written as places (file, line, function): the text of an exception can hold a row.
"""

from __future__ import annotations

import logging
import os
import secrets
import traceback
from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from curate.errors import Cancelled, CurateError
from curate.store import Store
from curate.ui import inert

LOG = "app.log"
LONGEST = 1 << 20


def record(error: BaseException) -> str:
    """Writes the error to the log and returns its incident id."""
    incident = secrets.token_hex(4)
    stamp = datetime.now(UTC).isoformat(timespec="seconds")
    places = "".join(f"    {f.filename}:{f.lineno} {f.name}\n" for f in traceback.extract_tb(error.__traceback__))
    said = f" {error}" if isinstance(error, CurateError) else ""
    _append(f"{stamp} incident {incident} {type(error).__name__}{said}\n{places}")
    return incident


def show(error: Exception) -> None:
    """The error as a person sees it: our own sentence, or an incident id."""
    if isinstance(error, Cancelled):
        st.info(inert.label(str(error), 600), icon=":material/stop_circle:")
    elif isinstance(error, CurateError):
        st.error(inert.label(str(error), 600), icon=":material/error:")
    else:
        st.error(_sentence(record(error)), icon=":material/error:")


def on_script_error(error: Exception) -> bool:
    """What Streamlit calls for an error outside of a page; True: we have shown it."""
    show(error)
    return True


def quiet_streamlit() -> None:
    """Streamlit logs uncaught errors with their text; ours go to the log file without it."""
    logging.getLogger("streamlit.error_util").disabled = True


def log_path() -> Path:
    return Store().home / LOG


def _sentence(incident: str) -> str:
    return (
        f"Something went wrong on our side (incident {incident}). Nothing was lost: what was measured and decided is "
        "kept. Reload the page; the details are in the log file that `curate store info` names."
    )


def _append(text: str) -> None:
    """Appends to the log, which never grows past `LONGEST` bytes twice over."""
    try:
        path = Store().folder() / LOG
        if path.exists() and path.stat().st_size > LONGEST:
            path.replace(path.with_suffix(".log.1"))
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except (OSError, CurateError):
        return
