"""Skeletons: rows of one skeleton have one outline, whatever their texts say; the walk bears any bytes."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curate.profiles.skeleton import outline, skeletons

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
KEYS = st.sampled_from(
    ["messages", "role", "content", "weight", "id", "url", "tools", "parameters", "images", "mine", "type", "from", "x"]
)
LEAVES = st.one_of(
    TEXTS, st.none(), st.booleans(), st.integers(-3, 3), st.floats(-2, 2), st.sampled_from(["", " ", "\n"])
)
VALUES = st.recursive(
    LEAVES, lambda v: st.one_of(st.lists(v, max_size=3), st.dictionaries(KEYS, v, max_size=4)), max_leaves=12
)
ROWS = st.dictionaries(KEYS, VALUES, max_size=5)


def hashes(*raw: bytes) -> list[int]:
    at = np.cumsum([0, *map(len, raw)]).astype(np.int64)
    return [int(h) for h in skeletons(np.frombuffer(b"".join(raw) + b"\0", np.uint8), at)]


def of(*rows: Any) -> list[int]:
    return hashes(*(json.dumps(r, ensure_ascii=False).encode() for r in rows))


def blind(value: Any, key: str = "") -> Any:
    """The same row with every text that no rule may read replaced by another of its kind."""
    if isinstance(value, dict):
        return {k: blind(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [blind(v, key) for v in value]
    if isinstance(value, str) and key not in ("role", "from", "type", "id", "url") and value.strip(" \n\r\t"):
        return value + ' \u00e9"\\ {[,:1'
    return value


@given(ROWS)
def test_texts_do_not_change_a_skeleton_or_an_outline(row: dict[str, Any]) -> None:
    other = blind(row)
    assert outline(row) == outline(other)
    a, b = of(row, other)
    assert a == b


@given(ROWS, ROWS)
def test_one_skeleton_has_one_outline(a: dict[str, Any], b: dict[str, Any]) -> None:
    first, second = of(a, b)
    if first == second:
        assert outline(a) == outline(b)


@given(ROWS)
def test_white_space_between_tokens_does_not_count(row: dict[str, Any]) -> None:
    a, b = hashes(json.dumps(row).encode(), json.dumps(row, indent=2).encode())
    assert a == b


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=5))
def test_any_bytes_are_walked(raw: list[bytes]) -> None:
    assert len(hashes(*raw)) == len(raw)


def test_ids_repeat_in_the_same_places() -> None:
    def calls(first: str, second: str) -> dict[str, Any]:
        return {
            "messages": [{"role": "assistant", "tool_calls": [{"id": first}]}, {"role": "tool", "tool_call_id": second}]
        }

    same, other, renamed, longer = of(calls("a1", "a1"), calls("a1", "b1"), calls("z9", "z9"), calls("z9z", "z9z"))
    assert same == renamed and len({same, other, longer}) == 3
    assert outline(calls("a1", "b1"))["messages"][1]["tool_call_id"] == "id1:2w"


def test_what_an_outline_keeps() -> None:
    kept = outline({
        "messages": [{"role": "user", "content": "secret", "weight": 0.5}], "images": ["a", "b"], "score": {"deep": "secret"},
        "tools": [{"function": {"name": "f", "parameters": {"secret": 1}}}],
    })  # fmt: skip
    assert kept["messages"] == [{"role": "user", "content": "x", "weight": 0.5}]
    assert kept["images"] == ["x", "x"] and kept["score"] == {}
    assert kept["tools"][0]["function"] == {"name": "x", "parameters": {}}
    assert "secret" not in json.dumps(kept)
