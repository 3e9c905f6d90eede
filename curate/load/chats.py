"""Shapes that hold a conversation as a list: messages and its dialects, paired turns, trees, segments."""

from __future__ import annotations

import re
from typing import Any

from curate.load.fields import Object, first_of, system_of
from curate.load.problems import Notes, RowError, kind, note
from curate.load.turns import SHAREGPT, Turn, compact, from_messages, unweighted

LISTS = ("conversations", "conversation", "items", "dialogue", "dialog", "chat")
_ASKED = ("human", "user", "input", "query", "question", "prompt", "instruction")
_SAID = ("assistant", "gpt", "bot", "output", "response", "answer", "completion")
_MARKS = frozenset({"rejected_message", "only_last", "label", "kto_tag"})
_HH = re.compile(r"\n\n(Human|Assistant): ?")


def with_system(turns: list[Turn], obj: Object, *keys: str) -> list[Turn]:
    """The turns, after the row's own system prompt when they bring none."""
    return turns if turns[0].role in ("system", "developer") else system_of(obj, *keys) + turns


def messages(obj: Object, notes: Notes) -> list[Turn]:
    """OpenAI, Together, Mistral, Anthropic, OpenPipe: role and content."""
    key, value = "messages", obj.get("messages")
    if value is None:
        key = first_of(obj, ("messages", "interactions")) or key
        value = obj[key]
    turns = with_system(from_messages(value, key, notes, {}), obj, "system_prompt", "system")
    return turns if _MARKS.isdisjoint(obj) else _marked(turns, obj, notes)


def _marked(turns: list[Turn], obj: Object, notes: Notes) -> list[Turn]:
    """Turns as the row's other keys say that they are trained on."""
    if obj.get("rejected_message") is not None:
        note(notes, "preference_format", "rejected_message", "the row compares two answers")
    if obj.get("only_last") is True:
        last = max((n for n, t in enumerate(turns) if t.role == "assistant"), default=0)
        turns = [unweighted(t) if t.role == "assistant" and n < last else t for n, t in enumerate(turns)]
    return rated(turns, obj, notes)


def rated(turns: list[Turn], obj: Object, notes: Notes) -> list[Turn]:
    """KTO: an answer rated bad is read, but has weight 0 and is no target."""
    key = next((k for k in ("label", "kto_tag") if type(obj.get(k)) is bool), None)
    if key is None:
        return turns
    good = bool(obj[key])
    said = "the row is rated (KTO)" + ("" if good else "; its answer is one to avoid, so it has weight 0")
    note(notes, "preference_format", key, said)
    last = max((n for n, t in enumerate(turns) if t.role == "assistant"), default=-1)
    return turns if good else [unweighted(t) if n == last else t for n, t in enumerate(turns)]


def reinforcement(obj: Object, notes: Notes) -> list[Turn]:
    """OpenAI and Bedrock RFT: messages that end with the user, and the answer to grade against."""
    turns = messages(obj, notes)
    if turns[-1].role == "assistant":
        return turns
    value = obj["reference_answer"]
    note(notes, "reference_answer", "reference_answer", "the answer is one to grade against")
    return [*turns, Turn("assistant", value if type(value) is str else compact(value))]


def sharegpt(obj: Object, notes: Notes) -> list[Turn]:
    """ShareGPT, Pygmalion, OpenChat, ms-swift and XTuner pairs, LIMA's alternating texts."""
    key = first_of(obj, LISTS) or LISTS[0]
    value = obj[key]
    if type(value) is list and value and type(value[0]) is str:
        return with_system(alternating(value, key), obj)
    if type(value) is list and value and type(value[0]) is dict and _pair_keys(value[0]):
        value = [turn for n, pair in enumerate(value) for turn in _paired(pair, f"{key}[{n}]")]
    return rated(with_system(from_messages(value, key, notes, SHAREGPT), obj), obj, notes)


def alternating(value: Any, key: str) -> list[Turn]:
    """Texts that take turns, the user first (UltraChat, LIMA)."""
    if type(value) is not list or not value or not all(type(t) is str for t in value):
        raise RowError("bad_content", key, f"{key} is {kind(value)}, expected a list of texts that take turns")
    return [Turn("assistant" if n % 2 else "user", t) for n, t in enumerate(value)]


