"""The duplicates page in a browser: from a badge to the word that differs in two clicks; a threshold learned by keys alone;
a cell of the matrix to its rows; no serious violation of axe-core. CURATE_TEST_DATA names another file."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from harness import METRIC, ROOT, Scheme, Screen, serving, watching
from test_sizes import violations

pytestmark = pytest.mark.slow
DATA = Path(os.environ.get("CURATE_TEST_DATA", ROOT / "sample_data" / "helpdesk.jsonl"))
NAME = DATA.name.split(".")[0]


def begin(screen: Screen, title: str) -> None:
    screen.page.wait_for_selector(METRIC, timeout=300_000)
    screen.go(title)
    screen.idle(3000)


def test_two_clicks_from_a_badge_to_the_word_that_differs() -> None:
    with serving(DATA) as server, watching(server) as screen:
        begin(screen, "Overview")
        screen.key("badge.H5.rows").locator("button").first.click()  # one
        screen.idle(2500)
        screen.shot(f"{NAME}-badge-1")
        for row in range(3):  # the first rows can be exact copies
            screen.choose_row("behind.H5.table", row)  # two
            screen.idle(1500)
            marked = screen.page.locator(".wd del, .wd ins")
            if marked.count():
                break
            screen.choose_row("behind.H5.table", row)
        box = marked.first.bounding_box()
        screen.shot(f"{NAME}-badge-2")
        assert 0 <= box["y"] <= 1000, box
        assert not screen.foreign and not screen.errors


def answered(screen: Screen) -> int:
    """How many pairs the page says were answered."""
    said = re.search(r"([\d,]+) answered", screen.key("learn.pair").inner_text())
    assert said
    return int(said[1].replace(",", ""))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_part_is_photographed_and_can_be_reached(scheme: Scheme) -> None:
    with serving(DATA) as server, watching(server, scheme=scheme, height=1500) as screen:
        begin(screen, "Duplicates")
        found = {}
        for part in ("Groups", "Learn the threshold", "Who repeats whom"):
            screen.key("dup.part").get_by_text(part).click()
            screen.idle(2500)
            screen.shot(f"{NAME}-{part.split()[0].lower()}-{scheme}", full=True)
            found[part] = violations(screen)
        assert not any(found.values()), found
        assert not screen.foreign and not screen.errors


def test_a_threshold_is_learned_by_keys_alone() -> None:
    with serving(DATA) as server, watching(server) as screen:
        begin(screen, "Duplicates")
        screen.key("dup.part").get_by_text("Learn the threshold").click()
        screen.idle(2500)
        said = screen.key("learn.pair")
        held = answered(screen)  # CURATE_TEST_HOME keeps answers
        for answers, pressed in enumerate("ssnsss", held + 1):
            if answers == held + 3:
                before = said.inner_text()
                screen.page.keyboard.press("k")
                screen.page.wait_for_function("([e, t]) => e.innerText !== t", arg=[said.element_handle(), before])
                screen.idle(800)
            screen.page.keyboard.press(pressed)
            screen.page.wait_for_selector(f"text={answers} answered", timeout=20_000)
            screen.idle(800)
        assert "95 % interval" in screen.key("learn.result").inner_text()
        screen.shot(f"{NAME}-learned")
        screen.key("learn.undo").locator("button").first.click()
        screen.idle(1200)
        assert answered(screen) == held + 5
        assert not screen.foreign and not screen.errors
