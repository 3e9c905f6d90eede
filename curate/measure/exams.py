"""Exams: evaluation items against training rows, by class of likeness. What `[leak]` sets bars for.

short, long  share of the item's 5- and 13-word grams that stand in the row (quotes.py); the exact copies are among them.
reworded     the question in other words: a fitted score over the nearest items in meaning (cosine of sentence vectors)
             that also looks at shared words, at numbers and at whether the answer is the item's.
code         the same program with other names, comments or language: a fitted score over the row's answer and the item.

Everything is measured for any eight candidates of a text or fewer; NaN where a class did not look. Without vectors only the
first two are measured. words and numbers are no classes but guards, since two items of one template share most of their
wording: the share of one side's words that the other has, and of the numbers of the side with fewer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.errors import Cancelled
from curate.measure import wordsets
from curate.measure.buffers import spans
from curate.measure.classes import prompt_view
from curate.measure.neighbours import cosines, unit
from curate.measure.pairs import ViewVectors
from curate.measure.quotes import Quotes, quotes
from curate.types import F32, I32, Cancel, Matches, Progress

VERSION = 1
NEAREST, PROPOSED = 3, 8  # items a text is compared with in full; proposed by a product whose last bits may differ
LOW = 0.4  # cosine under which no reworded item of the labelled set lay among its row's three nearest
FLOORS: Mapping[str, float] = {"short": 0.3, "long": 0.1, "reworded": 0.2, "code": 0.2}
SCORES = ("short", "long", "reworded", "code", "words", "numbers")
ALONE = np.float32(0.3)  # another answer can't hide a question this sure: at .8 alone no near miss of 262 is left
BLOCK = 1 << 13
COMPLETE = (
    f"every row that shares {FLOORS['short']:.0%} of an item's 5-word grams or {FLOORS['long']:.0%} of its 13-word grams; "
    f"reworded and code among the {NEAREST} items nearest in meaning at cosine {LOW} or more"
)
_OPTION = re.compile(r"\s*\(?[A-Ja-j][.):]\s")
CODE = (
    r"(?m)^\s*(?:def |class |from \w+ import|import |function |const |let |var |public |#include|fn |func )|=>"
    r"|\breturn\b.*[;)]|```"
)


@dataclass(frozen=True, slots=True)
class Items:
    """Evaluation items, one per distinct question: the frozen row of least number, and its texts.

    stem: the question without a list of options. ask: its last paragraph, where a passage stands before it. keys: options
    and answer. answer: the answer alone. All Arrow string arrays [k].
    """

    rows: I32
    stem: Any
    ask: Any
    keys: Any
    answer: Any

    def __len__(self) -> int:
        return int(self.rows.shape[0])


def items_of(rows: Any, frozen: NDArray[np.bool_]) -> Items:
    """The items of a dataset."""
    import pyarrow as pa

    every = np.flatnonzero(frozen)
    first: dict[str, int] = {}
    for row, text in zip(every.tolist(), prompt_view(rows).take(pa.array(every)).to_pylist(), strict=True):
        first.setdefault(" ".join(text.lower().split()), row)
    some = np.array(list(first.values()), np.int32)
    asked = prompt_view(rows).take(pa.array(some)).to_pylist()
    answers = rows.column("response").take(pa.array(some)).to_pylist()
    stems = [stem(t) for t in asked]
    keys = [t[len(s) :] + "\n" + (a or "") for t, s, a in zip(asked, stems, answers, strict=True)]
    kind = pa.large_string()
    return Items(some, pa.array(stems, kind), pa.array([ask(s) for s in stems], kind), pa.array(keys, kind),
                 pa.array(answers, kind))  # fmt: skip


def stem(text: str) -> str:
    """The question without the two or more options (A. ..., B. ...) that end it."""
    lines = text.split("\n")
    n = len(lines)
    while n and (not lines[n - 1].strip() or _OPTION.match(lines[n - 1])):
        n -= 1
    return "\n".join(lines[:n]) if n and len(lines) - n >= 2 else text


def ask(text: str) -> str:
    """The last line of five words and more, where others stand before it; else the whole."""
    lines = [line for line in text.split("\n") if line.strip()]
    return lines[-1] if len(lines) > 1 and len(lines[-1].split()) >= 5 else text


def variants(items: Items) -> Any:
    """The texts of items that want vectors: stems, then asks. Arrow large_string [2k]."""
    import pyarrow as pa

    return pa.concat_arrays([items.stem, items.ask])


@dataclass(frozen=True, slots=True)
class Views:
    """Vectors of the rows' prompts and answers, and of `variants(items)`."""

    prompt: ViewVectors
    answer: ViewVectors
    items: ViewVectors


