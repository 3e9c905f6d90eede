"""What OpenAI's fine-tuning upload does with a row.

Cookbook: openai/openai-cookbook examples/Chat_finetuning_data_prep.ipynb. It flags valid tool calls and part lists;
those follow the API's own message types here.
"""

from __future__ import annotations

from curate.profiles.examples import ALPACA, ANSWER, CALL, GOOD, LONG, SHORT, SYSTEM, TOOL, USER, chat, image, said
from curate.profiles.files import all_json, at_least, no_bigger, only_jsonl
from curate.profiles.messages import calls, function, images, listed, parts, role
from curate.profiles.rule import Destination, Fate, Rule, laid_out, longer_than_limit, not_laid_out
from curate.profiles.skeleton import Object

COOKBOOK = "openai-cookbook examples/Chat_finetuning_data_prep.ipynb, format error checks"
API = "openai-openapi, FineTuneChatRequestInput and chat message types"
VISION = "developers.openai.com/api/docs/guides/vision-fine-tuning"
GUIDE = "developers.openai.com/docs/guides/distillation, supervised fine-tuning"
ROLES = ("system", "developer", "user", "assistant", "tool", "function")
KEYS = {"role", "content", "name", "weight", "tool_calls", "tool_call_id", "function_call", "refusal"}


def _lacks_content(row: Object) -> bool:
    def fine(content: object, called: bool) -> bool:
        return called if content is None else type(content) is str or (type(content) is list and content != [])

    return any(not fine(m.get("content"), bool(m.get("tool_calls") or m.get("function_call"))) for m in listed(row))


def _bad_weight(row: Object) -> bool:
    return any("weight" in m and not (role(m) == "assistant" and m["weight"] in (0, 1, None)) for m in listed(row))


def _stray_image(row: Object) -> bool:
    return any(p.get("type") == "image_url" for m in listed(row) if role(m) != "user" for p in parts(m))


def _arguments(row: Object) -> bool:
    return any(type(function(c).get("arguments")) is not str for m in listed(row) for c in calls(m))


RULES: tuple[Rule, ...] = (
    Rule("shape", Fate.ERROR, not_laid_out("messages preference_output"),
         "A row without a `messages` list is refused: write it as messages.", f"{COOKBOOK}: missing_messages_list",
         ALPACA, GOOD),
    Rule("no_role", Fate.ERROR, laid_out("messages", lambda r: any("role" not in m for m in listed(r))),
         "A message without `role` is refused.", f"{COOKBOOK}: message_missing_key", chat(USER, '{"content": "a"}'), GOOD),
    Rule("key", Fate.ERROR, laid_out("messages", lambda r: any(not m.keys() <= KEYS for m in listed(r))),
         "A message key that is not one of the API's is refused.", f"{COOKBOOK}: message_unrecognized_key; {API}",
         chat(USER, said("assistant", more=', "score": 1')), chat(USER, said("assistant", more=', "weight": 1'))),
    Rule("role", Fate.ERROR, laid_out("messages", lambda r: any(role(m) not in ROLES for m in listed(r) if "role" in m)),
         "A role that is not system, developer, user, assistant, tool or function is refused.",
         f"{COOKBOOK}: unrecognized_role; {API}", chat(said("human"), ANSWER), chat(said("developer"), USER, ANSWER)),
    Rule("content", Fate.ERROR, laid_out("messages", _lacks_content),
         "Content must be text or a list of parts; null only beside tool calls.", f"{COOKBOOK}: missing_content; {API}",
         chat(USER, said("assistant", "null")), chat(USER, CALL, TOOL, ANSWER)),
    Rule("no_assistant", Fate.ERROR, laid_out("messages", lambda r: all(role(m) != "assistant" for m in listed(r))),
         "A row without an assistant message is refused.", f"{COOKBOOK}: example_missing_assistant_message",
         chat(SYSTEM, USER), GOOD),
    Rule("weight", Fate.ERROR, laid_out("messages", _bad_weight),
         "`weight` is 0 or 1, on assistant messages only.", API,
         chat(USER, said("assistant", more=', "weight": 0.5')), chat(USER, said("assistant", more=', "weight": 0'), USER, ANSWER)),
    Rule("arguments", Fate.ERROR, laid_out("messages", _arguments),
         "A tool call's arguments are JSON as text, not an object.", f"{API}: tool_calls[].function.arguments",
         chat(USER, CALL.replace('"{}"', "{}"), TOOL, ANSWER), chat(USER, CALL, TOOL, ANSWER)),
    Rule("image_role", Fate.ERROR, laid_out("messages", _stray_image),
         "Images stand in user messages only.", VISION,
         chat(USER, said("assistant", image("https://x/y.png"))), chat(said("user", image("https://x/y.png")), ANSWER)),
    Rule("images", Fate.ERROR, laid_out("messages", lambda r: len(images(listed(r))) > 10),
         "At most 10 images a row.", VISION,
         chat(*[said("user", image("https://x/y.png"))] * 11, ANSWER), chat(*[said("user", image("https://x/y.png"))] * 10, ANSWER)),
    Rule("too_long", Fate.TRUNCATED, longer_than_limit,
         "Tokens beyond the model's limit are cut off at the end, the answer first.",
         "openai-cookbook PR #1413: over 16,385 tokens are truncated during fine-tuning", LONG, SHORT),
)  # fmt: skip

OPENAI = Destination(
    "openai", "OpenAI", "provider", "supervised fine-tuning of a chat model", RULES,
    (only_jsonl(f"{GUIDE}; API reference, files"), all_json(COOKBOOK), at_least(10, GUIDE),
     no_bigger(512e6, "API reference, files: 512 MB a file")),
    16_385, "openai-cookbook PR #1413 (gpt-3.5-turbo); newer models take more: name yours with --max-length",
)  # fmt: skip
