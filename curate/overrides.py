"""What people decided, as one frozen value: the workspace keeps it, decide obeys it, an export carries it.

A row override names an id (a content hash with a rank), so it holds for any dataset that has the row.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b

from curate.errors import RecipeError

ACTIONS = ("keep", "drop", "review")
PAIR_VERDICTS = ("not_duplicate", "both_right")
TOPIC_EDITS = ("topic_name", "topic_merge", "topic_split", "topic_move")
HEADER = ("kind", "id", "other", "value", "note")
# A spreadsheet runs a cell that begins with one of these; "'" itself is guarded so that reading is exact.
_FORMULA = frozenset("=+-@\t\r\n|%'＝＋－＠")


@dataclass(frozen=True)
class Overrides:
    """People's decisions as columns, in canonical order (sorted by id).

    ids, actions, notes: one per decided row; action is keep, drop or review.
    pairs: (id_a, id_b, verdict) with id_a < id_b; verdict is not_duplicate or both_right.
    remarks: (id, note) of rows that carry a note and no decision.
    tags: (id, tag). topics: (kind, id, other, value), where an id stands for the topic that holds the row, at any cut:
    topic_name: it is called value; topic_merge: it and the topic of other (the larger id) are one; topic_split: it is cut in
    parts, in the order of value ("1", "2", ...); topic_move: the row itself is in the topic called value.
    """

    ids: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str, str], ...] = ()
    remarks: tuple[tuple[str, str], ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    topics: tuple[tuple[str, str, str, str], ...] = ()

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
        for edit in self.topics:
            _check_topic(*edit)

    @classmethod
    def of(
        cls,
        rows: Mapping[str, tuple[str, str]],
        pairs: Iterable[tuple[str, str, str]] = (),
        remarks: Mapping[str, str] | None = None,
        tags: Iterable[tuple[str, str]] = (),
        topics: Iterable[tuple[str, str, str, str]] = (),
    ) -> Overrides:
        """Overrides in canonical order from {id: (action, note)}, (id, id, verdict), {id: note}, (id, tag), topic edits."""
        ids = tuple(sorted(rows))
        return cls(
            ids=ids,
            actions=tuple(rows[i][0] for i in ids),
            notes=tuple(rows[i][1] for i in ids),
            pairs=tuple(sorted((min(a, b), max(a, b), verdict) for a, b, verdict in pairs)),
            remarks=tuple(sorted((remarks or {}).items())),
            tags=tuple(sorted(set(tags))),
            topics=tuple(sorted(topics)),
        )

    def __len__(self) -> int:
        return len(self.ids) + len(self.pairs) + len(self.topics)

    @cached_property
    def fingerprint(self) -> str:
        """32 hex over decisions in sorted order; notes and tags change nothing that follows, so they are left out."""
        lines = [f"row\x1f{i}\x1f{a}" for i, a in zip(self.ids, self.actions, strict=True)]
        lines += ["pair\x1f" + "\x1f".join(pair) for pair in self.pairs]
        lines += ["\x1f".join(edit) for edit in self.topics]
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
        for row_id, tag in self.tags:
            write(map(_guard, ("tag", row_id, tag, "on", "")))
        for kind, row_id, other, value in self.topics:
            write(map(_guard, (kind, row_id, other, value, "")))
        return out.getvalue()

    @classmethod
    def from_csv(cls, text: str) -> Overrides:
        """The value that `to_csv` wrote, exactly. Raises RecipeError with the line of a bad row."""
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        read = _Read()
        try:
            if tuple(next(reader, ())) != HEADER:
                raise RecipeError(f"overrides CSV, line 1: the header must be {','.join(HEADER)}")
            for cells in reader:
                read.take([_unguard(cell) for cell in cells])
        except (csv.Error, ValueError, RecipeError) as error:
            raise RecipeError(f"overrides CSV, line {reader.line_num}: {error}") from None
        return cls.of(read.rows, read.pairs, read.remarks, read.tags, read.topics)


EMPTY = Overrides()


@dataclass
class _Read:
    """What was read of a CSV so far."""

    rows: dict[str, tuple[str, str]] = field(default_factory=dict)
    pairs: list[tuple[str, str, str]] = field(default_factory=list)
    remarks: dict[str, str] = field(default_factory=dict)
    tags: list[tuple[str, str]] = field(default_factory=list)
    topics: list[tuple[str, str, str, str]] = field(default_factory=list)

    def take(self, cells: list[str]) -> None:
        if len(cells) != len(HEADER):
            raise RecipeError(f"{len(cells)} cells; {len(HEADER)} are needed")
        kind, row_id, other, value, note = cells
        if kind == "row" and value in ACTIONS and row_id not in self.rows:
            self.rows[row_id] = (value, note)
        elif kind == "pair" and value in PAIR_VERDICTS and row_id != other:
            self.pairs.append((row_id, other, value))
        elif kind == "note" and row_id not in self.remarks:
            self.remarks[row_id] = note
        elif kind == "tag" and other and value == "on":
            self.tags.append((row_id, other))
        elif kind in TOPIC_EDITS:
            self.topics.append((kind, row_id, other, value))
        else:
            raise RecipeError(
                "an unknown kind or value, or an id decided twice; allowed: row (keep, drop, review), "
                f"pair (not_duplicate, both_right), note, tag, {', '.join(TOPIC_EDITS)}"
            )


def _check_topic(kind: str, row_id: str, other: str, value: str) -> None:
    right = {
        "topic_name": not other and bool(value),
        "topic_merge": row_id < other and value == "merge",
        "topic_split": not other and value.isdecimal(),
        "topic_move": not other and bool(value),
    }
    if not right.get(kind, False):
        raise RecipeError(
            f"overrides: a topic edit of kind {kind!r} is not right; allowed: topic_name and topic_move with a name, "
            "topic_merge of two ids, the smaller one first, topic_split with a number"
        )


def _guard(cell: str) -> str:
    return "'" + cell if cell[:1] in _FORMULA else cell


def _unguard(cell: str) -> str:
    return cell[1:] if cell.startswith("'") else cell
