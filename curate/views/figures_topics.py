"""Charts of topics: tiles by rows, the concentration curve, ranges and shares topic by topic. Names come escaped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.types import F64, I32
from curate.views.figures import GONE, KEPT, LINE, NEUTRAL, REVIEW, figure_of

FEW = 60  # tiles that are seen at one glance; more are opened group by group
DEPTH = 1
Ints = NDArray[np.int64]
KINDS = (KEPT, GONE, REVIEW, LINE, NEUTRAL, "#8661c5", "#b3446c", "#6b8e23", "#00798c", "#a0522d")
TILE = ((0.0, "#d55e00"), (0.5, "#c9a227"), (1.0, "#2a9d78"))  # none to all kept; differs in lightness too


def tiles_of(
    names: Sequence[str], number: I32, before: Ints, after: Ints, groups: tuple[Sequence[str], Ints] | None
) -> tuple[list[str], list[str], list[int], list[int]]:
    """Names, parents, rows and kept rows of a treemap: topics below their groups, groups below nothing."""
    own, of = groups if groups is not None else ((), np.zeros(0, np.int64))
    at = of[number] if len(own) else np.zeros(0, np.int64)
    whole, kept = (
        (np.bincount(at, weights=v, minlength=len(own)).astype(int).tolist() for v in (before, after))
        if len(own)
        else ([], [])
    )
    titles = [f"{name} " for name in own]  # a blank tells a group from a topic of the same name
    used = [g for g in range(len(own)) if whole[g]]
    return (
        [titles[g] for g in used] + [names[t] for t in number.tolist()],
        [""] * len(used) + ([titles[g] for g in at.tolist()] if len(own) else [""] * number.shape[0]),
        [whole[g] for g in used] + before.tolist(),
        [kept[g] for g in used] + after.tolist(),
    )


def tiles(
    names: Sequence[str], parents: Sequence[str], rows: Sequence[int], kept: Sequence[int], height: int = 560
) -> Any:
    """A treemap: area = rows, colour = share kept."""
    figure = figure_of(height)
    share = [k / r if r else 0.0 for k, r in zip(kept, rows, strict=True)]
    ids = [f"{n}" for n in range(len(names))]
    number = {name: ids[n] for n, name in enumerate(names) if parents[n] == ""}
    figure.add_treemap(
        ids=ids,
        labels=list(names),
        parents=["" if p == "" else number[p] for p in parents],
        values=list(rows),
        branchvalues="total",
        customdata=[[k, s] for k, s in zip(kept, share, strict=True)],
        marker={"colors": share, "colorscale": [list(t) for t in TILE], "cmin": 0, "cmax": 1, "line": {"width": 1}},
        hovertemplate="%{label}: %{value:,} rows, %{customdata[0]:,} kept (%{customdata[1]:.0%})<extra></extra>",
        textinfo="label+value",
        pathbar={"visible": True},
        root={"color": "rgba(0,0,0,0)"},
        maxdepth=DEPTH if len(names) > FEW and any(parents) else -1,
    )
    figure.update_layout(margin={"l": 0, "r": 0, "t": 24, "b": 0})
    return figure


def concentration(before: F64, after: F64 | None, height: int = 270) -> Any:
    """Share of the rows in the largest topics; the dotted line is an even spread, the cross S1's 80 / 20."""
    figure = figure_of(height)
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", name="even", line={"color": NEUTRAL, "width": 1, "dash": "dot"},
                       hoverinfo="skip")  # fmt: skip
    for curve, name, colour in ((before, "before", NEUTRAL), (after, "kept", KEPT)):
        if curve is None:
            continue
        at = np.linspace(0, 1, curve.shape[0])
        figure.add_scatter(x=at.tolist(), y=curve.tolist(), mode="lines", name=name, line={"color": colour, "width": 2.5},
                           hovertemplate="the largest %{x:.0%} of topics: %{y:.0%} of rows<extra>" + name + "</extra>")  # fmt: skip
    figure.add_scatter(x=[0.2], y=[0.8], mode="markers+text", text=["80 / 20"], textposition="bottom right", name="80 / 20",
                       marker={"color": GONE, "size": 11, "symbol": "x"}, showlegend=False,
                       hovertemplate="S1: 80 % of rows over 20 % of topics<extra></extra>")  # fmt: skip
    figure.update_layout(
        xaxis={"title": "topics, the largest first", "tickformat": ".0%", "range": [0, 1.01]},
        yaxis={"title": "rows", "tickformat": ".0%", "range": [0, 1.05]},
    )
    return figure


def ranges(names: Sequence[str], found: F64, middle: float, unit: str) -> Any:
    """p10 to p90 with the median, topic by topic. found: float64 [k, 3]."""
    figure = figure_of(90 + 22 * len(names))
    places = list(range(len(names)))
    for place, (low, _, high) in zip(places, found.tolist(), strict=True):
        figure.add_shape(type="line", x0=low, x1=high, y0=place, y1=place, line={"color": NEUTRAL, "width": 5})
    figure.add_scatter(
        x=found[:, 1].tolist(), y=places, mode="markers", marker={"color": LINE, "size": 10}, name="median",
        customdata=[[n, *v] for n, v in zip(names, found.tolist(), strict=True)],
        hovertemplate="%{customdata[0]}: median %{customdata[2]:.4g}, p10 %{customdata[1]:.4g}, p90 %{customdata[3]:.4g}<extra></extra>",
    )  # fmt: skip
    if middle == middle:
        figure.add_vline(x=middle, line={"color": GONE, "width": 1.5, "dash": "dash"})
    high = float(np.nanmax(found)) if np.isfinite(found).any() else 1.0
    low = min(0.0, float(np.nanmin(found))) if np.isfinite(found).any() else 0.0
    figure.update_layout(
        xaxis={"title": unit, "range": [low, high * 1.05 or 1]}, yaxis=_names(names, places), showlegend=False
    )
    return figure


def stacked(names: Sequence[str], share: F64, kinds: Sequence[str]) -> Any:
    """Shares of kinds, topic by topic. share: float64 [k, kinds]."""
    figure = figure_of(100 + 22 * len(names))
    places = list(range(len(names)))
    for n, kind in enumerate(kinds):
        if not share[:, n].any():
            continue
        figure.add_bar(x=share[:, n].tolist(), y=places, orientation="h", name=kind, marker={"color": KINDS[n % len(KINDS)]},
                       customdata=list(names), hovertemplate="%{customdata}: %{x:.0%} " + kind + "<extra></extra>")  # fmt: skip
    figure.update_layout(barmode="stack", xaxis={"tickformat": ".0%", "range": [0, 1]}, yaxis=_names(names, places))
    return figure


def _names(names: Sequence[str], places: Sequence[int]) -> dict[str, Any]:
    return {
        "tickmode": "array", "tickvals": list(places), "ticktext": list(names), "range": [len(names) - 0.4, -0.6],
        "zeroline": False,
    }  # fmt: skip
