"""The proof made again from the exported bytes alone: nothing that was measured, paired or decided before is used.

Split files and evaluation files are loaded as if they came from a stranger. Every text of one part is joined with every
text of another (measure/across.py: no MinHash, no class, no sample), vectors are looked up by text and multiplied all with
all, the classes of evaluation items are measured anew, groups and times are read off the rows again.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from curate.decide import Recipe
from curate.decide.leaks import CLASSES, MATCHED, of_matches
from curate.decide.splits import SPLITS, declared_groups
from curate.load import ColumnMap, load
from curate.load.limits import Limits
from curate.measure.across import meaning_across, text_across
from curate.measure.buffers import flat
from curate.measure.classes import classes_of, prompt_view
from curate.measure.columns import items_and_pool, ties_of
from curate.measure.exams import match_items
from curate.measure.fresh import fresh_vectors
from curate.measure.guards import compare, signatures
from curate.measure.labels import labels_of
from curate.measure.shingles import jaccard, shingle
from curate.measure.vectors import distinct
from curate.overrides import Overrides
from curate.ship.changed import changed_ids
from curate.ship.proof import Line, Proof
from curate.store import Store, files
from curate.types import Bool, Cancel, Dataset, Evidence, Guard, Matches, Pairs, Progress

FROZEN = len(SPLITS)  # the number of the part that evaluation rows are
PARTS = (*SPLITS, "evaluation")
I8 = NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class _World:
    """Rows as the files have them. part: int8 [n], place in PARTS. place: int32 [n], distinct prompt, -1 = none.

    ruled: pairs of distinct prompts that a person called no duplicates.
    """

    data: Dataset
    part: I8
    texts: list[str]
    place: NDArray[np.int32]
    ruled: frozenset[tuple[int, int]]

    def sides(self) -> NDArray[np.uint8]:
        """uint8 [k]: the parts in which each distinct prompt stands, as bits."""
        out, held = np.zeros(len(self.texts), np.uint8), self.place >= 0
        np.bitwise_or.at(out, self.place[held], (1 << self.part[held]).astype(np.uint8))
        return out


def recheck(
    version: Path, store: Store | None = None, progress: Progress | None = None, cancel: Cancel | None = None
) -> Proof:
    """The proof of a version folder by its bytes. Near meaning is looked for when the export was made with vectors and
    its model is here; else its lines are missing. Errors: Cancelled, DataError, OSError."""
    lineage = json.loads((version / "lineage.json").read_text("utf-8"))
    overrides = Overrides.from_csv((version / "overrides.csv").read_text("utf-8"))
    recipe = Recipe.from_toml((version / "recipe.toml").read_text("utf-8"), overrides, name="recipe.toml")
    if not any(m["name"] == "vectors" for m in lineage["measures"]):
        recipe = recipe.with_setting("embed", enabled=False)
    with tempfile.TemporaryDirectory(prefix="curate-proof-") as folder:
        world, gone = _read(version, lineage, recipe, Path(folder), progress, cancel)
        lines = [Line("rows", "split files", gone, "Rows that the verdicts keep and the files lack, or the other way.")]
        lines += _equal(world)
        lines += _ties(world, recipe)
        if recipe.leak.enabled:
            lines += _near(world, recipe, store or Store(), progress, cancel)
    changed = sum(
        files.digest(version / "frozen" / s["name"]) != s["sha256"] for s in lineage["sources"] if s["role"] == "frozen"
    )
    lines.append(
        Line("evaluation bytes", "frozen files", changed, "Evaluation files whose bytes differ from the input's.")
    )
    return Proof(tuple(lines))


def _read(
    version: Path,
    lineage: Mapping[str, Any],
    recipe: Recipe,
    folder: Path,
    progress: Progress | None,
    cancel: Cancel | None,
) -> tuple[_World, int]:
    """The rows of the split and evaluation files, and how many are not those that the verdicts keep."""
    told = pq.read_table(version / "verdicts.parquet", columns=["id", "content", "source", "split"])
    named = {s["name"]: s.get("mapping") for s in lineage["sources"]}
    maps, pool, part_of = dict[str, ColumnMap](), list[Path](), dict[str, int]()
    for number, split in enumerate(SPLITS):
        of = told.filter(pc.equal(told["split"], split))["source"].to_pylist()
        for name, path in _by_source(version / f"{split}.jsonl", of, folder, split).items():
            pool.append(path)
            part_of[path.name] = number
            if named.get(name):
                maps[path.name] = ColumnMap.of(**named[name])
    frozen = [version / "frozen" / s["name"] for s in lineage["sources"] if s["role"] == "frozen"]
    maps |= {p.name: ColumnMap.of(**named[p.name]) for p in frozen if named.get(p.name)}
    if not pool:
        (empty := folder / "none.jsonl").write_bytes(b"")
        pool.append(empty)
    limits = Limits(**lineage.get("limits", {}))
    data = load(pool, frozen, mapping=maps or None, progress=progress, cancel=cancel, limits=limits)
    of_source = np.array([part_of.get(s.name, FROZEN) if s.role == "pool" else FROZEN for s in data.sources], np.int8)
    part = of_source[data.rows.column("source").to_numpy()] if len(data) else np.zeros(0, np.int8)
    texts, place = distinct(prompt_view(data.rows))
    copies = changed_ids(version)
    changed = pc.is_in(told["id"], pa.array(copies, pa.string())).to_pylist()
    wanted = Counter(zip(told["content"].to_pylist(), told["split"].to_pylist(), changed, strict=True))
    made = Counter(split for (_, split, other), n in wanted.items() if other and split is not None for _ in range(n))
    kept = Counter(
        {(content, split): n for (content, split, other), n in wanted.items() if split is not None and not other}
    )
    names = [PARTS[k] for k in part.tolist()]
    there = Counter(zip(data.rows.column("content").to_pylist(), names, strict=True))
    there = Counter({k: n for k, n in there.items() if k[1] != PARTS[FROZEN]})
    more = Counter(
        split for (_, split), n in (there - kept).items() for _ in range(n)
    )  # changed copies have contents of their own
    gone = (kept - there).total() + ((more - made) + (made - more)).total()
    return _World(data, part, texts, place, _ruled(data, place, recipe)), gone


def _by_source(path: Path, sources: list[str], folder: Path, split: str) -> dict[str, Path]:
    """The lines of a split file by the input that they came from, since columns are named by input. Lines beyond the
    verdicts go to the last."""
    names = sorted(set(sources))
    out = {name: folder / f"{split}-{k}.jsonl" for k, name in enumerate(names)}
    handles = {name: place.open("wb") for name, place in out.items()}
    try:
        with path.open("rb") as file:
            for at, line in enumerate(file):
                name = sources[at] if at < len(sources) else names[-1] if names else ""
                if name not in handles:
                    out[name] = folder / f"{split}-more.jsonl"
                    handles[name] = out[name].open("wb")
                handles[name].write(line)
    finally:
        for handle in handles.values():
            handle.close()
    return out


def _ruled(data: Dataset, place: NDArray[np.int32], recipe: Recipe) -> frozenset[tuple[int, int]]:
    """Pairs of distinct prompts, both ways round, of rows that a person ruled no duplicates: by content, since a row's
    rank among its copies is another one here."""
    said = [(a[:16], b[:16]) for a, b, what in recipe.overrides.pairs if what == "not_duplicate"]
    named = {content for pair in said for content in pair}
    held: dict[str, set[int]] = {}
    if named:
        for content, at in zip(data.rows.column("content").to_pylist(), place.tolist(), strict=True):
            if content[:16] in named:
                held.setdefault(content[:16], set()).add(at)
    both = {(x, y) for a, b in said for x in held.get(a, ()) for y in held.get(b, ())}
    return frozenset(both | {(y, x) for x, y in both})


def _equal(world: _World) -> Iterator[Line]:
    """Equal questions on two sides."""
    asked = _plain(prompt_view(world.data.rows))
    system = _plain(world.data.rows.column("system"))
    question = pc.binary_join_element_wise(system, asked, pa.scalar("\x1f", pa.large_string()))
    code = question.dictionary_encode().indices.to_numpy()
    for one, two in combinations(range(FROZEN), 2):
        yield Line(
            "same question", _between(one, two), _shared(code, world.part, one, two), "Equal system and user turns."
        )
    if (world.part == FROZEN).any():
        alone = asked.dictionary_encode().indices.to_numpy()
        hit = np.isin(alone, alone[world.part == FROZEN]) & (world.part != FROZEN)
        if world.ruled:
            ours = {a for a, _ in world.ruled}
            hit &= ~np.isin(world.place, np.array(sorted(ours), np.int32))
        yield Line("evaluation: same question", _items(), int(hit.sum()), CLASSES[0].help)


def _plain(column: Any) -> Any:
    """Lower case, white space as one space, ends trimmed: Arrow's, not the kernel that measured."""
    text = pc.utf8_lower(pc.fill_null(column, ""))
    text = pc.utf8_trim_whitespace(pc.replace_substring_regex(text, r"[\s\p{Z}]+", " "))
    text = text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text
    return pc.cast(text, pa.large_string())


