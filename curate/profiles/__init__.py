"""What providers and trainers would do with each row, before they do it: accept, change, truncate, drop, stop.

Each rule is one entry of a table with its source and two minimal examples; `simulate` asks one destination,
`fit_table` all of them.
"""

from curate.profiles.destinations import DESTINATIONS, destinations
from curate.profiles.rule import Destination, Fate, FileRule, Rule
from curate.profiles.simulate import FitRow, Outcome, RuleCount, fit_json, fit_row, fit_table, simulate
from curate.profiles.view import View

__all__ = [
    "DESTINATIONS",
    "Destination",
    "Fate",
    "FileRule",
    "FitRow",
    "Outcome",
    "Rule",
    "RuleCount",
    "View",
    "destinations",
    "fit_json",
    "fit_row",
    "fit_table",
    "simulate",
]
