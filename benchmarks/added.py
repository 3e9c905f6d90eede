"""python -m benchmarks.added [ROWS]: rows added to 52,002 measured ones; what `curate audit` of the grown file costs.

The new rows are Alpaca's own with the words of question and answer turned about, so that their lengths are those of real rows
and every text is new. CURATE_HOME may hold vectors of the 52,002 rows: they are copied, for making them takes ten minutes.
Both runs are processes of their own, and so is the cold one that the evidence is compared with: its home holds nothing but
vectors, of which the new ones are made once more, in another order, and compared too.
"""

from __future__ import annotations

import gzip
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.schema import Result, machine, versions, write
from benchmarks.tables import shared

Row = dict[str, str]


def turned(text: str) -> str:
    """The text's words in reverse."""
    return " ".join(text.split(" ")[::-1])


def new_rows(rows: list[Row], count: int) -> Iterator[Row]:
    """Rows spread over the file, turned about, whose two texts no other row has."""
    asked, told = {(r["instruction"], r["input"]) for r in rows}, {r["output"] for r in rows}
    step = max(len(rows) // (2 * count), 1)
    for row in rows[::step]:
        made = {"instruction": turned(row["instruction"]), "input": row["input"], "output": turned(row["output"])}
        ask = (made["instruction"], made["input"])
        if not count or not row["output"].strip() or ask in asked or made["output"] in told:
            continue
        asked.add(ask)
        told.add(made["output"])
        count -= 1
        yield made


def audit(path: Path, home: Path) -> tuple[float, float, float]:
    """Wall seconds, processor seconds and peak MiB of `curate audit` in a process of its own."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = perf_counter()
    env = os.environ | {"CURATE_HOME": str(home), "HF_HUB_OFFLINE": "1"}
    code = "from curate.cli import main; main()"
    subprocess.run([sys.executable, "-c", code, "audit", str(path)], env=env, check=True, capture_output=True)
    wall = perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, spent, after.ru_maxrss / 1024


def texts_by_view(path: Path, home: Path) -> dict[str, tuple[list[str], Any, Any]]:
    """Distinct texts of both views, their vectors in the home, and which have none there."""
    from curate.decide import preset
    from curate.load import load
    from curate.measure.buffers import text_keys
    from curate.measure.classes import prompt_view
    from curate.measure.table import plan
    from curate.measure.vectors import distinct
    from curate.measure.wanted import embedder_identity
    from curate.store import RowStore, Store

    recipe, rows = preset("default"), load([path]).rows
    identity = embedder_identity(recipe, None)
    assert identity is not None, 'no model; run pip install "curate[offline]"'
    what = plan(recipe, identity[0], None).vectors
    assert what is not None
    kept = RowStore(Store(home), what, identity[1], "<f2")
    out = {}
    for view, column in (("prompts", prompt_view(rows)), ("answers", rows.column("response"))):
        texts, _ = distinct(column)
        out[view] = (texts, *kept.get(text_keys(texts)))
    return out


def same_files(one: Path, other: Path) -> bool:
    """Whether the set evidence of two homes is the same bytes, entry for entry of the second; about.json names no clock."""
    kinds = ("classes", "pairs", "meaning", "topics", "conflict")
    arrays = [p.relative_to(other) for kind in kinds for p in (other / kind).rglob("*.npy")]
    return bool(arrays) and all((one / p).read_bytes() == (other / p).read_bytes() for p in arrays)


def measured(count: int, folder: Path) -> Result:
    with gzip.open(shared() / "medium_alpaca_52002.json.gz", "rt", encoding="utf-8") as source:
        rows: list[Row] = json.load(source)
    path, home, cold = folder / "data.json", folder / "home", folder / "cold"
    home.mkdir()
    have = Path(os.environ.get("CURATE_HOME", "")) / "rows-vectors"
    if os.environ.get("CURATE_HOME") and have.is_dir():
        shutil.copytree(have, home / "rows-vectors")
    path.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
    audit(path, home)
    again = audit(path, home)[0]
    path.write_text(json.dumps(rows + list(new_rows(rows, count)), ensure_ascii=False, indent=1), encoding="utf-8")
    missing = {view: np.flatnonzero(lacks) for view, (_, _, lacks) in texts_by_view(path, home).items()}
    wall, spent, peak = audit(path, home)
    views = texts_by_view(path, home)
    shutil.copytree(home / "rows-vectors", cold / "rows-vectors")
    audit(path, cold)
    quality = {
        "processor_s": round(spent, 1),
        "second_run_s": round(again, 2),
        **{f"embedded_{view}": float(at.shape[0]) for view, at in missing.items()},
        "left_without": float(sum(int(lacks.sum()) for _, _, lacks in views.values())),
        "evidence_equal": float(same_files(home, cold)),
        "vectors_equal": float(all(remade(*views[view][:2], at) for view, at in missing.items())),
    }
    return Result("added", "52k", len(rows) + count, round(wall, 2), round(peak, 1), quality=quality, machine=machine(),
                  versions=versions())  # fmt: skip


def remade(texts: list[str], vectors: Any, at: Any) -> bool:
    """Whether new texts give the same bits beside a hundred old ones and in another order."""
    from curate.measure import SentenceEmbedder

    some = np.concatenate((np.arange(0, len(texts), len(texts) // 100), at[::-1]))
    made = SentenceEmbedder().embed([texts[k] for k in some]).astype(np.float16)
    return bool((made == vectors[some]).all())


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    with tempfile.TemporaryDirectory(prefix="curate-added-") as folder:
        result = measured(count, Path(folder))
    write(result)
    print(f"{count} rows added to {result.rows - count:,}: {result.seconds} s, {result.peak_mb} MiB, {result.quality}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
