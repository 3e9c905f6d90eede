"""What people decided, as one frozen value: the workspace keeps it, decide obeys it, an export carries it.

A row override names an id (a content hash with a rank), so it holds for any dataset that has the row.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

from curate.errors import RecipeError

ACTIONS = ("keep", "drop", "review")
PAIR_VERDICTS = ("not_duplicate", "both_right")
HEADER = ("kind", "id", "other", "value", "note")
# A spreadsheet runs a cell that begins with one of these; "'" itself is guarded so that reading is exact.
_FORMULA = frozenset("=+-@\t\r\n|%'＝＋－＠")


@dataclass(frozen=True)
class Overrides:
    """People's decisions as columns, in canonical order (sorted by id).

    ids, actions, notes: one per decided row; action is keep, drop or review.
    pairs: (id_a, id_b, verdict) with id_a < id_b; verdict is not_duplicate or both_right.
    remarks: (id, note) of rows that carry a note and no decision.
    """

    ids: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str, str], ...] = ()
    remarks: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if not len(self.ids) == len(self.actions) == len(self.notes):
            raise RecipeError(
                f"overrides: {len(self.ids)} ids, {len(self.actions)} actions, {len(self.notes)} notes; "
                "the columns must be equally long"
            )
        for action in set(self.actions).difference(ACTIONS):
            raise RecipeError(f"overrides: action {action!r}; allowed: {', '.join(ACTIONS)}")
        for verdict in {pair[2] for pair in self.pairs}.difference(PAIR_VERDICTS):
            raise RecipeError(f"overrides: pair verdict {verdict!r}; allowed: {', '.join(PAIR_VERDICTS)}")
        if any(a >= b for a, b, _ in self.pairs):
            raise RecipeError("overrides: a pair must name two different ids, the smaller one first")

    @classmethod
    def of(
        cls,
        rows: Mapping[str, tuple[str, str]],
        pairs: Iterable[tuple[str, str, str]] = (),
        remarks: Mapping[str, str] | None = None,
    ) -> Overrides:
        """Overrides in canonical order from {id: (action, note)}, (id, id, verdict) and {id: note}."""
        ids = tuple(sorted(rows))
        return cls(
            ids=ids,
            actions=tuple(rows[i][0] for i in ids),
            notes=tuple(rows[i][1] for i in ids),
            pairs=tuple(sorted((min(a, b), max(a, b), verdict) for a, b, verdict in pairs)),
            remarks=tuple(sorted((remarks or {}).items())),
        )

    def __len__(self) -> int:
        return len(self.ids) + len(self.pairs)

    @cached_property
    def fingerprint(self) -> str:
        """32 hex over decisions in sorted order; notes change nothing that follows, so they are left out."""
        lines = [f"row\x1f{i}\x1f{a}" for i, a in zip(self.ids, self.actions, strict=True)]
        lines += ["pair\x1f" + "\x1f".join(pair) for pair in self.pairs]
        return blake2b("\x1e".join(sorted(lines)).encode(), digest_size=16).hexdigest()

    def to_csv(self) -> str:
        """CSV: kind, id, other, value, note; a cell that a spreadsheet would run gets a `'` first."""
        out = io.StringIO(newline="")
        write = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow
        write(HEADER)
        for row_id, action, note in zip(self.ids, self.actions, self.notes, strict=True):
            write(map(_guard, ("row", row_id, "", action, note)))
        for first, second, verdict in self.pairs:
            write(map(_guard, ("pair", first, second, verdict, "")))
        for row_id, note in self.remarks:
            write(map(_guard, ("note", row_id, "", "", note)))
        return out.getvalue()

    @classmethod
    def from_csv(cls, text: str) -> Overrides:
        """The value that `to_csv` wrote, exactly. Raises RecipeError with the line of a bad row."""
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        rows: dict[str, tuple[str, str]] = {}
        pairs: list[tuple[str, str, str]] = []
        remarks: dict[str, str] = {}
        try:
            if tuple(next(reader, ())) != HEADER:
                raise RecipeError(f"overrides CSV, line 1: the header must be {','.join(HEADER)}")
            for cells in reader:
                _take([_unguard(cell) for cell in cells], rows, pairs, remarks)
        except (csv.Error, ValueError, RecipeError) as error:
            raise RecipeError(f"overrides CSV, line {reader.line_num}: {error}") from None
        return cls.of(rows, pairs, remarks)


EMPTY = Overrides()


def _take(
    cells: list[str],
    rows: dict[str, tuple[str, str]],
    pairs: list[tuple[str, str, str]],
    remarks: dict[str, str],
) -> None:
    if len(cells) != len(HEADER):
        raise RecipeError(f"{len(cells)} cells; {len(HEADER)} are needed")
    kind, row_id, other, value, note = cells
    if kind == "row" and value in ACTIONS and row_id not in rows:
        rows[row_id] = (value, note)
    elif kind == "pair" and value in PAIR_VERDICTS and row_id != other:
        pairs.append((row_id, other, value))
    elif kind == "note" and row_id not in remarks:
        remarks[row_id] = note
    else:
        raise RecipeError(
            "an unknown kind or value, or an id decided twice; allowed: row (keep, drop, review), "
            "pair (not_duplicate, both_right), note"
        )


def _guard(cell: str) -> str:
    return "'" + cell if cell[:1] in _FORMULA else cell


def _unguard(cell: str) -> str:
    return cell[1:] if cell.startswith("'") else cell
