"""The shapes that a row can have: a table tried in order, frozen so that equal rows always read equally.

Facts about the shapes: trainers' documentation (TRL, LLaMA-Factory, axolotl, torchtune) and provider upload rules.
`detect` looks at the keys that hold something; `convert` gives turns or raises RowError.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from curate.load.fields import Object, history_of, side_of, system_of, text_of
from curate.load.problems import Notes, RowError, kind, note
from curate.load.turns import SHAREGPT, Turn, from_messages

Keys = frozenset[str]
Convert = Callable[[Object, Notes], list[Turn]]


@dataclass(frozen=True, slots=True)
class Format:
    """One shape. `uses` are the keys that `convert` reads; every other key of a row is the user's own."""

    name: str
    detect: Callable[[Keys], bool]
    convert: Convert
    uses: Keys


def _messages(obj: Object, notes: Notes) -> list[Turn]:
    turns = from_messages(obj["messages"], "messages", notes, {})
    head = system_of(obj, "system_prompt", "system")
    return turns if turns[0].role in ("system", "developer") else head + turns


def _sharegpt(obj: Object, notes: Notes) -> list[Turn]:
    key = next(k for k in ("conversations", "conversation", "items") if obj.get(k) is not None)
    value = obj[key]
    if type(value) is list and value and type(value[0]) is dict and {"human", "assistant"} <= value[0].keys():
        value = [turn for pair in value for turn in _paired(pair, key)]
    turns = from_messages(value, key, notes, SHAREGPT)
    return turns if turns[0].role == "system" else system_of(obj) + turns


def _paired(pair: Any, key: str) -> list[Object]:
    """ms-swift's paired turns."""
    if type(pair) is not dict:
        raise RowError("bad_content", key, f"a turn of {key} is {kind(pair)}, expected an object")
    return [{"role": r, "content": pair[k]} for k, r in (("human", "user"), ("assistant", "assistant")) if k in pair]


def _alpaca(obj: Object, notes: Notes) -> list[Turn]:
    answer = "output" if "output" in obj else "response"
    return [*_alpaca_prompt(obj, notes), Turn("assistant", text_of(obj, answer))]


def _alpaca_prompt(obj: Object, notes: Notes) -> list[Turn]:
    asked = text_of(obj, "instruction")
    given = obj.get("input")
    if type(given) is list:
        return [*system_of(obj), Turn("system", asked), *from_messages(given, "input", notes, SHAREGPT)]
    if given is not None and given != "":
        given = text_of(obj, "input")
        asked = f"{asked}\n{given}" if asked else given
    return [*system_of(obj), *history_of(obj), Turn("user", asked)]


def _prompt_completion(obj: Object, notes: Notes) -> list[Turn]:
    if type(obj.get("label")) is bool:
        if not obj["label"]:
            raise RowError("bad_content", "label", "label is false: the completion is an answer to avoid")
        note(notes, "preference_format", "label", "the row is rated (KTO)")
    turns = side_of(obj, "prompt", "user", notes) + side_of(obj, "completion", "assistant", notes)
    return turns if turns[0].role == "system" else system_of(obj) + turns


def _input_output(obj: Object, notes: Notes) -> list[Turn]:
    turns = side_of(obj, "input", "user", notes) + side_of(obj, "output", "assistant", notes)
    return turns if turns[0].role == "system" else (system_of(obj, "system_prompt", "system")) + turns


_VARIANTS = (
    ("instruction", "response"), ("question", "answer"), ("query", "response"), ("question", "response"),
    ("INSTRUCTION", "RESPONSE"), ("prompt", "response"), ("prompt", "answer"), ("prompt", "generation"),
    ("instruction", "answer"), ("query", "answer"), ("input", "response"), ("message_1", "message_2"),
    ("article", "summary"), ("input", "target"), ("question", "output"), ("Question", "Answer"), ("user", "assistant"),
)  # fmt: skip
_BESIDE = ("context", "input")
_SYSTEMS = ("system_prompt", "system")


