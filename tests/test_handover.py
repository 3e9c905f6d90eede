"""Hand-over: commands for DVC and the hub, a local MLflow store and an offline W&B artifact where those are installed."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from cli_cases import cli, jsonl, rows

from curate.ship import current, verify
from curate.ship.handover import facts_of


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hand")
    data = jsonl(folder / "data.jsonl", list(rows(20)))
    done = cli("run", data, "--out", folder / "out", "--no-vectors", "--format", "as-read,hf")
    assert done.code == 0, done.err
    return folder / "out"


def test_commands_name_the_version_and_send_nothing(export: Path) -> None:
    version = current(export)
    dvc = cli("registry", "hand-over", export, "--to", "dvc")
    assert dvc.code == 0 and f"dvc add data/{version.name}" in dvc.out.splitlines()
    hub = cli("registry", "hand-over", export, "--to", "hub", "--name", "helpdesk")
    assert hub.out.split()[:5] == ["hf", "upload", "--repo-type", "dataset", "--private"] and "ORG/helpdesk" in hub.out
    facts = facts_of(version)
    assert (
        facts["kept"] == 20
        and facts["proof_holds"] is True
        and facts["badge_H1"]
        and len(facts["manifest_sha256"]) == 64
    )


def test_what_is_refused(export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "allowed are dvc, hub" in cli("registry", "hand-over", export, "--to", "ftp").err
    assert cli("registry", "hand-over", export, "--to", "dvc", "--name", "a b; rm").code == 2
    assert cli("registry", "hand-over", tmp_path, "--to", "dvc").code == 2
    for name in ("mlflow", "wandb"):
        monkeypatch.setitem(sys.modules, name, None)
        done = cli("registry", "hand-over", export, "--to", name, "--place", tmp_path / name)
        assert done.code == 2 and f"pip install {name}" in done.err


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_mlflow_holds_the_version(export: Path, tmp_path: Path) -> None:
    pytest.importorskip("mlflow")
    done = cli("registry", "hand-over", export, "--to", "mlflow", "--name", "set", "--place", tmp_path / "ml")
    assert done.code == 0, done.err
    with sqlite3.connect(tmp_path / "ml" / "mlflow.db") as db:
        held = dict(db.execute("SELECT key, value FROM params").fetchall())
    assert held["version"] == current(export).name and held["kept"] == "20"
    assert {p.name for p in (tmp_path / "ml" / "artifacts").rglob("*.*")} >= {
        "recipe.toml",
        "lineage.json",
        "proof.json",
    }


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_wandb_holds_an_offline_artifact(export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb")
    for name in ("CACHE_DIR", "DATA_DIR", "CONFIG_DIR"):
        monkeypatch.setenv(f"WANDB_{name}", str(tmp_path / name))
    done = cli("registry", "hand-over", export, "--to", "wandb", "--name", "set", "--place", tmp_path / "wb")
    assert done.code == 0, done.err
    assert list((tmp_path / "wb").rglob("*.wandb")) and "wandb sync" in done.out


@pytest.mark.slow
def test_dvc_takes_the_version_and_gives_it_back(export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The printed commands as they stand, in a repository with a local remote; then everything local is lost."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
    if shutil.which("dvc") is None:
        pytest.skip("needs dvc")
    place = tmp_path / "repository"
    place.mkdir()

    def do(command: str) -> None:
        done = subprocess.run(
            ["sh", "-c", command], cwd=place, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr)

    do(f"git init -q . && dvc init -q && dvc remote add -q -d here '{tmp_path / 'remote'}'")
    for command in cli("registry", "hand-over", export, "--to", "dvc").out.splitlines():
        do(command)
    version = place / "data" / current(export).name
    do(f"rm -rf data/{version.name} .dvc/cache && dvc pull -q")
    assert verify(version) == ()
    assert sorted(p.relative_to(version) for p in version.rglob("*")) == sorted(
        p.relative_to(current(export)) for p in current(export).rglob("*")
    )


@pytest.mark.slow
def test_the_hub_folder_is_what_the_hub_reads(export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The card's YAML names every file; `hf upload` takes the printed words and stops at the missing network alone."""
    hub = pytest.importorskip("huggingface_hub")
    folder = current(export) / "formats" / "hf"
    told = hub.DatasetCard.load(folder / "README.md").data.to_dict()
    named = {str(p) for part in told["configs"][0]["data_files"] for p in folder.glob(part["path"])}
    assert named == {str(p) for p in folder.rglob("*.parquet")} and told["size_categories"] == ["n<1K"]
    command = cli("registry", "hand-over", export, "--to", "hub", "--name", "helpdesk").out.strip()
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if shutil.which("hf") is None:
        pytest.skip("needs the command hf of huggingface_hub")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1 and "offline" in (done.stdout + done.stderr).lower(), (done.returncode, done.stderr)
