"""What a destination does to a row, as data: one frozen entry per rule, with its source and two minimal examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from curate.profiles.view import Predicate, View
from curate.types import Bool

I64 = NDArray[np.int64]
Test = Callable[[View], Bool | None]


class Fate(IntEnum):
    """What becomes of a row there, mildest first. Dropped: left out, or kept with nothing to learn in it. Error: the
    upload is refused, or the run stops at that row."""

    ACCEPTED = 0
    CHANGED = 1
    TRUNCATED = 2
    DROPPED = 3
    ERROR = 4


@dataclass(frozen=True, slots=True)
class Case:
    """A minimal row that shows a rule, or just does not. `beside`: other rows of its file; `tokens` and `limit` where the
    rule counts tokens."""

    row: str
    beside: tuple[str, ...] = ()
    tokens: Mapping[str, float] = field(default_factory=dict)
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that a destination does. `when` gives bool [n], or None when it needs token counts that are not there.

    help: what happens and what to do. source: where that is written, with the commit or date that was read. since: the
    version from which it holds, "" when unknown.
    """

    id: str
    fate: Fate
    when: Test
    help: str
    source: str
    hit: Case
    miss: Case
    since: str = ""


@dataclass(frozen=True, slots=True)
class FileRule:
    """A rule about the whole set of files: `broken` says what is wrong, in words, and which rows show it; None = fine.

    hit and miss: (file name, text) of a minimal file that breaks it and of one that does not.
    """

    id: str
    broken: Callable[[View], tuple[str, I64] | None]
    help: str
    source: str
    hit: tuple[str, str]
    miss: tuple[str, str]
    since: str = ""


@dataclass(frozen=True, slots=True)
class Destination:
    """A provider or a trainer. `limit`: tokens per example when nothing else is said, None = no default.

    set_up: what is assumed of how it is run.
    """

    name: str
    title: str
    kind: str
    set_up: str
    rules: tuple[Rule, ...]
    files: tuple[FileRule, ...]
    limit: int | None = None
    limit_source: str = ""


def rows(test: Predicate) -> Test:
    """A rule about a row's outline."""
    return lambda view: view.rows(test)


def laid_out(names: str, test: Predicate) -> Test:
    """A rule about the outline of rows in one of some layouts."""
    chosen = names.split()
    return lambda view: np.isin(view.layouts, chosen) & view.rows(test)


def not_laid_out(names: str) -> Test:
    """Rows in none of these layouts; a line that is no JSON object is another rule's."""
    chosen = ["", *names.split()]
    return lambda view: ~np.isin(view.layouts, chosen)


def beside_main(names: str) -> Test:
    """Rows in one of these layouts when the set is mainly in another one."""
    chosen = names.split()
    return lambda view: np.isin(view.layouts, chosen) & (view.layouts != view.main)


def longer_than_limit(view: View) -> Bool | None:
    """Rows with more tokens than the limit."""
    total = view.measured("total_tokens")
    return None if total is None or view.limit is None else np.asarray(total > view.limit)


def answer_past_limit(view: View) -> Bool | None:
    """Rows whose first trained token lies beyond the limit: nothing of them is learned."""
    first, trained = view.measured("first_trained"), view.measured("trained_tokens")
    if first is None or trained is None or view.limit is None:
        return None
    return np.asarray((trained > 0) & (first >= view.limit))


def template_refuses(view: View) -> Bool | None:
    """Rows that the tokenizer's chat template raises an error for."""
    refused = view.measured("template_refused")
    return None if refused is None else np.asarray(refused > 0)
