"""Evidence: everything measured of a dataset, once, keyed by what was measured and how."""

from __future__ import annotations

from curate.measure.embed import HashEmbedder, SentenceEmbedder
from curate.measure.run import measure, ready, require_model

__all__ = ["HashEmbedder", "SentenceEmbedder", "measure", "ready", "require_model"]
