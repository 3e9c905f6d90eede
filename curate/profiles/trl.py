"""What TRL's SFTTrainer does with a row."""

from __future__ import annotations

import numpy as np

from curate.profiles.examples import (
    ALPACA,
    ANSWER,
    GOOD,
    GPT,
    HUMAN,
    LONG,
    PAIR,
    PREFERENCE,
    REACHED,
    REFUSED,
    SHORT,
    SYSTEM,
    TEXT,
    UNREACHED,
    USER,
    chat,
    said,
    shared,
)
from curate.profiles.files import datasets_rules
from curate.profiles.messages import listed, parts, role, roles
from curate.profiles.rule import (
    Case,
    Destination,
    Fate,
    Rule,
    answer_past_limit,
    beside_main,
    laid_out,
    longer_than_limit,
    not_laid_out,
    rows,
    template_refuses,
)
from curate.profiles.skeleton import Object
from curate.profiles.view import View
from curate.types import Bool

DATA = "huggingface/trl trl/data_utils.py (00cc012)"
FORMATS = "huggingface/trl docs/source/dataset_formats.md"
SFT = "huggingface/trl trl/trainer/sft_trainer.py"
SIDES = ("messages", "prompt", "completion", "chosen", "rejected")
SETS = ({"messages"}, {"prompt"}, {"prompt", "completion"}, {"prompt", "chosen", "rejected"}, {"chosen", "rejected"},
        {"prompt", "completion", "label"})  # fmt: skip
_IMAGES = ', "images": ["a.png"]'


def _chats(row: Object) -> list[str]:
    """Fields that hold a list of messages with role and content, as `is_conversational` looks: at the first one only."""
    firsts = {k: row[k][0] for k in SIDES if type(row.get(k)) is list and row[k]}
    return [k for k, m in firsts.items() if type(m) is dict and {"role", "content"} <= m.keys()]


def _keys(row: Object) -> bool:
    held = {k for k in (*SIDES, "label") if row.get(k) is not None}
    return bool(_chats(row)) and held not in SETS


def _half(row: Object) -> bool:
    return {type(row.get("prompt")), type(row.get("completion"))} == {str, list}


def _from_value(row: Object) -> bool:
    first = next(iter(listed(row, "conversations")), {})
    return {"from", "value"} <= first.keys()


def _prompt_end(row: Object) -> bool:
    found = listed(row, "prompt")
    return bool(found) and role(found[-1]) not in ("user", "assistant")


def _pictures(row: Object) -> int:
    found = row.get("images")
    return len(found) if type(found) is list else int(row.get("image") is not None)


def _placeholders(row: Object) -> int:
    return sum(p.get("type") == "image" for m in listed(row, "messages", "prompt") for p in parts(m))


def _listed_content(row: Object) -> bool:
    return any(type(m.get("content")) is list for m in listed(row, "messages", "prompt"))


def _weighted(row: Object) -> bool:
    return any(m.get("weight") == 0 for m in listed(row))


def _masked(view: View) -> Bool | None:
    """Prompt-completion rows only: of messages every token is trained unless assistant_only_loss is set."""
    past = answer_past_limit(view)
    return None if past is None else np.asarray(past & (view.layouts == "prompt_completion"))


