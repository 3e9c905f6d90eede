"""The rarer shapes of the catalogue: what each reads as, and that what a shape leaves unread stays the user's own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from curate.load.problems import Notes, RowError
from curate.load.record import Record, record

U, A = {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}


def read(obj: dict[str, Any]) -> tuple[Record, list[str]]:
    notes: Notes = []
    made = record(obj, False, notes)
    return made, [n.code for n in notes]


@pytest.mark.parametrize(
    ("obj", "shape"),
    [
        ({"interactions": [U, A]}, "messages"),
        ({"messages": {"role": ["user", "assistant"], "content": ["q", "a"]}}, "messages"),
        ({"messages": [{"author": "user", "content": "q"}, A]}, "messages"),
        ({"conversations": ["q", "a"]}, "sharegpt"),
        ({"conversation": [{"input": "q", "output": "a"}]}, "sharegpt"),
        ({"dialogue": [{"speaker": "user", "utterance": "q"}, A]}, "sharegpt"),
        ({"chat": [U, A]}, "sharegpt"),
        ({"data": ["q", "a"]}, "ultrachat"),
        ({"segments": [{"label": False, "text": "q"}, {"label": True, "text": "a"}]}, "segments"),
        ({"contents": [{"role": "user", "parts": [{"text": "q"}]}, {"role": "model", "parts": [{"text": "a"}]}]}, "gemini"),
        ({"inputs": "q", "targets": "a"}, "instruct"), ({"problem": "q", "solution": "a"}, "instruct"),
        ({"instruction": "q", "revision": "a"}, "instruct"), ({"prompt": "q", "generation": "a"}, "instruct"),
        ({"message_1": "q", "message_2": "a"}, "instruct"), ({"article": "q", "summary": "a"}, "instruct"),
        ({"dialogue": "q", "summary": "a"}, "instruct"),
    ],
)  # fmt: skip
def test_shapes(obj: dict[str, Any], shape: str) -> None:
    made, notes = read(obj)
    plain, _ = read({"messages": [U, A]})
    assert (made.format, made.content, made.extra, notes) == (shape, plain.content, "{}", [])


def test_system_prompts_of_every_shape() -> None:
    plain, _ = read({"messages": [{"role": "system", "content": "s"}, U, A]})
    parts = {"role": "user", "parts": [{"text": "q"}]}, {"role": "model", "parts": [{"text": "a"}]}
    for obj in (
        {"system": "s", "messages": [U, A]},
        {"system": [{"type": "text", "text": "s"}], "messages": [U, A]},
        {"system_prompt": "s", "interactions": [U, A]},
        {"system": "s", "conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]},
        {"conversation": [{"system": "s", "input": "q", "output": "a"}]},
        {"system_instruction": "s", "contents": [*parts]},
        {"systemInstruction": {"parts": [{"text": "s"}]}, "contents": [*parts]},
    ):
        made, notes = read(obj)
        assert (made.content, notes) == (plain.content, []), obj


def test_a_reference_answer_is_an_answer_and_said_to_be_one() -> None:
    made, notes = read({"messages": [U], "reference_answer": {"y": 1}})
    assert (made.roles, made.response, notes) == ("ua", '{"y":1}', ["reference_answer"])
    assert made.extra == '{"reference_answer":{"y":1}}'
    assert read({"messages": [U, A], "reference_answer": "r"})[0].response == "a"


def test_only_the_last_answer_is_trained_on() -> None:
    made, _ = read({"messages": [U, A | {"content": "first"}, U, A], "only_last": True})
    assert made.response == "a"
    train, _ = read({"messages": [U, A | {"content": "first", "train": False}, U, A]})
    assert train.response == "a"


def test_wrong_steps_are_no_targets() -> None:
    made, notes = read({"prompt": "q", "completions": ["one", "BAD"], "labels": [True, False]})
    assert (made.prompt, made.response) == ("q", "one")
    assert "preference_format" in notes


def test_reflection_is_trained_on_the_correction() -> None:
    made, _ = read({"instruction": "q", "input": "", "output": "draft", "reflection": "wrong", "corrected": "a"})
    assert (made.prompt, made.response, made.extra) == ("q", "a", "{}")
    assert '"output":"draft","reflection":"wrong"' in made.messages


def test_openpipe_rejected_message_is_never_read() -> None:
    made, notes = read({"messages": [U, A], "rejected_message": A | {"content": "BAD"}, "split": "TRAIN"})
    assert "BAD" not in made.messages and notes == ["preference_format"]
    assert json.loads(made.extra)["split"] == "TRAIN"


def test_blocks_of_calls_and_thoughts_are_structure() -> None:
    rows = [
        U,
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "see"},
                                          {"type": "tool_use", "id": "t1", "name": "f", "input": {"x": 1}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "r"}]}]},
        A,
    ]  # fmt: skip
    made, notes = read({"messages": rows})
    assert (made.response, made.prompt, notes) == ('\nsee\n{"input":{"x":1},"name":"f"}\na', "q\nr", [])
    assert '"type":"thinking"' in made.messages


def test_parts_with_more_than_text_keep_it() -> None:
    part = {"type": "text", "text": "a", "train": False}
    made, notes = read({"messages": [U, {"role": "assistant", "content": [part]}]})
    assert (made.response, notes) == ("a", []) and '"train":false' in made.messages


def test_token_ids_are_refused_in_words() -> None:
    with pytest.raises(RowError) as caught:
        read({"input_ids": [1, 2], "labels": [-100, 2]})
    assert caught.value.code == "token_ids"


@pytest.mark.parametrize(
    ("obj", "left"),
    [
        ({"question": "q", "answer": "a", "solution": "s"}, {"solution": "s"}),
        ({"question": "q", "answer": "a", "context": ["x"]}, {"context": ["x"]}),
        ({"instruction": "q", "output": "a", "response": "r"}, {"response": "r"}),
        ({"messages": [{"role": "system", "content": "s"}, U, A], "system": "t"}, {"system": "t"}),
        ({"conversations": ["q", "a"], "items": [1]}, {"items": [1]}),
        ({"prompt": "q", "chosen": "a", "rejected": "b", "question": "z"}, {"rejected": "b", "question": "z"}),
        ({"text": "a", "content": "b"}, {"content": "b"}),
        ({"input": "q", "output": "a", "system": "s", "system_prompt": "t"}, {"system": "s"}),
    ],
)
def test_what_a_shape_leaves_unread_is_the_users_own(obj: dict[str, Any], left: dict[str, Any]) -> None:
    assert json.loads(read(obj)[0].extra) == left


@pytest.mark.parametrize(
    ("obj", "field"),
    [
        ({"conversation": [{"human": "q", "assistant": "a"}, 5]}, "conversation[1]"),
        ({"data": {"a": 1}}, "data"), ({"data": []}, "data"), ({"segments": [{"text": "x"}]}, "segments[0]"),
        ({"prompt": "q", "completions": ["a"], "labels": []}, "labels"), ({"segments": 1}, "segments"),
        ({"messages": {"role": ["user"], "content": []}}, "messages"), ({"conversations": ["q", 1]}, "conversations"),
    ],
)  # fmt: skip
def test_bad_fields_are_named(obj: dict[str, Any], field: str) -> None:
    with pytest.raises(RowError) as caught:
        read(obj)
    assert (caught.value.code, caught.value.field) == ("bad_content", field)
