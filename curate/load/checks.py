"""Findings about a row that loads: the order of its turns, odd characters, debris of conversions, calls without answers."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

from curate.load.hidden import LOOKS, UNSEEN, hidden, mixed_word
from curate.load.problems import Notes, RowError, note
from curate.load.strict import parse_text
from curate.load.turns import Turn

MANY_TURNS = 200
# Unicode line and information separators (VT, FF, FS, GS, RS, NEL) are whitespace, so no finding.
_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x1f\x7f\x80-\x84\x86-\x9f]")
_NULLS = frozenset({"null", "NULL", "None", "NaN", "nan", "undefined", "<NA>", "[object Object]"})
_LONGEST_NULL = max(map(len, _NULLS)) + 8
# What is left of HTML when a page was turned into text; a text that shows code or a whole page means it.
_HTML = re.compile(
    r"&(?:amp|lt|gt|quot|apos|nbsp|hellip|[lr]squo|[lr]dquo|[mn]dash|#\d{2,5}|#x[0-9A-Fa-f]{2,4});"
    r"|<br ?/?>|</(?:p|div|span|li|td|font)>"
)
# Marks that a chat template puts around turns; a sentence token only where a template would put it.
_TOKENS = re.compile(r"<\|[a-zA-Z_]{2,32}\|>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>|\A<s>|</s>\Z|\A<bos>|<eos>\Z")
_WEIGHT = re.compile(r',"weight":(?:[01](?:\.0)?|true|false)(?:,|$)')
_SHOWS_CODE = ("```", "<html", "<!DOCTYPE", "<head", "<body", "<script")
# UTF-8 read as Latin-1 or Windows-1252, and what a failed decoding leaves.
_GARBLED = re.compile(
    "\ufffd|\u00c3[\u0080-\u00bf\u0192\u201a-\u2030]|\u00c2[\u00a0-\u00bf]|\u00e2\u20ac|\u00ef\u00bb\u00bf|\u00f0\u0178"
)


# Anything that the checks of characters could find: one quick search lets most texts pass.
NOWHERE, IN_FOREIGN, ANYWHERE = 0, 1, 2
_EVERYDAY = bytes(range(0x7F))
_ODD = re.compile(f"[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\ufffd\u00c2\u00c3\u00e2\u00ef\u00f0{UNSEEN}{LOOKS}]")


@lru_cache(maxsize=4096)
def order_findings(roles: str) -> tuple[tuple[str, str, str], ...]:
    """What is odd in the order of turns (code, field, message), from one letter per message."""
    found: list[tuple[str, str, str]] = []
    talk = roles.replace("s", "").replace("d", "")
    if "u" not in talk:
        found.append(("no_user_turn", "messages", "no message is the user's"))
    elif talk[0] != "u":
        found.append(("role_order", "messages", "the first message is not the user's"))
    for twice in ("uu", "aa"):
        at = roles.find(twice)
        if at >= 0:
            found.append(("role_order", f"messages[{at + 1}]", "the same role speaks twice in a row"))
    if "ut" in roles or roles.startswith("t"):
        found.append(("role_order", "messages", "a tool answers without an assistant's call before it"))
    if talk.endswith("t"):
        found.append(("last_role_tool", f"messages[{len(roles) - 1}]", "the last message is a tool's"))
    if talk.endswith("u") and "a" in talk:
        found.append(("last_role_user", f"messages[{len(roles) - 1}]", "the last message is the user's"))
    lead = len(roles) - len(roles.lstrip("sd"))
    if "s" in roles[lead:] or "d" in roles[lead:]:
        found.append(("system_mid_way", "messages", "a system message follows the conversation's start"))
    if len(roles) > MANY_TURNS:
        found.append(("too_many_turns", "messages", f"the row has {len(roles):,} messages; over {MANY_TURNS} is rare"))
    return tuple(found)


def odd_places(raw: bytes, escaped: bool) -> int:
    """Which texts of a JSON line could hold an odd character: none, those outside of ASCII, or all.

    `escaped`: some escape may stand for one. The characters outside of ASCII are looked at once per line, the everyday ones left out, so that a French row costs
    no more than an English one. JSON lets no control character through but as an escape.
    """
    if escaped:
        any_control = b"\\u00" in raw or b"\\b" in raw or b"\\f" in raw or b"\x7f" in raw
        return ANYWHERE if any_control else IN_FOREIGN
    if raw.isascii():
        return NOWHERE
    return IN_FOREIGN if _ODD.search(raw.translate(None, _EVERYDAY).decode()) else NOWHERE


def flag_texts(turns: list[Turn], notes: Notes, odd: int = ANYWHERE) -> bool:
    """Blank texts, odd characters, debris of HTML, templates and wrong encodings, null as text. True when a turn calls."""
    calls = False
    for n, (_role, text, _body, tail) in enumerate(turns):
        if tail:
            calls = calls or "_call" in tail
            if ',"weight":' in tail and not _WEIGHT.search(tail):
                note(notes, "bad_weight", f"messages[{n}].weight", "the weight is neither 0 nor 1")
        if not text or text.isspace():
            _flag_blank(turns[n], n, notes)
            continue
        if len(text) < _LONGEST_NULL and text.strip() in _NULLS:
            note(notes, "null_text", f"messages[{n}].content", "the whole content is a null that was turned into text")
        if "<" in text or "&" in text or ("[" in text and "INST]" in text):
            _flag_marks(text, n, notes)
        if odd and (odd == ANYWHERE or not text.isascii()) and _ODD.search(text):
            _flag_characters(text, n, notes)
    return calls


def _flag_marks(text: str, n: int, notes: Notes) -> None:
    if (("&" in text and ";" in text) or "</" in text or "<br" in text) and (found := _html(text)):
        note(notes, "html_debris", f"messages[{n}].content", _at(found))
    if _may_hold_token(text) and (found := _TOKENS.search(text)):
        note(notes, "special_tokens", f"messages[{n}].content", _at(found))


def _may_hold_token(text: str) -> bool:
    """False for nearly every text, in a tenth of the time that _TOKENS takes to find nothing."""
    inside = "<|" in text or "INST]" in text or "SYS>>" in text or "_of_turn>" in text
    return inside or text.startswith(("<s>", "<bos>")) or text.endswith(("</s>", "<eos>"))


def _flag_characters(text: str, n: int, notes: Notes) -> None:
    if found := _CONTROL.search(text):
        note(notes, "control_characters", f"messages[{n}].content", _point(found))
    if text.isascii():
        return
    if found := hidden(text):
        note(notes, "hidden_characters", f"messages[{n}].content", _point(found))
    if found := mixed_word(text):
        note(notes, "homoglyphs", f"messages[{n}].content", _at(found))
    if found := _GARBLED.search(text):
        note(notes, "encoding_debris", f"messages[{n}].content", _at(found))


def _flag_blank(turn: Turn, n: int, notes: Notes) -> None:
    """A question or answer of nothing; calls, media and a tool's empty result say something."""
    if turn.role in ("user", "assistant") and not turn.body and "_call" not in turn.tail:
        note(notes, "empty_content", f"messages[{n}].content", f"the {turn.role}'s text is empty or blank")


