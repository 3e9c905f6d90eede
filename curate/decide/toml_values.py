"""Single values of a recipe's TOML: checked when read, written so that one setting has one text."""

from __future__ import annotations

from typing import Any, get_args, get_origin

from curate.errors import RecipeError


def typed(value: Any, kind: Any, where: str) -> Any:
    """`value` as `kind`; an int is a float, a bool is neither."""
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if get_origin(kind) is not None:
        kind = get_args(kind)[0]
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise RecipeError(f"{where} is {type(value).__name__}; expected {kind.__name__}")
    return value


def toml_value(value: Any, kind: type = str) -> str:
    """One TOML value of that kind: bool, int, float (shortest repr, inf as inf) or basic string.

    By kind and not by value: 1, 1.0 and a slider's numpy number are one setting and must give one fingerprint.
    """
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return repr(int(value))
    if kind is float:
        return repr(float(value) + 0.0)  # -0.0 is 0.0
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return (
        '"'
        + "".join(
            c if c.isprintable() else f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08x}" for c in text
        )
        + '"'
    )
