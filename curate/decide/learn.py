"""Learn a threshold: which pairs to ask a person about, and the threshold that the answers suggest.

The most uncertain pairs come first, so the answers are about the hardest ones: of all pairs above a threshold, at
least as many are the same as the answers say.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curate.types import F32, I32, Bool

STEP = 0.01  # the slider's, so that every suggestion is one of its values
Z = 1.959964  # two-sided 95 %
PER_CELL = 40  # of each step of the score; a person answers tens of pairs, not thousands
LOOK = 400  # pairs of a step that are looked through for ones with rows not asked about yet
WAIT = 3  # answers in one step of the score weigh as much as this many steps away from the threshold


@dataclass(frozen=True, slots=True)
class Standing:
    """What answers say of one threshold. above: answers at or above it, of them `same` are the same; low, high: the 95 %
    Wilson interval of same / above (0 to 1 without answers); missed: pairs called the same below it; answers: all."""

    threshold: float
    same: int
    above: int
    low: float
    high: float
    missed: int
    answers: int

    @property
    def precision(self) -> float:
        """The share of the answers at or above the threshold that are the same; NaN without one."""
        return self.same / self.above if self.above else float("nan")


def wilson(hits: int, count: int, z: float = Z) -> tuple[float, float]:
    """The Wilson score interval of a share (Wilson 1927): (0, 1) of nothing."""
    if not count:
        return 0.0, 1.0
    share, extra = hits / count, z * z / count
    middle = (share + extra / 2) / (1 + extra)
    half = z * float(np.sqrt(share * (1 - share) / count + extra / count / 4)) / (1 + extra)
    # At the ends the bounds are 0 and 1 exactly; arithmetic is off by an ulp.
    return (0.0 if not hits else max(0.0, middle - half)), (1.0 if hits == count else min(1.0, middle + half))


def standing(score: F32, same: Bool, threshold: float) -> Standing:
    """What answers say of a threshold. score: float32 [k] of the answered pairs; same: Bool [k]."""
    over = score >= np.float32(threshold)
    hits, above = int(np.count_nonzero(over & same)), int(np.count_nonzero(over))
    low, high = wilson(hits, above)
    return Standing(threshold, hits, above, low, high, int(np.count_nonzero(~over & same)), score.shape[0])


def suggest(score: F32, same: Bool, floor: float, goal: float) -> Standing | None:
    """The lowest threshold, in slider steps from the floor, at which the share `goal` of the answers above are the same.

    Never below the step that holds the lowest pair called the same: beneath it nothing speaks for sameness. None when no
    threshold reaches the goal. A further "same" never raises it, a further "not the same" never lowers it.
    """
    if not same.any():
        return None
    lowest = score[same].min()
    for step in range(round(floor / STEP), round(1 / STEP) + 1):
        at = round(step * STEP, 2)
        if np.float32(round(at + STEP, 2)) <= lowest:
            continue
        found = standing(score, same, at)
        if found.above and found.same >= goal * found.above:
            return found
    return None


def deck(score: F32, i: I32, j: I32, floor: float) -> np.ndarray:
    """int64 [d]: pairs worth asking about, at most `PER_CELL` of each step of the score and no row twice within a step.

    score: float32 [m], NaN and below the floor = not to be asked; pairs stand in the order of their rows' ids, which are
    hashes, so the first ones of a step are as good as drawn.
    """
    known = np.flatnonzero(score >= np.float32(floor))
    cell = np.minimum((score[known] / np.float32(STEP)).astype(np.int64), round(1 / STEP))
    order = known[np.argsort(cell, kind="stable")]
    ends = np.cumsum(np.bincount(cell, minlength=1))
    starts = ends - np.diff(ends, prepend=0)
    cells = [_apart(order[a : min(b, a + LOOK)], i, j) for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
    return np.concatenate(cells) if cells else known


def _apart(pairs: np.ndarray, i: I32, j: I32) -> np.ndarray:
    """The first pairs of which no two share a row: copies of one template teach the same thing again and again."""
    seen: set[int] = set()
    out: list[int] = []
    for at, a, b in zip(pairs.tolist(), i[pairs].tolist(), j[pairs].tolist(), strict=True):
        if len(out) < PER_CELL and a not in seen and b not in seen:
            seen.update((a, b))
            out.append(at)
    return np.array(out, dtype=np.int64)


def ask(score: F32, asked: Bool, threshold: float) -> np.ndarray:
    """int64: places in a deck in the order in which to ask: nearest to the threshold first, then outwards as answers gather.

    score: float32 [d] of the deck; asked: Bool [d], answered already (left out of the result).
    """
    cell = (score / np.float32(STEP)).astype(np.int64)
    answers = np.bincount(cell[asked], minlength=int(cell.max(initial=0)) + 1)
    open_ = np.flatnonzero(~asked)
    away = np.abs(score[open_] - np.float32(threshold))
    cost = away / STEP + WAIT * answers[cell[open_]]
    return open_[np.lexsort((open_, away, cost))]