def _html(text: str) -> re.Match[str] | None:
    found = _HTML.search(text)
    return None if found and any(mark in text for mark in _SHOWS_CODE) else found


def _point(found: re.Match[str]) -> str:
    return f"U+{ord(found.group()):04X} at position {found.start() + 1}"


def _at(found: re.Match[str]) -> str:
    return f"{len(found.group())} characters at position {found.start() + 1}"


def flag_calls(turns: list[Turn], notes: Notes) -> None:
    """Calls and results that don't pair up by id, and arguments that are no JSON object."""
    open_: dict[str, str] = {}
    for n, turn in enumerate(turns):
        if turn.role not in ("tool", "function") and turn.role != "assistant" and open_:
            _unanswered(open_, notes)
        rest = json.loads("{" + turn.tail[1:] + "}") if "_call" in turn.tail else {}
        calls = rest.get("tool_calls")
        for k, call in enumerate(calls if type(calls) is list else ()):
            where = f"messages[{n}].tool_calls[{k}]"
            if type(call) is dict:
                if type(call.get("id")) is str:
                    open_[call["id"]] = where
                _flag_arguments(call, where, notes)
        if turn.role == "tool" and (key := rest.get("tool_call_id")) is not None:
            if type(key) is str and key in open_:
                del open_[key]
            else:
                note(notes, "tool_result_unasked", f"messages[{n}].tool_call_id", "no open call has this id")
    if turns and turns[-1].role != "assistant" and open_:
        _unanswered(open_, notes)


def _unanswered(calls: dict[str, str], notes: Notes) -> None:
    for where in calls.values():
        note(notes, "tool_call_unanswered", where, "no tool message answers the call")
    calls.clear()


def _flag_arguments(call: dict[str, Any], where: str, notes: Notes) -> None:
    function = call.get("function")
    given = function.get("arguments") if type(function) is dict else None
    if type(given) is not str:
        return
    try:
        value = parse_text(given)
    except RowError:
        value = None
    if type(value) is not dict:
        note(notes, "tool_arguments", f"{where}.function.arguments", "the arguments are text that is no JSON object")
