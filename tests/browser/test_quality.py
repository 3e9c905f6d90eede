"""The quality page in a real browser: each kind of rule moved, beside Streamlit's own empty rerun; what every group looks like.

CURATE_TEST_BIG names the file (52,002 rows in the acceptance; vectors are not waited for); figures go to
`screenshots/quality.json`. Speeds are not asserted, that every kind answers is.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, get_args

import pytest
from harness import METRIC, ROOT, SHOTS, WATCH, Scheme, Screen, serving, watching
from test_speed import EMPTY, moves

from curate.ui.quality_view import GROUPS, WHOLE

pytestmark = pytest.mark.slow
BIG = Path(os.environ.get("CURATE_TEST_BIG", ROOT / "sample_data" / "helpdesk.jsonl"))
WARM, CLICKS = 2, 20


def quality(screen: Screen, rest: int) -> None:
    """The page, once badges are there; vectors are left out."""
    screen.measured(vectors=False)
    screen.go("Quality rules")
    screen.idle(rest)


def group(screen: Screen, name: str) -> None:
    pills = screen.key("quality.group").get_by_role("radio").or_(screen.key("quality.group").get_by_role("button"))
    pills.filter(has_text=name).first.click()
    screen.idle(1200)


def switch(screen: Screen, rule: str) -> None:
    screen.key(f"rule.{rule}.on").locator("label").first.click()
    screen.idle(1500)


def clicks(screen: Screen, target: Any) -> dict[str, float]:
    """From the release of a click to the frame after the kept count changed."""
    took = []
    for n in range(WARM + CLICKS):
        target.scroll_into_view_if_needed()
        screen.page.evaluate(WATCH, [METRIC, True])
        target.click()
        try:
            screen.page.wait_for_function("window.__took !== null", timeout=4_000)
        except Exception:
            continue
        screen.idle(300)
        if n >= WARM:
            took.append(float(screen.page.evaluate("window.__took")))
    took.sort()
    assert took, "no click changed the kept count"
    return {
        "moves": len(took),
        "median_ms": round(took[len(took) // 2]),
        "p95_ms": round(took[int(0.95 * len(took)) - 1]),
    }


def keep(found: dict[str, dict[str, float]]) -> None:
    """Figures as far as they are known: a kind that fails takes no other's with it."""
    SHOTS.mkdir(exist_ok=True)
    (SHOTS / "quality.json").write_text(json.dumps({"file": BIG.name, "moves": found}, indent=1))


def own(screen: Screen, name: str, formula: str) -> None:
    screen.key("own.name").locator("input").fill(name)
    screen.key("own.formula").locator("textarea").fill(formula)
    screen.key("own.formula").locator("textarea").press("Control+Enter")
    screen.idle(800)
    screen.key("own.add").locator("button").click()
    screen.page.wait_for_selector(f".st-key-box-rule-{name}", timeout=20_000)
    screen.idle(1500)


def test_each_kind_of_rule_moves(tmp_path: Path) -> None:
    script = tmp_path / "empty.py"
    script.write_text(EMPTY)
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "config.toml").write_text((ROOT / ".streamlit" / "config.toml").read_text())
    with serving(script=script) as server, watching(server) as screen:
        found = {"empty": moves(screen, "x")}
    with serving(BIG) as server, watching(server, height=1400) as screen:
        quality(screen, 4000)
        found["low bound (answer_below_median)"] = moves(screen, "rule.answer_below_median")
        switch(screen, "answer_below_median")  # off again: a bound that drops every row would hide the other kinds
        switch(screen, "answer_characters")
        found["two bounds (answer_characters)"] = moves(screen, "rule.answer_characters")
        switch(screen, "answer_characters")
        group(screen, "Repetition")
        found["high bound (repetitive_answer)"] = moves(screen, "rule.repetitive_answer")
        switch(screen, "repetitive_answer")
        keep(found)
        group(screen, "Prompts")
        found["switch (unclear_prompt)"] = clicks(
            screen, screen.key("rule.unclear_prompt.on").locator("label > div").first
        )
        group(screen, "Own rules")
        own(screen, "says_the", 'contains(answer, "important") and answer_words > 3')
        found["own, yes or no"] = clicks(screen, screen.key("rule.says_the.on").locator("label").first)
        own(screen, "my_score", "0.5 * answer_words + 0.5 * prompt_words")
        found["own, a score"] = moves(screen, "rule.my_score")
        keep(found)
        assert not screen.errors and not screen.foreign
    assert all(f["moves"] >= 10 for f in found.values())


@pytest.mark.parametrize("scheme", get_args(Scheme))
def test_every_group_has_a_picture(scheme: Scheme) -> None:
    with serving(BIG) as server, watching(server, scheme=scheme, height=1400) as screen:
        quality(screen, 2500)
        for n, name in enumerate([*GROUPS, WHOLE]):
            group(screen, name)
            screen.shot(f"quality-{scheme}-{n:02d}")
        group(screen, "Own rules")
        own(screen, "says_thanks", 'contains(answer, "thank you") or answer_words > 200')
        own(screen, "length_score", "min(1, answer_words / 50)")
        screen.shot(f"quality-{scheme}-own")
        assert not screen.errors and not screen.foreign
