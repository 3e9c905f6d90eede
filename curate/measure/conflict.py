"""Conflict: how likely two answers to nearly the same question cannot both be right, in [0, 1], without a download.

Asked of pairs whose prompts lie at or above a floor (or are equal) under one system prompt and one history. 0 where the
questions have many right answers (write, suggest, name some) or ask for different things; else a sum of small trees
over features of both answers and both questions (compare.py), fitted on labelled pairs by `benchmarks.fit contradiction`.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.decide.recipe import Conflict, Recipe
from curate.errors import Cancelled
from curate.measure.asking import counted, other_count, other_kind
from curate.measure.classes import prompt_view
from curate.measure.clauses import Said, said
from curate.measure.compare import FEATURES, asked_of, compare
from curate.measure.lexicon import NUMBER
from curate.measure.questions import KINDS, kinds
from curate.measure.trees import Trees, read, total
from curate.store import Store
from curate.types import F32, F64, I32, U16, Bool, Cancel, Guard, Measure, Pairs, Progress

VERSION = 3
# What makes a score less (times this): chosen on gold's folds, and on a real file of long answers to near questions, of
# which the first model flagged 288 prompts of 291; the labelled pairs pay .008 of AUC and F1 for it.
BROAD = 0.65  # a broad question: flagged from .77 up
FAR, NEAR = 0.55, 0.9  # questions below this cosine: 24 of the 231 labelled contradictions under two prompts
ODD = 0.5  # the questions differ in kind, or one has a number and the other none: 1 in 100 labelled contradictions
LEFT = 0.65  # each question has a word that the other has no like of
LONG, MANY = 0.65, 30  # an answer above so many words: it says more than the other one by its length
# Without vectors: cosine of two answers, and of an answer and its question, from shared words; rough lines, not fitted.
GUESS, BESIDE = (0.45, 0.45), 0.55
STEP = 50_000  # pairs between two looks at `cancel`
# How two questions differ: of compare's features, those that say so.
ASKED = ("best_overlap", "denial_one", "best_opposite", "best_sister", "best_left_low", "best_left_high",
         "number_differs", "name_differs", "order_differs", "all_cover_low", "number_part")  # fmt: skip
COLUMNS: tuple[str, ...] = (
    *FEATURES,
    "answer_cosine",
    "answer_beyond",
    "to_question_low",
    "to_question_high",
    "prompt_cosine",
    "same_prompt",
    *(f"asks_{k}" for k in KINDS),
    *(f"prompts_{k}" for k in ASKED),
    "prompt_same",
)
_BESIDE = len(FEATURES)  # where the columns begin that are not of compare.py
_KINDS = COLUMNS.index(f"asks_{KINDS[0]}")
_ASKED = [FEATURES.index(name) for name in ASKED]


@lru_cache(maxsize=1)
def model() -> Trees:
    """The model that ships."""
    return read("conflict")


def measure_of(setting: Conflict, pairs: Measure) -> Measure:
    """What the conflict column follows from: the pairs, this module's version, the fitted numbers and the backend."""
    digest = blake2b((files("curate.measure") / "data" / "conflict.json").read_bytes(), digest_size=8).hexdigest()
    params = (("pairs", pairs.key), ("fit", digest), ("floor", repr(setting.floor)))
    backend = "builtin" if setting.backend == "builtin" else f"nli:{_nli_name(setting.model)}"
    return Measure("conflict", VERSION, params, "set", backend)


@lru_cache(maxsize=8)
def _nli_name(model: str) -> str:
    from curate.measure import nli

    return nli.identity(model)


@dataclass(frozen=True, slots=True)
class Asked:
    """Questions and answers of some rows as tokens; row k of both is row k of the table given to `asked`.

    in_prompt: bool per answer token, also in the prompt. kinds, made, broad: see questions.kinds.
    counts: int64 [n], how many numbers the prompt has; numbers: uint64 [n], the sum of what they hash to; things: uint64
    [n], what it asks the number of (asking.counted).
    """

    prompts: Said
    answers: Said
    in_prompt: Bool
    in_none: Bool
    kinds: F32
    made: Bool
    broad: Bool
    counts: NDArray[np.int64]
    numbers: NDArray[np.uint64]
    things: NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Pair:
    """Pairs ready to be judged. x: float32 [m, len(COLUMNS)]. made, broad: bool [m], of either question. other: bool [m],
    the questions ask for different things; odd: they may."""

    x: F32
    made: Bool
    broad: Bool
    other: Bool
    odd: Bool

    def at(self, rows: NDArray[Any]) -> Pair:
        return Pair(self.x[rows], self.made[rows], self.broad[rows], self.other[rows], self.odd[rows])


