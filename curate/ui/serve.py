"""Serving: what `st.App` gets, the one line with the link, and everything that leans on Streamlit's private parts.

Each private part is tried at start; where one is gone the app still runs, without what it gave, and says so once.
"""

from __future__ import annotations

import os
import re
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

from curate.ui import incidents
from curate.ui.guard import LOOPBACK, Guard

_TOKEN = re.compile(r"[A-Za-z0-9._~-]+")


@cache
def token() -> str:
    """The launch token of this process: `CURATE_TOKEN`, else a fresh random one."""
    given = os.environ.get("CURATE_TOKEN")
    if given and not _TOKEN.fullmatch(given):
        raise SystemExit("curate: CURATE_TOKEN may hold letters, digits and - . _ ~ only")
    return given or secrets.token_urlsafe(24)


def options() -> dict[str, Any]:
    """Keyword arguments of `st.App`."""
    from starlette.middleware import Middleware

    from curate.ui import jobs, map_routes

    incidents.quiet_streamlit()
    for part in missing_parts():
        sys.stderr.write(f"curate: this Streamlit has no {part}; the app runs without it\n")
    jobs.preload(tuple(sys.argv[1:]))
    return {
        "middleware": [Middleware(Guard, token=token())],
        "routes": map_routes.routes(),
        "lifespan": _lifespan,
        "on_script_error": incidents.on_script_error,
    }


@asynccontextmanager
async def _lifespan(_: Any) -> AsyncIterator[dict[str, Any]]:
    _frame_every_page()
    sys.stdout.write(link() + "\n")
    sys.stdout.flush()
    yield {}


def link() -> str:
    """The line that is printed at start."""
    import streamlit as st

    address = str(st.get_option("server.address") or LOOPBACK[0])
    name = f"[{address}]" if ":" in address else address
    return f"curate: http://{name}:{st.get_option('server.port')}/?token={token()}"


def missing_parts() -> tuple[str, ...]:
    """Private parts of Streamlit that we use and that are not there."""
    try:
        from streamlit.runtime.pages_manager import PagesManager
    except ImportError:
        return ("PagesManager",)
    return () if hasattr(PagesManager, "uses_pages_directory") else ("PagesManager.uses_pages_directory",)


def _frame_every_page() -> None:
    """A folder `pages` makes Streamlit show its first visitor a page-not-found notice; app.py names its pages."""
    if not missing_parts():
        from streamlit.runtime.pages_manager import PagesManager

        PagesManager.uses_pages_directory = False
