"""Chosen rows against all rows: shares, lengths, scores, and what they have more of."""

from __future__ import annotations

from typing import Any

import numpy as np

from curate.types import Action, Verdicts
from curate.ui import topics_view, words
from curate.ui.loaded import Loaded, Rows

SCORES = (
    "prompt_words",
    "answer_words",
    "turns",
    "window_repetition",
    "shape_s0",
    "shape_s3",
    "judge_overall",
)
MOST = 5


def table(data: Loaded, made: Verdicts, rows: Rows) -> dict[str, list[Any]]:
    """Columns of a table: what, chosen, all."""
    lines = [*_verdicts(made, rows), *_scores(data, rows), *_topics(data, made, rows), *_files(data, rows)]
    what, chosen, whole = zip(*lines, strict=True)
    return {"": list(what), "chosen": list(chosen), "all rows": list(whole)}


def _verdicts(made: Verdicts, rows: Rows) -> list[tuple[str, str, str]]:
    lines = [("rows", f"{rows.shape[0]:,}", f"{len(made):,}")]
    for action in Action:
        whole = made.action == action
        if whole.any():
            lines.append((words.ACTIONS[action].word, _share(whole[rows]), _share(whole)))
    found = [(code, made.carries(code, rows=rows), made.carries(code)) for code in made.counts(rows)]
    ranked = sorted(found, key=lambda f: -float(f[1].mean() - f[2].mean()))
    return lines + [
        (f"reason: {words.title(c).lower()}", _share(mine), _share(whole)) for c, mine, whole in ranked[:MOST]
    ]


def _scores(data: Loaded, rows: Rows) -> list[tuple[str, str, str]]:
    lines = []
    for name in SCORES:
        values = data.evidence.columns.get(name)
        if values is None or not np.isfinite(values[rows]).any():
            continue
        mine, whole = (np.nanmedian(v) for v in (values[rows], values))
        lines.append((f"median {words.title(name).lower()}", words.number(float(mine)), words.number(float(whole))))
    return lines


def _topics(data: Loaded, made: Verdicts, rows: Rows) -> list[tuple[str, str, str]]:
    """The topics that most of the chosen rows are in."""
    names = topics_view.names(data, made)
    if not names:
        return []
    return _most(made.topic, rows, names, "topic")


def _files(data: Loaded, rows: Rows) -> list[tuple[str, str, str]]:
    if len(data.source_names) < 2:
        return []
    return _most(data.dataset.rows.column("source").to_numpy(), rows, list(data.source_names), "file")


def _most(codes: Any, rows: Rows, names: list[str], what: str) -> list[tuple[str, str, str]]:
    whole = np.bincount(codes[codes >= 0], minlength=len(names))
    mine = np.bincount(codes[rows][codes[rows] >= 0], minlength=len(names))
    order = [t for t in np.argsort(-mine, kind="stable")[:MOST].tolist() if mine[t]]
    return [
        (f"{what}: {names[t]}", _part(int(mine[t]), rows.shape[0]), _part(int(whole[t]), codes.shape[0])) for t in order
    ]


def _share(mask: Any) -> str:
    return _part(int(np.count_nonzero(mask)), mask.shape[0])


def _part(count: int, base: int) -> str:
    return f"{count:,} ({count / base:.1%})" if base else "0"
