"""kill -9 at random instants of `curate run`: the old version or the new one, never between; run again, the same bytes."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
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
    began, done = time.monotonic(), (0, 0)
    while delay and not done[0] and time.monotonic() - began < float(delay):
        time.sleep(0.002)
        done = os.waitpid(pid, os.WNOHANG)
    if delay and not done[0]:
        os.kill(pid, signal.SIGKILL)  # its own child, not yet waited for: a zombie at worst
    status = done[1] if done[0] else os.waitpid(pid, 0)[1]
    sys.stdout.write(f"{status} {time.monotonic() - began}\\n"); sys.stdout.flush()
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
        stdin.write("\t".join([str(self.home), "" if kill_after is None else str(kill_after), *words]) + "\n")
        stdin.flush()
        status, seconds = stdout.readline().split()
        killed = os.WIFSIGNALED(int(status))
        assert killed or int(status) == 0
        return float(seconds), killed


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
    """Kills runs of the strict recipe over an export of the default one, `count` of them before they ended.

    Returns how many were killed and where CURRENT stood after each.
    """
    data = [str(SAMPLE / name) for name in ("helpdesk.jsonl", "medical.jsonl")]
    words = ["run", *data, "--frozen", str(SAMPLE / "evaluation.jsonl"), "--no-vectors", "--preset"]
    out, home, clean = folder / "out", folder / "home", folder / "clean"
    rng, seen = random.Random(seed), Counter[str]()
    with server(home) as work:
        work.run(*words, "default", "--out", str(out))
        old = tree(current(out))
        work.run(*words, "strict", "--out", str(clean))
        new = tree(current(clean))
        lasts = [0.0, 0.0]  # seconds of a whole run from a warm and from an empty store, as last seen
        while seen["killed"] < count:
            seen["runs"] += 1
            cold = seen["runs"] % 2
            if cold:  # kills meet all of the work, or the export alone
                shutil.rmtree(home, ignore_errors=True)
            if current(out).name == current(clean).name and seen["runs"] % 5:
                clean_up(out, keep=old)
            after = rng.uniform(0, lasts[cold]) if lasts[cold] else None
            seconds, killed = work.run(*words, "strict", "--out", str(out), kill_after=after)
            assert verify(out) == ()
            found = tree(current(out))
            assert found in (old, new), seen
            assert killed or found == new
            assert Store(home).check() == ()
            seen["killed"] += killed
            if killed:
                seen["new" if found == new else "old"] += 1
            else:
                lasts[cold] = seconds
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
    kills(tmp_path, 10, seed=1)


@pytest.mark.slow
def test_fifty_kills(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seen = kills(tmp_path, 50, seed=2)
    with capsys.disabled():
        said = (
            f"{seen['killed']} kills in {seen['runs']} runs: {seen['old']} left the old version, {seen['new']} the new"
        )
        sys.stdout.write(f"\n{said}\n")
    assert cli("verify", tmp_path / "out", "--again").code == 0
