"""A server of its own and a real browser: what the slow tests of the screen share.

Chromium is Debian's, found or named by CURATE_CHROMIUM; screenshots go to `screenshots/`, which git ignores.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "screenshots"
FLAGS: tuple[str, ...] = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
Scheme = Literal["light", "dark"]
TOKEN = "token-of-the-browser-tests"
METRIC = "[data-testid=stSidebar] [data-testid=stMetricValue]"  # rows kept
VECTORS = os.environ.get("CURATE_TEST_VECTORS") != "0"  # 0: embedding is cancelled, for files that would take an hour
START = 90
# Milliseconds from the release of the pointer to the frame after the watched element changed.
WATCH = """
([selector, text]) => {
  window.__took = null; window.__at = null;
  const read = () => { const e = document.querySelector(selector); return e ? (text ? e.innerText : e.outerHTML) : null; };
  const before = read();
  document.addEventListener('pointerup', () => { window.__at = performance.now(); }, {once: true, capture: true});
  const seen = new MutationObserver(() => {
    if (window.__at === null || read() === before || read() === null) return;
    seen.disconnect();
    requestAnimationFrame(() => requestAnimationFrame(() => { window.__took = performance.now() - window.__at; }));
  });
  seen.observe(document.body, {subtree: true, childList: true, characterData: true, attributes: true});
}
"""


def chromium() -> str:
    """The browser's path; skips where there is none."""
    found = os.environ.get("CURATE_CHROMIUM") or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None
    )
    if not found:
        pytest.skip("no chromium; run apt-get install chromium, or set CURATE_CHROMIUM")
    return found


@dataclass
class Server:
    """A running app."""

    url: str
    home: Path
    folder: Path

    @property
    def link(self) -> str:
        return f"{self.url}/?token={TOKEN}"

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(*data: Path, script: Path = ROOT / "app.py", home: Path | None = None) -> Iterator[Server]:
    """The app on a free port with a home of its own (or CURATE_TEST_HOME, where the vectors are already)."""
    folder = Path(tempfile.mkdtemp(prefix="curate-browser-"))
    home = home or Path(os.environ.get("CURATE_TEST_HOME", folder / "home"))
    env = os.environ | {"CURATE_HOME": str(home), "CURATE_TOKEN": TOKEN, "HF_HUB_OFFLINE": "1", "PYTHONPATH": str(ROOT)}
    env["CURATE_ROOTS"] = os.pathsep.join([str(folder), *(str(p.parent) for p in data)])
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port), "--", *map(str, data)]
    # Streamlit reads its settings beside the script, wherever it is started.
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=subprocess.STDOUT)
        try:
            _wait(port, process)
            yield Server(f"http://127.0.0.1:{port}", home, folder)
        finally:
            process.terminate()
            process.wait(20)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    import time

    for _ in range(START * 10):
        assert process.poll() is None, "the server ended"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("the server did not start")


@dataclass
class Screen:
    """One page in the browser, with everything it asked for."""

    page: Any
    own: str
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    received: int = 0

    def another(self, link: str) -> Screen:
        """A second session in the same browser: other cookies, other storage."""
        other = Screen(
            self.page.context.browser.new_context(viewport={"width": 1440, "height": 1000}).new_page(), self.own
        )
        _listen(other)
        other.page.goto(link)
        other.page.wait_for_selector("[data-testid=stApp]", timeout=60_000)
        other.idle(1500)
        return other

    def idle(self, ms: int = 400) -> None:
        """Waits until the script rests."""
        self.page.wait_for_timeout(ms)
        self.page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=90_000)
        self.page.wait_for_timeout(200)

    def go(self, title: str) -> None:
        self.page.locator(".st-key-nav").get_by_role("link", name=title).click()
        self.idle()

    def key(self, key: str) -> Any:
        """The element of a widget key: characters that a class can't hold became dashes."""
        return self.page.locator(".st-key-" + re.sub(r"[^A-Za-z0-9_-]", "-", key)).first

    def measured(self, *, vectors: bool = VECTORS, limit: int = 900_000) -> None:
        """Waits for badges, then for the rest; without vectors, what is still measured then is cancelled."""
        self.page.wait_for_selector(METRIC, timeout=limit)
        cancel = self.page.locator(".st-key-measure-cancel button")
        if not vectors and cancel.count():
            cancel.first.click()
        self.page.wait_for_selector(".st-key-measure-cancel", state="detached", timeout=limit)

    def kept(self) -> int:
        text = self.page.locator(METRIC).first.inner_text()
        return int(text.replace(",", ""))

    def shot(self, name: str, *, full: bool = False) -> Path:
        SHOTS.mkdir(exist_ok=True)
        path = SHOTS / f"{name}.png"
        self.page.screenshot(path=str(path), full_page=full)
        return path

    def choose_row(self, key: str, row: int = 0) -> None:
        """Ticks the box of a table's row."""
        box = self.key(key).locator("[data-testid=stDataFrame]").bounding_box()
        self.page.mouse.click(box["x"] + 18, box["y"] + 50 + 33 * row)
        self.idle(700)

    def drag(self, key: str, share: float, watched: str, *, words: bool = False) -> float | None:
        """Drags a slider's thumb to a share of its track; ms from release to new pixels, None when nothing changed.

        words: only another text counts as a change; else also what Streamlit marks as about to change."""
        thumb = self.key(key).locator("[data-testid=stSliderThumbValue]").first.locator("..")
        track = self.key(key).locator("[role=group]").first
        thumb.scroll_into_view_if_needed()
        at, whole = thumb.bounding_box(), track.bounding_box()
        y = at["y"] + at["height"] / 2
        self.page.mouse.move(at["x"] + at["width"] / 2, y)
        self.page.mouse.down()
        self.page.mouse.move(whole["x"] + whole["width"] * share, y, steps=4)
        self.page.evaluate(WATCH, [watched, words])
        self.page.mouse.up()
        try:
            self.page.wait_for_function("window.__took !== null", timeout=4_000)
        except Exception:
            return None
        return float(self.page.evaluate("window.__took"))


@contextmanager
def watching(
    server: Server, *, scheme: Scheme = "light", height: int = 1000, link: str | None = None
) -> Iterator[Screen]:
    """A browser on the app, with the log of what it asked of whom."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as run:
        browser = run.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        context = browser.new_context(
            viewport={"width": 1440, "height": height}, color_scheme=scheme, reduced_motion="reduce"
        )
        screen = Screen(context.new_page(), server.url)
        _listen(screen)
        screen.page.goto(link or server.link)
        screen.page.wait_for_selector("[data-testid=stApp]", timeout=60_000)
        screen.idle(1500)
        yield screen
        browser.close()


def _listen(screen: Screen) -> None:
    ours = (screen.own, screen.own.replace("http", "ws", 1), "data:", "blob:", "about:")
    page = screen.page

    def asked(request: Any) -> None:
        if not request.url.startswith(ours):
            screen.foreign.append(request.url)

    def got(payload: Any) -> None:
        screen.received += len(payload)

    def ran(dialog: Any) -> None:
        screen.errors.append("a script ran")
        dialog.dismiss()

    page.on("request", asked)
    page.on("websocket", lambda socket: socket.on("framereceived", got))
    page.on("dialog", ran)
    page.on("pageerror", lambda error: screen.errors.append(str(error)[:200]))
