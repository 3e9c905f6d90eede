"""Splits: kept rows into train, validation and test so that no question and no group stands on two sides.

Rows of one question (equal system and user turns), of one leak edge, of one near edge, of one declared group, and their
chains, move together. Blocks of such rows are taken in order: test fills first, then validation, then train takes the rest.

random    the order is a keyed hash of each block's first row: a new row moves only blocks at the two cut points.
stratify  the same order, dealt evenly through every stratum, so that each part has each stratum's share to within a block.
time      the order is time: the past trains, the future tests. Rows without a time count as the past. A block that lies on
          two sides keeps its earliest rows; its later ones are left out of every split (reason `time_straddle`), so that
          neither a question nor time straddles a cut.

Sizes are exact to within one block: where the next block is too large, later ones that fit fill the gap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from curate.decide.near import Edges
from curate.decide.recipe import Recipe, Split
from curate.errors import RecipeError
from curate.types import I32, U64, Bool, Evidence

SPLITS: tuple[str, ...] = ("train", "validation", "test")
TRAIN, VALIDATION, TEST = range(3)
I8 = NDArray[np.int8]
Order = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Parts:
    """split: int8 [n], index into SPLITS, -1 = none. left: bool [n], kept rows that a cut by time leaves out."""

    split: I8
    left: Bool


def shuffle_keys(keys: U64, seed: int) -> U64:
    """uint64 [n]: the keys re-hashed under a seed (splitmix64), the same in every process."""
    z = keys + np.uint64((seed * 0x9E3779B97F4A7C15 + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def question_groups(evidence: Evidence, edges: Edges, *more: I32 | Edges) -> I32:
    """int32 [n]: rows of one number may not be parted. Chains of edges and shared questions, dropped rows included.

    more: further edges, and classes (int32 [n], rows of one value belong together, -1 = on its own).
    """
    n = len(evidence)
    rows = np.arange(n, dtype=np.int32)
    left, right = [rows, rows], [evidence.classes["content"], evidence.classes["question"]]
    for part in (edges, *more):
        if isinstance(part, Edges):
            left.append(evidence.pairs.i[part.at])
            right.append(evidence.pairs.j[part.at])
            continue
        tied = np.flatnonzero(part >= 0)
        _, first, place = np.unique(part[tied], return_index=True, return_inverse=True)
        left.append(tied.astype(np.int32))
        right.append(tied[first][place].astype(np.int32))
    i, j = np.concatenate(left), np.concatenate(right)
    graph = coo_array((np.ones(i.shape[0], dtype=np.int8), (i, j)), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int32)


def declared_groups(evidence: Evidence, name: str) -> I32:
    """int32 [n]: the column that `split.group` names, -1 = no value. Errors: RecipeError for an unknown column."""
    if name == "none":
        return np.full(len(evidence), -1, np.int32)
    if name == "declared":
        return evidence.ties.get("group", np.full(len(evidence), -1, np.int32))
    return _column(evidence, name, "group", "declared, none")


def strata(evidence: Evidence, topic: I32, name: str) -> I32:
    """int32 [n]: the stratum of each row under `split.stratify`; no value is a stratum of its own."""
    if not name:
        return np.zeros(len(evidence), np.int32)
    if name == "topic":
        return topic
    if name == "source":
        return evidence.ties.get("source", np.zeros(len(evidence), np.int32))
    return _column(evidence, name, "stratify", '"", topic, source')


def _column(evidence: Evidence, name: str, setting: str, others: str) -> I32:
    if name not in evidence.labels:
        known = ", ".join(evidence.labels) or "none"
        raise RecipeError(f"split.{setting} is {name!r}; allowed are {others} and the data's columns: {known}")
    return evidence.labels[name].code


def split_parts(
    evidence: Evidence, recipe: Recipe, kept: Bool, group: I32, keys: U64, topic: I32, by_key: Order | None = None
) -> Parts:
    """The parts of the kept rows. keys: shuffled keys, uint64 [n]. Errors: RecipeError."""
    wanted = recipe.split
    if wanted.by == "time":
        return by_time(kept, group, evidence.ties.get("time", np.full(len(evidence), -1, np.int32)), wanted)
    stratum = strata(evidence, topic, wanted.stratify) if wanted.stratify else None
    return Parts(split_rows(kept, group, keys, wanted, by_key, stratum), np.zeros(len(evidence), np.bool_))


@njit("int64(int32[::1], boolean[::1], int64[::1], int32[::1], int64[::1], int64[::1])", cache=True, nogil=True)
def _first_met(group, kept, by_key, met, size, lead):  # type: ignore[no-untyped-def]
    """The groups of kept rows in the order in which the keys meet them, with sizes and the row that met each; how many."""
    count = 0
    for r in by_key:
        if kept[r]:
            g = group[r]
            if size[g] == 0:
                met[count] = g
                lead[count] = r
                count += 1
            size[g] += 1
    return count


def split_rows(
    kept: Bool, group: I32, keys: U64, shares: Split, by_key: Order | None = None, stratum: I32 | None = None
) -> I8:
    """int8 [n]: index into SPLITS for kept rows, -1 for the others. keys: shuffled keys, uint64 [n]; a block's place is
    the least key of its kept rows. by_key: int64 [n], the rows in the order of `keys`, if that is known already."""
    out = np.full(kept.shape[0], -1, dtype=np.int8)
    if not kept.any():
        return out
    order, sizes = _blocks(kept, group, keys, by_key, stratum)
    place = np.zeros(sizes.shape[0], dtype=np.int8)
    for part, target in zip((TEST, VALIDATION), _targets(int(sizes.sum()), shares), strict=True):
        order = _fill(place, order, sizes, part, target)
    if shares.train <= 0:
        place[order] = VALIDATION if shares.validation > 0 else TEST
    out[kept] = place[group[kept]]
    return out


def fold_rows(split: I8, group: I32, keys: U64, folds: int, stratum: I32 | None = None) -> I8:
    """int8 [n]: the fold of each row of train and validation, sizes within one block of each other; -1 for the others."""
    out = np.full(split.shape[0], -1, dtype=np.int8)
    kept = (split == TRAIN) | (split == VALIDATION)
    if folds < 2 or not kept.any():
        return out
    order, sizes = _blocks(kept, group, keys, None, stratum)
    place = np.full(sizes.shape[0], folds - 1, dtype=np.int8)
    for fold in range(folds - 1):
        order = _fill(place, order, sizes, fold, round(int(sizes[order].sum()) / (folds - fold)))
    out[kept] = place[group[kept]]
    return out


def by_time(kept: Bool, group: I32, time: I32, shares: Split) -> Parts:
    """Cuts between two times. time: int32 [n], dense ranks, -1 = no time."""
    out, left = np.full(kept.shape[0], -1, dtype=np.int8), np.zeros(kept.shape[0], np.bool_)
    rows = np.flatnonzero(kept)
    if not rows.shape[0]:
        return Parts(out, left)
    when = time[rows]
    if when.max() < 0:
        raise RecipeError(
            "split.by is 'time' and no row has a time; name its column with --map time=COLUMN, or set by = 'random'"
        )
    tests, validations = _targets(rows.shape[0], shares)
    ranked = np.sort(when)
    second = _cut(ranked, rows.shape[0] - tests)
    first = min(_cut(ranked, rows.shape[0] - tests - validations), second)
    part = np.where(when >= second, TEST, np.where(when >= first, VALIDATION, TRAIN)).astype(np.int8)
    _, label = np.unique(group[rows], return_inverse=True)
    begins = np.full(int(label.max()) + 1, TEST, dtype=np.int8)
    np.minimum.at(begins, label, part)
    late = part > begins[label]
    out[rows[~late]] = part[~late]
    left[rows[late]] = True
    return Parts(out, left)


def _cut(ranked: I32, size: int) -> int:
    """The first time after the cut: rows of one time stay together, the cut lies where the size is nearest."""
    n = ranked.shape[0]
    if size >= n:
        return int(ranked[-1]) + 1
    here = int(ranked[size])
    low, high = int(np.searchsorted(ranked, here, "left")), int(np.searchsorted(ranked, here, "right"))
    if here < 0 or (high < n and high - size < size - low):
        return int(ranked[high]) if high < n else here + 1
    return here


def _targets(n: int, shares: Split) -> tuple[int, int]:
    """Rows of test and of validation: the numbers asked for, else shares of all."""
    total = shares.train + shares.validation + shares.test
    tests = min(shares.test_rows, n) if shares.test_rows else round(n * shares.test / total)
    validations = shares.validation_rows or round(n * shares.validation / total)
    return tests, min(validations, n - tests)


def _blocks(
    kept: Bool, group: I32, keys: U64, by_key: Order | None, stratum: I32 | None
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """(blocks of kept rows in the order in which they are taken, rows of every group by its number)."""
    by_key = np.argsort(keys, kind="stable") if by_key is None else by_key
    groups = int(group.max()) + 1
    met, sizes, lead = np.empty(groups, np.int32), np.zeros(groups, np.int64), np.empty(groups, np.int64)
    count = _first_met(np.ascontiguousarray(group, np.int32), np.ascontiguousarray(kept), by_key, met, sizes, lead)
    order = met[:count]
    return (order if stratum is None else order[_dealt(stratum[lead[:count]], sizes[order])]), sizes


def _dealt(stratum: I32, sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """An order in which every stratum is spread evenly: by how much of its stratum lies before a block's middle."""
    by = np.argsort(stratum, kind="stable")
    total = np.cumsum(sizes[by])
    new = np.concatenate(([True], stratum[by][1:] != stratum[by][:-1]))
    start = np.maximum.accumulate(np.where(new, total - sizes[by], 0))
    whole = np.bincount(np.cumsum(new) - 1, weights=sizes[by])[np.cumsum(new) - 1]
    place = np.empty(stratum.shape[0])
    place[by] = (total - start - sizes[by] / 2) / whole
    return np.argsort(place, kind="stable")


def _fill(place: I8, order: NDArray[Any], sizes: NDArray[np.int64], part: int, target: int) -> NDArray[Any]:
    """Give `part` blocks in order until `target` rows are reached, skipping those too large; the blocks left over, in order."""
    room = target
    while room > 0:
        fits = sizes[order] <= room
        taken = fits & (np.cumsum(np.where(fits, sizes[order], 0)) <= room)
        if not taken.any():
            break
        place[order[taken]] = part
        room -= int(sizes[order[taken]].sum())
        order = order[~taken]
    return order
