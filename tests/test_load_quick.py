"""The loader's shortcuts change nothing: what they let pass has nothing that the full checks would find."""

from __future__ import annotations

import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curate.load.batch import Chunk, read_chunk
from curate.load.checks import _TOKENS, _may_hold_token
from curate.load.problems import Notes, RowError
from curate.load.record import record
from curate.load.strict import parse

PIECES = st.sampled_from(
    ["\x00", "\b", "\f", "\x7f", "\x85", "é", "â€", "\u200b", "\u202e", "аb", "\ufffd", "\\begin", "\\u0000", "&amp;", "</p>",
     "<br>", "<|im_end|>", "[INST]", "<s>", "</s>", "<eos>", "<bos>", "<start_of_turn>", "<<SYS>>", "日本", "a", " ", "\n", "null"]
)  # fmt: skip
TEXT = st.lists(PIECES, max_size=6).map("".join)


@given(st.lists(st.tuples(TEXT, TEXT, st.booleans()), min_size=1, max_size=8))
def test_a_chunk_finds_what_full_checks_of_each_row_find(rows: list[tuple[str, str, bool]]) -> None:
    lines = [
        json.dumps({"messages": [{"role": "user", "content": q}, {"role": "assistant", "content": a}]}, ensure_ascii=e)
        for q, a, e in rows
    ]
    raws = [line.encode() for line in lines]
    ends = np.cumsum([len(raw) + 1 for raw in raws]) - 1
    starts = np.concatenate([[0], ends[:-1] + 1])
    chunk = Chunk(b"\n".join(raws) + b"\n", 0, starts, ends, 1, False)
    found = [(p["line"], p["code"], p["field"], p["message"]) for p in read_chunk(chunk).problems.to_pylist()]
    assert found == [(n, *p[:3]) for n, raw in enumerate(raws, 1) for p in _all_findings(raw)]


def _all_findings(raw: bytes) -> Notes:
    notes: Notes = []
    try:
        record(parse(raw), False, notes)
    except RowError as e:
        notes.append(e.problem)
    return notes


@given(TEXT)
def test_every_text_with_a_token_is_searched(text: str) -> None:
    assert _may_hold_token(text) or _TOKENS.search(text) is None
