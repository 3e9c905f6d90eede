"""Checks of the whole set: S1's ten pitfalls, then what S0 and S3 ask of a set. Each with cause, symptom, fix, value and rows.

Bounds are ours where the documents give none; each stands with its reason. Ids are P1-P10 and D1-D9.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.decide.contradictions import contradicting
from curate.decide.health import band_of
from curate.types import Check, Evidence, Verdicts

NAN = float("nan")
AUTHORS = (
    "annotator",
    "author",
    "labeler",
    "labeller",
    "worker",
    "writer",
    "teacher",
    "annotator_id",
    "worker_id",
    "model",
    "generator",
)
FEW = 30  # rows below which a share of the set says nothing
Found = tuple[float, str, NDArray[np.int64]]
Find = Callable[[Evidence, Verdicts, NDArray[np.int64]], Found]


@dataclass(frozen=True, slots=True)
class Pitfall:
    """A check's fixed words. why: its root cause and symptom; bounds: (healthy up to, warning above)."""

    id: str
    name: str
    cause: str
    symptom: str
    fix: str
    base: str
    bounds: tuple[float, float]


PITFALLS: tuple[Pitfall, ...] = (
    Pitfall("P1", "Label leakage", "the prompt holds its own answer", "training loss falls fast, production does not follow",
            "Strip the answer from the prompt, or drop the rows (rule answer_in_prompt).", "pool rows that end in their answer", (0.001, 0.01)),
    Pitfall("P2", "Distribution mismatch", "training prompts are unlike real ones", "good on validation, poor in use",
            "Load real prompts as evaluation rows; keep messy and hard cases.",
            "greatest distance between the lengths of pool and evaluation prompts (Kolmogorov-Smirnov, 0 to 1)", (0.2, 0.4)),
    Pitfall("P3", "Recency bias", "old answers outlive the facts", "confident answers of last year",
            "Keep the newest row of a group (near.keep = \"newest\").", "copies that leave although they are newer than the row that stays", (0.1, 0.5)),
    Pitfall("P4", "Format overfitting", "every answer has one layout", "bullets where a word would do",
            "Add answers of other layouts, or ask for the layout in the prompt.", "answers in the commonest layout", (0.9, 0.98)),
    Pitfall("P5", "Near-duplicate contamination", "copies that differ in a word", "validation looks better than it is",
            "Near text and near meaning; split by group.", "pool rows that go as copies of another", (0.3, 0.6)),
    Pitfall("P6", "Length bias", "long is taken for good", "answers grow, quality does not",
            "Weigh quality against length when judging; bound the length.", "rank correlation of words and judge score", (0.3, 0.6)),
    Pitfall("P7", "Topic concentration", "a few topics hold most rows", "fine there, lost elsewhere",
            "Cap the largest topics, add rows to the rare ones.", "rows in the largest fifth of the topics", (0.6, 0.8)),
    Pitfall("P8", "Annotation inconsistency", "alike questions got answers that differ", "the model hedges or flips",
            "Resolve the pairs on the Contradictions page.", "pool rows in a contradicting pair", (0.0, 0.01)),
    Pitfall("P9", "Evaluation contamination", "test questions stand in training", "a test that measures memory",
            "Their copies leave training (leak.enabled).", "pool rows that repeat an evaluation row", (0.0, 0.01)),
    Pitfall("P10", "Temporal leakage", "answers know what came later", "forecasts that are memory",
            "Split by time; drop rows of a later date (rule later_date).", "dated rows whose text names a later year than their own", (0.01, 0.05)),
    Pitfall("D1", "Training is not like inference", "some rows have a system prompt, others none", "behaves as trained only with the right frame",
            "Use one frame in training and in production (S3).", "the lesser share: rows with and rows without a system prompt", (0.02, 0.2)),
    Pitfall("D2", "Single and several turns", "dialogues and single questions mixed", "loses the thread, or makes one up",
            "Train on what production sends (S3).", "the lesser share: rows of one and of more questions", (0.1, 0.4)),
    Pitfall("D3", "Bimodal lengths", "two kinds of task in one file", "answers of a length between, that nobody wants",
            "Split the file by task (S1 Q1).", "Sarle's coefficient of log answer words; .555 is a flat distribution", (0.555, 0.7)),
    Pitfall("D4", "Style collapse", "one teacher wrote them all", "every answer begins alike",
            "More than one teacher or prompt; vary the opening (S1).", "answers whose first sentence opens ten others", (0.05, 0.2)),
    Pitfall("D5", "Boilerplate", "the same promise under many questions", "polite and empty",
            "Strip the sentences, or drop the rows (rule boilerplate).", "answers that are four fifths shared sentences", (0.01, 0.05)),
    Pitfall("D6", "Drift over time", "annotators shorten, or a tool changed", "late rows teach another style",
            "Look at the ends; level the guidelines (S1).", "rank correlation of time and answer words", (0.2, 0.4)),
    Pitfall("D7", "Vague answers", "hedges in place of numbers, names and steps", "sounds right, helps nobody",
            "Rewrite or drop the vaguest (rule vague_answer, S0).", "answers scored vague above .9", (0.02, 0.1)),
    Pitfall("D8", "Mixed languages", "rows in more than one language", "answers in the wrong one",
            "Set the languages that you want (rule other_language).", "rows outside of the commonest language", (0.05, 0.3)),
    # Answers of one guideline differ by half in length from hand to hand; three times is another reading of it.
    Pitfall("D9", "Drift between authors", "annotators or teachers read the guideline in their own way", "length and style tell who wrote it",
            "Level them in a calibration session (S0, S1); look at the extremes.", "the longest author's median answer over the shortest's", (1.5, 3.0)),
)  # fmt: skip