def asked(prompts: Any, answers: Any) -> Asked:
    """Two Arrow string columns, read for comparison."""
    q, a = said(prompts), said(answers)
    which = np.arange(len(answers), dtype=np.int32)
    none = np.zeros(q.word.shape[0], dtype=np.bool_)
    return Asked(q, a, asked_of(a, q, which), none, *kinds(prompts), *_numbers(q), counted(q))


def _numbers(q: Said) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Numbers of each text: how many, and a hash of their values in which their order does not count."""
    has = (q.words.bits[q.word] & NUMBER) > 0
    mixed = np.nan_to_num(q.value).view(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed = np.where(has, (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9), np.uint64(0))
    count, total_ = (
        np.concatenate([np.zeros(1, a.dtype), np.cumsum(a, dtype=a.dtype)]) for a in (has.astype(np.int64), mixed)
    )
    return np.diff(count[q.start]), np.diff(total_[q.start])


def features(rows: Asked, scores: Mapping[str, NDArray[Any]], i: I32, j: I32) -> Pair:
    """Pairs (i, j) of the rows as features; scores: prompt_jaccard, prompt_cosine, prompt_same, answer_cosine and guards of
    each pair, and beside_i, beside_j, the cosine of each answer with its own question (absent or NaN: not measured)."""
    same = scores["prompt_jaccard"] >= 1.0
    x = np.empty((i.shape[0], len(COLUMNS)), dtype=np.float32)
    n, k = _BESIDE, _KINDS
    x[:, :n] = compare(rows.answers, rows.in_prompt, i, j)
    x[:, n : n + 4] = _meanings(scores, x[:, FEATURES.index("all_cover_low")])
    x[:, n + 4] = np.where(same, 1.0, scores["prompt_cosine"])
    x[:, n + 5] = same
    x[:, k : k + len(KINDS)] = np.minimum(rows.kinds[i], rows.kinds[j])
    x[:, -1] = np.where(same, 1.0, scores["prompt_same"])
    x[:, k + len(KINDS) : -1] = compare(rows.prompts, rows.in_none, i, j)[:, _ASKED]
    odd = other_kind(rows.kinds, i, j) | ((rows.counts[i] > 0) != (rows.counts[j] > 0))
    other = _other(x, rows, i, j, scores["guards"]) | other_count(rows.prompts, rows.things, i, j)
    return Pair(x, rows.made[i] | rows.made[j], rows.broad[i] | rows.broad[j], other, odd)


def _meanings(scores: Mapping[str, NDArray[Any]], shared: F32) -> F32:
    """float32 [m, 4]: cosine of the answers; the same with the question taken out of both (partial correlation), so that
    "veins look blue because" counts on neither side; and the lesser and greater cosine of an answer and its question."""
    given = scores["answer_cosine"]
    answers = np.where(np.isnan(given), GUESS[0] + GUESS[1] * shared, given)
    none = np.full(given.shape, np.nan, np.float32)
    one, two = (np.where(np.isnan(given + (s := scores.get(k, none))), BESIDE, s) for k in ("beside_i", "beside_j"))
    left = np.sqrt(np.maximum((1.0 - one**2) * (1.0 - two**2), 1e-3))
    return np.column_stack((answers, (answers - one * two) / left, np.minimum(one, two), np.maximum(one, two))).astype(
        np.float32
    )


def _other(x: F32, rows: Asked, i: I32, j: I32, guards: NDArray[Any]) -> Bool:
    """Whether two questions ask for different things: another number, name, opposite or thing of one kind, or the same
    words in another order where they count or convert (10 miles to kilometers, 10 kilometers to miles).

    Answers of 401 and 403 may round the same value; questions about part 401 and part 403 are two.
    """
    out = np.zeros(i.shape[0], dtype=np.bool_)
    for name in ("number_differs", "number_part", "best_opposite", "best_sister", "name_differs"):
        out |= _of(x, f"prompts_{name}") > 0
    counts = (rows.counts[i] > 0) & (rows.counts[j] > 0)
    out |= (rows.counts[i] == rows.counts[j]) & (rows.numbers[i] != rows.numbers[j])
    order, code = (guards & np.uint16(int(Guard.ORDER))) > 0, (guards & np.uint16(int(Guard.CODE))) > 0
    return out | (order & counts) | code


def judged(pair: Pair, raw: F64 | None = None) -> F32:
    """float32 [m]: the probability of a conflict. raw: log odds in place of the model's.

    0 for equal answers, for prompts that ask for something made and for questions that ask for different things. Less where
    the questions show a sign of it, and for broad questions and long answers unless the two answers say the opposite.
    """
    x = pair.x
    p = 1.0 / (1.0 + np.exp(-(total(model(), x) if raw is None else raw)))
    equal = (_of(x, "equal_words") > 0) & (_of(x, "denial_one") == 0) & (_of(x, "order_differs") == 0)
    long = _of(x, "length_high") >= np.float32(np.log1p(MANY))
    hard = _opposite(x, long)
    left = _of(x, "prompts_best_left_low")
    for where, times in (
        (pair.broad & ~hard, BROAD), (long & ~hard, LONG), (pair.odd, ODD), ((left >= 1) & ~hard, LEFT), (left >= 2, LEFT),
        ((_of(x, "prompt_cosine") < np.float32(NEAR)) & (_of(x, "same_prompt") == 0), FAR),
    ):  # fmt: skip
        p = np.where(where, times * p, p)
    return np.where(equal | pair.made | pair.other, 0.0, p).astype(np.float32)


def _opposite(x: F32, long: Bool) -> Bool:
    """bool [m]: one side denies what the other says, contradicts a word of it or gives another number. In a long answer a
    "not" stands somewhere anyway: both the aligned sentences and the stance must differ."""
    lead, stance, denial = (_of(x, k) for k in ("lead_opposed", "stance_opposed", "best_denial"))
    opposite, overlap = _of(x, "best_opposite") > 0, _of(x, "best_overlap")
    some = (stance > 0) | (denial >= 0.5) | ((opposite | (_of(x, "number_differs") > 0)) & (overlap >= 0.4))
    sure = ((stance > 0) & (denial >= 0.5)) | (opposite & (overlap >= 0.6))
    return (lead > 0) | np.where(long, sure, some)


def _of(x: F32, name: str) -> F32:
    """One column of the features."""
    return x[:, COLUMNS.index(name)]


def conflict_of(
    rows: Any,
    pairs: Pairs,
    recipe: Recipe,
    store: Store,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    beside: F32 | None = None,
) -> Mapping[str, F32]:
    """The columns that this measure adds to a pair table: `conflict`; under backend "nli" also `conflict_builtin` and
    `conflict_nli`, the two voices that it combines (NaN where NLI was not asked).

    beside: float32 [n], the cosine of each row's question and answer; None = not measured. Errors: Cancelled, BackendError.
    """
    setting = recipe.conflict
    at = candidates(pairs.scores, pairs.guards, setting.floor)
    score = np.full(len(pairs), np.nan, dtype=np.float32)
    scores: dict[str, NDArray[Any]] = {k: v[at] for k, v in pairs.scores.items()}
    scores["guards"] = pairs.guards[at]
    near = np.full(rows.num_rows, np.nan, np.float32) if beside is None else beside
    scores |= {"beside_i": near[pairs.i[at]], "beside_j": near[pairs.j[at]]}
    score[at] = conflict_scores(rows, prompt_view(rows), scores, pairs.i[at], pairs.j[at], progress, cancel)
    if setting.backend == "builtin":
        return {"conflict": score}
    return _with_nli(rows, pairs, score, setting.model, store, progress, cancel)


def with_conflict(pairs: Pairs, conflict: Mapping[str, F32], floor: float) -> Pairs:
    """The pair table with its conflict columns, and from which prompt similarity up they are complete."""
    floors = dict(pairs.floor)
    if "meaning" in floors:
        floors["conflict"] = max(floor, floors["meaning"])
    return replace(pairs, scores={**pairs.scores, **conflict}, floor=floors)


def _with_nli(
    rows: Any, pairs: Pairs, score: F32, model: str, store: Store, progress: Progress | None, cancel: Cancel | None
) -> Mapping[str, F32]:
    """A cross-encoder's word on every pair that the built-in model does not rule out."""
    import pyarrow as pa

    from curate.measure import nli

    heard = np.full(len(pairs), np.nan, dtype=np.float32)
    at = np.flatnonzero(score >= np.float32(nli.DOUBT))
    used, place = np.unique(np.concatenate((pairs.i[at], pairs.j[at])), return_inverse=True)
    a, b = place[: at.shape[0]].astype(np.int32), place[at.shape[0] :].astype(np.int32)
    answers = rows.column("response").take(pa.array(used)).to_pylist()
    heard[at] = nli.nli_scores(nli.Encoder.open(model), answers, a, b, store, progress, cancel)
    return {"conflict": nli.combined(score, heard), "conflict_builtin": score, "conflict_nli": heard}


