"""Changed copies: kept rows that leave with personal data written as its kind, or without the answer that their prompt held.

The recipe's [edit] asks for it (curate/decide/effective.py says which rows). A row's line stays as it is but for the texts that
change; its original stands in originals.jsonl with what was done, so that inputs rebuild and nothing is lost. Equal for the app,
the command line and Python, since only `export` calls it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.decide.edit import redacted_kinds
from curate.decide.effective import cut_rows, redacted_rows
from curate.decide.recipe import Recipe
from curate.measure.leakage import answer_starts
from curate.measure.pii import KINDS, NAMES, find, masked
from curate.types import Action, Dataset, Evidence, Verdicts

ORIGINALS = "originals.jsonl"
STRIPPED = "strip_answer"
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"(\s*:)?', re.DOTALL)
_TAIL = " \t\r\n\"'*`"  # what stands between a prompt and the answer behind it
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Change:
    """What is done to one row. texts: each text that goes and what stands in its place; leak: the end of the prompt that is cut,
    "" = none; counts: how often, by kind or "strip_answer"."""

    row: int
    texts: Mapping[str, str]
    prompt: str
    leak: str
    counts: Mapping[str, int]


@dataclass(frozen=True)
class Changed:
    """The dataset as it leaves (same rows, same ids), and the changes with their original lines."""

    dataset: Dataset
    changes: tuple[Change, ...]
    originals: tuple[bytes, ...]


def rows_to_change(evidence: Evidence, verdicts: Verdicts, recipe: Recipe) -> Rows:
    """int64 [k]: kept rows that leave changed."""
    wanted = redacted_rows(evidence, recipe) | cut_rows(evidence, recipe)
    return np.flatnonzero(wanted & (verdicts.action == Action.KEEP)).astype(np.int64)


def changes_of(dataset: Dataset, evidence: Evidence, recipe: Recipe, rows: Rows) -> tuple[Change, ...]:
    """What the recipe does to these rows."""
    import pyarrow as pa

    taken = dataset.rows.select(list(NAMES)).take(pa.array(rows))
    kinds = {KINDS.index(k) for k in redacted_kinds(recipe.edit.redact)}
    texts: list[dict[str, str]] = [{} for _ in rows]
    counts: list[dict[str, int]] = [{} for _ in rows]
    for name in NAMES if kinds else ():
        column, found = taken.column(name).to_pylist(), find(taken.column(name))
        for row, start, end, kind in zip(found.row, found.start, found.end, found.kind, strict=True):
            if kind in kinds:
                text = column[row].encode()[start:end].decode()
                texts[row][text] = masked(text, int(kind))
                counts[row][KINDS[kind]] = counts[row].get(KINDS[kind], 0) + 1
    cut = cut_rows(evidence, recipe)[rows]
    starts = answer_starts(taken) if cut.any() else np.full(rows.shape[0], -1)
    prompts = [text or "" for text in taken.column("prompt").to_pylist()]
    out = []
    for at, row in enumerate(rows.tolist()):
        leak = prompts[at].encode()[int(starts[at]) :].decode() if cut[at] else ""
        done = counts[at] | ({STRIPPED: 1} if leak else {})
        out.append(Change(row, texts[at], prompts[at], leak, done))
    return tuple(out)


def changed(dataset: Dataset, evidence: Evidence, verdicts: Verdicts, recipe: Recipe) -> Changed | None:
    """The dataset with its changed rows; None when nothing changes."""
    import pyarrow as pa

    rows = rows_to_change(evidence, verdicts, recipe)
    if not rows.shape[0]:
        return None
    made = changes_of(dataset, evidence, recipe, rows)
    held = dataset.rows.select(["raw", "record", "messages", "extra"]).take(pa.array(rows)).to_pylist()
    originals = [(h["record"].encode() if isinstance(h["record"], str) else h["record"]) or h["raw"] for h in held]
    lines, talks = [], []
    for change, line, cells in zip(made, originals, held, strict=True):
        talk = _talk(cells["messages"], change)
        lines.append(_line(line, change) or _as_messages(talk, cells["extra"]))
        talks.append(talk)
    table = _replaced(dataset.rows, "record", rows, [line.decode() for line in lines])
    table = _replaced(table, "messages", rows, talks)
    return Changed(replace(dataset, rows=table), made, tuple(bytes(line) for line in originals))


def original_lines(dataset: Dataset, names: tuple[str, ...], made: Changed) -> Iterator[str]:
    """The lines of originals.jsonl. names: of the sources."""
    for change, raw in zip(made.changes, made.originals, strict=True):
        head = {
            "id": dataset.text("id", change.row), "source": names[dataset.rows["source"][change.row].as_py()],
            "line": dataset.rows["line"][change.row].as_py(), "changes": dict(sorted(change.counts.items())),
        }  # fmt: skip
        yield json.dumps(head, ensure_ascii=False)[:-1] + ', "row": ' + raw.decode() + "}"


def changed_ids(version: Path) -> list[str]:
    """Ids of the rows that left a version folder as changed copies."""
    path = version / ORIGINALS
    if not path.exists():
        return []
    with path.open("rb") as file:
        return [json.loads(line)["id"] for line in file]


def preview(text: str, change: Change) -> str:
    """A text of the row as it would stand in the copy."""
    for old in sorted(change.texts, key=len, reverse=True):
        text = text.replace(old, change.texts[old])
    if change.leak and text == _swapped(change.prompt, change.texts):
        return _without(text, _swapped(change.leak, change.texts))
    return text


def _swapped(text: str, texts: Mapping[str, str]) -> str:
    for old in sorted(texts, key=len, reverse=True):
        text = text.replace(old, texts[old])
    return text


def _without(text: str, leak: str) -> str:
    return text[: len(text) - len(leak)].rstrip(_TAIL)


def _talk(messages: str, change: Change) -> str:
    """The canonical messages changed: always possible, so no row is left as it was."""
    turns = json.loads(messages)
    if change.leak:
        asked = [t for t in turns if t.get("role") == "user"][-1]
        asked["content"] = json.loads(_cut(json.dumps(asked.get("content"), ensure_ascii=False), change) or "null")
        messages = json.dumps(turns, ensure_ascii=False, separators=(",", ":"))
    return _tokens(messages, lambda text: _swapped(text, change.texts))


def _line(raw: bytes, change: Change) -> bytes | None:
    """The row's own line changed; None when a text that must go stands across two fields, or is no text there."""
    line, missing = raw.decode(), set(change.texts)
    if change.leak:
        cut = _cut(line, change)
        if cut is None:
            return None
        line = cut

    def swap(text: str) -> str:
        missing.difference_update([old for old in missing if old in text])
        return _swapped(text, change.texts)

    line = _tokens(line, swap)
    return None if missing else line.encode()


