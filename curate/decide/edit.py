"""Two sections of a recipe: which rows leave as a changed copy, and what an answer's length is measured against."""

from __future__ import annotations

from dataclasses import dataclass

from curate.errors import RecipeError

PII_KINDS = ("email", "card", "iban", "ssn", "ip", "phone", "secret", "licence")


@dataclass(frozen=True, slots=True)
class Edit:
    """Rows that leave as a changed copy in place of being held back (curate/decide/effective.py); originals are exported beside.

    redact: kinds of personal data that are written as their kind, as in "email, phone", or "all"; "" = none.
    strip_answer: an answer that stands at the end of its prompt is cut from it.
    """

    redact: str = ""
    strip_answer: bool = False


@dataclass(frozen=True, slots=True)
class Lengths:
    """What an answer's length is measured against (`answer_ratio`): "median" of the set, "topic" = the median of its topic,
    a number of words, or "column:NAME" = words that a column of the user's own expects of the row."""

    expected: str = "median"


def redacted_kinds(text: str) -> tuple[str, ...]:
    """The kinds that [edit] redact names, in order. Errors: RecipeError."""
    wanted = {part.strip() for part in text.split(",") if part.strip()}
    odd = sorted(wanted - {*PII_KINDS, "all"})
    if odd:
        raise RecipeError(f"edit.redact names {odd[0][:40]!r}; allowed are all, {', '.join(PII_KINDS)}")
    return PII_KINDS if "all" in wanted else tuple(k for k in PII_KINDS if k in wanted)


def expected_words(text: str) -> float | str:
    """A number of words, or "median", "topic", "column:NAME". Errors: RecipeError."""
    if text in ("median", "topic") or (text.startswith("column:") and len(text) > len("column:")):
        return text
    try:
        words = float(text)
    except ValueError:
        words = 0.0
    if not 0 < words < 1e9:
        raise RecipeError(
            f'lengths.expected is {text[:40]!r}; allowed are "median", "topic", a number of words, "column:NAME"'
        )
    return words
