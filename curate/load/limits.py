"""How much one file may ask of us."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

from curate.errors import DataError


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps that keep a hostile or broken file from taking the machine down; raise one by passing another value.

    line: bytes of one row. plain: bytes of one file after decompression. ratio: decompressed bytes per compressed byte,
    looked at only beyond `ratio_floor` decompressed bytes. Of one Parquet or Arrow file: rows; batch, decoded bytes of 1,000
    rows; memory, bytes that its reader process may take; seconds that may pass without a row. chain: bytes of a file whose rows continue each other.
    """

    line: int = 10_000_000
    plain: int = 20_000_000_000
    ratio: float = 200.0
    ratio_floor: int = 100_000_000
    rows: int = 50_000_000
    batch: int = 512_000_000
    memory: int = 1_500_000_000
    seconds: float = 60.0
    chain: int = 1_000_000_000

    def changed(self) -> tuple[tuple[str, float], ...]:
        """Name and value of every limit that is not the usual one, by name."""
        return tuple((f.name, getattr(self, f.name)) for f in fields(self) if getattr(self, f.name) != f.default)


DEFAULT = Limits()


def parse_limits(given: Iterable[str]) -> Limits:
    """`--limit` values such as `line=50000000` as limits; the last of a name counts. Raises DataError for others."""
    kinds = {f.name: type(getattr(DEFAULT, f.name)) for f in fields(Limits)}
    made: dict[str, float] = {}
    for text in given:
        key, _, value = text.partition("=")
        if key not in kinds:
            raise DataError(f"--limit {key!r} is not known; allowed: {', '.join(f'{k}=N' for k in kinds)}")
        try:
            made[key] = kinds[key](value)
        except ValueError:
            raise DataError(f"--limit {key}={value!r} is no number; write {key}=N") from None
        if not 0 < made[key] < 1e18:
            raise DataError(f"--limit {key}={value} is out of range; write a number above 0")
    return Limits(**made)  # type: ignore[arg-type]
