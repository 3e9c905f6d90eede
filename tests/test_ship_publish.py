"""Versions are whole or absent: after kill -9, on a full disk, beside another exporter, and when someone edits one."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ship_cases import CHECKS, FakeRecipe, dataset_of, evidence_of, sample_files, verdicts_of

from curate.errors import StoreError
from curate.ship import Mismatch, current, export, verify
from curate.ship.publish import CURRENT, VERSIONS, damage, publish, staging
from curate.types import Dataset

FROZEN = frozenset({"eval.jsonl"})
HERE = str(Path(__file__).parent)


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    return dataset_of(tmp_path, sample_files(), FROZEN)


def run(data: Dataset, out: Path, seed: int = 0) -> str:
    return export(data, evidence_of(data), verdicts_of(data, seed), FakeRecipe(), CHECKS, out).version


def test_equal_inputs_reuse_the_version(data: Dataset, tmp_path: Path) -> None:
    out = tmp_path / "out"
    name = run(data, out)
    before = {p: p.stat().st_mtime_ns for p in (out / VERSIONS).rglob("*")}
    other = run(data, out, seed=1)
    assert other != name and current(out).name == other
    assert run(data, out) == name and current(out).name == name
    assert {p: p.stat().st_mtime_ns for p in before} == before
    assert len(list((out / VERSIONS).iterdir())) == 2


def test_a_damaged_version_is_made_again(data: Dataset, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(data, out)
    path = current(out) / "train.jsonl"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b" ")
    assert verify(out) == (Mismatch("train.jsonl", "was changed: its bytes are not the exported ones"),)
    run(data, out)
    assert verify(out) == ()


@pytest.mark.parametrize("name", ["notes.txt", "train.jsonl", "versions/latest", "versions/0123456789ab.bak", ".git"])
def test_foreign_files_are_refused_by_name(data: Dataset, tmp_path: Path, name: str) -> None:
    out = tmp_path / "out"
    run(data, out)
    (out / name).write_text("mine")
    with pytest.raises(StoreError, match=f"'{name}'; an empty folder"):
        run(data, out, seed=1)
    assert (out / name).read_text() == "mine"
    assert verify(out) == ()


def test_links_are_refused(data: Dataset, tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "link").symlink_to(real)
    with pytest.raises(StoreError, match="is a link"):
        run(data, tmp_path / "link")
    assert not list(real.iterdir())
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "target").write_text("precious")
    (out / CURRENT).symlink_to(tmp_path / "target")
    with pytest.raises(StoreError, match="'CURRENT'"):
        run(data, out)
    (out / CURRENT).unlink()
    (out / VERSIONS).symlink_to(real)
    with pytest.raises(StoreError, match="'versions'"):
        run(data, out)
    assert (tmp_path / "target").read_text() == "precious" and not list(real.iterdir())


def test_an_unreadable_place_is_a_plain_error(data: Dataset, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"can't be written .*; nothing was published"):
        run(data, tmp_path / "file" / "out")
    with pytest.raises(StoreError, match="bytes are needed"), staging(tmp_path / "out", needed=1 << 60):
        pass
    with pytest.raises(StoreError, match="holds no export"):
        verify(tmp_path / "none")


def test_any_flipped_byte_is_found(data: Dataset, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(data, out)
    version = current(out)
    files = [p for p in version.rglob("*") if p.is_file() and p.name != "run.json"] + [out / CURRENT]
    rng = random.Random(1)
    for path in files:
        data_before = path.read_bytes()
        path.chmod(0o644)
        for _ in range(8 if data_before else 0):
            at = rng.randrange(len(data_before))
            path.write_bytes(
                data_before[:at] + bytes([data_before[at] ^ 1 << rng.randrange(8)]) + data_before[at + 1 :]
            )
            found = {mismatch.path for mismatch in verify(out)}
            assert (CURRENT if path.name == CURRENT else path.relative_to(version).as_posix()) in found
        path.write_bytes(data_before)
    assert verify(out) == () == verify(version)


def test_missing_and_extra_files_are_found(data: Dataset, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(data, out)
    version = current(out)
    (version / "frozen" / "more.jsonl").write_text("{}")
    (version / "review.jsonl").rename(version / "reviewed.jsonl")
    assert {m.path: m.what for m in verify(out)} == {
        "frozen/more.jsonl": "is not in the manifest",
        "review.jsonl": "is missing",
        "reviewed.jsonl": "is not in the manifest",
    }


def test_verify_can_derive_again(data: Dataset, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(data, out)
    seen = []

    def derive(version: Path) -> list[Mismatch]:
        seen.append(version)
        return [Mismatch("verdicts.parquet", "row 3 differs")]

    assert verify(out, derive) == (Mismatch("verdicts.parquet", "row 3 differs"),)
    assert seen == [current(out)]


def test_a_manifest_that_lies_about_counts_is_found(data: Dataset, tmp_path: Path) -> None:
    """Someone who edits a file and forges every hash still meets the ledger."""
    import json

    out = tmp_path / "out"
    run(data, out)
    version = current(out)
    with staging(out) as stage:
        for path in sorted(version.rglob("*")):
            name = path.relative_to(version).as_posix()
            if path.is_file() and name not in ("manifest.json", "run.json"):
                text = path.read_bytes()
                if name == "train.jsonl":
                    text = text[text.index(b"\n") + 1 :]
                with stage.open(name) as file:
                    file.write(text)
        publish(stage, {})
    assert damage(current(out)) == {}
    assert {m.path for m in verify(out)} == {"ledger.parquet"}
    assert json.loads((current(out) / "run.json").read_text()) == {}


LOOP = """
import resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from ship_cases import *
from curate.ship import export
folder, out = Path(sys.argv[2]), Path(sys.argv[3])
turns, first, cycle, limit = map(int, sys.argv[4:])
data = dataset_of(folder, sample_files(), frozenset({"eval.jsonl"}))
evidence = evidence_of(data)
print("ready", flush=True)
if limit >= 0:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
for turn in range(turns):
    export(data, evidence, verdicts_of(data, first + turn % cycle), FakeRecipe(), CHECKS, out)
    print("exported", flush=True)
