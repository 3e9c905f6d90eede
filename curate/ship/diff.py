"""What changed between two exports: inputs, settings, counts, and every row whose fate is another."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from math import isfinite
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curate.errors import StoreError
from curate.ship.lineage import tool_version
from curate.ship.publish import MANIFEST, current
from curate.ship.registry import Registry
from curate.ship.stats import run_stats
from curate.ship.tables import ACTIONS, labels
from curate.types import Check, Dataset, Evidence, Verdicts

SHOWN = 20
Table = Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one row."""

    action: str
    reasons: tuple[str, ...]
    split: str | None

    def __str__(self) -> str:
        return " ".join([self.action, *([f"({', '.join(self.reasons)})"] if self.reasons else [])])


@dataclass(frozen=True, slots=True)
class Change:
    """One row with another action or other reasons."""

    id: str
    before: Fate
    after: Fate


@dataclass(frozen=True)
class Diff:
    """Two exports side by side. The tables hold (before, after) of what differs only.

    badges: what each health badge says. topics: kept rows by the topic's name.

    changes: rows in both with another action or other reasons, by id. moved: kept in both, in another split.
    only_before, only_after: how many rows one of them alone has.
    """

    a: str
    b: str
    settings: Table
    inputs: Table
    counts: Table
    reasons: Table
    badges: Table
    topics: Table
    changes: tuple[Change, ...]
    moved: int
    only_before: int
    only_after: int

    @cached_property
    def equal(self) -> bool:
        return self.a == self.b

    def as_json(self) -> dict[str, Any]:
        """Schema 1; pairs are [before, after]."""
        tables = {name: {k: [_plain(x) for x in v] for k, v in getattr(self, name).items()} for name in TABLES}
        changes = [{"id": c.id, "before": _fate(c.before), "after": _fate(c.after)} for c in self.changes]
        rest = {"moved": self.moved, "only_before": self.only_before, "only_after": self.only_after}
        return {"schema": 1, "a": self.a, "b": self.b, **tables, "changes": changes, **rest}

    def text(self) -> str:
        """The same for a person, the first changes only."""
        if self.equal:
            return f"{self.a}: both are this version"
        return "\n".join([f"{self.a} -> {self.b}", *self._lines()])

    def _lines(self) -> Iterator[str]:
        for name in TABLES:
            table = getattr(self, name)
            yield from [f"{name}:"] * bool(table)
            yield from (f"  {key}: {_shown(a)} -> {_shown(b)}" for key, (a, b) in table.items())
        yield f"rows: {len(self.changes):,} change fate, {self.moved:,} move to another split, " + (
            f"{self.only_before:,} only before, {self.only_after:,} only after"
        )
        yield from (f"  {c.id}: {c.before} -> {c.after}" for c in self.changes[:SHOWN])
        if len(self.changes) > SHOWN:
            yield f"  and {len(self.changes) - SHOWN:,} more; --json FILE lists all"


TABLES = ("inputs", "settings", "counts", "reasons", "badges", "topics")


def diff_exports(a: Path, b: Path) -> Diff:
    """Compares two export folders (their current versions) or version folders.

    Raises StoreError for a folder that holds no export, or one that can't be read.
    """
    return _diff(_published(a), _published(b))


def diff_run(a: Path, dataset: Dataset, evidence: Evidence, verdicts: Verdicts, checks: Sequence[Check] = ()) -> Diff:
    """Compares an export with a run that is not written; its name is "this run". Raises StoreError as above."""
    splits = (*verdicts.splits, None)  # -1 = in no split
    columns = zip(evidence.ids.tolist(), verdicts.action.tolist(), verdicts.split.tolist(), strict=True)
    fates = {
        row_id.decode(): Fate(ACTIONS[action], verdicts.why(row), splits[split])
        for row, (row_id, action, split) in enumerate(columns)
    }
    sources = [{"name": name, "sha256": s.sha256} for name, s in zip(labels(dataset), dataset.sources, strict=True)]
    measures = [{"name": m.name, "key": m.key} for m in evidence.made]
    inputs = _inputs({"tool": tool_version(), "sample": dataset.sample, "sources": sources, "measures": measures})
    badges = _badges([{"id": c.id, "name": c.name, "shown": c.shown, "band": c.band} for c in checks])
    settings = _flat(tomllib.loads(verdicts.recipe.to_toml()))
    topics = _topics(run_stats(evidence, verdicts).topics)
    return _diff(_published(a), _Side("this run", fates, settings, inputs, badges, topics))


