"""How an answer looks: cut off, what layout, how hard to read, how much of it is code, capitals, emoji, links or debris.

One compiled pass over the bytes counts; what a count can't tell is asked of linear patterns.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numba import njit

from curate.measure.buffers import flat
from curate.types import F32

VERSION = 2
COLUMNS = (
    "truncated", "open_fence", "debris", "urls", "code_share", "emoji_share", "caps_share", "list_share", "heading_lines",
    "layout", "json_invalid", "reading_grade", "long_words", "unanswered", "vague", "concrete", "unclear_prompt",
    "empty_request", "dangling", "form",
)  # fmt: skip
LAYOUTS = ("prose", "list", "markdown", "code", "json", "table")
(LETTERS, CAPS, EMOJI, LINES, BULLETS, HEADINGS, FENCED, FENCES, SENTENCES, WORDS, SYLLABLES, LONG, LINKS, DEBRIS, DIGITS,
 DEPTH, LAST, BARS, VISIBLE, UNITS) = range(20)  # fmt: skip
# The last sign of a finished text: a sentence end, a closing sign, a fence; also in the scripts that have their own.
CLOSED = r"[.!?:;…。！？।؟۔\"'’”»)\]}>`*_|~=\-]\s*$"
UNFINISHED = r"(?i)(?:\b(?:and|or|but|the|a|an|of|to|in|for|with|that|which|because|is|are|was|as|by|from|on|at|if|than|such as)|,)\s*$"
ASKED_JSON = r"(?i)\b(?:in|as|into|valid|return|output|give|respond|produce|a|only) (?:\w+ )?json\b|\bjson (?:object|format|array|output)\b"
ESCALATES = (
    r"(?i)\b(?:i(?:['’]ll| will| am going to|['’]m going to)|we(?:['’]ll| will)|let me|(?:your|this) (?:ticket|issue|request|case) (?:has been|will be|was))"
    r"[^.!?\n]{0,40}\b(?:escalat\w+|forward(?:ed)?|look(?:ing)? into|get back to you|pass(?:ed)? (?:this|it|your)|check (?:on|with)|be in touch|raise this)"
    r"|\b(?:someone|an? (?:agent|specialist|representative|colleague)|our team|support) will (?:contact|reach|get back|respond|be in touch|follow up)"
    r"|\bplease (?:contact|reach out to|email|call) (?:our )?(?:support|customer|help ?desk|service)\b"
)
HEDGES = (
    r"(?i)\b(?:it depends|various|several factors|many (?:factors|ways|things)|some people|in general|generally speaking|a lot of|things like"
    r"|and so on|etc\.?|might be|could be|may vary|varies|somewhat|kind of|sort of|stuff|important to (?:note|remember))"
)
DANGLES = (
    r"(?i)\b(?:this|the (?:following|above|given|below|attached)|these) (?:text|passage|article|sentence|paragraph|code|function|table|list|document"
    r"|image|picture|photo|data|email|story|essay|report|file|snippet|statement|words?|numbers?|items?|conversation|review|poem|input)\b"
)
ASKS_SEVERAL = r"\?[^?]{0,400}\?[^?]{0,400}\?[^?]{0,400}\?"
CUT_PROMPT = r"(?i)(?:\b(?:and|or|but|the|a|an|of|with|that|because|is|are|as|by|from)|,)\s*$"


@njit("boolean(uint8)", cache=True, nogil=True, inline="always")
def _vowel(c):  # type: ignore[no-untyped-def]
    c = c | np.uint8(32)
    return c == 97 or c == 101 or c == 105 or c == 111 or c == 117 or c == 121


@njit("void(uint8[::1], int64[::1], int64[:, ::1])", cache=True, nogil=True)
def _profile(data, offsets, out):  # type: ignore[no-untyped-def]
    out[:, :] = 0
    for row in range(offsets.shape[0] - 1):
        at, end = offsets[row], offsets[row + 1]
        line_start, fenced, in_word, vowels, last_vowel, letters = True, False, False, 0, False, 0
        depth = 0
        while at < end:
            c = data[at]
            if line_start:
                k = at
                while k < end and (data[k] == 32 or data[k] == 9):
                    k += 1
                if k < end and data[k] != 10:
                    out[row, LINES] += 1
                    d = data[k]
                    follow = data[k + 1] if k + 1 < end else np.uint8(10)
                    if k + 2 < end and d == 96 and follow == 96 and data[k + 2] == 96:
                        fenced = not fenced
                        out[row, FENCES] += 1
                    elif ((d == 45 or d == 42 or d == 43) and follow == 32) or (
                        d == 0xE2 and k + 2 < end and follow == 0x80 and data[k + 2] == 0xA2
                    ):
                        out[row, BULLETS] += 1
                    elif d == 35 and (follow == 35 or follow == 32):
                        out[row, HEADINGS] += 1
                    elif d == 124:
                        out[row, BARS] += 1
                    elif 48 <= d <= 57:
                        j = k
                        while j < end and 48 <= data[j] <= 57 and j - k < 3:
                            j += 1
                        if j + 1 < end and (data[j] == 46 or data[j] == 41) and data[j + 1] == 32:
                            out[row, BULLETS] += 1
                line_start = False
            if c == 10:
                line_start = True
            elif c > 32:
                out[row, VISIBLE] += 1
                if fenced:
                    out[row, FENCED] += 1
            upper, lower = 65 <= c <= 90, 97 <= c <= 122
            if upper or lower:
                out[row, LETTERS] += 1
                out[row, CAPS] += upper
                letters += 1
                v = _vowel(c)
                vowels += v and not last_vowel
                last_vowel = v
                in_word = True
            elif c != 39:
                if in_word:
                    out[row, WORDS] += 1
                    out[row, SYLLABLES] += max(vowels, 1)
                    out[row, LONG] += letters > 6
                in_word, vowels, letters, last_vowel = False, 0, 0, False
                if 48 <= c <= 57:
                    out[row, DIGITS] += at == offsets[row] or not (48 <= data[at - 1] <= 57)
                elif (c == 46 or c == 33 or c == 63) and (at + 1 >= end or data[at + 1] <= 32):
                    out[row, SENTENCES] += 1
                elif c == 40 or c == 91 or c == 123:
                    depth += 1
                elif (c == 41 or c == 93 or c == 125) and depth > 0:
                    depth -= 1
                elif c == 58 and at + 2 < end and data[at + 1] == 47 and data[at + 2] == 47:
                    out[row, LINKS] += 1
                elif c == 0xF0 and at + 3 < end and data[at + 1] == 0x9F and 0x8C <= data[at + 2] <= 0xAB:
                    out[row, EMOJI] += 1
                elif c == 0xEF and at + 2 < end and data[at + 1] == 0xBF and data[at + 2] == 0xBD:
                    out[row, DEBRIS] += 1
                elif (
                    c == 0xC3
                    and at + 3 < end
                    and (data[at + 1] == 0x83 or data[at + 1] == 0x82)
                    and (data[at + 2] == 0xC2 or data[at + 2] == 0xE2)
                ):
                    out[row, DEBRIS] += 1  # UTF-8 read as Latin-1: Ã and a second sign
                elif (
                    c == 0xC3
                    and at + 4 < end
                    and data[at + 1] == 0xA2
                    and data[at + 2] == 0xE2
                    and data[at + 3] == 0x82
                ):
                    out[row, DEBRIS] += 1  # â€ from a curly quote
            at += 1
        if in_word:
            out[row, WORDS] += 1
            out[row, SYLLABLES] += max(vowels, 1)
            out[row, LONG] += letters > 6
        out[row, DEPTH] = depth


def measure_answers(rows: Any) -> Mapping[str, F32]:
    """Columns of `COLUMNS`; float32 [n] each. Shares are NaN for empty answers, reading_grade below 20 words.

    truncated: how sure that the answer is cut off: .5 for no closing sign at the end of prose of 8 words and more, .8 where
    two sentences and more before it in the same paragraph have one, 1 for an
    open fence or bracket or a text that ends in "and", "the", a comma. layout: index into LAYOUTS. json_invalid: the prompt
    asks for JSON and the answer is none. reading_grade: Flesch-Kincaid (English). vague: S0's Poor to High, from 0 (numbers,
    names, steps) to 1 (hedges). form: 1 minus what is visibly wrong, in [0, 1].
    """
    import pyarrow.compute as pc

    from curate.measure.text import PLACEHOLDER, SPECIAL

    prompt, answer = (pc.fill_null(rows.column(name), "") for name in ("prompt", "response"))
    counts, asked = _counts(answer), _counts(prompt)
    words, visible = counts[:, WORDS], np.maximum(counts[:, VISIBLE], 1)
    empty = counts[:, VISIBLE] == 0
    lines = np.maximum(counts[:, LINES], 1)
    fence = counts[:, FENCES] % 2 == 1
    json_like = _has(answer, r"^\s*(?:```(?:json)?\s*)?[\[{]") & _has(answer, r"[\]}]\s*(?:```\s*)?$")
    code = np.where(empty, np.nan, counts[:, FENCED] / visible)
    bare = _has(
        answer, r"(?m)^(?:def |class |import |from \w+ import |#include|public |function |const |let |var |SELECT )"
    )
    listed = np.where(empty, np.nan, counts[:, BULLETS] / lines)
    layout = np.select(
        [json_like, (code > 0.5) | (bare & (code < 0.5)), counts[:, BARS] > 1, (counts[:, HEADINGS] > 0) | _has(answer, r"\*\*[^*\n]{1,80}\*\*"), listed > 0.3],
        [4, 3, 5, 2, 1], 0)  # fmt: skip
    prose = (words >= 8) & (layout < 3) & (counts[:, LINES] - counts[:, BULLETS] > 0)
    last_listed = _has(answer, r"(?:^|\n)[ \t]*(?:[-*+•]|\d{1,3}[.)]) [^\n]*\s*$")
    unclosed = prose & ~last_listed & ~_has(answer, CLOSED)
    cut = fence | (prose & (_has(answer, UNFINISHED) | ((counts[:, DEPTH] > 0) & unclosed)))
    broken = (
        unclosed
        & (counts[:, SENTENCES] >= 2)
        & (counts[:, LINES] == 1)
        & _has(answer, r"[.!?] [^.!?\n#@/]{12,}[a-z]\s*$")
    )
    sentences = np.maximum(counts[:, SENTENCES], 1)
    grade = 0.39 * words / sentences + 11.8 * counts[:, SYLLABLES] / np.maximum(words, 1) - 15.59
    hedges = _times(answer, HEDGES)
    names = _times(answer, r"[a-z,;] [A-Z][a-z]{2,}")
    per = 1 / sentences
    concrete = (counts[:, DIGITS] + names + counts[:, BULLETS]) * per
    vague = np.clip(0.5 + 0.5 * hedges * per - 0.25 * concrete, 0, 1)
    asked_words = asked[:, WORDS]
    request = (asked_words <= 1) & (asked[:, VISIBLE] < 12)
    dangling = _has(prompt, DANGLES) & (asked_words < 25) & (asked[:, LINES] <= 1) & ~_has(prompt, r"[:\"“'`]\s*\S")
    unclear = request | dangling | _has(prompt, CUT_PROMPT) | (_has(prompt, ASKS_SEVERAL) & (asked_words < 120))
    flaws = {
        "placeholder": _has(prompt, PLACEHOLDER) | _has(answer, PLACEHOLDER),
        "token": _has(prompt, SPECIAL) | _has(answer, SPECIAL),
    }
    form = (
        1 - 0.5 * flaws["placeholder"] - 0.4 * empty - 0.2 * flaws["token"] - 0.2 * cut - 0.1 * unclosed - 0.05 * vague
    )
    out = {
        "truncated": np.where(empty, np.nan, np.where(cut, 1.0, np.where(broken, 0.8, 0.5 * unclosed))),
        "open_fence": fence,
        "debris": counts[:, DEBRIS] + asked[:, DEBRIS],
        "urls": counts[:, LINKS] + asked[:, LINKS],
        "code_share": code,
        "emoji_share": np.where(words > 0, counts[:, EMOJI] / np.maximum(words, 1), np.nan),
        "caps_share": np.where(counts[:, LETTERS] >= 20, counts[:, CAPS] / np.maximum(counts[:, LETTERS], 1), np.nan),
        "list_share": listed,
        "heading_lines": np.where(empty, np.nan, counts[:, HEADINGS] / lines),
        "layout": np.where(empty, np.nan, layout),
        "json_invalid": _has(prompt, ASKED_JSON) & ~_json(answer, _has(prompt, ASKED_JSON)),
        "reading_grade": np.where(words >= 20, grade, np.nan),
        "long_words": np.where(words > 0, counts[:, LONG] / np.maximum(words, 1), np.nan),
        "unanswered": _has(answer, ESCALATES) & (words < 80),
        "vague": np.where(words >= 10, vague, np.nan),
        "concrete": np.where(words >= 10, concrete, np.nan),
        "unclear_prompt": np.where(np.asarray(pc.is_null(rows.column("prompt"))), np.nan, unclear),
        "empty_request": request,
        "dangling": dangling,
        "form": np.clip(form, 0, 1),
    }
    return {name: np.ascontiguousarray(out[name], dtype=np.float32) for name in COLUMNS}


def _counts(column: Any) -> np.ndarray:
    data, offsets = flat(column)
    out = np.empty((offsets.shape[0] - 1, UNITS + 1), dtype=np.int64)
    _profile(data, offsets, out)
    return out


def _json(answer: Any, asked: np.ndarray) -> np.ndarray:
    """Whether each answer holds JSON where it was asked for; True elsewhere."""
    import json

    fine = np.ones(len(asked), dtype=np.bool_)
    for row in np.flatnonzero(asked).tolist():
        text = str(answer[row].as_py())
        start, end = min((text.find(c) for c in "{[" if c in text), default=-1), max(text.rfind("}"), text.rfind("]"))
        try:
            json.loads(text[start : end + 1] if 0 <= start < end else "")
        except (ValueError, RecursionError):
            fine[row] = False
    return fine


def _has(column: Any, pattern: str) -> np.ndarray:
    import pyarrow.compute as pc

    return np.asarray(pc.match_substring_regex(column, pattern), dtype=np.bool_)


def _times(column: Any, pattern: str) -> np.ndarray:
    import pyarrow.compute as pc

    return np.asarray(pc.count_substring_regex(column, pattern), dtype=np.float64)
