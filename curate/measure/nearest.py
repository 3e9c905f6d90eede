"""Nearest neighbours of every vector among the fitted ones: the one structure that topics and the map share.

By cosine around the fitted vectors' mean: what all prompts of a set have in common says nothing of their topics, and two
prompts drawn at random lie at distance 1 whatever the set is about.

Blocks of one fixed shape are multiplied on one BLAS thread each, several blocks at a time, and the best few are measured
again in float64: so the lists are the same bytes for any number of threads. The lists of fitted vectors are exact; those of
placed ones are looked for on the first 128 principal axes (99 % of the true ten on 52,002 Alpaca prompts, in .6 of the time).
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from curate.errors import Cancelled
from curate.measure.neighbours import unit
from curate.types import F16, F32, I32, U64, Cancel, Progress

BLOCK = 1_024
LOOK = 64  # products that are passed over together when none of them is among the best
ROUGH = (
    128  # axes of 384 on which candidates of placed vectors are looked for; their distance is always measured in full
)
SPARE = 8  # candidates beyond k, so that a float32 product's rounding can't lose a neighbour
STAGE = "neighbours of prompts"


@dataclass(frozen=True, slots=True)
class Nearest:
    """The k nearest fitted vectors of each of n vectors, best first.

    fitted: int64 [m], rows of the fitted vectors, ascending. index: int32 [n, k], places in `fitted`; a fitted vector is its own
    first neighbour. distance: float32 [n, k], 1 - cosine around the mean, never below 0. base: float32 [m, d], the fitted
    vectors less their mean, of unit length.
    """

    fitted: np.ndarray
    index: I32
    distance: F32
    base: F32

    @property
    def whole(self) -> bool:
        """Whether every vector was fitted, so that nothing is placed."""
        return bool(self.fitted.shape[0] == self.index.shape[0])

    def apart(self, k: int = 10) -> F32:
        """float32 [n]: each vector's mean distance to its k nearest fitted vectors other than itself."""
        out = self.distance[:, :k].mean(axis=1, dtype=np.float64)
        out[self.fitted] = self.distance[self.fitted, 1 : k + 1].mean(axis=1, dtype=np.float64)
        return np.asarray(out, dtype=np.float32)

    def among_fitted(self, k: int) -> tuple[I32, F32]:
        """The k nearest of the fitted vectors themselves: int32 and float32 [m, k], each one first in its own list."""
        return (
            np.ascontiguousarray(self.index[self.fitted, :k]),
            np.ascontiguousarray(self.distance[self.fitted, :k]),
        )


def choose(keys: U64, most: int) -> np.ndarray:
    """int64 [<= most], ascending: the rows with the lowest text hashes, a sample that no order of rows can change."""
    return np.sort(np.lexsort((keys[:, 1], keys[:, 0]))[:most])


def nearest(
    vectors: F16, fitted: np.ndarray, k: int, progress: Progress | None = None, cancel: Cancel | None = None
) -> Nearest:
    """The k nearest fitted vectors of every vector. vectors: float16 [n, d], unit length; k is cut to what there is.

    Cost: m m d and (n - m) m 128 multiply-adds (benchmarks: table `topics_map`). Errors: Cancelled between blocks.
    """
    n, m = vectors.shape[0], fitted.shape[0]
    k = min(k, m)
    centre = unit(vectors[fitted]).mean(axis=0, dtype=np.float64).astype(np.float32)
    base = _around(centre, vectors[fitted])
    of = np.full(n, -1, dtype=np.int32)
    of[fitted] = np.arange(m, dtype=np.int32)
    index, distance = np.empty((n, k), np.int32), np.empty((n, k), np.float32)

    kept = threading.local()

    def some(rows: np.ndarray, room: int, axes: F32 | None, across: F32) -> int:
        wide = np.zeros((BLOCK, base.shape[1]), np.float32)  # one shape always: the last bits depend on it
        if not hasattr(
            kept, "products"
        ):  # one block a thread for all its work: 32 MB of fresh pages each time cost a fifth
            kept.products = np.empty((BLOCK, m), np.float32)
        wide[: rows.shape[0]] = _around(centre, vectors[rows])
        seen = wide if axes is None else wide @ axes
        found = np.empty((rows.shape[0], room), np.int32)
        _best(np.matmul(seen, across, out=kept.products)[: rows.shape[0]], found)
        near, far = np.empty((rows.shape[0], k), np.int32), np.empty((rows.shape[0], k), np.float32)
        _again(wide, base, found, of[rows], near, far)
        index[rows], distance[rows] = near, far
        return int(rows.shape[0])

    with _one_blas_thread(), ThreadPoolExecutor(_cores()) as pool:
        axes = _axes(base) if base.shape[1] > ROUGH else None
        across = np.ascontiguousarray(base.T)
        rough = across if axes is None else np.ascontiguousarray((base @ axes).T)
        others = np.flatnonzero(of < 0)
        work = [pool.submit(some, part, min(k + SPARE, m), None, across) for part in _blocks(fitted)]
        work += [pool.submit(some, part, min(k + SPARE, m), axes, rough) for part in _blocks(others)]
        done = 0
        for made in work:
            done += made.result()
            if cancel is not None and cancel.is_set():
                pool.shutdown(cancel_futures=True)
                raise Cancelled(f"{STAGE} was cancelled at vector {done} of {n}; run again to go on")
            if progress is not None:
                progress(STAGE, done, n)
    return Nearest(fitted, index, distance, base)