def _ties(world: _World, recipe: Recipe) -> Iterator[Line]:
    """Groups and times on two sides."""
    seen = _evidence(world, None)
    tied = declared_groups(seen, recipe.split.group)
    for one, two in combinations(range(FROZEN), 2):
        found = _shared(tied, world.part, one, two)
        yield Line("group", _between(one, two), found, "Conversations, documents or users on both sides.")
        if recipe.split.by == "time":
            when = seen.ties["time"]
            late, early = when[world.part == one].max(initial=-1), when[world.part == two]
            crossed = int((early <= late).sum()) if (world.part == one).any() else 0
            yield Line("time", _between(one, two), crossed, "Later part's rows not after the earlier's last.")


def _near(
    world: _World, recipe: Recipe, store: Store, progress: Progress | None, cancel: Cancel | None
) -> Iterator[Line]:
    """Near prompts across every boundary, and what only evaluation items are matched by."""
    side = world.sides()
    column = pa.array(world.texts, pa.large_string())
    sets, signs = shingle(column), signatures(*flat(column))
    items, pool = items_and_pool(world.data, classes_of(world.data.rows))
    fresh = fresh_vectors(world.data, items if len(items) else None, recipe, store, progress, cancel)
    found = {"near text": (text_across(sets, side, recipe.leak.text, cancel), recipe.leak.text)}
    if fresh is not None:
        meant = meaning_across(fresh.prompt.values, side, recipe.leak.meaning, progress, cancel)
        found["near meaning"] = (meant, recipe.leak.meaning)
    said = {
        "near text": "Prompts at Jaccard {} or more, all pairs.",
        "near meaning": "Prompts at cosine {} or more, all pairs.",
    }
    for name, ((i, j, score), bar) in found.items():
        same = score if name == "near text" else jaccard(sets, i, j)
        use = _allowed(i, j, same, signs, recipe) & ~_among(i, j, world.ruled)
        for one, two in combinations(range(len(PARTS)), 2):
            if two < FROZEN or (world.part == FROZEN).any():
                yield Line(
                    name, _between(one, two), _cross(i[use], j[use], side, one, two), said[name].format(f"{bar:g}")
                )
    if len(items):
        yield from _matched(world, recipe, match_items(
            world.data.rows, items, pool, None if fresh is None else fresh.exams, progress, cancel))  # fmt: skip


