"""Text signals: lengths, repetition, phrases, markers and the source documents' composite scores, as float32 columns.

Every column depends on its row alone, so it is row evidence keyed by content. Patterns run in RE2 through Arrow: linear
in the text, whatever the text is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from curate.measure.buffers import flat
from curate.measure.words import count_words, measure_words, unique_words
from curate.types import F32

VERSION = 4
COLUMNS: tuple[str, ...] = (
    "prompt_words", "answer_words", "system_words", "prompt_chars", "answer_chars", "turns",
    "unique_words", "repeated_bigrams", "window_repetition", "first_answer_chars",
    "prompt_empty", "answer_empty", "role_fault", "last_not_assistant", "shortest_answer_chars", "longest_answer_chars",
    "empty_message", "no_user", "no_assistant",
    "refusal", "bad_phrase", "special_token", "placeholder", "structure", "shape_s0", "shape_s3",
)  # fmt: skip

# S0 and S3 match these anywhere, word boundaries ignored (D31): reproduced, with their defect.
S0_PHRASES = ("i don't know", "i cannot provide", "as an ai")
S3_PHRASES = ("I cannot", "I'm sorry", "As an AI", "I don't have", "ERROR", "undefined")
S0_STRUCTURE = r"[:\-•]|1\."
# An answer that opens by declining: an optional apology, then inability or the assistant's nature.
REFUSAL = (
    r"(?is)^[\s\"'*>#-]*(?:(?:oh|well|hi|hello|hmm)[,.! ]+)?"
    r"(?:(?:i['’]?m|i am|we are|we['’]re)?\s*(?:so |very |really |terribly )?(?:sorry|afraid)"
    r"[^.!?\n]{0,40}?[,.:;!]?\s*(?:but |however,? )?"
    r"|i (?:apologi[sz]e|regret)[^.!?\n]{0,60}[,.:;!]?\s*(?:but |however,? )?"
    r"|unfortunately,? |my apologies[,.]? (?:but )?)?"
    r"(?:as an? (?:ai|artificial|large language|language|assistant)\b"
    r"|i(?:['’]m| am)? (?:(?:just|only) an? (?:ai|language)|(?:simply |really )?"
    r"(?:can['’]?t|cannot|can not|could not|couldn['’]t"
    r"|won['’]t|will not|don['’]t feel comfortable|do not feel comfortable|must decline|have to decline"
    r"|(?:am )?(?:unable|not able|not permitted|not allowed|not comfortable|not going) ?(?:to)?))"
    r"|it (?:(?:is|would be) (?:not |in|un)|(?:isn['’]t|is not) |would(?:n['’]t| not) be )(?:appropriate|ethical)"
    r" (?:for me )?to\b"
    r"|it (?:is not|isn['’]t) possible for me to\b"
    r"|no comment\b)"
)
SPECIAL = r"<\|[a-z_]{2,32}\|>|</?s>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>|<(?:bos|eos|pad|unk)>"
PLACEHOLDER = (
    r"(?im)<\s*no[\s_-]*(?:input|output)|^\W*no[\s_-]*(?:input|output)\b"
    r"|\[(?:insert|your|enter|add|fill in)\b[^\]\n]{0,40}\]"
    r"|\{\{\s*[a-z_ ]{1,40}\s*\}\}|\blorem ipsum\b|<(?:insert|your)\b[^>\n]{0,40}>|\bTODO:|\bTBD\b"
)


def measure_text(rows: Any) -> Mapping[str, F32]:
    """Columns of `COLUMNS` for a table with prompt, response, system, messages, roles and turns; float32 [n] each.

    turns counts user and assistant turns. prompt_words and prompt_chars are NaN for rows without a prompt side (raw text), so no prompt rule ever trips there.
    """
    import pyarrow.compute as pc

    prompt, answer = rows.column("prompt"), pc.fill_null(rows.column("response"), "")
    roles = rows.column("roles")
    first, last = _ends(answer, rows.column("messages"), roles)
    no_assistant = 1 - _has(roles, "a")
    words = measure_words(*flat(pc.utf8_lower(answer)))
    shortest, longest, empty_message = _turns(answer, words[:, 0] == 0, rows)
    asked = count_words(*flat(prompt))
    n_answer = _float(pc.utf8_length(answer))
    no_prompt = _float(pc.is_null(prompt)) > 0
    refusal = _has(answer, REFUSAL)
    structure = _has(last, S0_STRUCTURE)
    phrase = _has(pc.utf8_lower(last), "|".join(S0_PHRASES))
    last_words = words[:, 0] if last is answer else count_words(*flat(last))
    prompt_chars = _float(pc.utf8_length(pc.fill_null(prompt, "")))
    out = {
        "prompt_words": np.where(no_prompt, np.nan, asked),
        "answer_words": words[:, 0],
        "system_words": count_words(*flat(rows.column("system"))),
        "prompt_chars": np.where(no_prompt, np.nan, prompt_chars),
        "answer_chars": n_answer,
        "turns": _float(pc.count_substring_regex(roles, "[ua]")),
        "unique_words": np.where(words[:, 0] > 0, words[:, 1] / np.maximum(words[:, 0], 1), np.nan),
        "repeated_bigrams": words[:, 2],
        "window_repetition": words[:, 3],
        "first_answer_chars": _float(pc.utf8_length(first)),
        "prompt_empty": np.where(no_prompt, np.nan, asked == 0),
        "answer_empty": words[:, 0] == 0,
        "role_fault": _role_fault(roles),
        "last_not_assistant": 1 - _has(roles, "a$"),
        "refusal": refusal,
        "bad_phrase": phrase,
        "special_token": np.maximum(_has(answer, SPECIAL), _has(prompt, SPECIAL)),
        "placeholder": np.maximum(_has(answer, PLACEHOLDER), _has(prompt, PLACEHOLDER)),
        "structure": structure,
        "shape_s0": np.where(no_assistant > 0, 0.0, shape_s0(last_words, structure, phrase)),
        "shape_s3": _shape_s3(first),
        "shortest_answer_chars": np.where(no_assistant > 0, np.nan, shortest),
        "longest_answer_chars": np.where(no_assistant > 0, np.nan, longest),
        "empty_message": empty_message,
        "no_user": 1 - np.maximum(_has(roles, "u"), no_prompt),
        "no_assistant": no_assistant,
    }
    return {name: np.ascontiguousarray(out[name], dtype=np.float32) for name in COLUMNS}


def shape_s0(words: np.ndarray, structure: np.ndarray, phrase: np.ndarray) -> np.ndarray:
    """S0's composite: .4 length (50-800 words, falling off outside) + .3 structure + .3 no bad phrase, in [0, 1].

    Its own "Good" answer of 27 words scores .516 and is rejected at .7 (D1); a structured refusal scores .7 (D2).
    """
    length = np.where(words < 50, words / 50, np.where(words > 800, 800 / np.maximum(words, 1), 1.0))
    return np.asarray(np.round(0.4 * length + 0.3 * structure + 0.3 * (1 - phrase), 6))


def shape_s3(unique: np.ndarray, words: np.ndarray, patterns: np.ndarray) -> np.ndarray:
    """S3's score from 1: unique-word ratio < .4 takes .3, under 5 words .2, each error pattern .4; floor 0."""
    score = 1.0 - 0.3 * (unique < 0.4) - 0.2 * (words < 5) - 0.4 * patterns
    return np.asarray(np.round(np.maximum(score, 0.0), 6))


