"""Reach: a threshold moves by keyboard alone. (Violations of axe-core: test_sizes.py.)"""

from __future__ import annotations

import pytest
from harness import METRIC, ROOT, serving, watching

pytestmark = pytest.mark.slow
DATA = ROOT / "sample_data" / "helpdesk.jsonl"


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
