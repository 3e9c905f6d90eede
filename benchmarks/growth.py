"""python -m benchmarks.growth [--price DOLLARS]: how every step grows with rows, from benchmarks/results alone.

Writes docs/benchmarks.md (the figures, the exponent of each step, and what 10 and 100 million rows would cost, marked as
predicted) and docs/growth.svg (the same on logarithmic axes beside n and n^1.2). Nothing is timed here.

The exponent is the slope of log seconds over log rows at sizes from 10,000 rows: below, starting up is most of the time.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import pairwise
from pathlib import Path

from benchmarks.schema import RESULTS, Result

DOCS = Path(__file__).parent.parent / "docs"
LEAST = 10_000  # rows from which a time says how a step grows
LIMIT = 1.2  # the exponent that no step may pass
FLOOR = 0.02  # seconds; below, the clock and the caches are what is measured
FAR = (10_000_000, 100_000_000)
WHOLE = ("load", "text", "near_text", "decide", "export")  # one after the other: a run without vectors, given once each
SIZE = (760, 460)
INK = (
    "#0b5fa5",
    "#b04a00",
    "#3b7a3b",
    "#7a3b8f",
    "#a0182f",
    "#00708a",
    "#6b5b00",
    "#444444",
    "#c2185b",
    "#1b5e20",
    "#5d4037",
)


def read(folder: Path = RESULTS) -> dict[str, list[Result]]:
    """Results with a time by step, fewest rows first."""
    out: dict[str, list[Result]] = {}
    for path in sorted(folder.glob("*.json")):
        try:
            found = Result.from_json(path.read_text("utf-8"))
        except (ValueError, TypeError):  # another kind of result
            continue
        if found.seconds:
            out.setdefault(found.name, []).append(found)
    return {name: sorted(each, key=lambda r: r.rows) for name, each in out.items()}


def exponent(found: Iterable[Result]) -> float | None:
    """Slope of log seconds over log rows at LEAST rows and more; None with fewer than two sizes."""
    known = [(r.rows, r.seconds or 0.0) for r in found if r.rows >= LEAST]
    points = [(math.log(rows), math.log(seconds)) for rows, seconds in known if seconds >= FLOOR]
    if len({x for x, _ in points}) < 2:
        return None
    mx, my = (sum(axis) / len(points) for axis in zip(*points, strict=True))
    return float(sum((x - mx) * (y - my) for x, y in points) / sum((x - mx) * (x - mx) for x, _ in points))


def predicted(found: Sequence[Result], rows: int) -> float | None:
    """Seconds at `rows` by the largest measured size and the exponent, which is taken as 1 at least."""
    slope = exponent(found)
    last = found[-1]
    return None if slope is None else (last.seconds or 0.0) * math.pow(rows / last.rows, max(slope, 1.0))


def table(steps: Mapping[str, Sequence[Result]]) -> list[str]:
    """Markdown: seconds and peak memory of every step at every size, and its exponent."""
    sizes = sorted({r.rows for each in steps.values() for r in each})
    out = ["| step | " + " | ".join(f"{n:,}" for n in sizes) + " | peak MiB at the largest | growth |"]
    out.append("|---|" + "---:|" * (len(sizes) + 2))
    for name, each in sorted(steps.items()):
        at = {r.rows: f"{r.seconds:.3g} s" for r in each}
        slope = exponent(each)
        grown = "" if slope is None else f"n^{slope:.2f}" + (" (above n^1.2)" if slope > LIMIT else "")
        peak = each[-1].peak_mb
        cells = [name, *(at.get(n, "") for n in sizes), "" if peak is None else f"{peak:,.0f}", grown]
        out.append("| " + " | ".join(cells) + " |")
    return out


def cost(steps: Mapping[str, Sequence[Result]], price: float | None) -> list[str]:
    """Markdown: hours on one machine of a run without vectors, at the largest measured size of each step and beyond."""
    parts = [steps[name] for name in WHOLE if name in steps]
    if not parts or any(exponent(each) is None for each in parts):
        return ["Some step was not measured at two sizes: nothing is predicted."]
    out = [
        "| rows | hours on this machine |" + (" dollars |" if price else ""),
        "|---:|---:|" + ("---:|" if price else ""),
    ]
    for rows in FAR:
        hours = sum(predicted(each, rows) or 0.0 for each in parts) / 3600
        dollars = f" {hours * price:,.2f} (predicted) |" if price else ""
        out.append(f"| {rows:,} | {hours:,.1f} (predicted) |{dollars}")
    return out


def plot(steps: Mapping[str, Sequence[Result]]) -> str:
    """SVG of seconds over rows, both logarithmic; each step has its own ink, dash and name at its end."""
    drawn = {name: each for name, each in sorted(steps.items()) if len({r.rows for r in each}) > 1}
    wide, high = SIZE
    points = [(r.rows, r.seconds or FLOOR) for each in drawn.values() for r in each]
    x0, x1 = math.log10(min(x for x, _ in points)), math.log10(max(x for x, _ in points))
    y0, y1 = (f(math.log10(y) for _, y in points) for f in (min, max))

    def at(rows: float, seconds: float) -> str:
        x = 60 + (wide - 220) * (math.log10(rows) - x0) / max(x1 - x0, 1e-9)
        y = high - 45 - (high - 80) * (math.log10(seconds) - y0) / max(y1 - y0, 1e-9)
        return f"{x:.1f},{y:.1f}"

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" font-family="sans-serif" font-size="12">',
        f'<rect width="{wide}" height="{high}" fill="#ffffff"/>',
        '<text x="60" y="18" fill="#222222">Seconds over rows, two cores; dotted: n and n^1.2</text>',
    ]
    out += _axes(at, (x0, x1), (y0, y1))
    start = (10.0**x0, 10.0 ** (y0 + (y1 - y0) * 0.15))
    for slope in (1.0, LIMIT):
        end = min(10.0**x1, start[0] * (10.0**y1 / start[1]) ** (1 / slope))
        path = f"{at(*start)} {at(end, start[1] * (end / start[0]) ** slope)}"
        out.append(f'<polyline points="{path}" fill="none" stroke="#777777" stroke-dasharray="1 4"/>')
    taken: list[float] = []
    for k, (name, each) in enumerate(drawn.items()):
        ink, dash = INK[k % len(INK)], ("", "7 3", "2 2", "9 3 2 3")[k % 4]
        path = " ".join(at(r.rows, r.seconds or FLOOR) for r in each)
        out.append(f'<polyline points="{path}" fill="none" stroke="{ink}" stroke-width="2" stroke-dasharray="{dash}"/>')
        y = float(at(each[-1].rows, each[-1].seconds or FLOOR).split(",")[1])
        while any(abs(y - other) < 13 for other in taken):
            y += 1
        taken.append(y)
        slope_of = exponent(each)
        said = name if slope_of is None else f"{name} n^{slope_of:.2f}"
        out.append(f'<text x="{wide - 152}" y="{y + 4:.1f}" fill="{ink}">{escape(said)}</text>')
    return "\n".join([*out, "</svg>"]) + "\n"


def _axes(at: object, across: tuple[float, float], up: tuple[float, float]) -> list[str]:
    assert callable(at)
    out = []
    for power in range(math.ceil(across[0]), math.floor(across[1]) + 1):
        x = at(10.0**power, 10.0 ** up[0]).split(",")[0]
        out.append(f'<text x="{x}" y="{SIZE[1] - 20}" fill="#444444" text-anchor="middle">{10**power:,}</text>')
    for power in range(math.ceil(up[0]), math.floor(up[1]) + 1):
        y = at(10.0 ** across[0], 10.0**power).split(",")[1]
        out.append(f'<text x="52" y="{y}" fill="#444444" text-anchor="end">{10.0**power:g} s</text>')
        out.append(f'<line x1="60" x2="{SIZE[0] - 160}" y1="{y}" y2="{y}" stroke="#dddddd"/>')
    return out


def page(steps: Mapping[str, Sequence[Result]], price: float | None) -> str:
    first = next(iter(steps.values()))[0]
    with_gap = [name for name, each in steps.items() for a, b in pairwise(each) if a.machine != b.machine]
    said = ", ".join(f"{k} {v}" for k, v in sorted(first.machine.items()))
    notes = f" Sizes of {', '.join(sorted(set(with_gap)))} are from more than one machine." if with_gap else ""
    return "\n".join([
        "# Speed by size", "",
        "Made by `python -m benchmarks.growth` from benchmarks/results, which `python -m benchmarks.run` writes.",
        f"Machine: {said}.{notes} Growth is the slope over sizes from {LEAST:,} rows.", "",
        *table(steps), "", "![Seconds over rows](growth.svg)", "",
        f"## What more rows would cost: {', '.join(WHOLE)}, no vectors", "",
        "Predicted from the largest measured size and the exponent (1 at least), on one machine with memory enough; no such run was made.",
        "", *cost(steps, price), "",
    ])  # fmt: skip


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth")
    parser.add_argument("--price", type=float, help="dollars an hour of such a machine")
    price = parser.parse_args(words).price
    steps = {name: each for name, each in read().items() if len({r.rows for r in each}) > 1}
    (DOCS / "benchmarks.md").write_text(page(steps, price), encoding="utf-8")
    (DOCS / "growth.svg").write_text(plot(steps), encoding="utf-8")
    print("\n".join(table(steps)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
