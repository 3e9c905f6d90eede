"""The report in a real browser: it opens from disk without a request or a script, and prints on pages."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cli_cases import SAMPLE, cli
from harness import FLAGS, SHOTS, chromium

pytestmark = pytest.mark.slow
LARGEST = 8_000_000  # bytes


def data() -> list[Path]:
    """The sample, or the files of CURATE_TEST_REPORT."""
    named = os.environ.get("CURATE_TEST_REPORT")
    return (
        [Path(p) for p in named.split(os.pathsep)] if named else [SAMPLE / "helpdesk.jsonl", SAMPLE / "medical.jsonl"]
    )


def test_it_opens_offline_and_prints(tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    page_file = tmp_path / "report.html"
    done = cli("report", *data(), "--out", page_file)
    assert done.code == 0, done.err
    assert page_file.stat().st_size <= LARGEST
    with sync_playwright() as run:
        browser = run.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1120, "height": 1000}, java_script_enabled=True)
        asked: list[str] = []
        said: list[str] = []
        page.on("request", lambda r: asked.append(r.url))
        page.on("console", lambda m: said.append(m.text))
        page.goto(page_file.as_uri())
        SHOTS.mkdir(exist_ok=True)
        page.screenshot(path=str(SHOTS / "report.png"), full_page=True)
        page.pdf(path=str(SHOTS / "report.pdf"), format="A4")
        assert [u for u in asked if not u.startswith("data:")] == [page_file.as_uri()]
        assert not said
        assert page.evaluate("document.scripts.length") == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= 1120
        browser.close()