def _instruct(obj: Object, notes: Notes) -> list[Turn]:
    """Two to four named texts: a question, its answer, perhaps a context and a system prompt."""
    ask, answer = next(v for v in _VARIANTS if obj.get(v[0]) is not None and obj.get(v[1]) is not None)
    parts = side_of(obj, ask, "user", notes)
    beside = [obj[k] for k in _BESIDE if k != ask and type(obj.get(k)) is str and obj[k]]
    if beside and len(parts) == 1:
        parts = [Turn("user", "\n".join([parts[0].text, *beside]))]
    system = next((system_of(obj, k) for k in _SYSTEMS if obj.get(k)), [])
    return [*system, *history_of(obj), *parts, Turn("assistant", text_of(obj, answer))]


_HH = re.compile(r"\n\n(Human|Assistant): ?")


def _preference(obj: Object, notes: Notes) -> list[Turn]:
    """The chosen side is the answer; the rejected side is never read."""
    chosen = next(k for k in ("chosen", "chosen_response") if obj.get(k) is not None)
    note(notes, "preference_format", chosen, "the row compares two answers")
    value = obj[chosen]
    if type(value) is str and value.startswith("\n\nHuman:"):
        pieces = _HH.split(value)[1:]
        return [
            Turn("user" if w == "Human" else "assistant", t) for w, t in zip(pieces[::2], pieces[1::2], strict=True)
        ]
    answer = side_of(obj, chosen, "assistant", notes)
    if any(t.role == "user" for t in answer):
        return answer
    return _asked(obj, notes) + answer


def _asked(obj: Object, notes: Notes) -> list[Turn]:
    """What a preference row asks, in any of its shapes; nothing when the prompt is implicit and lost."""
    if obj.get("conversations") is not None:
        return _sharegpt(obj, notes)
    if obj.get("messages") is not None:
        return _messages(obj, notes)
    if obj.get("instruction") is not None:
        return _alpaca_prompt(obj, notes)
    key = next((k for k in ("prompt", "question", "input", "query") if obj.get(k) is not None), None)
    return [] if key is None else (system_of(obj, "system_prompt", "system")) + side_of(obj, key, "user", notes)


def _chosen_messages(obj: Object, notes: Notes) -> list[Turn]:
    note(notes, "preference_format", "chosen_messages", "the row compares two answers")
    return from_messages(obj["chosen_messages"], "chosen_messages", notes, {})


def _preferred_output(obj: Object, notes: Notes) -> list[Turn]:
    note(notes, "preference_format", "preferred_output", "the row compares two answers")
    asked = side_of(obj, "input", "user", notes) if obj.get("input") is not None else []
    return asked + side_of(obj, "preferred_output", "assistant", notes)


def _gemini(obj: Object, notes: Notes) -> list[Turn]:
    system = obj.get("systemInstruction")
    head = [] if system is None else [_gemini_message(system, "systemInstruction", "system")]
    value = obj["contents"]
    if type(value) is not list:
        raise RowError("bad_content", "contents", f"contents is {kind(value)}, expected a list")
    made = [_gemini_message(m, f"contents[{n}]", "user") for n, m in enumerate(value)]
    return from_messages(head + made, "contents", notes, {"model": "assistant"})


def _gemini_message(message: Any, where: str, role: str) -> Any:
    if type(message) is not dict or type(message.get("parts")) is not list:
        raise RowError("bad_content", where, "the message has no list of parts")
    texts = [p if type(p) is not dict or "text" in p else {"type": "file", **p} for p in message["parts"]]
    return {"role": "system" if role == "system" else message.get("role", role), "content": texts}


def _tree(obj: Object, notes: Notes) -> list[Turn]:
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


def _raw_text(obj: Object, _notes: Notes) -> list[Turn]:
    return [Turn("assistant", text_of(obj, "text" if obj.get("text") is not None else "content"))]


