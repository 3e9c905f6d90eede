"""python -m benchmarks.bombs [NAME...]: files made to take a reader down, and what each costs. Bars: 2 GB, 60 s.

The files are made here, small; each is loaded in a process of its own, whose whole tree's memory is sampled. The result goes
to benchmarks/results/bombs-all.json. Numbers in brackets are those of the fault list that they come from.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.memory import peak_of
from benchmarks.schema import Result, machine, versions, write

MEMORY_MB, SECONDS = 2_000, 60
MUTANTS = 40
GIB = 1 << 30


def _null_rows(folder: Path) -> list[Path]:
    """2,000,000,000 rows of nothing in a few megabytes (25)."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / "nulls.parquet"
    part = pa.table({"text": pa.nulls(20_000_000, pa.string())})
    with pq.ParquetWriter(path, part.schema, compression="zstd") as out:
        for _ in range(100):
            out.write_table(part)
    return [path]


def _dictionary(folder: Path) -> list[Path]:
    """Long texts that a dictionary holds once: each column of a row group decodes to about 1 GB (26)."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / "dictionary.parquet"
    long = pa.DictionaryArray.from_arrays(pa.array(np.zeros(10_000, np.int32)), pa.array(["x" * 100_000]))
    table = pa.table({"prompt": long, "completion": long})
    with pq.ParquetWriter(path, table.schema, compression="zstd") as out:
        for _ in range(10):
            out.write_table(table)
    return [path]


def _mutants(ending: str) -> Callable[[Path], list[Path]]:
    def make(folder: Path) -> list[Path]:
        """Files of which some bytes were changed (27, 28)."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        good = folder / f"good{ending}"
        table = pa.table({"prompt": [f"q{n}" for n in range(200)], "completion": [f"a{n}" for n in range(200)]})
        if ending == ".parquet":
            pq.write_table(table, good)
        else:
            with pa.ipc.new_file(good, table.schema) as out:
                out.write_table(table)
        data, rng, made = good.read_bytes(), np.random.default_rng(0), []
        for n in range(MUTANTS):
            spoilt = bytearray(data)
            for at in rng.integers(0, len(data), 1 + n % 8):
                spoilt[at] = int(rng.integers(256))
            made.append(folder / f"mutant{n}{ending}")
            made[-1].write_bytes(spoilt)
        return made

    return make


