"""Files to a Dataset: strict reading, frozen formats, stable ids, a ledger from which every file can be rebuilt."""

from curate.load.back import WRITERS, Written, convert
from curate.load.formats import FORMATS
from curate.load.ledger import rebuild, record_line, record_lines
from curate.load.limits import Limits, parse_limits
from curate.load.loading import load
from curate.load.mapping import PARTS, ColumnMap, parse_maps
from curate.load.mend import Change, Corrected, corrected
from curate.load.peek import Column, Proposal, propose
from curate.load.problems import CODES

__all__ = [
    "CODES",
    "FORMATS",
    "PARTS",
    "WRITERS",
    "Change",
    "Column",
    "ColumnMap",
    "Corrected",
    "Limits",
    "Proposal",
    "Written",
    "convert",
    "corrected",
    "load",
    "parse_limits",
    "parse_maps",
    "propose",
    "rebuild",
    "record_line",
    "record_lines",
]
