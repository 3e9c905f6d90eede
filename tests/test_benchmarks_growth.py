"""How steps grow is read off the committed results alone."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from benchmarks.growth import cost, exponent, page, plot, predicted, read, table
from benchmarks.schema import Result


def times(name: str, power: float, *rows: int) -> list[Result]:
    return [Result(name, str(n), n, 1e-5 * n**power, 100.0) for n in rows]


@pytest.mark.parametrize("power", [0.8, 1.0, 1.3])
def test_the_exponent_is_the_slope_and_what_is_far_follows_it(power: float) -> None:
    found = times("load", power, 10_000, 50_000, 500_000)
    assert exponent(found) == pytest.approx(power)
    assert predicted(found, 5_000_000) == pytest.approx((found[-1].seconds or 0) * 10 ** max(power, 1.0))
    assert exponent(found[:1]) is None and exponent(times("x", 1.0, 10, 100)) is None


def test_the_page_says_what_is_predicted_and_what_grows_too_fast() -> None:
    steps = {n: times(n, 1.3, 10_000, 100_000) for n in ("load", "text", "near_text", "decide", "export")}
    assert "above n^1.2" in table(steps)[2]
    assert all("predicted" in line for line in cost(steps, 2.0)[2:])
    assert "10,000,000" in page(steps, None)
    assert "nothing is predicted" in cost({}, None)[0] or not cost({}, None)[0].startswith("|")


def test_the_committed_results_make_a_plot() -> None:
    steps = {name: each for name, each in read().items() if len(each) > 1}
    assert {"load", "decide", "near_text"} <= steps.keys()
    assert ElementTree.fromstring(plot(steps)).tag.endswith("svg")
