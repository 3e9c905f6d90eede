"""One object to one row: canonical messages, content hash, views, findings, the user's own fields."""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2b
from json.encoder import encode_basestring as escape
from typing import Any, NamedTuple

from curate.load import mapped, singles
from curate.load.chains import Chain, is_chained
from curate.load.checks import ANYWHERE, flag_calls, flag_texts, order_findings
from curate.load.fields import Tracked
from curate.load.formats import Format, detect
from curate.load.mapping import ColumnMap
from curate.load.problems import Notes, RowError, note
from curate.load.turns import LETTERS, Turn, canonical, compact

_WEIGHTLESS = re.compile(r',"(?:weight":0(?:\.0)?|train":false)(?:,|$)')
_MEDIA = ("images", "image", "videos", "video", "audios", "audio")
_IDS = ("id", "uuid", "_id", "message_id", "example_id", "row_id", "task_id", "prompt_id", "uid")
_GROUPS = ("conversation_id", "user_id", "document_id", "doc_id", "group", "group_id", "session_id")
_TIMES = ("created_at", "timestamp", "time", "date", "created")
_TOOLS = ("tools", "functions", "available_tools")
_ID_SET, _GROUP_SET, _TIME_SET = frozenset(_IDS), frozenset(_GROUPS), frozenset(_TIMES)
_TOOL_SET, _MEDIA_SET = frozenset(_TOOLS), frozenset(_MEDIA)


_new = tuple.__new__  # see turns.py: half of the cost of Record()


class Record(NamedTuple):
    """What a row becomes. `content` is 16 bytes; the rest are columns of Dataset.rows."""

    content: bytes
    system: str | None
    prompt: str | None
    response: str
    messages: str
    turns: int
    roles: str
    format: str
    group: str | None
    time: str | None
    user_id: str | None
    extra: str


def record(obj: dict[str, Any], frozen: bool, notes: Notes, columns: ColumnMap | None = None,
           chain: Chain | None = None, odd: int = ANYWHERE) -> Record:  # fmt: skip
    """Read one object. Findings that leave it usable go to `notes`; RowError when it can't be used.

    `odd` says which texts could hold odd characters (checks.odd_places). `columns` is what the person said of the file's
    columns, `chain` who follows whom where rows continue each other.
    """
    shape, turns, own = _turns(obj, frozen, notes, columns, chain)
    roles = "".join([LETTERS[t.role] for t in turns])
    if shape.name != "text":
        for code, field, message in order_findings(roles):
            note(notes, code, field, message)
        if "a" not in roles and not (frozen and "u" in roles):
            raise RowError("no_assistant_turn", "", f"none of the {len(turns)} messages is the assistant's")
    if flag_texts(turns, notes, odd) or "t" in roles:
        flag_calls(turns, notes)
    tools = ""
    if own:
        named = columns.columns if columns else {}
        tools = _tools(obj, named.get("tools")) if named or not _TOOL_SET.isdisjoint(own) else ""
        if not _MEDIA_SET.isdisjoint(own) and any(obj.get(k) for k in _MEDIA):
            note(notes, "non_text_content", next(k for k in _MEDIA if obj.get(k)), "the row refers to media")
    messages = "[" + ",".join([f'{{"role":"{r}","content":{b or escape(t)}{more}}}' for r, t, b, more in turns]) + "]"
    content = blake2b(f"{messages}\x1f{tools}".encode(), digest_size=16).digest()
    views = _views(turns, roles)
    return _new(Record, (content, *views, messages, len(turns), roles, shape.name, *_fields_of(obj, own, columns)))


def _fields_of(obj: dict[str, Any], own: list[str], columns: ColumnMap | None) -> tuple[str | None, ...]:
    """The row's group, time and id, and all that is the user's own as JSON."""
    if not own and columns is None:
        return None, None, None, "{}"
    return (
        _named(obj, own, _GROUPS, _GROUP_SET, columns, "group"),
        _named(obj, own, _TIMES, _TIME_SET, columns, "time"),
        _named(obj, own, _IDS, _ID_SET, columns, "id"),
        _extra(obj, own) if own else "{}",
    )


