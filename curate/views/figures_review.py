"""Charts of reviews: an interval against its line, agreement over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from curate.views.figures import GONE, LINE, figure_of


def interval(
    value: float, low: float, high: float, line: float, unit: str, whole: tuple[float, float] | None = None
) -> Any:
    """A figure with its 95 % interval on an axis, and the line that decides."""
    figure = figure_of(104)
    figure.add_scatter(
        x=[value], y=[0], mode="markers", marker={"color": LINE, "size": 12}, name=unit,
        error_x={"type": "data", "symmetric": False, "array": [high - value], "arrayminus": [value - low], "thickness": 3, "width": 8, "color": LINE},
        hovertemplate=f"{value:.3g}, {low:.3g} to {high:.3g}<extra></extra>",
    )  # fmt: skip
    figure.add_vline(
        x=line,
        line={"color": GONE, "width": 2, "dash": "dash"},
        annotation_text=f"{line:.0%}" if whole is None else f"{line:g}",
        annotation_position="top",
    )
    ends = whole or (0.0, max(0.12, high * 1.15))
    figure.update_layout(showlegend=False, margin={"l": 8, "r": 8, "t": 28, "b": 24}, xaxis={"range": list(ends), "tickformat": ".0%" if whole is None else ".1f"},
                         yaxis={"visible": False, "range": [-1, 1]})  # fmt: skip
    return figure


def over_time(value: Sequence[float], rows: Sequence[int], name: str) -> Any:
    """Kappa or alpha of each block of rows, with S0's .6 drawn."""
    figure = figure_of(200)
    end, at = 0, []
    for n in rows:
        end += n
        at.append(end)
    figure.add_scatter(x=at, y=list(value), mode="lines+markers", name=name, line={"color": LINE, "width": 2},
                       hovertemplate="up to row %{x}: %{y:.2f}<extra></extra>")  # fmt: skip
    figure.add_hline(y=0.6, line={"color": GONE, "width": 2, "dash": "dash"}, annotation_text="0.6")
    figure.update_layout(
        showlegend=False, xaxis_title="rows labelled by two, in order", yaxis={"title": name, "range": [-0.25, 1.05]}
    )
    return figure
