"""Years and days that a text names later than the row's own time, in one compiled pass over its digits.

A year is 1900 to 2099 standing alone, a day is written 2026-03-04. A letter is ASCII's here: 2031年 is a year too.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from curate.measure.buffers import flat
from curate.types import F32

FAR = 2.5e11  # seconds: the last year that has four digits


def years_after(column: Any, moments: NDArray[np.float64]) -> F32:
    """float32 [n]: years from each moment (seconds, NaN = unknown) to the latest day or year that the text names; 0 = none is
    later, NaN for an unknown moment or one past the year 9999."""
    known = np.abs(moments) < FAR
    own = np.array(
        [datetime.fromtimestamp(t, UTC).year if k else 0 for t, k in zip(moments, known, strict=True)], np.int64
    )
    out = np.zeros(moments.shape[0], dtype=np.float32)
    _latest(*flat(column), np.where(known, moments, 0.0), own, out)
    return np.where(known, out, np.float32(np.nan))


@njit("int64(uint8[::1], int64, int64, int64)", cache=True, nogil=True, inline="always")
def _digits(data, at, end, count):  # type: ignore[no-untyped-def]
    """The number of `count` digits at `at`, -1 when other signs stand there."""
    if at + count > end:
        return -1
    value = np.int64(0)
    for k in range(at, at + count):
        if not 48 <= data[k] <= 57:
            return -1
        value = value * 10 + np.int64(data[k]) - 48
    return value


@njit("boolean(uint8[::1], int64, int64)", cache=True, nogil=True, inline="always")
def _ends(data, at, end):  # type: ignore[no-untyped-def]
    """Whether no letter, digit or _ stands at `at`."""
    if at >= end:
        return True
    c = data[at]
    return not (48 <= c <= 57 or 97 <= (c | 32) <= 122 or c == 95)


@njit("int64(int64, int64, int64)", cache=True, nogil=True)
def _day(year, month, day):  # type: ignore[no-untyped-def]
    """Days since 1970-01-01 of a day of the Gregorian calendar."""
    y = year - (1 if month <= 2 else 0)
    era = y // 400
    of_era = y - era * 400
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


@njit("void(uint8[::1], int64[::1], float64[::1], int64[::1], float32[::1])", cache=True, nogil=True)
def _latest(data, offsets, moments, own, out):  # type: ignore[no-untyped-def]
    for row in range(out.shape[0]):
        at, end = offsets[row], offsets[row + 1]
        most = 0.0
        while at < end:
            c = data[at]
            if (c != 49 and c != 50) or (at > offsets[row] and not _ends(data, at - 1, end)):
                at += 1
                continue
            year = _digits(data, at, end, 4)
            if not 1900 <= year <= 2099:
                at += 1
                continue
            at += 4
            years, alone = float(year - own[row]), _ends(data, at, end)
            if at < end and data[at] == 45 and at + 3 < end and data[at + 3] == 45:
                month, day = _digits(data, at + 1, end, 2), _digits(data, at + 4, end, 2)
                if month >= 0 and day >= 0 and _ends(data, at + 6, end):
                    alone = True
                    at += 6
                    if 0 < month <= 12 and 0 < day <= 28:
                        years = np.floor(_day(year, month, day) - moments[row] / 86400.0) / 365.25
            if alone:
                most = max(most, years)
        out[row] = most
