"""The README tells the truth: its commands run, every CLI command is in it, its tree is the tree."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
TESTED = re.findall(r"```(sh|python) tested\n(.*?)```", README, re.S)

built = pytest.mark.skipif(find_spec("curate.cli") is None, reason="the command line is not built yet")


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"HF_HUB_OFFLINE": "1"}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=600, check=False)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sample data, in which the README's commands may write."""
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "sample_data", folder / "sample_data", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@built
@pytest.mark.parametrize(("kind", "block"), TESTED, ids=[kind for kind, _ in TESTED])
def test_tested_blocks_run(kind: str, block: str, copy: Path) -> None:
    commands = [[sys.executable, "-c", block]] if kind == "python" else []
    if kind == "sh":
        for line in block.strip().splitlines():
            program, *words = shlex.split(line)
            assert program == "curate", line
            commands.append([sys.executable, "-c", "from curate.cli import main; main()", *words])
    for command in commands:
        done = run(command, copy)
        assert done.returncode == 0, done.stderr[-2000:]


def table() -> set[str]:
    """The commands that the README's table names."""
    part = README.split("<!-- commands: begin -->")[1].split("<!-- commands: end -->")[0]
    return set(re.findall(r"`curate ([a-z]+)", part))


@built
def test_every_command_is_in_the_table_and_has_help() -> None:
    import typer.main

    from curate.cli import app

    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert set(commands) == table()
    assert all(command.help for command in commands.values())


def test_the_tree_is_the_tree() -> None:
    done = run([sys.executable, "scripts/readme.py", "--check"], ROOT)
    assert done.returncode == 0, done.stderr


def test_ci_runs_what_the_readme_says() -> None:
    said = "sh scripts/setup dev && sh scripts/check"
    assert f"```sh\n{said}\n```" in README
    assert (ROOT / ".ci/run").read_text("utf-8").strip().endswith(said)
    assert os.access(ROOT / ".ci/run", os.X_OK)


def test_what_the_first_command_names_exists() -> None:
    line = next(line for line in README.splitlines() if line.startswith("sh scripts/setup &&"))
    for word in shlex.split(line):
        if word.endswith(".jsonl") or word.startswith("scripts/"):
            assert (ROOT / word).is_file(), word


def test_the_changelog_knows_the_version() -> None:
    version = re.search(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text("utf-8"), re.M)
    assert version and f"## [{version[1]}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")
