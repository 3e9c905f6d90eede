"""derive: an export made anew from itself. Inputs are rebuilt, loaded, measured, decided, and the verdicts compared."""

from __future__ import annotations

import gzip
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from curate.decide import Recipe, decide
from curate.decide.formula import values_of
from curate.decide.near import strength
from curate.errors import StoreError
from curate.judge import with_judge
from curate.load import ColumnMap, load
from curate.load.limits import Limits
from curate.measure import measure, require_model
from curate.overrides import Overrides
from curate.ship.judged import carried
from curate.ship.rebuild import rebuild_version
from curate.ship.tables import verdict_table
from curate.ship.verify import Mismatch
from curate.store import Store, files
from curate.types import F32, I32, Bool, Dataset, Evidence

TOLERANCE = 1e-5  # two backends' scores of one pair differ by less: fp32 sums in another order (DESIGN rule 9)
MOST_ORDERED = 5  # files; 120 orders
SHOWN = 5
UNUSED = "tokens"  # counts that no rule reads, by a tokenizer file that an export does not hold


def derive(version: Path, store: Store | None = None) -> Iterator[Mismatch]:
    """Mismatches between a version folder and what its inputs, recipe and overrides give here and now.

    Measured as `store` (default: this user's) has it; what a judge said is what the export carries. When another model measured then, the first mismatch says so, with
    how many rows lie within TOLERANCE of a threshold. Errors: StoreError for a Parquet input that is no longer where it
    was read (its bytes are not in an export), BackendError when the model of the recipe is not here.
    """
    lineage = json.loads((version / "lineage.json").read_text("utf-8"))
    overrides = Overrides.from_csv((version / "overrides.csv").read_text("utf-8"))
    recipe = Recipe.from_toml((version / "recipe.toml").read_text("utf-8"), overrides, name="recipe.toml")
    with tempfile.TemporaryDirectory(prefix="curate-derive-") as folder, files.disk(Path(folder), "free some space"):
        pool, frozen = _restore(version, lineage, Path(folder))
        limits = Limits(**lineage.get("limits", {}))
        dataset = load(pool, frozen, sample=lineage["sample"], mapping=_mapping(lineage), limits=limits)
        held = store or Store()
        evidence = measure(dataset, recipe=_measurable(recipe, lineage), store=held)
        evidence = with_judge(evidence, dataset, recipe, held, carried(version, Path(folder) / "judged"))
        yield from _compare(version, lineage, dataset, evidence, recipe)


def _mapping(lineage: Mapping[str, Any]) -> dict[str, ColumnMap]:
    """The columns that a person named, by file."""
    named = {source["name"]: source.get("mapping") for source in lineage["sources"]}
    return {name: ColumnMap.of(**columns) for name, columns in named.items() if columns}


def _restore(version: Path, lineage: Mapping[str, Any], folder: Path) -> tuple[list[Path], list[Path]]:
    """Every input under its own name: (pool files, frozen files)."""
    places: dict[str, list[Path]] = {"pool": [], "frozen": []}
    at = {name: k for k, name in enumerate(lineage.get("order", ()))}
    for source in sorted(lineage["sources"], key=lambda s: at.get(s["name"], 0)):
        path = folder / source["name"]
        places[source["role"]].append(path)
        if source["role"] == "frozen":
            shutil.copyfile(version / "frozen" / source["name"], path)
        elif source["container"] == "parquet":
            _original(version, source, path)
        else:
            with gzip.open(path, "wb", 1) if source["compression"] == "gz" else path.open("wb") as file:
                file.writelines(rebuild_version(version, source["name"]))
    return places["pool"], places["frozen"]


def _original(version: Path, source: Mapping[str, Any], path: Path) -> None:
    """A Parquet input as it still lies where it was read."""
    try:
        was = Path(json.loads((version / "run.json").read_text("utf-8"))["paths"][source["name"]])
        if files.digest(was) == source["sha256"]:
            path.symlink_to(was.resolve())
            return
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise StoreError(
        f"{source['name']} is Parquet: an export holds its rows by value, not its bytes; put the file back where it was "
        "read to derive the verdicts anew, or run `curate verify` without --again"
    )


def _measurable(recipe: Recipe, lineage: Mapping[str, Any]) -> Recipe:
    """The recipe to measure by: without vectors when the export was made without them."""
    if not any(m["name"] == "vectors" for m in lineage["measures"]):
        return recipe.with_setting("embed", enabled=False)
    require_model(recipe)
    return recipe


