"""Reading a row's messages the way destinations do: roles, texts, parts, calls."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from curate.profiles.skeleton import Object

Message = dict[str, Any]


def listed(row: Object, *keys: str) -> list[Message]:
    """The messages of the first of these fields that holds a list; other things in it are left out."""
    found: list[Any] = next((row[k] for k in keys or ("messages",) if type(row.get(k)) is list), [])
    return [m for m in found if type(m) is dict]


def role(message: Message) -> str:
    """The role, "" when there is none or it is no text."""
    value = message.get("role", message.get("from"))
    return value if type(value) is str else ""


def roles(turns: list[Message]) -> list[str]:
    return [role(m) for m in turns]


def parts(message: Message) -> list[Message]:
    """The parts of a content that is a list."""
    content = message.get("content")
    return [p for p in content if type(p) is dict] if type(content) is list else []


def images(turns: list[Message]) -> list[Message]:
    """Image parts of all messages."""
    return [p for m in turns for p in parts(m) if p.get("type") in ("image_url", "image")]


def address(part: Message) -> str:
    """Where an image part lies, as its outline keeps it: data:TYPE, a scheme, or "path"."""
    value = part.get("image_url", part.get("image"))
    found = value.get("url") if type(value) is dict else value
    return found if type(found) is str else ""


def calls(message: Message) -> list[Message]:
    """A message's tool calls."""
    found = message.get("tool_calls")
    return [c for c in found if type(c) is dict] if type(found) is list else []


def function(call: Message) -> Message:
    found = call.get("function")
    return found if type(found) is dict else {}


def past_system(turns: list[Message]) -> list[Message]:
    """The messages after one leading system message."""
    return turns[1:] if turns and role(turns[0]) == "system" else turns


def twice(found: list[str], among: tuple[str, ...] = ()) -> bool:
    """Whether a role speaks twice in a row."""
    return any(a == b and (not among or a in among) for a, b in pairwise(found))


def late_system(turns: list[Message]) -> bool:
    """Whether a system message stands anywhere but first."""
    return "system" in roles(turns)[1:]


def holds(value: Any) -> bool:
    """Whether it is text with something in it."""
    return type(value) is str and value != ""
