"""A judge's reply to scores, or to the reason why it is none: whole numbers from 1 to 5 and real true or false only."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

_FENCE = re.compile(r"\A\s*```(?:json)?\s*\n(.*?)\n?\s*```\s*\Z", re.DOTALL)


class Unreadable(ValueError):
    """A reply that holds no scores; its text is a stable code."""


def scores_of(text: str, stop: str, names: Sequence[str]) -> dict[str, float]:
    """The scores of a reply by name, with overall and exclude (0 or 1). Errors: Unreadable."""
    data = object_of(text, stop)
    wanted = {"reasoning", "overall", "exclude", *names}
    if set(data) != wanted:
        raise Unreadable("missing_key" if wanted - set(data) else "unknown_key")
    if not isinstance(data["reasoning"], str) or type(data["exclude"]) is not bool:
        raise Unreadable("wrong_type")
    return {n: _score(data[n]) for n in (*names, "overall")} | {"exclude": float(data["exclude"])}


def object_of(text: str, stop: str) -> dict[str, Any]:
    """The one JSON object of a finished reply. Errors: Unreadable."""
    if stop == "refusal":
        raise Unreadable("refusal")
    if stop in ("max_tokens", "model_context_window_exceeded"):
        raise Unreadable(stop)
    fenced = _FENCE.match(text)
    return _object(fenced.group(1) if fenced else text)


def _score(value: Any) -> float:
    if type(value) is not int:  # "4", 4.0, true and null are no scores
        raise Unreadable("wrong_type")
    if not 1 <= value <= 5:
        raise Unreadable("out_of_range")
    return float(value)


def _object(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text, object_pairs_hook=_once, parse_constant=_constant)
    except Unreadable:
        raise
    except (ValueError, RecursionError):
        raise Unreadable("not_json") from None
    if not isinstance(data, dict):
        raise Unreadable("not_an_object")
    return data


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise Unreadable("duplicate_key")
    return made


def _constant(_text: str) -> Any:
    raise Unreadable("not_json")
