"""Words and signs for verdicts and bands, the same on every page: a colour never stands alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from curate.types import Action

Colour = Literal["green", "orange", "red", "gray", "blue"]


class Sign(NamedTuple):
    """How a state looks: word, Material icon, semantic colour of the theme."""

    word: str
    icon: str
    colour: Colour


BANDS: Mapping[str, Sign] = {
    "healthy": Sign("healthy", ":material/check_circle:", "green"),
    "watch": Sign("watch", ":material/visibility:", "orange"),
    "warning": Sign("warning", ":material/warning:", "red"),
    "not measured": Sign("not measured", ":material/pending:", "gray"),
}
ACTIONS: Mapping[int, Sign] = {
    Action.KEEP: Sign("kept", ":material/check:", "green"),
    Action.DROP: Sign("dropped", ":material/close:", "red"),
    Action.REVIEW: Sign("review", ":material/rate_review:", "orange"),
    Action.FROZEN: Sign("frozen", ":material/ac_unit:", "blue"),
}
MARKS: Mapping[int, str] = {
    Action.KEEP: "✓ kept",
    Action.DROP: "✕ dropped",
    Action.REVIEW: "? review",
    Action.FROZEN: "❄ frozen",
}
GUARDS = ("number", "unit", "name", "negation", "antonym", "word order", "code", "system prompt")


SIDE = len(GUARDS)  # bits of the prompt side; the answer's follow


def differ(bits: int) -> str:
    """What two rows differ in by their guards, prompt and answer sides together; "" when in nothing."""
    both = (bits | bits >> SIDE) & (1 << SIDE) - 1
    return ", ".join(name for b, name in enumerate(GUARDS) if both >> b & 1)


def share(value: float) -> str:
    """0.0473 -> 4.7 %."""
    return "–" if value != value else f"{100 * value:.3g} %"


def title(code: str) -> str:
    """near_text -> Near text."""
    return code.replace("_", " ").capitalize()


def rows(count: int) -> str:
    """1 row, 2,000 rows."""
    return f"{count:,} row{'' if count == 1 else 's'}"


def count(many: int, what: str) -> str:
    """1 pair, 2 pairs."""
    return f"{many:,} {what}{'' if many == 1 else 's'}"


def number(value: float) -> str:
    """A figure as a person reads it."""
    if value != value:
        return "–"
    if value in (float("inf"), float("-inf")):
        return "off"
    if abs(value) >= 1000 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"


def pressed(on: bool) -> Literal["secondary", "tertiary"]:
    """The look of a button that stays pressed: framed or bare. Never "primary": in the dark theme no colour is both readable
    on the page, as a slider's figure, and readable under the white text of such a button."""
    return "secondary" if on else "tertiary"
