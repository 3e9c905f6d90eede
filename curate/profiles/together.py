"""What Together's file check does with a row: the SDK's check_file, which runs before the upload."""

from __future__ import annotations

from curate.profiles.examples import (
    ALPACA,
    ANSWER,
    CALL,
    GOOD,
    LONG,
    PAIR,
    SHORT,
    SYSTEM,
    TOOL,
    USER,
    chat,
    image,
    said,
)
from curate.profiles.files import all_json, at_least, no_bigger, no_blank_lines, one_layout, only_jsonl
from curate.profiles.messages import address, images, listed, parts, role, roles, twice
from curate.profiles.rule import Case, Destination, Fate, Rule, laid_out, longer_than_limit, rows
from curate.profiles.skeleton import Object

SDK = "together-python src/together/utils/files.py (5f00d95)"
DOCS = "docs.together.ai/docs/fine-tuning/data-preparation"
TOOLS = "docs.together.ai/docs/fine-tuning/function-calling"
FORMATS = ({"messages"}, {"prompt", "completion"}, {"input", "preferred_output", "non_preferred_output"}, {"text"})
TYPES = ("data:image/jpeg;base64", "data:image/png;base64", "data:image/webp;base64")


def _formats(row: Object) -> list[set[str]]:
    return [f for f in FORMATS if f <= row.keys()]


def _extra(row: Object) -> bool:
    found = _formats(row)
    allowed = found[0] | ({"tools"} if found and found[0] & {"messages", "input"} else set()) if found else set()
    return len(found) == 1 and not row.keys() <= allowed


def _not_text(row: Object) -> bool:
    return (
        any(type(row.get(k)) is not str for k in ("prompt", "completion", "text") if k in row)
        and len(_formats(row)) == 1
    )


def _bad_content(row: Object) -> bool:
    def fine(m: Object) -> bool:
        return type(m.get("content")) in (str, list) or (role(m) == "assistant" and bool(m.get("tool_calls")))

    return any(not fine(m) for m in listed(row))


def _bad_weight(row: Object) -> bool:
    return any("weight" in m and (not isinstance(m["weight"], int) or m["weight"] not in (0, 1)) for m in listed(row))


def _bad_start(row: Object) -> bool:
    found = roles(listed(row))
    return bool(found) and found[0] not in ("system", "user")


def _bad_images(row: Object) -> bool:
    found = images(listed(row))
    return any(address(p) not in TYPES for p in found) or len(found) > 10


def _stray_image(row: Object) -> bool:
    return any(p.get("type") == "image_url" for m in listed(row) if role(m) != "user" for p in parts(m))


def _mixed_content(row: Object) -> bool:
    return len({type(m["content"]) for m in listed(row) if type(m.get("content")) in (str, list)}) > 1


def _preference(row: Object) -> bool:
    given = row.get("input")
    asked = listed(given) if type(given) is dict else []
    outputs = [listed(row, k) for k in ("preferred_output", "non_preferred_output")]
    return not asked or role(asked[-1]) == "assistant" or any(roles(o) != ["assistant"] for o in outputs)


def _pair(last: str) -> Case:
    side = '[{"role": "assistant", "content": "a"}]'
    return Case(
        f'{{"input": {{"messages": [{USER}{last}]}}, "preferred_output": {side}, "non_preferred_output": {side}}}'
    )


_PNG, _ALT = image("data:image/png;base64,AAAA"), "A row's user and assistant turns must alternate."

