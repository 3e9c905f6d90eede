"""What the source documents ask for and where it is met: one table, for the help page and for docs/sources.md."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

DOCUMENTS = {
    "S0": "Data quality for fine-tuning",
    "S1": "Dataset curation for fine-tuning",
    "S2": "Splits, balance and representativeness",
    "S3": "Formats, examples and synthetic data",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that a document asks for (`document` S0 to S3) or gets wrong (document "").

    met: names of where it is met, as kind:name; empty = not built yet.
    """

    id: str
    document: str
    asks: str
    met: tuple[str, ...]
    note: str

    @property
    def built(self) -> bool:
        return bool(self.met)


@cache
def entries() -> tuple[Entry, ...]:
    """Every entry: first what is asked, then what contradicts itself, in the documents' order."""
    table = tomllib.loads(files("curate.views").joinpath("sources.toml").read_text("utf-8"))
    asked = (Entry(e["id"], e["source"], e["asks"], tuple(e["met"]), e.get("note", "")) for e in table["entry"])
    wrong = (Entry(e["id"], "", e["found"], tuple(e["met"]), e["done"]) for e in table["conflict"])
    return (*asked, *wrong)


def to_markdown() -> str:
    """docs/sources.md."""
    lines = ["# The four source documents, point by point", "",
             "Made by `python scripts/readme.py` from `curate/views/sources.toml`; a test fails when a name here does not exist.",
             "", *(f"- {key}: {title}" for key, title in DOCUMENTS.items())]  # fmt: skip
    for title, documents in (("What they ask for", tuple(DOCUMENTS)), ("Where they conflict or are wrong", ("",))):
        lines += ["", f"## {title}", "", "| | | what | where | note |", "|---|---|---|---|---|"]
        lines += [_line(e) for e in entries() if e.document in documents]
    return "\n".join(lines) + "\n"


def _line(e: Entry) -> str:
    where = ", ".join(f"`{name}`" for name in e.met) or "not built yet"
    return f"| {e.id} | {e.document} | {e.asks} | {where} | {e.note} |"
