"""The report for the meeting: one self-contained page, from the verdict down to how to reproduce it."""

from __future__ import annotations

from curate.views.report.build import NAMES, Options, Report, build
from curate.views.report.html import to_html
from curate.views.report.markdown import to_markdown

__all__ = ["NAMES", "Options", "Report", "build", "to_html", "to_markdown"]