def match_items(
    rows: Any,
    items: Items,
    pool: I32,
    vectors: Views | None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Matches:
    """Matches of the pool rows `pool` (one per distinct content) with the items. Errors: Cancelled."""
    import pyarrow as pa

    taken = rows.take(pa.array(pool))
    parts = [_quoted(taken, items, progress, cancel)]
    if vectors is not None and len(items) and pool.shape[0]:
        parts += _by_meaning(taken, items, pool, vectors, progress, cancel)
    row, item, scores = _joined(parts, len(items))
    floor = {name: FLOORS[name] for name in (FLOORS if vectors is not None else ("short", "long"))}
    return Matches(pool[row], items.rows[item], scores, floor, COMPLETE)


Part = tuple[I32, I32, Mapping[str, F32]]


def _quoted(taken: Any, items: Items, progress: Progress | None, cancel: Cancel | None) -> Part:
    asked = quotes(prompt_view(taken), items.stem, True, progress, cancel)
    told = quotes(taken.column("response"), items.stem, False, progress, cancel, "evaluation quotes, answers")
    row, item = np.concatenate((asked.text, told.text)), np.concatenate((asked.item, told.item))
    held = (_held(prompt_view(taken), items, asked), _held(taken.column("response"), items, told))
    words, numbers = (np.concatenate([h[k] for h in held]) for k in (0, 1))
    shares = {name: np.concatenate((getattr(asked, name), getattr(told, name))) for name in ("short", "long")}
    return row, item, shares | {"words": words, "numbers": numbers}


def _held(column: Any, items: Items, found: Quotes) -> tuple[F32, F32]:
    """(words, numbers) float32 [m]: the greater share of one side's words that the other has; of the side with fewer
    numbers the share that the other has. NaN where a side has none."""
    import pyarrow as pa

    used, place = np.unique(found.text, return_inverse=True)
    sets, its = wordsets.word_sets(column.take(pa.array(used))), wordsets.word_sets(items.stem)
    shared = wordsets.overlap(sets, place, its, found.item.astype(np.int64))
    (both, mine, theirs), (common, first, second) = shared.words, shared.numbers
    words = np.maximum(wordsets.share(both, mine, np.nan), wordsets.share(both, theirs, np.nan))
    return words.astype(np.float32), wordsets.share(common, np.minimum(first, second), np.nan)


Found = tuple[I32, I32, F32]
Block = tuple[int, Found, Found, "_Texts", wordsets.WordSets]


def _by_meaning(
    taken: Any, items: Items, pool: I32, vectors: Views, progress: Progress | None, cancel: Cancel | None
) -> Iterator[Part]:
    """Candidates near in meaning, block by block, each scored in full."""
    texts = _ItemTexts.of(items)
    for first, asked, told, part, program in _blocks(taken, texts, items, pool, vectors, progress, cancel):
        yield asked[0] + first, asked[1], {"reworded": reworded(part, texts, *asked)}
        yield told[0] + first, told[1], {"code": rewritten(program, texts, *told)}


def _blocks(
    taken: Any,
    texts: _ItemTexts,
    items: Items,
    pool: I32,
    vectors: Views,
    progress: Progress | None,
    cancel: Cancel | None,
) -> Iterator[Block]:
    """(first row, prompts' items, programs' items, word sets) of BLOCK rows at a time."""
    import pyarrow.compute as pc

    prompts, answers = prompt_view(taken), taken.column("response")
    coded = np.asarray(pc.fill_null(pc.match_substring_regex(answers, CODE), False), np.bool_)
    for first, last in spans(pool.shape[0], BLOCK):
        if cancel is not None and cancel.is_set():
            raise Cancelled(f"evaluation items were cancelled at row {first} of {pool.shape[0]}; run again to go on")
        some, size = pool[first:last], last - first
        asked = nearest_items(vectors.prompt, some, vectors.items, len(items))
        told = _some(
            nearest_items(vectors.answer, some, vectors.items, len(items), stems=True), coded[first:last], texts
        )
        said = answers.slice(first, size)
        part = _Texts(wordsets.word_sets(prompts.slice(first, size)), wordsets.word_sets(said))
        program = wordsets.word_sets(said, code=True) if told[0].shape[0] else part.answer
        yield first, asked, told, part, program
        if progress is not None:
            progress("evaluation items", last, pool.shape[0])


def _some(found: Found, coded: NDArray[np.bool_], texts: _ItemTexts) -> Found:
    """The pairs of which both are code."""
    use = coded[found[0]] & texts.coded[found[1]]
    return found[0][use], found[1][use], found[2][use]


def candidates(rows: Any, items: Items, pool: I32, vectors: Views) -> Iterator[tuple[str, I32, I32, F32]]:
    """(model, row in `pool`, item, features) of all pairs that the fitted scores look at: what they are fitted on."""
    import pyarrow as pa

    taken, texts = rows.take(pa.array(pool)), _ItemTexts.of(items)
    for first, asked, told, part, program in _blocks(taken, texts, items, pool, vectors, None, None):
        yield "reworded", asked[0] + first, asked[1], reworded_features(part, texts, *asked)[0]
        yield "code", told[0] + first, told[1], code_features(program, texts, *told)


def nearest_items(
    views: ViewVectors, rows: I32, items: ViewVectors, count: int, stems: bool = False
) -> tuple[I32, I32, F32]:
    """(place in rows, item, cosine) of each row's NEAREST items at LOW or more, by the better of stem and ask.

    A product proposes; each cosine is taken alone (neighbours.py), so blocks and threads can't change it.
    """
    place = views.place[rows]
    live = np.flatnonzero(place >= 0).astype(np.int32)
    a, b = items.place[:count], items.place[count:]
    known = np.flatnonzero(a >= 0)
    if not live.shape[0] or not known.shape[0]:
        return np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float32)
    wide = unit(items.values)
    product = unit(views.values[place[live]]) @ wide.T
    best = product[:, a[known]] if stems else np.maximum(product[:, a[known]], product[:, b[known]])
    k = min(PROPOSED, known.shape[0])
    top = np.argpartition(-best, k - 1, axis=1)[:, :k]
    row = np.repeat(live, k)
    item = known[top.ravel()].astype(np.int32)
    score = _exact(views, place[row], items, a[item])
    if not stems:
        score = np.maximum(score, _exact(views, place[row], items, b[item]))
    order = np.lexsort((item, -score, row))
    rank = np.empty(row.shape[0], np.int64)
    rank[order] = np.tile(np.arange(k), live.shape[0])
    keep = (rank < NEAREST) & (score >= LOW)
    return row[keep], item[keep], score[keep]


