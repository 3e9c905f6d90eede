"""The way back: a row's canonical messages in any shape that can carry them.

A writer does what its shape has room for; the row is then read again, and whatever differs is what was lost. So an
empty `lost` means load(convert(row)) == row, by construction and not by promise.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from curate.errors import DataError
from curate.load.fields import Object
from curate.load.problems import RowError, field_name
from curate.load.record import Record, record

Message = dict[str, Any]
Messages = list[Message]
_WEIGHTS = ("weight", "train", "train_detail")
_FROM = {"user": "human", "assistant": "gpt", "tool": "observation"}


class Unfit(Exception):
    """The shape has no place for this row at all; the text says why."""


@dataclass(frozen=True, slots=True)
class Written:
    """A row in another shape. lost: what reading it again doesn't give back, in words without row text."""

    row: Object
    lost: tuple[str, ...]


def convert(messages: str, extra: str, to: str, *, lossy: bool = False, own: bool = True) -> Written:
    """One row, as `Dataset.rows` holds it (messages, extra), in the shape `to` (a name of `WRITERS`).

    own: write the user's own columns too. Raises DataError for an unknown shape, for a row that the shape has no place for,
    and, unless `lossy`, for one that would not come back equal; the message says what would be lost.
    """
    if to not in WRITERS:
        raise DataError(f"the shape {to!r} is not written; allowed: {', '.join(WRITERS)}")
    talk, rest = json.loads(messages), json.loads(extra)
    try:
        made = WRITERS[to](talk, rest)
    except Unfit as e:
        raise DataError(f"{to} can't carry the row: {e}") from None
    row = made | {k: v for k, v in rest.items() if k not in made} if own else made
    lost = _lost(row, talk, rest)
    if lost and not lossy:
        raise DataError(f"{to} would lose {'; '.join(lost)}; choose another shape, or allow the loss")
    return Written(row, lost)


def _lost(row: Object, talk: Messages, rest: Object) -> tuple[str, ...]:
    """Differences between a row and itself, written and read again."""
    try:
        again: Record = record(row, all(m["role"] != "assistant" for m in talk), [])
    except RowError as e:
        return (f"the row as a whole ({e.code})",)
    back, extra = json.loads(again.messages), json.loads(again.extra)
    lost = [f"the own column {field_name(k)}" for k in rest if k not in extra or _text(extra[k]) != _text(rest[k])]
    lost += [f"{field_name(k)} becomes an own column" for k in extra if k not in rest]
    if [m["role"] for m in back] != [m["role"] for m in talk]:
        return (*lost, f"the order of turns ({_roles(talk)} comes back as {_roles(back)})")
    for n, (a, b) in enumerate(zip(talk, back, strict=True)):
        keys = dict.fromkeys([*a, *b])
        lost += [f"messages[{n}].{field_name(k)}" for k in keys if _text(a.get(k)) != _text(b.get(k))]
    return tuple(lost)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _roles(talk: Messages) -> str:
    return "-".join(m["role"] for m in talk[:12])


def _kept(message: Message, *keys: str) -> Message:
    return {k: message[k] for k in keys if k in message}


def _split_system(talk: Messages) -> tuple[Any, Messages]:
    """The content of a leading system turn, and the rest."""
    return (talk[0]["content"], talk[1:]) if talk[0]["role"] == "system" else (None, talk)


def _with(key: str, value: Any) -> Object:
    return {} if value is None else {key: value}


def _plain(message: Message, role: str) -> str:
    """The text of a message that is nothing but text in this role."""
    if message["role"] != role or type(message["content"]) is not str:
        raise Unfit(f"a turn of the {message['role']} where only a text of the {role} has a place")
    return str(message["content"])


def _pairs(talk: Messages) -> list[tuple[str, str]]:
    if not talk or len(talk) % 2:
        raise Unfit(f"{len(talk)} turns are no pairs of question and answer")
    return [(_plain(a, "user"), _plain(b, "assistant")) for a, b in zip(talk[::2], talk[1::2], strict=True)]


def _one(talk: Messages) -> tuple[str, str]:
    pairs = _pairs(talk)
    if len(pairs) > 1:
        raise Unfit("several questions where one has a place")
    return pairs[0]


