"""Where the fuzzer starts: a small file of every container, shape and kind of fault. Rows are made up."""

from __future__ import annotations

import json
from typing import Any

_U, _A = {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}
_CALL = {
    "role": "assistant",
    "content": None,
    "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": "{}"}}],
}
_ROWS: tuple[dict[str, Any], ...] = (
    {"messages": [_U, _A], "id": 1, "tools": []},
    {"messages": [{"role": "system", "content": "s"}, _U, _CALL, {"role": "tool", "tool_call_id": "c", "content": "r"}, _A]},
    {"messages": [{"role": "user", "content": [{"type": "text", "text": "t"}, {"type": "image_url", "image_url": {}}]}, _A]},
    {"messages": json.dumps([_U, _A | {"weight": 0}])},
    {"interactions": [_U, _A], "system_prompt": "s", "only_last": True},
    {"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}], "system": "s"},
    {"conversation": [{"human": "q", "assistant": "a"}]}, {"items": [_U, _A]}, {"data": ["q", "a"]},
    {"instruction": "i", "input": "x", "output": "o", "history": [["q", "a"]]},
    {"instruction": "i", "instances": [{"input": "x", "output": "y"}]},
    {"instruction": "i", "output": "d", "reflection": "r", "corrected": "c"},
    {"prompt": "p", "completion": "c", "label": False}, {"prompt": [_U], "completion": [_A]},
    {"prompt": "p", "completions": ["a", "b"], "labels": [True, False]}, {"input": "x", "output": "y"},
    {"question": "q", "context": "c", "answer": "a"}, {"article": "a", "summary": "s"},
    {"prompt": "p", "chosen": "c", "rejected": "r"}, {"chosen": "\n\nHuman: q\n\nAssistant: a", "rejected": ""},
    {"chosen_messages": [_U, _A], "rejected_messages": [_U, _A]},
    {"input": {"messages": [_U]}, "preferred_output": [_A], "non_preferred_output": [_A]},
    {"messages": [_U], "reference_answer": {"x": 1}},
    {"message_tree_id": "t", "prompt": {"role": "prompter", "text": "q", "replies": [{"role": "assistant", "text": "a", "rank": 0}]}},
    {"contents": [{"role": "user", "parts": [{"text": "q"}]}, {"role": "model", "parts": [{"functionCall": {}}]}], "systemInstruction": {"parts": []}},
    {"segments": [{"label": True, "text": "t"}]}, {"text": "t\u200b"}, {"input_ids": [1]},
)  # fmt: skip
_FLAT = (
    {"message_id": "1", "parent_id": None, "role": "prompter", "text": "q"},
    {"message_id": "2", "parent_id": "1", "role": "assistant", "text": "a"},
)
_LINES = [json.dumps(row).encode() for row in _ROWS]
_FAULTS = (
    b"\xef\xbb\xbf" + _LINES[0] + b"\r\n\n \n" + _LINES[5], b"null\n5\n[1]\n" + _LINES[0], b'{"a":1,"a":2}\n{"a":NaN}\n{"a":1e999}',
    b'{"text":"\\ud800"}\n{"text":"\xed\xa0\x80"}\n{"text":"\xe9"}', b'{"a":' * 70 + b"}" * 70 + b"\n" + _LINES[26], b"\r".join(_LINES[:3]),
    b'{"id":12345678901234567890,"text":"t"}', b'{"text":"' + b"x" * 1_200 + b'"}\n{"text":"y"}\n', b"\xff\xfea\0", b"\0" * 99, b"<html>",
    b"version https://git-lfs.github.com/spec/v1", b"[" + _LINES[0], b"[" + _LINES[0] + b",]", b"[" + _LINES[0] + b",,5]x",
    b'{"v":1,"data":[' + _LINES[12] + b"]}", b'{"data":[],"rows":[]}', b"[[" + _LINES[0][14:-25] + b"]]",
)  # fmt: skip
SEEDS: tuple[tuple[str, bytes], ...] = (
    *(("x.jsonl", line + b"\n" + _LINES[0]) for line in _LINES),
    *(("x.json", b"[" + a + b" ,\n" + b + b"]") for a, b in zip(_LINES[::4], _LINES[1::4], strict=False)),
    *(("x.json", json.dumps(row, indent=1).encode() + b"\n" + json.dumps(row, indent=1).encode()) for row in _ROWS[:2]),
    *((name, fault) for fault in _FAULTS for name in ("x.jsonl", "x.json")),
    ("x.jsonl", b"\n".join(json.dumps(row).encode() for row in _FLAT)),
    ("x.jsonl.gz", b"\n".join(_LINES[:9])),
    ("raw.jsonl.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\xff\xab\x56\x2a\x49\xad"),
    ("x.txt", b"one line\r\n\nanother \xe9\n"),
    ("x.csv", b'\xef\xbb\xbfprompt,completion,id\n"a, ""b""\nc",d,1\n\ne,f\n"g'),
    ("x.csv", b"id,parent_id,instruction,output\n1,,q,a\n2,1,r,b\n"),
    ("x.csv", b'messages\n"[{""role"":""user"",""content"":""q""},{""role"":""assistant"",""content"":""a""}]"\n'),
    ("x.csv", b"prompt;completion\na;b"), ("x.tsv", b"question\tanswer\nq\ta\n"), ("x.csv.gz", b"input,output\r\na,b\r\n"),
)  # fmt: skip
