"""The topic map as a small PNG: every point, its topic's colour, rows that go in grey."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

from curate.types import Action, Evidence, Verdicts

SIDE = 900
MARGIN = 24
OUTER = 0.5  # per cent
# Okabe and Ito's palette, told apart by colour-blind people, in two shades.
HUES = ((0, 114, 178), (230, 159, 0), (0, 158, 115), (204, 121, 167), (86, 180, 233), (213, 94, 0), (170, 150, 20))
GREY = (176, 184, 192)
LARGE = 20_000  # fewer points than this are drawn 3 x 3 pixels wide


def map_png(evidence: Evidence, verdicts: Verdicts) -> bytes | None:
    """PNG of the pool's prompts; None where the map was not measured. Kept rows are drawn over the others."""
    xy = None if evidence.topics is None else evidence.topics.xy
    if xy is None:
        return None
    rows = np.flatnonzero(~evidence.frozen & np.isfinite(xy).all(axis=1))
    if not rows.shape[0]:
        return None
    kept = verdicts.action[rows] == Action.KEEP
    rows = np.concatenate((rows[~kept], rows[kept]))
    spots = _places(xy[rows].astype(np.float64))
    ground = np.full((SIDE, SIDE, 3), 255, dtype=np.uint8)
    colours = _colours(verdicts.topic[rows], verdicts.action[rows] == Action.KEEP)
    for dx, dy in _brush(rows.shape[0]):
        ground[np.clip(spots[:, 1] + dy, 0, SIDE - 1), np.clip(spots[:, 0] + dx, 0, SIDE - 1)] = colours
    return _png(ground)


def _places(xy: NDArray[np.float64]) -> NDArray[np.int64]:
    """Pixels [m, 2]; both axes in one scale. The outermost half per cent stands at the border, or islands far out would
    press everything else into a corner."""
    low, high = np.percentile(xy, OUTER, axis=0), np.percentile(xy, 100 - OUTER, axis=0)
    scale = (SIDE - 1 - 2 * MARGIN) / max(float((high - low).max()), 1e-9)
    middle = (low + high) / 2
    spots = np.rint((xy - middle) * scale + SIDE / 2).astype(np.int64)
    spots[:, 1] = SIDE - 1 - spots[:, 1]
    return np.asarray(np.clip(spots, 0, SIDE - 1))


def _colours(topic: NDArray[np.int32], kept: NDArray[np.bool_]) -> NDArray[np.uint8]:
    hues = np.array(HUES, dtype=np.float64)
    shades = np.concatenate((hues, hues * 0.55 + 255 * 0.45)).astype(np.uint8)
    out = shades[np.maximum(topic, 0) % shades.shape[0]]
    out[(topic < 0) | ~kept] = GREY
    return np.asarray(out, dtype=np.uint8)


def _brush(points: int) -> list[tuple[int, int]]:
    reach = (-1, 0, 1) if points < LARGE else (0,)
    return [(a, b) for a in reach for b in reach]


def _png(pixels: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    image = Image.fromarray(pixels).quantize(colors=32, dither=Image.Dither.NONE)
    image.save(out, "PNG", optimize=True)
    return out.getvalue()
