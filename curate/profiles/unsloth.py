"""What Unsloth does with a row: Studio's format detection, standardize_data_formats, train_on_responses_only."""

from __future__ import annotations

from curate.profiles.examples import (
    ALPACA,
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
from curate.profiles.messages import listed, roles
from curate.profiles.rule import (
    Case,
    Destination,
    Fate,
    Rule,
    answer_past_limit,
    beside_main,
    laid_out,
    longer_than_limit,
    rows,
    template_refuses,
)
from curate.profiles.skeleton import Object

STUDIO = "Unsloth Studio, dataset format detection (first 100 rows)"
ZOO = "unsloth-zoo unsloth_zoo/dataset_utils.py (005a250)"
ALIASES = {"system", "user", "human", "input", "gpt", "assistant", "output"}
LISTS = "messages conversations"
COLUMNS = ({"instruction", "output"}, {"messages"}, {"conversations"}, {"texts"}, {"text"})


def _turns(row: Object) -> list[Object]:
    return listed(row, "messages", "conversations")


def _unread(row: Object) -> bool:
    return not any(c <= {k for k, v in row.items() if v is not None} for c in COLUMNS)


def _keys(row: Object) -> bool:
    return len({k for m in _turns(row) for k in m}) != 2


def _untrained(row: Object) -> bool:
    answers = {"assistant"} if type(row.get("messages")) is list else {"assistant", "gpt", "output"}
    return not {*roles(_turns(row))} & answers


RULES: tuple[Rule, ...] = (
    Rule("shape", Fate.ERROR, rows(_unread), "Neither instruction + output nor messages, conversations or texts: map the columns by hand.",
         STUDIO, OTHER, ALPACA),
    Rule("json_text", Fate.ERROR, lambda v: v.layouts == "json_text",
         "The list of messages is JSON as text; it must be a list.", f"{ZOO}: standardize_data_formats", Case('{"messages": "[]"}'), GOOD),
    Rule("mixed", Fate.ERROR, beside_main("messages conversations alpaca text"),
         "The first rows decide the format; a row with other columns stops the run.", STUDIO,
         Case(TEXT.row, (GOOD.row, GOOD.row)), Case(GOOD.row, (GOOD.row,))),
    Rule("keys", Fate.ERROR, laid_out("conversations", _keys),
         "Messages of `conversations` have exactly two keys, a role and a text, or standardize_data_formats stops.",
         f"{ZOO}: standardize_data_formats", shared(HUMAN, '{"from": "gpt", "value": "a", "weight": 1}'), shared(HUMAN, GPT)),
    Rule("alias", Fate.ERROR, laid_out("conversations", lambda r: not {*roles(_turns(r))} <= ALIASES),
         "A role outside the aliases (system; user, human, input; gpt, assistant, output) raises a TypeError.",
         f"{ZOO}: standardize_data_formats aliases", shared(HUMAN, '{"from": "chatgpt", "value": "a"}'), shared(HUMAN, GPT)),
    Rule("template", Fate.ERROR, template_refuses, "The chat template raises an error for this row.",
         "unsloth issue #334: template rejects system or non-alternating roles", REFUSED, SHORT),
    Rule("preference", Fate.ERROR, laid_out("preference preference_output", lambda _: True),
         "chosen and rejected are for DPOTrainer or ORPOTrainer.", f"{STUDIO}; TRL dataset_formats.md", PREFERENCE, GOOD),
    Rule("untrained", Fate.DROPPED, laid_out(LISTS, _untrained),
         "No answer of an assistant: under train_on_responses_only every label is -100 and the row is left out.",
         f"{ZOO}: train_on_responses_only; unsloth issues #1262, #1290", chat(USER, said("Assistant")), GOOD),
    Rule("masked", Fate.DROPPED, answer_past_limit,
         "Under train_on_responses_only an answer past max_seq_length leaves only labels of -100: the row is left out.",
         f"{ZOO}: train_on_responses_only; unsloth issues #2095, #1128, #2900", counted(GOOD, total_tokens=20, first_trained=10, trained_tokens=9),
         counted(GOOD, total_tokens=20, first_trained=9, trained_tokens=9)),
    Rule("too_long", Fate.TRUNCATED, longer_than_limit, "Tokens beyond max_seq_length are cut off.",
         "Unsloth FastLanguageModel max_seq_length; TRL SFTTrainer below it", LONG, SHORT),
    Rule("renamed", Fate.CHANGED, laid_out("conversations", lambda r: bool({*roles(_turns(r))} & {"human", "gpt", "input", "output"})
                                           and {*roles(_turns(r))} <= ALIASES),
         "from and value become role and content; human and gpt become user and assistant.", f"{ZOO}: standardize_data_formats",
         shared(HUMAN, GPT), shared('{"from": "user", "value": "q"}', '{"from": "assistant", "value": "a"}')),
    Rule("weight", Fate.CHANGED, laid_out(LISTS, lambda r: any(m.get("weight") == 0 for m in _turns(r))),
         "weight is not read: a message of weight 0 is trained.", f"{ZOO}: train_on_responses_only masks by marker only",
         chat(USER, said("assistant", more=', "weight": 0'), USER, ANSWER), GOOD),
)  # fmt: skip

UNSLOTH = Destination("unsloth", "Unsloth", "trainer", "Studio or the notebooks: SFTTrainer with train_on_responses_only", RULES,
                      datasets_rules(), 2_048, "Unsloth FastLanguageModel.from_pretrained max_seq_length default")  # fmt: skip