_QUESTION = Format("question", lambda _k: True, lambda _o, _n: [], frozenset())


def _turns(
    obj: dict[str, Any], frozen: bool, notes: Notes, columns: ColumnMap | None, chain: Chain | None
) -> tuple[Format, list[Turn], list[str]]:
    """The row's shape, its turns and the user's own keys; an evaluation row that only asks is read as its question."""
    if columns is not None and mapped.applies(obj, columns):
        shape = _mapped_format(columns)
        return shape, mapped.turns_of(obj, columns, frozen, notes), [k for k in obj if k not in shape.uses]
    if chain is not None and is_chained([*obj, "parent_id"]):
        shape, turns = chain.read(obj, frozen, notes)
        return shape, turns, [k for k in obj if k not in shape.uses]
    try:
        shape = detect(obj)
        return shape, *_converted(obj, shape, notes)
    except RowError:
        asked = singles.question(obj) if frozen else None
        if asked is None:
            raise
        return _QUESTION, asked, list(obj)


def _converted(obj: dict[str, Any], shape: Format, notes: Notes) -> tuple[list[Turn], list[str]]:
    uses = shape.uses
    own = [k for k in obj if k not in uses]
    if len(obj) - len(own) <= shape.sure:
        return shape.convert(obj, notes), own
    watched = Tracked(obj)
    return shape.convert(watched, notes), [k for k in obj if k not in uses or k not in watched.seen]


@lru_cache(maxsize=64)
def _mapped_format(columns: ColumnMap) -> Format:
    return Format(mapped.NAME, lambda _k: True, lambda _o, _n: [], mapped.uses(columns))


def _views(turns: list[Turn], roles: str) -> tuple[str | None, str | None, str]:
    """System, prompt and answer. The two shortest conversations are most rows, so they are spared the search."""
    if roles in ("ua", "sua") and not turns[-1].tail:
        return (turns[0].text if len(roles) == 3 else None), turns[-2].text, turns[-1].text
    system = _join(turns, "sd") if "s" in roles or "d" in roles else None
    return system, _join(turns, "u") if "u" in roles else None, _answer(turns)


def _join(turns: list[Turn], letters: str) -> str:
    return "\n".join([t.text for t in turns if LETTERS[t.role] in letters])


def _answer(turns: list[Turn]) -> str:
    """Assistant turns that are trained on: those of weight 0 or train false are left out, unless there is no
    other."""
    texts = [t for t in turns if t.role == "assistant"]
    trained = [t.text for t in texts if not (t.tail and _WEIGHTLESS.search(t.tail))]
    return "\n".join(trained or [t.text for t in texts])


def _tools(obj: dict[str, Any], column: str | None) -> str:
    """The tool definitions as they enter the hash; "" for none."""
    found = [obj.get(k) for k in _TOOLS]
    if column is not None and column not in _TOOLS and obj.get(column) is not None:
        found.append(obj[column])
    return "" if not any(k in obj for k in _TOOLS) and len(found) == len(_TOOLS) else canonical(found)


def _named(obj: dict[str, Any], own: list[str], names: tuple[str, ...], among: frozenset[str],
           columns: ColumnMap | None, part: str) -> str | None:  # fmt: skip
    """The mapped field, else the first of the named ones that holds a text or number, as text."""
    if columns is not None and part in columns.columns:
        names = (columns.columns[part],)
    elif among.isdisjoint(own):
        return None
    for key in names:
        value = obj.get(key)
        if type(value) is str and value:
            return value
        if type(value) is int or type(value) is float:
            return compact(value)
    return None


def _extra(obj: dict[str, Any], own: list[str]) -> str:
    parts = []
    for key in own:
        value = obj[key]
        parts.append(f"{escape(key)}:{escape(value) if type(value) is str else compact(value)}")
    return "{" + ",".join(parts) + "}"
