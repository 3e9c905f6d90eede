"""Acceptance sizes against brute force, by hand: 10,000 texts of either view, 50,000 vectors."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from test_measure_near import brute, clustered, found, near_copies

from curate.decide import preset
from curate.load import load
from curate.measure.neighbours import near_meaning
from curate.measure.run import measure


@pytest.mark.slow
def test_near_text_of_10_000_texts() -> None:
    texts = near_copies(10_000)
    truth, got = brute(texts, 0.7), found(texts, 0.7)
    assert got.keys() <= truth.keys() and any(not t.isascii() for t in texts)
    for bar in (0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0):
        meant = {p for p, s in truth.items() if s >= bar}
        hit = len(meant & got.keys()) / max(len(meant), 1)
        sys.stderr.write(f"recall at {bar}: {hit:.5f} of {len(meant)}\n")
        assert hit >= 0.99, bar


@pytest.mark.slow
def test_pairs_of_rows_near_on_both_views(tmp_path: Path) -> None:
    """Every two rows whose prompts and whose answers reach the floor stand in the pair table with both exact scores."""
    prompts, answers = near_copies(10_000), near_copies(10_000, seed=8)  # near copies fold to one text now and then
    n = min(len(prompts), len(answers))
    prompts, answers = prompts[:n], answers[:n]
    path = tmp_path / "rows.jsonl"
    lines = (json.dumps({"prompt": p, "completion": a}) for p, a in zip(prompts, answers, strict=True))
    path.write_text("\n".join(lines))
    recipe = replace(preset("default"), rules=())
    recipe = replace(recipe, embed=replace(recipe.embed, enabled=False))
    data = load([path])
    made = measure(data, recipe=recipe).pairs
    place = {str(p): k for k, p in enumerate(data.rows.column("prompt").to_pylist())}
    asked = {place[p]: k for k, p in enumerate(prompts)}
    table = {
        (asked[int(i)], asked[int(j)]): k for k, (i, j) in enumerate(zip(made.i.tolist(), made.j.tolist(), strict=True))
    }
    table |= {(b, a): k for (a, b), k in table.items()}
    for view, texts in (("prompt", prompts), ("answer", answers)):
        truth = {p: s for p, s in brute(texts, 0.7).items() if view == "prompt" or p in table}
        hit = [p for p in truth if p in table]
        sys.stderr.write(f"{view}: {len(hit)} of {len(truth)}\n")
        assert len(hit) >= 0.99 * len(truth) and truth
        for p in hit:
            assert made.scores[f"{view}_jaccard"][table[p]] == np.float32(truth[p])


@pytest.mark.slow
def test_near_meaning_of_50_000_vectors() -> None:
    vectors = clustered(50_000)
    i, j, _ = near_meaning(vectors, 0.9)
    got = np.sort(i.astype(np.int64) * 50_000 + j)
    wide, missing, there = vectors.astype(np.float32), 0, 0
    for at in range(0, 50_000, 2_000):
        a, b = np.nonzero(wide[at : at + 2_000] @ wide.T >= 0.9 + 1e-5)
        upper = a + at < b
        keys = (a[upper] + at) * np.int64(50_000) + b[upper]
        there += keys.shape[0]
        missing += int((~np.isin(keys, got)).sum())
    sys.stderr.write(f"recall {1 - missing / there:.6f} of {there}\n")
    assert there > 10_000 and missing <= 0.01 * there
