"""python -m benchmarks.run [NAME...] [--size 1k,10k]: the speed tables, each in a fresh process with an empty home.

The result goes to benchmarks/results/NAME-SIZE.json, with machine and versions; one line for each goes to stdout.
"""

from __future__ import annotations

import argparse
import gc
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.schema import Result, machine, versions, write
from benchmarks.tables import SIZES, TABLES, Prepared, Quality, Table, Unmeasured, rows_file

MINUTES = 10


def peak_mb() -> float:
    """Peak resident memory of this process and of its largest ended child, in MiB."""
    unit = 2**20 if sys.platform == "darwin" else 2**10
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return round(sum(resource.getrusage(kind).ru_maxrss for kind in kinds) / unit, 1)


def timed(work: Callable[[], Any], runs: int) -> tuple[float, Any]:
    """Best wall time of `runs`, and what the last one returned."""
    best, result = float("inf"), None
    for _ in range(runs):
        gc.collect()
        start = perf_counter()
        result = work()
        best = min(best, perf_counter() - start)
    return best, result


def against_peer(prepared: Prepared, runs: int) -> tuple[float, Quality, dict[str, Any]]:
    """Ours and the peer's time, taken in turns in one process. ratio > 1: ours is faster."""
    if prepared.peer_work is None:
        seconds, quality = timed(prepared.work, runs)
        return seconds, quality, {}
    theirs, _ = timed(prepared.peer_work, runs)
    seconds, quality = timed(prepared.work, runs)
    again, _ = timed(prepared.peer_work, runs)
    theirs = min(theirs, again)
    return seconds, quality, {"name": prepared.peer, "seconds": round(theirs, 4), "ratio": round(theirs / seconds, 3)}


def one(table: Table, size: str, folder: Path) -> Result:
    """Measure here and now. The process must be fresh: peaks never fall."""
    empty = Result(table.name, size, SIZES[size], None, None, machine=machine(), versions=versions())
    try:
        prepared = table.prepare(rows_file(size, folder))
    except Unmeasured as e:
        return replace(empty, note=str(e))
    base = peak_mb()
    seconds, quality, peer = against_peer(prepared, table.runs)
    peak = peak_mb()
    quality |= prepared.after() if prepared.after else {}
    return replace(
        empty, rows=prepared.rows, seconds=round(seconds, 4), peak_mb=peak, base_mb=base, runs=table.runs,
        quality=quality, peer=peer,
    )  # fmt: skip


def fresh(name: str, size: str) -> Result:
    """The same in a new process with an empty home."""
    with tempfile.TemporaryDirectory(prefix="curate-bench-") as folder:
        env = os.environ | {"CURATE_HOME": str(Path(folder) / "home"), "HF_HUB_OFFLINE": "1"}
        command = [sys.executable, "-m", "benchmarks.run", "--one", name, size, folder]
        try:
            done = subprocess.run(
                command, env=env, stdout=subprocess.PIPE, text=True, timeout=60 * MINUTES, check=False
            )
        except subprocess.TimeoutExpired:
            return Result(
                name, size, SIZES[size], None, None, note=f"stopped after {MINUTES} minutes", machine=machine()
            )
    if done.returncode:
        return Result(
            name, size, SIZES[size], None, None, note=f"failed with exit code {done.returncode}", machine=machine()
        )
    return Result.from_json(done.stdout)


def line(result: Result) -> str:
    """One result as a row of the table on the screen."""
    head = f"{result.name:<14}{result.size:>5}{result.rows:>9}"
    if result.seconds is None:
        return f"{head}  {result.note}"
    figures = ", ".join(f"{k} {v:g}" for k, v in result.quality.items())
    peer = f", {result.peer['ratio']}x {result.peer['name']}" if result.peer else ""
    return f"{head}{result.seconds:>10.3f} s{result.peak_mb:>9.0f} MB  {figures}{peer}"


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description="The speed tables.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(TABLES))
    parser.add_argument("--size", default="", help="comma-separated, of " + ", ".join(SIZES))
    parser.add_argument("--one", nargs=3, metavar=("NAME", "SIZE", "FOLDER"), help=argparse.SUPPRESS)
    asked = parser.parse_args(words)
    if asked.one:
        name, size, folder = asked.one
        sys.stdout.write(one(TABLES[name], size, Path(folder)).to_json())
        return 0
    unknown = [n for n in asked.names if n not in TABLES] + [s for s in asked.size.split(",") if s and s not in SIZES]
    if unknown:
        parser.error(f"{', '.join(unknown)} is unknown; allowed are {', '.join(TABLES)} and {', '.join(SIZES)}")
    failed = 0
    for name in asked.names or TABLES:
        for size in TABLES[name].sizes:
            if not asked.size or size in asked.size.split(","):
                result = fresh(name, size)
                write(result)
                failed += result.seconds is None
                print(line(result), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
