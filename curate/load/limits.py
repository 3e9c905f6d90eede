"""How much one file may ask of us."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps that keep a hostile or broken file from taking the machine down; raise one by passing another value.

    line: bytes of one row. plain: bytes of one file after decompression. ratio: decompressed bytes per compressed byte,
    looked at only beyond `ratio_floor` decompressed bytes. rows: rows of one Parquet file. batch: decoded Parquet bytes
    held at once.
    """

    line: int = 10_000_000
    plain: int = 20_000_000_000
    ratio: float = 200.0
    ratio_floor: int = 100_000_000
    rows: int = 50_000_000
    batch: int = 512_000_000


DEFAULT = Limits()
