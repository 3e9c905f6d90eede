"""One row as a question to a judge: data between tags that no row can guess, cut where the settings say."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from curate.judge.rubric import Rubric

VERSION = 1  # of everything here that changes what is sent


@dataclass(frozen=True, slots=True)
class Row:
    """What a judge sees of a row, cut already. cut: something was left out."""

    content: str
    body: str
    cut: bool


@dataclass(frozen=True)
class Request:
    """One question to a model, ready to send."""

    model: str
    system: str
    user: str
    schema: Mapping[str, Any]
    max_tokens: int
    thinking: str = ""

    @property
    def bytes(self) -> int:
        """An upper bound on its tokens: no token is shorter than a byte; the schema travels too."""
        return len(self.system.encode()) + len(self.user.encode()) + len(json.dumps(self.schema)) + 64


def row_of(content: str, system: str, messages: str, max_chars: int) -> Row:
    """A row's JSON, without the signs that a tag is made of: system prompt, turns before the last answer, the answer.

    Each of the three is cut to `max_chars` characters: of the turns, the latest stay.
    """
    turns = [(str(m.get("role", "?")), _text(m)) for m in json.loads(messages or "[]") if m.get("role") != "system"]
    last = max((k for k, (role, _) in enumerate(turns) if role == "assistant"), default=-1)
    answer = turns[last][1] if last >= 0 else ""
    before, cut = _latest(turns[:last] if last >= 0 else turns, max_chars)
    cut |= len(system) > max_chars or len(answer) > max_chars
    body: dict[str, Any] = {"system": system[:max_chars]} if system else {}
    body |= {"conversation": [{"role": role, "text": text} for role, text in before], "answer": answer[:max_chars]}
    return Row(content, inert(json.dumps(body, ensure_ascii=False)), cut)


def _latest(turns: list[tuple[str, str]], left: int) -> tuple[list[tuple[str, str]], bool]:
    """The latest turns within `left` characters: (turns, whether something is missing)."""
    kept: list[tuple[str, str]] = []
    for role, text in reversed(turns):
        if left <= 0:
            return kept[::-1], True
        kept.append((role, text[:left]))
        if len(text) > left:
            return kept[::-1], True
        left -= len(text)
    return kept[::-1], False


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    text = content if isinstance(content, str) else "" if content is None else json.dumps(content, ensure_ascii=False)
    return text + (json.dumps(message["tool_calls"], ensure_ascii=False) if message.get("tool_calls") else "")


def inert(text: str) -> str:
    """JSON with < and > written as escapes: the same data, and no tag can be closed from inside."""
    return text.replace("<", "\\u003c").replace(">", "\\u003e")


def ask(rubric: Rubric, row: Row, model: str, max_tokens: int, thinking: str = "", tag: str | None = None) -> Request:
    """The request for one row; its tag is new for every call."""
    tag = tag or f"row-{secrets.token_hex(8)}"
    cut = " It was cut at a character limit: score what is there." if row.cut else ""
    user = f"Score the row between <{tag}> and </{tag}>.{cut}\n<{tag}>\n{row.body}\n</{tag}>\nNow answer with the JSON object."
    return Request(model, rubric.system, user, rubric.schema, max_tokens, thinking)