def ultrachat(obj: Object, _notes: Notes) -> list[Turn]:
    """UltraChat: `data`, a list of texts."""
    return alternating(obj["data"], "data")


def _pair_keys(pair: Object) -> tuple[str, str] | None:
    asked = next((k for k in _ASKED if k in pair), None)
    said = next((k for k in _SAID if k in pair), None)
    return (asked, said) if asked and said and "role" not in pair and "from" not in pair else None


def _paired(pair: Any, where: str) -> list[Object]:
    """One pair as messages; either side may be missing."""
    if type(pair) is not dict:
        raise RowError("bad_content", where, f"the pair is {kind(pair)}, expected an object")
    made = [{"role": "system", "content": pair["system"]}] if pair.get("system") else []
    for role, names in (("user", _ASKED), ("assistant", _SAID)):
        key = next((k for k in names if pair.get(k) is not None), None)
        if key is not None:
            made.append({"role": role, "content": pair[key]})
    return made


def segments(obj: Object, _notes: Notes) -> list[Turn]:
    """axolotl's template-free segments: text that is trained on, and text that is not."""
    value = obj["segments"]
    if type(value) is not list or not value:
        raise RowError("bad_content", "segments", f"segments is {kind(value)}, expected a list")
    for n, part in enumerate(value):
        if type(part) is not dict or type(part.get("text")) is not str or type(part.get("label")) is not bool:
            raise RowError("bad_content", f"segments[{n}]", "a segment needs a text and a label that is true or false")
    return [Turn("assistant" if part["label"] else "user", part["text"]) for part in value]


def gemini(obj: Object, notes: Notes) -> list[Turn]:
    """Vertex and Gemini: contents with parts."""
    key = next((k for k in ("systemInstruction", "system_instruction") if obj.get(k) is not None), None)
    head = [] if key is None else [_gemini_message(_as_parts(obj[key]), key, "system")]
    value = obj["contents"]
    if type(value) is not list:
        raise RowError("bad_content", "contents", f"contents is {kind(value)}, expected a list")
    made = [_gemini_message(m, f"contents[{n}]", "user") for n, m in enumerate(value)]
    return from_messages(head + made, "contents", notes, {"model": "assistant"})


def _as_parts(value: Any) -> Any:
    return {"parts": [{"text": value}]} if type(value) is str else value


def _gemini_message(message: Any, where: str, role: str) -> Any:
    if type(message) is not dict or type(message.get("parts")) is not list:
        raise RowError("bad_content", where, "the message has no list of parts")
    parts = [_gemini_part(p) for p in message["parts"]]
    return {"role": "system" if role == "system" else message.get("role", role), "content": parts}


def _gemini_part(part: Any) -> Any:
    """A part under the type that its key says; text parts as they are."""
    if type(part) is not dict or "text" in part:
        return part
    call = next((k for k in ("functionCall", "functionResponse") if k in part), None)
    return {"type": "function_part" if call else "file", **part}


def tree(obj: Object, notes: Notes) -> list[Turn]:
    """An OASST tree as its best-ranked path."""
    note(notes, "preference_format", "prompt", "the row is a tree of replies, of which the best-ranked path is read")
    path: list[Any] = []
    step: Any = obj["prompt"]
    while type(step) is dict:
        path.append({"role": step.get("role"), "content": step.get("text")})
        replies = [r for r in step.get("replies") or () if type(r) is dict] if type(step.get("replies")) is list else []
        step = min(replies, key=_rank, default=None)
    return from_messages(path, "prompt", notes, {"prompter": "user"})


def _rank(reply: Object) -> float:
    rank = reply.get("rank")
    return rank if type(rank) is int or type(rank) is float else 1e9


def transcript(text: str) -> list[Turn]:
    """An HH transcript: `\\n\\nHuman: ...\\n\\nAssistant: ...`."""
    pieces = _HH.split(text)[1:]
    return [Turn("user" if w == "Human" else "assistant", t) for w, t in zip(pieces[::2], pieces[1::2], strict=True)]
