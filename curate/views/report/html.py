"""The report as one HTML file: no script, no request, no font of its own; it opens offline and prints well."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from importlib.resources import files
from typing import Any

from curate.views.report.blocks import Code, Compare, Figure, Para, Row, Table
from curate.views.report.build import Report

KINDS = {Para: "para", Table: "table", Figure: "figure", Row: "row", Compare: "compare", Code: "code"}
MARKS = {"healthy": "✓", "watch": "◐", "warning": "!", "not measured": "?"}


def to_html(report: Report) -> str:
    """The whole page. Every text goes through the template's escaping; figures are our own SVG and PNG."""
    return str(_template().render(report=report, marks=MARKS))


@cache
def _template() -> Any:
    from jinja2 import Environment, StrictUndefined

    made = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters["kind"] = lambda block: KINDS[type(block)]
    made.filters["data"] = lambda png: b64encode(png).decode("ascii")
    return made.from_string(files("curate.views.report").joinpath("report.html").read_text("utf-8"))