def _exact(a: ViewVectors, i: I32, b: ViewVectors, j: I32) -> F32:
    used_i, at_i = np.unique(i, return_inverse=True)
    used_j, at_j = np.unique(j, return_inverse=True)
    both = np.concatenate((a.values[used_i], b.values[used_j]))
    return cosines(both, at_i.astype(np.int32), (at_j + used_i.shape[0]).astype(np.int32))


@dataclass(frozen=True, slots=True)
class _Texts:
    """Word sets of rows."""

    prompt: wordsets.WordSets
    answer: wordsets.WordSets


@dataclass(frozen=True, slots=True)
class _ItemTexts:
    """Word sets of items; program: question and answer as code; coded: bool [k]."""

    stem: wordsets.WordSets
    ask: wordsets.WordSets
    keys: wordsets.WordSets
    answer: wordsets.WordSets
    program: wordsets.WordSets
    coded: NDArray[np.bool_]

    @classmethod
    def of(cls, items: Items) -> _ItemTexts:
        import pyarrow as pa
        import pyarrow.compute as pc

        program = pc.binary_join_element_wise(items.stem, items.keys, pa.scalar("\n", pa.large_string()))
        coded = pc.match_substring_regex(items.stem, CODE).to_numpy(zero_copy_only=False)
        stems, asks, keys, answers = (wordsets.word_sets(c) for c in (items.stem, items.ask, items.keys, items.answer))
        return cls(stems, asks, keys, answers, wordsets.word_sets(program, code=True), np.asarray(coded, np.bool_))


