"""Hand-over: an export under the tools that a team has already. Nothing here goes over a network.

dvc     commands for the version folder: DVC hashes and pushes it, git holds the pointer
hub     the command that uploads the Hugging Face folder of the export (`--format hf`), private
mlflow  a run in a store on this machine: counts, fingerprints and badges, with recipe, lineage, proof and manifest
wandb   an artifact with every file of the version in W&B's offline folder; `wandb sync` sends it when a person asks
"""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curate.errors import BackendError, CurateError
from curate.ship.publish import MANIFEST, current, damage

TARGETS = ("dvc", "hub", "mlflow", "wandb")
SMALL = (MANIFEST, "lineage.json", "recipe.toml", "overrides.csv", "proof.json")
PROJECT = "curate"


@dataclass(frozen=True, slots=True)
class Handed:
    """Where something was written (None = nowhere), and the commands that a person may run next."""

    written: Path | None
    commands: tuple[str, ...]


def hand_over(out: Path, to: str, name: str, place: Path) -> Handed:
    """Hands the current version of an export (or a version folder) to one of TARGETS under a name.

    place: the folder of the MLflow or W&B store; the others write nothing. Errors: CurateError for an unknown target or
    an export that is not whole, StoreError for none, BackendError when the tool's package is not installed.
    """
    if to not in TARGETS:
        raise CurateError(f"--to is {to!r}; allowed are {', '.join(TARGETS)}")
    version = out if (out / MANIFEST).is_file() else current(out)
    if bad := damage(version.resolve()):
        path, what = next(iter(bad.items()))
        raise CurateError(f"{out}: {path} {what}; only a whole export is handed over: run `curate verify {out}`")
    if to == "dvc":
        return _dvc(version)
    if to == "hub":
        return _hub(version, name)
    return (_mlflow if to == "mlflow" else _wandb)(version, name, facts_of(version), place)


def facts_of(version: Path) -> Mapping[str, Any]:
    """What a registry of another tool should hold of a version: counts, fingerprints, badges; no row."""
    lineage = json.loads((version / "lineage.json").read_text("utf-8"))
    proof = version / "proof.json"
    held = json.loads(proof.read_text("utf-8"))["holds"] if proof.is_file() else None
    sha = hashlib.sha256((version / MANIFEST).read_bytes()).hexdigest()
    badges = {f"badge_{c['id']}": c["band"] for c in lineage["checks"]}
    return {"version": version.name, "manifest_sha256": sha, "dataset": lineage["dataset"], "recipe": lineage["recipe"],
            "tool": lineage["tool"], **lineage["total"], "proof_holds": held, **badges}  # fmt: skip


def _dvc(version: Path) -> Handed:
    """The version beside a pointer of its own, since an export folder takes no foreign file."""
    source, target = shlex.quote(str(version)), f"data/{version.name}"
    return Handed(None, (f"mkdir -p data && cp -r {source} {target}", f"dvc add {target}",
                         f"git add {target}.dvc data/.gitignore", "dvc push"))  # fmt: skip


def _hub(version: Path, name: str) -> Handed:
    folder = version / "formats" / "hf"
    if not (folder / "README.md").is_file():
        raise CurateError(
            f"{version.name} holds no Hugging Face folder; run `curate run ... --format as-read,hf` first"
        )
    words = ["hf", "upload", "--repo-type", "dataset", "--private", f"ORG/{name}", str(folder), "."]
    return Handed(None, (" ".join(map(shlex.quote, words)),))


def _mlflow(version: Path, name: str, facts: Mapping[str, Any], place: Path) -> Handed:
    try:
        import mlflow
    except ImportError:
        raise BackendError("MLflow is not installed; run `pip install mlflow`") from None
    place.mkdir(parents=True, exist_ok=True)
    mlflow.set_tracking_uri(f"sqlite:///{(place / 'mlflow.db').resolve()}")
    if mlflow.get_experiment_by_name(PROJECT) is None:
        mlflow.create_experiment(PROJECT, artifact_location=(place / "artifacts").resolve().as_uri())
    mlflow.set_experiment(PROJECT)
    with mlflow.start_run(run_name=f"{name} {version.name}"):
        mlflow.set_tags({"mlflow.source.name": "curate", "dataset": name})
        mlflow.log_params({key: str(value) for key, value in facts.items()})
        for file in SMALL:
            if (version / file).is_file():
                mlflow.log_artifact(str(version / file))
    return Handed(place, (f"mlflow ui --backend-store-uri sqlite:///{shlex.quote(str(place / 'mlflow.db'))}",))


def _wandb(version: Path, name: str, facts: Mapping[str, Any], place: Path) -> Handed:
    try:
        import wandb
    except ImportError:
        raise BackendError("Weights & Biases is not installed; run `pip install wandb`") from None
    place.mkdir(parents=True, exist_ok=True)
    quiet = wandb.Settings(silent=True, console="off", disable_git=True, x_disable_stats=True)
    run = wandb.init(project=PROJECT, name=f"{name} {version.name}", mode="offline", dir=str(place), settings=quiet)
    artifact = wandb.Artifact(name, type="dataset", metadata=dict(facts))
    artifact.add_dir(str(version))
    run.log_artifact(artifact)
    folder = Path(run.settings.sync_dir)
    run.finish()
    return Handed(folder, (f"wandb sync {shlex.quote(str(folder))}",))
