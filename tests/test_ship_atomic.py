"""All or nothing, by the hundred: kill -9 while one or two exporters work, a disk that is really full, any flipped byte."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cli_cases import SAMPLE, cli
from test_ship_publish import HERE

from curate.ship import current, verify
from curate.ship.publish import CURRENT, VERSIONS, damage
from curate.store import files

# Imports once, then forks: a kill lands in the export and not in the seconds of imports before it.
SERVER = """
import os, signal, sys, time
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from ship_cases import *
from curate.ship import export
folder, out, many = Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4] == "45"
sample = sample_files()
inputs = {"one.jsonl": sample["one.jsonl"]}
if many:
    inputs = sample | {f"eval-{k}.jsonl": sample["eval.jsonl"] for k in range(34)}
frozen = frozenset(name for name in inputs if name.startswith("eval"))
data = dataset_of(folder, inputs, frozen)
evidence = evidence_of(data)
for line in sys.stdin:
    first, turns, workers, delay = map(float, line.split())
    pids = []
    for worker in range(int(workers)):
        pid = os.fork()
        if pid == 0:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            for turn in range(int(turns)):
                export(data, evidence, verdicts_of(data, int(first) + turn), FakeRecipe(), CHECKS, out)
            os._exit(0)
        pids.append(pid)
    began = time.monotonic()
    if delay > 0:
        time.sleep(delay)
        os.kill(pids[0], signal.SIGKILL)  # its own child, not yet waited for: a zombie at worst
    ends = [os.waitpid(pid, 0)[1] for pid in pids]
    sys.stdout.write(f"{time.monotonic() - began} {' '.join(map(str, ends))}\\n"); sys.stdout.flush()
"""


@contextmanager
def exporter(tmp_path: Path, inputs: str) -> Iterator[subprocess.Popen[str]]:
    """A server that exports one file's rows, or a version of forty-five files and more, in children."""
    (tmp_path / "in").mkdir()
    words = [sys.executable, "-c", SERVER, HERE, str(tmp_path / "in"), str(tmp_path / "out"), inputs]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            assert process.stdin
            process.stdin.close()


def ask(process: subprocess.Popen[str], first: int, turns: int, workers: int, delay: float) -> tuple[float, list[int]]:
    """(seconds, exit statuses) of `workers` children that export `turns` versions each; the first is killed after `delay`."""
    assert process.stdin and process.stdout
    process.stdin.write(f"{first} {turns} {workers} {delay}\n")
    process.stdin.flush()
    seconds, *ends = process.stdout.readline().split()
    return float(seconds), [int(e) for e in ends]


def kills(tmp_path: Path, inputs: str, count: int) -> Counter[str]:
    """Kills `count` exporters in the midst of their work, every third one beside another exporter that goes on.

    After each, every version is whole, CURRENT names the old one or one that was being written, and the other exporter
    has lost nothing.
    """
    out, rng, seen = tmp_path / "out", random.Random(count), Counter[str]()
    with exporter(tmp_path, inputs) as process:
        ask(process, 0, 1, 1, 0)
        whole, _ = ask(process, 1, 1, 1, 0)
        turn = 2
        while seen["killed"] < count:
            seen["tries"] += 1
            old, workers = current(out).name, 2 if seen["tries"] % 3 == 0 else 1
            before = {p.name for p in (out / VERSIONS).iterdir()}
            _, ends = ask(process, turn, 2, workers, rng.uniform(0, 2 * whole) + 1e-4)
            turn += 2
            seen["killed"] += ends[0] == 9
            assert ends[1:] == [0] * (workers - 1)
            now = current(out).name
            made = {p.name for p in (out / VERSIONS).iterdir()} - before
            assert now == old or now in made
            assert verify(out) == () and all(damage(p) == {} for p in (out / VERSIONS).iterdir())
            seen["new" if now != old else "old"] += ends[0] == 9
            seen["beside another"] += ends[0] == 9 and workers == 2
            seen["left a stage"] += any(p.name.startswith(".partial") for p in out.iterdir())
            for path in (out / VERSIONS).iterdir():
                if path.name != now:
                    files.remove_tree(path)
        ask(process, turn, 1, 1, 0)
    assert verify(out) == ()
    assert sorted(p.name for p in out.iterdir()) == [CURRENT, VERSIONS], "what the killed left is swept"
    held = sum(p.is_file() for p in current(out).rglob("*"))
    seen["files of a version"] = held
    return seen