def _messages(talk: Messages, _rest: Object) -> Object:
    return {"messages": talk}


def _interactions(talk: Messages, _rest: Object) -> Object:
    system, said = _split_system(talk)
    return {"interactions": said or talk, **_with("system_prompt", system if said else None)}


def _anthropic(talk: Messages, _rest: Object) -> Object:
    system, said = _split_system(talk)
    return {**_with("system", system), "messages": [_kept(m, "role", "content") for m in said]}


def _sharegpt(talk: Messages, _rest: Object) -> Object:
    system, said = _split_system(talk)
    turns = [{"from": _FROM.get(m["role"], m["role"]), "value": m["content"], **_kept(m, *_WEIGHTS)} for m in said]
    return {**_with("system", system), "conversations": turns}


def _pygmalion(talk: Messages, _rest: Object) -> Object:
    return {"conversations": [{"role": m["role"], "value": m["content"]} for m in talk]}


def _openchat(talk: Messages, _rest: Object) -> Object:
    system, said = _split_system(talk)
    return {**_with("system", system), "items": [_kept(m, "role", "content", "weight") for m in said]}


def _ms_swift(talk: Messages, _rest: Object) -> Object:
    system, said = _split_system(talk)
    return {**_with("system", system), "conversation": [{"human": q, "assistant": a} for q, a in _pairs(said)]}


def _xtuner(talk: Messages, _rest: Object) -> Object:
    system, said = _split_system(talk)
    made: list[Object] = [{"input": q, "output": a} for q, a in _pairs(said)]
    made[0] = {**_with("system", system), **made[0]}
    return {"conversation": made}


def _ultrachat(talk: Messages, _rest: Object) -> Object:
    return {"data": [_plain(m, "assistant" if n % 2 else "user") for n, m in enumerate(talk)]}


def _segments(talk: Messages, _rest: Object) -> Object:
    known = {"user": False, "assistant": True}
    if any(m["role"] not in known for m in talk):
        raise Unfit("a turn that is neither the user's nor the assistant's")
    return {"segments": [{"label": known[m["role"]], "text": m["content"]} for m in talk]}


def _gemini(talk: Messages, _rest: Object) -> Object:
    system, said = _split_system(talk)
    made = [
        {"role": "model" if m["role"] == "assistant" else m["role"], "parts": _gemini_parts(m["content"])} for m in said
    ]
    head = {} if system is None else {"systemInstruction": {"role": "system", "parts": _gemini_parts(system)}}
    return {**head, "contents": made}


def _gemini_parts(content: Any) -> list[Any]:
    if content is None:
        raise Unfit("a turn without content")
    listed = content if type(content) is list else [{"text": content}]
    return [{k: v for k, v in p.items() if k != "type"} if type(p) is dict else {"text": p} for p in listed]


def _oasst_tree(talk: Messages, rest: Object) -> Object:
    step: Object | None = None
    for message in reversed(talk):
        said = {"role": "prompter" if message["role"] == "user" else message["role"], "text": message["content"]}
        step = {**said, "replies": [step] if step else []}
    return {"message_tree_id": rest.get("message_tree_id", ""), "prompt": step}


def _alpaca(talk: Messages, _rest: Object) -> Object:
    system, said = _split_system(talk)
    *before, (asked, answer) = _pairs(said)
    history = {"history": [list(pair) for pair in before]} if before else {}
    return {**_with("system", system), "instruction": asked, "input": "", "output": answer, **history}


def _query_response(talk: Messages, _rest: Object) -> Object:
    system, said = _split_system(talk)
    *before, (asked, answer) = _pairs(said)
    history = {"history": [list(pair) for pair in before]} if before else {}
    return {**_with("system", system), "query": asked, "response": answer, **history}


def _named(ask: str, answer: str, system_key: str) -> Writer:
    def write(talk: Messages, _rest: Object) -> Object:
        system, said = _split_system(talk)
        question, response = _one(said)
        return {**_with(system_key, system), ask: question, answer: response}

    return write


