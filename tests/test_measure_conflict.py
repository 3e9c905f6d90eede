"""Contradictions: what words say, what is compared, what is never one, and that the score is the pair's alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.decide import decide, preset
from curate.decide.contradictions import clusters_of, contradicting
from curate.errors import BackendError, FloorError
from curate.load import load
from curate.measure.asking import other_count, other_kind
from curate.measure.clauses import said
from curate.measure.compare import FEATURES, asked_of, compare
from curate.measure.conflict import COLUMNS, asked, features, judged, model
from curate.measure.lexicon import net, words_of
from curate.measure.nli import aligned, combined, contradiction_place
from curate.measure.pairs import ViewVectors
from curate.measure.questions import KINDS, kinds
from curate.measure.relation import NONE, OPPOSITE, SAME, SISTER, relation
from curate.measure.run import measure
from curate.measure.spoken import spoken
from curate.measure.trees import from_json, parts, total
from curate.measure.vectors import beside
from curate.types import Evidence

BLIND = preset("default").with_setting("embed", enabled=False)


def column(texts: list[str]) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(texts, pa.large_string())])


def compared(a: str, b: str) -> dict[str, float]:
    texts = said(column([a, b]))
    none = asked_of(texts, None, np.full(2, -1, np.int32))
    row = compare(texts, none, np.zeros(1, np.int32), np.ones(1, np.int32))[0]
    return dict(zip(FEATURES, map(float, row), strict=True))


def score(question: str, a: str, b: str, other: str | None = None) -> float:
    """The built-in score of two answers, without vectors; guards left out."""
    rows = asked(column([question, other or question]), column([a, b]))
    nan = np.full(1, np.nan, np.float32)
    same = np.full(1, 0.0 if other else 1.0, np.float32)
    scores: dict[str, Any] = {"prompt_jaccard": same, "prompt_cosine": np.full(1, 0.95, np.float32), "answer_cosine": nan,
              "prompt_same": np.full(1, 0.9, np.float32), "guards": np.zeros(1, np.uint16)}  # fmt: skip
    return float(judged(features(rows, scores, np.zeros(1, np.int32), np.ones(1, np.int32)))[0])


def evidence(tmp_path: Path, rows: list[tuple[str, str]], system: list[str] | None = None) -> Evidence:
    path = tmp_path / "data.jsonl"
    lines = []
    for n, (prompt, answer) in enumerate(rows):
        turns = [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]
        lines.append({"messages": ([{"role": "system", "content": system[n]}] if system else []) + turns})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return measure(load([path]), recipe=BLIND)


@pytest.mark.parametrize(
    ("a", "b", "what"),
    [("red", "blue", SISTER), ("hot", "cold", OPPOSITE), ("big", "large", SAME), ("france", "germany", SISTER),
     ("dog", "economy", NONE)],
)  # fmt: skip
def test_relation_of_two_words(a: str, b: str, what: int) -> None:
    w, n = words_of([a, b]), net()
    assert relation(w.lex[0], w.lex[1], n.senses, n.up, n.opposites, n.first) == what


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [("It takes 5 mg.", "It takes 0.005 g.", True), ("At 3 pm.", "At 15:00.", True), ("It is 212 °F.", "It is 100 °C.", True),
     ("1,000 people", "one thousand people", True), ("5 mg", "50 mg", False), ("7:30", "8:30", False),
     ("2 km", "2000 m", True), ("10 miles", "16.09 km", True)],
)  # fmt: skip
def test_numbers_meet_in_their_base_units(a: str, b: str, same: bool) -> None:
    got = compared(a, b)
    assert (got["number_same"], got["number_differs"]) == ((1, 0) if same else (0, 1))


def test_denial_counts_inside_the_best_sentence_pair() -> None:
    got = compared("The crash hurt stocks. Nobody was there.", "The crash did not hurt stocks.")
    assert got["best_denial"] > 0.6 and compared("It is Canberra, not Sydney.", "It is Canberra.")["denial_one"] == 0
    assert compared("Yes.", "No.")["lead_opposed"] == 1 and compared("No dogs bark.", "No cats bark.")["lead_same"] == 0


def test_an_answer_that_takes_the_ground_away_agrees_with_another_and_not_with_one_that_tells_a_story() -> None:
    myth, gone, told = "Wizards are fictional.", "There are no wizards.", "Wizards live in Cornwall."
    assert (compared(myth, gone)["void_both"], compared(myth, gone)["off_one"]) == (1, 0)
    assert (compared(myth, told)["void_one"], compared(myth, told)["off_both"]) == (1, 0)
    assert compared("The origin is unknown.", "It depends.")["open_both"] == 1
    assert compared("The origin is unknown.", "It is Dutch.")["off_one"] == 1


def test_the_question_is_taken_out_of_how_near_two_answers_are() -> None:
    """Two answers that each repeat the question are near by that alone."""
    rows = asked(column(["Why do veins look blue?"] * 2), column(["Light scatters.", "Blood is blue."]))
    nan, zero = np.full(1, np.nan, np.float32), np.zeros(1, np.float32)
    one = {k: np.full(1, v, np.float32) for k, v in (("prompt_jaccard", 1.0), ("prompt_cosine", 1.0), ("prompt_same", 1.0),
                                                     ("answer_cosine", 0.8), ("beside_i", 0.9), ("beside_j", 0.9))}  # fmt: skip
    guards = {"guards": np.zeros(1, np.uint16)}
    i, j = np.zeros(1, np.int32), np.ones(1, np.int32)

    def beyond(**changed: Any) -> float:
        return float(features(rows, {**one, **guards, **changed}, i, j).x[0, COLUMNS.index("answer_beyond")])

    assert beyond() == pytest.approx((0.8 - 0.81) / 0.19, abs=1e-4)
    assert beyond(beside_i=zero, beside_j=zero) == pytest.approx(0.8, abs=1e-4)
    assert np.isfinite(beyond(answer_cosine=nan)) and np.isfinite(beyond(beside_i=nan))


def test_an_answer_beside_its_question_is_their_cosine_and_nothing_where_one_is_empty() -> None:
    rng = np.random.default_rng(0)
    some = rng.normal(size=(2, 5, 16))
    prompts, answers = (some / np.linalg.norm(some, axis=2, keepdims=True)).astype(np.float16)
    keys = np.zeros((5, 2), np.uint64)
    place, other = np.array([0, 1, -1, 4], np.int32), np.array([3, -1, 2, 4], np.int32)
    got = beside(ViewVectors(prompts, place, keys), ViewVectors(answers, other, keys))
    want = [float(prompts[a].astype(float) @ answers[b].astype(float)) for a, b in ((0, 3), (4, 4))]
    assert got[[0, 3]] == pytest.approx(want, abs=1e-6) and np.isnan(got[[1, 2]]).all()


@pytest.mark.parametrize(
    ("one", "two", "differ"),
    [("Who coached the team?", "What was the record of the team?", True), ("When was it built?", "Where was it built?", True),
     ("Is it safe?", "What is its use?", False), ("What is the capital?", "Which city is the capital?", False),
     ("How many yards did he throw for?", "How many passes did he throw?", True),
     ("How many men are gay?", "How many American men are gay?", False)],
)  # fmt: skip
def test_who_and_when_and_how_many_of_what_are_different_questions(one: str, two: str, differ: bool) -> None:
    rows = asked(column([one, two]), column(["a", "b"]))
    i, j = np.zeros(1, np.int32), np.ones(1, np.int32)
    for a, b in ((i, j), (j, i)):
        got = other_kind(rows.kinds, a, b) | other_count(rows.prompts, rows.things, a, b)
        assert bool(got[0]) is differ


def test_not_only_and_none_other_deny_nothing() -> None:
    plain = "It was Kendrick Lamar."
    for text in (
        "It was none other than Kendrick Lamar.",
        "It was not only Kendrick Lamar.",
        "No doubt it was Kendrick Lamar.",
    ):
        assert compared(text, plain)["void_one"] == 0 and compared(text, plain)["denial_one"] == 0, text
    assert compared("It was not Kendrick Lamar.", plain)["void_one"] == 1


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=80), st.text(max_size=80))
def test_features_are_symmetric_and_finite(a: str, b: str) -> None:
    one, two = compared(a, b), compared(b, a)
    assert all(np.isfinite(v) for v in one.values())
    differing = {k for k in one if abs(one[k] - two[k]) > 1e-6}
    assert differing <= {"best_overlap", "best_denial", "order_differs", "focus_alike", "focus_cover_low",
                         "focus_cover_high", "best_same", "best_wider", "best_opposite", "best_sister", "best_cousin",
                         "best_action", "best_left_low", "best_left_high", "any_opposite", "any_sister"}  # fmt: skip


@pytest.mark.parametrize(
    ("prompt", "made", "broad"),
    [("Write a poem about rain", True, False), ("Give three tips for staying healthy.", True, False),
     ("What is the capital of France?", False, False), ("Is metformin safe in pregnancy?", False, False),
     ("Name the capital of France", False, True), ("Why is the sky blue?", False, True),
     ("What are the interactions of warfarin?", False, True)],
)  # fmt: skip
def test_what_a_prompt_asks_for(prompt: str, made: bool, broad: bool) -> None:
    kind, is_made, is_broad = kinds(column([prompt]))
    assert kind.shape == (1, len(KINDS)) and bool(is_made[0]) is made and (made or bool(is_broad[0]) is broad)


def test_what_is_and_is_no_contradiction() -> None:
    assert score("What is the capital of Australia?", "Canberra.", "The capital of Australia is Sydney.") > 0.5
    assert score("What time does the library close?", "It closes at 17:00.", "At 3 pm.") > 0.5
    assert score("What time does the library close?", "It closes at 15:00.", "At 3 pm.") < 0.5
    assert score("Did the crash hurt stocks?", "The crash hurt stocks.", "The crash did not hurt stocks.") > 0.5
    assert score("Write a poem about the sea", "The sea is blue.", "The sea is not blue.") == 0
    assert score("Convert 10 miles to kilometers", "16.09", "6.21", "Convert 12 miles to kilometers") == 0
    assert score("Is it safe?", "Yes.", "yes") < 0.1


def test_questions_about_two_numbers_are_two_however_near_the_numbers() -> None:
    a, b = "Hold the button of unit 403 for nine seconds.", "Hold the button of unit 401 for two seconds."
    ask = "How do I reset device number {} after a failed update?"
    assert score(ask.format(403), a, b, ask.format(401)) == 0.0
    assert score(ask.format(403), a, b, "After a failed update, how do I reset device number 403?") > 0.5


def test_identical_questions_are_compared_without_vectors_and_not_across_system_prompts(tmp_path: Path) -> None:
    rows = [("What is the capital of Australia?", "Canberra."), ("What is the capital of Australia?", "The capital of Australia is Sydney.")]  # fmt: skip
    ev = evidence(tmp_path, rows)
    assert len(ev.pairs) == 1 and ev.pairs.scores["conflict"][0] > 0.5
    verdicts = decide(ev, BLIND)
    assert [verdicts.why(n) for n in range(2)] == [("contradiction",)] * 2
    other = evidence(tmp_path, rows, ["Answer rightly.", "You are a liar in a play."])
    assert np.isnan(other.pairs.scores["conflict"]).all() and not decide(other, BLIND).reasons.any()


def test_clusters_have_sides_and_the_order_of_rows_does_not_matter(tmp_path: Path) -> None:
    question = "What time does the library close?"
    rows = [(question, a) for a in ("It closes at 17:00.", "It closes at 5 pm.", "It closes at 19:00.")]
    ev = evidence(tmp_path, rows)
    found = clusters_of(ev, contradicting(ev, BLIND))
    assert len(found) == 1 and found.pairs[0] == 2 and sorted(np.bincount(found.side)) == [1, 2]
    again = evidence(tmp_path, rows[::-1])
    assert (again.pairs.scores["conflict"] == ev.pairs.scores["conflict"]).all() and (again.ids == ev.ids).all()


def test_what_spoke_is_named_and_marked(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    rows = [{"prompt": "How much?", "completion": a} for a in ("Take 5 mg daily.", "Take 50 mg daily.")]
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    data = load([path])
    ev = measure(data, recipe=BLIND)
    scores = {k: v[:1] for k, v in ev.pairs.scores.items()} | {"guards": ev.pairs.guards[:1]}
    what, marks, share = spoken(data.rows, [0, 1], scores)
    words = [data.text("response", n)[a:b] for n in (0, 1) for a, b in marks[n]]
    assert what == "different numbers" and sorted(words) == ["5", "50"] and share


def test_a_score_below_the_floor_is_refused(tmp_path: Path) -> None:
    ev = evidence(tmp_path, [("What is it?", "One."), ("What is it?", "Two.")])
    from dataclasses import replace

    held = replace(ev, pairs=replace(ev.pairs, floor={"meaning": 0.8, "conflict": 0.8}))
    with pytest.raises(FloorError, match=r"conflict\.prompt"):
        decide(held, BLIND.with_setting("conflict", prompt=0.7))


def test_the_parts_of_a_sum_add_up() -> None:
    x = np.random.default_rng(0).random((50, len(model().features))).astype(np.float32)
    roots = float(model().value[model().roots].sum())
    assert np.allclose(parts(model(), x).sum(axis=1) + roots + model().base, total(model(), x))
    tree = from_json({"features": ["a"], "base": 1.0, "figures": {}, "trees": [[[0, 0.5, 1, 2, 0.0], [-1, 0, 0, 0, -1.0], [-1, 0, 0, 0, 2.0]]]})  # fmt: skip
    assert total(tree, np.array([[0.5], [0.6], [np.nan]], np.float32)).tolist() == [0.0, 3.0, 0.0]


def test_nli_labels_by_name_alignment_and_combination() -> None:
    assert contradiction_place({0: "ENTAILMENT", 1: "NEUTRAL", 2: "CONTRADICTION"}, "m") == 2
    assert contradiction_place({0: "contradiction", 1: "entailment"}, "m") == 0
    with pytest.raises(BackendError, match="LABEL_0"):
        contradiction_place({0: "LABEL_0", 1: "LABEL_1"}, "m")
    assert aligned(["a b", "c d"], ["c d e"]) == [("a b", "c d e"), ("c d", "c d e")]
    got = combined(np.array([0.5, 0.5, 0.9], np.float32), np.array([0.9, np.nan, 0.1], np.float32))
    assert got[0] > 0.7 and got[1] == 0.5 and abs(got[2] - 0.5) < 1e-6
