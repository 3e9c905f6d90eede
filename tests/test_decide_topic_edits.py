"""Topics by hand and by the user's own column: edits name rows, so they hold at any cut; a column's values are topics."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from test_decide_health import made as evidence_of
from test_decide_topics import GROUPS, N

from curate.decide import Recipe, check, decide, topics_of
from curate.decide.topic_edits import halves
from curate.decide.topics import TopicSet
from curate.errors import RecipeError
from curate.measure import topics_saved
from curate.measure.buffers import text_keys
from curate.measure.labels import labels_of
from curate.measure.topics import fit_topics
from curate.overrides import Overrides
from curate.types import Evidence, Labels, Topics, Verdicts

Edit = tuple[str, str, str, str]


def topics() -> Topics:
    """Fourteen topics of thirty prompts that lie two by two, so that a coarse cut joins them; each prompt twice, two
    rows without a vector."""
    import pyarrow as pa

    draw, group = np.random.default_rng(5), np.arange(N) % GROUPS
    pair = draw.standard_normal((GROUPS // 2, 48))
    middle = pair[np.arange(GROUPS) // 2] + 0.55 * draw.standard_normal((GROUPS, 48))
    wide = middle[group] + 0.3 * draw.standard_normal((N, 48))
    unit = np.asarray(wide / np.linalg.norm(wide, axis=1, keepdims=True), dtype=np.float16)
    texts = [f"{'abcdefghijklmn'[k % GROUPS] * 5} of number {k}" for k in range(N)]
    made = fit_topics(unit, text_keys(texts), pa.array(texts, pa.large_string()))
    assert made is not None
    prompt = np.concatenate((np.arange(N), np.arange(N), [-1, -1])).astype(np.int32)
    return topics_saved.of_rows(made, prompt, np.arange(N))


@cache
def evidence() -> Evidence:
    return replace(evidence_of(2 * N + 2), topics=topics())


def row_id(row: int) -> str:
    return str(evidence().ids[row].decode())


def cut(*edits: Edit, size: int = 0, ev: Evidence | None = None) -> tuple[TopicSet, Verdicts]:
    found = evidence() if ev is None else ev
    recipe = replace(Recipe(), overrides=Overrides.of({}, topics=edits)).with_setting("topics", size=size)
    made = decide(found, recipe)
    at = topics_of(found, made)
    assert at is not None and np.array_equal(at.label, made.topic)
    return at, made


def test_a_name_follows_its_row_through_every_cut() -> None:
    plain, _ = cut()
    row = int(plain.exemplars[3, 0])
    for size in (0, 5, 20, 50):
        found, _ = cut(("topic_name", row_id(row), "", "Mine"), size=size)
        assert found.names[int(found.nearest[row])] == "Mine" and found.names.count("Mine") == 1
    two = int(plain.exemplars[4, 0])
    both, _ = cut(("topic_name", row_id(row), "", "B"), ("topic_name", row_id(two), "", "A"), size=50)
    assert both.names[int(both.nearest[row])] in ("A + B", "B")


def test_joined_topics_are_one_and_the_rest_stays() -> None:
    plain, _ = cut()
    a, b, c = (int(plain.exemplars[t, 0]) for t in (2, 5, 9))
    (one, two), (three, four) = (sorted(row_id(r) for r in rows) for rows in ((a, b), (b, c)))
    found, _ = cut(("topic_merge", one, two, "merge"), ("topic_merge", three, four, "merge"))
    assert len(found) == len(plain) - 2 and found.nearest[a] == found.nearest[b] == found.nearest[c] == 0
    joined = np.isin(plain.nearest, [2, 5, 9])
    assert (found.nearest[joined] == 0).all() and (found.nearest[~joined] != 0).all()
    assert (np.diff(np.bincount(found.nearest[found.nearest >= 0])) <= 0).all() and all(found.names)


def test_a_topic_is_cut_in_parts_and_a_part_again() -> None:
    coarse, _ = cut(size=50)
    row = int(coarse.exemplars[0, 0])
    whole = coarse.nearest == coarse.nearest[row]
    once, _ = cut(("topic_split", row_id(row), "", "1"), size=50)
    assert len(once) > len(coarse)
    assert set(np.unique(once.nearest[whole])).isdisjoint(np.unique(once.nearest[~whole & (once.nearest >= 0)]))
    part = once.nearest == once.nearest[row]
    other = int(once.exemplars[once.nearest[row], 1])
    twice, _ = cut(("topic_split", row_id(row), "", "1"), ("topic_split", row_id(other), "", "2"), size=50)
    assert len(np.unique(twice.nearest[part])) >= 2


def test_halves_part_two_heaps_and_leave_one_spot() -> None:
    heap = np.concatenate((np.zeros((5, 3)), np.ones((9, 3)))).astype(np.float32)
    part = halves(heap)
    assert len(set(part[:5])) == 1 and len(set(part[5:])) == 1 and part[0] != part[5]
    assert not halves(np.ones((4, 2), np.float32)).any() and not halves(np.ones((1, 2), np.float32)).any()


def test_rows_that_were_moved_are_a_topic_and_lie_apart_no_more() -> None:
    plain, _ = cut()
    bare = np.flatnonzero((plain.label < 0) & (plain.nearest >= 0))
    rows = [*bare[:2].tolist(), *np.flatnonzero(plain.label == 1)[:3].tolist(), 2 * N]  # the last one has no vector
    moves = [("topic_move", row_id(r), "", "Odd ones") for r in rows]
    found, made = cut(*moves)
    topic = found.names.index("Odd ones")
    assert sorted(np.flatnonzero(found.label == topic).tolist()) == sorted(rows)
    assert set(found.exemplars[topic].tolist()) <= set(rows) and (made.topic[rows] == topic).all()
    named, _ = cut(("topic_name", row_id(int(plain.exemplars[0, 0])), "", "Odd ones"), *moves)
    assert (named.label[rows] == named.nearest[int(plain.exemplars[0, 0])]).all()


def test_a_cap_counts_topics_as_they_were_joined() -> None:
    plain, _ = cut()
    a, b = sorted(row_id(int(plain.exemplars[t, 0])) for t in (0, 1))
    recipe = replace(Recipe(), overrides=Overrides.of({}, topics=[("topic_merge", a, b, "merge")]))
    recipe = recipe.with_setting("topics", cap=7).with_setting("near", exact="off", text_enabled=False)
    made = decide(evidence(), recipe)
    kept = made.action == 0
    assert np.bincount(made.topic[kept & (made.topic >= 0)]).max() == 7
    before = decide(evidence(), replace(recipe, overrides=Overrides()))
    again = decide(evidence(), recipe, previous=before)
    assert np.array_equal(again.topic, made.topic) and np.array_equal(again.action, made.action)


def test_edits_of_rows_that_are_not_here_do_nothing() -> None:
    plain, _ = cut()
    found, _ = cut(("topic_name", "feedfeedfeedfeed-0", "", "X"), ("topic_merge", "0-0", "feedfeedfeedfeed-0", "merge"))
    assert np.array_equal(found.label, plain.label) and found.names == plain.names


@pytest.mark.parametrize(
    "edit",
    [
        ("topic_name", "a-0", "", ""),
        ("topic_merge", "b-0", "a-0", "merge"),
        ("topic_split", "a-0", "", "x"),
        ("topic_other", "a-0", "", "x"),
    ],
)
def test_an_edit_that_is_not_right_is_refused(edit: Edit) -> None:
    with pytest.raises(RecipeError, match="topic"):
        Overrides.of({}, topics=[edit])


def labelled(codes: list[int], names: tuple[str, ...], name: str = "category") -> Evidence:
    code = np.array(codes, np.int32)
    return replace(evidence_of(len(codes)), labels={name: Labels(code, names)})


def test_a_column_that_says_what_rows_are_about_gives_the_topics() -> None:
    ev = labelled([0] * 5 + [1] * 20 + [-1] * 5, ("few", "many"))
    found, made = cut(ev=ev)
    assert found.column == "category" and found.names == ("many", "few") and found.tree is None
    assert np.bincount(made.topic[made.topic >= 0]).tolist() == [20, 5] and (made.topic[-5:] == -1).all()
    h3 = next(c for c in check(None, ev, made) if c.id == "H3")
    assert h3.value == 4.0 and h3.band == "healthy"
    assert topics_of(ev, decide(ev, Recipe().with_setting("topics", column="none"))) is None
    with pytest.raises(RecipeError, match=r"topics.column is 'team'.*allowed: category"):
        decide(ev, Recipe().with_setting("topics", column="team"))


@pytest.mark.parametrize("codes,names", [([0] * 30, ("all",)), (list(range(30)), tuple(map(str, range(30)))),
                                         ([0, 1] * 5 + [-1] * 20, ("a", "b"))])  # fmt: skip
def test_a_column_that_tells_little_is_not_taken_unasked(codes: list[int], names: tuple[str, ...]) -> None:
    ev = labelled(codes, names, "topic")
    assert topics_of(ev, decide(ev, Recipe())) is None
    asked = decide(ev, Recipe().with_setting("topics", column="topic"))
    assert topics_of(ev, asked) is not None


def test_columns_of_kinds_are_found_whatever_the_order_of_rows() -> None:
    import pyarrow as pa

    rows = [
        {"topic": "b", "n": 3, "long": "x" * 200, "mixed": 1.5},
        {"topic": "a", "n": 1, "deep": {"x": 1}},
        {"topic": "", "n": None},
        {"topic": "b", "flag": True},
    ]
    import json

    extra = [json.dumps(r) for r in rows] + ["{}", None]
    found = labels_of(
        pa.chunked_array([pa.array(extra[:3], pa.large_string()), pa.array(extra[3:], pa.large_string())])
    )
    assert set(found) == {"topic", "n", "flag"}
    assert found["topic"].names == ("a", "b") and found["topic"].code.tolist() == [1, 0, -1, 1, -1, -1]
    back = labels_of(pa.array(extra[::-1], pa.large_string()))
    assert all(back[k].names == found[k].names and back[k].code.tolist() == found[k].code.tolist()[::-1] for k in found)
    many = labels_of(pa.array([json.dumps({"topic": str(n)}) for n in range(700)], pa.large_string()))
    assert many == {} and labels_of(pa.array([], pa.large_string())) == {}
    assert found["n"].names == ("1", "3") and found["flag"].names == ("true",)


def test_fourteen_topics_stand_as_before_without_edits() -> None:
    assert len(cut()[0]) == GROUPS


def test_a_model_names_topics_through_the_same_edits() -> None:
    from curate.views.topic_cards import TopicCard, names_by, topic_cards

    class Dataset:
        def text(self, column: str, row: int) -> str:
            return f"{column} {row} " + "x" * 900

    class Namer:
        name = "fake"

        def estimate(self, cards: tuple[TopicCard, ...]) -> float:
            return 0.001 * len(cards)

        def names(self, cards: tuple[TopicCard, ...], progress: object = None, cancel: object = None) -> list[str]:
            assert progress is None and cancel is None
            return ["" if n == 0 else f"About\n{c.words[0]}" for n, c in enumerate(cards)]

    plain, made = cut()
    cards = topic_cards(Dataset(), evidence(), made)  # type: ignore[arg-type]
    assert len(cards) == len(plain) and all(len(c.prompts) == 3 and len(c.prompts[0]) == 300 for c in cards)
    assert sum(c.rows for c in cards) == int((plain.label >= 0).sum())
    edits = names_by(Namer(), cards)  # type: ignore[arg-type]
    named, again = cut(*edits)
    assert named.names[0] == plain.names[0] and set(named.names[1:]) == {
        f"About {n.split(' / ')[0]}" for n in plain.names[1:]
    }
    shut = np.ones(len(evidence().ids), np.bool_)
    assert all(c.prompts == () for c in topic_cards(Dataset(), evidence(), made, shut))  # type: ignore[arg-type]
    assert [c.anchor for c in topic_cards(Dataset(), evidence(), again)] == [cards[0].anchor]  # type: ignore[arg-type]
    assert topic_cards(Dataset(), evidence_of(5), decide(evidence_of(5), Recipe())) == ()  # type: ignore[arg-type]
