"""The report as Markdown: for a pull request or a wiki. Row text stands in fences that it cannot close."""

from __future__ import annotations

import re
from collections.abc import Iterator

from curate.views.report.blocks import Block, Code, Compare, Figure, Para, Row, Table
from curate.views.report.build import Report

_SIGNS = re.compile(r"([\\`*_{}\[\]()<>#+!|~$&])")
_RUNS = re.compile(r"`+")
MARKS = {"same": " ", "old": "-", "new": "+"}


def to_markdown(report: Report) -> str:
    """The same sections; pictures are left to the HTML, their words stand here."""
    lines = [f"# {_plain(report.title)}", "", f"**{_plain(report.verdict)}**", ""]
    for section in report.sections:
        lines += [f"## {_plain(section.title)}", ""]
        for block in section.blocks:
            lines += [*_block(block), ""]
    return "\n".join(lines).rstrip() + "\n"


def _block(block: Block) -> Iterator[str]:
    match block:
        case Para():
            yield (f"- {block.band}: " if block.band else "") + _plain(block.text)
        case Table():
            yield from _table(block)
        case Figure():
            yield f"*{_plain(block.title)}*: {_plain(block.alt)}"
        case Row():
            yield f"**{_plain(block.name)}**: {_plain(block.why)}"
            for name, text in block.fields:
                yield from ("", f"{name}:", "", *_fenced(text))
        case Compare():
            yield f"**{_plain(block.left)}** and **{_plain(block.right)}**: {_plain(block.why)}"
            for name, parts in block.fields:
                words = (f"{MARKS[side]} {' '.join(said.split())}" for side, said in parts if said.strip())
                yield from ("", f"{name}:", "", *_fenced("\n".join(words), "diff"))
        case Code():
            yield from _fenced(block.text)


def _table(block: Table) -> Iterator[str]:
    yield "| " + " | ".join(_plain(c) or " " for c in block.columns) + " |"
    yield "|" + "|".join("--:" if n in block.numeric else "---" for n in range(len(block.columns))) + "|"
    yield from ("| " + " | ".join(_plain(c) for c in row) + " |" for row in block.rows)
    if block.note:
        yield from ("", _plain(block.note))


def _fenced(text: str, language: str = "") -> list[str]:
    """A fence longer than any run of back-ticks inside."""
    fence = "`" * max(3, 1 + max((len(run) for run in _RUNS.findall(text)), default=0))
    return [fence + language, *(text.split("\n") if text else ["(empty)"]), fence]


def _plain(text: str) -> str:
    """One line in which nothing is markup."""
    return _SIGNS.sub(r"\\\1", " ".join(text.split()))
