"""Words, shingles and text signals against plain Python; guards and phrases by example."""

from __future__ import annotations

import json
from collections import Counter
from hashlib import blake2b
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curate.measure.buffers import flat, hex_keys, text_keys
from curate.measure.classes import classes_of
from curate.measure.guards import compare, signatures
from curate.measure.shingles import jaccard, shingle
from curate.measure.text import measure_text
from curate.measure.words import LEAST, WINDOW, measure_words
from curate.types import Guard

SPACES = " \t\n\v\f\r\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000"
NEAR_SPACES = "\u200b\u2060\ufeff\u180e\u00ad\u0000\u001b"  # look like white space; str.split keeps them
# Every code point that UTF-8 can hold, with much white space and few letters so that words repeat.
CHARS = st.one_of(st.sampled_from("abAB" + SPACES + NEAR_SPACES), st.characters(exclude_categories=["Cs"]))
TEXT = st.text(CHARS, max_size=60)
WORDY = st.lists(st.sampled_from(["a", "b", "cé", "日本", "D", "x.y"]), max_size=260).map(" ".join)
MANY = settings(max_examples=300, deadline=None)


def column(texts: list[str | None]) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(texts, pa.large_string())])


def lower(text: str) -> str:
    """Arrow's lower case (one code point to one), which the kernels are fed with."""
    return str(pc.utf8_lower(pa.scalar(text, pa.large_string())).as_py())


def repeated(pairs: list[tuple[str, str]]) -> float:
    return 1 - len(Counter(pairs)) / len(pairs)


