"""What Fireworks does with a row for managed supervised fine-tuning."""

from __future__ import annotations

from curate.profiles.examples import ANSWER, CALL, GOOD, LONG, PAIR, SHORT, SYSTEM, TOOL, USER, chat, image, said
from curate.profiles.files import all_json, at_least, at_most, only_jsonl
from curate.profiles.messages import address, images, late_system, listed, role, roles
from curate.profiles.rule import Destination, Fate, Rule, laid_out, longer_than_limit, not_laid_out
from curate.profiles.skeleton import Object

TEXT = "docs.fireworks.ai/fine-tuning/fine-tuning-models"
VISION = "docs.fireworks.ai/fine-tuning/fine-tuning-vlm"
COMPATIBLE = "docs.fireworks.ai/tools-sdks/openai-compatibility, training compatibility"
TYPES = ("data:image/png;base64", "data:image/jpg;base64", "data:image/jpeg;base64")


def _content(row: Object) -> bool:
    return any(type(m.get("content")) not in (str, list) and not m.get("tool_calls") for m in listed(row))


def _weight(row: Object) -> bool:
    return any(m.get("weight", 1) not in (0, 1, None) for m in listed(row))


def _all_skipped(row: Object) -> bool:
    answers = [m for m in listed(row) if role(m) == "assistant"]
    return bool(answers) and all(m.get("weight") == 0 for m in answers)


RULES: tuple[Rule, ...] = (
    Rule("shape", Fate.ERROR, not_laid_out("messages"), "A row needs a `messages` list.", TEXT, PAIR, GOOD),
    Rule("role", Fate.ERROR, laid_out("messages", lambda r: not {*roles(listed(r))} <= {"system", "user", "assistant", "tool"}),
         "Roles are system, user and assistant, and tool with tool calls.", f"{TEXT}; {COMPATIBLE}",
         chat(said("human"), ANSWER), chat(USER, CALL, TOOL, ANSWER)),
    Rule("system", Fate.ERROR, laid_out("messages", lambda r: late_system(listed(r))),
         "A system message must be the first one.", TEXT, chat(USER, SYSTEM, ANSWER), chat(SYSTEM, USER, ANSWER)),
    Rule("content", Fate.ERROR, laid_out("messages", _content), "Content is text, parts, or absent beside tool calls.",
         f"{TEXT}; {COMPATIBLE}", chat(USER, said("assistant", "null")), chat(USER, CALL, TOOL, ANSWER)),
    Rule("weight", Fate.ERROR, laid_out("messages", _weight), "weight is 0 or 1.", TEXT,
         chat(USER, said("assistant", more=', "weight": 2')), chat(USER, said("assistant", more=', "weight": 1'))),
    Rule("all_skipped", Fate.DROPPED, laid_out("messages", _all_skipped),
         "A message of weight 0 is skipped: a row whose every answer has it teaches nothing.", TEXT,
         chat(USER, said("assistant", more=', "weight": 0')), chat(USER, said("assistant", more=', "weight": 0'), USER, ANSWER)),
    Rule("images", Fate.ERROR, laid_out("messages", lambda r: any(address(p) not in TYPES for p in images(listed(r)))),
         "Images are base64 PNG or JPEG; addresses are not fetched.", VISION,
         chat(said("user", image("https://x/y.png")), ANSWER), chat(said("user", image("data:image/png;base64,AAAA")), ANSWER)),
    Rule("too_long", Fate.TRUNCATED, longer_than_limit, "Tokens beyond the model's context are cut off.",
         f"{TEXT}; managed fine-tuning overview, max context lengths", LONG, SHORT),
)  # fmt: skip

FIREWORKS = Destination(
    "fireworks", "Fireworks AI", "provider", "managed supervised fine-tuning", RULES,
    (only_jsonl(TEXT), all_json(TEXT), at_least(3, TEXT), at_most(3_000_000, TEXT)), None,
)  # fmt: skip
