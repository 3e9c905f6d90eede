"""Compile every kernel once, at set-up: `python -m curate.measure.compiled`. Later processes load them from disk.

Our kernels compile when their modules are imported (numba, signatures given); umap's compile at their first call.
"""

from __future__ import annotations

import numpy as np


def compile_all() -> None:
    """Import every compiled module and run umap once on 60 vectors."""
    import curate.decide.keepers
    import curate.measure.run
    from curate.measure.topics import cut, reduce

    del curate
    points = np.random.default_rng(0).standard_normal((60, 8)).astype(np.float32)
    cut(reduce(points / np.linalg.norm(points, axis=1, keepdims=True)))


if __name__ == "__main__":
    compile_all()
