"""Letters as the rest has them or not: what stands out, whom it is compared with, and that the order of rows is nothing to it."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from signal_cases import table

from curate.measure.surprise import ANCHORS, LEAST, LONG, SHORT, measure_surprise

PLAIN = "Open the valve number {} by hand, wait for the water to clear, and write the time of row {} into the book of the station."


def measured(answers: list[str], frozen: int = 0) -> list[float]:
    flags = np.arange(len(answers)) >= len(answers) - frozen
    return list(measure_surprise(table([("q", a) for a in answers]), flags)["surprise"].tolist())


def test_gibberish_and_another_script_stand_out() -> None:
    odd = [
        "xq zvk wqpf jjkw zzx qqv bkxw pfqz vvkj xxzq wkbv qjfp",
        "Откройте вентиль рукой и подождите, пока вода не станет чистой.",
    ]
    made = measured([PLAIN.format(k, k * 7) for k in range(300)] + odd)
    assert max(made[:300]) + 1 < min(made[300:]) and max(made[:300]) < 2
    assert np.isnan(measured(["short"])[0])


def test_evaluation_rows_are_the_anchor_where_there_are_enough() -> None:
    pool = ["zq xv " * 12] * 50
    few = measured([*pool, *(PLAIN.format(k, k) for k in range(ANCHORS - 1))], ANCHORS - 1)
    many = measured([*pool, *(PLAIN.format(k, k) for k in range(ANCHORS))], ANCHORS)
    assert few[0] < 2 < 5 < many[0]


def test_it_equals_a_count_by_hand() -> None:
    answers = ["abcabcabd " * 5, "a plain text of forty letters and some more", "xyz" * 20]
    four, three, trio, pair = Counter[bytes](), Counter[bytes](), Counter[bytes](), Counter[bytes]()
    texts = [b"\0" * 3 + a.encode() for a in answers]
    for t in texts:
        for k in range(3, len(t)):
            four[t[k - 3 : k + 1]] += 1
            three[t[k - 3 : k]] += 1
            trio[t[k - 2 : k + 1]] += 1
            pair[t[k - 2 : k]] += 1
    for t, found in zip(texts, measured(answers), strict=True):
        bits = 0.0
        for k in range(3, len(t)):
            p = (1 - LONG - SHORT) / 256
            for weight, hits, seen in (
                (LONG, four[t[k - 3 : k + 1]] - 1, three[t[k - 3 : k]] - 1),
                (SHORT, trio[t[k - 2 : k + 1]] - 1, pair[t[k - 2 : k]] - 1),
            ):
                p += weight * hits / seen if seen else 0
            bits -= math.log2(p)
        assert found == pytest.approx(bits / (len(t) - 3), rel=1e-4)
    assert measured(answers[::-1]) == measured(answers)[::-1] and LEAST == 40
