"""Characters that a reader doesn't see, and letters that look like others, told from scripts that need them."""

from __future__ import annotations

import re

UNSEEN = "\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"
# Cyrillic and Greek letters that print like Latin ones (Unicode confusables.txt).
LOOKS = "асеорхуіјѕһԁԛԝАВЕЅІЈКМНОРСТХУοΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"
_HIDDEN = re.compile(f"[{UNSEEN}]")
# Flags of England, Scotland, Wales: a black flag, tag characters, and the tag that ends it (Unicode UTS 51, 2.8.3).
_FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{2,7}\U000e007f")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
# Where joiners shape letters or make one emoji of several: Hebrew to Myanmar, Khmer, Mongolian, symbols, emoji.
_JOINED = re.compile(
    "[\u0590-\u109f\u1700-\u18af\u1a00-\u1cff\u2190-\u2bff\ua800-\uabff\ufb1d-\ufefc\ufe0f\U00010a00-\U00011fff\U0001f000-\U0001faff]"
)
_UNSPACED = re.compile("[\u0e00-\u109f\u1780-\u17ff\u19e0-\u1aaf]")  # Thai to Myanmar, Khmer: no blanks between words
_MONGOLIAN = re.compile("[\u1800-\u18af]")
_MARKS = (
    "\u061c\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069"  # all but the overrides, which reorder Latin too
)
_LOOK = re.compile(f"[{LOOKS}]")
_MIXED = re.compile(f"[A-Za-z][{LOOKS}]|[{LOOKS}][A-Za-z]")
_WORD = re.compile(r"\w+")


def hidden(text: str) -> re.Match[str] | None:
    """The first invisible or bidirectional character that its surroundings don't call for."""
    if _HIDDEN.search(text) is None:
        return None
    if "\U0001f3f4" in text:
        text = _FLAG.sub(lambda flag: "x" * len(flag.group()), text)
    return next((found for found in _HIDDEN.finditer(text) if not _called_for(text, found)), None)


def _called_for(text: str, found: re.Match[str]) -> bool:
    at, char = found.start(), found.group()
    if char in _MARKS:
        return _RIGHT_TO_LEFT.search(text) is not None
    before = text[at - 1 : at]
    if char in "\u200c\u200d":
        return _JOINED.match(before) is not None
    if char == "\u200b":
        return _UNSPACED.match(before) is not None
    return char == "\u180e" and _MONGOLIAN.match(before) is not None


def mixed_word(text: str) -> re.Match[str] | None:
    """The first Latin word some of whose letters are Cyrillic or Greek ones of the same look."""
    if _LOOK.search(text) is None:
        return None
    for found in _MIXED.finditer(text):
        word = next(w for w in _WORD.finditer(text, _start(text, found.start())) if w.end() > found.start())
        if all(c.isascii() or c in LOOKS or not c.isalpha() for c in word.group()):
            return word
    return None


def _start(text: str, at: int) -> int:
    """Where the word around a position begins."""
    while at and (text[at - 1].isalnum() or text[at - 1] == "_"):
        at -= 1
    return at
