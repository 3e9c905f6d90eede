"""Pairs: the one table of row pairs that duplicates, variants and contradictions are read from.

Candidates are found between classes of equal prompts (near text by MinHash, near meaning by cosine) and spread to the
rows that stand for distinct content. Every candidate then gets all its scores, exactly. A class of more than `FAMILY`
distinct rows would spread to a quadratic number of pairs: its members meet its lowest row, and each other only where
their answers are near text; a neighbouring class meets its lowest row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.measure import guards
from curate.measure.buffers import flat
from curate.measure.classes import prompt_view
from curate.measure.earlier import Earlier, filled
from curate.measure.families import HUBS
from curate.measure.minhash import BUCKET, near_text
from curate.measure.neighbours import cosines
from curate.measure.same import same_of, texts_of
from curate.measure.shingles import Shingles, jaccard, shingle
from curate.types import F16, F32, I32, U16, U64, Cancel, Guard, Pairs, Progress

FAMILY = 64
SURE_FLOOR = 0.05  # prompts less likely the same than this: their answers are not compared by `same`
COMPLETE = (
    "complete for every two distinct rows whose prompts reach a floor, with two exceptions: a prompt shared by more than "
    f"{FAMILY} distinct rows, where each row meets the lowest of them and those whose answers are near text; and more than "
    f"{BUCKET:,} near-equal prompts of one template, where each prompt meets up to {HUBS} that a rule of keeping prefers, "
    "and its neighbours"
)


@dataclass(frozen=True, slots=True)
class ViewVectors:
    """One view's vectors: float16 unit vectors [k, d] of its distinct texts, each row's place among them (int32 [n],
    -1 = empty), and the key of each text (uint64 [k, 2])."""

    values: F16
    place: I32
    keys: U64


def build_pairs(
    rows: Any,
    classes: Mapping[str, I32],
    floors: tuple[float, float],
    meaning: Callable[[], tuple[I32, I32]],
    vectors: Callable[[str], ViewVectors | None],
    hashes: tuple[int, int],
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    prefer: I32 | None = None,
    earlier: Earlier | None = None,
) -> Pairs:
    """The pair table of a dataset.

    floors: near text (Jaccard), near meaning (cosine). meaning: asked once near text is done; gives the row pairs found
    near in meaning (lowest rows of prompt classes). vectors: asked by view name ("prompt", "answer"); None = not
    measured. Both may wait for work that goes on meanwhile. hashes: MinHash hashes and bands. prefer: int32 [k, n], the
    rows' ranks in the orders by which a keeper may be chosen. earlier: pairs whose scores are known. Errors: Cancelled.
    """
    prompts = prompt_view(rows)
    column, leads = _distinct(prompts, classes["prompt"])
    asked = shingle(column)
    ranks = None if prefer is None else _best_of_class(prefer, classes["prompt"], leads)
    ti, tj, _ = near_text(
        asked, floors[0], *hashes, progress=progress, cancel=cancel, stage="near text, prompts", prefer=ranks
    )
    mi, mj = meaning()
    a = np.concatenate((leads[ti], mi)).astype(np.int32)
    b = np.concatenate((leads[tj], mj)).astype(np.int32)
    i, j = spread(a, b, classes["prompt"], classes["content"], rows, floors[0], hashes, cancel, prefer)
    place = np.full(len(classes["prompt"]), -1, dtype=np.int32)
    place[leads] = np.arange(leads.shape[0], dtype=np.int32)
    prompt = Prompts(prompts, column, asked, place[classes["prompt"]])
    known = np.full(i.shape[0], -1, np.int64) if earlier is None else earlier.places(i, j)
    new = known < 0
    scores = _scored(rows, prompt, vectors, i[new], j[new])
    if earlier is not None:
        scores = filled(known, {**earlier.pairs.scores, "guards": earlier.pairs.guards}, scores)
    flags = scores.pop("guards")
    floor = {"text": floors[0], "same": SURE_FLOOR} | ({} if vectors("prompt") is None else {"meaning": floors[1]})
    return Pairs(i, j, scores, flags, floor, COMPLETE)


@dataclass(frozen=True, slots=True)
class Prompts:
    """Prompts of all rows; one text per prompt class with its shingles; each row's place among those."""

    every: Any
    column: Any
    sets: Shingles
    place: I32