RULES: tuple[Rule, ...] = (
    Rule("shape", Fate.ERROR, rows(lambda r: not _formats(r)),
         "The columns make none of messages, prompt + completion, preference or text.", f"{SDK}: no format detected",
         ALPACA, PAIR),
    Rule("two_formats", Fate.ERROR, rows(lambda r: len(_formats(r)) > 1),
         "A row with the columns of two formats is refused.", f"{SDK}: multiple dataset formats",
         chat(USER, ANSWER, more=', "text": "x"'), GOOD),
    Rule("extra_column", Fate.ERROR, rows(_extra),
         "A column that the format does not name is refused: remove it (tools may stand beside messages).",
         f"{SDK}: extra column; {TOOLS}", chat(USER, ANSWER, more=', "id": "1"'), chat(USER, ANSWER, more=', "tools": []')),
    Rule("not_text", Fate.ERROR, rows(_not_text), "prompt, completion and text must be text.", f"{SDK}: invalid value type",
         Case('{"prompt": "q", "completion": ["a"]}'), PAIR),
    Rule("list", Fate.ERROR, rows(lambda r: "messages" in r and not (type(r["messages"]) is list and r["messages"])),
         "messages is a list with something in it.", f"{SDK}: validate_messages, expected a list", Case('{"messages": "[]"}'), GOOD),
    Rule("content", Fate.ERROR, laid_out("messages", _bad_content),
         "A message needs a text content, or tool calls.", f"{SDK}: REQUIRED_COLUMNS_MESSAGE; {TOOLS}",
         chat(USER, '{"role": "assistant", "content": 3}'), chat(USER, CALL, TOOL, ANSWER)),
    Rule("role", Fate.ERROR, laid_out("messages", lambda r: not {*roles(listed(r))} <= {"system", "user", "assistant", "tool"}),
         "Roles are system, user, assistant and tool.", f"{SDK}: POSSIBLE_ROLES_CONVERSATION; {TOOLS}",
         chat(said("developer"), USER, ANSWER), chat(SYSTEM, USER, ANSWER)),
    Rule("start", Fate.ERROR, laid_out("messages", _bad_start), "A conversation starts with system or user.", DOCS,
         chat(ANSWER, USER, ANSWER), GOOD),
    Rule("order", Fate.ERROR, laid_out("messages", lambda r: twice(roles(listed(r)), ("system", "user", "assistant"))), _ALT,
         f"{SDK}: validate_messages, invalid role turns", chat(USER, USER, ANSWER), chat(USER, ANSWER, USER, ANSWER)),
    Rule("no_assistant", Fate.ERROR, laid_out("messages", lambda r: "assistant" not in roles(listed(r))),
         "A row without an assistant message is refused.", f"{SDK}; {DOCS}", chat(SYSTEM, USER), GOOD),
    Rule("weight", Fate.ERROR, laid_out("messages", _bad_weight), "weight must be the integer 0 or 1.",
         f"{SDK}: validate_messages, weight", chat(USER, said("assistant", more=', "weight": 1.0')),
         chat(USER, said("assistant", more=', "weight": 1'))),
    Rule("image_role", Fate.ERROR, laid_out("messages", _stray_image), "Images stand in user messages only.", f"{SDK}: images",
         chat(said("user", _PNG), said("assistant", _PNG)), chat(said("user", _PNG), said("assistant", '[{"type": "text", "text": "a"}]'))),
    Rule("images", Fate.ERROR, laid_out("messages", _bad_images),
         "Images are base64 jpeg, png or webp of up to 10 MB, at most 10 a row.", f"{SDK}: images",
         chat(said("user", image("https://x/y.png")), said("assistant", '[{"type": "text", "text": "a"}]')),
         chat(said("user", _PNG), said("assistant", '[{"type": "text", "text": "a"}]'))),
    Rule("mixed_content", Fate.ERROR, laid_out("messages", _mixed_content),
         "Text contents and lists of parts may not mix in one row.", f"{SDK}: content types", chat(said("user", _PNG), ANSWER), GOOD),
    Rule("preference", Fate.ERROR, laid_out("preference_output", _preference),
         "Each side has exactly one assistant message, and the input does not end with one.", f"{SDK}: validate_preference_openai",
         _pair(", " + ANSWER), _pair("")),
    Rule("too_long", Fate.TRUNCATED, longer_than_limit, "Tokens beyond the model's training context are cut off.",
         "docs.together.ai/docs/fine-tuning/supported-models, context lengths", LONG, SHORT),
)  # fmt: skip

TOGETHER = Destination(
    "together", "Together AI", "provider", "the SDK's file check, then a LoRA or full fine-tune", RULES,
    (only_jsonl(f"{SDK}: JSONL, or Parquet of input_ids, attention_mask and labels alone"), all_json(f"{SDK}: _check_jsonl"),
     no_blank_lines(f"{SDK}: json.loads of each line"), one_layout(f"{SDK}: all samples must have the same format"),
     at_least(1, f"{SDK}: MIN_SAMPLES"), no_bigger(50.1 * 2**30, "together-python constants.py MAX_FILE_SIZE_GB (docs: 100 GB)")),
    None,
)  # fmt: skip
