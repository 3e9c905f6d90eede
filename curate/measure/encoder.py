"""Encoders: a batch of token ids and its mask to pooled vectors, through torch.

The commonest layout (a transformer, mean or first-token pooling, an optional normaliser) runs without
sentence-transformers, whose import costs 3.5 s of processor time, and a float32 BERT without transformers too (bert.py);
every other layout runs as sentence-transformers defines it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from curate.errors import BackendError
from curate.measure.bert import Bert, open_bert, pooled
from curate.measure.linear import quicken
from curate.types import F32


class Encoder(Protocol):
    """window: tokens that the model sees. dim: width of a vector. pad: the id that fills short rows."""

    window: int
    dim: int
    pad: int
    tokenizer: Any

    def forward(self, ids: np.ndarray, mask: np.ndarray) -> F32:
        """float32 [batch, dim] for int64 ids and mask [batch, width]."""
        ...


def open_encoder(folder: Path, model: str, dtype: str) -> Encoder:
    """The encoder in `folder`. Errors: BackendError when a library is missing or the folder is no model."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TQDM_DISABLE", "1")
    try:
        pooling = plain_pooling(folder)
        if pooling is None:
            return Sentence(folder, dtype)
        bert = open_bert(folder) if dtype == "float32" else None
        return Plain(folder, dtype, pooling) if bert is None else Bare(folder, bert, pooling)
    except ImportError as error:
        raise BackendError(
            f"embedding needs {error.name}; allowed is any sentence-transformers set-up; run `pip install sentence-transformers`"
        ) from None
    except (OSError, ValueError, KeyError) as error:
        raise BackendError(
            f"model {model!r} could not be opened ({type(error).__name__}); a folder in sentence-transformers form is needed"
        ) from None


def plain_pooling(folder: Path) -> str | None:
    """ "mean" or "first" when modules.json says transformer, that pooling, and at most a normaliser; else None."""
    try:
        modules = json.loads((folder / "modules.json").read_text())
        kinds = [m["type"].rsplit(".", 1)[-1] for m in modules]
        pooling = json.loads((folder / modules[1]["path"] / "config.json").read_text())
    except (OSError, ValueError, KeyError, IndexError):
        return None
    if kinds not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]) or modules[0]["path"]:
        return None
    on = {k for k, v in pooling.items() if k.startswith("pooling_mode") and v is True}
    named = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "first"}
    is_file = (folder / "tokenizer.json").is_file()
    return named.get(on.pop()) if len(on) == 1 and is_file else None


class Common:
    """What a plain model's folder and config say of it: window, width, blank and tokenizer."""

    def __init__(self, folder: Path, config: Mapping[str, Any], pooling: str) -> None:
        from tokenizers import Tokenizer

        self._pooling = pooling
        self.tokenizer = uncut(Tokenizer.from_file(str(folder / "tokenizer.json")))
        asked = folder / "sentence_bert_config.json"
        limit = json.loads(asked.read_text()).get("max_seq_length") if asked.is_file() else None
        self.window = int(limit or config.get("max_position_embeddings") or 512)
        self.dim = int(config.get("hidden_size") or 0)
        self.pad = int(config.get("pad_token_id") or 0)


class Bare(Common):
    """A BERT run by curate/measure/bert.py."""

    def __init__(self, folder: Path, net: Bert, pooling: str) -> None:
        super().__init__(folder, net.config, pooling)
        self._net = net

    def forward(self, ids: np.ndarray, mask: np.ndarray) -> F32:
        return pooled(self._net.hidden(ids, mask), mask, self._pooling)


class Plain(Common):
    """Any transformer with mean or first-token pooling, run by transformers."""

    def __init__(self, folder: Path, dtype: str, pooling: str) -> None:
        import torch
        from transformers import AutoModel
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        self._net = AutoModel.from_pretrained(str(folder), local_files_only=True, dtype=getattr(torch, dtype)).eval()
        quicken(self._net)
        named = (
            "max_position_embeddings",
            "hidden_size",
            "pad_token_id",
        )  # some configs map them to names of their own
        super().__init__(folder, {name: getattr(self._net.config, name, None) for name in named}, pooling)

    def forward(self, ids: np.ndarray, mask: np.ndarray) -> F32:
        import torch

        shown = self._net(input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(mask))
        return pooled(shown.last_hidden_state, mask, self._pooling)


class Sentence:
    """Any other module chain, run by sentence-transformers."""

    def __init__(self, folder: Path, dtype: str) -> None:
        import torch
        from sentence_transformers import SentenceTransformer

        self._net = SentenceTransformer(
            str(folder), device="cpu", local_files_only=True, model_kwargs={"dtype": getattr(torch, dtype)}
        ).eval()
        self.tokenizer = uncut(self._net.tokenizer.backend_tokenizer)
        self.window: int = self._net.max_seq_length or 512
        self.dim: int = self._net.get_embedding_dimension() or 0
        self.pad = int(self._net.tokenizer.pad_token_id or 0)

    def forward(self, ids: np.ndarray, mask: np.ndarray) -> F32:
        import torch

        features = {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask)}
        return np.asarray(self._net(features)["sentence_embedding"].float().numpy())


def uncut(tokenizer: Any) -> Any:
    """The tokenizer without its own cutting and filling: batches have their own shape here."""
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer
