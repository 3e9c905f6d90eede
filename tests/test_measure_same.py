"""The probability that two texts are the same: what counts as a difference, and that nothing depends on place or order."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.measure.same import MOST, NAMES, contributions, features, forbidden, probability, same_of, shipped, texts_of
from curate.measure.wording import lexicon, stem_of, words_of

VOCABULARY = (
    "the a dog cat red blue two 2 London Paris not is how do Straße 日本 , . ? ! playing plays 1,000 1000 in of"
)
SENTENCES = st.lists(st.sampled_from(VOCABULARY.split()), max_size=14).map(" ".join)


def column(texts: list[str]) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(texts, pa.large_string())])


def measured(a: str, b: str, cosine: float = np.nan) -> dict[str, float]:
    i, j = np.array([0], np.int32), np.array([1], np.int32)
    row = features(texts_of(column([a, b])), i, j, np.array([cosine], np.float32))[0]
    return dict(zip(NAMES, row.tolist(), strict=True))


@pytest.mark.parametrize(
    ("words", "stem"),
    [("play plays played playing", "play"), ("two Two 2", "2"), ("1,000 1000", "1000"), ("cities city", "city"),
     ("don't dont don’t", "dont"), ("men man", "man"), ("running runs run", "run"), ("3rd third", "3rd")],
)  # fmt: skip
def test_inflected_words_are_one_word(words: str, stem: str) -> None:
    assert {stem_of(w) for w in words.split()} == {stem}


@pytest.mark.parametrize(
    ("a", "b", "name", "value"),
    [
        ("A man holds a red ball", "A man holds a blue ball", "opposed_in_place", 1),
        ("A man holds a red ball", "A man holds a big ball", "opposed", 0),
        ("A man holds a red ball", "A man holds a big ball", "in_place", 1),
        ("Add 3 cups of flour", "Add 4 cups of flour", "numbers_both", 1),
        ("Add 3 cups of flour", "Add three cups of flour", "numbers_both", 0),
        ("Is it safe to run?", "Is it not safe to run?", "negation", 1),
        ("We met Anna there", "We met Julia there", "names_both", 1),
        ("a big house", "a large house", "alike", 1),
        ("the dogs played", "the dog plays", "left_more", 0),
        ("why do cats run", "how do cats run", "asking", 2),
        ("is the tower tall", "was the tower tall", "yes_no", 2),
        ("miles to meters now", "meters to miles now", "order", 1),
    ],
)
def test_what_counts_as_a_difference(a: str, b: str, name: str, value: float) -> None:
    assert measured(a, b)[name] == pytest.approx(value)


def test_the_lexicon_has_no_word_on_both_sides_of_one_line() -> None:
    for word, codes in lexicon().items():
        lines = [c >> 2 for c in codes]
        assert len(lines) == len(set(lines)), word


@settings(max_examples=80, deadline=None)
@given(st.lists(SENTENCES, min_size=2, max_size=6))
def test_the_score_is_symmetric_and_does_not_depend_on_the_other_texts(texts: list[str]) -> None:
    upper = np.triu_indices(len(texts))
    i, j = np.asarray(upper[0], np.int32), np.asarray(upper[1], np.int32)
    cosine = np.where(np.arange(i.shape[0]) % 2, np.nan, 0.9).astype(np.float32)
    here = same_of(texts_of(column(texts)), i, j, cosine)
    assert np.array_equal(here, same_of(texts_of(column(texts)), j, i, cosine), equal_nan=True)
    for e in range(i.shape[0]):
        pair = column([texts[i[e]], texts[j[e]]])
        one = same_of(
            texts_of(pair), np.array([0], np.int32), np.array([int(i[e] != j[e])], np.int32), cosine[e : e + 1]
        )
        assert np.array_equal(one, here[e : e + 1], equal_nan=True)
    assert ((here >= 0) & (here <= 1) | np.isnan(here)).all()


@settings(max_examples=40, deadline=None)
@given(SENTENCES, SENTENCES, st.floats(0, 1))
def test_contributions_sum_to_the_score(a: str, b: str, cosine: float) -> None:
    i, j = np.array([0], np.int32), np.array([1], np.int32)
    x = features(texts_of(column(["x " + a, "x " + b])), i, j, np.array([cosine], np.float32))
    for trees in shipped().values():
        odds = contributions(trees, x).sum(axis=1)
        chance = 1 / (1 + np.exp(-odds[0]))
        assert probability(trees, x)[0] == pytest.approx(min(chance, MOST) if forbidden(x)[0] else chance, abs=1e-6)


def test_a_text_is_the_same_as_itself_and_an_empty_one_is_not_measured() -> None:
    texts = texts_of(column(["How do I bake bread?", "", "Name three rivers."]))
    i, j = np.array([0, 0, 1], np.int32), np.array([0, 1, 2], np.int32)
    score = same_of(texts, i, j, np.full(3, np.nan, np.float32))
    assert score[0] == 1 and np.isnan(score[1:]).all()


def test_no_text_and_no_pair() -> None:
    none = np.empty(0, np.int32)
    assert same_of(texts_of(column([])), none, none, np.empty(0, np.float32)).shape == (0,)
    assert words_of(column([])).start.tolist() == [0]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Four women sitting on a black couch drinking beer.", "Four women sitting on a black couch drinking whisky."),
        ("A man in a red shirt plays the guitar.", "A man in a red shirt plays the piano."),
        ("Convert 10 miles to kilometers", "Convert 12 miles to kilometers"),
        ("What is the capital of France?", "What is the capital of Spain?"),
        (
            "Move the ticket from the Lisbon queue to the Porto queue",
            "Move the ticket from the Porto queue to the Lisbon queue",
        ),
        (
            "May visitors use the side entrance when announced?",
            "May visitors not use the side entrance when announced?",
        ),
    ],
)
def test_one_word_can_make_another_question(a: str, b: str) -> None:
    i, j = np.array([0], np.int32), np.array([1], np.int32)
    for cosine in (np.nan, 0.95):
        assert same_of(texts_of(column([a, b])), i, j, np.array([cosine], np.float32))[0] < 0.5