def diff_entries(registry: Registry, a: str, b: str) -> Diff:
    """Compares two registered versions by what the registry kept of them. Raises CurateError for an unknown key."""
    return _diff(*(_side(key, partial(registry.file, key)) for key in (a, b)))


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two: its name, every row's fate by id, its settings, inputs, badges and kept rows by topic."""

    name: str
    fates: Mapping[str, Fate]
    settings: Mapping[str, Any]
    inputs: Mapping[str, Any]
    badges: Mapping[str, str]
    topics: Counter[str]


def _published(path: Path) -> _Side:
    version = _version(Path(path))
    return _side(version.name, lambda name: (version / name).read_bytes())


def _side(name: str, read: Callable[[str], bytes]) -> _Side:
    """One side from the files that `read` gives."""
    try:
        settings = _flat(tomllib.loads(read("recipe.toml").decode("utf-8")))
        lineage = json.loads(read("lineage.json"))
        badges, topics = _badges(lineage["checks"]), _topics(lineage["stats"].get("topics", ()))
        return _Side(name, _fates(read("verdicts.parquet")), settings, _inputs(lineage), badges, topics)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"an export can't be read ({type(error).__name__}); run `curate verify` on it") from None


def _diff(left: _Side, right: _Side) -> Diff:
    before, after = left.fates, right.fates
    both = sorted(before.keys() & after.keys())
    changes = tuple(Change(i, before[i], after[i]) for i in both if _what(before[i]) != _what(after[i]))
    return Diff(
        a=left.name,
        b=right.name,
        settings=_differ(left.settings, right.settings),
        inputs=_differ(left.inputs, right.inputs),
        counts=_differ(_counted(before), _counted(after)),
        reasons=_differ(_reasons(before), _reasons(after)),
        badges=_differ(left.badges, right.badges),
        topics=_differ(left.topics, right.topics),
        changes=changes,
        moved=sum(_what(before[i]) == _what(after[i]) and before[i].split != after[i].split for i in both),
        only_before=len(before) - len(both),
        only_after=len(after) - len(both),
    )


def _version(path: Path) -> Path:
    if (path / MANIFEST).is_file():
        return path.resolve()
    version = current(path).resolve()
    if not version.is_dir():
        raise StoreError(f"{path}: its current version is not there; run `curate run DATA --out {path}`")
    return version


def _fates(data: bytes) -> dict[str, Fate]:
    table = pq.read_table(
        pa.BufferReader(data), use_threads=False, pre_buffer=False, columns=["id", "action", "reasons", "split"]
    )
    columns = (table.column(name).to_pylist() for name in ("id", "action", "reasons", "split"))
    return {i: Fate(action, tuple(reasons), split) for i, action, reasons, split in zip(*columns, strict=True)}


def _what(fate: Fate) -> tuple[str, tuple[str, ...]]:
    return fate.action, fate.reasons


def _flat(table: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """{"near.text": 0.8, "rules.refusal.enabled": True, ...}"""
    out: dict[str, Any] = {}
    for key, value in table.items():
        out |= _flat(value, f"{above}{key}.") if isinstance(value, dict) else {above + key: value}
    return out


def _inputs(lineage: Mapping[str, Any]) -> dict[str, Any]:
    files = {f"file {s['name']}": s["sha256"] for s in lineage["sources"]}
    measures = {f"measure {m['name']}": m["key"] for m in lineage["measures"]}
    return {"tool": lineage["tool"], "sample": lineage["sample"], **files, **measures}


def _badges(checks: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    return {f"{c['id']} {c['name']}": f"{c['shown']} ({c['band']})" for c in checks}


def _topics(topics: Iterable[Sequence[Any]]) -> Counter[str]:
    """Kept rows by the topic's name: numbers are another cut's, names are what a person compares."""
    out = Counter[str]()
    for name, _, kept in topics:
        out[name] += kept
    return out


def _counted(fates: Mapping[str, Fate]) -> Counter[str]:
    actions = Counter(f.action for f in fates.values())
    return actions + Counter(f.split for f in fates.values() if f.split)


def _reasons(fates: Mapping[str, Fate]) -> Counter[str]:
    return Counter(code for f in fates.values() for code in f.reasons)


def _differ(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Keys whose values differ. A count that one side lacks is 0, anything else None."""
    none = 0 if isinstance(a, Counter) else None
    keys = list(dict.fromkeys([*a, *b]))
    return {k: (a.get(k, none), b.get(k, none)) for k in keys if a.get(k, none) != b.get(k, none)}


def _fate(fate: Fate) -> dict[str, Any]:
    return {"action": fate.action, "reasons": list(fate.reasons), "split": fate.split}


def _plain(value: Any) -> Any:
    """JSON knows no infinity: an open bound is the word that TOML has for it."""
    return str(value) if isinstance(value, float) and not isfinite(value) else value


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    text = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
    return text[:12] if len(text) in (32, 64) and set(text) <= set("0123456789abcdef") else text
