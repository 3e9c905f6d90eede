"""Decontamination: the default recipe on labelled rows, its figures by class, and the fit of its two scores."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

SAMPLE = Path(__file__).parent.parent / "sample_data"
MODEL = Path(__file__).parent.parent / "curate" / "measure" / "exams.json"
REWORDED = ("cosine", "item_words", "words_alike", "numbers_alike", "numbered", "answer_words", "answer_numbers",
            "same_end", "other_end")  # fmt: skip
CODE = ("cosine", "words_alike", "item_words", "row_words", "item_numbers")
# Rows whose class the other classes answer, or that nothing here can (another language).
NOT_REWORDED = ("verbatim", "reformatted", "translated", "translated_code", "rephrased_code", "codealpaca_match")
FOLDS = 5
PENALTY = 10.0  # sklearn's C; of 1 and 10 the better in cross-validation


def parts(folder: Path, labels: bool) -> tuple[Any, list[dict[str, Any]]]:
    """The set as a dataset, and its training rows (with labels only when asked)."""
    from benchmarks.quality import loaded, pick

    frozen = pick(folder / "decontamination_gold/eval_frozen.jsonl.gz", "id", "question", "answer")
    wanted = ("id", "messages", *(("kind", "label", "eval_id", "source") if labels else ()))
    rows = pick(folder / "decontamination_gold/train_rows.jsonl.gz", *wanted)
    return loaded([{k: r[k] for k in ("id", "messages")} for r in rows], frozen), rows


def answer(folder: Path) -> Iterator[dict[str, Any]]:
    """Training rows that the default recipe drops because of a frozen row, with that row as the witness."""
    from curate.decide import decide, preset
    from curate.measure.run import measure
    from curate.store import Store

    data, _ = parts(folder, False)
    recipe = preset("default")
    verdicts = decide(measure(data, recipe=recipe, store=Store()), recipe)
    names = data.rows.column("user_id").to_pylist()
    for row, name in enumerate(names):
        if not data.frozen[row]:
            flag, witness = "contaminated" in verdicts.why(row), int(verdicts.witness[row])
            yield {"id": name, "flag": flag, "eval_id": names[witness] if flag and witness >= 0 else None}


def by_class(folder: Path) -> Mapping[str, tuple[int, int]]:
    """Per class of leak: rows that it names under the default recipe and are contaminated by label, of all that it names."""
    from curate.decide import preset
    from curate.decide.leaks import CLASSES, leaks_of
    from curate.measure.run import measure
    from curate.store import Store

    data, rows = parts(folder, True)
    recipe = preset("default")
    found = leaks_of(measure(data, recipe=recipe, store=Store()), recipe)
    truth = {r["id"]: r["label"] == "contaminated" for r in rows}
    right = np.array([truth.get(name, False) for name in data.rows.column("user_id").to_pylist()])
    named = [found.kind == n for n in range(len(CLASSES))]
    return {c.name: (int((k & right).sum()), int(k.sum())) for c, k in zip(CLASSES, named, strict=True)}


def fit(folder: Path) -> Mapping[str, float]:
    """Logistic scores of reworded questions and rewritten code: cross-validated figures, then the shipped file."""
    found = _candidates(folder)
    models: dict[str, Any] = {}
    figures: dict[str, float] = {}
    for name, columns, kind in (
        ("reworded", REWORDED, "reworded"),
        ("reworded_alone", REWORDED[:5], "reworded"),
        ("code", CODE, "code"),
    ):
        features, labels, groups, kinds = found[kind]
        features = features[:, : len(columns)]
        use = np.ones(len(labels), np.bool_) if kind == "code" else ~np.isin(kinds, NOT_REWORDED)
        figures |= _crossed(name, features, labels, groups, kinds, use)
        weights, intercept = _logistic(features[use], labels[use])
        models[name] = {
            "intercept": round(intercept, 4),
            "weights": dict(zip(columns, (round(w, 4) for w in weights), strict=True)),
        }
    MODEL.write_text(
        json.dumps(
            {"fitted_on": "decontamination gold, dev half; sample_data as negatives", "models": models}, indent=1
        )
        + "\n",
        encoding="utf-8",
    )
    return figures


def _candidates(folder: Path) -> Mapping[str, tuple[Any, Any, Any, Any]]:
    """(features, label, item, kind of row) of every candidate pair, by model."""
    from curate.decide import preset
    from curate.measure import exams
    from curate.measure.run import exam_views
    from curate.store import Store

    data, rows = parts(folder, True)
    about = {r["id"]: r for r in rows}
    names = data.rows.column("user_id").to_pylist()
    items, pool, views = exam_views(data, preset("default"), Store())
    out: dict[str, list[Any]] = {"reworded": [], "code": []}
    for model, row, item, features in exams.candidates(data.rows, items, pool, views):
        told = [about[names[pool[r]]] for r in row]
        truth = [
            t["label"] == "contaminated" and names[items.rows[k]] == t["eval_id"]
            for t, k in zip(told, item, strict=True)
        ]
        out[model].append((features, np.array(truth, np.bool_), item, np.array([t["kind"] for t in told])))
    out["reworded"].append(_templates())
    return {m: tuple(np.concatenate([p[k] for p in found]) for k in range(4)) for m, found in out.items()}  # type: ignore[misc]


def _templates() -> tuple[Any, Any, Any, Any]:
    """Rows of sample_data against its items: short questions of one template about other things, none of them the same.

    Without them the fit knows long questions alone, and takes "given X, what helps?" for "given Y, what helps?". Rows with a
    planted defect are left out.
    """
    from curate.decide import preset
    from curate.load import load
    from curate.measure import exams
    from curate.measure.run import exam_views
    from curate.store import Store

    data = load([SAMPLE / "helpdesk.jsonl", SAMPLE / "medical.jsonl"], [SAMPLE / "evaluation.jsonl"])
    planted = {
        name for r in json.loads((SAMPLE / "truth.json").read_text("utf-8"))["rows"] for name in (r["id"], r["witness"])
    }
    items, pool, views = exam_views(data, preset("default"), Store())
    found = [f[1:] for f in exams.candidates(data.rows, items, pool, views) if f[0] == "reworded"]
    row, item, features = (np.concatenate([f[k] for f in found]) for k in range(3))
    clean = np.array([data.ids[pool[r]].decode() not in planted for r in row])
    n = int(clean.sum())
    return features[clean], np.zeros(n, np.bool_), item[clean], np.full(n, "sample_template")


def _logistic(features: Any, labels: Any) -> tuple[list[float], float]:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=PENALTY, max_iter=5_000).fit(features.astype(np.float64), labels)
    return [float(w) for w in model.coef_[0]], float(model.intercept_[0])


def _crossed(name: str, features: Any, labels: Any, groups: Any, kinds: Any, use: Any) -> Mapping[str, float]:
    """Per kind of row, the share of candidate pairs at .5 and above: items are held out in FOLDS folds."""
    score = np.zeros(len(labels))
    for fold in range(FOLDS):
        out = groups % FOLDS == fold
        weights, intercept = _logistic(features[use & ~out], labels[use & ~out])
        score[out] = 1 / (1 + np.exp(-(features[out].astype(np.float64) @ np.array(weights) + intercept)))
    told = {}
    for kind in sorted(set(kinds.tolist())):
        for truth, word in ((True, "found"), (False, "false")):
            these = (kinds == kind) & (labels == truth)
            if these.any():
                told[f"{name} {kind} {word} of {int(these.sum())}"] = float((score[these] >= 0.5).mean())
    return told


if __name__ == "__main__":
    import sys

    for name, (right, of) in by_class(Path(sys.argv[1])).items():
        print(f"{name:<16}{right:>6} of {of:>5} right")