def pitfalls(evidence: Evidence, verdicts: Verdicts) -> tuple[Check, ...]:
    """All checks in order. NaN and "not measured" where the set has nothing to measure them on."""
    pool = np.flatnonzero(~evidence.frozen).astype(np.int64)
    return tuple(_check(p, *_FINDERS[p.id](evidence, verdicts, pool)) for p in PITFALLS)


def _check(words: Pitfall, value: float, shown: str, rows: NDArray[np.int64]) -> Check:
    healthy, warning = words.bounds
    band = band_of(value, (-1.0, healthy), (-1.0, warning))
    why = f"{words.cause[:1].upper()}{words.cause[1:]}: {words.symptom}."
    return Check(words.id, words.name, value, shown, words.base, band, why, words.fix, rows)


def _none(shown: str) -> Found:
    return NAN, shown, np.empty(0, dtype=np.int64)


def _share(rows: NDArray[np.int64], of: int, what: str = "rows") -> Found:
    return (
        (rows.shape[0] / of, f"{rows.shape[0]:,} of {of:,} {what} ({rows.shape[0] / of:.2%})", rows)
        if of
        else _none("no rows")
    )


def _over(column: str, bound: float) -> Find:
    def find(evidence: Evidence, verdicts: Verdicts, pool: NDArray[np.int64]) -> Found:
        del verdicts
        values = _known(evidence, column, pool)
        return _none("not measured") if values is None else _share(values[0][values[1] > bound], values[0].shape[0])

    return find


def _known(
    evidence: Evidence, column: str, pool: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]] | None:
    """Pool rows that have the column, and their values; None when it is not there or on no row."""
    held = evidence.columns.get(column)
    if held is None:
        return None
    rows = pool[~np.isnan(held[pool])]
    return (rows, held[rows].astype(np.float64)) if rows.shape[0] else None


def _mismatch(evidence: Evidence, verdicts: Verdicts, pool: NDArray[np.int64]) -> Found:
    del verdicts
    ours = _known(evidence, "prompt_words", pool)
    real = _known(evidence, "prompt_words", np.flatnonzero(evidence.frozen))
    if ours is None or real is None or real[0].shape[0] < FEW:
        return _none(f"needs {FEW} evaluation rows or more")
    at = np.unique(np.concatenate((ours[1], real[1])))
    gap = [np.searchsorted(np.sort(v), at, side="right") / v.shape[0] for v in (ours[1], real[1])]
    apart = np.abs(gap[0] - gap[1])
    side = (
        ours[1] <= at[apart.argmax()]
        if gap[0][apart.argmax()] > gap[1][apart.argmax()]
        else ours[1] > at[apart.argmax()]
    )
    return (
        float(apart.max()),
        f"{apart.max():.2f} (median {np.median(ours[1]):.0f} words, evaluation {np.median(real[1]):.0f})",
        ours[0][side],
    )


