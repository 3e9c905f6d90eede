"""Personal data: kinds and spans by arithmetic and context, what is none, masks, and linear time."""

from __future__ import annotations

import time

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from signal_cases import signal

from curate.measure.pii import KINDS, find, redacted
from curate.measure.pii_scan import luhn


def found(text: str) -> list[tuple[str, str]]:
    """(kind, the text of the span) of one text."""
    spans = find(pa.array([text], pa.large_string()))
    raw = text.encode()
    return [(KINDS[k], raw[a:b].decode()) for a, b, k in zip(spans.start, spans.end, spans.kind, strict=True)]


@pytest.mark.parametrize(
    ("text", "kind", "span"),
    [
        ("mail me at ann.b+x@example.co.uk.", "email", "ann.b+x@example.co.uk"),
        ("card 4111111111111111 please", "card", "4111111111111111"),
        ("4242 4242 4242 4242", "card", "4242 4242 4242 4242"), ("3782-822463-10005", "card", "3782-822463-10005"),
        ("my cc 6759649826438453 is lost", "card", "6759649826438453"),
        ("IBAN gb82 WEST 1234 5698 7654 32 now", "iban", "gb82 WEST 1234 5698 7654 32"),
        ("DE89370400440532013000", "iban", "DE89370400440532013000"),
        ("SSN 536-90-4399.", "ssn", "536-90-4399"), ("my social security number: 536904399", "ssn", "536904399"),
        ("from 41.173.96.26 today", "ip", "41.173.96.26"), ("at 2606:4700:4700::1111 now", "ip", "2606:4700:4700::1111"),
        ("call (212) 555-2368", "phone", "(212) 555-2368"), ("+44 20 7946 0958", "phone", "+44 20 7946 0958"),
        ("Phone: 98765 43210", "phone", "98765 43210"), ("mobile 0341 8387176", "phone", "0341 8387176"),
        ("key AKIAIOSFODNN7EXAMPLE", "secret", "AKIAIOSFODNN7EXAMPLE"),
        ("my driver's license number is D1234567", "licence", "D1234567"),
    ],
)  # fmt: skip
def test_kinds_and_spans(text: str, kind: str, span: str) -> None:
    assert found(text) == [(kind, span)]
    assert found("é\n" + text) == [(kind, span)]  # spans are bytes of the text


@pytest.mark.parametrize(
    "text",
    [
        "created 1755302400", "at 1755302400123 ms", "version 1.2.3.4", "v10.20.30.40 is out", "127.0.0.1 and 192.168.0.1",
        "255.255.255.0", "999.999.999.999", "2023-10-12 and 12-10-2023", "the years 1990-1995", "pi is 3.14159265358979",
        "git@github.com:user/repo", "isbn 978-3-16-148410-0", "4111111111111112", "000-12-3456", "900-12-3456", "666-12-3456",
        "he paid 1,250,000 for it", "id 123456789012", "a@b", "@user said", "1 2 3 4 5 6 7 8 9", "table 1-1000181-1 cell",
        "GB82WEST12345698765433", "x@y.z1", "", "range 100000-200000", "order 66 phones",
    ],
)  # fmt: skip
def test_what_is_no_personal_data(text: str) -> None:
    assert found(text) == []


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=19))
def test_luhn_is_the_written_one(digits: list[int]) -> None:
    doubled = [(2 * d - 9 if d > 4 else 2 * d) if k % 2 else d for k, d in enumerate(reversed(digits))]
    assert luhn(np.array(digits, np.uint8), len(digits)) == (sum(doubled) % 10 == 0)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="0123456789 -.()+@aGB:/é", max_size=120))
def test_spans_stand_apart_and_hold_whole_signs(text: str) -> None:
    spans = find(pa.array([text], pa.large_string()))
    ends = [0, *spans.end.tolist()]
    for start, end, before in zip(spans.start.tolist(), spans.end.tolist(), ends, strict=False):
        assert before <= start < end <= len(text.encode())
        text.encode()[start:end].decode()


def test_redacting_changes_a_copy_and_says_where() -> None:
    texts = ["Mail é ann@example.com or call +1 212 555 2368.", "nothing here"]
    made, spans = redacted(texts)
    assert made == ["Mail é [email] or call [phone].", "nothing here"] and len(spans) == 2
    assert texts[0].startswith("Mail é ann@") and [KINDS[k] for k in spans.kind] == ["email", "phone"]


def test_a_model_of_names_plugs_in() -> None:
    spans = find(pa.array(["é Ann came"], pa.large_string()), lambda texts: [[(2, 5, "PERSON")] for _ in texts])
    assert (spans.start.tolist(), spans.end.tolist(), spans.kind.tolist()) == ([3], [6], [KINDS.index("named")])


def test_columns_count_every_text_of_the_row() -> None:
    made = signal("pii", ("ann@example.com", "bob@example.com, card 4111111111111111"), ("none", "none"))
    assert (
        made["pii_email"].tolist() == [2, 0] and made["pii_card"].tolist() == [1, 0] and made["pii"].tolist() == [3, 0]
    )


@pytest.mark.parametrize("piece", ["a.", "a@", "1.", "1 ", "(1", "AA00", "1-", "+1", "a.b@"])
def test_a_megabyte_costs_linear_time(piece: str) -> None:
    """Ten times the text costs about ten times the time: no pattern is quadratic. (Speed itself is a benchmark.)"""

    def cost(n: int) -> float:
        text = pa.array([piece * n], pa.large_string())
        began = time.process_time()
        find(text)
        return time.process_time() - began

    cost(1_000)
    small, large = max(cost(20_000), 0.002), cost(200_000)
    assert large < 40 * small