def _scored(
    rows: Any, prompt: Prompts, vectors: Callable[[str], ViewVectors | None], i: I32, j: I32
) -> dict[str, NDArray[Any]]:
    """Every score of row pairs, and their guards; a pair's own depend on nothing but its two rows."""
    a, b = prompt.place[i], prompt.place[j]
    scores = {
        "prompt_jaccard": jaccard(prompt.sets, a, b),
        "prompt_cosine": _cosine(vectors("prompt"), i, j),
        "answer_cosine": _cosine(vectors("answer"), i, j),
        "conflict": np.full(i.shape[0], np.nan, dtype=np.float32),
    }
    scores["prompt_same"] = _asked(prompt, a, b, scores["prompt_cosine"])
    scores |= _answers(rows, i, j, scores["answer_cosine"], scores["prompt_same"])
    scores["same"] = np.minimum(scores["prompt_same"], scores["answer_same"])
    return {**scores, "guards": _guards(rows, prompt.every, scores, i, j)}


def _asked(prompt: Prompts, a: I32, b: I32, cosine: F32) -> F32:
    """float32 [m]: whether the prompts at places a and b are the same; where they are few only these are read."""
    import pyarrow as pa

    used, place = np.unique(np.concatenate((a, b)), return_inverse=True)
    if used.shape[0] > len(prompt.column) // 8:  # shingling those once more would cost more than reading the others
        return same_of(texts_of(prompt.column, prompt.sets), a, b, cosine)
    texts = texts_of(prompt.column.take(pa.array(used)))
    return same_of(texts, _i32(place[: a.shape[0]]), _i32(place[a.shape[0] :]), cosine)


def _distinct(column: Any, label: I32) -> tuple[Any, np.ndarray]:
    """One text per class, and the lowest row of each class, in row order."""
    import pyarrow as pa

    leads = np.flatnonzero(label == np.arange(label.shape[0]))
    return column.take(pa.array(leads)), leads


