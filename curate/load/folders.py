"""Folders and patterns to files: globs, folders of data files, `datasets` folders, hub ids when asked for by hf://."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from glob import glob, has_magic
from pathlib import Path

from curate.errors import DataError

ENDINGS = (".jsonl", ".ndjson", ".jsonlines", ".json", ".csv", ".tsv", ".txt", ".parquet", ".pq", ".arrow")
HUB = re.compile(r"hf:/{1,2}(?:datasets/)?(?P<id>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w./-]+?))?(?:/(?P<part>.+))?")
_SPLIT = re.compile(r"(train|validation|valid|dev|test|eval)(?=[-_.]|$)")
# What lies beside the data in such folders and holds no rows.
_BESIDE = frozenset({"dataset_info.json", "state.json", "dataset_dict.json", "dataset_infos.json", "config.json"})


def expand(path: Path) -> list[Path]:
    """The files that a path stands for: itself, what a pattern matches, what a folder holds, what the hub has.

    Raises DataError for a pattern without a match, a folder without data, and one that holds several splits.
    """
    text = str(path)
    if text.startswith("hf:/"):
        return _hub(text)
    if has_magic(text) and not path.exists():
        found = sorted(Path(p) for p in glob(text, recursive=True))  # noqa: PTH207 - absolute patterns too
        files = [p for p in found if p.is_file()]
        if not files:
            raise DataError(f"no file matches {path.name!r}; check the pattern, and quote it in a shell")
        return files
    return _folder(path) if path.is_dir() else [path]


def _folder(folder: Path) -> list[Path]:
    if (folder / "dataset_dict.json").is_file():
        raise _several(folder, sorted(p.parent.name for p in folder.glob("*/state.json")))
    if (folder / "state.json").is_file():
        return _saved(folder)
    for place in (folder, folder / "data"):
        files = sorted(_data_files(place))
        if files:
            splits = sorted({m.group(1) for p in files if (m := _SPLIT.match(p.name))})
            if len(splits) > 1:
                raise _several(folder, splits)
            return files
    raise DataError(f"{folder.name}: is a folder without data files; allowed: {', '.join(ENDINGS)}, each also as .gz")


def _data_files(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir() if folder.is_dir() else ():
        bare = path.with_suffix("") if path.suffix == ".gz" else path
        if bare.suffix.lower() in ENDINGS and path.name not in _BESIDE and path.is_file() and path.name[0] not in "._":
            yield path


def _several(folder: Path, splits: list[str]) -> DataError:
    return DataError(
        f"{folder.name}: holds the splits {', '.join(splits)}; give one of them (its folder, or a pattern such as"
        f" {folder.name}/**/train-*), and what must not be trained on with --frozen"
    )


def _saved(folder: Path) -> list[Path]:
    """The Arrow files of `Dataset.save_to_disk`, in its own order."""
    try:
        state = json.loads((folder / "state.json").read_text("utf-8"))
        names = [str(part["filename"]) for part in state["_data_files"]]
    except (OSError, ValueError, KeyError, TypeError):
        raise DataError(
            f"{folder.name}: state.json is not what `save_to_disk` writes; save the dataset again"
        ) from None
    if state.get("_indices_data_files"):
        raise DataError(f"{folder.name}: holds a selection of rows; call flatten_indices() and save it again")
    if any(Path(n).name != n for n in names):
        raise DataError(f"{folder.name}: state.json names files outside of the folder; save the dataset again")
    return [folder / n for n in names]


def _hub(text: str) -> list[Path]:
    """A dataset of the Hugging Face hub, fetched into its own cache: hf://ORG/NAME[@REVISION][/PATTERN]."""
    found = HUB.fullmatch(text)
    if found is None:
        raise DataError(
            "the hub id can't be read; write hf://ORG/NAME, hf://ORG/NAME@REVISION or hf://ORG/NAME/data/train-*"
        )
    from huggingface_hub import snapshot_download

    part = found["part"]
    patterns = [part, f"{part}/*"] if part else [f"**{e}{z}" for e in ENDINGS for z in ("", ".gz")]
    try:
        folder = snapshot_download(
            found["id"], repo_type="dataset", revision=found["revision"], allow_patterns=patterns
        )
    except Exception as e:  # the hub's client raises its own, requests' and the system's errors
        raise DataError(
            f"hf://{found['id']}: can't be fetched ({type(e).__name__}); check the id and the network (HF_HUB_OFFLINE forbids it),"
            " or give files that are here"
        ) from None
    return expand(Path(folder) / part) if part else _folder(Path(folder))