def say(capsys: pytest.CaptureFixture[str], seen: Counter[str]) -> None:
    with capsys.disabled():
        sys.stdout.write("\n" + ", ".join(f"{name} {n}" for name, n in seen.items()) + "\n")


@pytest.mark.slow
@pytest.mark.parametrize("inputs", ["1", "45"])
def test_three_hundred_kills(tmp_path: Path, inputs: str, capsys: pytest.CaptureFixture[str]) -> None:
    seen = kills(tmp_path, inputs, 300)
    say(capsys, seen)
    assert seen["old"] and seen["new"] and seen["left a stage"] and seen["beside another"] > 50
    assert seen["files of a version"] >= (45 if inputs == "45" else 1)


def test_kills_beside_another_exporter(tmp_path: Path) -> None:
    assert kills(tmp_path, "1", 6)["killed"] == 6


# On a file system of a few pages that is mounted for this process alone; root inside the namespace is nobody outside.
FULL = """
import json, shutil, subprocess, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from ship_cases import *
from curate.errors import StoreError
from curate.ship import current, export, verify
folder, disk = Path(sys.argv[2]), Path(sys.argv[3])
data = dataset_of(folder, sample_files(), frozenset({"eval.jsonl"}))
evidence, seen = evidence_of(data), {"full": 0, "fits": 0}
for pages in range(1, int(sys.argv[4])):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "none", str(disk)], check=True)
    out = disk / "out"
    old = export(data, evidence, verdicts_of(data, 0), FakeRecipe(), CHECKS, out).version
    free = shutil.disk_usage(disk).free // 4096
    (disk / "filler").write_bytes(bytes(4096 * max(free - pages, 0)))
    try:
        export(data, evidence, verdicts_of(data, 1), FakeRecipe(), CHECKS, out)
        seen["fits"] += 1
    except StoreError as error:
        assert "nothing was published" in str(error) or "bytes are needed" in str(error), error
        assert current(out).name == old
        seen["full"] += 1
    assert verify(out) == ()
    assert not [p.name for p in out.iterdir() if p.name.startswith(".")]
    subprocess.run(["umount", "-l", str(disk)], check=True)
print(json.dumps(seen))
"""


def full_disk(tmp_path: Path, pages: int) -> str:
    words = ["unshare", "--user", "--map-root-user", "--mount", sys.executable, "-c", FULL, HERE]
    for name in ("in", "disk"):
        (tmp_path / name).mkdir()
    try:
        done = subprocess.run([*words, str(tmp_path / "in"), str(tmp_path / "disk"), str(pages)],
                              capture_output=True, text=True, timeout=500, check=False)  # fmt: skip
    except FileNotFoundError:
        pytest.skip("needs unshare")
    if done.returncode and ("unshare:" in done.stderr or "'mount'" in done.stderr):
        pytest.skip("this machine lets nobody mount a file system of their own")
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_disk_that_is_full(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = full_disk(tmp_path, 60)
    with capsys.disabled():
        sys.stdout.write("\n" + said)
    seen = json.loads(said)
    assert seen["full"] > 10 and seen["fits"] > 5


@pytest.mark.slow
def test_a_thousand_flipped_bytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every byte as likely as any other; of a real export with every format."""
    out, rng = tmp_path / "out", random.Random(7)
    words = [
        SAMPLE / "helpdesk.jsonl",
        SAMPLE / "medical.jsonl",
        "--frozen",
        SAMPLE / "evaluation.jsonl",
        "--no-vectors",
    ]
    assert cli("run", *map(str, words), "--out", out, "--format", "openai,alpaca,hf,parquet").code == 0
    version = current(out)
    listed = [*sorted(p for p in version.rglob("*") if p.is_file() and p.name != "run.json"), out / CURRENT]
    sizes = [p.stat().st_size for p in listed]
    for path in listed:
        path.chmod(0o644)
    seen = Counter[str]()
    for path in rng.choices(listed, sizes, k=1000 - sum(map(bool, sizes))) + [
        p for p, n in zip(listed, sizes, strict=True) if n
    ]:
        with path.open("r+b") as file:
            at = rng.randrange(path.stat().st_size)
            file.seek(at)
            was = file.read(1)
            file.seek(at)
            file.write(bytes([was[0] ^ 1 << rng.randrange(8)]))
        name = CURRENT if path.name == CURRENT else path.relative_to(version).as_posix()
        assert name in {m.path for m in verify(out)}, (name, at)
        with path.open("r+b") as file:
            file.seek(at)
            file.write(was)
        seen["flips found"] += 1
        seen["files"] = len(listed)
    assert verify(out) == ()
    say(capsys, seen)
