"""Wording: texts as sequences of word stems, with what is known of each stem (stop word, number, unit, negation, classes).

One compiled pass cuts bytes into words (curate/measure/guards.py's words) and hashes them; what a word is gets looked up
once per different word. Numbers written out are numbers ("two" is 2), "1,000" is "1000", and an inflected word is its
stem ("plays", "played": play), so that neither counts as a difference.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from curate.measure.buffers import flat
from curate.measure.guards import NEGATIONS, UNITS, _capital, _mark, _mix, _number, _word
from curate.types import I32, U64

STOP, NUMBER, UNIT, NEGATION, ASKING, ASCII, OPENS = 1, 2, 4, 8, 16, 32, 64  # bits of `Words.kind`
CODES = 8  # lexicon lines that one stem may stand in
SPELLED = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen"""
TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
ASKED = "what who whom whose when where why how which"
OPENING = "is are was were am do does did can could will would shall should may might must has have had"
STOPPED = """a an the and or but if so as of at by for from in into on onto to with about than then that this these those
there here it its i me my mine we us our you your he him his she her they them their who whom whose what which when where
why how is am are was were be been being do does did doing done have has had having will would shall should can could may
might must just also too very really quite please some any each such own other s t d ll re ve m im ive id ill youre youve
theyre weve dont doesnt didnt isnt arent wasnt werent cant cannot couldnt wont wouldnt shouldnt havent hasnt hadnt whats
thats theres lets up out over while during because through between both get got getting one ones like only not no nor let
upon per via among within without"""


@dataclass(frozen=True, slots=True)
class Words:
    """CSR of n texts: word p of text r is stem[start[r] + p]; capital: begins with one inside a sentence.

    Of each of the k stems: kind (bits above), codes int32 [k, 8] (lexicon line * 4 + side, -1 none), spelled (the word).
    """

    start: NDArray[np.int64]
    stem: I32
    capital: NDArray[np.bool_]
    kind: NDArray[np.uint8]
    codes: I32
    spelled: tuple[str, ...]


@njit(
    "int64(uint8[::1], int64[::1], int64[::1], uint64[::1], int64[::1], int64[::1], uint8[::1])", cache=True, nogil=True
)
def _cut(data, offsets, start, hashes, begins, ends, flags):  # type: ignore[no-untyped-def]
    """Words of each text: hash, span in `data`, flags (1 capital inside a sentence, 2 a number). Returns their count."""
    top = 0
    start[0] = 0
    for row in range(offsets.shape[0] - 1):
        first, end = offsets[row], offsets[row + 1]
        at, fresh = first, True
        while at < end:
            c = data[at]
            size = _mark(data, at, end)
            if size:
                fresh |= c == 46 or c == 33 or c == 63 or c == 10 or c == 58
                at += size
                continue
            begin = at
            if 48 <= c <= 57:
                h, at = _number(data, begin, at, end)
                while at < end and _mark(data, at, end) == 0:  # 3rd, 5kg: one word
                    h = _mix((h ^ np.uint64(data[at] | 32)) * np.uint64(1099511628211))
                    at += 1
                flags[top] = 2
            else:
                flags[top] = 1 if _capital(data, at, end) and not fresh else 0
                h, at, _ = _word(data, at, end)
            hashes[top], begins[top], ends[top] = h, begin, at
            top += 1
            fresh = False
        start[row + 1] = top
    return top


def words_of(column: Any) -> Words:
    """The words of an Arrow string column; null is empty. Memory: 41 bytes a word while it runs."""
    data, offsets = flat(column)
    offsets = np.ascontiguousarray(offsets, np.int64)
    n = offsets.shape[0] - 1
    room = int(offsets[-1] - offsets[0]) // 2 + n + 1
    start, hashes = np.zeros(n + 1, np.int64), np.empty(room, np.uint64)
    begins, ends, flags = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.uint8)
    top = int(_cut(data, offsets, start, hashes, begins, ends, flags)) if n else 0
    _, first, word = np.unique(hashes[:top], return_index=True, return_inverse=True)
    raw = data.tobytes()
    stems = [stem_of(raw[begins[p] : ends[p]].decode("utf-8", "replace")) for p in first]
    spelled, place = np.unique(np.array(stems, dtype=np.str_), return_inverse=True)
    kind, codes = _known(spelled.tolist())
    stem = place.astype(np.int32)[word] if top else np.empty(0, np.int32)
    return Words(start, stem, (flags[:top] & 1).astype(np.bool_), kind, codes, tuple(spelled.tolist()))


def stem_of(word: str) -> str:
    """A word's stem: lower case, no apostrophes, numbers as digits, the commonest endings of English cut."""
    w = word.lower().replace("'", "").replace("\u2019", "")
    if w in _numbers():
        return _numbers()[w]
    if w[:1].isdigit():
        return w.replace(",", "")
    if w in IRREGULAR:
        return IRREGULAR[w]
    if not w.isascii() or len(w) < 4 or not w.isalpha():
        return w
    return _cut_ending(w)


