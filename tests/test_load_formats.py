"""Shapes of rows: what each reads as, what is odd, what can't be used."""

from __future__ import annotations

from typing import Any

import pytest

from curate.load.checks import order_findings
from curate.load.problems import Notes, RowError
from curate.load.record import Record, record

U, A = {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}


def read(obj: dict[str, Any], frozen: bool = False) -> tuple[Record, list[str]]:
    notes: Notes = []
    made = record(obj, frozen, notes)
    return made, [n.code for n in notes]


def refused(obj: dict[str, Any], frozen: bool = False) -> tuple[str, str]:
    with pytest.raises(RowError) as caught:
        record(obj, frozen, [])
    return caught.value.code, caught.value.field


@pytest.mark.parametrize(
    ("obj", "shape"),
    [
        ({"messages": [U, A]}, "messages"),
        ({"messages": '[{"role":"user","content":"q"},{"role":"assistant","content":"a"}]'}, "messages"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": "q"}]}, A]}, "messages"),
        ({"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]}, "sharegpt"),
        ({"conversations": [{"role": "user", "value": "q"}, {"role": "chatgpt", "value": "a"}]}, "sharegpt"),
        ({"conversation": [{"human": "q", "assistant": "a"}]}, "sharegpt"),
        ({"instruction": "q", "input": "", "output": "a"}, "alpaca"),
        ({"instruction": "q", "output": "a", "input": None}, "alpaca"),
        ({"prompt": "q", "completion": "a"}, "prompt_completion"),
        ({"prompt": [U], "completion": [A]}, "prompt_completion"),
        ({"input": "q", "output": "a"}, "input_output"),
        ({"input": [U], "output": "a"}, "input_output"),
        ({"input": "q", "output": ["a"]}, "input_output"),
        ({"question": "q", "answer": "a"}, "instruct"),
        ({"query": "q", "response": "a"}, "instruct"),
        ({"instruction": "q", "response": "a"}, "instruct"),
        ({"INSTRUCTION": "q", "RESPONSE": "a"}, "instruct"),
        ({"contents": [{"role": "user", "parts": [{"text": "q"}]}, {"role": "model", "parts": [{"text": "a"}]}]},
         "gemini"),
        ({"messages": None, "prompt": "q", "completion": "a"}, "prompt_completion"),
    ],
)  # fmt: skip
def test_equal_conversations_have_equal_content(obj: dict[str, Any], shape: str) -> None:
    made, notes = read(obj)
    plain, _ = read({"messages": [U, A]})
    assert (made.format, notes, made.roles) == (shape, [], "ua")
    assert (made.prompt, made.response, made.content, made.messages) == ("q", "a", plain.content, plain.messages)


def test_alpaca_joins_input_and_keeps_history_and_system() -> None:
    made, _ = read({"instruction": "i", "input": "x", "output": "a", "system": "s", "history": [["h", "g"]]})
    assert (made.roles, made.system, made.prompt, made.response) == ("suaua", "s", "h\ni\nx", "g\na")


def test_instruct_context_and_system() -> None:
    made, _ = read({"system_prompt": "s", "question": "q", "context": "c", "response": "a", "category": "k"})
    assert (made.system, made.prompt, made.response, made.extra) == ("s", "q\nc", "a", '{"category":"k"}')


def test_raw_text_has_no_prompt() -> None:
    made, notes = read({"text": "t", "source": "s"})
    assert (made.prompt, made.response, made.roles, made.extra, notes) == (None, "t", "a", '{"source":"s"}', [])


@pytest.mark.parametrize(
    "obj",
    [
        {"prompt": "q", "chosen": "a", "rejected": "BAD"},
        {"prompt": "q", "chosen": [U, A], "rejected": [U, {"role": "assistant", "content": "BAD"}]},
        {"conversations": [{"from": "human", "value": "q"}], "chosen": {"from": "gpt", "value": "a"},
         "rejected": {"from": "gpt", "value": "BAD"}},
        {"chosen_messages": [U, A], "rejected_messages": [U, {"role": "assistant", "content": "BAD"}]},
        {"input": {"messages": [U]}, "preferred_output": [A],
         "non_preferred_output": [{"role": "assistant", "content": "BAD"}]},
        {"chosen": "\n\nHuman: q\n\nAssistant: a", "rejected": "\n\nHuman: q\n\nAssistant: BAD"},
        {"question": "q", "chosen_response": "a", "rejected_response": "BAD"},
    ],
)  # fmt: skip
def test_rejected_answers_are_never_targets(obj: dict[str, Any]) -> None:
    made, notes = read(obj)
    assert (made.prompt, made.response) == ("q", "a")
    assert "BAD" not in made.messages
    assert notes == ["preference_format"]


@pytest.mark.parametrize(
    "obj",
    [
        {"prompt": "q", "completion": "a", "label": False},
        {"prompt": [U], "completion": [A], "label": False},
        {"messages": [U, A], "label": False},
        {"instruction": "q", "output": "a", "kto_tag": False},
    ],
)
def test_an_answer_rated_bad_is_no_target(obj: dict[str, Any]) -> None:
    made, notes = read(obj)
    assert '"content":"a","weight":0}' in made.messages
    assert notes == ["preference_format"]
    key = next(k for k in ("label", "kto_tag") if k in obj)
    good, _ = read(obj | {key: True})
    assert "weight" not in good.messages and good.content != made.content


def test_tool_calls_are_what_is_learned() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"x":1}'}}
    rows = [
        U,
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "content": "r", "tool_call_id": "c1"},
        A,
    ]
    made, notes = read({"messages": rows, "tools": [{"type": "function"}]})
    assert (made.roles, notes) == ("uata", [])
    assert '"name":"f"' in made.response
    other, _ = read({"messages": rows, "tools": []})
    assert other.content != made.content  # fmt: skip


def test_content_follows_weights_not_metadata_or_key_order() -> None:
    plain, _ = read({"messages": [U, A], "id": 1, "source": "x"})
    same, _ = read({"messages": [{"content": "q", "role": "user"}, A | {"name": None}], "id": 2})
    weighted, _ = read({"messages": [U, A | {"weight": 0}]})
    assert plain.content == same.content != weighted.content


def test_turns_of_weight_zero_are_not_the_answer() -> None:
    made, _ = read({"messages": [U, {"role": "assistant", "content": "no", "weight": 0}, U, A]})
    assert made.response == "a"


@pytest.mark.parametrize(
    ("messages", "code", "field"),
    [
        ([], "empty_messages", "messages"),
        ("nope", "invalid_json", "messages"),
        (7, "bad_content", "messages"),
        ([7], "bad_content", "messages[0]"),
        ([{"content": "x"}], "missing_key", "messages[0].role"),
        ([{"role": "user"}], "missing_key", "messages[0].content"),
        ([{"role": "user", "content": None}], "bad_content", "messages[0].content"),
        ([{"role": "user", "content": 5}], "bad_content", "messages[0].content"),
        ([{"role": "user", "content": []}], "bad_content", "messages[0].content"),
        ([{"role": "user", "content": {"a": 1}}], "bad_content", "messages[0].content"),
        ([{"role": 5, "content": "x"}], "unknown_role", "messages[0].role"),
        ([U, {"role": "assist\u0430nt", "content": "x"}], "unknown_role", "messages[1].role"),
        ([U], "no_assistant_turn", ""),
    ],
)
def test_unusable_messages_name_the_field(messages: Any, code: str, field: str) -> None:
    assert refused({"messages": messages}) == (code, field)


@pytest.mark.parametrize("obj", [{}, {"a": 1}, {" messages": [U, A]}, {"instruction": "x"}, {"question": "q"}])
def test_unknown_shapes(obj: dict[str, Any]) -> None:
    assert refused(obj)[0] == "missing_key"


@pytest.mark.parametrize("obj", [{"instruction": "x", "output": None}, {"text": 5}, {"prompt": 1, "completion": "a"}])
def test_fields_that_are_no_text(obj: dict[str, Any]) -> None:
    assert refused(obj)[0] == "bad_content"


@pytest.mark.parametrize("role", ["Assistant", "bot", "AI", "model", "assistant ", "gpt"])
def test_role_variants_are_mapped_and_reported(role: str) -> None:
    made, notes = read({"messages": [U, {"role": role, "content": "a"}]})
    assert (made.roles, notes) == ("ua", ["unknown_role"])


@pytest.mark.parametrize(
    ("roles", "codes"),
    [
        ("ua", []), ("sua", []), ("dua", []), ("uatauaua", []), ("sa", ["no_user_turn"]),
        ("au", ["role_order", "last_role_user"]),
        ("uua", ["role_order"]), ("uaa", ["role_order"]), ("uau", ["last_role_user"]), ("uasua", ["system_mid_way"]),
        ("uta", ["role_order"]), ("ua" * 101, ["too_many_turns"]),
    ],
)  # fmt: skip
def test_order_of_turns(roles: str, codes: list[str]) -> None:
    assert [code for code, _, _ in order_findings(roles)] == codes


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("a\x00b", ["control_characters"]), ("\u202eabc", ["hidden_characters"]), ("a\u200bb", ["hidden_characters"]),
        ("a\U000e0041", ["hidden_characters"]), ("tab\tline\nreturn\r", []), ("a\u2028\u2029\x85\x1cb", []), (" \u2028\x1c", ["empty_content"]),
        ("caf\u00e9", []),
    ],
)  # fmt: skip
def test_characters_are_flagged_and_kept(text: str, codes: list[str]) -> None:
    made, notes = read({"prompt": text, "completion": "a"})
    assert (made.prompt, notes) == (text, codes)


