"""Guards: a signature per text of its numbers, units, names, negations, antonyms, word order and code.

Two texts whose signatures differ in a kind differ in those tokens: a million pairs are compared by seven array compares.
"10 miles to kilometers" and "10 kilometers to miles" have equal words and another order: guard ORDER.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numba import njit

from curate.measure.buffers import Bytes, Offsets
from curate.measure.words import space_at
from curate.types import I32, U16, U64, Guard

KINDS: tuple[Guard, ...] = (Guard.NUMBER, Guard.UNIT, Guard.NAME, Guard.NEGATION, Guard.ANTONYM)
BAG, SEQUENCE, CODE = 5, 6, 7
WIDTH = 8

NUMBERS = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion
half quarter double triple twice once third fourth fifth sixth seventh eighth ninth tenth first second
monday tuesday wednesday thursday friday saturday sunday january february march april june july august september
october november december"""
UNITS = """km kilometer kilometers kilometre kilometres mile miles meter meters metre metres m cm mm centimeter
centimeters centimetre centimetres inch inches foot feet ft yard yards kg kilogram kilograms g gram grams mg milligram
milligrams mcg microgram micrograms pound pounds lb lbs ounce ounces oz ton tons l liter liters litre litres ml
milliliter milliliters gallon gallons cup cups teaspoon teaspoons tablespoon tablespoons second seconds minute minutes
hour hours day days week weeks month months year years decade decades century centuries celsius fahrenheit kelvin
dollar dollars euro euros cent cents percent byte bytes kb mb gb tb hz khz mhz ghz watt watts volt volts amp amps
square cubic mph kph"""
NEGATIONS = """not no never none neither nor nothing nobody nowhere without cannot cant dont doesnt didnt isnt arent
wasnt werent wont wouldnt shouldnt couldnt hasnt havent hadnt mustnt except unless false incorrect untrue"""
ANTONYMS = """increase increases increased increasing decrease decreases decreased decreasing raise raises lower lowers
safe unsafe dangerous harmful harmless true yes before after left right up down above below hot cold warm cool high low
higher more less fewer most least maximum minimum max min largest smallest bigger smaller biggest longest shortest
longer shorter open close opened closed enable disable enabled disabled allow allowed deny denied forbid forbidden
include exclude included excluded add remove added removed buy sell bought sold start stop begin end first last
early late earlier later fast slow faster slower male female man woman men women boy girl he she his her him husband
wife mother father son daughter brother sister king queen north south east west front back inside outside in out on off
old new young positive negative good bad better worse best worst advantage advantages disadvantage disadvantages pro
pros con cons strong weak easy hard difficult simple complex same different similar opposite synonym antonym legal
illegal possible impossible always win lose won lost accept reject accepted rejected import export upload download
install uninstall encrypt decrypt encode decode ascending descending horizontal vertical day night morning evening
plural singular active passive formal informal odd even"""
TABLES = (NUMBERS, UNITS, None, NEGATIONS, ANTONYMS)


def _hash(word: str) -> int:
    h = 14695981039346656037
    for byte in word.encode():
        h = (h ^ byte) * 1099511628211 & 0xFFFFFFFFFFFFFFFF
    return h


@lru_cache(maxsize=1)
def _table() -> tuple[U64, np.ndarray]:
    """Open-addressing table: word hash -> bit set of kinds."""
    keys, kinds = np.zeros(4096, dtype=np.uint64), np.zeros(4096, dtype=np.uint8)
    for kind, words in enumerate(TABLES):
        for word in (words or "").split():
            h = _hash(word)
            slot = h & 4095
            while keys[slot] != 0 and keys[slot] != np.uint64(h):
                slot = (slot + 1) & 4095
            keys[slot] = np.uint64(h)
            kinds[slot] |= np.uint8(1 << kind)
    return keys, kinds


@njit("int64(uint8[::1], int64, int64)", cache=True, nogil=True)
def _capital(data, at, end):  # type: ignore[no-untyped-def]
    """1 if an upper-case letter of Latin, Greek or Cyrillic script begins at `at`."""
    c = data[at]
    if c < 128:
        return 1 if 65 <= c <= 90 else 0
    if at + 1 >= end or c < 0xC3 or c > 0xD0:
        return 0
    p = ((np.int64(c) & 31) << 6) | (np.int64(data[at + 1]) & 63)
    if 0xC0 <= p <= 0xDE:
        return 0 if p == 0xD7 else 1
    if 0x100 <= p <= 0x17F:
        return 1 - (p & 1)
    return 1 if 0x391 <= p <= 0x3A9 or 0x400 <= p <= 0x42F else 0


