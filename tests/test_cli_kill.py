"""kill -9 at random instants of `curate run`: the old version or the new one, never between; run again, the same bytes."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cli_cases import SAMPLE, cli, tree

from curate.ship import current, verify
from curate.store import Store

# Imports once, then one child per line of words: a kill lands in the work and not in two seconds of imports.
SERVER = """
import os, signal, sys, time
import curate.decide, curate.load, curate.measure, curate.ship, curate.views.verdict
from curate.cli import main
for line in sys.stdin:
    home, delay, *words = line.rstrip("\\n").split("\\t")
    pid = os.fork()
    if pid == 0:
        os.environ["CURATE_HOME"] = home
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        main(words)
    if delay:
        time.sleep(float(delay))
        os.kill(pid, signal.SIGKILL)  # its own child, not yet waited for: a zombie at worst
    sys.stdout.write(f"{os.waitpid(pid, 0)[1]}\\n"); sys.stdout.flush()
"""


@dataclass(frozen=True)
class Server:
    """A process that runs commands in children."""

    process: subprocess.Popen[str]
    home: Path

    def run(self, *words: str, kill_after: float | None = None) -> tuple[float, bool]:
        """(seconds, whether the kill came in time) of one command."""
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin and stdout
        began = time.monotonic()
        stdin.write("\t".join([str(self.home), "" if kill_after is None else str(kill_after), *words]) + "\n")
        stdin.flush()
        status = int(stdout.readline())
        assert kill_after is not None or status == 0
        return time.monotonic() - began, os.WIFSIGNALED(status)


@contextmanager
def server(home: Path) -> Iterator[Server]:
    with subprocess.Popen(
        [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Server(process, home)
        finally:
            assert process.stdin
            process.stdin.close()


def kills(folder: Path, count: int, seed: int) -> Counter[str]:
    """Kills `count` runs of the strict recipe over an export of the default one. Where CURRENT stood after each."""
    data = [str(SAMPLE / name) for name in ("helpdesk.jsonl", "medical.jsonl")]
    words = ["run", *data, "--frozen", str(SAMPLE / "evaluation.jsonl"), "--no-vectors", "--preset"]
    out, home, clean = folder / "out", folder / "home", folder / "clean"
    rng, seen = random.Random(seed), Counter[str]()
    with server(home) as work:
        work.run(*words, "default", "--out", str(out))
        old = tree(current(out))
        work.run(*words, "strict", "--out", str(clean))
        new = tree(current(clean))
        shutil.rmtree(home, ignore_errors=True)  # a kill can come before it is made
        cold, _ = work.run(*words, "strict", "--out", str(folder / "timed"))
        warm, _ = work.run(*words, "strict", "--out", str(folder / "timed"))
        for number in range(count):
            if number % 2 == 0:  # every other run from an empty store, so that kills meet all of the work
                shutil.rmtree(home, ignore_errors=True)  # a kill can come before it is made
            if number % 5 == 4:  # a version that stands already is not written again
                clean_up(out, keep=old)
            _, in_time = work.run(
                *words, "strict", "--out", str(out), kill_after=rng.uniform(0, cold if number % 2 == 0 else warm)
            )
            assert verify(out) == ()
            found = tree(current(out))
            assert found in (old, new), number
            seen["new" if found == new else "old"] += 1
            seen["killed"] += in_time
            assert Store(home).check() == ()
        work.run(*words, "strict", "--out", str(out))
    assert tree(current(out)) == new
    assert current(out).name == current(clean).name
    assert sorted(p.name for p in out.iterdir()) == ["CURRENT", "versions"], "leftovers of the dead are swept"
    return seen


def clean_up(out: Path, keep: dict[str, bytes]) -> None:
    """Back to the export before the killed runs."""
    name = next(p.name for p in (out / "versions").iterdir() if tree(p) == keep)
    for path in (out / "versions").iterdir():
        if path.name != name:
            for part in (path, *path.rglob("*")):
                part.chmod(0o755)
            shutil.rmtree(path)
    (out / "CURRENT").write_text(f"{name}\n")


def test_ten_kills(tmp_path: Path) -> None:
    seen = kills(tmp_path, 10, seed=1)
    assert seen["killed"] >= 5


@pytest.mark.slow
def test_fifty_kills(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seen = kills(tmp_path, 50, seed=2)
    with capsys.disabled():
        sys.stdout.write(
            f"\n50 runs: {seen['killed']} killed in time, {seen['old']} left the old version, {seen['new']} the new\n"
        )
    assert seen["killed"] >= 25
    assert cli("verify", tmp_path / "out", "--again").code == 0
