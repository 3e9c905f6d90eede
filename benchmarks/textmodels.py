"""Fitting the linear text models that ship: grouped cross-validation and leave-one-source-out first, then all rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.quality import pick
from curate.measure.buffers import flat
from curate.measure.wordgrams import Linear, Shape, features, save

FOLDS = 5
# Words that HateCheck's templates vary: rows that differ in them alone stay on one side of a fold.
VARIED = re.compile(
    r"\b(?:wom[ae]n|gays?|trans|muslims?|blacks?|disabled|immigrants?|people|persons?|m[ae]n|bitch(?:es)?|fag(?:got)?s?"
    r"|trann(?:y|ies)|nigg(?:er|a)s?|retards?|paki?s?|cripples?|wetbacks?|spics?|refugees?|islam|negros?|queers?|dykes?"
    r"|sluts?|whores?)\b"
)


@dataclass(frozen=True)
class Labelled:
    """Texts with labels (Bool [n]), groups that stay together, sources, weights, and which rows are scored."""

    texts: list[str]
    label: np.ndarray
    group: np.ndarray
    source: np.ndarray
    weight: np.ndarray
    scored: np.ndarray


def fit_text(name: str, data: Labelled, shape: Shape, strength: float, bar: float) -> Mapping[str, float]:
    """Fit, say how far to trust it, ship. strength: inverse of the ridge. bar: the probability that becomes .5."""
    from sklearn.model_selection import GroupKFold

    x = _matrix(data.texts, shape)
    found = np.zeros(len(data.texts))
    for train, test in GroupKFold(FOLDS).split(x, data.label, data.group):
        found[test] = _model(x[train], data.label[train], data.weight[train], strength).predict_proba(x[test])[:, 1]
    out: dict[str, float] = {}
    for source in np.unique(data.source[data.scored]):
        rows = data.scored & (data.source == source)
        out |= {f"{source} cross-validated {k}": v for k, v in _figures(data.label[rows], found[rows] > bar).items()}
        rest = data.source != source
        alone = _model(x[rest], data.label[rest], data.weight[rest], strength).predict_proba(x[rows])[:, 1]
        out |= {f"{source} left out {k}": v for k, v in _figures(data.label[rows], alone > bar).items()}
    whole = _model(x, data.label, data.weight, strength)
    bias = float(whole.intercept_[0]) - float(np.log(bar / (1 - bar)))
    save(name, Linear(shape, bias, whole.coef_[0].astype(np.float32)))
    return out


def _model(x: Any, label: np.ndarray, weight: np.ndarray, strength: float) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=strength, max_iter=2000, solver="liblinear", random_state=0).fit(x, label, weight)


def _matrix(texts: list[str], shape: Shape) -> Any:
    import pyarrow as pa
    from scipy.sparse import csr_matrix

    start, places = features(*flat(pa.array(texts, pa.large_string())), shape)
    m = np.diff(start)
    values = np.repeat(1 / np.sqrt(np.maximum(m, 1)), m)
    return csr_matrix((values, places, start), shape=(len(texts), 1 << shape.bits))


def _figures(label: np.ndarray, flag: np.ndarray) -> dict[str, float]:
    hit = float((label & flag).sum())
    precision, recall = hit / max(1, flag.sum()), hit / max(1, label.sum())
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    return {"precision": precision, "recall": recall, "f1": f1,
            "false alarms": float((flag & ~label).sum() / max(1, (~label).sum()))}  # fmt: skip


def refusal(folder: Path) -> Mapping[str, float]:
    """XSTest completions (twice the weight: fewer rows) and Do-Not-Answer responses; answers of the quality set without
    a declining opening are background, so that the model knows ordinary answers too."""
    from curate.measure.text import REFUSAL

    rows = pick(folder / "refusal_gold/rows.jsonl.gz", "messages", "label", "component")
    left_out = ("ambiguous(disclaimer)", "partial_refusal", "non_answer(capability)")
    rows = [row for row in rows if row["label"] not in left_out]
    texts = [row["messages"][-1]["content"] for row in rows]
    asked = [row["messages"][0]["content"] for row in rows]
    plain = [r["messages"][-1]["content"] for r in pick(folder / "quality_gold/rows.jsonl.gz", "messages")]
    plain = [t for t in plain if not re.match(REFUSAL, t)][:3000]
    every = texts + plain
    known = np.arange(len(every)) < len(texts)
    source = np.array([row["component"] for row in rows] + ["background"] * len(plain))
    group = np.unique(np.array(asked + plain), return_inverse=True)[1]
    label = np.array([row["label"] == "refusal" for row in rows] + [False] * len(plain))
    weight = np.where(source == "xstest", 2.0, 1.0)
    return fit_text("refusal", Labelled(every, label, group, source, weight, known), Shape(16, 2, 80), 10.0, 0.28)


def toxicity(folder: Path) -> Mapping[str, float]:
    """Davidson weighs three times (its labels are the bar), HateCheck's honest rows eight times (they are the trap).

    Prompts and answers of the quality set are background: without them ordinary long answers look toxic to a model that has
    only seen posts. They stand in folds of their own and are scored, as the false alarms of ordinary text.
    """
    rows = pick(folder / "toxicity_gold/rows.jsonl.gz", "text", "toxic", "component")
    talks = [r["messages"] for r in pick(folder / "quality_gold/rows.jsonl.gz", "messages")]
    plain = list(dict.fromkeys(talk[k]["content"] for talk in talks for k in (0, -1)))[::2]
    texts = [row["text"] for row in rows] + plain
    label = np.array([bool(row["toxic"]) for row in rows] + [False] * len(plain))
    source = np.array([row["component"] for row in rows] + ["background"] * len(plain))
    masked = [VARIED.sub("X", t.lower()) if s == "hatecheck" else t for t, s in zip(texts, source, strict=True)]
    group = np.unique(np.array(masked), return_inverse=True)[1]
    weight = np.where((source == "hatecheck") & ~label, 8.0, np.where(source == "davidson", 3.0, 1.0))
    every = np.ones(len(texts), dtype=np.bool_)
    return fit_text("toxicity", Labelled(texts, label, group, source, weight, every), Shape(17, 2, 0), 30.0, 0.64)
