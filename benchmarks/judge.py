"""python -m benchmarks.judge DIR: predicted scores on labelled rows: a tenth judged, the rest predicted, over many draws.

Beside each: ridge on the signals alone. Reads labels (quality_gold of DIR) to play the judge and to score.
"""

from __future__ import annotations

import gzip
import json
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.quality import loaded

COMPONENTS = ("claude-accuracy", "autoj-gpt4-1to10")
DRAWS = 20
SHARES = (
    10,
    3,
)  # one in ten is judged (the figure); one in three, to see what more judged rows do to a single draw


def main(words: list[str]) -> int:
    if len(words) != 1 or not (Path(words[0]) / "quality_gold").is_dir():
        sys.stderr.write("usage: python -m benchmarks.judge DIR; DIR is a folder such as gold/dev\n")
        return 2
    with gzip.open(Path(words[0]) / "quality_gold/rows.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    head = (
        "set",
        "rows",
        "judged",
        "coverage",
        "least",
        "most",
        "in 85-95 %",
        "in stated range",
        "stated range",
        "rank correlation",
        "ridge on signals",
        "noise: useful",
    )
    print("".join(f"{h:>18}" for h in head))
    for name in COMPONENTS:
        mine = [r for r in rows if r["component"] == name]
        held = features(mine)
        for share in SHARES:
            print("".join(f"{v:>18}" for v in figures(name, held, share)))
    return 0


def figures(name: str, held: tuple[Any, Any, Any], share: int) -> list[str]:
    signals, vectors, labels = held
    draws = np.array([draw(signals, vectors, labels, seed, share) for seed in range(DRAWS)])
    mean, least, most = draws.mean(0), draws[:, 0].min(), draws[:, 0].max()
    covered, low, high = draws[:, 0], draws[:, 4], draws[:, 5]
    n = labels.shape[0]
    return [
        name,
        str(n),
        str(n // share),
        f"{mean[0]:.3f}",
        f"{least:.3f}",
        f"{most:.3f}",
        f"{((covered >= 0.85) & (covered <= 0.95)).mean():.0%}",
        f"{((covered >= low) & (covered <= high)).mean():.0%}",
        f"{low[0]:.3f}-{high[0]:.3f}",
        f"{mean[1]:.3f}",
        f"{mean[2]:.3f}",
        f"{mean[3]:.0%}",
    ]


def features(rows: list[dict[str, Any]]) -> tuple[Any, Any, Any]:
    """(signals, vectors, labels) as the app has them."""
    from curate.decide import preset
    from curate.measure import measure
    from curate.measure.rowvectors import row_vectors
    from curate.store import Store

    data, recipe, store = loaded([{"id": r["id"], "messages": r["messages"]} for r in rows]), preset("default"), Store()
    evidence = measure(data, recipe=recipe.with_setting("embed", enabled=False), store=store)
    said = {r["id"]: float(r["score"]) if r.get("score") is not None else float(r["label"] == "high") for r in rows}
    signals = np.column_stack([evidence.columns[k] for k in sorted(evidence.columns)])
    return (
        signals,
        row_vectors(data, recipe, store),
        np.array([said[i] for i in data.rows.column("user_id").to_pylist()]),
    )


def draw(signals: Any, vectors: Any, labels: Any, seed: int, share: int) -> tuple[float, ...]:
    """(coverage, rank correlation, that of ridge on the signals alone, whether noise is called useful, the coverage that is
    stated) on rows not judged."""
    from scipy.stats import spearmanr

    from curate.judge.predict import predict

    rng = np.random.default_rng(seed)
    judged = rng.permutation(labels.shape[0])[: labels.shape[0] // share]
    scores = np.full(labels.shape[0], np.nan, np.float32)
    scores[judged] = labels[judged]
    rest = np.flatnonzero(np.isnan(scores))
    found = predict(signals, lambda r: vectors[r], scores)
    assert found is not None
    inside = (labels[rest] >= found.low[rest] - 1e-6) & (labels[rest] <= found.high[rest] + 1e-6)
    noise = np.full_like(scores, np.nan)
    noise[judged] = rng.permutation(labels[judged])
    idle = predict(signals, lambda r: vectors[r], noise)
    plain = ridge(signals, labels, judged, rest)
    rho = [float(spearmanr(p, labels[rest]).statistic) for p in (found.mean[rest], plain)]
    return float(inside.mean()), rho[0], rho[1], float(idle is not None and idle.useful), *found.covers


def ridge(signals: Any, labels: Any, judged: Any, rest: Any) -> Any:
    """The peer: scikit-learn's RidgeCV on standardised signals."""
    from sklearn.linear_model import RidgeCV

    x = np.sign(signals) * np.log1p(np.abs(signals.astype(np.float64)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        middle, spread = np.nanmean(x[judged], axis=0), np.nanstd(x[judged], axis=0)
    use = np.isfinite(spread) & (spread > 1e-9)
    z = np.nan_to_num(np.clip((x[:, use] - middle[use]) / spread[use], -4, 4))
    return RidgeCV(alphas=np.logspace(-1, 4, 11)).fit(z[judged], labels[judged]).predict(z[rest])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
