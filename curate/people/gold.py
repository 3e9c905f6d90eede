"""The gold set: 200 to 500 rows that people chose and checked before any training data was touched (S1), frozen to a file.

The file is given as `--frozen`: its rows are never trained on, and near copies of them leave the pool. The rows that they come
from are dropped by hand as well, as one step, since a prompt that was edited may no longer look like its origin.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from curate.decide.gold import BEGIN
from curate.errors import DataError
from curate.store import OverrideLog
from curate.store.files import write_text
from curate.store.gold import Gold, GoldItem
from curate.types import Dataset

FROM = "gold_from"


@dataclass(frozen=True, slots=True)
class Frozen:
    """A gold file: where, sha256 of its bytes, rows, and how many of the pool were taken out with it."""

    path: Path
    sha256: str
    rows: int
    taken_out: int


def lines(dataset: Dataset, items: Sequence[GoldItem], at: Mapping[str, int]) -> Iterator[str]:
    """JSON lines of the approved rows by id: the conversation with its last question and answer as approved, and its origin.
    Errors: DataError for a row that is not in this dataset."""
    for item in sorted((i for i in items if i.state == "approved"), key=lambda i: i.id):
        if item.id not in at:
            raise DataError(
                f"row {item.id} of the gold set is not in the data that is open; open the files it was picked from"
            )
        talk = json.loads(dataset.text("messages", at[item.id]) or "[]")
        for role, text in (("user", item.prompt), ("assistant", item.answer)):
            said = next((m for m in reversed(talk) if m.get("role") == role), None)
            if text is not None and said is not None:
                said["content"] = text
        yield json.dumps({"messages": talk, FROM: item.id}, ensure_ascii=False, sort_keys=True) + "\n"


def freeze(
    gold: Gold, name: str, dataset: Dataset, at: Mapping[str, int], folder: Path, log: OverrideLog
) -> Frozen:  # fmt: skip
    """Writes the approved rows of a set as NAME.gold-<12 hex>.jsonl and takes them out of the pool as one step.

    The name holds the hash of the bytes: equal rows are the same file, another row is another one. Errors: DataError.
    """
    items = gold.items(name)
    text = "".join(lines(dataset, items, at))
    count = text.count("\n")
    if not count:
        raise DataError(f"no row of the gold set {name[:60]!r} is approved yet; approve {BEGIN} to begin with")
    plain = "".join(c if c.isalnum() or c in "._-" else "-" for c in name).lstrip(".-") or "set"
    digest = sha256(text.encode()).hexdigest()
    path = folder / f"{plain}.gold-{digest[:12]}.jsonl"
    write_text(path, text)
    origin = [i.id for i in items if i.state == "approved"]
    taken = log.set_each(dict.fromkeys(origin, "drop"), f"in the gold set {name[:60]}")
    gold.frozen(name, digest, str(path), count, dataset.fingerprint, log.who)
    return Frozen(path, digest, count, taken)
