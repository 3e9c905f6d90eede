"""Rules about whole files that several destinations share: container, size, how many rows, one type per field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from curate.load.problems import field_name
from curate.profiles.rule import FileRule
from curate.profiles.view import View

I64 = NDArray[np.int64]
Found = tuple[str, I64] | None
NONE = np.zeros(0, dtype=np.int64)
_ROW = '{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}\n'


def at_least(count: int, source: str, since: str = "") -> FileRule:
    """The training file needs this many rows."""

    def broken(view: View) -> Found:
        n = int(np.count_nonzero(~view.frozen))
        return None if n >= count else (f"{n:,} rows; at least {count:,} are needed", NONE)

    return FileRule("min_rows", broken, f"Fewer than {count:,} rows are refused.", source,
                    ("few.jsonl", _ROW * (count - 1) or "\n"), ("enough.jsonl", _ROW * count), since)  # fmt: skip


def at_most(count: int, source: str, show: int = 0) -> FileRule:
    """The training file may have this many rows."""

    def broken(view: View) -> Found:
        n = int(np.count_nonzero(~view.frozen))
        return None if n <= count else (f"{n:,} rows; at most {count:,} are allowed", NONE)

    return FileRule("max_rows", broken, f"More than {count:,} rows are refused.", source,
                    ("many.jsonl", _ROW * (show + 1)), ("fine.jsonl", _ROW))  # fmt: skip


def no_bigger(size: float, source: str) -> FileRule:
    """No training file may have more bytes."""

    def broken(view: View) -> Found:
        big = [s for s in view.dataset.sources if s.role == "pool" and s.bytes > size]
        return (
            (f"{big[0].name} has {big[0].bytes / 1e9:,.2f} GB; at most {size / 1e9:,.2f} are taken", NONE)
            if big
            else None
        )

    return FileRule("max_bytes", broken, f"A file over {size / 1e9:g} GB is refused.", source,
                    ("big.jsonl", _ROW), ("small.jsonl", _ROW))  # fmt: skip


def only_jsonl(source: str) -> FileRule:
    """Training files are plain JSONL."""

    def broken(view: View) -> Found:
        bad = [
            s for s in view.dataset.sources if s.role == "pool" and (s.container != "jsonl" or s.compression != "none")
        ]
        if not bad:
            return None
        kind = f"{bad[0].container}{'' if bad[0].compression == 'none' else ' in ' + bad[0].compression}"
        return f"{bad[0].name} is {kind}; write plain JSONL (`curate run DATA --out DIR` does)", NONE

    return FileRule("jsonl_only", broken, "Only a plain .jsonl file is taken: no array, CSV, Parquet or gzip.", source,
                    ("rows.json", f"[{_ROW}]"), ("rows.jsonl", _ROW))  # fmt: skip


def no_blank_lines(source: str, since: str = "") -> FileRule:
    """An empty line is no JSON."""

    def broken(view: View) -> Found:
        n = sum(s.blank for s in view.dataset.sources if s.role == "pool")
        return (f"{n:,} blank lines; remove them", NONE) if n else None

    return FileRule("blank_line", broken, "A blank line is parsed as JSON, and the file is refused.", source,
                    ("blank.jsonl", _ROW + "\n" + _ROW), ("full.jsonl", _ROW * 2), since)  # fmt: skip


def all_json(source: str) -> FileRule:
    """Every line must be a JSON object: one that is none stops the whole load."""

    def broken(view: View) -> Found:
        unread = np.array([o is None for o in view.outlines], dtype=np.bool_)
        bad = np.flatnonzero(unread[view.code] & ~view.frozen) if len(view) else NONE
        return (f"{bad.size:,} lines are no JSON objects; one stops the whole file", bad) if bad.size else None

    return FileRule("not_json", broken, "One line that is no JSON object stops the whole load.", source,
                    ("bad.jsonl", _ROW + "{\n"), ("good.jsonl", _ROW))  # fmt: skip


def unwrapped(source: str) -> FileRule:
    """Rows stand at the top of the file."""

    def broken(view: View) -> Found:
        segments = view.dataset.segments
        heads = segments.filter(
            pc.and_(pc.equal(segments.column("kind"), "gap"), pc.equal(segments.column("offset"), 0))
        )
        for source, raw in zip(heads.column("source").to_pylist(), heads.column("raw").to_pylist(), strict=True):
            held = view.dataset.sources[source]
            if (
                held.role == "pool"
                and held.container == "json"
                and raw.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"
            ):
                return f"{held.name}: the rows are wrapped in one object; name its field, or write the rows alone", NONE
        return None

    return FileRule("wrapped", broken, "An object around the array of rows is read as one row, unless field= names the array.", source,
                    ("wrapped.json", f'{{"version": 1, "data": [{_ROW}]}}'), ("array.json", f"[{_ROW}]"))  # fmt: skip


def one_layout(source: str, since: str = "") -> FileRule:
    """All rows have the columns of one format."""

    def broken(view: View) -> Found:
        odd = np.flatnonzero((view.layouts != view.main) & (view.layouts != "") & ~view.frozen)
        return (f"{odd.size:,} rows are not {view.main} like the others", odd) if odd.size else None

    return FileRule("one_format", broken, "All rows of a file must have one format.", source,
                    ("mixed.jsonl", _ROW * 2 + '{"prompt": "q", "completion": "a"}\n'), ("one.jsonl", _ROW * 2), since)  # fmt: skip


def one_type(source: str) -> FileRule:
    """Each field holds one type: Arrow takes it from the rows it read first."""
    return FileRule("one_type", _mixed, "A field that is text in one row and a list, object or number in another stops the load.",
                    source, ("mixed.jsonl", _ROW + '{"messages": [{"role": "user", "content": ["q"]}, {"role": "assistant", "content": "a"}]}\n'),
                    ("same.jsonl", _ROW * 2))  # fmt: skip


def _mixed(view: View) -> Found:
    """The first field (by name) with two types, and the rows of the rarer one."""
    used = np.bincount(view.code[~view.frozen], minlength=len(view.outlines))
    seen: dict[str, dict[str, list[int]]] = {}
    for n, found in enumerate(view.outlines):
        if found is not None and used[n]:
            for path, kind in set(_kinds(found, "")):
                seen.setdefault(path, {}).setdefault(kind, []).append(n)
    mixed = sorted(path for path, kinds in seen.items() if len(kinds) > 1)
    if not mixed:
        return None
    ranked = sorted(seen[mixed[0]].items(), key=lambda item: (int(used[item[1]].sum()), item[0]))
    rows = np.flatnonzero(np.isin(view.code, ranked[0][1]) & ~view.frozen)
    more = f" (and {len(mixed) - 1} more fields)" if len(mixed) > 1 else ""
    return f"{mixed[0]} is {ranked[0][0]} in {rows.size:,} rows, {ranked[-1][0]} in the others{more}", rows


def _kinds(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """(field, kind) of everything in an outline; null fits any kind."""
    if type(value) is dict:
        if path:
            yield path, "an object"
        for key, inner in value.items():
            yield from _kinds(inner, f"{path}.{field_name(key)}" if path else field_name(key))
    elif type(value) is list:
        yield path, "a list"
        for inner in value:
            yield from _kinds(inner, f"{path}[]")
    elif value is not None:
        yield path, {str: "text", bool: "true or false"}.get(type(value), "a number")


def datasets_rules() -> tuple[FileRule, ...]:
    """What `datasets.load_dataset("json")` does under every trainer here: pyarrow's JSON reader, a chunk at a time."""
    source = "huggingface/datasets packaged_modules/json/json.py (pyarrow JSON reader)"
    return (
        all_json(source),
        unwrapped("huggingface/datasets json.py, field=; docs/source/loading.mdx, JSON"),
        one_type("huggingface/datasets json.py; axolotl PR #3136, datasets PR #8027 (mixed tool arguments)"),
    )
