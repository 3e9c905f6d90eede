"""The registry drawn: four columns from inputs to training runs, a line for each step, what is chosen stands out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from curate.ship.ancestry import KINDS, Ancestry
from curate.views.figures import GONE, KEPT, LINE, NEUTRAL, REVIEW, figure_of

TITLES = {"input": "Inputs", "recipe": "Evidence and recipe", "version": "Versions", "run": "Training runs"}
COLOURS = {"input": NEUTRAL, "recipe": REVIEW, "version": KEPT, "run": LINE}
SYMBOLS = {"input": "square", "recipe": "diamond", "version": "circle", "run": "star"}
STEP = 46  # pixels between two things of a column
FAINT = 0.25


def places(tree: Ancestry) -> tuple[list[float], list[float]]:
    """x and y of every node: a column by kind, each column centred."""
    x, y = [0.0] * len(tree.nodes), [0.0] * len(tree.nodes)
    for column, kind in enumerate(KINDS):
        some = tree.of(kind)
        for row, place in enumerate(some):
            x[place], y[place] = float(column), (len(some) - 1) / 2 - row
    return x, y


def ancestry_chart(tree: Ancestry, names: Sequence[str], lit: Collection[int]) -> Any:
    """The picture. names: what stands below each node, free of markup. lit: nodes that stand out; none = all do."""
    x, y = places(tree)
    tallest = max((len(tree.of(kind)) for kind in KINDS), default=1)
    figure = figure_of(90 + STEP * max(tallest, 2))
    shown = set(lit) or set(range(len(tree.nodes)))
    for bright in (False, True):
        edges = [(a, b) for a, b in tree.edges if (a in shown and b in shown) is bright]
        figure.add_scatter(
            x=[v for a, b in edges for v in (x[a], x[b], None)],
            y=[v for a, b in edges for v in (y[a], y[b], None)],
            mode="lines", line={"width": 1.5 if bright else 1, "color": NEUTRAL}, opacity=0.9 if bright else FAINT,
            hoverinfo="skip", showlegend=False,
        )  # fmt: skip
    figure.add_scatter(
        x=x, y=y, mode="markers+text", text=list(names), textposition="bottom center", showlegend=False, hoverinfo="text",
        marker={"size": 17, "opacity": [1.0 if n in shown else FAINT for n in range(len(x))],
                "color": [COLOURS[n.kind] for n in tree.nodes], "symbol": [SYMBOLS[n.kind] for n in tree.nodes],
                "line": {"width": 2, "color": [GONE if _looked_twice(n.facts) else COLOURS[n.kind] for n in tree.nodes]}},
    )  # fmt: skip
    for column, kind in enumerate(KINDS):
        figure.add_annotation(x=column, y=tallest / 2 + 0.35, text=TITLES[kind], showarrow=False, font={"size": 13})
    figure.update_xaxes(visible=False, range=[-0.45, len(KINDS) - 0.55], fixedrange=True)
    figure.update_yaxes(visible=False, range=[-tallest / 2 - 0.25, tallest / 2 + 0.6], fixedrange=True)
    return figure


def _looked_twice(facts: Any) -> bool:
    return any("(look " in name and name.startswith("test ") for name in facts)