def test_images_are_flagged_and_kept() -> None:
    part = {"type": "image_url", "image_url": {"url": "http://x/y.png"}}
    made, notes = read({"messages": [{"role": "user", "content": [part, {"type": "text", "text": "q"}]}, A]})
    assert (made.prompt, notes) == ("q", ["non_text_content"])
    assert "y.png" in made.messages


@pytest.mark.parametrize(
    "obj", [{"question": "q"}, {"question": "q", "answer": 3, "choices": ["x"]}, {"prompt": "q", "entry_point": "f"}]
)
def test_frozen_rows_may_only_ask(obj: dict[str, Any]) -> None:
    made, _ = read(obj, frozen=True)
    assert (made.prompt, made.response, made.format) == ("q", "", "question")
    assert refused(obj)[0] in ("missing_key", "bad_content")  # fmt: skip


def test_named_fields_become_text() -> None:
    row = {
        "prompt": "q",
        "completion": "a",
        "id": 7,
        "user_id": "u1",
        "conversation_id": "c1",
        "created_at": 1700000000,
    }
    made, _ = read(row)
    assert (made.user_id, made.group, made.time) == ("7", "c1", "1700000000")
    assert made.extra == '{"id":7,"user_id":"u1","conversation_id":"c1","created_at":1700000000}'