def _cut_ending(w: str) -> str:
    if w.endswith("ies") and len(w) > 4:
        w = w[:-3] + "y"
    elif w.endswith(("sses", "shes", "ches", "xes", "zes", "oes")):
        w = w[:-2]
    elif w.endswith("s") and not w.endswith(("ss", "us", "is")):
        w = w[:-1]
    for ending in ("ing", "ed"):
        if w.endswith(ending) and len(w) - len(ending) >= 3 and any(v in "aeiouy" for v in w[: -len(ending)]):
            w = w[: -len(ending)]
            if len(w) > 3 and w[-1] == w[-2] and w[-1] not in "lsz":
                w = w[:-1]
            break
    if w.endswith("e") and len(w) > 4:
        w = w[:-1]
    return w[:-1] + "i" if len(w) > 4 and w.endswith("y") and w[-2] not in "aeiou" else w


IRREGULAR = {
    "men": "man", "women": "woman", "children": "child", "people": "person", "feet": "foot", "teeth": "tooth",
    "mice": "mouse", "geese": "goose", "lives": "life", "wives": "wife", "knives": "knife", "wolves": "wolf",
    "leaves": "leaf", "halves": "half", "went": "go", "gone": "go", "goes": "go", "did": "do", "does": "do", "done": "do",
    "has": "have", "had": "have", "is": "be", "are": "be", "was": "be", "were": "be", "been": "be", "am": "be", "an": "a",
    "bought": "buy", "sold": "sell", "made": "make", "took": "take", "taken": "take", "gave": "give", "given": "give",
    "got": "get", "gotten": "get", "said": "say", "told": "tell", "found": "find", "left": "left", "ran": "run",
    "ate": "eat", "eaten": "eat", "drank": "drink", "drunk": "drink", "drove": "drive", "driven": "drive", "wrote": "write",
    "written": "write", "spoke": "speak", "spoken": "speak", "thought": "think", "knew": "know", "known": "know",
    "saw": "see", "seen": "see", "came": "come", "began": "begin", "begun": "begin", "broke": "break", "broken": "break",
    "wore": "wear", "worn": "wear", "held": "hold", "kept": "keep", "paid": "pay", "spent": "spend", "sent": "send",
    "lost": "lose", "won": "win", "grew": "grow", "grown": "grow", "fell": "fall", "fallen": "fall", "built": "build",
    "whats": "what", "thats": "that", "theres": "there", "wheres": "where", "whos": "who", "hows": "how", "its": "it",
    "cannot": "cant", "whose": "who", "whom": "who", "could": "can", "would": "will", "should": "should",
    "united": "united", "colour": "color", "favourite": "favorite", "centre": "center", "metre": "meter", "litre": "liter",
}  # fmt: skip


@lru_cache(maxsize=1)
def _numbers() -> dict[str, str]:
    """Numbers written out, as digits; ordinals as ordinals."""
    out = {w: str(k) for k, w in enumerate(SPELLED.split())} | {w: str(20 + 10 * k) for k, w in enumerate(TENS.split())}
    ends = ["st", "nd", "rd"]
    out |= {w: f"{k}{ends[k - 1] if k < 4 else 'th'}" for k, w in enumerate(ORDINALS.split(), 1)}
    return out | {"hundred": "100", "thousand": "1000", "million": "1000000", "billion": "1000000000", "dozen": "12"}


@lru_cache(maxsize=1)
def lexicon() -> dict[str, tuple[int, ...]]:
    """Stem -> codes: 4 * line + side, side 0 for a line of classes, 1 or 2 for opposites."""
    out: dict[str, list[int]] = {}
    lines = (Path(__file__).parent / "lexicon.txt").read_text("utf-8").splitlines()
    for number, line in enumerate(lines):
        if line.startswith("#") or not line.strip():
            continue
        sides = line.partition(":")[2].split("\n") if ":" in line else ["", *line.split("|")]
        for side, words in enumerate(sides):
            for word in words.split():
                code, stem = 4 * number + side, stem_of(word)
                if code not in out.setdefault(stem, []):
                    out[stem].append(code)
    return {stem: tuple(codes[:CODES]) for stem, codes in out.items()}


def _known(stems: list[str]) -> tuple[NDArray[np.uint8], I32]:
    """Kind bits and lexicon codes of each stem."""
    stops, asked, opens, units, negations = (
        {stem_of(w) for w in words.split()} for words in (STOPPED, ASKED, OPENING, UNITS, NEGATIONS)
    )
    kind, codes, known = np.zeros(len(stems), np.uint8), np.full((len(stems), CODES), -1, np.int32), lexicon()
    for k, stem in enumerate(stems):
        kind[k] = (
            STOP * (stem in stops) | NUMBER * stem[:1].isdigit() | UNIT * (stem in units) | NEGATION * (stem in negations)
            | ASKING * (stem in asked) | OPENS * (stem in opens) | ASCII * stem.isascii()
        )  # fmt: skip
        found = known.get(stem, ())
        codes[k, : len(found)] = found
    return kind, codes


def keys_of(words: Words) -> U64:
    """uint64 [k]: a hash of each stem that is the same in every process and dataset."""
    from hashlib import blake2b

    return np.array(
        [int.from_bytes(blake2b(w.encode(), digest_size=8).digest(), "big") for w in words.spelled], np.uint64
    )
