"""The labelled pairs of near_dup: answered by the product's pair scorer, and what that scorer's trees are fitted on.

Fitting: small boosted trees over the features of curate/measure/same.py. Cross-validation keeps rows of one group
together; leaving one source out tells what to expect of data that nobody labelled. The log odds are shifted so that .5 is
the setting at which word swaps and flipped yes/no questions stay within their bars and F1 is greatest.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from curate.measure.same import FILE, NAMES, Trees, features, probability, texts_of, trees_of
from curate.types import F32, F64

Line = dict[str, Any]
LABELS = ("component", "label", "group")
# False alarms at the default setting (issue: duplicates): share of word swaps and of flipped yes/no questions called
# the same. Held with a margin, because the bar is judged on rows that nobody fitted to.
BARS = {"word-swap": 0.05, "boolq-perturbed": 0.10}
MARGIN = 0.8
# 70 flipped questions carry a bar of their own: they count as much as the 292 word swaps.
WEIGHT = {"boolq-perturbed": 6.0}
SETTINGS: dict[str, Any] = {
    "max_iter": 150, "learning_rate": 0.06, "max_leaf_nodes": 12, "min_samples_leaf": 30, "l2_regularization": 1.0,
    "random_state": 0,
}  # fmt: skip
FOLDS = 10


def near_dup(folder: Path) -> Iterable[Line]:
    """Two prompts as the pair stage sees them: the probability that they are the same."""
    from curate.measure.same import same_of

    rows, texts, i, j, cosine = _asked(folder, ())
    return [{"id": row["id"], "score": float(s)} for row, s in zip(rows, same_of(texts, i, j, cosine), strict=True)]


def _asked(folder: Path, labels: tuple[str, ...]) -> tuple[list[Line], Any, Any, Any, F32]:
    """Rows with `labels`, their distinct texts, both places of each pair, and the cosine."""
    import pyarrow as pa

    from benchmarks.quality import pick
    from curate.measure.neighbours import cosines

    rows = pick(folder / "near_dup_gold/pairs.jsonl.gz", "id", "text_a", "text_b", *labels)
    texts = sorted({row[side] for side in ("text_a", "text_b") for row in rows})
    place = {text: k for k, text in enumerate(texts)}
    i, j = (np.array([place[row[side]] for row in rows], np.int32) for side in ("text_a", "text_b"))
    column = pa.chunked_array([pa.array(texts, pa.large_string())])
    return rows, texts_of(column), i, j, cosines(_vectors(column, texts), i, j)


def _vectors(column: Any, texts: list[str]) -> Any:
    """float16 vectors of the texts under the default recipe's model; kept in the store, as measuring keeps them."""
    from curate.decide import preset
    from curate.measure.embed import embedder
    from curate.measure.models import identity
    from curate.measure.table import plan
    from curate.measure.vectors import view_vectors
    from curate.store import RowStore, Store

    recipe = preset("default")
    known = identity(recipe.embed.model, recipe.embed.dtype)
    if known is None:
        from benchmarks.quality import Unanswered

        raise Unanswered('no model is installed; run pip install "curate[offline]"')
    what = plan(recipe, known[0], None).vectors
    assert what is not None
    kept = RowStore(Store(), what, known[1], "<f2")
    made = view_vectors("prompt", column, kept, lambda: embedder(recipe.embed.model, recipe.embed.dtype))
    if len(made.keys) != len(texts):
        raise ValueError(f"{len(texts) - len(made.keys)} texts of the set are blank")
    return made.values[made.place]


# Fitting --------------------------------------------------------------------------------------------------------------


def fit_near_dup(folder: Path) -> Mapping[str, float]:
    """Fit both sets of trees, write same.json, return the figures."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    rows, texts, i, j, cosine = _asked(folder, LABELS)
    x = features(texts, i, j, cosine)
    y = np.array([row["label"] == 1 for row in rows])
    source, group = (np.array([row[k] for row in rows]) for k in ("component", "group"))
    weight = np.array([WEIGHT.get(s, 1.0) for s in source])
    figures: dict[str, float] = {}
    shipped: dict[str, Any] = {}
    with threadpool_limits(1):
        for name in ("vectors", "text"):
            seen = x.copy()
            if name == "text":
                seen[:, NAMES.index("cosine")] = 0
            held = _held_out(seen, y, weight, _folds(y, group))
            bar = _default_bar(held, y, source)
            figures |= _figures(f"{name}, cross-validated", held, y, source, bar)
            figures |= _figures(
                f"{name}, source left out", _held_out(seen, y, weight, _sources(source)), y, source, bar
            )
            shipped[name] = _export(_fitted(seen, y, weight), -float(np.log(bar / (1 - bar))))
            _check_export(shipped[name], seen, y, weight)
    FILE.write_text(json.dumps({"features": NAMES, "trees": shipped}, separators=(",", ":")) + "\n", encoding="utf-8")
    return figures


def _fitted(x: F32, y: Any, weight: Any) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(**SETTINGS).fit(x, y, sample_weight=weight)


def _folds(y: Any, group: Any) -> Iterable[tuple[Any, Any]]:
    """(train, test) places; rows of one group on one side; the same folds in every run."""
    from sklearn.model_selection import StratifiedGroupKFold

    return list(StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0).split(y, y, group))


def _sources(source: Any) -> Iterable[tuple[Any, Any]]:
    """(train, test) places, one source at a time as the test; the three STS16 parts are one source."""
    name = np.array([s.split("-")[0] if s.startswith("sts16") else s for s in source])
    return [(np.flatnonzero(name != s), np.flatnonzero(name == s)) for s in np.unique(name)]


def _held_out(x: F32, y: Any, weight: Any, parts: Iterable[tuple[Any, Any]]) -> F64:
    """float64 [n]: each row's probability by trees that did not see its part."""
    out = np.full(y.shape[0], np.nan)
    for train, test in parts:
        out[test] = _fitted(x[train], y[train], weight[train]).predict_proba(x[test])[:, 1]
    return out


