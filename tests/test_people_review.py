"""From labels to what follows: the rubric, agreement of several people, decisions and edited rows, alike in app and command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from cli_cases import cli, jsonl, rows, tree
from hypothesis import given
from hypothesis import strategies as st

from curate.decide import decide, preset
from curate.decide.review_rate import error_rate
from curate.errors import DataError
from curate.load import load
from curate.measure import measure
from curate.people import agree, review, rubric, sheet
from curate.store import OverrideLog, Reviews, Said, Store, Workspace
from curate.store.reviews import Pick
from curate.views.review import kappa_said, rate_said, score_said


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CURATE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def desk_with(home: Path, said: dict[str, list[tuple[str, Said]]]) -> tuple[Reviews, int]:
    desk = Reviews(Workspace(Store(home)))
    queue = desk.start("q", "d", "random", len(said), 1, "", "ann", [Pick(i, True) for i in said]).number
    for row, labels in said.items():
        for who, one in labels:
            desk.save(queue, row, who, one)
    return desk, queue


def test_the_shipped_rubric() -> None:
    found = rubric.shipped()
    assert len(found.examples) >= 20 and not found.lacks
    words = {head: " ".join(lines) for head, lines in found.sections}
    assert {"Good", "Avoid", "Length and format", "Score"} <= set(words)
    assert all(word in words["Score"] for word in ("Poor", "Moderate", "High"))
    assert {e.value for e in found.examples} == {"good", "bad", "fix"}
    assert rubric.parse(found.text + "\nmore").fingerprint != found.fingerprint
    assert rubric.parse(found.text.replace("\n", "\r\n")).fingerprint == found.fingerprint


@pytest.mark.parametrize(
    ("text", "said"),
    [("no title", "# Title"), ("# T\n## Reasons\nnone\n", "line 3"), ("# T\n## Reasons\n- a: b\n## Examples\n### great\n", "line 5"),
     ("# T\n## Reasons\n- a: b\n## Examples\n### good 5\nPrompt: x\n", "Why"), ("# T\n## Reasons\n" + "".join(f"- r{n}: b\n" for n in range(9)), "9 reasons")],
)  # fmt: skip
def test_a_rubric_that_is_none_says_where(text: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        rubric.parse(text)


@given(st.text(max_size=300))
def test_any_text_is_a_rubric_or_a_sentence(text: str) -> None:
    try:
        rubric.parse("# T\n## Reasons\n- a: b\n## Examples\n" + text)
    except DataError as error:
        assert "rubric" in str(error)


def test_agreement_of_three_and_who_differs(home: Path) -> None:
    said = {
        f"{n:02d}": [
            ("ann", Said("good" if n % 3 else "bad", n % 5 + 1)),
            ("bob", Said("good" if n % 3 else "fix", n % 5 + 1)),
        ]
        for n in range(30)
    }
    said["x"] = [("ann", Said("good", 5)), ("cy", Said("good", 2))]
    desk, queue = desk_with(home, said)
    labels = desk.labels(queue)
    asked = {q.name: q for q in agree.questions(agree.blind(labels))}
    assert asked["label"].kappa.rows == 30 and asked["label"].alpha.rows == 31
    assert asked["score"].squared == 1.0 and [p.rows for p in asked["label"].over] == [16, 15], (
        "three people: alpha of each block"
    )
    found = agree.differences(labels)
    assert len(found) == 11 and any(d.id == "x" for d in found)
    assert agree.rate(labels, desk.items(queue)).wrong == 10
    desk.settle(queue, "00", "ann", Said("good"))
    assert agree.rate(desk.labels(queue), desk.items(queue)).wrong == 9
    assert agree.differences(desk.labels(queue))[-1].id == "00", "settled ones come last"
    assert "ambiguous" in kappa_said(asked["label"].kappa)[1] or asked["label"].kappa.kappa >= 0.6


def test_above_the_line_it_says_mend() -> None:
    labels = np.repeat([1.0, 0.0], [8, 92])
    found = error_rate(labels, np.ones(100))
    band, said = rate_said(found, fair=True)
    assert band == "warning" and "Mend the generation before scaling" in said
    assert "nothing of the whole set" in rate_said(found, fair=False)[1]


def test_scores_of_people(home: Path) -> None:
    desk, queue = desk_with(
        home, {"a": [("ann", Said("good", 4)), ("bob", Said("good", 5))], "b": [("ann", Said("bad"))]}
    )
    assert agree.scores(desk.labels(queue)) == {"a": 4.5}
    desk.settle(queue, "a", "ann", Said("good", 3))
    assert agree.scores(desk.labels(queue)) == {"a": 3.0}
    assert (
        score_said([2.0] * 200)[0] == "warning"
        and score_said([5.0] * 200)[0] == "healthy"
        and score_said([5.0])[0] == "watch"
    )


def test_labels_decide_only_when_they_are_taken_over(home: Path, tmp_path: Path) -> None:
    items = rows(12)
    items[3]["completion"] = "Short."
    data = load([jsonl(tmp_path / "d.jsonl", items)])
    recipe = preset("default").with_setting("embed", enabled=False).with_rule("too_short_answer", enabled=True, low=5.0)
    found = measure(data, recipe=recipe, store=Store(home))
    made = decide(found, recipe)
    at = review.places(found)
    dropped = next(i for i, n in at.items() if made.action[n] == 1)
    first, second, third, fourth = [i for i, n in at.items() if made.action[n] == 0][:4]
    desk, queue = desk_with(home, {
        dropped: [("ann", Said("good"))], first: [("ann", Said("bad"))], second: [("ann", Said("fix", edited="Better."))],
        third: [("ann", Said("good")), ("bob", Said("bad"))], fourth: [("ann", Said("good"))], "gone-0": [("ann", Said("bad"))],
    })  # fmt: skip
    labels = desk.labels(queue)
    wanted = {dropped: "keep", first: "drop", second: "review"}
    assert review.decisions(labels, made, at, set()) == wanted, "a difference waits, a kept good row needs nothing"
    assert review.decisions(labels, made, at, {first}) == {k: v for k, v in wanted.items() if k != first}
    desk.settle(queue, third, "bob", Said("bad"))
    assert review.decisions(desk.labels(queue), made, at, set())[third] == "drop"


def test_an_edit_is_a_new_row_with_its_origin(home: Path, tmp_path: Path) -> None:
    """The command line writes the edited row, drops the old one, and exports the new one with its lineage."""
    data = jsonl(tmp_path / "d.jsonl", [r | {"team": "a"} for r in rows(20)])
    assert cli("review", "start", data, "--no-vectors", "--rows", "5", "--name", "q").code == 0
    desk = Reviews(Workspace(Store(home)))
    queue = desk.queue("q").number
    row = desk.next(queue, "ann", "h")
    assert row is not None
    desk.save(queue, row, "ann", Said("fix", edited="A better answer, written by a person who knows."), "r")
    edited = tmp_path / "d.edited.jsonl"
    done = cli("review", "edits", data, "--out", edited)
    assert done.code == 0 and "1 edited rows" in done.out
    new = json.loads(edited.read_text())
    assert new["edited_from"] == row and new["team"] == "a"
    assert new["messages"][-1]["content"] == "A better answer, written by a person who knows."
    again = edited.read_bytes()
    assert cli("review", "edits", data, "--out", edited).code == 0 and edited.read_bytes() == again
    assert cli("run", data, edited, "--out", tmp_path / "out", "--no-vectors").code == 0
    version = next((tmp_path / "out" / "versions").iterdir())
    kept = [
        json.loads(line)
        for part in ("train", "validation", "test")
        for line in (version / f"{part}.jsonl").read_text().splitlines()
    ]
    assert [r["edited_from"] for r in kept if "edited_from" in r] == [row]
    rejected = [json.loads(line)["id"] for line in (version / "rejected.jsonl").read_text().splitlines()]
    assert row in rejected and len(kept) == 20
    before = tree(tmp_path / "out")
    assert cli("run", data, edited, "--out", tmp_path / "again", "--no-vectors").code == 0
    assert tree(tmp_path / "again") == before


def test_the_commands(home: Path, tmp_path: Path) -> None:
    data = jsonl(tmp_path / "d.jsonl", rows(30))
    assert cli("review", "start", data, "--no-vectors", "--rows", "20", "--twice", "0.5", "--json").json["twice"] == 10
    assert cli("review", "start", data, "--no-vectors").code == 2, "the name is taken"
    assert cli("review", "start", data, "--no-vectors", "--name", "x", "--how", "best").code == 2
    desk = Reviews(Workspace(Store(home)))
    queue = desk.queue("review").number
    for who in ("ann", "bob"):
        while (row := desk.next(queue, who, who)) is not None:
            desk.save(queue, row, who, Said("bad" if row < "2" else "good", 4, ("style",) if row < "2" else ()))
    one = cli("review", "status", "--json").json["queues"][0]
    assert one["filled"] == 20 and one["labelled"] == 20 and one["low"] < one["rate"] < one["high"]
    assert cli("review", "agreement", "--json").json["questions"][0]["kappa"]["rows"] == 10
    assert "questions" not in cli("review", "agreement").out and cli("review", "status").code == 0
    out = tmp_path / "labels.jsonl"
    assert cli("review", "export", "--out", out).code == 0
    assert cli("review", "import", out, "--queue", "theirs").out.startswith("30 of 30")
    assert cli("review", "import", out, "--queue", "theirs").out.startswith("0 of 30")
    assert {(x.id, x.who, x.said) for x in desk.labels(desk.queue("theirs").number)} == {
        (x.id, x.who, x.said) for x in desk.labels(queue)
    }
    assert cli("review", "rubric").out.startswith("# Rows worth learning from")
    out.write_text('{"id": "a", "who": "b", "label": "great"}\n')
    assert cli("review", "import", out, "--queue", "theirs").code == 2


def test_a_file_of_labels_that_is_none(tmp_path: Path) -> None:
    for line in (
        "[1]",
        '{"id": 1, "who": "a", "label": "good"}',
        '{"who": "a"}',
        "x",
        '{"id": "a", "who": "b", "label": "good", "text": "secret"}',
    ):
        (tmp_path / "l.jsonl").write_text(line)
        with pytest.raises(DataError, match="line 1") as caught:
            sheet.read(tmp_path / "l.jsonl")
        assert "secret" not in str(caught.value)


def test_what_people_decided_stands_after_a_restart(home: Path) -> None:
    log = OverrideLog(Workspace(Store(home)), "ann")
    log.set_each({"a-0": "drop", "b-0": "review"}, "labels of q")
    again = OverrideLog(Workspace(Store(home)), "bob")
    assert again.current().actions == ("drop", "review") and again.undo() is not None and not len(log.current())
