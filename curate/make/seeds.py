"""Seeds: rows that the teacher is shown, from the topics that have fewest, or those that a person names."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from curate.errors import RecipeError
from curate.types import Action, Bool, Evidence, Verdicts

THIN = 3  # a topic is thin below a third of the median topic


def seeds(evidence: Evidence, verdicts: Verdicts, count: int, hidden: Bool | None = None) -> NDArray[np.int64]:
    """int64 [count]: kept rows, one of each content: those of thin topics first, then every topic in turn.

    The order within a topic is a content-keyed shuffle, so equal data give equal seeds. hidden: rows
    that nothing is written after (ship/sealed.py): a test row's like in training would be a leak.
    """
    kept = np.flatnonzero(verdicts.action == Action.KEEP)
    if hidden is not None:
        kept = kept[~hidden[kept]]
    _, first = np.unique(evidence.classes["content"][kept], return_index=True)
    rows = kept[np.sort(first)]
    rows = rows[np.argsort(evidence.keys[rows], kind="stable")]
    topic = verdicts.topic[rows]
    _, code, sizes = np.unique(topic, return_inverse=True, return_counts=True)
    turn = np.empty(rows.shape[0], np.int64)
    order = np.argsort(code, kind="stable")
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    turn[order] = np.arange(rows.shape[0]) - np.repeat(starts, sizes)
    named = sizes[np.unique(topic) >= 0]
    thin = sizes[code] * THIN < (np.median(named) if named.shape[0] else 0)
    return np.asarray(rows[np.lexsort((sizes[code], turn, ~thin))][:count])


def named(evidence: Evidence, ids: Iterable[str], hidden: Bool | None = None) -> NDArray[np.int64]:
    """Rows of these ids. Errors: RecipeError for one that is not here, or hidden."""
    place = {i.decode(): n for n, i in enumerate(evidence.ids.tolist())}
    out = []
    for i in ids:
        if i not in place:
            raise RecipeError(f"row {i!r} is not in this data; row ids look like 0123456789abcdef-0")
        if hidden is not None and hidden[place[i]]:
            raise RecipeError(f"row {i!r} is in an export's test split; give --open-test WHY to write after it")
        out.append(place[i])
    return np.array(out, np.int64)
