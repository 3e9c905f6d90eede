"""The pair plane: similarity of two prompts against similarity of their answers, coloured by how much they contradict."""

from __future__ import annotations

from typing import Any

import numpy as np

from curate.types import F32
from curate.views.figures import GONE, LINE

# Light to dark, so that it reads without colour too; readable on a light and on a dark ground.
SCALE = [[0.0, "#9db4c8"], [0.5, "#e6a100"], [1.0, "#a3320b"]]


def plane(x: F32, y: F32, score: F32, prompt: float, bar: float, height: int = 380) -> Any:
    """Points with their place as customdata; the prompt threshold as a line, pairs at or above both bars as diamonds."""
    import plotly.graph_objects as go

    over = (score >= np.float32(bar)) & (x >= np.float32(prompt))
    figure = go.Figure()
    for use, name, symbol, size in ((~over, "below a threshold", "circle", 5), (over, "contradiction", "diamond", 9)):
        at = np.flatnonzero(use)
        figure.add_scattergl(
            x=x[at],
            y=y[at],
            mode="markers",
            name=f"{name} ({at.shape[0]:,})",
            customdata=at[:, None],
            text=[f"{v:.2f}" for v in score[at]],
            marker={"symbol": symbol, "size": size, "opacity": 0.85, "color": score[at], "colorscale": SCALE, "cmin": 0,
                    "cmax": 1, "showscale": bool(name == "contradiction"), "line": {"width": 0},
                    "colorbar": {"title": "conflict", "thickness": 12, "tickvals": [0, bar, 1],
                                 "ticktext": ["0", f"{bar:.2f} threshold", "1"]}},
            hovertemplate="prompts %{x:.3f}, answers %{y:.3f}: conflict %{text}<extra></extra>",
        )  # fmt: skip
    figure.add_vline(x=prompt, line={"color": GONE, "width": 2, "dash": "dash"},
                     annotation={"text": f"questions ≥ {prompt:.2f}", "font": {"size": 12}}, annotation_position="top left")  # fmt: skip
    figure.add_hline(y=0.95, line={"color": LINE, "width": 1, "dash": "dot"},
                     annotation={"text": "near-same answers", "font": {"size": 11}}, annotation_position="bottom right")  # fmt: skip
    figure.update_layout(
        height=height, margin={"l": 8, "r": 8, "t": 34, "b": 8}, dragmode="select", hovermode="closest",
        xaxis_title="similarity of the prompts (cosine)", yaxis_title="similarity of the answers (cosine)",
        legend={"orientation": "h", "y": 1.14, "x": 0})  # fmt: skip
    return figure
