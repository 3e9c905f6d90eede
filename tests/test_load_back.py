"""load(convert(row)) == row wherever a shape can carry the row; else it is refused, or what is lost is said."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.errors import DataError
from curate.load import FORMATS
from curate.load.back import WRITERS, convert
from curate.load.problems import RowError
from curate.load.record import Record, record

U, A, S = ({"role": r, "content": c} for r, c in (("user", "q"), ("assistant", "a"), ("system", "s")))
COMPARED = {"preference", "preference_output", "preference_messages"}
SINGLE = {"alpaca", "query_response", "question_answer", "instruction_response", "input_output", "prompt_completion"}
CHAT = {"messages", "mistral", "sharegpt", "pygmalion", "openchat", "ms_swift", "xtuner", "alpaca", "input_output",
        "query_response", "prompt_completion", "ultrachat", "segments", "anthropic", "gemini", "stepwise"}  # fmt: skip


def read(obj: dict[str, Any]) -> Record:
    return record(obj, False, [])


def carriers(obj: dict[str, Any]) -> set[str]:
    """The shapes that give the row back exactly."""
    row, found = read(obj), set()
    for name in WRITERS:
        try:
            made = convert(row.messages, row.extra, name)
        except DataError as e:
            assert name in str(e)
            continue
        again = read(made.row)
        assert (again.messages, again.content) == (row.messages, row.content), name
        assert json.loads(again.extra) == json.loads(row.extra), name
        found.add(name)
    return found


def test_one_question_fits_everywhere() -> None:
    assert carriers({"messages": [U, A], "id": 1}) == set(WRITERS) - COMPARED - {"text", "reinforcement", "oasst_tree"}


def test_a_conversation_fits_what_holds_turns() -> None:
    assert carriers({"messages": [U, A, U, A]}) == CHAT - {"stepwise"}


def test_a_system_prompt_fits_where_it_has_a_place() -> None:
    found = carriers({"messages": [S, U, A]})
    assert found == (CHAT | SINGLE) - {"ultrachat", "segments", "stepwise"}


def test_weights_calls_and_parts_fit_few() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    asks = [
        U,
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "content": "r", "tool_call_id": "c"},
        A,
    ]
    assert carriers({"messages": asks, "tools": [{"x": 1}]}) == {"messages", "mistral", "prompt_completion"}
    assert {"messages", "mistral", "sharegpt", "openchat"} <= carriers({"messages": [U, A | {"weight": 0}, U, A]})
    image = {"type": "image_url", "image_url": {"url": "u"}}
    assert "messages" in carriers(
        {"messages": [{"role": "user", "content": [image, {"type": "text", "text": "t"}]}, A]}
    )


@pytest.mark.parametrize(
    ("obj", "name"),
    [
        ({"prompt": "q", "chosen": "a", "rejected": "b"}, "preference"),
        ({"prompt": [U], "chosen": [A], "rejected": [A | {"content": "b"}]}, "preference"),
        ({"chosen": "\n\nHuman: q\n\nAssistant: a", "rejected": "\n\nHuman: q\n\nAssistant: b"}, "preference"),
        ({"input": {"messages": [U]}, "preferred_output": [A], "non_preferred_output": [A]}, "preference_output"),
        ({"chosen_messages": [U, A], "rejected_messages": [U, A]}, "preference_messages"),
        ({"messages": [U], "reference_answer": "r"}, "reinforcement"), ({"text": "t"}, "text"),
        ({"prompt": "q", "completions": ["a", "b"], "labels": [True, False]}, "stepwise"),
        ({"prompt": "q", "completion": "a", "label": False}, "prompt_completion"),
        ({"message_tree_id": "t", "prompt": {"role": "prompter", "text": "q", "replies": [
            {"role": "assistant", "text": "a", "replies": []}]}}, "oasst_tree"),
    ],
)  # fmt: skip
def test_each_shape_gives_its_own_rows_back(obj: dict[str, Any], name: str) -> None:
    row = read(obj)
    made = convert(row.messages, row.extra, name).row
    assert made == obj or read(made) == row
    assert name in carriers(obj)


def test_a_loss_is_refused_or_said() -> None:
    row = read({"messages": [S, U, A | {"weight": 0, "name": "bob"}], "from": 1})
    with pytest.raises(DataError, match=r"sharegpt would lose messages\[2\]\.name; choose another shape"):
        convert(row.messages, row.extra, "sharegpt")
    made = convert(row.messages, row.extra, "sharegpt", lossy=True)
    assert made.lost == ("messages[2].name",)
    assert made.row["conversations"][1] == {"from": "gpt", "value": "a", "weight": 0}
    with pytest.raises(DataError, match="ultrachat can't carry the row: a turn of the system"):
        convert(row.messages, row.extra, "ultrachat", lossy=True)
    with pytest.raises(DataError, match="own column from"):
        convert(row.messages, row.extra, "messages", own=False)
    with pytest.raises(DataError, match="'xml' is not written; allowed: messages"):
        convert(row.messages, row.extra, "xml")


def test_own_columns_that_collide_are_a_loss() -> None:
    row = read({"messages": [U, A], "prompt": "mine"})
    with pytest.raises(DataError, match="own column prompt"):
        convert(row.messages, row.extra, "prompt_completion")


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
keys = st.sampled_from(
    ["id", "weight", "name", "train", "prompt", "system", "messages", "data", "label", "tools", "rejected"]
)
values = st.none() | text | st.booleans() | st.integers(0, 3) | st.lists(text, max_size=2)
content = (
    text
    | st.none()
    | st.lists(st.fixed_dictionaries({"type": st.sampled_from(["text", "image"]), "text": text}), max_size=2)
)
message = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "system", "tool", "developer"]), "content": content},
    optional={"weight": st.sampled_from([0, 1]), "name": text, "tool_calls": st.just([{"id": "x"}])},
)
row_ = st.fixed_dictionaries(
    {"messages": st.lists(message, min_size=1, max_size=5)}, optional={"id": text, "label": st.booleans()}
)


@settings(max_examples=300)
@given(row_, st.dictionaries(keys, values, max_size=2))
def test_whatever_is_written_comes_back(obj: dict[str, Any], own: dict[str, Any]) -> None:
    try:
        row = read(own | obj)
    except RowError:
        return
    same = record(json.loads(row.extra) | {"messages": json.loads(row.messages)}, False, [])
    assert (same.messages, json.loads(same.extra)) == (row.messages, json.loads(row.extra))
    for name in WRITERS:
        try:
            made = convert(row.messages, row.extra, name)
        except DataError:
            continue
        again = read(made.row)
        assert (again.content, json.loads(again.extra)) == (row.content, json.loads(row.extra))


@settings(max_examples=300)
@given(st.dictionaries(keys | text, values, max_size=5))
def test_any_object_loads_the_same_twice(obj: dict[str, Any]) -> None:
    """Nothing of a row is gone: its messages and own columns read again as the same row."""
    try:
        row = read(obj)
    except RowError:
        return
    if row.format == "text":
        return
    taken = next(f for f in FORMATS if f.name == "messages").uses | {"label", "reference_answer"}
    own = {k: v for k, v in json.loads(row.extra).items() if k not in taken}
    same = record(own | {"messages": json.loads(row.messages)}, False, [])
    assert same.messages == row.messages