def _default_bar(p: F64, y: Any, source: Any) -> float:
    """The probability to call .5: the false-alarm bars hold with a margin, and F1 is greatest."""
    from sklearn.metrics import f1_score

    least = 0.0
    for name, bar in BARS.items():
        alarms = np.sort(p[source == name])[::-1]
        least = max(least, float(alarms[int(bar * MARGIN * alarms.shape[0])]) + 1e-9)
    grid = np.unique(np.concatenate(([least], np.linspace(least, 0.95, 100))))
    return float(grid[int(np.argmax([f1_score(y, p >= t) for t in grid]))])


def _figures(name: str, p: F64, y: Any, source: Any, bar: float) -> dict[str, float]:
    """AUC and F1 overall and as the mean over the sources that can have them; false alarms and recall by source."""
    from sklearn.metrics import f1_score, roc_auc_score

    flag = p >= bar
    auc, f1, out = [], [], {}
    for s in np.unique(source):
        at = source == s
        if y[at].any():
            f1.append(f1_score(y[at], flag[at]))
            out[f"{name}: {s} recall"] = float(flag[at & y].mean())
        if not y[at].all():
            out[f"{name}: {s} false alarms"] = float(flag[at & ~y].mean())
        if y[at].any() and not y[at].all():
            auc.append(float(roc_auc_score(y[at], p[at])))
            out[f"{name}: {s} AUC"] = auc[-1]
    whole = {"AUC": roc_auc_score(y, p), "F1": f1_score(y, flag), "AUC, mean over sources": np.mean(auc),
             "F1, mean over sources": np.mean(f1)}  # fmt: skip
    return {f"{name}: {k}": float(v) for k, v in whole.items()} | out


def _export(model: Any, shift: float) -> dict[str, Any]:
    """The model's trees as lists; the mean of a node is what its leaves add on average over the rows in it."""
    parts: dict[str, list[Any]] = {k: [] for k in ("feature", "bar", "left", "right", "value", "root")}
    for stage in model._predictors:
        nodes, base = stage[0].nodes, len(parts["feature"])
        parts["root"].append(base)
        mean = nodes["value"].astype(np.float64)
        for k in range(len(nodes) - 1, -1, -1):  # children stand behind their parent
            if not nodes[k]["is_leaf"]:
                pair = nodes[k][["left", "right"]].tolist()
                mean[k] = np.average(mean[list(pair)], weights=nodes["count"][list(pair)])
        leaf = nodes["is_leaf"].astype(bool)
        parts["feature"] += np.where(leaf, -1, nodes["feature_idx"].astype(int)).tolist()
        parts["bar"] += [
            float(v) if not at_leaf else 0.0 for v, at_leaf in zip(nodes["num_threshold"], leaf, strict=True)
        ]
        parts["left"] += np.where(leaf, 0, nodes["left"].astype(int) + base).tolist()
        parts["right"] += np.where(leaf, 0, nodes["right"].astype(int) + base).tolist()
        parts["value"] += [float(f"{v:.6g}") for v in mean]
    return {**parts, "shift": round(float(model._baseline_prediction.ravel()[0]) + shift, 6)}


def _check_export(part: dict[str, Any], x: F32, y: Any, weight: Any) -> None:
    """The shipped tables say what the fitted model says, but for the shift."""
    trees: Trees = trees_of(part)
    model = _fitted(x, y, weight)
    odds = model.decision_function(x)
    mine = probability(trees, x).astype(np.float64)
    theirs = 1 / (1 + np.exp(-(odds + trees.shift - float(model._baseline_prediction.ravel()[0]))))
    away = float(np.nanmax(np.abs(mine - theirs)))
    if away > 1e-3:
        raise ValueError(f"the exported trees are {away:.4f} off the fitted ones")
    sys.stderr.write(f"exported trees: {len(part['root'])}, {len(part['feature'])} nodes, at most {away:.1e} off\n")


FITS: Mapping[str, Callable[[Path], Mapping[str, float]]] = {"near_dup": fit_near_dup}
