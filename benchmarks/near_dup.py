"""The labelled pairs of near_dup: answered by the product's pair scorer, and what that scorer's trees are fitted on.

Fitting: small boosted trees over the features of curate/measure/same.py. Cross-validation keeps rows of one group
together; leaving one source out tells what to expect of data that nobody labelled. The log odds are shifted so that .5 is
the setting at which word swaps and flipped yes/no questions stay within their bars and F1 is greatest.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from curate.measure.same import FILE, MOST, NAMES, Trees, features, forbidden, probability, texts_of, trees_of
from curate.types import F32, F64

Line = dict[str, Any]
LABELS = ("component", "label", "group")
# False alarms at the default setting (issue: duplicates): share of word swaps and of flipped yes/no questions called
# the same. Held with a margin, because the bar is judged on rows that nobody fitted to.
BARS = {"word-swap": 0.05, "boolq-perturbed": 0.10}
MARGIN = 0.8
# 70 flipped questions carry a bar of their own, as the 292 word swaps do: all of either count like a source of 600 to 1,000.
WEIGHT = {"boolq-perturbed": 15.0, "word-swap": 2.0}
# Signs that hold in any source: more in common never speaks against, and a difference never for, two texts being the same.
# They cost little where all sources are known and carry over to one that nobody labelled (benchmarks.fit prints both).
MORE = {"jaccard", "contained", "cosine", "letters", "letters_in", "stems", "content", "content_in", "bigrams",
        "words_ratio", "alike", "spelled_alike", "frame"}  # fmt: skip
LESS = {"left_less", "left_more", "left_share", "stop_left", "numbers_both", "numbers_one", "names_both", "names_one",
        "units_both", "negation", "asking", "opposed", "opposed_in_place", "in_place", "yes_no"}  # fmt: skip
SETTINGS: dict[str, Any] = {
    "max_iter": 120, "learning_rate": 0.07, "max_leaf_nodes": 10, "min_samples_leaf": 25, "l2_regularization": 3.0,
    "max_features": 0.4, "monotonic_cst": [(n in MORE) - (n in LESS) for n in NAMES],
}  # fmt: skip
SEEDS = (0, 1)  # two models that look at other features at each split; the mean of their log odds counts
FOLDS = 5


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
    return rows, texts_of(column), i, j, cosines(kept_vectors(texts), i, j)


def kept_vectors(texts: list[str]) -> Any:
    """float16 vectors of the distinct texts under the default recipe's model; kept in the store, as measuring keeps them."""
    import pyarrow as pa

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
    column = pa.chunked_array([pa.array(texts, pa.large_string())])
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
            held, never = _held_out(seen, y, weight, _folds(y, group)), forbidden(seen)
            bar = _default_bar(np.where(never, 0, held), y, source)
            held = _capped(held, never, bar)
            figures |= _figures(f"{name}, cross-validated", held, y, source, bar)
            left_out = _capped(_held_out(seen, y, weight, _sources(source)), never, bar)
            figures |= _figures(f"{name}, source left out", left_out, y, source, bar)
            model = Boosted(seen, y, weight)
            shipped[name] = _export(model, -float(np.log(bar / (1 - bar))))
            _check_export(shipped[name], seen, model, bar)
    FILE.write_text(json.dumps({"features": NAMES, "trees": shipped}, separators=(",", ":")) + "\n", encoding="utf-8")
    return figures


class Boosted:
    """Two boosted models whose log odds are averaged."""

    def __init__(self, x: F32, y: Any, weight: Any) -> None:
        from sklearn.ensemble import HistGradientBoostingClassifier

        self.models = [
            HistGradientBoostingClassifier(**SETTINGS, random_state=seed).fit(x, y, sample_weight=weight)
            for seed in SEEDS
        ]

    def odds(self, x: F32) -> F64:
        return np.asarray(np.mean([m.decision_function(x) for m in self.models], axis=0), np.float64)


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
        out[test] = 1 / (1 + np.exp(-Boosted(x[train], y[train], weight[train]).odds(x[test])))
    return out


def _capped(p: F64, never: Any, bar: float) -> F64:
    """The probabilities with those of pairs that are never the same held under the bar, as the product does."""
    odds = np.log(MOST / (1 - MOST)) + np.log(bar / (1 - bar))
    return np.where(never, np.minimum(p, 1 / (1 + np.exp(-odds))), p)


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
    odds = np.log(p / (1 - p)) - np.log(bar / (1 - bar))
    whole["calibration error"] = _calibration(1 / (1 + np.exp(-odds)), y)
    return {f"{name}: {k}": float(v) for k, v in whole.items()} | out


def _calibration(p: F64, y: Any) -> float:
    """Mean distance of a score from the share of duplicates among the pairs of its tenth, weighted by their number."""
    tenth = np.minimum((p * 10).astype(int), 9)
    count = np.bincount(tenth, minlength=10)
    away = np.bincount(tenth, weights=p, minlength=10) - np.bincount(tenth, weights=y, minlength=10)
    return float(np.abs(away).sum() / count.sum())


def _export(model: Boosted, shift: float) -> dict[str, Any]:
    """The model's trees as lists; the mean of a node is what its leaves add on average over the rows in it."""
    parts: dict[str, list[Any]] = {k: [] for k in ("feature", "bar", "left", "right", "value", "root")}
    share = 1 / len(model.models)
    for stage in (stage for part in model.models for stage in part._predictors):
        nodes, base = stage[0].nodes, len(parts["feature"])
        parts["root"].append(base)
        mean = nodes["value"].astype(np.float64)
        for k in range(len(nodes) - 1, -1, -1):  # children stand behind their parent
            if not nodes[k]["is_leaf"]:
                pair = list(nodes[k][["left", "right"]].tolist())
                mean[k] = np.average(mean[pair], weights=nodes["count"][pair])
        leaf = nodes["is_leaf"].astype(bool)
        parts["feature"] += np.where(leaf, -1, nodes["feature_idx"].astype(int)).tolist()
        parts["bar"] += np.where(leaf, 0.0, nodes["num_threshold"]).tolist()
        parts["left"] += np.where(leaf, 0, nodes["left"].astype(int) + base).tolist()
        parts["right"] += np.where(leaf, 0, nodes["right"].astype(int) + base).tolist()
        parts["value"] += [float(f"{share * v:.6g}") for v in mean]
    start = float(np.mean([m._baseline_prediction.ravel()[0] for m in model.models]))
    return {**parts, "shift": round(start + shift, 6)}


def _check_export(part: dict[str, Any], x: F32, model: Boosted, bar: float) -> None:
    """The shipped tables say what the fitted model says, with its bar at .5."""
    trees: Trees = trees_of(part)
    theirs = 1 / (1 + np.exp(-(model.odds(x) - np.log(bar / (1 - bar)))))
    theirs = np.where(forbidden(x), np.minimum(theirs, MOST), theirs)
    away = float(np.abs(probability(trees, x).astype(np.float64) - theirs).max())
    if away > 1e-3:
        raise ValueError(f"the exported trees are {away:.4f} off the fitted ones")
    sys.stderr.write(f"exported trees: {len(part['root'])}, {len(part['feature'])} nodes, at most {away:.1e} off\n")
