"""Changed copies: what leaves redacted or stripped, what the rules then say, and that every input still rebuilds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.decide import Recipe, check, decide
from curate.decide.effective import effective
from curate.errors import RecipeError
from curate.load import load
from curate.measure import measure
from curate.ship import current, export, rebuild, verify
from curate.ship.changed import Change, _line, _talk, changes_of, preview, rows_to_change
from curate.ship.recheck import recheck
from curate.types import Dataset, Evidence

LEAKED = "The cat sat on the mat and slept all day long."
CHATS = [
    {"messages": [{"role": "user", "content": "Mail ann@example.com, or call \"+1 212 555 2368\" é?"},
                  {"role": "assistant", "content": "I wrote to ann@example.com."}], "note": 1.50},
    {"messages": [{"role": "user", "content": f"Say in short what the cat did today.\nAnswer: {LEAKED}"}, {"role": "assistant", "content": LEAKED}]},
    {"messages": [{"role": "user", "content": "What is a mat for?"}, {"role": "assistant", "content": "To wipe your feet on it."}]},
]  # fmt: skip
ALPACAS = [{"instruction": "Repeat the text.", "input": LEAKED, "output": LEAKED},
           {"instruction": "Who wrote it?", "input": "From bob@example.org", "output": "Bob did."}]  # fmt: skip
TOML = '[edit]\nredact = "email, phone"\nstrip_answer = true\n[embed]\nenabled = false\n[split]\ntrain = 1.0\nvalidation = 0.0\ntest = 0.0\n'


@pytest.fixture
def world(tmp_path: Path) -> tuple[Dataset, Evidence, Recipe]:
    chats, alpacas = tmp_path / "chats.jsonl", tmp_path / "alpacas.json"
    chats.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in CHATS), encoding="utf-8")
    alpacas.write_text(json.dumps(ALPACAS, indent=1), encoding="utf-8")
    recipe = Recipe.from_toml(TOML)
    data = load([chats, alpacas])
    return data, measure(data, recipe=recipe), recipe


def test_rules_ask_of_the_copy(world: tuple[Dataset, Evidence, Recipe]) -> None:
    _, evidence, recipe = world
    made = decide(evidence, recipe)
    assert made.carries("pii_email", "pii_phone", "answer_in_prompt").sum() == 0
    plain = decide(evidence, Recipe.from_toml("[embed]\nenabled = false\n"))
    assert plain.carries("pii_email").sum() == 2 and plain.carries("answer_in_prompt").sum() == 2
    assert effective(evidence, recipe)["pii"].sum() == 0 and len(rows_to_change(evidence, made, recipe)) == 4


def test_the_export_holds_the_copies_and_the_originals(world: tuple[Dataset, Evidence, Recipe], tmp_path: Path) -> None:
    data, evidence, recipe = world
    made, out = decide(evidence, recipe), tmp_path / "out"
    lineage = export(data, evidence, made, recipe, check(data, evidence, made), out, format="openai")
    text = (current(out) / "train.jsonl").read_text("utf-8")
    assert "example" not in text and "2368" not in text
    assert 'Mail [email], or call \\"[phone]\\" é?' in text and "I wrote to [email]." in text and '"note": 1.5' in text
    assert '"From [email]"' in text and '"Say in short what the cat did today.\\nAnswer:"' in text
    assert text.count(LEAKED) == 2  # the two answers
    kept = [json.loads(line) for line in (current(out) / "originals.jsonl").read_text("utf-8").splitlines()]
    assert {tuple(k["changes"].items()) for k in kept} == {
        (("email", 2), ("phone", 1)),
        (("strip_answer", 1),),
        (("email", 1),),
    }
    assert verify(out) == () and "originals.jsonl" in lineage.files
    assert lineage.proof is not None and lineage.proof.holds and recheck(current(out)).holds
    for source in data.sources:
        assert b"".join(rebuild(out, source.name)) == Path(source.path).read_bytes()
    shaped = (current(out) / "formats" / "openai" / "train.jsonl").read_text("utf-8")
    assert "example" not in shaped and "[email]" in shaped


def test_nothing_to_change_leaves_every_line_as_it_was(world: tuple[Dataset, Evidence, Recipe], tmp_path: Path) -> None:
    data, evidence, _ = world
    recipe = Recipe.from_toml("[embed]\nenabled = false\n")
    made, out = decide(evidence, recipe), tmp_path / "out"
    export(data, evidence, made, recipe, check(data, evidence, made), out)
    assert not (current(out) / "originals.jsonl").exists()


def test_a_copy_can_be_seen_first(world: tuple[Dataset, Evidence, Recipe]) -> None:
    data, evidence, recipe = world
    rows = rows_to_change(evidence, decide(evidence, recipe), recipe)
    shown = {preview(data.text("prompt", c.row), c) for c in changes_of(data, evidence, recipe, rows)}
    assert shown == {
        'Mail [email], or call "[phone]" é?',
        "Say in short what the cat did today.\nAnswer:",
        "Repeat the text.",
        "Who wrote it?\nFrom [email]",
    }


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(["x@y.org", "\\", '"', "\n", "é", "a", " ", "\u2028", "{"]), max_size=8).map("".join))
def test_a_line_keeps_every_other_byte(text: str) -> None:
    line = json.dumps({"k@y.org": [text, {"n": 1.50}], "x": "x@y.org"})
    made = _line(line.encode(), Change(0, {"x@y.org": "[email]"}, "", "", {}))
    assert made is not None
    assert (
        json.loads(made) == json.loads(line.replace("x@y.org", "[email]"))
        and b'"k@y.org": [' in made
        and b'{"n": 1.5}' in made
    )


def test_a_text_across_two_fields_is_written_as_messages() -> None:
    change = Change(0, {"12 34": "[phone]"}, "", "", {"phone": 1})
    assert _line(b'{"a": "12", "b": "34"}', change) is None
    assert "[phone]" in _talk('[{"role":"user","content":"call 12 34"}]', change)


@pytest.mark.parametrize(
    "text",
    ['[edit]\nredact = "names"', '[lengths]\nexpected = "long"', '[lengths]\nexpected = "-3"', "[edit]\nmask = true"],
)
def test_what_edit_and_lengths_do_not_take(text: str) -> None:
    with pytest.raises(RecipeError):
        Recipe.from_toml(text)


def test_expected_length_by_number_topic_and_column(tmp_path: Path) -> None:
    rows = [
        {
            "prompt": f"question {k} about it",
            "completion": "word " * (2 + k % 3),
            "plan": 2 * (2 + k % 3),
            "topic": "a" if k % 2 else "b",
        }
        for k in range(24)
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    data = load([path])
    base = "[embed]\nenabled = false\n[rules.completion_ratio]\nenabled = true\nlow = 0.8\n"

    def failing(expected: str) -> np.ndarray:
        recipe = Recipe.from_toml(base + f'[lengths]\nexpected = "{expected}"\n')
        return decide(measure(data, recipe=recipe), recipe).carries("completion_ratio")

    assert failing("100").all() and not failing("2").any()
    assert failing("column:plan").all()  # every answer has half of its plan
    assert failing("topic").sum() == failing("median").sum() == 8
