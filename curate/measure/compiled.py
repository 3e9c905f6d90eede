"""Compile every kernel once, at set-up: `python -m curate.measure.compiled`. Later processes load them from disk.

Our kernels compile when their modules are imported (numba, signatures given); umap's compile at their first call.
"""

from __future__ import annotations

import numpy as np


def compile_all() -> None:
    """Import every compiled module and run umap once on 60 vectors."""
    import curate.decide.keepers
    import curate.measure.run
    from curate.measure.layout import embed_graph, fuzzy_graph
    from curate.measure.nearest import nearest
    from curate.measure.topics import single_linkage

    del curate
    points = np.random.default_rng(0).standard_normal((60, 8)).astype(np.float32)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    near = nearest(points.astype(np.float16), np.arange(60), 16)
    single_linkage(embed_graph(fuzzy_graph(near, 8), near.base, 5, 0.0))


if __name__ == "__main__":
    compile_all()
