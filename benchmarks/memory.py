"""The most memory that this process and its children held at one time, sampled while some work runs (Linux).

`python -m benchmarks.memory FILE` prints what the imports hold and the peak of loading the file, in MiB.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

EVERY = 0.01  # seconds


def held_mb(pid: int) -> tuple[float, float]:
    """(private, file-backed) resident MiB of one process; zeros when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0, 0.0
    of = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines if line.startswith("Rss")}
    return of.get("RssAnon", 0.0) + of.get("RssShmem", 0.0), of.get("RssFile", 0.0)


def children(pid: int) -> Iterator[int]:
    """Processes started by this one, and by those."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208 - a glob trips over processes that end meanwhile
    except OSError:
        return
    for thread in threads:
        try:
            found = Path(f"/proc/{pid}/task/{thread}/children").read_text().split()
        except OSError:
            continue
        for child in map(int, found):
            yield child
            yield from children(child)


def tree_mb() -> float:
    """What is resident now: private memory of everyone, files mapped by this process (its children map the same ones)."""
    return sum(held_mb(os.getpid())) + sum(held_mb(child)[0] for child in children(os.getpid()))


def peak_of(work: Callable[[], Any]) -> float:
    """Run the work; gives its peak in MiB, NaN where /proc does not tell."""
    if not Path("/proc/self/status").is_file():
        work()
        return float("nan")
    most, done = [tree_mb()], threading.Event()

    def watch() -> None:
        while not done.wait(EVERY):
            most.append(max(most[-1], tree_mb()))

    watcher = threading.Thread(target=watch, name="peak", daemon=True)
    watcher.start()
    try:
        work()
    finally:
        done.set()
        watcher.join()
    return round(most[-1], 1)


def peak_of_load(path: Path) -> tuple[float, float]:
    """(held by the imports, peak) of loading a file in a process of its own: memory that was used before stays held."""
    command = [sys.executable, "-m", "benchmarks.memory", str(path)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    began, peak = json.loads(done.stdout)
    return began, peak


def main(words: list[str]) -> int:
    from curate.load import load

    began = tree_mb()
    print(json.dumps([round(began, 1), peak_of(lambda: load([words[0]]))]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
