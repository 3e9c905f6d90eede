"""What mistral-finetune does with a row: finetune/data/tokenize.py, then mistral_common's V3 validator."""

from __future__ import annotations

from itertools import pairwise

from curate.profiles.examples import ALPACA, ANSWER, CALL, GOOD, LONG, SHORT, SYSTEM, TEXT, TOOL, USER, chat, said
from curate.profiles.files import all_json, only_jsonl
from curate.profiles.messages import calls, function, listed, role, roles
from curate.profiles.rule import Case, Destination, Fate, Rule, laid_out, longer_than_limit, rows
from curate.profiles.skeleton import Object

CODE = "mistral-finetune finetune/data/tokenize.py (20704b2)"
CHECK = "mistral_common protocol/instruct/validator.py (039465d), MistralRequestValidatorV3, finetuning mode"
LAYOUTS = "messages interactions"


def _turns(row: Object) -> list[Object]:
    return listed(row, "messages", "interactions")


def _spoken(row: Object) -> list[Object]:
    """Messages but the system ones, which are taken out."""
    return [m for m in _turns(row) if role(m) != "system"]


def _unknown_shape(row: Object) -> bool:
    chats = sum(row.get(k) is not None for k in ("messages", "interactions"))
    return chats == 0 and all(row.get(k) is None for k in ("text", "content"))


def _silent(row: Object) -> bool:
    return any(m.get("tool_calls") is None and m.get("content") is None and m.get("text") is None for m in _turns(row))


def _systems(row: Object) -> bool:
    return sum(r == "system" for r in roles(_turns(row))) + (row.get("system_prompt") is not None) > 1


def _either(row: Object) -> bool:
    """Whether an assistant message has content and calls, or neither."""
    return any(bool(m.get("content") or m.get("text")) == bool(m.get("tool_calls"))
               for m in _turns(row) if role(m) == "assistant")  # fmt: skip


def _bad_call(row: Object) -> bool:
    return any(not {"id", "function"} <= c.keys() or not {"name", "arguments"} <= function(c).keys()
               for m in _turns(row) for c in calls(m))  # fmt: skip


def _arguments(row: Object) -> bool:
    return any(type(function(c).get("arguments")) is dict for m in _turns(row) for c in calls(m))


def _bad_id(row: Object) -> bool:
    found = [c.get("id") for m in _turns(row) for c in calls(m)] + [m.get("tool_call_id") for m in _turns(row)]
    return any(type(x) is str and not x.endswith(":9w") for x in found)


def _order(row: Object) -> bool:
    found = roles(_spoken(row))
    after = {
        "user": ("user", "assistant"),
        "assistant": ("user", "assistant", "tool"),
        "tool": ("assistant", "tool"),
    }
    alone = len(found) == 1 and found[0] != "user"
    return alone or any(b not in after.get(a, ("user", "assistant", "tool")) for a, b in pairwise(found))


def _unanswered(row: Object) -> bool:
    """Whether calls before the last message get another number of answers."""
    turns = _spoken(row)
    for n, m in enumerate(turns[:-1]):
        if calls(m):
            answers = next((k for k, t in enumerate(turns[n + 1 :]) if role(t) != "tool"), len(turns) - n - 1)
            if answers != len(calls(m)):
                return True
    return False


def _tooled(row: Object) -> bool:
    return bool(row.get("tools") or row.get("available_tools"))


_TWO = said("assistant", more=', "text": "x"')
_TOOLS = ', "tools": [{"type": "function", "function": {"name": "f", "description": "d", "parameters": {}}}]'

