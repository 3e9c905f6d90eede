"""Trees: a sum of small decision trees kept as plain numbers, applied the same way on every machine.

Fitted by benchmarks/fit.py; a tree is rows of (feature, threshold, left, right, value), a leaf has feature -1, and a
missing number goes left. The value of an inner node lets a result be taken apart: what a split adds is its feature's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
from numba import njit

from curate.types import F32, F64, I32


@dataclass(frozen=True, slots=True)
class Trees:
    """features: names, in column order. Nodes of all trees in one list; roots: where each begins. base: added to the sum.
    figures: what cross-validation said of it."""

    features: tuple[str, ...]
    feature: I32
    threshold: F64
    left: I32
    right: I32
    value: F64
    roots: I32
    base: float
    figures: Mapping[str, float]


@njit("void(float32[:, ::1], int32[::1], float64[::1], int32[::1], int32[::1], float64[::1], int32[::1], float64[::1])",
      cache=True, nogil=True)  # fmt: skip
def _sum(x, feature, threshold, left, right, value, roots, out):  # type: ignore[no-untyped-def]
    for e in range(x.shape[0]):
        total = 0.0
        for r in range(roots.shape[0]):
            at = roots[r]
            while feature[at] >= 0:
                v = np.float64(x[e, feature[at]])
                at = right[at] if v > threshold[at] else left[at]
            total += value[at]
        out[e] = total


@njit("void(float32[:, ::1], int32[::1], float64[::1], int32[::1], int32[::1], float64[::1], int32[::1], float64[:, ::1])",
      cache=True, nogil=True)  # fmt: skip
def _parts(x, feature, threshold, left, right, value, roots, out):  # type: ignore[no-untyped-def]
    for e in range(x.shape[0]):
        for r in range(roots.shape[0]):
            at = roots[r]
            while feature[at] >= 0:
                v = np.float64(x[e, feature[at]])
                below = right[at] if v > threshold[at] else left[at]
                out[e, feature[at]] += value[below] - value[at]
                at = below


def total(model: Trees, x: F32) -> F64:
    """float64 [m]: the sum of the trees for each row of x (float32 [m, features])."""
    out = np.empty(x.shape[0])
    _sum(x, model.feature, model.threshold, model.left, model.right, model.value, model.roots, out)
    return out + model.base


def parts(model: Trees, x: F32) -> F64:
    """float64 [m, features]: what each feature's splits added; a row's parts, the roots' values and the base are its sum."""
    out = np.zeros((x.shape[0], len(model.features)))
    _parts(x, model.feature, model.threshold, model.left, model.right, model.value, model.roots, out)
    return out


def from_json(data: Mapping[str, Any]) -> Trees:
    """The model that `to_json` wrote."""
    nodes = [node for tree in data["trees"] for node in tree]
    sizes = [len(tree) for tree in data["trees"]]
    roots = np.cumsum([0, *sizes])[:-1].astype(np.int32)
    shift = np.repeat(roots, sizes)
    table = np.array(nodes, dtype=np.float64).reshape(-1, 5)
    whole = [np.ascontiguousarray(table[:, k].astype(np.int32)) for k in (0, 2, 3)]
    return Trees(tuple(data["features"]), whole[0], np.ascontiguousarray(table[:, 1]), (whole[1] + shift).astype(np.int32),
                 (whole[2] + shift).astype(np.int32), np.ascontiguousarray(table[:, 4]), roots, float(data["base"]),
                 dict(data["figures"]))  # fmt: skip


def read(name: str) -> Trees:
    """A model that ships: curate/measure/data/NAME.json."""
    return from_json(json.loads((files("curate.measure") / "data" / f"{name}.json").read_text("utf-8")))
