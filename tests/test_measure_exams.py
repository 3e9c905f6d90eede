"""Evaluation items against rows: words, grams, and what is scored; the grams against a plain reading of their definition."""

from __future__ import annotations

import re
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.measure import exams, quotes, wordsets
from curate.measure.pairs import ViewVectors

WORDS = (
    "how",
    "many",
    "apples",
    "does",
    "tim",
    "own",
    "12",
    "twelve",
    "if",
    "he",
    "sells",
    "pears",
    "all",
    "of",
    "them",
)


def column(texts: list[str]) -> pa.Array:
    return pa.array(texts, pa.large_string())


def words(text: str) -> list[str]:
    return [wordsets.NUMBERS.get(w, w) for w in re.findall(r"[a-z]+|[0-9]+", text)]


def grams(text: str, n: int) -> set[tuple[str, ...]]:
    found = words(text)
    return {tuple(found[k : k + n]) for k in range(len(found) - n + 1)}


def by_hand(texts: list[str], items: list[str], whole: bool) -> dict[tuple[int, int], tuple[float, float]]:
    """The shares as quotes.py defines them, by sets of tuples and fractions."""
    sizes = [(quotes.SHORT, min(quotes.LONG, len(words(i)))) for i in items]
    held = [{n: grams(i, n) for n in s if n >= quotes.LEAST} for i, s in zip(items, sizes, strict=True)]
    holders: dict[tuple[str, ...], int] = {}
    for kinds in held:
        for gram in set().union(*kinds.values()) if kinds else ():
            holders[gram] = holders.get(gram, 0) + 1
    out = {}
    for t, text in enumerate(texts):
        own = sum(Fraction(1, holders.get(tuple(words(text)[k : k + 5]), 1)) for k in range(len(words(text)) - 4))
        for e, item in enumerate(items):
            n, shares, got = len(words(item)), [], []
            for size in sizes[e]:
                mine = held[e].get(size, set())
                common = sum(Fraction(1, holders[g]) for g in mine & grams(text, size))
                total = sum(Fraction(1, holders[g]) for g in mine)
                got.append(common)
                shares.append(float(common / total) if total else 0.0)
            if whole and got[0] >= quotes.OWN:
                shares[0] = max(shares[0], float(got[0] / own))
            if n < quotes.BRIEF and words(text):
                shares = [min(s, n / len(words(text))) for s in shares]
            if shares[0] >= quotes.FLOOR_SHORT or shares[1] >= quotes.FLOOR_LONG:
                out[t, e] = (min(shares[0], 1.0), min(shares[1], 1.0))
    return out


TEXT = st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXT, min_size=1, max_size=5), st.lists(TEXT, min_size=1, max_size=5), st.booleans())
def test_shares_are_those_of_the_definition(texts: list[str], items: list[str], whole: bool) -> None:
    texts = [*texts, " ".join([*items[:2], texts[0]])]
    found = quotes.quotes(column(texts), column(items), whole)
    told = {
        (int(t), int(e)): (float(a), float(b))
        for t, e, a, b in zip(found.text, found.item, found.short, found.long, strict=True)
    }
    wanted = by_hand(texts, items, whole)
    assert set(told) == set(wanted)
    for key, pair in wanted.items():
        assert told[key] == pytest.approx(pair, abs=1e-5)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Twelve cars", "12 cars"),
        ("it costs $2.50", "it costs 2.5"),
        ("1,000 men.", "1000 men"),
        ("don't go", "dont go"),
        ("don’t go", "DONT go!"),
        ("7. done", "7 done"),
        ("x 3.00", "x 3"),
    ],
)
def test_forms_of_one_wording(one: str, two: str) -> None:
    found = quotes.quotes(column([one]), column([two]), False)
    assert found.long.tolist() == [1.0]


@pytest.mark.parametrize(
    ("one", "two"), [("2.05 cars", "2.5 cars"), ("10 cars", "1 cars"), ("3.14 is it", "314 is it")]
)
def test_other_numbers_are_other_words(one: str, two: str) -> None:
    assert len(quotes.quotes(column([one]), column([two]), False).text) == 0