def reworded_features(
    rows: _Texts, items: _ItemTexts, row: I32, item: I32, cosine: F32
) -> tuple[F32, NDArray[np.bool_]]:
    """(float32 [m, 9], bool [m]: the answer could be compared). Columns as in the model file."""
    i, j = row.astype(np.int64), item.astype(np.int64)
    whole, last = wordsets.overlap(rows.prompt, i, items.stem, j), wordsets.overlap(rows.prompt, i, items.ask, j)
    told = wordsets.overlap(rows.answer, i, items.keys, j)
    both, mine, its = whole.numbers
    numbered = (mine + its) > 0
    covered = np.maximum(wordsets.share(whole.words[0], whole.words[2]), wordsets.share(last.words[0], last.words[2]))
    alike = np.maximum(*(wordsets.share(o.words[0], o.words[1] + o.words[2] - o.words[0]) for o in (whole, last)))
    figures = np.where(numbered, wordsets.share(both, mine + its - both), np.float32(0.5))
    ends, its_end = rows.answer.final[i], items.answer.final[j]
    both_end = (ends > 0) & (its_end > 0)
    out = np.column_stack((
        cosine, covered, alike, figures, numbered.astype(np.float32),
        wordsets.share(told.words[0], told.words[1], 0.5), wordsets.share(told.numbers[0], told.numbers[1], 0.5),
        np.where(both_end, ends == its_end, 0.5), np.where(both_end, ends != its_end, 0.5),
    )).astype(np.float32)  # fmt: skip
    said = (told.words[1] + told.numbers[1] > 0) & (told.words[2] + told.numbers[2] > 0)
    return out, np.asarray(said, np.bool_)


def reworded(rows: _Texts, items: _ItemTexts, row: I32, item: I32, cosine: F32) -> F32:
    """float32 [m]: how likely the rows ask the items' questions."""
    found, said = reworded_features(rows, items, row, item, cosine)
    alone = fitted("reworded_alone", found[:, :5])
    return np.where(said, np.maximum(fitted("reworded", found), alone - ALONE), alone).astype(np.float32)


def code_features(program: wordsets.WordSets, items: _ItemTexts, row: I32, item: I32, cosine: F32) -> F32:
    """float32 [m, 5]: columns as in the model file."""
    o = wordsets.overlap(program, row.astype(np.int64), items.program, item.astype(np.int64))
    both, mine, its = o.words
    return np.column_stack((
        cosine, wordsets.share(both, mine + its - both), wordsets.share(both, its), wordsets.share(both, mine),
        wordsets.share(o.numbers[0], o.numbers[2], 0.5),
    )).astype(np.float32)  # fmt: skip


def rewritten(program: wordsets.WordSets, items: _ItemTexts, row: I32, item: I32, cosine: F32) -> F32:
    """float32 [m]: how likely the rows' programs are the items'."""
    return fitted("code", code_features(program, items, row, item, cosine))


@lru_cache(maxsize=1)
def _models() -> dict[str, Any]:
    return json.loads(resources.files("curate.measure").joinpath("exams.json").read_text("utf-8"))  # type: ignore[no-any-return]


def fingerprint() -> str:
    """What names the fitted scores: another fit is another measure."""
    return blake2b(json.dumps(_models(), sort_keys=True).encode(), digest_size=8).hexdigest()


def fitted(name: str, features: F32) -> F32:
    """float32 [m]: the logistic model of that name. Columns are added in one order, so the bits do not depend on m."""
    model = _models()["models"][name]
    total = np.full(features.shape[0], model["intercept"], np.float64)
    for column, weight in enumerate(model["weights"].values()):
        total += np.float64(weight) * features[:, column]
    return (1.0 / (1.0 + np.exp(-total))).astype(np.float32)


def _joined(parts: list[Part], items: int) -> tuple[I32, I32, dict[str, F32]]:
    """One line per (row, item), each class at its greatest; sorted; lines that reach no floor are left out."""
    row, item = (np.concatenate([p[k] for p in parts]).astype(np.int64) for k in (0, 1))
    key, at = np.unique(row * max(items, 1) + item, return_inverse=True)
    scores = {}
    for name in SCORES:
        values = np.concatenate([p[2].get(name, np.full(p[0].shape[0], np.nan, np.float32)) for p in parts])
        out = np.full(key.shape[0], -1.0, np.float32)
        np.maximum.at(out, at, np.nan_to_num(values, nan=-1.0))
        scores[name] = np.where(out < 0, np.float32(np.nan), out).astype(np.float32)
    keep = np.zeros(key.shape[0], np.bool_)
    for name, floor in FLOORS.items():
        keep |= scores[name] >= np.float32(floor)
    key, scores = key[keep], {name: np.ascontiguousarray(values[keep]) for name, values in scores.items()}
    return (key // max(items, 1)).astype(np.int32), (key % max(items, 1)).astype(np.int32), scores
