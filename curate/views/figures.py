"""Charts of evidence and verdicts: pre-binned, a threshold drawn on each, colours that differ in lightness too.

Pure functions from numbers to plotly figures. Labels never hold row text; names that come with the data are escaped by
the caller. The tones are readable on a light and on a dark ground.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from curate.views.figures_stats import Bins

KEPT, GONE, REVIEW, NEUTRAL, LINE = "#2a9d78", "#d55e00", "#e6a100", "#9aa7b4", "#3d8fd1"
HEIGHT = 260
PLAIN = {"displayModeBar": False, "scrollZoom": False}
FAR = 1e12
FLAT = 5  # rows left above and below a curve: a level one is drawn level, with whole numbers beside it


def distribution(
    before: Bins, after: Bins | None, unit: str, bounds: Sequence[tuple[float, str]] = (), height: int = HEIGHT
) -> Any:
    """Rows per bin before (outline) and after (filled), with bounds as lines."""
    figure = figure_of(height)
    figure.add_bar(
        x=before.centres,
        y=before.counts,
        width=_widths(before),
        name="before",
        marker={"color": NEUTRAL, "opacity": 0.55},
        customdata=_ranges(before),
        hovertemplate="%{customdata} " + unit + ": %{y:,} rows before<extra></extra>",
    )
    if after is not None:
        figure.add_bar(
            x=after.centres,
            y=after.counts,
            width=_widths(after),
            name="kept",
            marker={"color": KEPT},
            customdata=_ranges(after),
            hovertemplate="%{customdata} " + unit + ": %{y:,} rows kept<extra></extra>",
        )
    _bounds(figure, bounds, before)
    figure.update_layout(barmode="overlay", xaxis_title=unit, yaxis_title="rows")
    return figure


def rule_histogram(
    inside: Bins, outside: Bins, unit: str, bounds: Sequence[tuple[float, str]], height: int = 190
) -> Any:
    """Rows per bin that pass one rule and rows that fail it."""
    figure = figure_of(height)
    for part, name, colour in ((inside, "pass", KEPT), (outside, "fail", GONE)):
        figure.add_bar(
            x=part.centres,
            y=part.counts,
            width=_widths(part),
            name=name,
            marker={"color": colour},
            customdata=_ranges(part),
            hovertemplate="%{customdata} " + unit + ": %{y:,} rows " + name + "<extra></extra>",
        )
    _bounds(figure, bounds, inside)
    figure.update_layout(barmode="stack", xaxis_title=unit, yaxis={"type": "linear", "title": "rows"})
    return figure


def curve(values: Sequence[float], kept: Sequence[int], now: float, kept_now: int, unit: str, height: int = 240) -> Any:
    """Rows kept at each threshold, and where the threshold stands. It need not rise everywhere: keepers are greedy."""
    figure = figure_of(height)
    figure.add_scatter(
        x=list(values),
        y=list(kept),
        mode="lines+markers",
        name="rows kept",
        line={"color": LINE, "width": 2},
        hovertemplate="at %{x:.2f}: %{y:,} rows kept<extra></extra>",
    )
    figure.add_vline(x=now, line={"color": GONE, "width": 2, "dash": "dash"})
    figure.add_scatter(
        x=[now],
        y=[kept_now],
        mode="markers",
        marker={"color": GONE, "size": 11, "symbol": "diamond"},
        name="now",
        hovertemplate="now: %{y:,} rows kept<extra></extra>",
    )
    low, high = min(*kept, kept_now), max(*kept, kept_now)
    room = max((high - low) * 0.08, FLAT)
    whole = {"title": "rows kept", "tickformat": ",d", "range": [low - room, high + room]}
    figure.update_layout(xaxis_title=unit, yaxis=whole, showlegend=False)
    return figure


def answers(
    score: Sequence[float], same: Sequence[bool], now: float, wanted: float | None, floor: float, height: int = 190
) -> Any:
    """Answers on pairs by their score, same above not the same, with the threshold as set and as suggested."""
    figure = figure_of(height)
    for said, at, colour, symbol in (("same", 1, KEPT, "circle"), ("not the same", 0, GONE, "x")):
        listed = [s for s, yes in zip(score, same, strict=True) if yes == bool(at)]
        # Answers of one score stand side by side instead of on each other.
        lift = [at + 0.12 * ((n * 7) % 5 - 2) / 2 for n in range(len(listed))]
        figure.add_scatter(
            x=listed,
            y=lift,
            mode="markers",
            name=said,
            marker={"color": colour, "size": 9, "symbol": symbol, "opacity": 0.8},
            hovertemplate="%{x:.3f}: " + said + "<extra></extra>",
        )
    figure.add_vline(x=now, line={"color": NEUTRAL, "width": 2, "dash": "dot"}, annotation_text=f"set {now:.2f}")
    if wanted is not None:
        figure.add_vline(
            x=wanted,
            line={"color": LINE, "width": 2},
            annotation_text=f"suggested {wanted:.2f}",
            annotation_position="bottom right",
        )
    figure.update_layout(
        xaxis={"range": [floor - 0.01, 1.01]},
        yaxis={"tickvals": [0, 1], "ticktext": ["not the same", "same"], "range": [-0.5, 1.5]},
        showlegend=False,
    )
    return figure


def funnel(stages: Sequence[tuple[str, int]], height: int = 300) -> Any:
    """Rows alive after each stage, and how many each took."""
    figure = figure_of(height)
    names = [name for name, _ in stages]
    counts = [count for _, count in stages]
    taken = [0, *(a - b for a, b in pairwise(counts))]
    said = [f" {c:,}" + (f"  (−{t:,})" if t else "") for c, t in zip(counts, taken, strict=True)]
    figure.add_bar(
        y=names,
        x=counts,
        orientation="h",
        marker={"color": KEPT},
        text=said,
        textposition="auto",
        name="alive",
        hovertemplate="%{y}: %{x:,} rows alive<extra></extra>",
    )
    figure.add_bar(
        y=names,
        x=taken,
        orientation="h",
        marker={"color": GONE, "opacity": 0.75},
        name="taken by this stage",
        hovertemplate="%{y} took %{x:,} rows<extra></extra>",
    )
    figure.update_layout(barmode="stack", yaxis={"autorange": "reversed"}, xaxis_title="pool rows", showlegend=False)
    return figure


def bars(names: Sequence[str], before: Sequence[int], after: Sequence[int], height: int = 320) -> Any:
    """Rows per named group before and after, largest first."""
    figure = figure_of(height)
    places = list(range(len(names)))
    for counts, name, colour, opacity in ((before, "before", NEUTRAL, 0.55), (after, "kept", KEPT, 1.0)):
        figure.add_bar(
            x=list(counts),
            y=places,
            orientation="h",
            name=name,
            marker={"color": colour, "opacity": opacity},
            customdata=list(names),
            hovertemplate="%{customdata}: %{x:,} rows " + name + "<extra></extra>",
        )
    figure.update_layout(
        barmode="overlay",
        xaxis_title="rows",
        yaxis={
            "range": [len(names) - 0.4, -0.6],
            "tickmode": "array",
            "tickvals": places,
            "ticktext": list(names),
            "zeroline": False,
        },
    )
    return figure


def figure_of(height: int) -> Any:
    """An empty chart of that height in our layout; its legend stands just above the plot, however tall that is."""
    import plotly.graph_objects as go

    figure = go.Figure()
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
        bargap=0.05,
        legend={"orientation": "h", "y": 1 + 6 / height, "yanchor": "bottom", "x": 0},
        hovermode="closest",
    )
    return figure


def _widths(bins: Bins) -> list[float]:
    return [float(b - a) * 0.94 for a, b in pairwise(bins.edges)]


def _ranges(bins: Bins) -> list[str]:
    edges = [f"{e:,.4g}" for e in bins.edges]
    said = [f"{a} to {b}" for a, b in pairwise(edges)]
    if bins.over and said:
        said[-1] = f"{edges[-2]} and more"
    return said


def _bounds(figure: Any, bounds: Sequence[tuple[float, str]], bins: Bins) -> None:
    """Vertical lines with their names; one beyond the chart stands at its edge with an arrow."""
    least, most = float(bins.edges[0]), float(bins.edges[-1])
    if any(value < (least + most) / 2 for value, _ in bounds):  # out of the way of the line's name
        figure.update_layout(legend={"x": 1, "xanchor": "right"})
    for value, name in bounds:
        if abs(value) >= FAR:
            continue
        at = min(max(value, least), most)
        arrow = " →" if value > most else "← " if value < least else ""
        figure.add_vline(
            x=at,
            line={"color": GONE, "width": 2, "dash": "dash"},
            annotation={"text": f"{name} {value:,.4g}{arrow}", "font": {"size": 12}, "yanchor": "bottom"},
            annotation_position="top",
        )