def conflict_scores(
    rows: Any,
    prompts: Any,
    scores: Mapping[str, NDArray[Any]],
    i: I32,
    j: I32,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> F32:
    """float32 [m] in [0, 1] of row pairs whose questions are near; NaN where what was said before differs.

    rows: a dataset's table; prompts: its prompt view; scores: what `features` reads. Errors: Cancelled.
    """
    import pyarrow as pa

    out = np.full(i.shape[0], np.nan, dtype=np.float32)
    at = np.arange(i.shape[0])
    used, place = np.unique(np.concatenate((i[at], j[at])), return_inverse=True)
    if not used.shape[0]:
        return out
    table = rows.take(pa.array(used))
    texts = prompts.take(pa.array(used))
    a, b = place[: at.shape[0]].astype(np.int32), place[at.shape[0] :].astype(np.int32)
    story = histories(table)
    same = story[a] == story[b]
    at, a, b = at[same], a[same], b[same]
    out[at] = 0.0
    _, made, _ = kinds(texts)
    one = ~(made[a] | made[b])
    at, a, b = at[one], a[one], b[one]
    if not at.shape[0]:
        return out
    few, place = np.unique(np.concatenate((a, b)), return_inverse=True)
    a, b = place[: at.shape[0]].astype(np.int32), place[at.shape[0] :].astype(np.int32)
    read_rows = asked(texts.take(pa.array(few)), table.column("response").take(pa.array(few)))
    out[at] = _scored(read_rows, {k: v[at] for k, v in scores.items()}, a, b, progress, cancel)
    return out


def candidates(scores: Mapping[str, F32], guards: U16, floor: float) -> NDArray[np.int64]:
    """int64 [k]: places of pairs whose prompts are near enough or equal, under one system prompt."""
    near = (scores["prompt_cosine"] >= np.float32(floor)) | (scores["prompt_jaccard"] >= np.float32(1.0))
    return np.flatnonzero(near & ((guards & np.uint16(Guard.CONTEXT)) == 0))


def histories(table: Any) -> NDArray[np.uint64]:
    """uint64 [n]: equal for rows whose turns before the last question are equal; 0 for a single question."""
    import json

    out = np.zeros(table.num_rows, dtype=np.uint64)
    turns = table.column("roles").to_pylist()
    longer = [k for k, roles in enumerate(turns) if roles.count("a") > 1]
    texts = table.column("messages")
    for k in longer:
        before = [m for m in json.loads(texts[k].as_py()) if m.get("role") != "system"][:-2]
        out[k] = int.from_bytes(blake2b(json.dumps(before).encode(), digest_size=8).digest(), "little")
    return out


def _scored(
    rows: Asked, scores: Mapping[str, NDArray[Any]], a: I32, b: I32, progress: Progress | None, cancel: Cancel | None
) -> F32:
    """Probabilities in steps, on two threads; a pair's value depends on nothing but the pair."""
    m = a.shape[0]

    def step(start: int) -> F32:
        if cancel is not None and cancel.is_set():
            raise Cancelled(f"contradictions were cancelled at pair {start} of {m}; run again to go on")
        end = min(start + STEP, m)
        return judged(features(rows, {k: v[start:end] for k, v in scores.items()}, a[start:end], b[start:end]))

    done: list[F32] = []
    with ThreadPoolExecutor(2) as pool:
        for part in pool.map(step, range(0, m, STEP)):
            done.append(part)
            if progress is not None:
                progress("contradictions", min(len(done) * STEP, m), m)
    return np.concatenate(done)
