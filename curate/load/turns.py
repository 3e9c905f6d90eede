"""Messages of any dialect to canonical turns: role, text, and the JSON of what the text alone can't say."""

from __future__ import annotations

import json
from json.encoder import encode_basestring as escape
from typing import Any, NamedTuple

from curate.load.problems import Notes, RowError, field_name, kind, name, note
from curate.load.strict import parse_text

LETTERS = {"system": "s", "developer": "d", "user": "u", "assistant": "a", "tool": "t", "function": "t"}
SHAREGPT = {
    "human": "user", "gpt": "assistant", "chatgpt": "assistant", "bing": "assistant", "bard": "assistant",
    "observation": "tool", "function_call": "assistant",
}  # fmt: skip
ALIASES = SHAREGPT | {
    "ai": "assistant", "bot": "assistant", "model": "assistant", "agent": "assistant", "llm": "assistant",
    "claude": "assistant", "assistant_response": "assistant", "prompter": "user", "customer": "user",
    "function_response": "tool", "tool_response": "tool", "ipython": "tool",
}  # fmt: skip
_ROLE_KEYS = ("role", "from", "author", "speaker")
_TEXT_KEYS = ("content", "value", "text", "message", "utterance")
_TEXTS = ("text", "input_text", "output_text")
_PLAIN = frozenset({"type", "text"})
# Parts that are structure rather than media: what they say is read, and the list itself stays the content.
_CALL_PARTS, _RESULT_PARTS = ("tool_use", "tool_call", "function_part"), ("tool_result",)
_SILENT_PARTS = ("thinking", "redacted_thinking", "reasoning")
_CALLS = ("tool_calls", "function_call")

canonical = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True).encode
compact = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


_new = tuple.__new__  # what Turn() calls after some work on defaults that costs as much again


class Turn(NamedTuple):
    """One message. `body` is the JSON of the content when it isn't simply `text`; `tail` the other keys, sorted."""

    role: str
    text: str
    body: str = ""
    tail: str = ""

    def to_json(self) -> str:
        """Canonical JSON: role, content, then the other keys by name."""
        return f'{{"role":"{self.role}","content":{self.body or escape(self.text)}{self.tail}}}'


def from_messages(value: Any, field: str, notes: Notes, known: dict[str, str]) -> list[Turn]:
    """Turns of a list of messages, or of such a list encoded as text. `known` are aliases that are no finding."""
    if type(value) is str:
        value = _decoded(value, field)
    if type(value) is dict:
        value = _rows(value, field)
    if type(value) is not list:
        raise RowError("bad_content", field, f"{field} is {kind(value)}, expected a list of messages")
    if not value:
        raise RowError("empty_messages", field, f"{field} is an empty list")
    if known_only := _simple(value):
        return known_only
    return [_turn(m, field, n, notes, known) for n, m in enumerate(value)]


def _simple(value: list[Any]) -> list[Turn] | None:
    """Turns when every message is a known role and a text and nothing else, as nearly all are; else None."""
    made = []
    try:
        for m in value:
            role, text = m["role"], m["content"]
            if len(m) != 2 or type(text) is not str or type(role) is not str or role not in LETTERS:
                return None
            made.append(_new(Turn, (role, text, "", "")))
    except (KeyError, TypeError, IndexError):
        return None
    return made


def _rows(value: dict[str, Any], field: str) -> list[Any]:
    """One message, or messages as columns (`datasets` stores a list of objects so)."""
    if not value or not all(type(column) is list for column in value.values()):
        return [value]
    if len({len(column) for column in value.values()}) > 1:
        raise RowError("bad_content", field, f"{field} holds columns of unequal length")
    return [dict(zip(value, cells, strict=True)) for cells in zip(*value.values(), strict=True)]


def unweighted(turn: Turn) -> Turn:
    """The turn as one that is not trained on."""
    rest = json.loads("{" + turn.tail[1:] + "}") if turn.tail else {}
    rest["weight"] = 0
    return turn._replace(tail="".join(f",{escape(k)}:{canonical(rest[k])}" for k in sorted(rest)))


def _decoded(value: str, field: str) -> Any:
    try:
        return parse_text(value)
    except RowError as e:
        raise RowError(
            e.code, field, f"{field} is text that is no JSON list of messages: {e.message}", e.column
        ) from None


def _turn(message: Any, field: str, n: int, notes: Notes, known: dict[str, str]) -> Turn:
    if type(message) is not dict:
        raise RowError("bad_content", f"{field}[{n}]", f"message {n + 1} is {kind(message)}, expected an object")
    return _odd_turn(message, f"{field}[{n}]", notes, known)