def _cut(line: str, change: Change) -> str | None:
    """The JSON text without the leak; None when no text of its own ends in it (an equal answer stands there too, say)."""
    ends = [t for t in _values(line) if t.endswith(change.leak) and change.prompt.endswith(t)]
    whole = max(ends, key=len, default="")
    if not whole or ends.count(whole) != 1 or (whole == change.leak and whole != change.prompt and len(ends) > 1):
        return None
    return _tokens(line, lambda text: _without(text, change.leak) if text == whole else text)


def _as_messages(talk: str, extra: str | None) -> bytes:
    """The row as messages, with the user's own columns: its own shape has no place for the change."""
    own = {k: v for k, v in json.loads(extra or "{}").items() if k != "messages"}
    return json.dumps({"messages": json.loads(talk), **own}, ensure_ascii=False).encode()


def _values(line: str) -> list[str]:
    return [json.loads(m.group()) for m in _TOKEN.finditer(line) if m.group(1) is None]


def _tokens(line: str, change: Callable[[str], str]) -> str:
    """The JSON text with every string that is no key changed, every other byte as it is."""

    def one(match: re.Match[str]) -> str:
        if match.group(1) is not None:
            return match.group()
        text = json.loads(match.group())
        made = change(text)
        return match.group() if made == text else json.dumps(made, ensure_ascii=False)

    return _TOKEN.sub(one, line)


def _replaced(table: Any, name: str, rows: Rows, texts: list[str]) -> Any:
    """The table with some cells of one column replaced."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = table.column(name)
    mask = np.zeros(table.num_rows, dtype=np.bool_)
    mask[rows] = True
    whole = pa.chunked_array([pa.concat_arrays(column.chunks)]) if column.num_chunks > 1 else column
    values = pa.array(
        [t.encode() for t in texts]
        if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type)
        else texts
    )
    made = pc.replace_with_mask(whole.chunk(0), pa.array(mask), values.cast(column.type))
    return table.set_column(table.schema.get_field_index(name), name, pa.chunked_array([made]))
