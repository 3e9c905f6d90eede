"""The values that everything else is a function of.

    files ─ load ─> Dataset ─ measure ─> Evidence ─┐
                                         Recipe ───┴─ decide ─> Verdicts ─ check / export / report

All are frozen; arrays in them are read-only; nothing mutates. Rows stand in canonical order everywhere:
pool rows by id, then frozen rows by id, so that the order of the input can't change a result; row `n` is the same in all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa

Bool = NDArray[np.bool_]
F16 = NDArray[np.float16]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
U16 = NDArray[np.uint16]
U64 = NDArray[np.uint64]
Ids = NDArray[np.bytes_]
_MASK = (1 << 64) - 1


class Progress(Protocol):
    """What long work calls: `progress("embed prompts", 640, 52002)`. Called from the working thread."""

    def __call__(self, stage: str, done: int, total: int) -> None: ...


class Cancel(Protocol):
    """What long work asks between batches; `threading.Event` fits."""

    def is_set(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Source:
    """One input file as it was read. `read = rows + malformed + blank`, always.

    `sha256` and `bytes` are of the file as it lies on disk; `plain_sha256` of its decompressed bytes.
    `container`: parquet stands for Arrow files too: their rows have a row group and an index instead of byte spans.
    `mapping`: (part, column) as a person named the columns; () when the table of shapes read the file.
    """

    name: str
    path: str
    sha256: str
    bytes: int
    plain_sha256: str
    container: Literal["jsonl", "json", "csv", "parquet", "text"]
    compression: Literal["none", "gz"]
    role: Literal["pool", "frozen"]
    formats: Mapping[str, int]
    read: int
    rows: int
    malformed: int
    blank: int
    notes: tuple[str, ...] = ()
    mapping: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Dataset:
    """Canonical rows as memory-mapped Arrow columns, in canonical order.

    `rows` (one per usable row): id, content (32 hex), system, prompt, response, messages (canonical JSON), turns,
    roles (one letter per message: s d u a t), source (index into `sources`), line, offset, length, group, time,
    frozen, format, raw (original bytes of the row), user_id, extra (JSON object of the user's own columns).
    `problems` (one per finding): source, line, offset, length, code, field, message, fatal; a fatal one is a malformed row.
    `segments` (everything in the files that is no usable row): source, offset, kind (malformed, blank, gap), line, raw. `limits`: caps of `--limit` that were not the usual ones.
    """

    rows: pa.Table
    problems: pa.Table
    segments: pa.Table
    sources: tuple[Source, ...]
    fingerprint: str
    sample: int | None = None
    limits: tuple[tuple[str, float], ...] = ()

    def __len__(self) -> int:
        return int(self.rows.num_rows)

    def text(self, column: str, row: int) -> str:
        """One cell as text, read lazily from the mapped column ("" for null)."""
        value = self.rows.column(column)[row].as_py()
        return "" if value is None else str(value)

    @cached_property
    def ids(self) -> Ids:
        """Row ids as fixed-width bytes, shape [n]; sorted within the pool and within the frozen rows."""
        return np.array(self.rows.column("id").to_pylist(), dtype=np.bytes_).reshape(len(self))

    @cached_property
    def frozen(self) -> Bool:
        """True for rows of a frozen (evaluation) source, shape [n]."""
        return np.asarray(self.rows.column("frozen").to_numpy(), dtype=np.bool_)

    def __repr__(self) -> str:
        return f"Dataset({len(self)} rows, {len(self.sources)} files, {self.fingerprint[:12]})"


@dataclass(frozen=True, slots=True)
class Measure:
    """What measured something: evidence is re-used only under an equal `.key`."""

    name: str
    version: int
    params: tuple[tuple[str, str], ...] = ()
    scope: Literal["row", "set"] = "row"
    backend: str = "builtin"

    @property
    def key(self) -> str:
        """32 hex that change with anything that could change a value."""
        parts = (self.name, str(self.version), self.scope, self.backend, repr(sorted(self.params)))
        return blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()


class Guard(IntEnum):
    """Bits of `Pairs.guards`: how two near rows differ in a way that makes them different questions."""

    NUMBER = 1
    UNIT = 2
    NAME = 4
    NEGATION = 8
    ANTONYM = 16
    ORDER = 32
    CODE = 64
    CONTEXT = 128  # another system prompt


@dataclass(frozen=True, slots=True)
class Pairs:
    """Row pairs worth deciding on, `i < j`, sorted by (i, j), unique; exact copies are a class column, not pairs.

    scores: float32 [m] each, NaN = not measured: prompt_jaccard, answer_jaccard, prompt_cosine, answer_cosine, conflict;
    prompt_same, answer_same: the fitted probability that both texts say the same (curate/measure/same.py), same: the lesser.
    guards: uint16 [m], bits of `Guard` for the prompt view, the same shifted by 8 for the answer view. floor: the least score at which each candidate kind is complete; completeness: one sentence that says for what the list is complete.
    """

    i: I32
    j: I32
    scores: Mapping[str, F32]
    guards: U16
    floor: Mapping[str, float]
    completeness: str = ""

    def __len__(self) -> int:
        return int(self.i.shape[0])


@dataclass(frozen=True, slots=True)
class Matches:
    """Pool rows (each for its content) that may repeat frozen rows (each for its prompt), sorted. See measure/exams.py."""

    row: I32
    item: I32
    scores: Mapping[str, F32]
    floor: Mapping[str, float]
    completeness: str = ""


@dataclass(frozen=True, slots=True)
class WordTable:
    """The different words of m prompts: prompt p has `vocabulary[w]` for w in `word[start[p]:start[p + 1]]`."""

    start: NDArray[np.int64]
    word: I32
    vocabulary: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TopicTree:
    """What a live cut reads. m prompts were fitted (clustered); n rows stand at one each.

    left, right: int32 [m - 1], height: float64 [m - 1]: HDBSCAN's single-linkage tree; nodes are prompts first, then merges.
    points: float32 [m, d], the layout that was clustered; beside: int32 [m, b], each one's nearest on it, best first.
    rows: int32 [m], a row of each fitted prompt. words: theirs.
    place: int32 [n], each row's nearest fitted prompt, -1 without a vector. apart: float32 [n], the mean distance to the
    ten nearest fitted prompts, as cosine distance around the set's mean: 1 = no nearer than any two prompts; NaN without.
    """

    left: I32
    right: I32
    height: F64
    points: F32
    beside: I32
    rows: I32
    place: I32
    apart: F32
    words: WordTable


@dataclass(frozen=True, slots=True)
class Topics:
    """Topics and the map. `tree` is what any cut is made from (curate/decide/topics.py).

    sizes, labels, names: some cuts ready made, the usual one first: `labels[s][row]` at minimum cluster size `sizes[s]`,
    -1 = no topic; `names[s][t]` names its topic t. `fitted` prompts were clustered, the others took their nearest one's topic.
    xy: float32 [n, 2], the row's place on the map, NaN where it has no vector; for display only, no decision reads it.
    placement_error: of prompts placed between fitted ones, the median miss as a share of the map's wider side.
    """

    sizes: tuple[int, ...]
    labels: tuple[I32, ...]
    names: tuple[tuple[str, ...], ...]
    fitted: int
    xy: F32 | None = None
    placement_error: float = 0.0
    tree: TopicTree | None = None


@dataclass(frozen=True, slots=True)
class Labels:
    """A column of the user's own that sorts the rows into few kinds. code: int32 [n], -1 = no value; names: the values,
    as they stand in the file."""

    code: I32
    names: tuple[str, ...]


@dataclass(frozen=True)
class Evidence:
    """What was measured of one dataset, aligned with its rows. NaN = not measured; it never trips a rule.

    columns: float32 [n] by name. classes: int32 [n] by name: the lowest row number of the rows equal under a named
    normalisation ("content", "spaced", "folded" of the whole row; "prompt" of the user turns; "question" of system and
    user turns). orders: int32 [n] by name ("first", "newest"): a row's place in that order. ties: int32 [n], -1 = none: group, source, time
    (ranks, earliest 0). facts: numbers of the whole set. labels: the user's own columns that sort rows into kinds, by name.
    """

    fingerprint: str
    ids: Ids
    frozen: Bool
    columns: Mapping[str, F32]
    classes: Mapping[str, I32]
    pairs: Pairs
    topics: Topics | None = None
    made: tuple[Measure, ...] = ()
    facts: Mapping[str, float] = field(default_factory=dict)
    orders: Mapping[str, I32] = field(default_factory=dict)
    labels: Mapping[str, Labels] = field(default_factory=dict)
    matches: Matches | None = None
    ties: Mapping[str, I32] = field(default_factory=dict)

    def __len__(self) -> int:
        return int(self.ids.shape[0])

    @cached_property
    def keys(self) -> U64:
        """uint64 [n] from each id: the seedless hash behind shuffles and splits."""
        raw = self.ids.tolist()
        return np.array([int(i[:16], 16) ^ (int(i[17:] or b"0") * 0x9E3779B97F4A7C15 & _MASK) for i in raw], np.uint64)

    @cached_property
    def tie(self) -> I32:
        """int32 [n]: a row's place among the sorted ids; what breaks every tie."""
        out = np.empty(len(self), dtype=np.int32)
        out[np.argsort(self.ids, kind="stable")] = np.arange(len(self), dtype=np.int32)
        return out

    def __repr__(self) -> str:
        return f"Evidence({len(self)} rows, {len(self.columns)} columns, {len(self.pairs)} pairs)"


class Action(IntEnum):
    """What becomes of a row. Review rows are held out of every split until a person resolves them."""

    KEEP = 0
    DROP = 1
    REVIEW = 2
    FROZEN = 3


@dataclass(frozen=True, slots=True)
class Funnel:
    """What removed how much, by reason code in stage order. Counts are of pool rows that end as drop or review.

    first: rows for which this is the earliest reason. only: rows that this reason alone removes. all: rows that carry it.
    stages: (name, rows alive after it), beginning with ("load", pool rows).
    """

    codes: tuple[str, ...]
    first: tuple[int, ...]
    only: tuple[int, ...]
    all: tuple[int, ...]
    stages: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Verdicts:
    """What follows. action: uint8 [n]; reasons: uint64 [n, words], `codes[b]` is bit b % 64 of word b // 64; witness:
    int32 [n], row or -1; topic: int32 [n], -1 = none; split: int8 [n], index into `splits` or -1.

    `codes` follow the recipe (its own rules have codes too), so a reader asks `carries` and `counts` and knows no bit.

    `stages` holds each stage's result keyed by the settings that fed it; `decide(previous=)` re-uses those that still hold.
    """

    codes: tuple[str, ...]
    splits: tuple[str, ...]
    action: NDArray[np.uint8]
    reasons: U64
    witness: I32
    topic: I32
    split: NDArray[np.int8]
    funnel: Funnel
    recipe: Any
    evidence_fingerprint: str
    stages: Mapping[str, tuple[Any, Any]] = field(default_factory=dict, repr=False, compare=False)

    def __len__(self) -> int:
        return int(self.action.shape[0])

    def why(self, row: int) -> tuple[str, ...]:
        """Reason codes of one row, in stage order."""
        words = self.reasons[row].tolist()
        return tuple(code for b, code in enumerate(self.codes) if words[b >> 6] >> (b & 63) & 1)

    def carries(self, *codes: str, rows: NDArray[np.int64] | None = None) -> Bool:
        """Bool [n] (or one per row of `rows`): the row carries any of the codes; a code that is none here is on no row."""
        words = self.reasons if rows is None else self.reasons[rows]
        out = np.zeros(words.shape[0], dtype=np.bool_)
        for word, mask in enumerate(masks_of(self.codes, codes)):
            if mask:
                out |= (words[:, word] & mask) != 0
        return out

    def counts(self, rows: NDArray[np.int64] | None = None) -> dict[str, int]:
        """Rows (of `rows`, or all) that carry each code, in stage order; codes on no row are left out."""
        words = self.reasons if rows is None else self.reasons[rows]
        seen = np.bitwise_or.reduce(words, axis=0).tolist()
        return {
            code: int(np.count_nonzero(words[:, b >> 6] & np.uint64(1 << (b & 63))))
            for b, code in enumerate(self.codes)
            if seen[b >> 6] >> (b & 63) & 1
        }

    def count(self, action: Action) -> int:
        return int(np.count_nonzero(self.action == action))


Band = Literal["healthy", "watch", "warning", "not measured"]


@dataclass(frozen=True, slots=True)
class Check:
    """A health badge. `value` is NaN when undefined or not measured; `shown` is the number as a person reads it."""

    id: str
    name: str
    value: float
    shown: str
    base: str
    band: Band
    why: str
    todo: str
    rows: NDArray[np.int64] = field(repr=False, compare=False)


class Embedder(Protocol):
    """Texts to unit vectors. `name` enters the cache key, so it must change with anything that changes a vector."""

    name: str
    dim: int

    def embed(self, texts: list[str], progress: Progress | None = None, cancel: Cancel | None = None) -> F32: ...


def masks_of(codes: Sequence[str], wanted: Iterable[str]) -> U64:
    """uint64 [words]: the bits that stand for the wanted ones of `codes` in a reasons matrix."""
    chosen = set(wanted)
    bits = [0] * words_for(len(codes))
    for b, code in enumerate(codes):
        bits[b >> 6] |= (code in chosen) << (b & 63)
    return np.array(bits, dtype=np.uint64)


def words_for(codes: int) -> int:
    """How many 64-bit words hold that many codes; at least one."""
    return max(1, -(-codes // 64))


def frozen_array(array: NDArray[Any]) -> NDArray[Any]:
    """The same array, marked read-only."""
    array.flags.writeable = False
    return array
