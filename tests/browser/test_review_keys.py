"""Review by keyboard alone in Chromium: fifty rows, labels of every kind, a step back, nothing serious for axe-core."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from harness import ROOT, Screen, serving, watching
from test_sizes import violations

sys.path.insert(0, str(ROOT / "tests" / "app"))
from app_cases import rows, write

from curate.store import Reviews, Store, Workspace

pytestmark = pytest.mark.slow
METRIC = "[data-testid=stSidebar] [data-testid=stMetricValue]"
ROWS = 50


def tab_to(screen: Screen, selector: str, most: int = 80) -> None:
    """Presses Tab until the focus is inside the element."""
    for _ in range(most):
        if screen.page.evaluate("s => !!document.activeElement?.closest(s)", selector):
            return
        screen.page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches {selector}")


def press(screen: Screen, key: str, ms: int = 350) -> None:
    screen.page.keyboard.press(key)
    screen.idle(ms)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_fifty_rows_by_keyboard(tmp_path: Path, scheme: str) -> None:
    data = write(tmp_path / "data.jsonl", rows(160))
    with serving(data) as server, watching(server, scheme=scheme, height=1100) as screen:  # type: ignore[arg-type]
        screen.page.wait_for_selector(METRIC, timeout=90_000)
        screen.page.wait_for_selector(".st-key-measure-cancel", state="detached", timeout=300_000)
        screen.page.goto(f"{server.url}/review?{screen.page.url.partition('?')[2]}")
        screen.idle(2500)
        assert not violations(screen), "before a queue"
        tab_to(screen, ".st-key-review-start-rows input")
        screen.page.keyboard.press("Control+a")
        screen.page.keyboard.type(str(ROWS))
        tab_to(screen, ".st-key-review-start-go")
        press(screen, "Enter", 2500)
        screen.page.evaluate("document.activeElement.blur()")
        assert screen.page.locator(".rd").count() == 1, "the first row is shown"
        screen.shot(f"review-row-{scheme}")
        assert not violations(screen), "at a row"
        assert screen.page.locator(".rd").get_attribute("aria-label"), "our own component has a name"
        for n in range(ROWS):
            one_row(screen, n, scheme)
        screen.idle(1500)
        assert "No more rows for you" in screen.page.locator("[data-testid=stMain]").inner_text()
        screen.shot(f"review-done-{scheme}", full=True)
        assert not violations(screen), "at the end"
        desk = Reviews(Workspace(Store(server.home)))
        labels = desk.labels()
        said = [x.said.value for x in labels]
        assert len(labels) == ROWS and len({x.id for x in labels}) == ROWS
        assert (said.count("bad"), said.count("fix")) == (5, 5)
        assert all(x.said.edited and x.said.edited.startswith("Mended. ") for x in labels if x.said.value == "fix")
        assert all(x.said.reasons == ("wrong_fact", "format") for x in labels if x.said.value == "bad")
        assert [x.said.score for x in labels].count(5) == 40
        for part in ("Agreement", "Differences", "Use the labels"):
            screen.page.get_by_text(part, exact=True).first.click()
            screen.idle(1500)
            screen.shot(f"review-{part.split()[0].lower()}-{scheme}", full=True)
            found = violations(screen)
            assert not found, (part, json.dumps(found))
        assert not screen.errors and not screen.foreign


def until(screen: Screen, script: str) -> None:
    """Waits until a script is true: a busy machine takes its time between a key and the answer."""
    screen.page.wait_for_function(script, timeout=60_000)
    screen.idle(100)


def labelled(screen: Screen, count: int) -> None:
    until(screen, f"document.querySelector('[data-testid=stProgress]')?.innerText.startsWith('{count} of {ROWS} ')")


def chosen(screen: Screen, key: str) -> None:
    until(screen, f"!!document.querySelector('.st-key-{key} button[kind=secondary]')")


def one_row(screen: Screen, n: int, scheme: str) -> None:
    """Labels the row in hand with keys only."""
    keys = screen.page.keyboard
    if n % 10 == 3:
        keys.press("b")
        for key, reason in (("q", "wrong_fact"), ("y", "format")):
            until(screen, f"!!document.querySelector('.st-key-review-reason-{reason} button')")
            keys.press(key)
            chosen(screen, f"review-reason-{reason}")
        if n == 3:
            screen.shot(f"review-bad-{scheme}")
        keys.press("Enter")
    elif n % 10 == 7:
        keys.press("f")
        until(screen, "document.activeElement.tagName === 'TEXTAREA'")
        keys.press("Control+Home")
        keys.type("Mended. ")
        if n == 7:
            screen.shot(f"review-fix-{scheme}")
            assert not violations(screen), "while mending"
        keys.press("Control+Enter")
    else:
        keys.press("5")
        chosen(screen, "review-score-5")
        keys.press("g")
        if n == 11:  # taken back, and said again
            labelled(screen, n + 1)
            keys.press("z")
            labelled(screen, n)
            keys.press("5")
            chosen(screen, "review-score-5")
            keys.press("g")
    labelled(screen, n + 1)