def _pickles(folder: Path) -> list[Path]:
    """Kinds of file that can run code, and archives (29, 32)."""
    made = []
    for name in ("a.npy", "a.npz", "a.pkl", "a.pt", "a.joblib"):
        made.append(folder / name)
        made[-1].write_bytes(b"\x80\x04K\x01.")
    made.append(folder / "b.jsonl")
    made[-1].write_bytes(b"\x80\x04K\x01.")
    made.append(folder / "c.zip")
    with zipfile.ZipFile(made[-1], "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("../x.jsonl", "0" * 10_000_000)
    return made


def _columns(folder: Path) -> list[Path]:
    """Columns of bytes, and one name twice (30)."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    made = [folder / "bytes.parquet", folder / "twice.parquet"]
    pq.write_table(pa.table({"prompt": ["q"], "completion": [b"a"]}), made[0])
    pq.write_table(pa.Table.from_arrays([pa.array(["q"]), pa.array(["a"])], names=["text", "text"]), made[1])
    return made


def _gz(lines: bool) -> Callable[[Path], list[Path]]:
    def make(folder: Path) -> list[Path]:
        """4 GiB in one line, or in lines, from 4 MB (31)."""
        path = folder / ("rows.jsonl.gz" if lines else "line.jsonl.gz")
        block = b'{"text":"a"}\n' * 80_000 if lines else b"x" * (1 << 20)
        with gzip.open(path, "wb", 9) as out:
            for _ in range(4 * GIB // len(block)):
                out.write(block)
        return [path]

    return make


def _cut(folder: Path) -> list[Path]:
    """A cut gzip file, gzip in gzip, plain text named gz (33)."""
    plain = b'{"prompt":"q","completion":"a"}\n' * 50_000
    made = [folder / n for n in ("cut.jsonl.gz", "twice.jsonl.gz", "plain.jsonl.gz")]
    made[0].write_bytes(gzip.compress(plain)[:-200])
    made[1].write_bytes(gzip.compress(gzip.compress(plain)))
    made[2].write_bytes(plain)
    return made


def _special(folder: Path) -> list[Path]:
    """A pipe, a device, a folder, a link to a device (34)."""
    os.mkfifo(folder / "pipe.jsonl")
    (folder / "folder.jsonl").mkdir()
    (folder / "zero.jsonl").symlink_to("/dev/zero")
    return [folder / "pipe.jsonl", Path("/dev/zero"), folder / "folder.jsonl", folder / "zero.jsonl"]


def _long_line(folder: Path) -> list[Path]:
    """One line of 200 MB, and ten million empty ones (12)."""
    made = [folder / "long.jsonl", folder / "empty.jsonl"]
    with made[0].open("wb") as out:
        out.writelines([b'{"text":"', *[b"x" * (1 << 20)] * 200, b'"}\n'])
    made[1].write_bytes(b"\n" * 10_000_000)
    return made


def _unclosed(folder: Path) -> list[Path]:
    """A million braces that nobody closes, as lines, as an array, and after a sound object (11)."""
    made = [folder / n for n in ("lines.jsonl", "array.json", "after.json", "deep.json")]
    made[0].write_bytes(b"{\n" * 500_000)
    made[1].write_bytes(b"[" + b"{," * 500_000)
    made[2].write_bytes(b'{\n"text": "a"}\n' + b"{\n" * 200_000)
    made[3].write_bytes(b"[" * 1_000_000)
    return made


BOMBS: Mapping[str, Callable[[Path], list[Path]]] = {
    "null_rows": _null_rows, "dictionary": _dictionary, "parquet_mutants": _mutants(".parquet"), "arrow_mutants": _mutants(".arrow"),
    "pickles_and_archives": _pickles, "odd_columns": _columns, "gz_line": _gz(False), "gz_rows": _gz(True), "cut_gz": _cut,
    "special_files": _special, "long_line": _long_line, "unclosed": _unclosed,
}  # fmt: skip


def outcome(path: Path) -> str:
    """Loaded or refused, never anything else."""
    from curate.errors import DataError
    from curate.load import load

    try:
        made = load([path])
    except DataError as e:
        return f"refused: {str(e)[:140]}"
    source = made.sources[0]
    return f"{source.rows:,} rows, {source.malformed:,} malformed, {source.blank:,} blank"


def one(name: str, folder: Path) -> dict[str, Any]:
    """Every file of one bomb: outcomes, the slowest, the peak of the tree."""
    files = BOMBS[name](folder)
    said: list[str] = []
    slowest = 0.0

    def work() -> None:
        nonlocal slowest
        for path in files:
            began = perf_counter()
            said.append(outcome(path))
            slowest = max(slowest, perf_counter() - began)

    peak = peak_of(work)
    sizes = [p.stat().st_size for p in files if p.is_file()]
    return {"name": name, "files": len(files), "bytes": sum(sizes), "peak_mb": peak, "slowest_s": round(slowest, 2),
            "outcomes": sorted(set(said))[:6], "within": peak <= MEMORY_MB and slowest <= SECONDS}  # fmt: skip


def _result(found: list[dict[str, Any]]) -> Result:
    """All of them as one result: the worst in front, each one's peak and time among the figures."""
    figures = {f"{r['name']}_{k}": float(r[k]) for r in found for k in ("peak_mb", "slowest_s")}
    note = "; ".join(f"{r['name']}: {' | '.join(r['outcomes'][:2])}" for r in found)
    return Result("bombs", "all", sum(r["files"] for r in found), max(r["slowest_s"] for r in found), max(r["peak_mb"] for r in found),
                  quality=figures, note=note, machine=machine(), versions=versions())  # fmt: skip


def main(words: list[str]) -> int:
    if words[:1] == ["--one"]:
        print(json.dumps(one(words[1], Path(words[2]))))
        return 0
    names = words or list(BOMBS)
    unknown = [n for n in names if n not in BOMBS]
    if unknown:
        sys.stderr.write(f"{unknown[0]} is no bomb; allowed are {', '.join(BOMBS)}\n")
        return 2
    results = []
    for name in names:
        with tempfile.TemporaryDirectory(prefix="curate-bomb-") as folder:
            done = subprocess.run([sys.executable, "-m", "benchmarks.bombs", "--one", name, folder], stdout=subprocess.PIPE,
                                  text=True, check=True)  # fmt: skip
        found = json.loads(done.stdout)
        results.append(found)
        mark = "within" if found["within"] else "OVER"
        print(
            f"{name:<22}{found['bytes'] / 2**20:>8.1f} MB{found['peak_mb']:>8.0f} MB peak{found['slowest_s']:>7.1f} s  {mark}",
            flush=True,
        )
    if not words:
        write(_result(results))
    return 0 if all(r["within"] for r in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
