"""Snapshots as files, as recipes, and side by side: which rows change fate, the funnel, the badges, the settings."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.decide import Recipe, check, decide
from curate.decide.changes import Change, changes
from curate.errors import DataError
from curate.overrides import Overrides
from curate.store.history import Snapshot
from curate.types import Action, Check, Dataset, Evidence, Verdicts

ENDING = ".snapshot.json"
SCHEMA = 1
LONGEST = 200_000_000  # bytes of a shared snapshot: decisions on every row of half a million


def snapshot_of(name: str, recipe: Recipe, dataset: Dataset | None, title: str, note: str, who: str) -> Snapshot:
    """The recipe with its decisions, to be kept under a name."""
    return Snapshot(
        name, recipe.fingerprint, "" if dataset is None else dataset.fingerprint, title, recipe.to_toml(),
        recipe.overrides.to_csv(), note, who, "",
    )  # fmt: skip


def recipe_of(made: Snapshot) -> Recipe:
    """The recipe of a snapshot, with its decisions. Errors: RecipeError."""
    return Recipe.from_toml(made.recipe, Overrides.from_csv(made.overrides), made.name)


def shared(made: Snapshot) -> str:
    """A snapshot as one file, to be sent: what `--recipe` reads on another machine, decisions included."""
    return (
        json.dumps(
            {"curate": "snapshot", "schema": SCHEMA, **asdict(made)}, ensure_ascii=False, sort_keys=True, indent=1
        )
        + "\n"
    )


def read_shared(text: str, name: str) -> Snapshot:
    """The snapshot in such a file. Errors: DataError when it is none; RecipeError for a recipe or decisions that don't parse."""
    try:
        held: dict[str, Any] = json.loads(text)
        wanted = {f.name for f in fields(Snapshot)}
        right = held.pop("curate") == "snapshot" and held.pop("schema") == SCHEMA
        if not right or set(held) != wanted or any(type(v) is not str for v in held.values()):
            raise ValueError
        made = Snapshot(**held)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise DataError(f"{name} is no snapshot; give a file of `curate history share`, NAME{ENDING}") from None
    found = recipe_of(made)
    if found.fingerprint != made.fingerprint:
        raise DataError(
            f"{name} was changed since it was shared, or an older curate wrote it: its recipe has another fingerprint"
        )
    return made


def read_file(path: Path) -> Snapshot:
    """A shared snapshot on disk. Errors: DataError."""
    try:
        if path.stat().st_size > LONGEST:
            raise DataError(f"{path.name} has more than {LONGEST / 1e6:,.0f} MB; that is no snapshot")
        return read_shared(path.read_text("utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"snapshot {path.name} can't be read ({type(error).__name__})") from None


@dataclass(frozen=True)
class SideBySide:
    """Two recipes over the same evidence. changed: int64, rows with another action; moves: (before, after) -> rows."""

    one: Verdicts
    two: Verdicts
    settings: tuple[Change, ...]
    decisions: int
    changed: NDArray[np.int64]
    moves: Mapping[tuple[str, str], int]
    badges: tuple[tuple[Check, Check], ...]

    def as_json(self) -> dict[str, Any]:
        """Schema 1; pairs are [before, after]."""
        return {
            "schema": 1,
            "kept": [int(v.count(Action.KEEP)) for v in (self.one, self.two)],
            "settings": {c.path: [_plain(c.preset), _plain(c.now)] for c in self.settings},
            "decisions": self.decisions,
            "moves": {f"{a} -> {b}": n for (a, b), n in self.moves.items()},
            "stages": {
                a: [n, m] for (a, n), (_, m) in zip(self.one.funnel.stages, self.two.funnel.stages, strict=True)
            },
            "checks": {a.id: [a.band, b.band] for a, b in self.badges},
        }


def side_by_side(
    dataset: Dataset, evidence: Evidence, one: Recipe, two: Recipe, previous: Verdicts | None = None
) -> SideBySide:
    """What becomes of the rows under two recipes. Errors: FloorError when one asks below what was measured."""
    first = decide(evidence, one, previous)
    second = decide(evidence, two, first)
    changed = np.flatnonzero(first.action != second.action)
    pairs = Counter(zip(first.action[changed].tolist(), second.action[changed].tolist(), strict=True))
    named = {(Action(a).name.lower(), Action(b).name.lower()): n for (a, b), n in sorted(pairs.items())}
    badges = zip(check(dataset, evidence, first), check(dataset, evidence, second), strict=True)
    return SideBySide(
        first, second, changes(one, two), _apart(one.overrides, two.overrides), changed, named, tuple(badges)
    )


def _apart(one: Overrides, two: Overrides) -> int:
    """Decisions that only one of them has."""
    held = [set(zip(o.ids, o.actions, strict=True)) | {*o.pairs} | {*o.topics} for o in (one, two)]
    return len(held[0] ^ held[1])


def _plain(value: Any) -> Any:
    return (
        value
        if isinstance(value, str | bool | int) or (isinstance(value, float) and abs(value) != float("inf"))
        else str(value)
    )
