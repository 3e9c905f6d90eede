"""The judge page in a browser, against a real server on this machine: estimate, confirm, progress, cancel, go on, results."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from harness import ROOT, serving, watching

sys.path.insert(0, str(Path(__file__).parents[1]))
from anthropic_server import KEY, Service
from anthropic_server import serving as answering

pytestmark = pytest.mark.slow
DATA = ROOT / "sample_data" / "helpdesk.jsonl"


def test_without_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.delenv("CURATE_KEY_FILE", raising=False)
    with serving(DATA) as server, watching(server, height=1300) as screen:
        screen.go("Judge")
        screen.page.get_by_text("There is no key").wait_for(timeout=60_000)
        screen.shot("judge-no-key", full=True)
        screen.key("judge.model").locator("input").first.click()
        screen.page.get_by_role("option", name=re.compile("scripted")).click()
        screen.idle(1500)
        screen.key("judge.start").locator("button").click()
        screen.page.get_by_text("without a readable reply, ").first.wait_for(timeout=60_000)
        screen.idle(1500)
        screen.shot("judge-scripted", full=True)
        assert "no model" in screen.page.inner_text("body") and not screen.errors and not screen.foreign


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_whole_way(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, scheme: str) -> None:
    few = tmp_path / "helpdesk.jsonl"
    few.write_bytes(b"".join(DATA.read_bytes().splitlines(keepends=True)[:200]))
    service = Service(lambda n, _b: {0: "429", 7: "refusal", 11: "bad_json"}.get(n % 40, ""))
    service.delay = 0.4
    with answering(service) as url:
        monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
        monkeypatch.setenv("CURATE_JUDGE_URL", url)
        with serving(few) as server, watching(server, height=1300, scheme=scheme) as screen:  # type: ignore[arg-type]
            screen.go("Judge")
            screen.key("judge.start").wait_for(timeout=90_000)
            screen.shot(f"judge-estimate-{scheme}", full=True)
            screen.key("judge.start").locator("button").click()
            screen.page.get_by_text("Nothing was sent").wait_for(timeout=20_000)
            assert not service.paths, "nothing goes out before a number of dollars is typed"
            screen.key("judge.most").locator("input").fill("0.30")
            screen.key("judge.start").locator("button").click()
            screen.page.get_by_text("judged ·").first.wait_for(timeout=30_000)
            screen.page.wait_for_timeout(2500)
            screen.shot(f"judge-progress-{scheme}", full=True)
            screen.key("judge.cancel").locator("button").click()
            screen.page.get_by_text("Stopped.").first.wait_for(timeout=60_000)
            asked = len(service.bodies)
            assert 0 < asked < 170
            screen.page.reload()
            screen.key("judge.resume").wait_for(timeout=60_000)
            screen.shot(f"judge-stopped-{scheme}", full=True)
            screen.key("judge.resume").locator("button").click()
            screen.page.get_by_text("Nothing is left to judge").wait_for(timeout=180_000)
            screen.idle(2000)
            screen.shot(f"judge-done-{scheme}", full=True)
            body = screen.page.inner_text("body")
            assert KEY not in body and "without a readable reply" in body
            assert not screen.errors and not screen.foreign
            kept = b"".join(p.read_bytes() for p in server.home.rglob("*") if p.is_file())
            assert KEY.encode() not in kept
