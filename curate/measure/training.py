"""Training tokens: what each row costs and teaches under the user's own tokenizer and chat template.

A conversation is rendered by the template and encoded whole; each message's tokens are those between the characters of
its content. Trained tokens are those of assistant messages (content, calls, and the special token that ends the turn)
without weight 0 or train: false. Without a template each content is encoded alone and nothing stands between them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from curate.errors import Cancelled
from curate.measure.buffers import hex_keys
from curate.measure.template import Template
from curate.measure.tokens import Tokenizer
from curate.measure.told import ROLES, Teller, Told
from curate.store import RowStore, Store
from curate.types import F32, U64, Cancel, Dataset, Measure, Progress

VERSION = 1
BATCH = 1_024
SAVED = 65_536  # rows between two writes to the store
COLUMNS = (
    "total_tokens",
    *(f"{r}_tokens" for r in ROLES),
    "trained_tokens",
    "first_trained",
    "last_trained",
    "template_refused",
)
KEPT = "kept_tokens"


@dataclass(frozen=True)
class Counter:
    """A tokenizer with its chat template, if it has one."""

    tokenizer: Tokenizer
    template: Template | None

    @classmethod
    def open(cls, place: Path) -> Counter:
        """From a folder that holds tokenizer.json, or the file itself. Errors: BackendError."""
        tokenizer = Tokenizer.open(place)
        return cls(tokenizer, Template.beside(tokenizer.path))

    @property
    def measure(self) -> Measure:
        """What keys the columns in the store: the tokenizer file's hash and the template's."""
        template = self.template.key if self.template else "none"
        return Measure("training_tokens", VERSION, (("template", template),), "row", self.tokenizer.name)

    @property
    def how(self) -> str:
        """One sentence: what was rendered and encoded."""
        if self.template is None:
            return (f"{self.tokenizer.name}: no chat template beside it, so contents are counted alone, without role "
                    "markers or the tokens that end a turn")  # fmt: skip
        return f"{self.tokenizer.name}: conversations rendered by the chat template of {self.template.place}"


def training_tokens(
    dataset: Dataset,
    counter: Counter,
    *,
    store: Store | None = None,
    limit: int | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Mapping[str, F32]:
    """float32 [n] by name, see COLUMNS; NaN where the template refused the row (template_refused is 1 there).

    total_tokens is of the whole rendered row; NAME_tokens of the contents of that role; first_trained and last_trained
    are the place of the first trained token and one past the last (0 when nothing is trained). With a limit there is
    also kept_tokens: the trained tokens among the row's first `limit`. store: only rows that it does not have are encoded.
    Errors: BackendError, Cancelled; rows counted before a cancel are kept.
    """
    rows, keys = dataset.rows, _keys(dataset)
    kept = RowStore(store, counter.measure, len(COLUMNS), "<f4") if store is not None else None
    values, missing = np.empty((len(keys), len(COLUMNS)), "<f4"), np.ones(len(keys), np.bool_)
    if kept is not None:
        values, missing = kept.get(keys)
    todo = np.flatnonzero(missing)
    for at in range(0, todo.size, SAVED):
        part = todo[at : at + SAVED]
        values[part] = _Run(counter, progress, cancel, None, at, todo.size).columns(rows, part)[:, : len(COLUMNS)]
        if kept is not None:
            kept.put(keys[part], values[part])
    out = {name: np.ascontiguousarray(values[:, k]) for k, name in enumerate(COLUMNS)}
    return out if limit is None else {**out, KEPT: _kept(rows, counter, out, limit, progress, cancel)}


def _keys(dataset: Dataset) -> U64:
    """The rows' content hashes; raw text is counted otherwise than a conversation of equal content."""
    import pyarrow.compute as pc

    keys = hex_keys(dataset.rows.column("content").to_pylist())
    raw = np.asarray(pc.equal(dataset.rows.column("format"), "text"), dtype=np.bool_)
    keys[raw, 1] ^= np.uint64(1)
    return keys


def _kept(rows: Any, counter: Counter, made: Mapping[str, F32], limit: int, progress: Progress | None, cancel: Cancel | None) -> F32:  # fmt: skip
    """Trained tokens within the limit: arithmetic, but for rows cut amid several answers, which are encoded again."""
    first, last, trained = made["first_trained"], made["last_trained"], made["trained_tokens"]
    out = np.where(last <= limit, trained, np.clip(limit - first, 0, trained)).astype(np.float32)
    amid = np.flatnonzero((last > limit) & (first < limit) & (last - first != trained))
    if amid.size:
        out[amid] = _Run(counter, progress, cancel, limit).columns(rows, amid)[:, len(COLUMNS)]
    return out


