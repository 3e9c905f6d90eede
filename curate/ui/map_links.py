"""Outlines on the map: a kept row with its copies, and rows whose answers contradict each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curate.decide.near import conflicts
from curate.types import Guard, Verdicts
from curate.ui import groups
from curate.ui.loaded import Loaded, Rows
from curate.ui.map_points import Cloud


@dataclass(frozen=True, slots=True)
class Links:
    """Groups of points to outline. start: int64 [g + 1] into points, the leading one first; which: int64 [g], the
    group's number on its own page (copies) or the pair's place in Pairs (contradictions)."""

    start: Rows
    points: Rows
    which: Rows

    def __len__(self) -> int:
        return int(self.which.shape[0])

    def blob(self) -> bytes:
        """int32: groups, points; then start, which, points."""
        head = np.array([len(self), self.points.shape[0]])
        return np.concatenate((head, self.start, self.which, self.points)).astype("<i4").tobytes()

    def rows(self, cloud: Cloud, group: int) -> Rows:
        """The rows of one group."""
        return cloud.rows[self.points[self.start[group] : self.start[group + 1]]]


def copies(data: Loaded, made: Verdicts, cloud: Cloud) -> Links:
    """Kept rows with the rows that go because of them, in the order of the Duplicates page."""
    found = data.remember(("groups", made.recipe.fingerprint), lambda: groups.groups_of(made))
    flat = np.insert(found.members, found.start[:-1], found.keeper) if len(found) else found.members
    start = found.start + np.arange(len(found) + 1)
    return _on_map(start, flat, np.arange(len(found)), cloud)


def contradictions(data: Loaded, made: Verdicts, cloud: Cloud) -> Links:
    """Pairs whose answers cannot both be right, by the recipe's bars, the surest first; none while that is off."""
    pairs, recipe = data.evidence.pairs, made.recipe
    if not recipe.conflict.enabled or not len(pairs):
        return _on_map(np.zeros(1, np.int64), np.empty(0, np.int64), np.empty(0, np.int64), cloud)
    hit = np.flatnonzero(conflicts(pairs, recipe) & ((pairs.guards & np.uint16(Guard.CONTEXT)) == 0))
    hit = hit[np.argsort(-pairs.scores["conflict"][hit], kind="stable")]
    flat = np.stack((pairs.i[hit], pairs.j[hit]), axis=1).ravel().astype(np.int64)
    return _on_map(np.arange(0, flat.shape[0] + 1, 2), flat, hit, cloud)


def _on_map(start: Rows, flat: Rows, which: Rows, cloud: Cloud) -> Links:
    """Only members that have a place, only groups with two of them."""
    point = cloud.at[flat]
    group = np.repeat(np.arange(which.shape[0]), np.diff(start))
    there = point >= 0
    tally = np.bincount(group[there], minlength=which.shape[0])
    there &= tally[group] >= 2
    kept = tally >= 2
    return Links(np.concatenate(([0], np.cumsum(tally[kept]))), point[there], which[kept])