def _shape_s3(first: Any) -> np.ndarray:
    import pyarrow.compute as pc

    words = unique_words(*flat(first))  # S3 counts "The" and "the" as two words
    unique = words[:, 1] / np.maximum(words[:, 0], 1)
    return shape_s3(unique, words[:, 0], _s3_patterns(pc.utf8_lower(first)))  # as S3's own lower()


def _s3_patterns(lower: Any) -> np.ndarray:
    """How many of S3's phrases stand in each text; one search tells the texts that have none of them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    count = np.zeros(len(lower), dtype=np.float32)
    some = np.flatnonzero(_has(lower, "|".join(S3_PHRASES).lower()))
    if some.shape[0]:
        few = lower.take(pa.array(some))
        count[some] = sum(_float(pc.match_substring(few, p.lower())) for p in S3_PHRASES)
    return count


def _ends(answer: Any, messages: Any, roles: Any) -> tuple[Any, Any]:
    """First and last assistant turn of each row; rows with one answer share the joined column."""
    import pyarrow as pa
    import pyarrow.compute as pc

    several = np.flatnonzero(_float(pc.count_substring(roles, "a")) > 1)
    if not several.shape[0]:
        return answer, answer
    ends = [_answers(m) for m in messages.take(pa.array(several)).to_pylist()]
    mask = np.zeros(len(answer), dtype=np.bool_)
    mask[several] = True
    flat_answer = answer.combine_chunks() if isinstance(answer, pa.ChunkedArray) else answer
    out = [
        pc.replace_with_mask(flat_answer, pa.array(mask), pa.array([e[k] for e in ends], flat_answer.type))
        for k in (0, 1)
    ]
    return out[0], out[1]


def _turns(answer: Any, blank: np.ndarray, rows: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Characters of the shortest and the longest assistant turn, and whether any message is empty or white space.

    blank: Bool [n], the joined answer is.

    A row of one answer and at most one other turn of each role is told by its views; only longer ones are read.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    size = _float(pc.utf8_length(answer))
    low, high = size.copy(), size.copy()
    roles = rows.column("roles")
    blank = blank.copy()
    for name, letters in (("prompt", "u"), ("system", "[sd]")):
        blank |= (count_words(*flat(rows.column(name))) == 0) & (_has(roles, letters) > 0)
    blank &= _has(roles, "a") > 0
    several = np.flatnonzero(_has(roles, "a.*a|u.*u|[sd].*[sd]|t") > 0)
    for row, text in zip(several.tolist(), rows.column("messages").take(pa.array(several)).to_pylist(), strict=True):
        said = [(m.get("role"), m.get("content")) for m in json.loads(text)]
        lengths = [len(c) if isinstance(c, str) else 0 for role, c in said if role == "assistant"]
        low[row], high[row] = min(lengths, default=0), max(lengths, default=0)
        blank[row] = any(not (c if isinstance(c, str) else "").strip() for _, c in said)
    return low, high, blank


def _answers(messages: str) -> tuple[str, str]:
    said = [m.get("content") or "" for m in json.loads(messages) if m.get("role") == "assistant"]
    texts = [s if isinstance(s, str) else "" for s in said] or [""]
    return texts[0], texts[-1]


def _role_fault(roles: Any) -> np.ndarray:
    """1 where turns do not alternate: after leading system turns, user and assistant (tools between) take turns."""
    import pyarrow.compute as pc

    plain = pc.replace_substring_regex(roles, "^[sd]+", "")
    plain = pc.replace_substring_regex(plain, "a?t+", "")  # a tool round belongs to the answer that follows
    fine = _has(plain, "^(?:ua)*u?$")
    alone = _has(plain, "^a$")  # raw text and completion-only rows
    return 1 - np.maximum(fine, alone)


def _has(column: Any, pattern: str) -> F32:
    import pyarrow.compute as pc

    return _float(pc.fill_null(pc.match_substring_regex(column, pattern), False))


def _float(column: Any) -> F32:
    return np.asarray(column.to_numpy(zero_copy_only=False) if not hasattr(column, "chunks") else column.to_numpy(),
                      dtype=np.float32)  # fmt: skip