@dataclass(frozen=True)
class _Run:
    """One pass over some rows: one thread renders, the tokenizer's threads encode."""

    counter: Counter
    progress: Progress | None
    cancel: Cancel | None
    limit: int | None = None
    before: int = 0
    of: int = 0

    def columns(self, rows: Any, chosen: np.ndarray) -> F32:
        """float32 [k, len(COLUMNS) + 1] of the chosen rows; the last column is kept_tokens."""
        reader = self.counter.tokenizer.reader()
        ends = tuple(sorted(t.content for t in reader.get_added_tokens_decoder().values() if t.special and t.content))
        teller = Teller(self.counter.template.compile() if self.counter.template else None)
        out = np.full((len(chosen), len(COLUMNS) + 1), np.nan, dtype=np.float32)
        with ThreadPoolExecutor(1, "curate-encode") as encoder:
            waiting: list[tuple[int, list[Told], Any]] = []
            for at in range(0, len(chosen), BATCH):
                self._tell(at, len(chosen))
                told = list(teller.rows(rows, chosen[at : at + BATCH]))
                waiting.append((at, told, encoder.submit(_encode, reader, told)))
                if len(waiting) > 2:
                    self._collect(waiting.pop(0), ends, out)
            for batch in waiting:
                self._collect(batch, ends, out)
        self._tell(len(chosen), len(chosen))
        return out

    def _collect(self, batch: tuple[int, list[Told], Any], ends: tuple[str, ...], out: F32) -> None:
        at, told, made = batch
        for k, (row, found) in enumerate(zip(told, made.result(), strict=True)):
            out[at + k] = _numbers(row, found, ends, self.limit)

    def _tell(self, done: int, total: int) -> None:
        if self.cancel is not None and self.cancel.is_set():
            raise Cancelled(f"counting tokens was cancelled after {self.before + done:,} rows; run again to go on")
        if self.progress is not None:
            self.progress("training tokens", self.before + done, self.of or total)


def _encode(reader: Any, told: list[Told]) -> list[Any]:
    """Per row: the encoding of its text, the token counts of its pieces when plain, or None when refused."""
    whole = [t.text for t in told if t.text is not None and not t.plain]
    parts = [t.text[p.begin : p.end] for t in told if t.plain and t.text is not None for p in t.pieces]
    texts = iter(reader.encode_batch(whole, add_special_tokens=False))
    counts = iter([len(e) for e in reader.encode_batch_fast(parts, add_special_tokens=False)])
    return [None if t.text is None else [next(counts) for _ in t.pieces] if t.plain else next(texts) for t in told]


def _numbers(row: Told, found: Any, ends: tuple[str, ...], limit: int | None) -> Sequence[float]:
    """One row's columns."""
    if row.text is None:
        return [np.nan] * (len(COLUMNS) - 1) + [1.0, np.nan]
    total, spans = _plain_spans(found) if row.plain else _spans(row, found, ends)
    roles = [0, 0, 0, 0]
    trained = first = last = kept = 0
    for piece, (begin, end, stop) in zip(row.pieces, spans, strict=True):
        roles[piece.role] += end - begin
        if piece.trained and stop > begin:
            first = first if trained else begin
            trained += stop - begin
            kept += max(0, min(stop, limit) - begin) if limit is not None else 0
            last = stop
    return [total, *roles, trained, first, last, 0.0, kept]


def _plain_spans(counts: list[int]) -> tuple[int, list[tuple[int, int, int]]]:
    at, spans = 0, []
    for n in counts:
        spans.append((at, at + n, at + n))
        at += n
    return at, spans


def _spans(row: Told, encoding: Any, ends: tuple[str, ...]) -> tuple[int, list[tuple[int, int, int]]]:
    """(tokens in all, per piece: first token, one past its content, one past the end-of-turn token when it is one)."""
    assert row.text is not None
    total = len(encoding)
    place = _Places(encoding, len(row.text), total)
    spans = []
    for p in row.pieces:
        begin = place(p.begin)
        end = max(begin, place(p.end)) if p.end > p.begin else begin
        closed = p.trained and not p.whole and row.text.startswith(ends, p.end)
        spans.append((begin, end, end + 1 if closed else end))
    return total, spans


class _Places:
    """Character to token; a table of a long text's offsets, which the tokenizer would search one by one."""

    def __init__(self, encoding: Any, characters: int, total: int) -> None:
        self.encoding, self.characters, self.total = encoding, characters, total
        self.starts = np.array([o[1] for o in encoding.offsets], dtype=np.int64) if total > 512 else None

    def __call__(self, at: int) -> int:
        """The first token that ends after character `at`."""
        if self.starts is not None:
            return int(np.searchsorted(np.maximum.accumulate(self.starts), at, side="right"))
        for k in range(at, min(at + 8, self.characters)):
            found = self.encoding.char_to_token(k)
            if found is not None:
                return int(found)
        return next((n for n, o in enumerate(self.encoding.offsets) if o[1] > at), self.total)