def _odd_turn(message: dict[str, Any], where: str, notes: Notes, known: dict[str, str]) -> Turn:
    """Any message that isn't just a known role and text."""
    role_key = next((k for k in _ROLE_KEYS if message.get(k) is not None), None)
    if role_key is None:
        raise RowError("missing_key", f"{where}.role", "the message has no role")
    text_key = next((k for k in _TEXT_KEYS if k in message), "content")
    role = _role(message[role_key], f"{where}.{role_key}", notes, known)
    tail = _tail(message, role_key, text_key)
    content = message.get(text_key)
    if type(content) is str:
        return Turn(role, content, "", tail)
    if content is None:
        return Turn(role, _call_text(message, where, text_key), "null", tail)
    return _parts(content, role, tail, f"{where}.{text_key}", notes)


def _tail(message: dict[str, Any], role_key: str, text_key: str) -> str:
    """The other keys that hold something, by name: they are part of what is trained on, so part of the hash."""
    if len(message) == 2:
        return ""
    rest = sorted(k for k, v in message.items() if v is not None and k not in (role_key, text_key))
    return "".join(f",{escape(k)}:{canonical(message[k])}" for k in rest)


def _role(value: Any, where: str, notes: Notes, known: dict[str, str]) -> str:
    if type(value) is not str:
        raise RowError("unknown_role", where, f"the role is {kind(value)}, expected text")
    if value in LETTERS:
        return value
    if value in known:
        return known[value]
    plain = value.strip().lower()
    role = plain if plain in LETTERS else ALIASES.get(plain)
    if role is None:
        raise RowError("unknown_role", where, f"the role {name(value)} is not known")
    note(notes, "unknown_role", where, f"the role {name(value)} was read as {role}")
    return role


def _call_text(message: dict[str, Any], where: str, text_key: str) -> str:
    """Text of a message without content: its calls, since they are what the model learns to write."""
    calls = next((message[k] for k in _CALLS if message.get(k)), None)
    if calls is None:
        if text_key in message:
            raise RowError("bad_content", f"{where}.{text_key}", "the content is null and there is no tool call")
        raise RowError("missing_key", f"{where}.content", "the message has no content")
    listed = calls if type(calls) is list else [calls]
    return "\n".join(canonical(c.get("function", c) if type(c) is dict else c) for c in listed)


def _parts(content: Any, role: str, tail: str, where: str, notes: Notes) -> Turn:
    """A list of parts: texts are joined; when more than plain texts are there, the list itself stays the content."""
    if type(content) is not list or not content:
        what = "an empty list" if type(content) is list else kind(content)
        raise RowError("bad_content", where, f"the content is {what}, expected text or a list of parts")
    texts = [_part_text(part, where, n) for n, part in enumerate(content)]
    joined = "\n".join(t for t in texts if t is not None)
    if None in texts:
        note(notes, "non_text_content", where, f"{texts.count(None)} of {len(texts)} parts are not text")
    elif all(type(p) is str or p.keys() <= _PLAIN for p in content):
        return Turn(role, joined, "", tail)
    return Turn(role, joined, canonical(content), tail)


def _part_text(part: Any, where: str, n: int) -> str | None:
    if type(part) is str:
        return part
    if type(part) is not dict:
        raise RowError("bad_content", f"{where}[{n}]", f"part {n + 1} is {kind(part)}, expected an object")
    sort = part.get("type", "text")
    if sort not in _TEXTS:
        return _structure_text(part, sort)
    text = next((part[k] for k in ("text", "value", "content") if type(part.get(k)) is str), None)
    if text is None and part.get("type") is not None:
        raise RowError("bad_content", f"{where}[{n}]", f"text part {n + 1} has no text; keys {_keys(part)}")
    return text


def _structure_text(part: dict[str, Any], sort: Any) -> str | None:
    """What a call, a result or a thought says; None for media."""
    if sort in _SILENT_PARTS:
        return ""
    if sort in _CALL_PARTS:
        return canonical({k: v for k, v in part.items() if k not in ("type", "id")})
    if sort in _RESULT_PARTS:
        said = part.get("content", "")
        listed = said if type(said) is list else [said]
        return "\n".join(p if type(p) is str else str(p.get("text", "")) for p in listed if type(p) in (str, dict))
    return None


def _keys(value: dict[str, Any]) -> str:
    return ", ".join(field_name(k) for k in list(value)[:5]) or "none"
