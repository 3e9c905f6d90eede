"""Evidence: everything measured of a dataset, once, keyed by what was measured and how.

Names are looked up when they are asked for, as in curate.decide.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from curate.measure.early import Early
    from curate.measure.embed import HashEmbedder, SentenceEmbedder
    from curate.measure.models import require_model
    from curate.measure.run import measure
    from curate.measure.wanted import new_prompts, ready

__all__ = ["Early", "HashEmbedder", "SentenceEmbedder", "measure", "new_prompts", "ready", "require_model"]

# No module here may bear the name of one of these: importing it would put the module in the name's place.
_HOME = {
    "Early": "early", "HashEmbedder": "embed", "SentenceEmbedder": "embed", "measure": "run", "new_prompts": "wanted",
    "ready": "wanted", "require_model": "models",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
