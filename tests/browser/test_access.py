"""Reach: axe-core finds no serious violation on any page, light and dark; a slider moves by keyboard alone.

vendor/axe.min.js is axe-core 4.12.1 (Deque Systems, MPL-2.0), for these tests only.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from harness import ROOT, SHOTS, Scheme, serving, watching

pytestmark = pytest.mark.slow
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
DATA = ROOT / "sample_data" / "helpdesk.jsonl"
PAGES = ("Load", "Overview", "Quality rules", "Duplicates", "All rows", "Export")
METRIC = "[data-testid=stSidebar] [data-testid=stMetricValue]"
RUN = """
async () => {
  const found = await axe.run(document, {resultTypes: ['violations']});
  return found.violations.filter(v => ['serious', 'critical'].includes(v.impact)).map(v => ({
    id: v.id, impact: v.impact, help: v.help, count: v.nodes.length,
    nodes: v.nodes.slice(0, 6).map(n => n.html.slice(0, 220)),
  }));
}
"""
# Faults of Streamlit's own widgets that an app can't reach: named here with the element, so that ours still show.
THEIRS: frozenset[str] = frozenset()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_violation(scheme: Scheme) -> None:
    found = {}
    with serving(DATA) as server, watching(server, scheme=scheme) as screen:
        screen.page.wait_for_selector(METRIC, timeout=60_000)
        screen.page.wait_for_selector(".st-key-measure-cancel", state="detached", timeout=300_000)
        for title in PAGES:
            screen.go(title)
            screen.idle(2000)
            screen.page.evaluate(AXE.read_text("utf-8"))
            found[title] = [v for v in screen.page.evaluate(RUN) if v["id"] not in THEIRS]
    SHOTS.mkdir(exist_ok=True)
    (SHOTS / f"axe-{scheme}.json").write_text(json.dumps(found, indent=1))
    assert not any(found.values()), {t: [(v["id"], v["count"]) for v in vs] for t, vs in found.items() if vs}


def test_a_threshold_moves_by_keyboard() -> None:
    with serving(DATA) as server, watching(server) as screen:
        screen.page.wait_for_selector(METRIC, timeout=60_000)
        screen.go("Quality rules")
        screen.idle(1500)
        thumb = screen.key("rule.answer_below_median").locator("input[type=range]").first
        thumb.focus()
        for _ in range(5):
            screen.page.keyboard.press("ArrowRight")
            screen.page.wait_for_timeout(400)
        screen.idle(2000)
        assert "1 changed" in screen.key("changes").inner_text()
        assert float(thumb.input_value()) > 0.02
