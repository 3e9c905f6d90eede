"""Every page at 0, 1, 9 and 600 rows, hostile text among them, light and dark: photographed, axe-core finds no serious
violation, nothing is asked of another host, no script runs. CURATE_TEST_BIG adds a file of any size
(CURATE_TEST_VECTORS=0 cancels its vectors).

vendor/axe.min.js is axe-core 4.12.1 (Deque Systems, MPL-2.0), for these tests only.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from harness import ROOT, SHOTS, Scheme, Screen, serving, watching

sys.path.insert(0, str(ROOT / "tests" / "app"))
from app_cases import rows, write

from curate.ui.frame import PAGES as LISTED

pytestmark = pytest.mark.slow
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
PAGES = tuple(title for section in LISTED.values() for _, title, *_ in section)
BIG = os.environ.get("CURATE_TEST_BIG")
SIZES = ("0", "1", "9", "600", *(("big",) if BIG else ()))
RUN = """
async () => {
  const found = await axe.run(document, {resultTypes: ['violations']});
  return found.violations.filter(v => ['serious', 'critical'].includes(v.impact)).map(v => ({
    id: v.id, impact: v.impact, help: v.help, count: v.nodes.length,
    nodes: v.nodes.slice(0, 6).map(n => n.html.slice(0, 220)),
  }));
}
"""


def data(size: str, folder: Path) -> Path:
    """A file of that many rows, and a line that is no row."""
    if size == "big":
        assert BIG
        return Path(BIG)
    return write(folder / f"rows_{size}.jsonl", rows(int(size)), extra="not json\n")


def violations(screen: Screen) -> list[dict[str, Any]]:
    screen.page.evaluate(AXE.read_text("utf-8"))
    return list(screen.page.evaluate(RUN))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_every_page(size: str, scheme: Scheme, tmp_path: Path) -> None:
    found = {}
    with serving(data(size, tmp_path)) as server, watching(server, scheme=scheme, height=1500) as screen:
        screen.measured()
        for title in PAGES:
            screen.go(title)
            screen.idle(2500)
            screen.shot(f"{size}-{title.split()[0].lower()}-{scheme}")
            found[title] = violations(screen)
            assert screen.page.get_by_text("incident").count() == 0
        assert not screen.foreign and not screen.errors
    (SHOTS / f"axe-{size}-{scheme}.json").write_text(json.dumps(found, indent=1))
    assert not any(found.values()), {t: [(v["id"], v["count"]) for v in vs] for t, vs in found.items() if vs}
