"""The export page and the versions page in a browser: outcome before writing, proof after, report, the registry's picture."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from harness import ROOT, Scheme, Screen, serving, watching

pytestmark = pytest.mark.slow
TALL = 3600
NODE = ".st-key-registry-tree-helpdesk .scatterlayer .trace .points path"


def data() -> Path:
    """The sample, or the file of CURATE_TEST_EXPORT (with CURATE_TEST_HOME where it is measured already)."""
    return Path(os.environ.get("CURATE_TEST_EXPORT", ROOT / "sample_data" / "helpdesk.jsonl"))


def choose_format(screen: Screen, name: str) -> None:
    screen.key("export.formats").locator("input").first.click()
    screen.page.get_by_role("option", name=name, exact=True).click()
    screen.page.keyboard.press("Escape")
    screen.idle(800)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_from_outcome_to_the_picture_of_versions(scheme: Scheme, tmp_path: Path) -> None:
    with serving(data()) as server, watching(server, scheme=scheme, height=TALL) as screen:
        screen.measured()
        screen.go("Export")
        screen.shot(f"export-{scheme}")
        for name in ("openai", "alpaca", "csv"):
            choose_format(screen, name)
        screen.key("export.fit").locator("summary").click()
        screen.idle()
        screen.key("export.fit.ask").locator("label").click()
        screen.key("export.fit.table").wait_for(timeout=120_000)
        screen.idle(1500)
        screen.shot(f"export-outcome-{scheme}")
        screen.key("export.dir").locator("input").fill(str(server.folder / "out"))
        screen.page.keyboard.press("Enter")
        screen.idle(800)
        screen.key("export.write").locator("button").click()
        screen.page.get_by_text("Proved on the written files").wait_for(timeout=180_000)
        screen.key("report.make").locator("button").click()
        screen.page.get_by_text("HTML").first.wait_for(timeout=180_000)
        screen.idle(1500)
        screen.shot(f"export-written-{scheme}")
        screen.go("Versions")
        screen.key("registry.add.name").locator("input").fill("helpdesk")
        screen.key("registry.add.version").locator("input").fill("1")
        screen.page.get_by_role("button", name="Register").click()
        screen.page.wait_for_selector(NODE, timeout=60_000)
        screen.idle(1500)
        screen.shot(f"versions-{scheme}")
        box = screen.page.locator(NODE).nth(2).bounding_box()
        screen.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        screen.page.wait_for_selector(".st-key-card-node", timeout=30_000)
        screen.idle(1000)
        screen.shot(f"versions-opened-{scheme}")
        assert "manifest sha256" in screen.page.inner_text("body") or screen.page.locator(".st-key-card-node").count()
        assert not screen.errors and not screen.foreign
