"""Problems of the rows: by kind with how to mend it, then one by one with file, line and field."""

from __future__ import annotations

from collections import Counter

import streamlit as st

from curate.load import CODES
from curate.ship.lines import malformed_pieces
from curate.types import Dataset
from curate.ui import inert, words

MOST_PROBLEMS = 200
NAMES = {"nan": "NaN", "bom": "Byte order mark", "invalid_json": "Invalid JSON", "html_debris": "HTML debris"}
LEVELS = {"error": "\u2715 unusable", "warning": "! look", "info": "i know"}


def show(data: Dataset) -> None:
    """Nothing found, or the two tables and the malformed rows as a file."""
    table = data.problems
    if not table.num_rows:
        st.success("No problem found in any row.", icon=":material/check_circle:")
        return
    codes = table.column("code").to_pylist()
    fatal = table.column("fatal").to_pylist()
    st.markdown(
        f"**{len(codes):,} finding{'s' if len(codes) != 1 else ''}**, {sum(fatal):,} of which make a row unusable"
    )
    _kinds(data, codes, fatal)
    _one_by_one(data, Counter(codes))
    if sum(s.malformed for s in data.sources):
        st.download_button(
            "Malformed rows (JSONL)",
            lambda: b"".join(malformed_pieces(data)),
            "malformed.jsonl",
            "application/jsonl",
            key="load.malformed",
            icon=":material/download:",
            on_click="ignore",
            help="Place, finding and the row's own bytes (base64), as an export writes them.",
        )


def _level(code: str, fatal: bool) -> str:
    return LEVELS["error" if fatal else "info" if code in CODES and CODES[code].info else "warning"]


def _title(code: str) -> str:
    return NAMES.get(code) or words.title(code)


def _kinds(data: Dataset, codes: list[str], fatal: list[bool]) -> None:
    """One line per kind: unusable rows first, then the most frequent."""
    counts, bad = Counter(codes), Counter(c for c, f in zip(codes, fatal, strict=True) if f)
    level = {c: _level(c, c in bad) for c in counts}
    order = sorted(counts, key=lambda c: (list(LEVELS.values()).index(level[c]), -counts[c]))
    inert.table(
        {
            "": [level[c] for c in order],
            "kind": [_title(c) for c in order],
            "findings": [counts[c] for c in order],
            "unusable": [bad[c] for c in order],
            "first at": [_place(data, codes.index(c)) for c in order],
            "how to fix": [CODES[c].fix[:1].upper() + CODES[c].fix[1:] if c in CODES else "" for c in order],
        },
        key="load.kinds",
        alt="Kinds of problems with how to fix them",
        widths={"how to fix": "large"},
    )


def _place(data: Dataset, at: int) -> str:
    source, line = data.problems.column("source")[at].as_py(), data.problems.column("line")[at].as_py()
    name = data.sources[source].name
    return f"{name}:{line}" if line else f"{name} as a whole"


def _one_by_one(data: Dataset, counts: Counter[str]) -> None:
    table = data.problems
    code = st.selectbox(
        "Kind",
        ["all", *counts],
        key="load.problems.kind",
        width=320,
        format_func=lambda c: f"All kinds ({table.num_rows:,})" if c == "all" else f"{_title(c)} ({counts[c]:,})",
    )
    if code != "all":
        table = table.filter([c == code for c in table.column("code").to_pylist()])
    rows = table.slice(0, MOST_PROBLEMS).to_pylist()
    inert.table(
        {
            "": [_level(r["code"], r["fatal"]) for r in rows],
            "where": [f"{data.sources[r['source']].name}:{r['line']}" if r["line"] else data.sources[r["source"]].name
                      for r in rows],
            "field": [r["field"] for r in rows],
            "kind": [r["code"] for r in rows],
            "what and how to fix": [r["message"] for r in rows],
        },
        key="load.problems",
        alt="Problems by file and line",
        widths={"what and how to fix": "large"},
        height=260,
    )  # fmt: skip
    if table.num_rows > MOST_PROBLEMS:
        st.caption(f"{MOST_PROBLEMS} of {table.num_rows:,} shown")