@njit("uint64(uint64)", cache=True, nogil=True)
def _mix(h):  # type: ignore[no-untyped-def]
    h = (h ^ (h >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    return h ^ (h >> np.uint64(33))


@njit("int64(uint8[::1], int64, int64)", cache=True, nogil=True)
def _mark(data, at, end):  # type: ignore[no-untyped-def]
    """Length in bytes of the white space, punctuation or symbol at `at`; 0 where a word or a number goes on.

    Beyond ASCII: Latin-1 signs but letters, powers and fractions; general punctuation, currency, operators; CJK marks.
    """
    c = data[at]
    if c < 128:
        return 0 if 48 <= c <= 57 or 65 <= c <= 90 or 97 <= c <= 122 else 1
    step = space_at(data, at, end)
    if step or at + 1 >= end:
        return step
    d = data[at + 1]
    if c == 0xC2:
        word = d == 0xAA or d == 0xB2 or d == 0xB3 or d == 0xB5 or d == 0xB9 or d == 0xBA or 0xBC <= d <= 0xBE
        return 0 if word else 2
    if c == 0xC3:
        return 2 if d == 0x97 or d == 0xB7 else 0  # times, divided by
    if at + 2 >= end:
        return 0
    e = data[at + 2]
    if c == 0xE2:
        signs = d == 0x80 or (d == 0x81 and e < 0xB0) or (d == 0x82 and e >= 0xA0) or d == 0x88 or d == 0x89
        return 3 if signs else 0
    return 3 if c == 0xE3 and d == 0x80 and e <= 0x9F else 0


@njit("int64(uint8[::1], int64, int64)", cache=True, nogil=True)
def _meaning(data, at, size):  # type: ignore[no-untyped-def]
    """What a sign changes: 0 a number (^ + * = < > and their like), 1 a unit (% $ and other currency, degrees), -1 nothing."""
    c = data[at]
    if size == 1:
        if c == 37 or c == 36:
            return 1
        return 0 if c == 94 or c == 43 or c == 42 or c == 61 or c == 60 or c == 62 else -1
    d = data[at + 1]
    if c == 0xC2:
        return 1 if d == 0xB0 or 0xA2 <= d <= 0xA5 else (0 if d == 0xB1 or d == 0xAC else -1)
    if c == 0xC3:
        return 0
    if c == 0xE2 and d == 0x82:
        return 1
    return 0 if c == 0xE2 and (d == 0x88 or d == 0x89) else -1


@njit("Tuple((uint64, int64))(uint8[::1], int64, int64, int64)", cache=True, nogil=True)
def _number(data, first, at, end):  # type: ignore[no-untyped-def]
    """Hash and end of the number at `at`, with its inner points, commas, slashes and sign; "1,000" equals "1000"."""
    h = np.uint64(14695981039346656037)
    if at > first and data[at - 1] == 45 and (at - 1 == first or data[at - 2] <= 32):
        h = (h ^ np.uint64(45)) * np.uint64(1099511628211)
    while at < end:
        c = data[at]
        inner = (c == 46 or c == 44 or c == 47 or c == 58) and at + 1 < end and 48 <= data[at + 1] <= 57
        if not (48 <= c <= 57 or inner):
            break
        if c != 44:
            h = (h ^ np.uint64(c)) * np.uint64(1099511628211)
        at += 1
    return _mix(h), at


@njit("Tuple((uint64, int64, boolean))(uint8[::1], int64, int64)", cache=True, nogil=True)
def _word(data, at, end):  # type: ignore[no-untyped-def]
    """Hash of the word at `at` in ASCII lower case without apostrophes (don't -> dont), its end, whether digits are in it."""
    begin, digits, h = at, False, np.uint64(14695981039346656037)
    while at < end:
        c = data[at]
        if c == 39 and at + 1 < end and at > begin:
            at += 1
            continue
        if c == 0xE2 and at + 2 < end and data[at + 1] == 0x80 and data[at + 2] == 0x99 and at > begin:
            at += 3  # the typographic apostrophe
            continue
        if _mark(data, at, end):
            break
        digits |= 48 <= c <= 57 or c == 0xC2  # and powers, fractions
        h = (h ^ np.uint64(c + 32 if 65 <= c <= 90 else c)) * np.uint64(1099511628211)
        at += 1
    return h, at, digits


@njit("uint8(uint64, uint64[::1], uint8[::1])", cache=True, nogil=True)
def _kinds(h, keys, kinds):  # type: ignore[no-untyped-def]
    """Bit set of the kinds that a word belongs to."""
    slot = np.int64(h & np.uint64(4095))
    while keys[slot] != 0 and keys[slot] != h:
        slot = (slot + 1) & 4095
    return kinds[slot] if keys[slot] == h else np.uint8(0)


@njit("uint64(uint8[::1], int64, int64)", cache=True, nogil=True)
def _whole(data, at, end):  # type: ignore[no-untyped-def]
    h = np.uint64(14695981039346656037)
    for k in range(at, end):
        h = (h ^ np.uint64(data[k])) * np.uint64(1099511628211)
    return h


@njit("boolean(uint8[::1], int64, int64)", cache=True, nogil=True)
def _is_code(data, at, end):  # type: ignore[no-untyped-def]
    """Whether a fence or one of ; { } per 60 bytes stands in the text."""
    marks = 0
    for k in range(at, end):
        c = data[k]
        marks += c == 59 or c == 123 or c == 125
        if c == 96 and k + 2 < end and data[k + 1] == 96 and data[k + 2] == 96:
            return True
    return marks * 60 > end - at


@njit("void(uint8[::1], int64[::1], uint64[::1], uint8[::1], uint64[:, ::1])", cache=True, nogil=True)
def _sign(data, offsets, keys, kinds, out):  # type: ignore[no-untyped-def]
    prime = np.uint64(1099511628211)
    for row in range(offsets.shape[0] - 1):
        first, end = offsets[row], offsets[row + 1]
        at, fresh = first, True  # fresh: a sentence begins
        out[row] = 0
        while at < end:
            c = data[at]
            size = _mark(data, at, end)
            if size:
                if c == 46 or c == 33 or c == 63 or c == 10 or c == 58:  # . ! ? line end :
                    fresh = True
                sense = _meaning(data, at, size)
                if sense >= 0:
                    out[row, sense] += _mix(_whole(data, at, at + size))
                    if c == 0xC2 and data[at + 1] == 0xB0 and at + 2 < end:  # 10 °C
                        out[row, sense] += _mix(np.uint64(data[at + 2] | 32))
                at += size
                continue
            if 48 <= c <= 57:
                h, at = _number(data, first, at, end)
                out[row, 0] += h
            else:
                begin, capital = at, _capital(data, at, end)
                h, at, digits = _word(data, at, end)
                kind = _kinds(h, keys, kinds)
                h = _mix(h)
                for k in range(5):
                    if kind >> k & 1:
                        out[row, k] += h
                if digits:
                    out[row, 0] += h  # b12, mp3, v2
                if capital and not fresh and kind == 0 and at - begin > 1:
                    out[row, 2] += h
            out[row, 5] += h
            out[row, 6] = (out[row, 6] ^ h) * prime
            fresh = False
        if _is_code(data, first, end):
            out[row, 7] = _whole(data, first, end)


def signatures(data: Bytes, offsets: Offsets) -> U64:
    """uint64 [n, 8]: a number per kind (order of `KINDS`), then the bag of words, their sequence, and code (0 = none)."""
    keys, kinds = _table()
    out = np.empty((offsets.shape[0] - 1, WIDTH), dtype=np.uint64)
    _sign(data, offsets, keys, kinds, out)
    return out


def compare(signs: U64, i: I32, j: I32) -> U16:
    """uint16 [m]: `Guard` bits in which rows i and j differ."""
    out = np.zeros(i.shape[0], dtype=np.uint16)
    for k, guard in enumerate(KINDS):
        column = np.ascontiguousarray(signs[:, k])
        out |= np.where(column[i] != column[j], np.uint16(guard), np.uint16(0))
    bag, sequence = np.ascontiguousarray(signs[:, BAG]), np.ascontiguousarray(signs[:, SEQUENCE])
    same_words = bag[i] == bag[j]
    out &= np.where(same_words, ~np.uint16(Guard.NAME), np.uint16(0xFFFF))  # the same words: only case differs
    out |= np.where(same_words & (sequence[i] != sequence[j]), np.uint16(Guard.ORDER), np.uint16(0))
    code = np.ascontiguousarray(signs[:, CODE])
    return out | np.where(code[i] != code[j], np.uint16(Guard.CODE), np.uint16(0))
