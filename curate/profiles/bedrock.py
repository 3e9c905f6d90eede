"""What Amazon Bedrock does with a row for Claude 3 Haiku."""

from __future__ import annotations

from curate.profiles.examples import ANSWER, GOOD, LONG, PAIR, SHORT, SYSTEM, USER, chat, said
from curate.profiles.files import all_json, at_least, at_most, no_bigger, only_jsonl
from curate.profiles.messages import holds, listed, roles, twice
from curate.profiles.rule import Destination, Fate, Rule, laid_out, longer_than_limit, not_laid_out
from curate.profiles.skeleton import Object

COOKBOOK = "platform.claude.com/cookbook/finetuning-finetuning-on-bedrock"
AWS = "aws.amazon.com/blogs/machine-learning, fine-tune Claude 3 Haiku in Amazon Bedrock (record limits)"


def _extra(row: Object) -> bool:
    return not row.keys() <= {"system", "messages"} or any(not m.keys() <= {"role", "content"} for m in listed(row))


def _ends(row: Object, place: int, wanted: str) -> bool:
    found = roles(listed(row))
    return bool(found) and found[place] != wanted


RULES: tuple[Rule, ...] = (
    Rule("shape", Fate.ERROR, not_laid_out("messages"), "A row needs a `messages` list.", COOKBOOK, PAIR, GOOD),
    Rule("system_message", Fate.ERROR, laid_out("messages", lambda r: "system" in roles(listed(r))),
         "The system text is the row's own field `system`, not a message.", COOKBOOK,
         chat(SYSTEM, USER, ANSWER), chat(USER, ANSWER, more=', "system": "s"')),
    Rule("role", Fate.ERROR, laid_out("messages", lambda r: not {*roles(listed(r))} <= {"user", "assistant", "system"}),
         "Roles are user and assistant.", COOKBOOK, chat(USER, said("tool"), ANSWER), GOOD),
    Rule("extra_key", Fate.ERROR, laid_out("messages", _extra),
         "No key but system, messages, role and content is allowed.", f"{COOKBOOK}: no extraneous keys",
         chat(USER, ANSWER, more=', "id": "1"'), GOOD),
    Rule("count", Fate.ERROR, laid_out("messages", lambda r: len(listed(r)) < 2), "At least two messages.", COOKBOOK,
         chat(ANSWER), GOOD),
    Rule("first", Fate.ERROR, laid_out("messages", lambda r: _ends(r, 0, "user")), "The first message is the user's.", COOKBOOK,
         chat(ANSWER, USER, ANSWER), GOOD),
    Rule("last", Fate.ERROR, laid_out("messages", lambda r: _ends(r, -1, "assistant")), "The last message is the assistant's.",
         COOKBOOK, chat(USER, ANSWER, USER), GOOD),
    Rule("order", Fate.ERROR, laid_out("messages", lambda r: twice(roles(listed(r)))), "User and assistant alternate.", COOKBOOK,
         chat(USER, USER, ANSWER), chat(USER, ANSWER, USER, ANSWER)),
    Rule("content", Fate.ERROR, laid_out("messages", lambda r: any(not holds(m.get("content")) for m in listed(r))),
         "Content is text that is not empty.", COOKBOOK, chat(USER, said("assistant", '""')), GOOD),
    Rule("too_long", Fate.ERROR, longer_than_limit, "A record over the token limit is refused.", AWS, LONG, SHORT),
)  # fmt: skip

BEDROCK = Destination(
    "bedrock", "Amazon Bedrock (Claude 3 Haiku)", "provider", "fine-tuning of Claude 3 Haiku", RULES,
    (only_jsonl(COOKBOOK), all_json(COOKBOOK), at_least(32, AWS), at_most(10_000, AWS, 10_000), no_bigger(10e9, AWS)),
    32_000, AWS,
)  # fmt: skip
