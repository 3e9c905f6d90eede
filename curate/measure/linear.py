"""Linear layers through oneDNN where torch has it: on AMD processors 2.2 times MKL's speed, on Intel's about equal.

Measured on two cores of a Zen 4: 240 against 106 GFLOP/s per core at this model's shapes; 300 answers 5.2 against 9.0 s
of processor time, least cosine .9999999. The operator is one that torch's own compiler emits, but no public name: it is
tried when a model opens, and where it is missing or gives other numbers the layers stay as they were.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

TOLERANCE = 1e-4
ROWS = 384  # of a usual product, which the order of the weights is meant for


def quicken(net: Any) -> bool:
    """Replace the float32 linear layers of `net` in place. Whether it was done."""
    import torch

    if not _works():
        return False

    class OneDnnLinear(torch.nn.Module):
        def __init__(self, layer: Any) -> None:
            super().__init__()
            self.weight, self.bias = layer.weight, layer.bias

        def forward(self, x: Any) -> Any:
            return _onednn(x, self.weight, self.bias)

    for module in list(net.modules()):
        for name, layer in list(module.named_children()):
            if type(layer) is torch.nn.Linear and layer.weight.dtype == torch.float32:
                setattr(module, name, OneDnnLinear(layer))
    return True


def quick_linear() -> Callable[[Any, Any, Any], Any]:
    """A float32 linear layer as a function of input, weight and bias: oneDNN's, or torch's own."""
    import torch

    return _onednn if _works() else torch.nn.functional.linear


def laid_out(weight: Any, bias: Any) -> Any:
    """The weight in oneDNN's own order, so that no product has to bring it there: 7 % of the time of 500 new texts.

    The weight itself where this torch can't, or where products of 32 rows and more would not be the same bit for bit.
    """
    import torch

    if not _works():
        return weight
    x = torch.randn(32, weight.shape[1], generator=torch.Generator().manual_seed(0))
    try:
        with torch.inference_mode():
            made = torch.ops.mkldnn._reorder_linear_weight(weight, ROWS)
            return made if torch.equal(_onednn(x, made, bias), _onednn(x, weight, bias)) else weight
    except (AttributeError, RuntimeError, TypeError):
        return weight


def _onednn(x: Any, weight: Any, bias: Any) -> Any:
    import torch

    return torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")


@cache
def _works() -> bool:
    """Whether the operator is there and agrees with torch's own on a small product."""
    import torch

    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    generator = torch.Generator().manual_seed(0)
    x, weight, bias = (torch.randn(*shape, generator=generator) for shape in ((3, 5, 48), (32, 48), (32,)))
    try:
        with torch.inference_mode():
            ours = _onednn(x, weight, bias)
            return bool((ours - torch.nn.functional.linear(x, weight, bias)).abs().max() < TOLERANCE)
    except (AttributeError, RuntimeError, TypeError):  # no such operator in this build, or with other arguments
        return False
