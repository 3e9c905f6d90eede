"""Decontamination: pool rows against 2,000 evaluation items that are rows of the pool itself, a tenth of them as they stand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

ITEMS = 2_000
PLANTED = 10  # every tenth item stays in the pool: it must be found


def split_file(path: Path, folder: Path) -> tuple[Path, Path]:
    """(pool, items) as JSONL: items are evenly spread rows; all but every tenth leave the pool."""
    lines = path.read_bytes().splitlines(keepends=True)
    at = np.linspace(0, len(lines) - 1, min(ITEMS, len(lines) // 2)).astype(int)
    gone = set(at.tolist()) - set(at[::PLANTED].tolist())
    pool, items = folder / "pool.jsonl", folder / "items.jsonl"
    items.write_bytes(b"".join(lines[k] for k in at.tolist()))
    pool.write_bytes(b"".join(line for k, line in enumerate(lines) if k not in gone))
    return pool, items


def views(data: Any, items: Any) -> Any:
    """Made-up vectors in place of MiniLM's, one per distinct text: the time is that of the matching, not of embedding.

    Spread as prompts of 300 topics are (benchmarks/tables.py), so that each row has near items to be scored in full.
    """
    from benchmarks.tables import made_up_vectors
    from curate.measure import exams
    from curate.measure.buffers import text_keys
    from curate.measure.classes import prompt_view
    from curate.measure.pairs import ViewVectors
    from curate.measure.vectors import distinct

    columns = (prompt_view(data.rows), data.rows.column("response"), exams.variants(items))
    parts = [distinct(c) for c in columns]
    values = made_up_vectors(sum(len(texts) for texts, _ in parts))
    out, first = [], 0
    for texts, place in parts:
        out.append(ViewVectors(values[first : first + len(texts)], place, text_keys(texts)))
        first += len(texts)
    return exams.Views(*out)


def prepared(path: Path) -> tuple[int, Any, Any]:
    """(pool rows, matching by wording alone, matching with vectors too) as work to be timed."""
    import tempfile

    from curate.load import load
    from curate.measure import exams
    from curate.measure.classes import classes_of
    from curate.measure.columns import items_and_pool

    folder = Path(tempfile.mkdtemp(dir=path.parent))
    data = load([(parts := split_file(path, folder))[0]], [parts[1]])
    items, pool = items_and_pool(data, classes_of(data.rows))
    made = views(data, items)
    exams.match_items(data.rows, items, pool[:64], exams.Views(made.prompt, made.answer, made.items))  # compiles

    def found(vectors: Any) -> dict[str, float]:
        matches = exams.match_items(data.rows, items, pool, vectors)
        whole = matches.scores["long"] >= 1.0
        hit = np.unique(matches.item[whole]).shape[0]
        return {"items": float(len(items)), "items_found_whole": float(hit), "matches": float(matches.row.shape[0])}

    return int(pool.shape[0]), lambda: found(None), lambda: found(made)
