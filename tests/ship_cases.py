"""Datasets and verdicts made by hand, so that exports are tested apart from loading and deciding."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from curate.decide.recipe import Recipe
from curate.overrides import EMPTY, Overrides
from curate.types import Action, Check, Dataset, Evidence, Funnel, Measure, Pairs, Source, Verdicts

CODES = ("exact_copy", "too_short_answer", "contradiction")
SPLITS = ("train", "validation", "test")
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class FakeRecipe:
    """As much of a recipe as an export needs."""

    overrides: Overrides = EMPTY
    text: str = "version = 1\n"

    @property
    def fingerprint(self) -> str:
        return blake2b(self.text.encode(), digest_size=16).hexdigest()

    def to_toml(self) -> str:
        return self.text


@dataclass
class Parts:
    """Rows, segments and problems of all files, as lists of records."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    segments: list[dict[str, Any]] = field(default_factory=list)
    problems: list[dict[str, Any]] = field(default_factory=list)

    def segment(self, source: int, offset: int, kind: str, line: int, raw: bytes) -> None:
        self.segments.append({"source": source, "offset": offset, "kind": kind, "line": line, "raw": raw})

    def problem(self, source: int, offset: int, line: int, length: int) -> None:
        where = {"source": source, "line": line, "offset": offset, "length": length}
        self.problems.append({**where, "code": "invalid_json", "field": "", "message": "m", "fatal": True})


def dataset_of(folder: Path, files: dict[str, bytes], frozen: frozenset[str] = frozenset()) -> Dataset:
    """A dataset of files written to `folder`; `.gz` names are compressed, `.json` names are arrays."""
    parts, sources = Parts(), []
    for number, (name, plain) in enumerate(files.items()):
        stored = gzip.compress(plain, mtime=0) if name.endswith(".gz") else plain
        (folder / name).write_bytes(stored)
        array = name.endswith((".json", ".json.gz"))
        (_read_array if array else _read_lines)(parts, number, plain, name in frozen)
        sources.append(_source(folder / name, number, stored, plain, array, parts, name in frozen))
    parts.rows.sort(key=lambda r: (r["frozen"], r["content"], r["source"], r["line"]))
    ranks: dict[tuple[bool, str], int] = {}
    for row in parts.rows:
        key = (False, row["content"])
        ranks[key] = rank = ranks.get(key, -1) + 1
        row["id"] = f"{row['content'][:16]}-{rank}"
    parts.rows.sort(key=lambda r: (r["frozen"], r["id"]))
    rows = pa.Table.from_pylist(parts.rows, schema=ROWS)
    fingerprint = blake2b("".join(r["id"] for r in parts.rows).encode(), digest_size=16).hexdigest()
    segments = pa.Table.from_pylist(parts.segments, schema=SEGMENTS)
    problems = pa.Table.from_pylist(parts.problems, schema=PROBLEMS)
    return Dataset(rows, problems, segments, tuple(sources), fingerprint)


ROWS = pa.schema([
    ("id", pa.string()), ("content", pa.string()), ("source", pa.int32()), ("line", pa.int64()),
    ("offset", pa.int64()), ("length", pa.int64()), ("frozen", pa.bool_()), ("raw", pa.large_binary()),
    ("record", pa.large_string()),
])  # fmt: skip
SEGMENTS = pa.schema([
    ("source", pa.int32()), ("offset", pa.int64()), ("kind", pa.large_string()), ("line", pa.int64()),
    ("raw", pa.large_binary()),
])  # fmt: skip
PROBLEMS = pa.schema([
    ("source", pa.int32()), ("line", pa.int64()), ("offset", pa.int64()), ("length", pa.int64()),
    ("code", pa.large_string()), ("field", pa.large_string()), ("message", pa.large_string()), ("fatal", pa.bool_()),
])  # fmt: skip


def _read_lines(parts: Parts, source: int, plain: bytes, frozen: bool) -> None:
    offset = 0
    pieces = plain.split(b"\n")
    for line, raw in enumerate(pieces, 1):
        last = line == len(pieces)
        if last and not raw:
            break
        start = offset
        offset += len(raw) + 1
        if raw.startswith(BOM):
            parts.segment(source, start, "gap", 0, BOM)
            raw, start = raw[len(BOM) :], start + len(BOM)
        if last:
            parts.segment(source, start + len(raw), "gap", 0, b"")
        _read_record(parts, source, start, line, raw, None, frozen)


def _read_array(parts: Parts, source: int, plain: bytes, frozen: bool) -> None:
    """`plain` must be what `array_bytes` makes: one element per line between brackets."""
    end, line = 0, 0
    for piece in plain.split(b"\x1e"):
        if piece.startswith(b"{"):
            line += 1
            record = json.dumps(json.loads(piece), ensure_ascii=False, separators=(",", ":"))
            _read_record(parts, source, end, line, piece, record, frozen)
            end += len(piece)
            parts.segment(source, end, "gap", 0, b"\x1e")
            end += 1
        else:
            parts.segment(source, end, "gap", 0, piece + b"\x1e")
            end += len(piece) + 1
    parts.segments[-1]["raw"] = parts.segments[-1]["raw"][:-1]