def _allowed(i: Any, j: Any, same: Any, signs: Any, recipe: Recipe) -> Bool:
    """Bool [m]: the prompts differ in no number, unit, name, negation, order or code (or guards are off)."""
    if recipe.near.guards == "off":
        return np.ones(i.shape[0], np.bool_)
    flags = compare(signs, i, j) & np.where(same == 1.0, ~np.uint16(Guard.NAME), np.uint16(0xFFFF))
    return np.asarray(flags == 0, np.bool_)


def _among(i: Any, j: Any, ruled: frozenset[tuple[int, int]]) -> Bool:
    if not ruled:
        return np.zeros(i.shape[0], np.bool_)
    return np.array([pair in ruled for pair in zip(i.tolist(), j.tolist(), strict=True)], np.bool_)


def _cross(i: Any, j: Any, side: NDArray[np.uint8], one: int, two: int) -> int:
    """Pairs of which one prompt stands in part `one` and the other in part `two`."""
    a, b = np.uint8(1 << one), np.uint8(1 << two)
    here, there = side[i], side[j]
    return int((((here & a > 0) & (there & b > 0)) | ((here & b > 0) & (there & a > 0))).sum())


def _matched(world: _World, recipe: Recipe, matches: Matches) -> Iterator[Line]:
    """Rows of the split files that reach the bar of a class of evaluation items."""
    known = {c.name: c for c in CLASSES}
    reached = of_matches(_evidence(world, matches), recipe) or [(np.zeros(0, np.int64),) * 4] * len(MATCHED)
    for (name, _), (row, item, *_) in zip(MATCHED, reached, strict=True):
        free = ~_among(world.place[row], world.place[item], world.ruled)
        title = known[name].title.lower()
        yield Line(f"evaluation: {title}", _items(), len(np.unique(row[free])), known[name].help)


def _evidence(world: _World, matches: Matches | None) -> Evidence:
    """As much evidence as groups, times and the bars of items need; no pair of it."""
    none = np.zeros(0, np.int32)
    pairs = Pairs(none, none, {}, np.zeros(0, np.uint16), {})
    data = world.data
    classes = {"content": classes_of(data.rows)["content"]} if matches is not None else {}
    return Evidence(data.fingerprint, data.ids, data.frozen, {}, classes, pairs, ties=ties_of(data),
                    labels=labels_of(data.rows.column("extra")), matches=matches)  # fmt: skip


def _shared(label: Any, part: I8, one: int, two: int) -> int:
    both = np.intersect1d(label[part == one], label[part == two])
    return int((both >= 0).sum())


def _between(one: int, two: int) -> str:
    return f"{PARTS[one]} and {PARTS[two]}"


def _items() -> str:
    return "splits and evaluation"
