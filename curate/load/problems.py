"""What can be wrong with a row: stable codes, fatal or not, and how to fix each.

A fatal problem makes the row malformed (it is kept in the ledger, not in the data); the others are shown beside a
row that loads. Messages name fields, types, lengths and positions, never the text of a row.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of problem: whether it makes the row malformed, how a person mends it, whether it is only worth knowing."""

    fatal: bool
    fix: str
    info: bool = False

    @property
    def level(self) -> str:
        """error (the row is malformed), warning (it loads, look at it) or info (often meant so)."""
        return "error" if self.fatal else "info" if self.info else "warning"


CODES: dict[str, Code] = {
    "invalid_json": Code(True, "write the row with a JSON library: one object per line, double quotes, no comments"),
    "not_an_object": Code(True, 'make the row a JSON object such as {"messages": [...]}'),
    "duplicate_key": Code(True, "give each key once; readers disagree on which of the two values counts"),
    "nan": Code(True, "write null instead of NaN, Infinity or a number too big for a double"),
    "big_integer": Code(True, "write integers of more than 19 digits as strings"),
    "lone_surrogate": Code(True, "replace the half character; it can't be written as UTF-8"),
    "encoding": Code(True, "save the file as UTF-8"),
    "bom": Code(
        True, "take the byte order mark out; it shows that files were joined end to end, and most readers stop there"
    ),
    "too_deep": Code(True, "flatten the row to at most 64 levels"),
    "too_long": Code(True, "split the row, or raise --limit line=N"),
    "truncated": Code(True, "fetch the file again; it ends too early"),
    "missing_key": Code(
        True,
        "use a known shape (messages, conversations, instruction/output, prompt/completion, ...), or say which column is what"
        " with --map prompt=COLUMN,response=COLUMN",
    ),
    "empty_messages": Code(True, "give at least one user and one assistant message"),
    "bad_content": Code(True, "make the field text"),
    "unknown_role": Code(True, "use system, developer, user, assistant, tool or function"),
    "token_ids": Code(True, "give the text: token ids can be neither read nor checked without their tokenizer"),
    "no_assistant_turn": Code(True, "add the answer to be learned"),
    "no_user_turn": Code(False, "add the question that is answered"),
    "broken_chain": Code(False, "keep a conversation's messages in one file; what came before is not read"),
    "role_order": Code(False, "let user and assistant take turns, the user first"),
    "last_role_user": Code(False, "end with the assistant; the last user message has no answer"),
    "last_role_tool": Code(False, "end with the assistant; nothing is learned after the tool's result"),
    "tool_call_unanswered": Code(False, "answer each tool call by a tool message with its tool_call_id"),
    "tool_result_unasked": Code(False, "give the tool message the id of an assistant's call before it"),
    "tool_arguments": Code(False, "write function.arguments as the JSON of an object"),
    "empty_content": Code(False, "give the text, or take the message out: nothing is learned from it"),
    "bad_weight": Code(False, "give 1 to train on the message and 0 to leave it out; providers take no other weight"),
    "special_tokens": Code(False, "take chat template tokens out of the text; the trainer adds its own"),
    "homoglyphs": Code(False, "write the word in one alphabet; look-alike letters make other tokens of it"),
    "mixed_formats": Code(False, "save each shape as its own file; most trainers read one shape per file"),
    "null_text": Code(False, "leave the field out, or give its text"),
    "html_debris": Code(False, "turn HTML into text, if it is not what should be learned", True),
    "encoding_debris": Code(False, "decode the source as UTF-8; the text was read in another encoding"),
    "mixed_system": Code(False, "give every row the system prompt that inference will use, or none", True),
    "mixed_turns": Code(False, "check that the mix of single and several questions is what inference will see", True),
    "system_mid_way": Code(False, "put the system message first"),
    "duplicate_id": Code(False, "give each row its own id; rows are never merged by it"),
    "control_characters": Code(False, "remove control characters other than tab and line ends"),
    "hidden_characters": Code(False, "remove bidirectional, zero-width and tag characters"),
    "non_text_content": Code(False, "only the text is measured; images, audio and files are kept as they are"),
    "preference_format": Code(False, "the chosen answer is used, the rejected one never is"),
    "reference_answer": Code(False, "it is read as the answer; check that it may be trained on"),
    "too_many_turns": Code(False, "split the conversation, or check that it is one"),
    "csv_fields": Code(True, "give each record as many fields as the header has"),
    "csv_quote": Code(True, "close the quote, and double the quotes inside a quoted field"),
}


class Problem(NamedTuple):
    """One finding about a row. `field` is a path such as messages[2].content, "" for the row as a whole."""

    code: str
    field: str
    message: str
    fatal: bool


class RowError(Exception):
    """This row can't be used. Caught by the reader, which records the row as malformed."""

    def __init__(self, code: str, field: str, message: str, column: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.field = field
        self.message = message
        self.column = column

    @property
    def problem(self) -> Problem:
        """The same as a value; the column (1-based, in characters) goes into the message."""
        where = f" at column {self.column}" if self.column else ""
        return Problem(self.code, self.field, f"{self.message}{where}; {CODES[self.code].fix}", True)


Notes = list[Problem]


def note(notes: Notes, code: str, field: str, message: str) -> None:
    """Add a finding that leaves the row usable."""
    notes.append(Problem(code, field, f"{message}; {CODES[code].fix}", False))


_PLAIN_NAME = re.compile(r"[\w .$@/-]{1,40}")
_KINDS = {type(None): "null", bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list"}


def kind(value: Any) -> str:
    """What a JSON value is, in words that are safe to print."""
    return _KINDS.get(type(value), "an object")


def name(key: object) -> str:
    """A key as it may be printed: as it is when short and plain, else its length only (keys can hold row text)."""
    text = str(key)
    return repr(text) if _PLAIN_NAME.fullmatch(text) else f"(a key of {len(text)} characters)"


def field_name(key: object) -> str:
    """A key as it may stand in a field path."""
    text = str(key)
    return text if _PLAIN_NAME.fullmatch(text) else f"({len(text)} characters)"
