"""Topics on disk: plain arrays in a published folder, read back memory-mapped; and topics of prompts as topics of rows."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from curate.errors import StoreError
from curate.store import read_array, write_array
from curate.types import F32, I32, Topics, TopicTree, WordTable, frozen_array

COLUMNS = ("left", "right", "height", "points", "beside", "rows", "place", "apart")


def write_topics(folder: Path, topics: Topics | None) -> None:
    """Every part of the topics, or that there are none."""
    about: dict[str, Any] = {"sizes": None}
    if topics is not None:
        about = {
            "sizes": topics.sizes, "names": topics.names, "fitted": topics.fitted, "xy": topics.xy is not None,
            "placement_error": topics.placement_error, "vocabulary": None,
        }  # fmt: skip
        for size, labels in zip(topics.sizes, topics.labels, strict=True):
            write_array(folder, f"labels-{size}", labels)
        if topics.xy is not None:
            write_array(folder, "xy", topics.xy)
        if topics.tree is not None:
            about["vocabulary"] = topics.tree.words.vocabulary
            for name in COLUMNS:
                write_array(folder, f"tree-{name}", getattr(topics.tree, name))
            write_array(folder, "words-start", topics.tree.words.start)
            write_array(folder, "words-word", topics.tree.words.word)
    (folder / "about.json").write_text(json.dumps(about, sort_keys=True), encoding="utf-8")


def read_topics(folder: Path) -> Topics | None:
    """What `write_topics` wrote. Errors: StoreError when the folder is damaged."""
    try:
        about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise StoreError(f"{folder.name} in the store is damaged; run `curate store clear`") from None
    if about["sizes"] is None:
        return None
    return Topics(
        sizes=tuple(about["sizes"]),
        labels=tuple(read_array(folder, f"labels-{size}") for size in about["sizes"]),
        names=tuple(tuple(n) for n in about["names"]),
        fitted=about["fitted"],
        xy=read_array(folder, "xy") if about["xy"] else None,
        placement_error=about["placement_error"],
        tree=None if about["vocabulary"] is None else _read_tree(folder, tuple(about["vocabulary"])),
    )


def _read_tree(folder: Path, vocabulary: tuple[str, ...]) -> TopicTree:
    words = WordTable(read_array(folder, "words-start"), read_array(folder, "words-word"), vocabulary)
    return TopicTree(**{name: read_array(folder, f"tree-{name}") for name in COLUMNS}, words=words)


def copied(topics: Topics) -> Topics:
    """The same with every mapped array copied, so that its files may go."""
    tree = topics.tree
    if tree is not None:
        words = WordTable(_copy(tree.words.start), _copy(tree.words.word), tree.words.vocabulary)
        tree = TopicTree(**{name: _copy(getattr(tree, name)) for name in COLUMNS}, words=words)
    xy = None if topics.xy is None else _copy(topics.xy)
    return replace(topics, labels=tuple(_copy(v) for v in topics.labels), xy=xy, tree=tree)


def of_rows(made: Topics, prompt: I32, leads: np.ndarray) -> Topics:
    """Topics of n rows from topics of their p distinct prompts. prompt: int32 [n], each row's, -1 = it has no vector;
    leads: [p], a row of each prompt."""
    here = prompt >= 0
    assert made.xy is not None and made.tree is not None  # fit_topics makes both
    tree = replace(
        made.tree,
        rows=leads[made.tree.rows].astype(np.int32),
        place=np.where(here, made.tree.place[prompt], -1).astype(np.int32),
        apart=_blank(made.tree.apart[prompt], here),
    )
    labels = tuple(np.where(here, label[prompt], -1).astype(np.int32) for label in made.labels)
    return replace(made, labels=labels, xy=_blank(made.xy[prompt], here), tree=tree)


def _blank(values: F32, here: np.ndarray) -> F32:
    """The values, NaN where there is none."""
    known = here.reshape(-1, *([1] * (values.ndim - 1)))
    return np.ascontiguousarray(np.where(known, values, np.float32(np.nan)), dtype=np.float32)


def _copy(array: Any) -> Any:
    return frozen_array(np.array(array))
