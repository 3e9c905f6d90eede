"""What torchtune's chat and instruct datasets do with a row: torchtune/data/_messages.py."""

from __future__ import annotations

from itertools import pairwise

from curate.profiles.examples import (
    ALPACA,
    ANSWER,
    CALL,
    GOOD,
    GPT,
    HUMAN,
    LONG,
    PAIR,
    SHORT,
    SYSTEM,
    TOOL,
    USER,
    chat,
    image,
    said,
    shared,
)
from curate.profiles.files import datasets_rules
from curate.profiles.messages import listed, parts, roles, twice
from curate.profiles.rule import Case, Destination, Fate, Rule, beside_main, laid_out, longer_than_limit, not_laid_out
from curate.profiles.skeleton import Object

CODE = "torchtune torchtune/data/_messages.py (0031bfb)"
CHECK = "torchtune torchtune/data/_messages.py: validate_messages"
ROLES = {"system": "system", "human": "user", "gpt": "assistant"}
LISTS = "messages conversations"


def _found(row: Object) -> list[str]:
    """Roles as the builder sees them: ShareGPT's are renamed, those of `messages` are not."""
    if type(row.get("messages")) is list:
        return roles(listed(row))
    return [ROLES.get(r, r) for r in roles(listed(row, "conversations"))]


def _unanswering(row: Object) -> bool:
    before = ["", *_found(row)]
    return any(b == "assistant" and a not in ("user", "tool", "ipython") for a, b in pairwise(before))


def _skipped(row: Object) -> bool:
    return any(p.get("type") not in ("text", "image_url") for m in listed(row) for p in parts(m))


RULES: tuple[Rule, ...] = (
    Rule("shape", Fate.ERROR, not_laid_out("messages conversations alpaca input_output text preference tokens"),
         "No builder reads these columns unless column_map names them: a KeyError.", f"{CODE}: *ToMessages", PAIR, ALPACA),
    Rule("preference", Fate.ERROR, laid_out("preference", lambda _: True),
         "chosen and rejected are for preference_dataset; the supervised builders raise a KeyError.", f"{CODE}: ChosenRejectedToMessages",
         Case('{"prompt": "q", "chosen": "a", "rejected": "b"}'), ALPACA),
    Rule("mixed", Fate.ERROR, beside_main("messages conversations alpaca input_output text"),
         "One builder reads one set of columns; a row with others raises a KeyError.", f"{CODE}: column_map",
         Case(GOOD.row, (ALPACA.row, ALPACA.row)), Case(ALPACA.row, (ALPACA.row,))),
    Rule("from_role", Fate.ERROR, laid_out("conversations", lambda r: not {*roles(listed(r, "conversations"))} <= ROLES.keys()),
         "ShareGPT roles are system, human and gpt; any other is a KeyError.", f"{CODE}: ShareGPTToMessages role_map",
         shared(HUMAN, '{"from": "chatgpt", "value": "a"}'), shared(HUMAN, GPT)),
    Rule("from_key", Fate.ERROR, laid_out("conversations", lambda r: any(not {"from", "value"} <= m.keys() for m in listed(r, "conversations"))),
         "conversations are read with from and value; other keys are a KeyError.", f"{CODE}: ShareGPTToMessages",
         Case(f'{{"conversations": [{USER}, {ANSWER}]}}'), shared(HUMAN, GPT)),
    Rule("key", Fate.ERROR, laid_out("messages", lambda r: any(not {"role", "content"} <= m.keys() for m in listed(r))),
         "messages are read with role and content; a missing one is a KeyError.", f"{CODE}: OpenAIToMessages",
         Case(f'{{"messages": [{HUMAN}, {GPT}]}}'), GOOD),
    Rule("count", Fate.ERROR, laid_out(LISTS, lambda r: len(_found(r)) < 2), "At least two messages.", CHECK, chat(ANSWER), GOOD),
    Rule("system", Fate.ERROR, laid_out(LISTS, lambda r: "system" in _found(r)[1:]), "A system message must be the first one.", CHECK,
         chat(USER, SYSTEM, ANSWER), chat(SYSTEM, USER, ANSWER)),
    Rule("two_users", Fate.ERROR, laid_out(LISTS, lambda r: twice(_found(r), ("user",))), "Two user messages in a row.", CHECK,
         chat(USER, USER, ANSWER), GOOD),
    Rule("assistant", Fate.ERROR, laid_out(LISTS, _unanswering), "An assistant message follows the user's or a tool's.", CHECK,
         chat(USER, ANSWER, ANSWER), chat(USER, ANSWER, USER, ANSWER)),
    Rule("tool", Fate.ERROR, laid_out("messages", lambda r: bool({"tool", "ipython"} & {*_found(r)})),
         "A tool message must follow an ipython one, which OpenAIToMessages never makes.", CHECK, chat(USER, CALL, TOOL, ANSWER), GOOD, "0.4"),
    Rule("untrained", Fate.DROPPED, laid_out(LISTS, lambda r: len(_found(r)) > 1 and "assistant" not in _found(r)),
         "No message has the role assistant: every token is masked and nothing is learned.", f"{CODE}: masked = role != assistant",
         chat(USER, said("Assistant")), GOOD),
    Rule("too_long", Fate.TRUNCATED, longer_than_limit, "Tokens beyond the tokenizer's max_seq_len are cut off.",
         "torchtune torchtune/data/_utils.py: truncate", LONG, SHORT),
    Rule("null_content", Fate.CHANGED, laid_out("messages", lambda r: any(type(m.get("content")) not in (str, list) for m in listed(r))),
         "A null content takes the content of the message before it: tool calls are lost, a wrong answer is learned.",
         f"{CODE}: OpenAIToMessages.__call__", chat(USER, CALL, ANSWER), GOOD),
    Rule("part", Fate.CHANGED, laid_out("messages", _skipped), "Parts that are neither text nor image_url are left out silently.",
         f"{CODE}: _convert_from_openai_content", chat(said("user", '[{"type": "text", "text": "q"}, {"type": "input_audio"}]'), ANSWER),
         chat(said("user", image("https://x/y.png")), ANSWER)),
)  # fmt: skip

TORCHTUNE = Destination("torchtune", "torchtune", "trainer", "chat_dataset, instruct_dataset or alpaca_dataset by columns, defaults otherwise",
                        RULES, datasets_rules(), None)  # fmt: skip
