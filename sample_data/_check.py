"""Brute force: no two rows are alike in question and answer unless that was planned."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from _model import Row

FLOOR = 0.7  # below the 0.8 at which the default recipe calls rows duplicates, so that nothing stands near the line


def grams(text: str) -> frozenset[str]:
    """Character 5-grams of the lower-cased text, runs of white space as one space."""
    text = " ".join(text.lower().split())
    return frozenset(text[n : n + 5] for n in range(max(1, len(text) - 4)))


def jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    shared = len(a & b)
    return shared / (len(a) + len(b) - shared)


def at_least(a: frozenset[str], b: frozenset[str], floor: float) -> bool:
    """Whether the Jaccard reaches the floor; sizes alone rule out most pairs."""
    small, large = sorted((len(a), len(b)))
    return small >= floor * large and jaccard(a, b) >= floor


def alike(rows: Iterable[Row]) -> list[tuple[Row, Row]]:
    """All pairs whose questions and answers both reach the floor."""
    seen: list[tuple[Row, frozenset[str], frozenset[str]]] = []
    found = []
    for row in rows:
        prompt, answer = grams(row.prompt), grams(row.answer)
        found += [(other, row) for other, p, a in seen if at_least(p, prompt, FLOOR) and at_least(a, answer, FLOOR)]
        seen.append((row, prompt, answer))
    return found


def assert_planned(rows: list[Row], planned: Callable[[Row, Row], bool]) -> None:
    """Fail with the keys of every pair that nobody planned."""
    bad = [f"{a.key} ~ {b.key}" for a, b in alike(rows) if not planned(a, b)]
    if bad:
        raise SystemExit(f"{len(bad)} pairs are alike at {FLOOR} and were not planned: " + "; ".join(bad[:20]))


def assert_near(copy: Row, base: Row, floor: float = 0.8) -> None:
    """Fail unless a planted near-copy is one on both sides."""
    for side in ("prompt", "answer"):
        value = jaccard(grams(getattr(copy, side)), grams(getattr(base, side)))
        if value < floor:
            raise SystemExit(f"{copy.key} was planted as a near-copy of {base.key}, its {side} reaches {value:.2f}; allowed is {floor} up")
