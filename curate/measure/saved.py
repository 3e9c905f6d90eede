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
from curate.measure import topics_saved
from curate.measure.earlier import Earlier, rows_of
from curate.measure.neighbours import Known
from curate.store import Store, read_array, write_array
from curate.types import F32, I32, U64, Evidence, Matches, Measure, Pairs, frozen_array

CLASSES = ("content", "spaced", "folded", "prompt", "question")
SCORES = (
    "prompt_jaccard", "answer_jaccard", "prompt_cosine", "answer_cosine", "prompt_same", "answer_same", "same", "conflict",
)  # fmt: skip


def write_classes(folder: Path, classes: Mapping[str, I32]) -> None:
    for name in CLASSES:
        write_array(folder, name, classes[name])


def read_classes(folder: Path) -> Mapping[str, I32]:
    return {name: read_array(folder, name) for name in CLASSES}


def write_pairs(folder: Path, pairs: Pairs, keys: U64, fingerprint: str, what: Measure) -> None:
    """The pair table; the content key of each row, the dataset and the measure, by which a later one finds it."""
    columns: dict[str, NDArray[Any]] = {"i": pairs.i, "j": pairs.j, "guards": pairs.guards, **pairs.scores}
    for name, values in columns.items():
        write_array(folder, name, values)
    write_array(folder, "keys", keys)
    about = {"floor": dict(pairs.floor), "completeness": pairs.completeness}
    _write(folder, {**about, "fingerprint": fingerprint, "measure": what.key})


def earlier_pairs(store: Store, what: Measure, keys: U64) -> Earlier | None:
    """The newest pair table by the same measure, of whatever dataset; None if there is none. keys: of today's rows."""
    folder = _latest(store, "pairs", what)
    if folder is None:
        return None
    row = rows_of(np.asarray(read_array(folder, "keys")), keys)
    return Earlier(read_pairs(folder), row, _read(folder)["fingerprint"])


def read_pairs(folder: Path) -> Pairs:
    about = _read(folder)
    scores = {name: read_array(folder, name) for name in SCORES}
    i, j, guards = (read_array(folder, name) for name in ("i", "j", "guards"))
    return Pairs(i, j, scores, guards, about["floor"], about["completeness"])


def write_matches(folder: Path, matches: Matches) -> None:
    for name, values in {"row": matches.row, "item": matches.item, **matches.scores}.items():
        write_array(folder, name, values)
    _write(folder, {"floor": dict(matches.floor), "scores": list(matches.scores), "completeness": matches.completeness})


def read_matches(folder: Path) -> Matches:
    about = _read(folder)
    scores = {name: read_array(folder, name) for name in about["scores"]}
    return Matches(read_array(folder, "row"), read_array(folder, "item"), scores, about["floor"], about["completeness"])


def write_scores(folder: Path, scores: Mapping[str, F32]) -> None:
    """Scores of pairs, made after the pairs themselves."""
    for name, values in scores.items():
        write_array(folder, name, values)
    _write(folder, {"scores": sorted(scores)})


def read_scores(folder: Path) -> Mapping[str, F32]:
    return {name: read_array(folder, name) for name in _read(folder)["scores"]}


def write_known(folder: Path, known: Known, what: Measure) -> None:
    for name in ("keys", "i", "j", "cosine"):
        write_array(folder, name, getattr(known, name))
    _write(folder, {"floor": known.floor, "measure": what.key})


def read_known(folder: Path) -> Known:
    keys, i, j, cosine = (read_array(folder, name) for name in ("keys", "i", "j", "cosine"))
    return Known(np.asarray(keys), np.asarray(i), np.asarray(j), np.asarray(cosine), _read(folder)["floor"])


def latest_known(store: Store, what: Measure) -> Known | None:
    """The newest finished search by the same measure, of whatever dataset; None if there is none."""
    folder = _latest(store, "meaning", what)
    return None if folder is None else read_known(folder)


def _latest(store: Store, kind: str, what: Measure) -> Path | None:
    """The newest finished entry of a kind by this measure."""
    found = sorted(store.home.glob(f"{kind}/??/*"), key=lambda p: p.stat().st_mtime_ns, reverse=True)
    for path in found:
        entry = store.find(kind, path.name)
        if entry is not None and _read(entry).get("measure") == what.key:
            return entry
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
    topics = None if evidence.topics is None else topics_saved.copied(evidence.topics)
    found = evidence.matches
    if found is not None:
        scores = {k: _copy(v) for k, v in found.scores.items()}
        found = replace(found, row=_copy(found.row), item=_copy(found.item), scores=scores)
    return replace(
        evidence, pairs=copied, topics=topics, matches=found, classes={k: _copy(v) for k, v in evidence.classes.items()}
    )


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
