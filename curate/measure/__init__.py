"""Evidence: everything measured of a dataset, once, keyed by what was measured and how."""

from __future__ import annotations

from curate.measure.early import Early
from curate.measure.embed import HashEmbedder, SentenceEmbedder
from curate.measure.run import measure
from curate.measure.wanted import new_prompts, ready, require_model

__all__ = ["Early", "HashEmbedder", "SentenceEmbedder", "measure", "new_prompts", "ready", "require_model"]
