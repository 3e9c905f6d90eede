"""Stage results kept between two decisions, so that a moved setting recomputes only what it feeds."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from hashlib import blake2b
from typing import Any

from curate.types import Bool


class Memo:
    """Stage results of an earlier call, re-used while the settings that fed them are equal."""

    def __init__(self, old: dict[str, tuple[Any, Any]]) -> None:
        self.old, self.new = old, dict[str, tuple[Any, Any]]()

    def get(self, name: str, key: Hashable, make: Callable[[], Any]) -> Any:
        entry = self.old.get(name)
        if entry is None or entry[0] != key:
            entry = (key, make())
        self.new[name] = entry
        return entry[1]


def digest(flags: Bool) -> bytes:
    """A key that stands for an array of flags."""
    return blake2b(flags.tobytes(), digest_size=16).digest()
