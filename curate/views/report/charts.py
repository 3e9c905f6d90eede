"""Charts as plain SVG: they need no script, so a report can forbid all scripts, prints sharp and stays small.

Colours are those of the app's figures. Text of a chart goes through `_text`, which escapes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from xml.sax.saxutils import escape

from curate.views.figures import FAR, GONE, KEPT, NEUTRAL
from curate.views.figures_stats import Bins

WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 30, 34
BAR = 22  # height of a horizontal bar with its gap
NAMES = 260  # room for the names of bars
CHARACTERS = 42


def histogram(before: Bins, after: Bins, unit: str, bounds: Sequence[tuple[float, str]] = ()) -> str:
    """Rows per bin before (grey) and kept (green), bounds as dashed lines."""
    most = max(int(before.counts.max(initial=0)), 1)
    low, high = float(before.edges[0]), float(before.edges[-1])
    wide, tall = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def x(value: float) -> float:
        return LEFT + wide * (min(max(value, low), high) - low) / ((high - low) or 1)

    parts = [_key((("before", NEUTRAL), ("kept", KEPT)))]
    for tick in (0, most // 2, most):
        y = TOP + tall * (1 - tick / most)
        parts += [_line(LEFT, y, WIDTH - RIGHT, y, "#d8dee4"), _text(LEFT - 6, y + 4, f"{tick:,}", "end")]
    for bins, colour in ((before, NEUTRAL), (after, KEPT)):
        for (a, b), count in zip(pairwise(bins.edges.tolist()), bins.counts.tolist(), strict=True):
            top = TOP + tall * (1 - count / most)
            if count:
                parts.append(_box(x(a), top, max(x(b) - x(a) - 0.6, 0.6), TOP + tall - top, colour))
    for value in (low, (low + high) / 2, high):
        over = "+" if value == high and before.over else ""
        parts.append(_text(x(value), HEIGHT - 16, f"{value:,.4g}{over}", "middle"))
    parts.append(_text(WIDTH - RIGHT, HEIGHT - 3, unit, "end"))
    for value, name in bounds:
        if abs(value) < FAR:
            at = x(value)
            parts += [
                _line(at, TOP - 4, at, TOP + tall, GONE, "5 3"),
                _text(at, TOP - 8, f"{name} {value:,.4g}", "middle"),
            ]
    return _svg(HEIGHT, parts)


def bars(names: Sequence[str], before: Sequence[int], after: Sequence[int]) -> str:
    """Rows per name before and kept, in the given order."""
    most = max([*before, 1])
    height = TOP + BAR * len(names) + 8
    wide = WIDTH - NAMES - 120
    parts = [_key((("before", NEUTRAL), ("kept", KEPT)))]
    for n, (name, one, two) in enumerate(zip(names, before, after, strict=True)):
        y = TOP + BAR * n
        parts += [
            _text(NAMES - 8, y + 14, name if len(name) <= CHARACTERS else name[: CHARACTERS - 1] + "…", "end"),
            _box(NAMES, y + 3, wide * one / most, BAR - 6, NEUTRAL),
            _box(NAMES, y + 6, wide * two / most, BAR - 12, KEPT),
            _text(NAMES + wide * one / most + 6, y + 14, f"{one:,} → {two:,}"),
        ]
    return _svg(height, parts)


def funnel(stages: Sequence[tuple[str, int]]) -> str:
    """Rows alive after each stage, and what each took."""
    most = max([count for _, count in stages] + [1])
    wide = WIDTH - NAMES - 150
    parts, left = [], None
    for n, (name, count) in enumerate(stages):
        y, taken = 6 + BAR * n, 0 if left is None else left - count
        parts += [
            _text(NAMES - 8, y + 14, name, "end"),
            _box(NAMES, y + 3, wide * count / most, BAR - 6, KEPT),
            _box(NAMES + wide * count / most, y + 3, wide * taken / most, BAR - 6, GONE),
            _text(
                NAMES + wide * (count + taken) / most + 6, y + 14, f"{count:,}" + (f"  (−{taken:,})" if taken else "")
            ),
        ]
        left = count
    return _svg(12 + BAR * len(stages), parts)


def _svg(height: float, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" font-size="11" '
        f'font-family="inherit">{"".join(parts)}</svg>'
    )


def _key(entries: Sequence[tuple[str, str]]) -> str:
    parts = []
    for n, (name, colour) in enumerate(entries):
        parts += [_box(WIDTH - 150 + 76 * n, 4, 10, 10, colour), _text(WIDTH - 136 + 76 * n, 13, name)]
    return "".join(parts)


def _box(x: float, y: float, width: float, height: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{max(height, 0):.1f}" fill="{colour}"/>'


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, dash: str = "") -> str:
    dashed = f' stroke-dasharray="{dash}" stroke-width="1.6"' if dash else ""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"{dashed}/>'


def _text(x: float, y: float, said: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="currentColor">{escape(said)}</text>'