"""


def start(
    folder: Path, out: Path, turns: int, first: int = 0, cycle: int = 5, limit: int = -1
) -> subprocess.Popen[str]:
    """A process that exports `turns` times, over `cycle` different results from `first` on."""
    folder.mkdir(exist_ok=True)
    numbers = [str(n) for n in (turns, first, cycle, limit)]
    args = [sys.executable, "-c", LOOP, HERE, str(folder), str(out), *numbers]
    return subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def kill_loop(tmp_path: Path, kills: int) -> None:
    out, rng, done = tmp_path / "out", random.Random(kills), 0
    while done < kills:
        with start(tmp_path / "in", out, 10**6, first=100 * done, cycle=100) as child:
            assert child.stdout is not None
            child.stdout.readline()
            # Several kills per interpreter start would need a fork server; the instants are what counts.
            time.sleep(rng.uniform(0, 0.12))
            child.send_signal(signal.SIGKILL)
        done += 1
        if (out / CURRENT).exists():
            assert verify(out) == (), f"after kill {done}"
        for version in (out / VERSIONS).glob("*"):
            assert damage(version) == {}
            shutil.rmtree(version) if version != current(out) else None
    data = dataset_of(tmp_path / "in", sample_files(), FROZEN)
    run(data, out)
    assert verify(out) == ()
    assert not list(out.glob(".*")), "the next run sweeps what the killed ones left"


def test_kill_at_random_instants(tmp_path: Path) -> None:
    kill_loop(tmp_path, 8)


@pytest.mark.slow
def test_kill_at_300_random_instants(tmp_path: Path) -> None:
    kill_loop(tmp_path, 300)


def full_disk(tmp_path: Path, limits: list[int]) -> None:
    out = tmp_path / "out"
    data = dataset_of(tmp_path, sample_files(), FROZEN)
    run(data, out, seed=9)
    before = current(out).name
    for limit in limits:
        with start(tmp_path / "in", out, 1, limit=limit) as child:
            stderr = child.communicate()[1]
        if child.returncode:
            assert "StoreError" in stderr and "nothing was published" in stderr, stderr
            assert current(out).name == before
        assert verify(out) == ()
        assert not list(out.glob(".*"))


def test_disk_full(tmp_path: Path) -> None:
    full_disk(tmp_path, [0, 1000, 4000, 1 << 20])


@pytest.mark.slow
def test_disk_full_at_every_size(tmp_path: Path) -> None:
    full_disk(tmp_path, list(range(0, 16_000, 250)))


def test_two_exporters_at_once(tmp_path: Path) -> None:
    out = tmp_path / "out"
    children = [start(tmp_path / str(n), out, 12) for n in range(2)]
    while any(child.poll() is None for child in children):
        if (out / CURRENT).exists():
            assert damage(current(out)) == {}
        time.sleep(0.02)
    for child in children:
        assert child.communicate()[0].count("exported") == 12, child.stderr
        assert child.returncode == 0
    assert verify(out) == ()
    assert len(list((out / VERSIONS).iterdir())) == 5
    assert not list(out.glob(".*"))


def test_durable_before_it_is_announced(data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order that power loss can't undo: files, folder, rename, folder, pointer, folder."""
    events: list[str] = []
    fsync, rename, replace = os.fsync, Path.rename, Path.replace
    out = tmp_path / "out"

    def spy_fsync(descriptor: int) -> None:
        events.append("fsync " + str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        fsync(descriptor)

    def spy_rename(path: Path, target: Path) -> Path:
        events.append("rename")
        return rename(path, target)

    def spy_replace(path: Path, target: Path) -> Path:
        events.append("replace")
        return replace(path, target)

    if not Path("/proc/self/fd").exists():
        pytest.skip("needs /proc")
    monkeypatch.setattr(os, "fsync", spy_fsync)
    monkeypatch.setattr(Path, "rename", spy_rename)
    monkeypatch.setattr(Path, "replace", spy_replace)
    run(data, out)
    renamed, replaced = events.index("rename"), events.index("replace")
    before = [e for e in events[:renamed] if ".partial" in e]
    assert {e.rsplit("/", 1)[1] for e in before} >= {"train.jsonl", "manifest.json", "ledger.parquet"}
    assert events[renamed + 1] == f"fsync {out / VERSIONS}"
    assert events[replaced - 1].startswith(f"fsync {out}/.CURRENT.tmp")
    assert events[-1] == f"fsync {out}"
