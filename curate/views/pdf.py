"""The report as PDF: printed by a Chromium that is on the machine, so that no library is needed for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from curate.errors import BackendError
from curate.store import files

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge", "microsoft-edge")
FLAGS = ("--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-pdf-header-footer")  # fmt: skip
SECONDS = 180


def browser() -> str:
    """The browser's path: CURATE_BROWSER, else the first of NAMES that is found. Errors: BackendError."""
    found = os.environ.get("CURATE_BROWSER") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise BackendError(
            f"a PDF is printed by a browser and none of {', '.join(NAMES[:3])} is here; install one, name it in "
            "CURATE_BROWSER, or write NAME.html and print that"
        )
    return found


def print_pdf(html: str, out: Path) -> None:
    """Writes the page as PDF, whole or not at all. The page holds no script and may load nothing. Errors: BackendError, StoreError."""
    root = ("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()  # Chromium refuses root with one
    with tempfile.TemporaryDirectory(prefix="curate-pdf-") as folder:
        page, made = Path(folder, "report.html"), Path(folder, "report.pdf")
        page.write_text(html, "utf-8")
        words = [browser(), *FLAGS, *root, f"--user-data-dir={folder}/profile", f"--print-to-pdf={made}", page.as_uri()]
        try:
            done = subprocess.run(words, capture_output=True, timeout=SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise BackendError(
                f"{words[0]} could not print ({type(error).__name__}); write NAME.html and print that"
            ) from None
        if not made.is_file():
            raise BackendError(
                f"{words[0]} ended with {done.returncode} and printed nothing; write NAME.html and print that"
            )
        with files.disk(out, "nothing was written; choose another folder"):
            out.parent.mkdir(parents=True, exist_ok=True)
            files.replace(out, made.read_bytes(), 0o644)
