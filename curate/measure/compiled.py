"""Compile every kernel once, at set-up: `python -m curate.measure.compiled`. Later processes load them from disk.

Kernels compile when their modules are imported (numba, signatures given).
"""

from __future__ import annotations


def compile_all() -> None:
    """Import every compiled module."""
    import curate.decide.keepers
    import curate.measure.run
    import curate.measure.topics

    del curate


if __name__ == "__main__":
    compile_all()
