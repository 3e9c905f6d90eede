"""What axolotl does with a row: type chat_template for messages and conversations, defaults otherwise."""

from __future__ import annotations

from curate.profiles.examples import (
    ANSWER,
    GOOD,
    GPT,
    HUMAN,
    LONG,
    OTHER,
    PREFERENCE,
    REFUSED,
    SHORT,
    TEXT,
    USER,
    chat,
    counted,
    said,
    shared,
)
from curate.profiles.files import datasets_rules
from curate.profiles.messages import Message, listed, role, roles
from curate.profiles.rule import (
    Case,
    Destination,
    Fate,
    Rule,
    beside_main,
    laid_out,
    longer_than_limit,
    not_laid_out,
    template_refuses,
)
from curate.profiles.skeleton import Object
from curate.profiles.view import View
from curate.types import Bool

CHAT = "axolotl src/axolotl/prompt_strategies/chat_template.py (cf0c79d)"
DOCS = "axolotl docs/dataset-formats/conversation.qmd"
UTILS = "axolotl src/axolotl/utils/data/utils.py (01542a3)"
TRAINER = "axolotl src/axolotl/utils/trainer.py"
LISTS = "messages conversations"
KNOWN = {"human": "user", "user": "user", "assistant": "assistant", "gpt": "assistant", "system": "system", "tool": "tool"}  # fmt: skip
HANDLED = "messages conversations alpaca prompt_completion input_output segments text tokens preference preference_output json_text"
# Instruct variants with a type of their own in docs/dataset-formats/inst_tune.qmd.
VARIANTS = ({"instruction", "response"}, {"question", "answer"}, {"message_1", "message_2"}, {"prompt", "generation"},
            {"INSTRUCTION", "RESPONSE"}, {"article", "summary"}, {"question", "choices", "solution"}, {"system_prompt", "question", "response"})  # fmt: skip


def _turns(row: Object) -> list[Message]:
    return listed(row, "messages", "conversations")


def _trains(message: Message) -> bool:
    text = message.get("content", message.get("value"))
    held = text not in ("", " ", None) or bool(message.get("tool_calls"))
    return KNOWN.get(role(message)) == "assistant" and message.get("train") is not False and held


def _variant(row: Object) -> bool:
    return any(v <= row.keys() for v in VARIANTS)


def _strange(row: Object) -> bool:
    return not {*roles(_turns(row))} <= KNOWN.keys() | {"developer"} and any(map(_trains, _turns(row)))


def _empty_turn(row: Object) -> bool:
    answers = [m for m in _turns(row) if KNOWN.get(role(m)) == "assistant"]
    return any(m.get("content", m.get("value")) == "" for m in answers) and any(map(_trains, answers))


def _too_short(view: View) -> Bool | None:
    total = view.measured("total_tokens")
    return None if total is None else total < 2


def _shape(view: View) -> Bool:
    return not_laid_out(HANDLED)(view) & ~view.rows(_variant)  # type: ignore[operator]


RULES: tuple[Rule, ...] = (
    Rule("json_text", Fate.ERROR, lambda v: v.layouts == "json_text",
         "The list of messages is JSON as text; it must be a list.", f"{CHAT}: get_conversation_thread",
         Case('{"messages": "[]"}'), GOOD),
    Rule("preference", Fate.ERROR, laid_out("preference preference_output", lambda _: True),
         "chosen and rejected need rl: dpo (or another preference method) and its dataset type.", "axolotl docs/rlhf.qmd", PREFERENCE, GOOD),
    Rule("shape", Fate.ERROR, _shape, "No dataset type of axolotl reads these columns: a KeyError at the first row.",
         "axolotl docs/dataset-formats", Case('{"contents": [{"role": "user", "parts": [{"text": "q"}]}]}'), OTHER),
    Rule("mixed", Fate.ERROR, beside_main(HANDLED), "One dataset entry reads one set of columns; a row with others raises a KeyError.",
         f"{CHAT}: field_messages", Case(TEXT.row, (GOOD.row, GOOD.row)), Case(GOOD.row, (GOOD.row,))),
    Rule("template", Fate.ERROR, template_refuses, "The chat template raises an error for this row.", f"{CHAT}: build_prompt",
         REFUSED, SHORT),
    Rule("untrained", Fate.DROPPED, laid_out(LISTS, lambda r: bool(_turns(r)) and not any(map(_trains, _turns(r)))),
         "No turn maps to assistant, or every one is empty or has train: false: no trainable token, and the row is left out.",
         f"{CHAT}: roles_to_train; {TRAINER}: drop_no_trainable_tokens", shared(HUMAN, '{"from": "chatgpt", "value": "a"}'),
         shared(HUMAN, GPT)),
    Rule("too_long", Fate.DROPPED, longer_than_limit, "Longer than sequence_len: left out unless excess_length_strategy is truncate.",
         f"{UTILS}: excess_length_strategy", LONG, SHORT),
    Rule("too_short", Fate.DROPPED, _too_short, "Fewer tokens than min_sample_len (2): left out.", f"{UTILS}: min_sequence_len",
         counted(GOOD, total_tokens=1), counted(GOOD, total_tokens=2)),
    Rule("strange_role", Fate.CHANGED, laid_out(LISTS, _strange),
         "A role outside the map is passed on as it is, and its turn is not trained.", f"{CHAT}: transform_message",
         chat(said("narrator"), ANSWER), GOOD),
    Rule("renamed", Fate.CHANGED, laid_out(LISTS, lambda r: bool({*roles(_turns(r))} & {"human", "gpt"}) and any(map(_trains, _turns(r)))),
         "human and gpt become user and assistant.", f"{DOCS}: roles", shared(HUMAN, GPT), GOOD),
    Rule("empty_turn", Fate.CHANGED, laid_out(LISTS, _empty_turn), "An empty assistant turn is not trained.", f"{CHAT}: find_turn",
         chat(USER, said("assistant", '""'), USER, ANSWER), GOOD),
    Rule("weight", Fate.CHANGED, laid_out(LISTS, lambda r: any(m.get("weight") == 0 for m in _turns(r))),
         "weight is not read unless message_field_training names it: weight 0 is trained.", f"{CHAT}: message_field_training",
         chat(USER, said("assistant", more=', "weight": 0'), USER, ANSWER), GOOD),
)  # fmt: skip

AXOLOTL = Destination("axolotl", "axolotl", "trainer", "type chat_template with the tokenizer's template; conversations mapped from/value",
                      RULES, datasets_rules(), 512, "axolotl schemas/config.py sequence_len default")  # fmt: skip
