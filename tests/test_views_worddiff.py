"""Word-level differences: nothing is lost, what is alike stays alike, long texts stay quick."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as some

from curate.views.worddiff import MOST, Part, brief, folded, word_diff

TEXTS = some.text(alphabet="ab 1.,\n漢字é-", max_size=60)


@given(TEXTS, TEXTS)
def test_both_texts_come_back(before: str, after: str) -> None:
    parts = word_diff(before, after)
    assert "".join(p.text for p in parts if p.kind != "new") == before
    assert "".join(p.text for p in parts if p.kind != "gone") == after
    assert all(p.text for p in parts)
    assert all(a.kind != b.kind for a, b in pairwise(parts))
    assert (brief(parts) == "") == (before == after)


@given(TEXTS, TEXTS)
def test_folding_leaves_out_only_what_is_the_same(before: str, after: str) -> None:
    parts = word_diff(before, after)
    shown = folded(parts, around=2)
    for part, fold in zip(parts, shown, strict=True):
        assert fold.kind == part.kind
        assert len(fold.text) + fold.skipped + len(fold.rest) == len(part.text)
        assert part.text.startswith(fold.text) and part.text.endswith(fold.rest)
        assert not fold.skipped or part.kind == "same"


def test_one_word_is_one_change() -> None:
    parts = word_diff("The harbor has 3.5 boats.", "The harbour has 3.6 boats.")
    assert parts == (
        Part("same", "The "),
        Part("gone", "harbor"),
        Part("new", "harbour"),
        Part("same", " has "),
        Part("gone", "3.5"),
        Part("new", "3.6"),
        Part("same", " boats."),
    )
    assert brief(parts) == "−harbor +harbour · −3.5 +3.6"


def test_words_changed_side_by_side_are_one_change() -> None:
    assert [p.kind for p in word_diff("a red car.", "a blue van.")] == ["same", "gone", "new", "same"]


def test_a_word_far_down_a_long_text_is_found() -> None:
    lines = [f"line {n} says {n * n}\n" for n in range(MOST)]
    changed = [*lines]
    changed[10] = "line ten says a hundred\n"
    changed[-10] = changed[-10].replace("says", "said")
    parts = word_diff("".join(lines), "".join(changed))
    gone = [p.text for p in parts if p.kind == "gone"]
    assert gone[-1] == "says" and len("".join(gone)) < 40


def test_texts_too_long_to_compare_are_told_apart_whole() -> None:
    one, two = " ".join(f"a{n}" for n in range(MOST * 2)), " ".join(f"b{n}" for n in range(MOST * 2))
    assert {p.kind for p in word_diff(one, two)} <= {"same", "gone", "new"}