def spread(
    a: I32,
    b: I32,
    prompt: I32,
    content: I32,
    rows: Any,
    floor: float,
    hashes: tuple[int, int],
    cancel: Cancel | None,
    prefer: I32 | None = None,
) -> tuple[I32, I32]:
    """Row pairs i < j of distinct content from class pairs (a, b), and within each class; sorted, unique."""
    n = prompt.shape[0]
    reps = _i32(np.flatnonzero(content == np.arange(n)))
    reps = reps[np.argsort(prompt[reps], kind="stable")]
    label = prompt[reps]
    count = np.bincount(label, minlength=n)
    start = np.concatenate(([0], np.cumsum(count)))[:-1]
    big = count > FAMILY
    parts = [_within(reps, start, count, np.flatnonzero((count > 1) & ~big))]
    parts += [_star(reps, start, count, np.flatnonzero(big))]
    for c in np.flatnonzero(big):
        parts.append(_alike(rows, reps[start[c] : start[c] + count[c]], floor, hashes, cancel, prefer))
    small = ~big[a] & ~big[b]
    parts.append(_across(reps, start, count, a[small], b[small]))
    one = np.where(big, 1, count)  # a family answers for itself through its lowest row
    parts.append(_across(reps, start, one, a[~small], b[~small]))
    i, j = (np.concatenate([p[k] for p in parts]) for k in (0, 1))
    low, high = np.minimum(i, j).astype(np.int64), np.maximum(i, j).astype(np.int64)
    key = np.unique((low * n + high)[low != high])
    return (key // n).astype(np.int32), (key % n).astype(np.int32)


def _within(reps: I32, start: np.ndarray, count: np.ndarray, some: np.ndarray) -> tuple[I32, I32]:
    """All pairs inside each of the classes `some`."""
    i, j = _across(reps, start, count, some.astype(np.int32), some.astype(np.int32))
    return i[i < j], j[i < j]


def _across(reps: I32, start: np.ndarray, count: np.ndarray, a: I32, b: I32) -> tuple[I32, I32]:
    """All pairs between the members of classes a[e] and b[e], flattened."""
    size = count[a] * count[b]
    edge = np.repeat(np.arange(a.shape[0]), size)
    within = np.arange(edge.shape[0]) - np.repeat(np.cumsum(size) - size, size)
    wide = count[b][edge]
    return reps[start[a][edge] + within // wide], reps[start[b][edge] + within % wide]


def _star(reps: I32, start: np.ndarray, count: np.ndarray, some: np.ndarray) -> tuple[I32, I32]:
    """Every other member of each class with its first."""
    edge = np.repeat(some, count[some] - 1)
    within = np.arange(edge.shape[0]) - np.repeat(np.cumsum(count[some] - 1) - (count[some] - 1), count[some] - 1)
    return reps[start[edge]], reps[start[edge] + 1 + within]


def _best_of_class(prefer: I32, label: I32, leads: np.ndarray) -> I32:
    """int32 [k, len(leads)]: the least rank among each class's rows."""
    out = np.full(prefer.shape, prefer.shape[1], dtype=np.int32)
    for ranks, best in zip(prefer, out, strict=True):
        np.minimum.at(best, label, ranks)
    return np.ascontiguousarray(out[:, leads])


def _alike(
    rows: Any, members: I32, floor: float, hashes: tuple[int, int], cancel: Cancel | None, prefer: I32 | None
) -> tuple[I32, I32]:
    """Members of one family whose answers are near text."""
    import pyarrow as pa

    sets = shingle(rows.column("response").take(pa.array(members)))
    i, j, _ = near_text(sets, floor, *hashes, cancel=cancel, prefer=None if prefer is None else prefer[:, members])
    return members[i], members[j]


def _answers(rows: Any, i: I32, j: I32, cosine: F32, asked: F32) -> dict[str, F32]:
    """float32 [m] each: Jaccard of the answers, NaN where one is empty; and whether they are the same, NaN also where
    the prompts are not (`asked`: prompt_same): of 11 million pairs few have prompts as near."""
    import pyarrow as pa

    used, place = np.unique(np.concatenate((i, j)), return_inverse=True)
    column = rows.column("response").take(pa.array(used))
    sets = shingle(column)
    a, b = _i32(place[: i.shape[0]]), _i32(place[i.shape[0] :])
    same = np.full(i.shape[0], np.nan, dtype=np.float32)
    at = np.flatnonzero(asked >= np.float32(SURE_FLOOR))
    if at.shape[0]:
        same[at] = same_of(texts_of(column, sets), a[at], b[at], cosine[at])
    return {"answer_jaccard": jaccard(sets, a, b), "answer_same": same}


def _cosine(vectors: ViewVectors | None, i: I32, j: I32) -> F32:
    """float32 [m]: cosine of the rows' vectors; NaN without vectors and where a text is empty."""
    out = np.full(i.shape[0], np.nan, dtype=np.float32)
    if vectors is not None:
        a, b = vectors.place[i], vectors.place[j]
        both = (a >= 0) & (b >= 0)
        out[both] = cosines(vectors.values, a[both], b[both])
    return out


def _guards(rows: Any, prompts: Any, scores: Mapping[str, F32], i: I32, j: I32) -> U16:
    """Prompt bits, answer bits shifted by 8, and CONTEXT where the system prompts differ."""
    import pyarrow as pa

    used, place = np.unique(np.concatenate((i, j)), return_inverse=True)
    a, b = _i32(place[: i.shape[0]]), _i32(place[i.shape[0] :])
    out = np.zeros(i.shape[0], dtype=np.uint16)
    for shift, column, score in ((0, prompts, "prompt_jaccard"), (8, rows.column("response"), "answer_jaccard")):
        signs = guards.signatures(*flat(column.take(pa.array(used))))
        flags = guards.compare(signs, a, b)
        flags &= np.where(scores[score] == 1.0, ~np.uint16(Guard.NAME), np.uint16(0xFFFF))  # only case differs
        out |= flags << np.uint16(shift)
    system = rows.column("system").take(pa.array(used)).combine_chunks().fill_null("").dictionary_encode()
    code = system.indices.to_numpy(zero_copy_only=False)
    return out | np.where(code[a] != code[b], np.uint16(Guard.CONTEXT), np.uint16(0))


def _i32(values: NDArray[Any]) -> I32:
    return np.asarray(values, dtype=np.int32)
