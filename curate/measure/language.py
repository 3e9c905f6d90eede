"""The language of a row's answer (of its prompt where the answer says too little), in three states: one, another, too short.

voices.py asks up to three identifiers. What share of their say a language gets is turned into a probability, fitted on the open gold
texts (in ten-fold cross-validation .013 off on average). "Confidence over .95" taken literally rejects half of good English rows
where one identifier is asked; here the likeliest language is said of three words and more, and of one or two words only when sure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import exp
from typing import Any

import numpy as np

from curate.measure.kin import told_apart
from curate.measure.voices import CODES, PLACE, heard
from curate.types import F32

__all__ = ["CODES", "COLUMNS", "PLACE", "VERSION", "measure_language", "spoken", "told_of"]

VERSION = 6
COLUMNS = ("language", "language_sure", "english_share", "language_asked")
LETTERS = 8  # fewer say too little
# A sentence, from which the likeliest language is said when it is likelier than not: so many words, or letters. Of less only
# when sure: of 734 word pairs 284 are said rightly, 4 wrongly and 446 not at all (at .9: 407, 23, 304).
WORDS, LONG = 3, 30
SURE, LIKELY = 0.97, 0.5
BIAS, SLOPE = -1.6425, 6.5369  # log odds of being right over the share of the voices
READ = 200  # signs that are read: more cost time and change little
# Code, links and mark-up carry no language; each is looked for only where its sign stands.
NOISE: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("`", re.compile(r"```.{0,2000}?(?:```|$)|`[^`\n]{1,200}`", re.S)),
    ("//", re.compile(r"https?://\S{1,300}")),
    ("<", re.compile(r"<[^<>\n]{1,200}>")),
    ("@", re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w.-]{1,200}")),
)
# The prompt asks for another language, by a word of it or by its name: then an answer in it is no stranger.
ASKED = (
    r"(?i)\b(?:translat|traduc|übersetz|перев|bilingual|in (?:the )?(?:language|original)|pronounc|langu(?:age|e)s?\b"
    r"|english|spanish|french|german|italian|portuguese|latin|greek|russian|chinese|mandarin|japanese|korean|arabic|hindi|hebrew|dutch"
    r"|swedish|norwegian|danish|finnish|polish|czech|turkish|swahili|hawaiian|irish|gaelic|welsh|esperanto|vietnamese|thai|indonesian)"
)
NO_LETTER = bytes(b for b in range(128) if not chr(b).isalpha())


def measure_language(rows: Any) -> Mapping[str, F32]:
    """language: place in CODES, NaN = too short or unsure; language_sure: the probability that the likeliest is right, NaN =
    too short; english_share: the probability of English, NaN = too short; language_asked: 1 where the prompt speaks of a
    language. Float32 [n] each."""
    import pyarrow.compute as pc

    out = np.full((4, rows.num_rows), np.nan, dtype=np.float32)
    out[3] = pc.match_substring_regex(pc.fill_null(rows.column("prompt"), ""), ASKED)
    texts = [
        pc.fill_null(pc.utf8_slice_codeunits(rows.column(n), 0, 4 * READ), "").to_pylist()
        for n in ("response", "prompt")
    ]
    for row, (answer, prompt) in enumerate(zip(*texts, strict=True)):
        told = spoken(answer)
        count = letters(told)
        if count < LETTERS:
            told = spoken(f"{answer}\n{prompt}")
            count = letters(told)
        said = told_of(told, count)
        if said is not None:
            code, sure, english = said
            out[1, row], out[2, row] = sure, english
            if sure >= (LIKELY if _sentence(told, count) else SURE):
                out[0, row] = PLACE[code]
    return dict(zip(COLUMNS, out, strict=True))


def spoken(text: str) -> str:
    """What of the text is language: no code, links or mark-up, one line, the first READ signs."""
    for sign, pattern in NOISE:
        if sign in text:
            text = pattern.sub(" ", text)
    return " ".join(text[: 2 * READ].split())[:READ]


def told_of(text: str, count: int) -> tuple[str, float, float] | None:
    """(code, the probability that it is right, that of English), None when the text has too few letters or nobody knows."""
    if count < LETTERS and not _dense(text):
        return None
    found = heard(text)
    if not found:
        return None
    code = max(found, key=lambda c: found[c]) if len(found) > 1 else next(iter(found))
    sure = 1 / (1 + exp(-BIAS - SLOPE * found[code]))
    code = told_apart(code, text)
    return code, sure, sure if code == "en" else min(found.get("en", 0.0), 1 - sure)


def letters(text: str) -> int:
    """How many letters of any script."""
    if text.isascii():
        return len(text.encode().translate(None, NO_LETTER))
    return sum(map(str.isalpha, text))


def _sentence(text: str, count: int) -> bool:
    return count >= LONG or text.count(" ") >= WORDS - 1 or _dense(text)


def _dense(text: str) -> bool:
    """Whether the text is of a script whose signs are words or syllables: four of them say enough."""
    return sum("぀" <= c <= "鿿" or "가" <= c <= "힣" for c in text) >= 4
