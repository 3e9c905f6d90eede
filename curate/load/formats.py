"""The shapes that a row can have: a table tried in order, frozen so that equal rows always read equally.

Facts about the shapes: trainers' documentation (TRL, LLaMA-Factory, axolotl, torchtune) and provider upload rules.
`detect` looks at the keys that hold something; `convert` gives turns or raises RowError. The way back is in `back`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from curate.load import chats, singles
from curate.load.fields import Object
from curate.load.problems import Notes, RowError
from curate.load.turns import Turn

Keys = frozenset[str]
Convert = Callable[[Object, Notes], list[Turn]]


@dataclass(frozen=True, slots=True)
class Format:
    """One shape. `uses` are the keys that `convert` may read; every other key of a row is the user's own.

    sure: how many of them it surely reads. A row with more is watched: what was not read is the user's own too.
    """

    name: str
    detect: Callable[[Keys], bool]
    convert: Convert
    uses: Keys
    sure: int = 1


def _has(*keys: str) -> Callable[[Keys], bool]:
    wanted = frozenset(keys)
    return lambda present: wanted <= present


def _any(*keys: str) -> Callable[[Keys], bool]:
    wanted = frozenset(keys)
    return lambda present: not wanted.isdisjoint(present)


def _is_preference(keys: Keys) -> bool:
    return ("chosen" in keys and "rejected" in keys) or ("chosen_response" in keys and "rejected_response" in keys)


def _is_instruct(keys: Keys) -> bool:
    return any(ask in keys and answer in keys for ask, answer in singles.VARIANTS)


def _is_chat(keys: Keys) -> bool:
    """A list of turns; a dialogue with its summary is a text to sum up."""
    return not keys.isdisjoint(chats.LISTS) and not ("dialogue" in keys and "summary" in keys)


def _is_text(keys: Keys) -> bool:
    """A text by itself; a role beside it makes it one message of a conversation that is elsewhere."""
    return not keys.isdisjoint({"text", "content"}) and "role" not in keys


def _is_alpaca(keys: Keys) -> bool:
    return "instruction" in keys and ("output" in keys or {"input", "response"} <= keys)


_ALPACA = frozenset({"instruction", "input", "output", "response", "system", "history"})
_ASKS = frozenset({"conversations", "messages", "prompt", "question", "query", "system_prompt"})
_INSTRUCT = frozenset(k for v in singles.VARIANTS for k in v) | {*singles.BESIDE, *singles.SYSTEMS, "history"}
_MESSAGES = frozenset({"messages", "interactions", "system", "system_prompt"})

FORMATS: tuple[Format, ...] = (
    Format("preference_messages", _has("chosen_messages", "rejected_messages"), singles.chosen_messages,
           frozenset({"chosen_messages"})),
    Format("preference_output", _has("preferred_output", "non_preferred_output"), singles.preferred_output,
           frozenset({"input", "preferred_output"})),
    Format("preference", _is_preference, singles.preference, _ALPACA | _ASKS | {"chosen", "chosen_response"}),
    Format("reinforcement", _has("messages", "reference_answer"), chats.reinforcement, _MESSAGES),
    Format("messages", _any("messages", "interactions"), chats.messages, _MESSAGES),
    Format("sharegpt", _is_chat, chats.sharegpt, frozenset({*chats.LISTS, "system"})),
    Format("oasst_tree", _has("message_tree_id", "prompt"), chats.tree, frozenset({"prompt"})),
    Format("gemini", _has("contents"), chats.gemini, frozenset({"contents", "systemInstruction", "system_instruction"})),
    Format("segments", _has("segments"), chats.segments, frozenset({"segments"})),
    Format("reflection", _has("instruction", "reflection", "corrected"), singles.reflection,
           _ALPACA | {"reflection", "corrected"}),
    Format("instances", _has("instruction", "instances"), singles.instances, frozenset({"instruction", "instances"})),
    Format("alpaca", _is_alpaca, singles.alpaca, _ALPACA, 2),
    Format("stepwise", _has("prompt", "completions", "labels"), singles.stepwise,
           frozenset({"prompt", "completions", "labels"})),
    Format("prompt_completion", _has("prompt", "completion"), singles.prompt_completion,
           frozenset({"prompt", "completion", "system"}), 2),
    Format("input_output", _has("input", "output"), singles.input_output,
           frozenset({"input", "output", "system", "system_prompt"}), 2),
    Format("instruct", _is_instruct, singles.instruct, _INSTRUCT, 2),
    Format("ultrachat", _has("data"), chats.ultrachat, frozenset({"data"})),
    Format("text", _is_text, singles.raw_text, frozenset({"text", "content"})),
    Format("token_ids", _has("input_ids"), singles.token_ids, frozenset({"input_ids"})),
)  # fmt: skip
# Why a row is read as it is, for a person: the columns that decide.
WHY: Mapping[str, str] = {
    "preference_messages": "chosen_messages and rejected_messages", "preference_output": "preferred_output and non_preferred_output",
    "preference": "chosen and rejected", "reinforcement": "messages and reference_answer", "messages": "messages (or interactions)",
    "sharegpt": "a list of turns such as conversations", "oasst_tree": "message_tree_id and prompt", "gemini": "contents",
    "segments": "segments", "reflection": "instruction, reflection and corrected", "instances": "instruction and instances",
    "alpaca": "instruction and output", "stepwise": "prompt, completions and labels", "prompt_completion": "prompt and completion",
    "input_output": "input and output", "instruct": "a question and its answer by name", "ultrachat": "data", "text": "text (or content)",
    "token_ids": "input_ids", "mapped": "the columns that you named", "chain": "parent_id: rows continue each other",
    "question": "a question alone, in an evaluation file",
}  # fmt: skip
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
    if found is None and "role" in keys and not {"text", "content"}.isdisjoint(keys):
        raise RowError("missing_key", "", "the row is one message; put the messages of a conversation in one list")
    if found is None:
        raise RowError("missing_key", "", f"none of the row's {len(keys)} keys makes a known shape ({_NAMED})")
    return found


def _first(keys: Keys) -> Format | None:
    return next((f for f in FORMATS if f.detect(keys)), None)