RULES: tuple[Rule, ...] = (
    Rule("shape", Fate.ERROR, rows(_unknown_shape), "A row needs messages, interactions, or text to continue.", CODE, ALPACA, TEXT),
    Rule("list", Fate.ERROR, rows(lambda r: any(r.get(k) is not None and type(r[k]) is not list for k in ("messages", "interactions"))),
         "messages is a list, not JSON as text.", f"{CODE}: data_message.get", Case('{"messages": "[]"}'), GOOD),
    Rule("two_lists", Fate.ERROR, rows(lambda r: "messages" in r and "interactions" in r),
         "messages and interactions may not stand in one row.", CODE, chat(USER, ANSWER, more=', "interactions": []'), GOOD),
    Rule("two_tools", Fate.ERROR, rows(lambda r: "tools" in r and "available_tools" in r),
         "tools and available_tools may not stand in one row.", CODE,
         chat(USER, ANSWER, more=', "tools": [], "available_tools": []'), chat(USER, ANSWER, more=_TOOLS)),
    Rule("no_role", Fate.ERROR, laid_out(LAYOUTS, lambda r: any("role" not in m for m in _turns(r))),
         "A message needs `role`.", CODE, Case('{"messages": [{"from": "user", "content": "q"}]}'), GOOD),
    Rule("two_contents", Fate.ERROR, laid_out(LAYOUTS, lambda r: any({"text", "content"} <= m.keys() for m in _turns(r))),
         "A message has content or text, not both.", CODE, chat(USER, _TWO), GOOD),
    Rule("no_content", Fate.ERROR, laid_out(LAYOUTS, _silent), "A message needs content, or tool calls.", CODE,
         chat(USER, said("assistant", "null")), chat(USER, CALL, TOOL, ANSWER)),
    Rule("role", Fate.ERROR, laid_out(LAYOUTS, lambda r: not {*roles(_turns(r))} <= {"system", "user", "assistant", "tool"}),
         "Roles are system, user, assistant and tool; there is no developer.", CODE, chat(said("developer"), USER, ANSWER), GOOD),
    Rule("systems", Fate.ERROR, laid_out(LAYOUTS, _systems), "One system text only, as message or as system_prompt.", CODE,
         chat(SYSTEM, SYSTEM, USER, ANSWER), chat(SYSTEM, USER, ANSWER)),
    Rule("call", Fate.ERROR, laid_out(LAYOUTS, _bad_call), "A tool call has id and function, a function name and arguments.", CODE,
         chat(USER, CALL.replace('"id": "abcdefgh1", ', ""), ANSWER), chat(USER, CALL, TOOL, ANSWER)),
    Rule("arguments", Fate.ERROR, laid_out(LAYOUTS, _arguments), "Tool arguments are JSON as text.", CODE,
         chat(USER, CALL.replace('"{}"', "{}"), TOOL, ANSWER), chat(USER, CALL, TOOL, ANSWER)),
    Rule("tool_id", Fate.ERROR, laid_out(LAYOUTS, lambda r: any(role(m) == "tool" and "tool_call_id" not in m for m in _turns(r))),
         "A tool message needs tool_call_id.", CODE, chat(USER, CALL, said("tool"), ANSWER), chat(USER, CALL, TOOL, ANSWER)),
    Rule("id_length", Fate.ERROR, laid_out(LAYOUTS, _bad_id), "A tool call's id is exactly nine letters and digits.", CHECK,
         chat(USER, CALL.replace("abcdefgh1", "call_1"), TOOL.replace("abcdefgh1", "call_1"), ANSWER), chat(USER, CALL, TOOL, ANSWER)),
    Rule("content_or_calls", Fate.ERROR, laid_out(LAYOUTS, _either),
         "An assistant message has content or tool calls: not both, and not an empty content.", CHECK,
         chat(USER, said("assistant", '""')), chat(USER, CALL, TOOL, ANSWER)),
    Rule("order", Fate.ERROR, laid_out(LAYOUTS, _order), "A tool follows an assistant or a tool, never the user; after a tool comes an assistant or a tool.",
         f"{CHECK}: _validate_message_order", chat(USER, TOOL, ANSWER), chat(SYSTEM, USER, ANSWER)),
    Rule("last", Fate.ERROR, laid_out(LAYOUTS, lambda r: roles(_spoken(r))[-1:] != ["assistant"]),
         "The last message is the assistant's.", CHECK, chat(USER, ANSWER, USER), GOOD),
    Rule("answers", Fate.ERROR, laid_out(LAYOUTS, _unanswered), "Each tool call is answered by one tool message.", CHECK,
         chat(USER, CALL, ANSWER), chat(USER, CALL, TOOL, ANSWER)),
    Rule("weight", Fate.ERROR, laid_out(LAYOUTS, lambda r: any(m.get("weight", 1) not in (0, 1, None) for m in _turns(r))),
         "An assistant's weight is 0 or 1.", CHECK, chat(USER, said("assistant", more=', "weight": 0.5')),
         chat(USER, said("assistant", more=', "weight": 1'))),
    Rule("only_last", Fate.CHANGED, laid_out(LAYOUTS, lambda r: _tooled(r) and roles(_turns(r)).count("assistant") > 1),
         "With tools, only the last assistant message is trained.", f"{CODE}: only_last", chat(USER, ANSWER, USER, ANSWER, more=_TOOLS),
         chat(USER, ANSWER, more=_TOOLS)),
    Rule("too_long", Fate.CHANGED, longer_than_limit, "Rows are joined and cut every seq_len tokens: this one spans two pieces.",
         "mistral-finetune finetune/data/dataset.py, sequence packing; README seq_len", LONG, SHORT),
)  # fmt: skip

MISTRAL = Destination(
    "mistral", "Mistral (mistral-finetune)", "provider", "mistral-finetune with instruct data", RULES,
    (only_jsonl("mistral-finetune README, prepare dataset"), all_json("mistral-finetune utils/validate_data.py")), None,
)  # fmt: skip