def _recency(evidence: Evidence, verdicts: Verdicts, pool: NDArray[np.int64]) -> Found:
    time = evidence.ties.get("time")
    gone = pool[verdicts.witness[pool] >= 0]
    if time is None or not (time[pool] >= 0).any():
        return _none("needs a time column")
    kept = verdicts.witness[gone]
    both = gone[(time[gone] >= 0) & (time[kept] >= 0)]
    return (
        _share(both[time[both] > time[verdicts.witness[both]]], both.shape[0], "copies")
        if both.shape[0]
        else _none("no copies with a time")
    )


def _layout(evidence: Evidence, verdicts: Verdicts, pool: NDArray[np.int64]) -> Found:
    del verdicts
    known = _known(evidence, "layout", pool)
    if known is None or known[0].shape[0] < FEW:
        return _none(f"needs {FEW} answers or more")
    sizes = np.bincount(known[1].astype(np.int64))
    name = ("prose", "list", "markdown", "code", "json", "table")[int(sizes.argmax())]
    value, shown, _ = _share(known[0][known[1] == sizes.argmax()], known[0].shape[0], f"answers are {name}")
    return value, shown, known[0][known[1] != sizes.argmax()]


def _copies(evidence: Evidence, verdicts: Verdicts, pool: NDArray[np.int64]) -> Found:
    del evidence
    return _share(pool[verdicts.carries("exact_copy", "near_text", "near_meaning")[pool]], pool.shape[0])


def _length_bias(evidence: Evidence, verdicts: Verdicts, pool: NDArray[np.int64]) -> Found:
    del verdicts
    scores = _known(evidence, "judge_overall", pool)
    if scores is None or scores[0].shape[0] < FEW:
        return _none("needs judge scores")
    rho = _rank(evidence.columns["answer_words"][scores[0]], scores[1])
    return (
        _none("all alike")
        if np.isnan(rho)
        else (rho, f"rank correlation {rho:.2f} over {scores[0].shape[0]:,} scored rows", scores[0])
    )