def test_an_item_quoted_in_a_longer_prompt_is_found() -> None:
    item = "Tim buys 4 boxes of 12 pencils and gives a third of them to his sister. How many pencils are left?"
    text = f"Solve this step by step and explain.\n\n{item.lower()}\n\nAnswer:"
    found = quotes.quotes(column([text]), column([item]), True)
    assert (found.short[0], found.long[0]) == (1.0, 1.0)


def test_a_wrapper_that_all_items_share_says_nothing() -> None:
    wrapper = "Read the question below with care and answer it with one letter and nothing else at all please"
    items = [f"{wrapper}: {q}" for q in ("who wrote the song of the sea in may", "what do bees eat when it rains in june",
                                         "where is the red house of my aunt now", "when did the old king leave his town")]  # fmt: skip
    found = quotes.quotes(column([f"{wrapper}: is a whale a fish or is it a mammal of the seas"]), column(items), True)
    assert not (found.short >= 0.5).any() and not (found.long >= 0.5).any()


def test_word_sets_lose_endings_and_common_words_and_part_names_of_code() -> None:
    sets = wordsets.word_sets(column(["She hires the workers", "he hired a worker", "def hireWorker(x2)"]), code=True)
    both = wordsets.overlap(sets, np.array([0, 0]), sets, np.array([1, 2]))
    assert both.words[0].tolist() == [2, 2]
    assert wordsets.word_sets(column(["first 3 then 14.50", "none"])).final.tolist()[1] == 0


def test_stems_and_asks() -> None:
    question = 'Read.\n"A long passage."\nWhich of these is most like it?\nA. one\nB. two'
    assert exams.stem(question) == 'Read.\n"A long passage."\nWhich of these is most like it?'
    assert exams.ask(exams.stem(question)) == "Which of these is most like it?"
    assert exams.stem("A. only one line") == "A. only one line"
    assert exams.ask("One line of five words.") == "One line of five words."


def vectors(values: np.ndarray, place: list[int]) -> ViewVectors:
    unit = values / np.linalg.norm(values, axis=1, keepdims=True)
    return ViewVectors(unit.astype(np.float16), np.array(place, np.int32), np.zeros((len(values), 2), np.uint64))


def table(prompts: list[str], answers: list[str]) -> pa.Table:
    return pa.table({"prompt": column(prompts), "response": column(answers)})


def test_a_reworded_question_is_scored_by_its_nearest_item_and_its_numbers() -> None:
    rows = table(
        ["Tim had 14 apples and sold 5. What number is left?", "Tim had 90 apples and sold 31. What number is left?", "Bake bread",
         "Tim owned 14 apples. He sells 5. How many remain?"],
        ["The answer is 9.", "The answer is 59.", "Take flour.", "14 - 5 = 9"],
    )  # fmt: skip
    items = exams.items_of(rows, np.array([False, False, False, True]))
    near = np.array([[1.0, 0.25], [1.0, 0.3], [-1.0, 0.2], [1.0, 0.0]])
    views = exams.Views(vectors(near, [0, 1, 2, 3]), vectors(near, [0, 1, 2, 3]), vectors(near[3:], [0, 0]))
    found = exams.match_items(rows, items, np.array([0, 1, 2], np.int32), views)
    score = dict(zip(found.row.tolist(), found.scores["reworded"].tolist(), strict=True))
    assert score[0] > 0.9 and score.get(1, 0.0) < 0.7 and 2 not in score
    assert found.item.tolist() == [3] * len(found.row)
    alone = exams.match_items(rows, items, np.array([0, 1, 2], np.int32), None)
    assert set(alone.floor) == {"short", "long"}


def test_items_are_one_per_question() -> None:
    rows = table(["Ask  this", "ask this", "other"], ["a", "b", "c"])
    assert exams.items_of(rows, np.array([True, True, True])).rows.tolist() == [0, 2]