def _read_record(
    parts: Parts, source: int, start: int, line: int, raw: bytes, record: str | None, frozen: bool
) -> None:
    if not raw.strip(b" \t\r"):
        parts.segment(source, start, "blank", line, raw)
        return
    try:
        value = json.loads(raw.decode())
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        parts.segment(source, start, "malformed", line, raw)
        parts.problem(source, start, line, len(raw))
        return
    content = blake2b(json.dumps(value, sort_keys=True).encode(), digest_size=16).hexdigest()
    where = {"source": source, "line": line, "offset": start, "length": len(raw), "frozen": frozen}
    parts.rows.append({**where, "content": content, "raw": raw, "record": record})


def _source(path: Path, number: int, stored: bytes, plain: bytes, array: bool, parts: Parts, frozen: bool) -> Source:
    rows = sum(r["source"] == number for r in parts.rows)
    kinds = [s["kind"] for s in parts.segments if s["source"] == number]
    malformed, blank = kinds.count("malformed"), kinds.count("blank")
    container: Literal["json", "jsonl"] = "json" if array else "jsonl"
    return Source(
        name=path.name,
        path=str(path),
        sha256=sha256(stored).hexdigest(),
        bytes=len(stored),
        plain_sha256=sha256(plain).hexdigest(),
        container=container,
        compression="gz" if path.name.endswith(".gz") else "none",
        role="frozen" if frozen else "pool",
        formats={"alpaca": rows},
        read=rows + malformed + blank,
        rows=rows,
        malformed=malformed,
        blank=blank,
    )


def verdicts_of(dataset: Dataset, seed: int = 0) -> Verdicts:
    """Arbitrary verdicts that hold together."""
    rng = np.random.default_rng(seed)
    n = len(dataset)
    action = rng.choice([0, 0, 0, 1, 2], n).astype(np.uint8)
    action[dataset.frozen] = Action.FROZEN
    kept, held = action == Action.KEEP, (action == Action.DROP) | (action == Action.REVIEW)
    reasons = np.where(held, rng.integers(1, 8, n), 0).astype(np.uint64)[:, None]
    witness = np.where(held & (rng.random(n) < 0.5), rng.integers(0, max(n, 1), n), -1).astype(np.int32)
    split = np.where(kept, rng.integers(0, 3, n), -1).astype(np.int8)
    every = tuple(int((reasons >> np.uint64(b) & np.uint64(1)).sum()) for b in range(len(CODES)))
    pool = int((~dataset.frozen).sum())
    funnel = Funnel(CODES, every, every, every, (("load", pool), ("kept", int(kept.sum()))))
    topic = rng.integers(-1, 4, n).astype(np.int32)
    return Verdicts(CODES, SPLITS, action, reasons, witness, topic, split, funnel, Recipe(), dataset.fingerprint)


def evidence_of(dataset: Dataset) -> Evidence:
    """Evidence with two columns, one of them half measured."""
    n = len(dataset)
    words = np.arange(n, dtype=np.float32)
    columns = {"answer_words": words, "quality": np.where(words % 2 == 0, words, np.nan).astype(np.float32)}
    none = np.zeros(0, np.int32)
    pairs = Pairs(none, none, {}, np.zeros(0, np.uint16), {})
    made = (Measure("text", 1), Measure("embed", 2, (("model", "m"),)))
    return Evidence(dataset.fingerprint, dataset.ids, dataset.frozen, columns, {}, pairs, made=made)


CHECKS = (
    Check("H1", "Rows", float("nan"), "–", "pool", "not measured", "why", "todo", np.zeros(0, np.int64)),
    Check("H2", "Length", 1.5, "1.5", "pool", "healthy", "why", "todo", np.arange(3)),
)


def sample_files(rows: int = 60) -> dict[str, bytes]:
    """One of each kind: plain lines with every oddity, gz, an array, a frozen file."""
    line = [
        json.dumps({"instruction": f"q{k % 40}", "output": f"a{k} é"}, ensure_ascii=k % 2 == 0) for k in range(rows)
    ]
    odd = b'\n{"broken\n  \r\n' + b'{"instruction": "x", "output": "\xe2\x80\xa8"}\r\n'
    return {
        "one.jsonl": BOM + "\n".join(line).encode() + odd + b'{ "instruction":"last" , "output":"no end"}',
        "two.jsonl.gz": ("\r\n".join(line[:7]) + "\r\n").encode(),
        "three.json": array_bytes([b'{"instruction": "in", "output":  "array"}', b'{"a":1}']),
        "eval.jsonl": "\n".join(line[:5]).encode(),
    }


def array_bytes(elements: list[bytes]) -> bytes:
    """Elements of an array with marks that the small reader above understands."""
    return b"\x1e".join([b"[", *elements, b"]"])