def _blocks(rows: np.ndarray) -> list[np.ndarray]:
    return [rows[at : at + BLOCK] for at in range(0, rows.shape[0], BLOCK)]


def _axes(base: F32) -> F32:
    """float32 [d, ROUGH]: the principal axes of the fitted vectors, along which candidates are looked for."""
    wide = base.astype(np.float64)
    return np.ascontiguousarray(np.linalg.eigh(wide.T @ wide)[1][:, -ROUGH:], dtype=np.float32)


def _around(centre: F32, vectors: F16) -> F32:
    """The vectors less the centre, of unit length again; a vector that is the centre becomes zero, at distance 1 from all."""
    wide = unit(vectors) - centre
    length = np.sqrt(np.einsum("ij,ij->i", wide, wide, dtype=np.float64))
    return np.asarray(wide / np.where(length > 1e-4, length, np.inf)[:, None], dtype=np.float32)


def _cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _one_blas_thread() -> Any:
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    return threadpool_limits(limits=1, user_api="blas")


@njit("int64(float32[::1], float32)", cache=True, nogil=True)
def _above(part, bar):  # type: ignore[no-untyped-def]
    """How many are greater than the bar: a loop that the compiler runs on many at once."""
    found = 0
    for c in range(part.shape[0]):
        found += part[c] > bar
    return found


@njit("void(float32[:, ::1], int32[:, ::1])", cache=True, nogil=True)
def _best(block, out):  # type: ignore[no-untyped-def]
    """Per row of block [b, m] the columns of its greatest values, best first; the lower column on ties.

    Columns are looked at `LOOK` at a time, all at once; few stretches hold a value that is good enough to be put in order.
    """
    room, columns = out.shape[1], block.shape[1]
    value = np.empty(room, np.float32)
    for a in range(block.shape[0]):
        held = 0
        for start in range(0, columns, LOOK):
            end = min(start + LOOK, columns)
            if held == room and _above(block[a, start:end], value[room - 1]) == 0:
                continue
            for c in range(start, end):
                v = block[a, c]
                if held < room:
                    held += 1
                elif v <= value[room - 1]:
                    continue
                at = held - 1
                while at > 0 and value[at - 1] < v:
                    value[at] = value[at - 1]
                    out[a, at] = out[a, at - 1]
                    at -= 1
                value[at] = v
                out[a, at] = c


@njit("float64(float32[::1], float32[::1])", cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _dot(one, other):  # type: ignore[no-untyped-def]
    total = 0.0
    for d in range(one.shape[0]):
        total += np.float64(one[d]) * np.float64(other[d])
    return total


@njit(
    "void(float32[:, ::1], float32[:, ::1], int32[:, ::1], int32[:], int32[:, ::1], float32[:, ::1])",
    cache=True,
    nogil=True,
)
def _again(wide, base, found, own, index, distance):  # type: ignore[no-untyped-def]
    """The candidates `found` measured in float64, sorted by (distance, place); a fitted vector first in its own list."""
    room = found.shape[1]
    exact = np.empty(room, np.float32)
    place = np.empty(room, np.int32)
    for a in range(found.shape[0]):
        mine = own[a]
        seen = False
        for e in range(room):
            seen = seen or found[a, e] == mine
        if mine >= 0 and not seen:  # so many copies of it that it is none of its own nearest
            found[a, room - 1] = mine
        for e in range(room):
            c = found[a, e]
            far = np.float32(max(0.0, 1.0 - _dot(wide[a], base[c])))
            if c == mine:
                far = np.float32(-1.0)
            at = e
            while at > 0 and (exact[at - 1] > far or (exact[at - 1] == far and place[at - 1] > c)):
                exact[at] = exact[at - 1]
                place[at] = place[at - 1]
                at -= 1
            exact[at] = far
            place[at] = c
        for e in range(index.shape[1]):
            index[a, e] = place[e]
            distance[a, e] = max(np.float32(0.0), exact[e])