_QUESTIONS = ("question", "prompt", "instruction", "query", "input", "problem")


def question(obj: Object) -> list[Turn] | None:
    """The plain question of an evaluation row without a usable answer, or None."""
    key = next((k for k in _QUESTIONS if type(obj.get(k)) is str and obj[k]), None)
    if key is None:
        return None
    given = obj.get("input") if key == "instruction" else None
    text = f"{obj[key]}\n{given}" if type(given) is str and given else str(obj[key])
    return [*(system_of(obj) if type(obj.get("system")) is str else []), Turn("user", text)]


def _has(*keys: str) -> Callable[[Keys], bool]:
    wanted = frozenset(keys)
    return lambda present: wanted <= present


def _any(*keys: str) -> Callable[[Keys], bool]:
    wanted = frozenset(keys)
    return lambda present: not wanted.isdisjoint(present)


def _is_preference(keys: Keys) -> bool:
    return ("chosen" in keys and "rejected" in keys) or ("chosen_response" in keys and "rejected_response" in keys)


def _is_instruct(keys: Keys) -> bool:
    return any(ask in keys and answer in keys for ask, answer in _VARIANTS)


_ALPACA = frozenset({"instruction", "input", "output", "response", "system", "history"})
_ASKS = frozenset({"conversations", "messages", "prompt", "question", "query", "system_prompt"})
_INSTRUCT = frozenset(k for v in _VARIANTS for k in v) | {*_BESIDE, *_SYSTEMS, "history"}

FORMATS: tuple[Format, ...] = (
    Format("preference_messages", _has("chosen_messages", "rejected_messages"), _chosen_messages,
           frozenset({"chosen_messages"})),
    Format("preference_output", _has("preferred_output", "non_preferred_output"), _preferred_output,
           frozenset({"input", "preferred_output"})),
    Format("preference", _is_preference, _preference, _ALPACA | _ASKS | {"chosen", "chosen_response"}),
    Format("messages", _has("messages"), _messages, frozenset({"messages", "system", "system_prompt"})),
    Format("sharegpt", _any("conversations", "conversation", "items"), _sharegpt,
           frozenset({"conversations", "conversation", "items", "system"})),
    Format("oasst_tree", _has("message_tree_id", "prompt"), _tree, frozenset({"prompt"})),
    Format("gemini", _has("contents"), _gemini, frozenset({"contents", "systemInstruction"})),
    Format("alpaca", lambda k: "instruction" in k and ("output" in k or {"input", "response"} <= k), _alpaca, _ALPACA),
    Format("prompt_completion", _has("prompt", "completion"), _prompt_completion,
           frozenset({"prompt", "completion", "system"})),
    Format("input_output", _has("input", "output"), _input_output,
           frozenset({"input", "output", "system", "system_prompt"})),
    Format("instruct", _is_instruct, _instruct, _INSTRUCT),
    Format("text", _any("text", "content"), _raw_text, frozenset({"text", "content"})),
)  # fmt: skip
_NAMED = "messages, conversations, instruction + output, prompt + completion, input + output, question + answer, text"
_known: dict[tuple[str, ...], Format | None] = {}


def detect(obj: Object) -> Format:
    """The first format whose keys hold something; when none does, the first whose keys are there at all."""
    keys = tuple(obj)
    if None in obj.values():
        found = _first(frozenset(k for k in keys if obj[k] is not None)) or _first(frozenset(keys))
    elif keys in _known:
        found = _known[keys]
    else:
        found = _first(frozenset(keys))
        if len(_known) < 1000 and len(keys) < 100:
            _known[keys] = found
    if found is None:
        raise RowError("missing_key", "", f"none of the row's {len(keys)} keys makes a known shape ({_NAMED})")
    return found


def _first(keys: Keys) -> Format | None:
    return next((f for f in FORMATS if f.detect(keys)), None)
