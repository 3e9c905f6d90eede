"""Set evidence on disk: plain arrays in a published folder, read back memory-mapped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.errors import StoreError
from curate.measure.neighbours import Known
from curate.store import Store, read_array, write_array
from curate.types import I32, Evidence, Measure, Pairs, Topics, frozen_array

CLASSES = ("content", "spaced", "folded", "prompt", "question")
SCORES = ("prompt_jaccard", "answer_jaccard", "prompt_cosine", "answer_cosine", "conflict")


def write_classes(folder: Path, classes: Mapping[str, I32]) -> None:
    for name in CLASSES:
        write_array(folder, name, classes[name])


def read_classes(folder: Path) -> Mapping[str, I32]:
    return {name: read_array(folder, name) for name in CLASSES}


def write_pairs(folder: Path, pairs: Pairs) -> None:
    columns: dict[str, NDArray[Any]] = {"i": pairs.i, "j": pairs.j, "guards": pairs.guards, **pairs.scores}
    for name, values in columns.items():
        write_array(folder, name, values)
    _write(folder, {"floor": dict(pairs.floor), "completeness": pairs.completeness})


def read_pairs(folder: Path) -> Pairs:
    about = _read(folder)
    scores = {name: read_array(folder, name) for name in SCORES}
    i, j, guards = (read_array(folder, name) for name in ("i", "j", "guards"))
    return Pairs(i, j, scores, guards, about["floor"], about["completeness"])


def write_topics(folder: Path, topics: Topics | None) -> None:
    if topics is None:
        _write(folder, {"sizes": None})
        return
    for size, labels in zip(topics.sizes, topics.labels, strict=True):
        write_array(folder, f"labels-{size}", labels)
    if topics.xy is not None:
        write_array(folder, "xy", topics.xy)
    about = {"sizes": topics.sizes, "names": topics.names, "fitted": topics.fitted, "xy": topics.xy is not None}
    _write(folder, {**about, "placement_error": topics.placement_error})


def read_topics(folder: Path) -> Topics | None:
    about = _read(folder)
    if about["sizes"] is None:
        return None
    labels = tuple(read_array(folder, f"labels-{size}") for size in about["sizes"])
    names = tuple(tuple(n) for n in about["names"])
    xy = read_array(folder, "xy") if about["xy"] else None
    return Topics(tuple(about["sizes"]), labels, names, about["fitted"], xy, about["placement_error"])


def write_known(folder: Path, known: Known, what: Measure) -> None:
    for name in ("keys", "i", "j", "cosine"):
        write_array(folder, name, getattr(known, name))
    _write(folder, {"floor": known.floor, "measure": what.key})


def read_known(folder: Path) -> Known:
    keys, i, j, cosine = (read_array(folder, name) for name in ("keys", "i", "j", "cosine"))
    return Known(np.asarray(keys), np.asarray(i), np.asarray(j), np.asarray(cosine), _read(folder)["floor"])


def latest_known(store: Store, what: Measure) -> Known | None:
    """The newest finished search by the same measure, of whatever dataset; None if there is none."""
    found = sorted(store.home.glob("meaning/??/*"), key=lambda p: p.stat().st_mtime_ns, reverse=True)
    for path in found:
        entry = store.find("meaning", path.name)
        if entry is not None and _read(entry).get("measure") == what.key:
            return read_known(entry)
    return None


def in_memory(evidence: Evidence) -> Evidence:
    """The same evidence with every mapped array copied, so that its files may go."""
    pairs = evidence.pairs
    copied = replace(
        pairs,
        i=_copy(pairs.i),
        j=_copy(pairs.j),
        guards=_copy(pairs.guards),
        scores={k: _copy(v) for k, v in pairs.scores.items()},
    )
    topics = evidence.topics
    if topics is not None:
        xy = None if topics.xy is None else _copy(topics.xy)
        topics = replace(topics, labels=tuple(_copy(v) for v in topics.labels), xy=xy)
    return replace(evidence, pairs=copied, topics=topics, classes={k: _copy(v) for k, v in evidence.classes.items()})


def _copy(array: Any) -> Any:
    return frozen_array(np.array(array))


def _write(folder: Path, about: Mapping[str, Any]) -> None:
    (folder / "about.json").write_text(json.dumps(about, sort_keys=True), encoding="utf-8")


def _read(folder: Path) -> dict[str, Any]:
    try:
        about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise StoreError(f"{folder.name} in the store is damaged; run `curate store clear`") from None
    return dict(about)
