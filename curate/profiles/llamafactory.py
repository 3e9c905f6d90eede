"""What LLaMA-Factory's supervised stage does with a row: src/llamafactory/data/converter.py, documented tags."""

from __future__ import annotations

import numpy as np

from curate.profiles.examples import (
    ALPACA,
    ANSWER,
    CALL,
    GOOD,
    GPT,
    HUMAN,
    LONG,
    OTHER,
    PREFERENCE,
    SHORT,
    SYSTEM,
    TOOL,
    USER,
    chat,
    said,
    shared,
)
from curate.profiles.files import datasets_rules
from curate.profiles.messages import Message, calls, listed, past_system, role, roles
from curate.profiles.rule import Case, Destination, Fate, Rule, beside_main, laid_out, longer_than_limit, not_laid_out
from curate.profiles.skeleton import Object
from curate.profiles.view import View
from curate.types import Bool

CODE = "LLaMA-Factory src/llamafactory/data/converter.py (02e2fb3)"
README = "LLaMA-Factory data/README.md"
SHAREGPT = {"human": 0, "observation": 0, "gpt": 1, "function_call": 1}
OPENAI = {"user": 0, "assistant": 1, "system": -1, "observation": 0, "function_call": 1}


def _shared(row: Object) -> bool:
    """Whether the conversation uses from and value."""
    return all("from" in m for m in listed(row, "conversations"))


def _tags(row: Object) -> list[Message]:
    return past_system(listed(row, "messages", "conversations"))


def _merged(turns: list[Message]) -> list[str]:
    """Roles of an OpenAI conversation as it is aligned: tool results in a row become one."""
    found = ["function_call" if role(m) == "assistant" and calls(m) else role(m) for m in turns]
    return [r for n, r in enumerate(found) if not (r == "observation" and n and found[n - 1] == r)]


def _aligned(row: Object) -> tuple[list[str], dict[str, int]]:
    turns = _tags(row)
    plain = "conversations" in row and _shared(row)
    return (roles(turns), SHAREGPT) if plain else (_merged(turns), OPENAI)


def _wrong_tag(row: Object) -> bool:
    found, tags = _aligned(row)
    return any(tags.get(r, -1) != n % 2 for n, r in enumerate(found)) and not _unknown(row)


def _unknown(row: Object) -> bool:
    """A role that the OpenAI converter's tag map does not have: a KeyError, where ShareGPT rows are only emptied."""
    found, tags = _aligned(row)
    return tags is OPENAI and any(r not in OPENAI for r in found)


def _odd(row: Object) -> bool:
    found, _ = _aligned(row)
    return (len(found) % 2 == 1 or not found) and not _unknown(row) and not _wrong_tag(row)


def _thinking(view: View) -> Bool:
    """OpenAI rows without tools whose system text does not say it already."""
    mine = laid_out("messages", lambda r: not r.get("tools") and not (_unknown(r) or _wrong_tag(r) or _odd(r)))(view)
    assert mine is not None
    return np.asarray(mine & ~view.system_says("detailed thinking on", "detailed thinking off"))


def _pictures(view: View) -> Bool:
    """Rows whose images and <image> marks differ in number."""
    held = [len(o["images"]) if o is not None and type(o.get("images")) is list else 0 for o in view.outlines]
    count = np.array([*held, 0], dtype=np.int64)[view.code]
    return (count > 0) & (count != view.occurrences("<image>")) if count.any() else np.zeros(len(view), np.bool_)


RULES: tuple[Rule, ...] = (
    Rule("shape", Fate.ERROR, not_laid_out("messages conversations alpaca prompt_completion input_output text preference tokens"),
         "The columns fit neither alpaca nor sharegpt formatting without naming them in dataset_info.json.", README, OTHER, ALPACA),
    Rule("preference", Fate.ERROR, laid_out("preference", lambda _: True),
         "chosen and rejected need ranking: true and a preference stage; the supervised one finds no response.", README, PREFERENCE, ALPACA),
    Rule("mixed", Fate.ERROR, beside_main("messages conversations alpaca prompt_completion input_output text"),
         "dataset_info.json names one set of columns; a row with others raises a KeyError or TypeError.", f"{CODE}: example[...]",
         Case(GOOD.row, (ALPACA.row, ALPACA.row)), Case(ALPACA.row, (ALPACA.row,))),
    Rule("role", Fate.ERROR, laid_out("messages conversations", _unknown),
         "A role without a tag raises a KeyError: set observation_tag: tool for tool messages; developer has no tag.",
         f"{CODE}: OpenAIDatasetConverter tag_mapping", chat(USER, CALL, TOOL, ANSWER), GOOD),
    Rule("images", Fate.ERROR, _pictures, "The number of <image> marks must equal the number of images.",
         "LLaMA-Factory src/llamafactory/data/mm_plugin.py", Case('{"instruction": "q", "output": "a", "images": ["x.png"]}'),
         Case('{"instruction": "<image>q", "output": "a", "images": ["x.png"]}')),
    Rule("tag", Fate.DROPPED, laid_out("messages conversations", _wrong_tag),
         "Odd turns must be the user's or a tool's, even ones the assistant's, system first only: the whole row is emptied and dropped.",
         f"{CODE}: Invalid role tag", shared(HUMAN, '{"from": "chatgpt", "value": "a"}'), shared(HUMAN, GPT)),
    Rule("count", Fate.DROPPED, laid_out("messages conversations", _odd),
         "The turns must end with the assistant's: a row with an odd number of them, or none, is dropped.",
         f"{CODE}: Invalid message count; processor/supervised.py: Dropped invalid example", chat(SYSTEM, USER, ANSWER, USER), chat(SYSTEM, USER, ANSWER)),
    Rule("output", Fate.DROPPED, laid_out("alpaca", lambda r: type(r.get("output")) is not str),
         "An output that is no text counts as missing: the row is dropped as invalid.",
         f"{CODE}: AlpacaDatasetConverter; issue #4249", Case('{"instruction": "q", "output": {"a": 1}}'), ALPACA),
    Rule("too_long", Fate.TRUNCATED, longer_than_limit, "Prompt and answer are both shortened to fit cutoff_len.",
         "LLaMA-Factory src/llamafactory/data/processor: infer_seqlen", LONG, SHORT),
    Rule("thinking", Fate.CHANGED, _thinking,
         'formatting: openai adds "detailed thinking off" to the system prompt, or makes it the system prompt: inference must too.',
         "LLaMA-Factory src/llamafactory/data/converter.py: OpenAIDatasetConverter (ff6d4d12e, 02e2fb3)", GOOD,
         chat(said("system", '"detailed thinking off"'), USER, ANSWER), "ff6d4d12e"),
    Rule("history", Fate.CHANGED, laid_out("alpaca", lambda r: bool(r.get("history"))), "Answers in history are trained as well.", README,
         Case('{"instruction": "q", "output": "a", "history": [["p", "b"]]}'), ALPACA),
)  # fmt: skip

LLAMA_FACTORY = Destination("llamafactory", "LLaMA-Factory", "trainer", "stage sft with the README's dataset_info.json for the columns",
                            RULES, datasets_rules(), 2_048, "LLaMA-Factory hparams/data_args.py cutoff_len default")  # fmt: skip
