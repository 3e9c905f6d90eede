"""Candidates of personal data in one compiled pass over the bytes: e-mails, cards, IBANs, SSN shapes, IPv4 and phone shapes.

What arithmetic can settle is settled here (Luhn and issuer ranges, IBAN lengths and mod 97, octets, SSN areas); what needs
the words around it (phones, ambiguous cards, licences) is handed on. Every look-ahead is bounded, so the cost is linear.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from curate.measure.buffers import Bytes, Offsets
from curate.measure.pii_marks import word_before

EMAIL, CARD, IBAN, SSN, IP, PHONE, CARD_MAYBE = range(7)
LONGEST = 48  # bytes of a number with its separators that are looked at
# Letters of the country, then the length of its IBANs (registry of the standard, 2025).
IBAN_LENGTHS = (
    "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BR29BY28CH21CR22CY28CZ24DE22DK18DO28EE20EG29ES24FI18FO18FR27GB22GE22GI23GL18GR27"
    "GT28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19MR27MT31MU30NL18NO15PK24PL28"
    "PS29PT25QA29RO24RS22SA24SC31SE24SI19SK24SM27ST25SV28TL23TN24TR26UA29VA22VG24XK20"
)


def _lengths() -> NDArray[np.int64]:
    table = np.zeros(26 * 26, dtype=np.int64)
    for at in range(0, len(IBAN_LENGTHS), 4):
        a, b = (ord(c) - 65 for c in IBAN_LENGTHS[at : at + 2])
        table[a * 26 + b] = int(IBAN_LENGTHS[at + 2 : at + 4])
    return table


LENGTHS = _lengths()


def candidates(data: Bytes, offsets: Offsets) -> NDArray[np.int64]:
    """int64 [m, 4]: row, first byte, end byte (both within the row's text), kind; in text order."""
    room = 1024 + int(offsets[-1] - offsets[0]) // 64
    while True:
        out = np.empty((room, 4), dtype=np.int64)
        found = _scan(data, offsets, LENGTHS, out)
        if found <= room:
            return out[:found]
        room = found


@njit("boolean(uint8)", cache=True, nogil=True, inline="always")
def _digit(c):  # type: ignore[no-untyped-def]
    return 48 <= c <= 57


@njit("boolean(uint8)", cache=True, nogil=True, inline="always")
def _letter(c):  # type: ignore[no-untyped-def]
    return 97 <= (c | 32) <= 122


@njit("boolean(uint8)", cache=True, nogil=True, inline="always")
def _word(c):  # type: ignore[no-untyped-def]
    return 97 <= (c | 32) <= 122 or 48 <= c <= 57 or c >= 128 or c == 95


@njit("boolean(uint8[::1], int64)", cache=True, nogil=True)
def luhn(digits, n):  # type: ignore[no-untyped-def]
    """Whether the first n digits (values 0-9) pass Luhn's check."""
    total = np.int64(0)
    for k in range(n):
        d = np.int64(digits[n - 1 - k])
        if k & 1:
            d = d * 2 - 9 if d > 4 else d * 2
        total += d
    return total % 10 == 0


@njit("int64(uint8[::1], int64)", cache=True, nogil=True)
def issuer(d, n):  # type: ignore[no-untyped-def]
    """2 when the first digits and the length are those of a card scheme, 1 for ranges too wide to trust alone, else 0."""
    two = d[0] * 10 + d[1]
    four = np.int64(two) * 100 + d[2] * 10 + d[3]
    if d[0] == 4 and (n == 16 or n == 13 or n == 19):
        return 2 if n == 16 else 1
    if n == 16 and (51 <= two <= 55 or 2221 <= four <= 2720 or 3528 <= four <= 3589):
        return 2
    if n == 15 and (two == 34 or two == 37 or four == 2131 or four == 1800):
        return 2
    if n == 14 and (two == 36 or two == 38 or 3000 <= four <= 3059 or four == 3095):
        return 1
    if n == 16 and (four == 6011 or two == 65 or 6440 <= four <= 6499 or 6221 <= four <= 6229):
        return 2
    if 12 <= n <= 19 and (two == 50 or 56 <= two <= 58 or two == 63 or two == 67 or four == 604 or two == 62):
        return 1
    return 0


@njit("int64(uint8[::1], int64, int64)", cache=True, nogil=True)
def _email(data, at, begin_end):  # type: ignore[no-untyped-def]
    """End of the host after the @ at `at`, 0 if it is none. begin_end: the row's end."""
    k, dot, label = at + 1, 0, 0
    while k < begin_end and k - at <= 255:
        c = data[k]
        if _letter(c) or _digit(c) or c == 45:
            label += 1
        elif c == 46 and label:
            if k + 1 >= begin_end or not (_letter(data[k + 1]) or _digit(data[k + 1])):
                break
            dot, label = k, 0
        else:
            break
        k += 1
    if not dot or k - dot < 3:
        return 0
    for j in range(dot + 1, k):
        if not _letter(data[j]):
            return 0
    return k


@njit("int64(uint8[::1], int64, int64, int64[::1])", cache=True, nogil=True)
def _iban(data, at, end, lengths):  # type: ignore[no-untyped-def]
    """End of the IBAN that begins at `at`, 0 if none does. Spaces between groups are allowed."""
    country = (np.int64(data[at] | 32) - 97) * 26 + (np.int64(data[at + 1] | 32) - 97)
    need = lengths[country]
    if need == 0:
        return 0
    value, head, count, k = np.int64(0), np.int64(0), 0, at
    while k < end and count < need and k - at < LONGEST:
        c = data[k]
        if c == 32 and count and k + 1 < end and data[k + 1] != 32:
            k += 1
            continue
        if _digit(c):
            v = np.int64(c) - 48
        elif _letter(c):
            v = np.int64(c | 32) - 87
        else:
            return 0
        if count < 4:
            head = (head * (100 if v > 9 else 10) + v) % 97
        else:
            value = (value * (100 if v > 9 else 10) + v) % 97
        count += 1
        k += 1
    if count < need or (k < end and _word(data[k])):
        return 0
    k2, power = at, 1
    for _ in range(4):  # the first four signs move to the end
        c = data[k2]
        power = power * (10 if _digit(c) else 100) % 97
        k2 += 1
    return k if (value * power + head) % 97 == 1 else 0


@njit("int64(uint8[::1], int64, int64, uint8[::1], int64[:, ::1], int64[::1])", cache=True, nogil=True)
def _number(data, at, end, digits, groups, count):  # type: ignore[no-untyped-def]
    """Digits and groups of the number that begins at `at`; its end. count: [digits, groups, dots, spaces, hyphens, opens].

    groups [g]: first byte, end byte, digits before it. Between two groups stand at most two separators.
    """
    k, last = at, at
    dots, spaces, hyphens, opens = 0, 0, 0, 0  # those seen so far; they count once another digit follows
    for j in range(6):
        count[j] = 0
    while k < end and k - at < LONGEST:
        c = data[k]
        if _digit(c):
            if last != k or count[1] == 0:
                if count[1] == groups.shape[0]:
                    break
                groups[count[1], 0] = k
                groups[count[1], 2] = count[0]
                count[1] += 1
            if count[0] == digits.shape[0]:
                break
            count[2], count[3], count[4], count[5] = dots, spaces, hyphens, opens
            digits[count[0]] = c - 48
            count[0] += 1
            k += 1
            last = k
            groups[count[1] - 1, 1] = k
            continue
        if k - last >= (2 if count[0] else 3):
            break  # no digit for so long
        if c == 46:
            dots += 1
        elif c == 32:
            spaces += 1
        elif c == 45:
            hyphens += 1
        elif c == 40 or c == 41 or (c == 43 and k == at):
            opens += 1
        else:
            break
        k += 1
    return last


@njit("boolean(uint8[::1], int64[:, ::1])", cache=True, nogil=True)
def _octets(digits, groups):  # type: ignore[no-untyped-def]
    for g in range(4):
        size = groups[g, 1] - groups[g, 0]
        first = groups[g, 2]
        if size > 3 or (size > 1 and digits[first] == 0):
            return False
        value = 0
        for k in range(size):
            value = value * 10 + digits[first + k]
        if value > 255:
            return False
    return True


@njit("boolean(uint8[::1])", cache=True, nogil=True)
def _social(d):  # type: ignore[no-untyped-def]
    """Whether nine digits can be a US social security number: area, group and serial as issued."""
    area = np.int64(d[0]) * 100 + d[1] * 10 + d[2]
    return area != 0 and area != 666 and area < 900 and d[3] + d[4] > 0 and np.int64(d[5]) + d[6] + d[7] + d[8] > 0


@njit("int64(int64, int64, int64, int64, int64, int64[:, ::1])", cache=True, nogil=True)
def _put(at, row, start, end, kind, out):  # type: ignore[no-untyped-def]
    if at < out.shape[0]:
        out[at, 0], out[at, 1], out[at, 2], out[at, 3] = row, start, end, kind
    return at + 1


@njit("int64(uint8[::1], int64[:, ::1], int64[::1])", cache=True, nogil=True)
def _card(digits, groups, count):  # type: ignore[no-untyped-def]
    """How many leading groups make a card (4-4-4-4, 4-6-5 or one block), 0 if none; negative when only context can say."""
    n = groups[0, 1] - groups[0, 0]
    if n >= 12:
        if luhn(digits, n):
            kind = issuer(digits, n)
            return 1 if kind == 2 else -1
        return 0
    if n == 4 and count[1] >= 3 and count[2] == 0 and count[5] == 0:
        take = 0
        if groups[1, 1] - groups[1, 0] == 6 and groups[2, 1] - groups[2, 0] == 5:
            take = 3
        elif count[1] >= 4 and groups[2, 2] == 8 and groups[3, 2] == 12 and groups[3, 1] - groups[3, 0] == 4:
            take = 4
        if take:
            n = groups[take - 1, 2] + groups[take - 1, 1] - groups[take - 1, 0]
            if luhn(digits, n) and issuer(digits, n) > 0:
                return take
    return 0


@njit("int64(uint8[::1], int64[::1], int64[::1], int64[:, ::1])", cache=True, nogil=True)
def _scan(data, offsets, lengths, out):  # type: ignore[no-untyped-def]
    digits = np.empty(40, dtype=np.uint8)
    groups = np.empty((12, 3), dtype=np.int64)
    count = np.zeros(6, dtype=np.int64)
    found = 0
    for row in range(offsets.shape[0] - 1):
        begin, end = offsets[row], offsets[row + 1]
        at = begin
        while at < end:
            c = data[at]
            if c == 64:
                left = at
                while left > begin and at - left < 64:
                    p = data[left - 1]
                    if not (_letter(p) or _digit(p) or p == 46 or p == 95 or p == 37 or p == 43 or p == 45):
                        break
                    left -= 1
                while left < at and (data[left] == 46 or data[left] == 45):
                    left += 1
                stop = _email(data, at, end)
                if left < at and stop and not (stop + 1 < end and data[stop] == 58 and _word(data[stop + 1])):
                    found = _put(found, row, left - begin, stop - begin, 0, out)
                    at = stop
                    continue
                at += 1
                continue
            fresh = not word_before(data, begin, at)
            lettered = fresh and _letter(c) and at + 14 < end and _letter(data[at + 1])
            if lettered and _digit(data[at + 2]) and _digit(data[at + 3]):
                stop = _iban(data, at, end, lengths)
                if stop:
                    found = _put(found, row, at - begin, stop - begin, 2, out)
                    at = stop
                    continue
            if not (fresh and (_digit(c) or ((c == 43 or c == 40) and at + 1 < end and (
                _digit(data[at + 1]) or data[at + 1] == 40)))):  # fmt: skip
                at += 1
                continue
            stop = _number(data, at, end, digits, groups, count)
            after = data[stop] if stop < end else np.uint8(32)
            before = data[at - 1] if at > begin else np.uint8(32)
            if count[0] < 7 or count[1] > 7:  # too little for a number of somebody, or a list
                at = max(stop, at + 1)
                continue
            dotted = count[1] == 4 and count[2] == 3 and count[3] + count[4] + count[5] == 0 and before != 46
            more = after == 46 and stop + 1 < end and _digit(data[stop + 1])
            if dotted and not more and not _word(after) and _octets(digits, groups):
                found = _put(found, row, at - begin, stop - begin, 4, out)
                at = stop
                continue
            take = _card(digits, groups, count) if count[0] >= 12 else 0
            if take != 0:
                stop = groups[abs(take) - 1, 1]
                if not (stop < end and _word(data[stop])) and before != 46:
                    found = _put(found, row, groups[0, 0] - begin, stop - begin, 1 if take > 0 else 6, out)
                at = stop
                continue
            g0, g1 = groups[0, 1] - groups[0, 0], groups[1, 1] - groups[1, 0]
            shaped = count[0] == 9 and count[1] == 3 and count[4] == 2 and g0 == 3 and g1 == 2
            alone = before != 45 and after != 45 and not _word(after) and count[2] + count[3] + count[5] == 0
            if shaped and alone and _social(digits):
                found = _put(found, row, at - begin, stop - begin, 3, out)
                at = stop
                continue
            if before != 46 and before != 36 and not (before == 45 and at - 1 > begin and _word(data[at - 2])):
                found = _put(found, row, at - begin, stop - begin, 5, out)
            at = max(stop, at + 1)
    return found
