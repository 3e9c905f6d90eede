"""The same data and recipe give the same bytes, in any environment and for rows in any order."""

from __future__ import annotations

import itertools
import random
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from cli_cases import SAMPLE, cli, shell, tree

from curate.ship import current

NAMES = ("helpdesk.jsonl", "medical.jsonl", "evaluation.jsonl")
ZONES, LOCALES = ("UTC", "Asia/Kathmandu", "America/St_Johns"), ("C", "C.UTF-8", "POSIX")
# Every pair of (seed, threads) x every zone; cwd and locale differ beside them.
ENVIRONMENTS = [
    {
        "PYTHONHASHSEED": seed,
        "OMP_NUM_THREADS": threads,
        "NUMBA_NUM_THREADS": threads,
        "TZ": zone,
        "LC_ALL": LOCALES[n % 3],
    }
    for n, (seed, threads, zone) in enumerate(itertools.product(("0", "4242"), ("1", "2"), ZONES))
]


def exported(
    folder: Path, env: dict[str, str], *words: str, names: tuple[str, ...] = NAMES
) -> tuple[str, dict[str, bytes]]:
    """(version name, its bytes) of the sample data, from an empty store, in a working folder of its own."""
    cwd = folder / f"at {env['TZ'].replace('/', '-')}" / env["PYTHONHASHSEED"] / env["OMP_NUM_THREADS"]
    shutil.copytree(SAMPLE, cwd, ignore=shutil.ignore_patterns("*.py", "banks", "__pycache__"))
    *pool, frozen = names
    done = shell(
        "run", *pool, "--frozen", frozen, "--out", "out", *words, cwd=cwd, **env, CURATE_HOME=str(cwd / "home")
    )
    assert done.code == 0, done.err
    version = current(cwd / "out")
    return version.name, tree(version)


def same(folder: Path, environments: list[dict[str, str]], *words: str, names: tuple[str, ...] = NAMES) -> None:
    name, files = exported(folder, environments[0], *words, names=names)
    for env in environments[1:]:
        other, found = exported(folder, env, *words, names=names)
        assert [k for k in files.keys() | found.keys() if files.get(k) != found.get(k)] == [], env
        assert other == name


def test_three_environments_give_the_same_bytes(tmp_path: Path) -> None:
    same(tmp_path, [ENVIRONMENTS[0], ENVIRONMENTS[4], ENVIRONMENTS[11]], "--no-vectors")


@pytest.mark.slow
def test_twelve_environments_give_the_same_bytes(tmp_path: Path) -> None:
    assert len(ENVIRONMENTS) == 12
    same(tmp_path, ENVIRONMENTS, "--no-vectors")


@pytest.mark.slow
def test_twelve_environments_give_the_same_bytes_with_vectors(tmp_path: Path) -> None:
    same(tmp_path, ENVIRONMENTS, names=("medical.jsonl", "evaluation.jsonl"))


def fates(version: Path) -> dict[str, Any]:
    """Verdicts by id, without the places where rows stood."""
    table = pq.read_table(version / "verdicts.parquet").drop_columns(["line"])
    return {row["id"]: row for row in table.to_pylist()}


def shuffled(folder: Path, seed: int) -> list[Path]:
    """The sample data with the rows of each file in another order."""
    folder.mkdir()
    out = []
    for name in NAMES:
        lines = (SAMPLE / name).read_bytes().splitlines(keepends=True)
        random.Random(seed).shuffle(lines)
        (folder / name).write_bytes(b"".join(lines))
        out.append(folder / name)
    return out


@pytest.mark.parametrize("preset", ["default", "strict"])
def test_the_order_of_rows_changes_no_verdict_and_no_split(tmp_path: Path, preset: str) -> None:
    found = []
    for seed in range(3):
        *pool, frozen = shuffled(tmp_path / str(seed), seed)
        given = pool if seed % 2 else pool[::-1]
        out = tmp_path / f"out {seed}"
        assert cli("run", *given, "--frozen", frozen, "--out", out, "--no-vectors", "--preset", preset).code == 0
        splits = {
            name: (current(out) / name).read_bytes() for name in ("train.jsonl", "validation.jsonl", "test.jsonl")
        }
        found.append((splits, fates(current(out))))
    assert found[0] == found[1] == found[2]
