"""The distinct prompts of the 52,002 Alpaca rows with their vectors, from the store where measuring has kept them."""

from __future__ import annotations

import numpy as np

from benchmarks.tables import shared


def prompt_vectors(rows: int) -> tuple[list[str], np.ndarray]:
    """Up to `rows` distinct prompts, and their float16 vectors under the default recipe's model (made where missing)."""
    from benchmarks.near_dup import kept_vectors
    from curate.load import load
    from curate.measure.classes import prompt_view
    from curate.measure.vectors import distinct

    data = load([shared() / "medium_alpaca_52002.json.gz"])
    texts, _ = distinct(prompt_view(data.rows).slice(0, rows))
    return texts, kept_vectors(texts)
