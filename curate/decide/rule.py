"""One row rule as data: a column, its bounds, what failing does, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from curate.types import F32, Bool

INF = float("inf")
Act = Literal["drop", "review"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A row fails when `column < low` or `column > high`; NaN (not measured) never fails. Compared in float32.

    `span` is the range that a slider offers; `fact` marks columns whose question is yes or no (shown as a switch).
    `spare`: up to this share of the pool stays although it fails, chosen by a keyed shuffle (S2's wanted refusals).
    `source` says where the rule is from and, where labelled rows exist, what it was measured to find on them.
    `group`: the rules that a page shows together. `formula`: a rule of the user's own reads this and no column
    (curate/decide/formula.py).
    """

    name: str
    column: str
    low: float = -INF
    high: float = INF
    action: Act = "drop"
    enabled: bool = False
    help: str = ""
    source: str = ""
    unit: str = ""
    span: tuple[float, float] = (0.0, 1.0)
    fact: bool = False
    group: str = ""
    spare: float = 0.0
    formula: str = ""

    def fails(self, values: F32) -> Bool:
        """Bool [n]: rows outside the bounds."""
        low, high = np.float32(self.low), np.float32(self.high)
        return np.asarray((values < low) | (values > high), dtype=np.bool_)


def fact(name: str, column: str, action: Act, help: str, source: str, group: str = "") -> Rule:
    """A rule on a 0/1 column or a count: fails from 1."""
    return Rule(name, column, high=0.5, action=action, help=help, source=source, fact=True, group=group)