def _topics(evidence: Evidence, verdicts: Verdicts, pool: NDArray[np.int64]) -> Found:
    del evidence
    topic = verdicts.topic[pool]
    sizes = np.bincount(topic[topic >= 0])
    if np.count_nonzero(sizes) < 5:
        return _none("needs five topics or more")
    top = np.argsort(-sizes, kind="stable")[: -(-np.count_nonzero(sizes) // 5)]
    value, _, rows = _share(pool[np.isin(topic, top)], int(sizes.sum()))
    return value, f"{value:.0%} of the rows in the {top.shape[0]} largest of {np.count_nonzero(sizes)} topics", rows


def _inconsistent(evidence: Evidence, verdicts: Verdicts, pool: NDArray[np.int64]) -> Found:
    if not verdicts.recipe.conflict.enabled or not np.isfinite(evidence.pairs.scores["conflict"]).any():
        return _none("contradictions are not measured")
    at = contradicting(evidence, verdicts.recipe)
    sides = np.union1d(evidence.pairs.i[at], evidence.pairs.j[at]).astype(np.int64)
    return _share(np.intersect1d(sides, pool), pool.shape[0])


def _contaminated(evidence: Evidence, verdicts: Verdicts, pool: NDArray[np.int64]) -> Found:
    if not evidence.frozen.any():
        return _none("needs evaluation rows")
    return _share(pool[verdicts.carries("contaminated")[pool]], pool.shape[0])


def _lesser(column: str, above: float, names: tuple[str, str]) -> Find:
    def find(evidence: Evidence, verdicts: Verdicts, pool: NDArray[np.int64]) -> Found:
        del verdicts
        known = _known(evidence, column, pool)
        if known is None:
            return _none("not measured")
        more = known[1] > above
        few, share = (more, names[0]) if more.sum() * 2 <= more.shape[0] else (~more, names[1])
        return _share(known[0][few], known[0].shape[0], share)

    return find


def _bimodal(evidence: Evidence, verdicts: Verdicts, pool: NDArray[np.int64]) -> Found:
    del verdicts
    known = _known(evidence, "answer_words", pool)
    if known is None or known[0].shape[0] < FEW:
        return _none(f"needs {FEW} answers or more")
    x = np.log1p(known[1])
    x = x - x.mean()
    spread, n = x.std(), x.shape[0]
    if not spread:
        return _none("all alike")
    skew, kurtosis = (x**3).mean() / spread**3, (x**4).mean() / spread**4
    value = float((skew**2 + 1) / (kurtosis - 3 + 3 * (n - 1) ** 2 / ((n - 2) * (n - 3))))
    low, high = np.percentile(known[1], (10, 90))
    return value, f"{value:.2f} (P10 {low:.0f}, P90 {high:.0f} words)", known[0][known[1] <= np.median(known[1])]


def _drift(evidence: Evidence, verdicts: Verdicts, pool: NDArray[np.int64]) -> Found:
    del verdicts
    time = evidence.ties.get("time")
    dated = pool[time[pool] >= 0] if time is not None else pool[:0]
    if time is None or dated.shape[0] < FEW:
        return _none("needs a time column")
    rho = _rank(time[dated], evidence.columns["answer_words"][dated])
    if np.isnan(rho):
        return _none("all alike")
    return (
        abs(rho),
        f"{rho:+.2f}: answers {'shorten' if rho < 0 else 'lengthen'} over {dated.shape[0]:,} dated rows",
        dated,
    )


def _authors(evidence: Evidence, verdicts: Verdicts, pool: NDArray[np.int64]) -> Found:
    del verdicts
    name = next((n for n in evidence.labels if n.lower() in AUTHORS), None)
    known = _known(evidence, "answer_words", pool)
    if name is None or known is None:
        return _none(f"needs a column such as {', '.join(AUTHORS[:3])}")
    code = evidence.labels[name].code[known[0]]
    wrote = [k for k in range(len(evidence.labels[name].names)) if np.count_nonzero(code == k) >= FEW]
    if len(wrote) < 2:
        return _none(f"needs two authors of {FEW} answers or more")
    medians = [float(np.median(known[1][code == k])) for k in wrote]
    low, high = wrote[int(np.argmin(medians))], wrote[int(np.argmax(medians))]
    value = max(medians) / max(min(medians), 1.0)
    shown = f"{value:.1f} times: medians from {min(medians):.0f} to {max(medians):.0f} words over {len(wrote)} authors"
    return value, shown, known[0][np.isin(code, (low, high))]


def _languages(evidence: Evidence, verdicts: Verdicts, pool: NDArray[np.int64]) -> Found:
    del verdicts
    known = _known(evidence, "language", pool)
    if known is None:
        return _none("not measured")
    most = np.bincount(known[1].astype(np.int64)).argmax()
    return _share(known[0][known[1] != most], known[0].shape[0])


def _rank(a: NDArray[np.generic], b: NDArray[np.generic]) -> float:
    """Spearman's rank correlation; NaN when one side is constant."""
    from scipy.stats import rankdata

    x, y = rankdata(a), rankdata(b)
    return NAN if x.std() == 0 or y.std() == 0 else float(np.corrcoef(x, y)[0, 1])


_FINDERS: Mapping[str, Find] = {
    "P1": _over("answer_at_end", 0.6), "P2": _mismatch, "P3": _recency, "P4": _layout, "P5": _copies, "P6": _length_bias,
    "P7": _topics, "P8": _inconsistent, "P9": _contaminated, "P10": _over("later_years", 0.0),
    "D1": _lesser("system_words", 0.5, ("with a system prompt", "without a system prompt")),
    "D2": _lesser("turns", 2.5, ("of several turns", "of one turn")), "D3": _bimodal, "D4": _over("shared_opening", 9.5),
    "D5": _over("boilerplate_share", 0.8), "D6": _drift, "D7": _over("vague", 0.9), "D8": _languages, "D9": _authors,
}  # fmt: skip
