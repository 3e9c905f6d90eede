"""Files out: publish an export, verify it, rebuild what went in."""

from __future__ import annotations

from curate.ship.export import export
from curate.ship.formats import FORMATS
from curate.ship.ledger import Count, counts, total
from curate.ship.lineage import Lineage
from curate.ship.publish import current
from curate.ship.rebuild import rebuild
from curate.ship.stats import RunStats, run_stats
from curate.ship.verify import Mismatch, verify

__all__ = [
    "FORMATS",
    "Count",
    "Lineage",
    "Mismatch",
    "RunStats",
    "counts",
    "current",
    "export",
    "rebuild",
    "run_stats",
    "total",
    "verify",
]
