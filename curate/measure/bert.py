"""BERT's forward pass on torch alone, over the tokens that are there: nothing is computed for the blanks of a batch.

Importing transformers and letting it build the model costs 2 s of processor time, which a run that embeds 500 new rows
would feel, and a fifth of a batch's places are blanks. Linear layers, normalisers and activations treat each token by
itself, so they run on the real tokens of the batch; attention runs on the batch's own constant shape. The vectors are
those of transformers' own code bit for bit (tests/test_measure_embed.py). Where a product's row moves with the number of
rows beside it (`row_by_row` asks at the start), the blanks are computed too and every shape is constant.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from curate.measure.linear import laid_out, quick_linear
from curate.types import F32

ROUND = 32  # real tokens are filled up to a multiple of this: each other count would be planned and compiled by oneDNN
USUAL = {"hidden_act": "gelu", "position_embedding_type": "absolute", "is_decoder": False}  # what is computed here
PARTS = (
    "attention.output.dense",
    "attention.output.LayerNorm",
    "intermediate.dense",
    "output.dense",
    "output.LayerNorm",
)


@dataclass(frozen=True, slots=True)
class Layer:
    """Weight and bias of each part; `ask` is query, key and value one below the other."""

    ask: Any
    parts: Mapping[str, tuple[Any, Any]]


class Bert:
    """The transformer of a folder; `open_bert` gives None where its layout is another one."""

    def __init__(self, config: Mapping[str, Any], weights: Mapping[str, Any]) -> None:
        import torch

        self.config = config
        self.dim = int(config["hidden_size"])
        self._heads = int(config["num_attention_heads"])
        self._eps = float(config.get("layer_norm_eps", 1e-12))
        self._linear = quick_linear()
        self._word = weights["embeddings.word_embeddings.weight"]
        self._kind = weights["embeddings.token_type_embeddings.weight"][0]
        self._place = weights["embeddings.position_embeddings.weight"]
        self._norm = _pair(weights, "embeddings.LayerNorm")
        self._layers = []
        for k in range(int(config["num_hidden_layers"])):
            own = f"encoder.layer.{k}."
            asks = [_pair(weights, f"{own}attention.self.{name}") for name in ("query", "key", "value")]
            weight, bias = (torch.cat(part) for part in zip(*asks, strict=True))
            parts = {name: _pair(weights, own + name) for name in PARTS}
            parts |= {name: (laid_out(*pair), pair[1]) for name, pair in parts.items() if name.endswith("dense")}
            self._layers.append(Layer((laid_out(weight, bias), bias), parts))
        first = self._layers[0]
        products = (first.ask, *(first.parts[name] for name in PARTS if name.endswith("dense")))
        self._alone = all(row_by_row(self._linear, *product) for product in products)

    def hidden(self, ids: np.ndarray, mask: np.ndarray) -> Any:
        """The last layer [batch, width, dim] of int64 ids and mask [batch, width]; of no meaning where the mask is 0."""
        import torch
        from torch.nn.functional import gelu, scaled_dot_product_attention

        batch, width = ids.shape
        real = np.flatnonzero(mask) if self._alone else np.arange(mask.size)
        at = torch.from_numpy(real)
        filled = torch.from_numpy(np.append(real, np.zeros(-real.shape[0] % ROUND, np.int64)))
        x = self._word[torch.from_numpy(ids).view(-1)[filled]] + self._kind
        x = self._normal(x + self._place[filled % width], self._norm)
        seen = torch.from_numpy(mask).bool()[:, None, None, :].expand(batch, 1, width, width)
        spread = x.new_zeros(batch * width, 3 * self.dim)
        for layer in self._layers:
            spread[at] = self._linear(x, *layer.ask)[: at.shape[0]]
            q, k, v = spread.view(batch, width, 3, self._heads, -1).permute(2, 0, 3, 1, 4)
            met = scaled_dot_product_attention(q, k, v, attn_mask=seen)
            met = met.transpose(1, 2).reshape(batch * width, self.dim)[filled]
            x = self._normal(self._linear(met, *layer.parts[PARTS[0]]) + x, layer.parts[PARTS[1]])
            wide = gelu(self._linear(x, *layer.parts[PARTS[2]]))
            x = self._normal(self._linear(wide, *layer.parts[PARTS[3]]) + x, layer.parts[PARTS[4]])
        out = x.new_zeros(batch * width, self.dim)
        out[at] = x[: at.shape[0]]
        return out.view(batch, width, self.dim)

    def _normal(self, x: Any, norm: tuple[Any, Any]) -> Any:
        from torch.nn.functional import layer_norm

        return layer_norm(x, (self.dim,), *norm, self._eps)


def _pair(weights: Mapping[str, Any], name: str) -> tuple[Any, Any]:
    return weights[f"{name}.weight"], weights[f"{name}.bias"]


def row_by_row(linear: Callable[[Any, Any, Any], Any], weight: Any, bias: Any) -> bool:
    """Whether a row's product is bit for bit the same wherever it stands and however many rows stand beside it."""
    import torch

    x = torch.randn(12 * ROUND, weight.shape[1], generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        whole = linear(x, weight, bias)
        parts = [linear(x[a : a + m], weight, bias) for a, m in ((0, ROUND), (5, 2 * ROUND), (71, 7 * ROUND))]
    return all(torch.equal(p, whole[a : a + p.shape[0]]) for a, p in zip((0, 5, 71), parts, strict=True))


def open_bert(folder: Path) -> Bert | None:
    """The model of a folder in float32 when its config says plain BERT and its weights are one safetensors file, else None.

    Errors: OSError, ValueError, KeyError when the files are damaged.
    """
    import torch
    from safetensors import SafetensorError, safe_open

    config = json.loads((folder / "config.json").read_text())
    file = folder / "model.safetensors"
    usual = config.get("model_type") == "bert" and all(config.get(k, v) == v for k, v in USUAL.items())
    if not usual or not file.is_file():
        return None
    try:
        with safe_open(str(file), framework="np") as kept:
            names = [n for n in kept.keys() if not n.startswith("pooler.") and not n.endswith("position_ids")]  # noqa: SIM118
            if "embeddings.word_embeddings.weight" not in names:
                return None
            weights = {n: torch.from_numpy(kept.get_tensor(n)).float() for n in names}
    except SafetensorError as error:
        raise ValueError(str(error)) from None
    return Bert(config, weights)


def pooled(hidden: Any, mask: np.ndarray, pooling: str) -> F32:
    """float32 [batch, dim]: the first token, or the mean of those under the mask."""
    import torch

    if pooling == "first":
        return np.asarray(hidden[:, 0].float().numpy())
    weight = torch.from_numpy(mask).unsqueeze(-1).to(hidden.dtype)
    return np.asarray(((hidden * weight).sum(1) / weight.sum(1).clamp(min=1e-9)).float().numpy())