def _compare(
    version: Path, lineage: Mapping[str, Any], dataset: Dataset, evidence: Evidence, recipe: Recipe
) -> Iterator[Mismatch]:
    told = pq.read_table(version / "verdicts.parquet")
    then = {m["name"]: m["key"] for m in lineage["measures"] if m["name"] != UNUSED}
    now = {m.name: m.key for m in evidence.made if m.name != UNUSED}
    near = np.zeros(len(evidence), np.bool_)
    if others := sorted(name for name in then.keys() | now.keys() if then.get(name) != now.get(name)):
        near = close_calls(evidence, recipe)
        yield Mismatch("lineage.json", f"{', '.join(others)} were measured in another way then (another model, tool version "
                       f"or setting); {np.count_nonzero(near):,} rows lie within {TOLERANCE:g} of a threshold")  # fmt: skip
    if told["id"].to_pylist() != [i.decode() for i in dataset.ids.tolist()]:
        yield Mismatch(
            "verdicts.parquet", "the inputs, read anew, hold other rows; was this made by another tool version?"
        )
        return
    yield from _best(told, dataset, evidence, recipe, near, bool(lineage.get("order")))


def _best(
    told: pa.Table, dataset: Dataset, evidence: Evidence, recipe: Recipe, near: Bool, known: bool
) -> list[Mismatch]:
    """What differs under the reading order of files that differs least: an older export does not say in which they came."""
    best: list[Mismatch] | None = None
    for first in [evidence.orders["first"]] if known else _reading_orders(dataset, recipe):
        seen = replace(evidence, orders={**evidence.orders, "first": first})
        found = list(_differences(told, verdict_table(dataset, decide(seen, recipe)), near))
        best = found if best is None or len(found) < len(best) else best
        if not best:
            break
    return best or []


def _reading_orders(dataset: Dataset, recipe: Recipe) -> Iterator[I32]:
    """`Evidence.orders["first"]` for the orders of files that could have been; it matters only where the first row stays."""
    source, line = (dataset.rows.column(name).to_numpy() for name in ("source", "line"))
    count = len(dataset.sources)
    many = recipe.near.keep == "first" and count <= MOST_ORDERED
    for order in permutations(range(count)) if many else [tuple(range(count))]:
        place = np.argsort(np.array(order, np.int64))
        first = np.empty(len(dataset), np.int32)
        first[np.lexsort((line, place[source]))] = np.arange(len(dataset), dtype=np.int32)
        yield first


def _differences(told: pa.Table, made: pa.Table, near: Bool) -> Iterator[Mismatch]:
    """One mismatch per column of the verdicts that differs, naming the first rows by id."""
    ids = told["id"].to_pylist()
    for column in told.column_names:
        if column not in made.column_names:
            yield Mismatch("verdicts.parquet", f"{column} is a column that this tool version does not write")
            continue
        pairs = enumerate(zip(told[column].to_pylist(), made[column].to_pylist(), strict=True))
        rows = [row for row, (a, b) in pairs if a != b]
        if rows:
            within = f" ({np.count_nonzero(near[rows]):,} of them close calls)" if near.any() else ""
            some = ", ".join(ids[row] for row in rows[:SHOWN])
            yield Mismatch("verdicts.parquet", f"{column} differs in {len(rows):,} rows{within}: {some}")


def close_calls(evidence: Evidence, recipe: Recipe, tolerance: float = TOLERANCE) -> Bool:
    """Bool [n]: rows with a value, or in a pair with a score, within `tolerance` (relative above 1) of a bound in use."""
    out = np.zeros(len(evidence), np.bool_)
    for rule in recipe.rules:
        values = values_of(rule, evidence.columns) if rule.enabled else None
        if values is not None:
            for bound in (rule.low, rule.high):
                out |= _close(values, bound, tolerance)
    near, leak, conflict, pairs = recipe.near, recipe.leak, recipe.conflict, evidence.pairs
    bounds = [(strength(pairs, "jaccard", near.view), near.text, near.text_enabled),
              (strength(pairs, "cosine", near.view), near.meaning, near.meaning_enabled),
              (strength(pairs, "same", near.view), near.sure, near.guards == "sure"),
              (pairs.scores["prompt_jaccard"], leak.text, leak.enabled),
              (pairs.scores["prompt_cosine"], leak.meaning, leak.enabled),
              (pairs.scores["prompt_cosine"], conflict.prompt, conflict.enabled),
              (pairs.scores["conflict"], conflict.score, conflict.enabled)]  # fmt: skip
    for score, bound, used in bounds:
        hit = _close(score, bound, tolerance) & used
        out[np.asarray(pairs.i)[hit]] = True
        out[np.asarray(pairs.j)[hit]] = True
    return out


def _close(values: F32, bound: float, tolerance: float) -> Bool:
    if not np.isfinite(bound):
        return np.zeros(values.shape, np.bool_)
    return np.asarray(np.abs(values - bound) <= tolerance * max(1.0, abs(bound)), np.bool_)