RULES: tuple[Rule, ...] = (
    Rule("shape", Fate.ERROR, not_laid_out("messages conversations prompt_completion text tokens preference preference_output json_text"),
         "No messages, conversations, prompt + completion or text: SFTTrainer stops with a KeyError on `text`.",
         f"{FORMATS}; {SFT}: dataset_text_field", ALPACA, PAIR),
    Rule("preference", Fate.ERROR, laid_out("preference preference_output", lambda _: True),
         "A row with chosen and rejected is for DPOTrainer; SFTTrainer finds no text in it.", f"{FORMATS}: preference", PREFERENCE, PAIR),
    Rule("mixed", Fate.ERROR, beside_main("messages conversations prompt_completion text"),
         "The first row decides how all rows are read; one with other columns stops the run.", f"{SFT}: first_example",
         Case(TEXT.row, (GOOD.row, GOOD.row)), Case(GOOD.row, (GOOD.row,))),
    Rule("keys", Fate.ERROR, rows(_keys),
         "A conversational row has exactly the columns of one dataset type, or a KeyError is raised.", f"{DATA}: apply_chat_template",
         chat(USER, ANSWER, more=', "prompt": "q"'), GOOD),
    Rule("half", Fate.ERROR, laid_out("prompt_completion", _half), "prompt and completion are both texts or both lists of messages.",
         f"{DATA}: apply_chat_template", Case(f'{{"prompt": [{USER}], "completion": "a"}}'),
         Case(f'{{"prompt": [{USER}], "completion": [{ANSWER}]}}')),
    Rule("no_messages", Fate.ERROR, laid_out("messages json_text", lambda r: "messages" not in _chats(r) and "conversations" not in r),
         "The first message lacks role and content (or the list is JSON as text): it is not seen as a conversation.",
         f"{DATA}: is_conversational", Case('{"messages": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]}'), GOOD),
    Rule("conversations", Fate.ERROR, laid_out("conversations json_text", lambda r: "conversations" in r and not _from_value(r)),
         "`conversations` is only read as a list with from and value; rename it to messages.", f"{DATA}: is_conversational_from_value",
         Case(f'{{"conversations": [{USER}, {ANSWER}]}}'), shared(HUMAN, GPT), "0.16"),
    Rule("prompt_end", Fate.ERROR, laid_out("prompt_completion", _prompt_end), "A prompt ends with a user or assistant message.",
         f"{DATA}: apply_chat_template", Case(f'{{"prompt": [{USER}, {SYSTEM}], "completion": [{ANSWER}]}}'),
         Case(f'{{"prompt": [{SYSTEM}, {USER}], "completion": [{ANSWER}]}}')),
    Rule("image_count", Fate.ERROR, rows(lambda r: _pictures(r) > 0 and _listed_content(r) and _pictures(r) != _placeholders(r)),
         "The number of images must equal the number of image parts.", f"{DATA}: prepare_multimodal_messages",
         chat(said("user", '[{"type": "text", "text": "q"}]'), ANSWER, more=_IMAGES),
         chat(said("user", '[{"type": "image"}, {"type": "text", "text": "q"}]'), ANSWER, more=_IMAGES), "0.22"),
    Rule("image_roles", Fate.ERROR,
         rows(lambda r: _pictures(r) > 0 and not {*roles(listed(r))} <= {"system", "user", "assistant", "tool"}),
         "Beside images the roles are system, user, assistant and tool.", f"{DATA}: prepare_multimodal_messages",
         chat(said("developer"), USER, ANSWER, more=_IMAGES), chat(SYSTEM, USER, ANSWER, more=_IMAGES), "0.22"),
    Rule("template", Fate.ERROR, template_refuses, "The tokenizer's chat template raises an error for this row.",
         f"{DATA}: tokenizer.apply_chat_template", REFUSED, SHORT),
    Rule("masked", Fate.DROPPED, _masked,
         "The answer begins past max_length: nothing would be learned, so the row is left out (before: silent zero loss).",
         "trl PR #6320 (issue #3927)", UNREACHED, REACHED, "PR #6320, 2026-07"),
    Rule("too_long", Fate.TRUNCATED, longer_than_limit, "Tokens beyond max_length are cut off.", f"{SFT}: truncate_dataset", LONG, SHORT),
    Rule("human_gpt", Fate.CHANGED, laid_out("conversations", lambda r: _from_value(r) and {*roles(listed(r, "conversations"))} & {"human", "gpt"} != set()),
         "from and value become role and content, but human and gpt stay: most templates know user and assistant only.",
         f"{DATA}: maybe_convert_to_chatml", shared(HUMAN, GPT),
         shared('{"from": "user", "value": "q"}', '{"from": "assistant", "value": "a"}')),
    Rule("weight", Fate.CHANGED, laid_out("messages", _weighted), "weight is not read: a message of weight 0 is trained like any other.",
         f"{FORMATS}: no weight in any type", chat(USER, said("assistant", more=', "weight": 0'), USER, ANSWER), GOOD),
)  # fmt: skip

TRL = Destination("trl", "TRL (SFTTrainer)", "trainer", "SFTTrainer on load_dataset('json'), no packing, defaults otherwise", RULES,
                  datasets_rules(), 1_024, "trl SFTConfig.max_length default")  # fmt: skip