def _last_answer(talk: Messages) -> tuple[Messages, Messages]:
    """What comes before the last run of turns that are not the user's, and that run."""
    cut = max((n for n, m in enumerate(talk) if m["role"] in ("user", "system", "developer")), default=-1) + 1
    if not 0 < cut < len(talk):
        raise Unfit("the row has no question followed by an answer")
    return talk[:cut], talk[cut:]


def _prompt_completion(talk: Messages, _rest: Object) -> Object:
    asked, answer = _last_answer(talk)
    try:
        return {"prompt": _plain(_only(asked), "user"), "completion": _plain(_only(answer), "assistant")}
    except Unfit:
        return {"prompt": asked, "completion": answer}


def _only(talk: Messages) -> Message:
    """The one message of a side that is role and content alone."""
    if len(talk) != 1 or len(talk[0]) != 2:
        raise Unfit("more than one text")
    return talk[0]


def _input_output(talk: Messages, _rest: Object) -> Object:
    system, said = _split_system(talk)
    asked, answer = _last_answer(said)
    given = asked[0]["content"] if len(asked) == 1 and type(asked[0]["content"]) is str else asked
    return {**_with("system_prompt", system), "input": given, "output": _plain(_only(answer), "assistant")}


def _text_only(talk: Messages, _rest: Object) -> Object:
    return {"text": _plain(_only(talk), "assistant")}


def _rejected(rest: Object) -> tuple[str, Any]:
    key = next(
        (k for k in ("rejected", "rejected_response", "rejected_messages", "non_preferred_output") if k in rest), None
    )
    if key is None:
        raise Unfit("the row has no rejected answer to set beside its own")
    return key, rest[key]


def _preference(talk: Messages, rest: Object) -> Object:
    """TRL's explicit prompt. The rejected side stays as it came."""
    _, rejected = _rejected(rest)
    asked, answer = _last_answer(talk)
    if type(rejected) is str and rejected.startswith("\n\nHuman:"):
        return {
            "chosen": "".join(f"\n\n{'Human' if m['role'] == 'user' else 'Assistant'}: {m['content']}" for m in talk)
        }
    if type(rejected) is str:
        given = asked[0]["content"] if len(asked) == 1 else asked
        return {"prompt": given, "chosen": _plain(_only(answer), "assistant")}
    return {"prompt": asked, "chosen": answer}


def _preference_output(talk: Messages, rest: Object) -> Object:
    _rejected(rest)
    asked, answer = _last_answer(talk)
    return {"input": {"messages": asked}, "preferred_output": answer}


def _preference_messages(talk: Messages, rest: Object) -> Object:
    _rejected(rest)
    return {"chosen_messages": talk}


def _stepwise(talk: Messages, _rest: Object) -> Object:
    asked, steps = _last_answer(talk)
    texts = [_plain(s, "assistant") for s in steps]
    return {
        "prompt": _plain(_only(asked), "user"),
        "completions": texts,
        "labels": [s.get("weight") != 0 for s in steps],
    }


def _reinforcement(talk: Messages, rest: Object) -> Object:
    if "reference_answer" not in rest:
        raise Unfit("the row has no reference answer")
    return {"messages": _last_answer(talk)[0]}


Writer = Callable[[Messages, Object], Object]
WRITERS: dict[str, Writer] = {
    "messages": _messages,
    "mistral": _interactions,
    "anthropic": _anthropic,
    "gemini": _gemini,
    "sharegpt": _sharegpt,
    "pygmalion": _pygmalion,
    "openchat": _openchat,
    "ms_swift": _ms_swift,
    "xtuner": _xtuner,
    "ultrachat": _ultrachat,
    "segments": _segments,
    "oasst_tree": _oasst_tree,
    "alpaca": _alpaca,
    "query_response": _query_response,
    "question_answer": _named("question", "answer", "system_prompt"),
    "instruction_response": _named("instruction", "response", "system"),
    "prompt_completion": _prompt_completion,
    "input_output": _input_output,
    "text": _text_only,
    "preference": _preference,
    "preference_output": _preference_output,
    "preference_messages": _preference_messages,
    "stepwise": _stepwise,
    "reinforcement": _reinforcement,
}