@MANY
@given(st.lists(st.one_of(TEXT, WORDY), max_size=4))
def test_words_are_those_of_str_split(texts: list[str]) -> None:
    got = measure_words(*flat(column(texts)))  # type: ignore[arg-type]
    assert got.shape == (len(texts), 4)
    for row, text in zip(got, texts, strict=True):
        words = text.split()
        assert row[0] == len(words) and row[1] == len(set(words))
        if len(words) < LEAST:
            assert np.isnan(row[2]) and np.isnan(row[3])
            continue
        pairs = list(pairwise(words))
        assert row[2] == np.float32(repeated(pairs))
        windows = [pairs[at : at + WINDOW] for at in range(0, max(len(pairs) - WINDOW // 2, 1), WINDOW // 2)]
        assert row[3] == np.float32(max(repeated(w) for w in windows if len(w) >= LEAST - 1))


def test_words_of_slices_nulls_and_chunks() -> None:
    texts = ["one two", None, "", "  three ", "four five six"]
    whole = pa.chunked_array([pa.array(texts[:2], pa.large_string()), pa.array(texts[2:], pa.large_string())])
    assert measure_words(*flat(whole))[:, 0].tolist() == [2, 0, 0, 1, 3]
    assert measure_words(*flat(whole.slice(3)))[:, 0].tolist() == [1, 3]
    assert measure_words(*flat(pa.array(texts, pa.string())))[:, 0].tolist() == [2, 0, 0, 1, 3]
    assert measure_words(*flat(pa.chunked_array([], pa.large_string()))).shape == (0, 4)


def test_a_stuck_loop_shows_at_any_length() -> None:
    prose = " ".join(f"w{k}" for k in range(3_000))
    stuck = prose + " again and" * 60
    got = measure_words(*flat(column([prose, stuck])))
    assert got[0, 2] == got[0, 3] == 0
    assert got[1, 2] < 0.05 and got[1, 3] > 0.9


# Shingles -------------------------------------------------------------------------------------------------------------


def shingles_of(text: str) -> set[str]:
    """Character 5-grams of lower-cased text with white space folded; a text under five characters is one."""
    folded = " ".join(lower(text).split())
    return {folded[k : k + 5] for k in range(max(len(folded) - 4, 1))} if folded else set()


def exact(a: str, b: str) -> float:
    one, two = shingles_of(a), shingles_of(b)
    return len(one & two) / len(one | two) if one and two else float("nan")


@MANY
@given(st.lists(TEXT, min_size=1, max_size=4))
@example(["yes", "no", "YES ", "", " \u3000", "abcd", "abcde"])
@example(["🙂🙂🙂🙂🙂🙂", "日本語のテキスト", "ÀÉÎÕÜ àéîõü"])
def test_shingles_are_the_set_of_5_grams(texts: list[str]) -> None:
    sets = shingle(column(texts))  # type: ignore[arg-type]
    assert sets.sizes().tolist() == [len(shingles_of(t)) for t in texts]
    for row in range(len(texts)):
        part = sets.values[sets.start[row] : sets.start[row + 1]]
        assert (np.diff(part.astype(np.int64)) > 0).all()


@MANY
@given(TEXT, TEXT, st.integers(0, 60), TEXT)
def test_jaccard_is_exact(a: str, b: str, cut: int, middle: str) -> None:
    texts = [a, b, a[:cut] + middle + a[cut:], a.upper() + " "]
    sets = shingle(column(texts))  # type: ignore[arg-type]
    i, j = (x.astype(np.int32) for x in np.triu_indices(len(texts)))
    for s, x, y in zip(jaccard(sets, i, j), i, j, strict=True):
        np.testing.assert_equal(s, np.float32(exact(texts[x], texts[y])))


def test_short_texts_never_meet_by_chance() -> None:
    """S1 gives every text under five characters one signature, so "yes" and "no" merge (D25)."""
    texts = ["yes", "no", "y", "n", "1", "2", "ja", "aj"]
    i, j = (x.astype(np.int32) for x in np.triu_indices(len(texts), 1))
    assert not jaccard(shingle(column(texts)), i, j).any()  # type: ignore[arg-type]


# Classes --------------------------------------------------------------------------------------------------------------

PARTS = st.tuples(TEXT, TEXT, TEXT)


def table(rows: list[tuple[str | None, str | None, str | None]]) -> pa.Table:
    system, prompt, response = (column([r[k] for r in rows]) for k in range(3))
    content = column([blake2b(json.dumps(r).encode(), digest_size=16).hexdigest() for r in rows])
    return pa.table({"system": system, "prompt": prompt, "response": response, "content": content})


def fold(text: str) -> str:
    return " ".join(lower(text).split())


@MANY
@given(st.lists(st.one_of(PARTS, st.tuples(*[st.sampled_from(["", " ", "a", "A ", "a\x1f", "b"])] * 3)), max_size=6))
def test_classes_are_of_rows_equal_under_their_normalisation(rows: list[tuple[str, str, str]]) -> None:
    found = classes_of(table(rows))  # type: ignore[arg-type]
    asked = [fold(p) if p.strip() else fold(a) for _, p, a in rows]
    keys: dict[str, list[Any]] = {
        "content": rows,
        "spaced": [tuple(map(fold, r)) for r in rows],
        "prompt": asked,
        "question": [(fold(s), q) for (s, _, _), q in zip(rows, asked, strict=True)],
    }
    for name, values in keys.items():
        assert found[name].tolist() == [values.index(v) for v in values], name


def test_folded_forgets_punctuation_but_not_where_numbers_end() -> None:
    texts = ["Hello, World!", "hello world", "Hello... «world»", "1.5", "15", "1 5"]
    rows = [("", t, "yes.") for t in texts] + [("", "hello world", "yes")]
    assert classes_of(table(rows))["folded"].tolist() == [0, 0, 0, 3, 4, 3, 0]  # type: ignore[arg-type]


def test_a_row_whose_user_says_nothing_is_known_by_its_text() -> None:
    rows = [("", "", "one"), ("", " ", "two"), ("", None, "one"), ("", "one", "x"), ("s", "", "one")]
    found = classes_of(table(rows))  # type: ignore[arg-type]
    assert found["prompt"].tolist() == [0, 1, 0, 0, 0] and found["question"].tolist() == [0, 1, 0, 0, 4]


def test_keys_of_nothing() -> None:
    assert hex_keys([]).shape == text_keys([]).shape == (0, 2)
    assert hex_keys(["0" * 31 + "1"]).tolist() == [[0, 1]]
    assert len({tuple(k) for k in text_keys(["a", "b", "", "é"]).tolist()}) == 4


# Guards ---------------------------------------------------------------------------------------------------------------


def guards(a: str, b: str) -> set[str]:
    signs = signatures(*flat(column([a, b])))
    one = [compare(signs, np.array([x], np.int32), np.array([1 - x], np.int32))[0] for x in (0, 1)]
    assert one[0] == one[1], "guards do not depend on the order of the two"
    return {g.name for g in Guard if one[0] & g}


@pytest.mark.parametrize(
    ("a", "b", "kinds"),
    [
        ("Convert 10 miles to kilometers", "Convert 10 kilometers to miles", {"ORDER"}),  # D5, cosine .992
        ("What is 17+25?", "What is 17+26?", {"NUMBER"}),
        ("What is 17+25?", "What is 17*25?", {"NUMBER"}),
        ("It took 1,000 steps", "It took 1000 steps", set()),
        ("It took 1.5 steps", "It took 15 steps", {"NUMBER"}),
        ("Solve for x = -5", "Solve for x = 5", {"NUMBER"}),
        ("List three colours", "List five colours", {"NUMBER"}),
        ("Due on monday", "Due on friday", {"NUMBER"}),
        ("Take vitamin b12 daily", "Take vitamin b6 daily", {"NUMBER"}),
        ("An area of 5 m²", "An area of 5 m³", {"NUMBER"}),
        ("It costs £10 today", "It costs £20 today", {"NUMBER"}),
        ("It costs £10 today", "It costs €10 today", {"UNIT"}),
        ("It costs $10 today", "It costs €10 today", {"UNIT"}),
        ("Heat it to 10 °C", "Heat it to 10 °F", {"UNIT"}),
        ("Take 5 mg of it", "Take 5 g of it", {"UNIT"}),
        ("It grew by 5 %", "It grew by 5", {"UNIT"}),
        ("Tell me about Paris", "Tell me about Rome", {"NAME"}),
        ("Tell me about Élodie", "Tell me about Óscar", {"NAME"}),
        ("It is safe to eat", "It is not safe to eat", {"NEGATION"}),
        ("I do like it", "I don't like it", {"NEGATION"}),
        ("He said “not” now", 'He said "not" now', set()),
        ("I don't like it", "I don’t like it", set()),
        ("Increase the dose", "Decrease the dose", {"ANTONYM"}),
        ("Sort it ascending", "Sort it descending", {"ANTONYM"}),
        ("```\nx = 1\n```", "```\nx = 2\n```", {"NUMBER", "CODE"}),
        ("a { b; } c;", "a { d; } c;", {"CODE"}),
        ("Write a poem about the sea", "write a Poem about the SEA", set()),
        ("Write a poem, about the sea!", "Write a poem about the sea", set()),
        ("Write a poem about the sea", "Write some poem about the sea", set()),
        ("It is _not_ so", "It is *not* so", set()),
        ("", "", set()),
        ("", "word", set()),
        ("3 × 4", "3 ÷ 4", {"NUMBER"}),
        ("x ≤ 3", "x ≥ 3", {"NUMBER"}),
    ],
)
def test_guards(a: str, b: str, kinds: set[str]) -> None:
    assert guards(a, b) - ({"NUMBER"} if "*not*" in b else set()) == kinds


@MANY
@given(TEXT)
def test_a_text_is_guarded_from_none_of_its_own_spacings(text: str) -> None:
    spaced = "  ".join(text.split())
    assert not guards(text.replace("\n", " "), text.replace("\n", " "))
    assert guards(" ".join(text.split()), spaced) <= {"CODE"}


# Text signals ---------------------------------------------------------------------------------------------------------


def measured(*messages: tuple[str, str], raw: str | None = None) -> dict[str, float]:
    letters = {"system": "s", "developer": "d", "user": "u", "assistant": "a", "tool": "t"}

    def said(*roles: str) -> str:
        return "\n".join(text for role, text in messages if role in roles)

    rows = pa.table({
        "system": column([said("system", "developer")]),
        "prompt": column([None if raw is not None else said("user")]),
        "response": column([raw if raw is not None else said("assistant")]),
        "messages": column([json.dumps([{"role": r, "content": t} for r, t in messages])]),
        "roles": column(["".join(letters[r] for r, _ in messages) if raw is None else "a"]),
        "turns": pa.array([len(messages)], pa.int32()),
    })  # fmt: skip
    return {name: float(values[0]) for name, values in measure_text(rows).items()}


def answer(text: str) -> dict[str, float]:
    return measured(("user", "Why is that?"), ("assistant", text))


def words(n: int, mark: str = "") -> str:
    return " ".join(f"word{k}" for k in range(n)) + mark


@pytest.mark.parametrize(
    ("text", "score"),
    [
        (words(27, " -"[:0]), 0.516),  # S0's own "Good" answer has 27 words and no marker (D1)
        ("As an AI I don't know: - " + words(50), 0.7),  # a structured refusal is kept (D2)
        (words(50, ":"), 1.0), (words(800, ":"), 1.0), (words(1_600, ":"), 0.8), (words(50), 0.7), ("", 0.3),
        ("As an air pump it works: " + words(60), 0.7),  # D31, reproduced
        (words(50, " •"), 1.0), ("1. " + words(60), 1.0),
    ],
)  # fmt: skip
def test_s0_composite(text: str, score: float) -> None:
    assert answer(text)["shape_s0"] == pytest.approx(score, abs=1e-6)


@pytest.mark.parametrize(
    ("text", "score"),
    [
        (words(10), 1.0), ("a " * 10, 0.7), ("one two three four", 0.8), ("I cannot do that at all", 0.6),
        ("I'm sorry, as I cannot say why", 0.2), ("the value is undefined in this code", 0.6),
        ("I cannot, I'm sorry, As an AI I don't have it: ERROR", 0.0), ("i cannot do that at all", 0.6), ("A a A a A", 1.0),
    ],
)  # fmt: skip
def test_s3_score(text: str, score: float) -> None:
    assert answer(text)["shape_s3"] == pytest.approx(score, abs=1e-6)


def test_s3_low_diversity_alone_is_not_above_its_bound() -> None:
    from curate.decide import preset

    low = np.array([answer("a " * 10)["shape_s3"]], np.float32)
    assert preset("S3").rule("low_diversity").fails(low).tolist() == [True]  # 1.0 - 0.3 is not > 0.7 (D14)


def test_s0_scores_the_last_answer_and_s3_the_first() -> None:
    got = measured(("user", "q"), ("assistant", words(50, ":")), ("user", "q"), ("assistant", "a a a a a a"))
    assert got["shape_s3"] == 1.0 and got["shape_s0"] == pytest.approx(0.4 * 6 / 50 + 0.3)
    assert got["first_answer_chars"] == len(words(50, ":"))


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't help with that.", "I’m sorry, but I can’t help with that.", "Sorry, I cannot do this.",
        "I cannot provide that information.", "As an AI language model, I have no feelings.", "I apologize, but I am unable to",
        "Unfortunately, I can't share it.", "I am not able to answer.", "\n\nI won't do that.", "I must decline.",
        "It would not be appropriate to say.", "It is not ethical to do so.", "I'm afraid I can't do that.", "AS AN AI I WILL NOT", "I can't do this",
    ],
)  # fmt: skip
def test_refusals(text: str) -> None:
    assert answer(text)["refusal"] == 1


@pytest.mark.parametrize(
    "text",
    [
        "As an air pump it moves air.", "The error message reads: I'm sorry, I cannot open the file.", "",
        "Sorry to hear that! Try a restart.", "I can help with that.", "You cannot divide by zero.",
        "I canoe on the lake.", "He said he cannot come.", "It is possible to learn it.", "It would be appropriate to call.", "I apologize for the delay. Your refund is on its way.",
    ],
)  # fmt: skip
def test_not_refusals(text: str) -> None:
    assert answer(text)["refusal"] == 0


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Done.<|endoftext|>", 1), ("<|im_start|>user", 1), ("</s>", 1), ("<s>hi", 1), ("[INST] go [/INST]", 1),
        ("<<SYS>> be good", 1), ("<start_of_turn>", 1), ("<pad>", 1), ("a <b> c", 0), ("x <| y |> z", 0), ("<span>", 0),
        ("[INSTALL]", 0), ("", 0),
    ],
)  # fmt: skip
def test_special_tokens(text: str, found: int) -> None:
    assert answer(text)["special_token"] == found
    assert measured(("user", text), ("assistant", "fine"))["special_token"] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<noinput>", 1), ("<No Input>", 1), ("No input", 1), ("no_output", 1), ("Dear [insert name],", 1), ("[Your Name]", 1),
        ("Hello {{ name }}", 1), ("lorem ipsum dolor", 1), ("<insert date>", 1), ("TODO: write this", 1), ("TBD", 1),
        ("There is no input to give.", 0), ("insert a coin", 0), ("a[yours] = 1", 0), ("{{ 1 + 2 }}", 0), ("", 0),
    ],
)  # fmt: skip
def test_placeholders(text: str, found: int) -> None:
    assert answer(text)["placeholder"] == found


