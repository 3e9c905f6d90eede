"""Slider release to new pixels, beside Streamlit's own empty rerun in the same browser; bytes to the browser per move.

CURATE_TEST_BIG names the file (52,002 and 230,822 rows in the acceptances; CURATE_TEST_VECTORS=0 cancels vectors); figures go to
`screenshots/speed.json`. No bound is asserted: speeds are not tests, but a move that sends more than 1 MB is.
"""

from __future__ import annotations

import json
import os
import statistics
from pathlib import Path

import pytest
from harness import METRIC, ROOT, SHOTS, Screen, serving, watching

pytestmark = pytest.mark.slow
BIG = Path(os.environ.get("CURATE_TEST_BIG", ROOT / "sample_data" / "helpdesk.jsonl"))
LINE = ".st-key-dup-chart .js-plotly-plot"
GROUPS = ".st-key-dup-page-said"  # how many groups there are now, below their table
EMPTY = """
import streamlit as st
value = st.slider("x", 0.0, 1.0, 0.5, 0.01, key="x")
st.sidebar.metric("m", value)
"""
WARM, MOVES = 3, 20
MOST = 1_000_000


def moves(screen: Screen, key: str, watched: str = METRIC, *, words: bool = False) -> dict[str, float]:
    """Figures of 20 moves after 3 to warm up. What is watched: the kept count, or the line of the threshold on its chart."""
    took, sent = [], []
    for n in range(WARM + MOVES):
        screen.received = 0
        one = screen.drag(key, 0.1 + 0.8 * ((n * 37) % 23) / 23, watched, words=words)
        screen.idle(300)
        if n >= WARM and one is not None:
            took.append(one)
        sent.append(screen.received)
    if not took:  # this bound moves nothing of what is watched, in this file
        return {"moves": 0, "most_bytes": max(sent)}
    ranked = sorted(took)
    return {
        "moves": len(took),
        "median_ms": round(statistics.median(took)),
        "p95_ms": round(ranked[int(0.95 * len(ranked)) - 1]),
        "most_bytes": max(sent),
    }


def test_a_move_is_as_quick_as_an_empty_one_and_sends_little(tmp_path: Path) -> None:
    script = tmp_path / "empty.py"
    script.write_text(EMPTY)
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "config.toml").write_text((ROOT / ".streamlit" / "config.toml").read_text())
    with serving(script=script) as server, watching(server) as screen:
        found = {"empty": moves(screen, "x")}
    with serving(BIG) as server, watching(server) as screen:
        screen.measured()
        for title, key, watched in (
            ("Duplicates", "near.text", LINE),
            ("Duplicates", "near.text", GROUPS),
            ("Duplicates", "near.meaning", GROUPS),  # some files hold no row that near text alone would take
            ("Quality rules", "rule.answer_below_median", METRIC),  # last: it may leave no row for the others to move
        ):
            screen.go(title)
            screen.idle(4000)
            found[key if watched != GROUPS else f"{key}, groups"] = moves(screen, key, watched, words=watched == GROUPS)
    SHOTS.mkdir(exist_ok=True)
    (SHOTS / "speed.json").write_text(json.dumps({"file": BIG.name, "moves": found}, indent=1))
    assert all(f["most_bytes"] <= MOST for f in found.values())
    assert any(found[key]["moves"] for key in found if key.endswith("groups"))
