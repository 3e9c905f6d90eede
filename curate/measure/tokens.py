"""Token counts by a tokenizer file that the user names: words tell little about what a model sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from curate.errors import BackendError
from curate.types import F32

STEP = 4_096


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """A Hugging Face tokenizer.json. `name`, the folder's name and a hash of the file, enters the measure's key."""

    name: str
    path: Path

    @classmethod
    def open(cls, place: Path) -> Tokenizer:
        """From a folder that holds tokenizer.json, or the file itself. Errors: BackendError."""
        path = place / "tokenizer.json" if place.is_dir() else place
        if not path.is_file():
            raise BackendError(f"no tokenizer.json in {place}; give the folder of a model or its tokenizer.json")
        return cls(f"{path.parent.name}@{blake2b(path.read_bytes(), digest_size=8).hexdigest()}", path)

    def reader(self) -> Any:
        """The tokenizer itself, without truncation or padding. Errors: BackendError when the file is none."""
        from tokenizers import Tokenizer as Reader

        try:
            made = Reader.from_file(str(self.path))
        except Exception as error:  # the Rust side raises bare Exception
            raise BackendError(
                f"{self.path} is no tokenizer file ({type(error).__name__}); give a Hugging Face tokenizer.json"
            ) from None
        made.no_truncation()
        made.no_padding()
        return made


def measure_tokens(rows: Any, tokenizer: Tokenizer) -> Mapping[str, F32]:
    """prompt_tokens and answer_tokens, float32 [n], without special tokens; NaN where there is no prompt side."""
    reader = tokenizer.reader()
    return {
        "prompt_tokens": _count(rows.column("prompt"), reader),
        "answer_tokens": _count(rows.column("response"), reader),
    }


def _count(column: Any, reader: Any) -> F32:
    out = np.full(len(column), np.nan, dtype=np.float32)
    for at in range(0, len(column), STEP):
        texts = column.slice(at, STEP).to_pylist()
        told = [k for k, t in enumerate(texts) if t is not None]
        made = reader.encode_batch_fast([texts[k] for k in told], add_special_tokens=False)
        out[at + np.array(told, dtype=np.int64)] = [len(e.ids) for e in made]
    return out