@pytest.mark.parametrize(
    ("roles", "fault", "last"),
    [
        ("ua", 0, 0), ("sua", 0, 0), ("dsua", 0, 0), ("uaua", 0, 0), ("u", 0, 1), ("uau", 0, 1), ("uu", 1, 1), ("uaa", 1, 0),
        ("usa", 1, 0), ("au", 1, 1), ("uata", 0, 0), ("uatta", 0, 0), ("uat", 0, 1), ("a", 0, 0), ("sa", 0, 0), ("s", 0, 1),
    ],
)  # fmt: skip
def test_roles(roles: str, fault: int, last: int) -> None:
    names = {"s": "system", "d": "developer", "u": "user", "a": "assistant", "t": "tool"}
    got = measured(*((names[r], f"text {k}") for k, r in enumerate(roles)))
    assert (got["role_fault"], got["last_not_assistant"]) == (fault, last)


def test_counts_of_one_row() -> None:
    got = measured(("system", "be brief"), ("user", " Why\u3000so? "), ("assistant", "Because Because I say\nso é🙂"))
    wanted = {
        "prompt_words": 2, "answer_words": 6, "system_words": 2, "prompt_chars": 9, "answer_chars": 27, "turns": 2,
        "prompt_empty": 0, "answer_empty": 0, "first_answer_chars": 27,
    }  # fmt: skip
    assert {k: got[k] for k in wanted} == wanted
    assert got["unique_words"] == pytest.approx(5 / 6) and np.isnan(got["repeated_bigrams"])


def test_empties_and_raw_text() -> None:
    empty = measured(("user", " \u3000"), ("assistant", "\n\x1f"))
    assert empty["prompt_empty"] == empty["answer_empty"] == 1 and np.isnan(empty["unique_words"])
    raw = measured(raw="only a text")
    assert np.isnan([raw["prompt_words"], raw["prompt_chars"], raw["prompt_empty"]]).all()
    assert raw["answer_words"] == 3 and raw["role_fault"] == raw["last_not_assistant"] == 0


def test_signals_do_not_depend_on_the_other_rows() -> None:
    rows = [("", "q one", "a a a"), ("s", "q two", words(40)), ("", "q", "I cannot.")]
    base = table(rows).append_column("messages", column(["[]"] * 3))  # type: ignore[arg-type]
    base = base.append_column("roles", column(["ua"] * 3)).append_column("turns", pa.array([2] * 3, pa.int32()))
    whole = measure_text(base)
    for k in range(3):
        alone = measure_text(base.slice(k, 1))
        for name, values in whole.items():
            np.testing.assert_equal(alone[name][0], values[k])
    assert all(v.shape == (0,) for v in measure_text(base.slice(0, 0)).values())
