"""A process of ours that never needs pandas, and libraries in it that would import it only to ask whether they were given some.

Arrow looks before it makes an array of a list, scikit-learn when it is imported: .15 to .3 s of each reader and of the
topics process.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec


class _Refusing:
    """An import finder that says of one module that it is not installed."""

    def __init__(self, module: str) -> None:
        self._module = module

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        del path, target
        if name == self._module:
            raise ModuleNotFoundError(f"{name} is left out of this process", name=name)
        return None


def leave_out(module: str) -> None:
    """From here on importing `module` fails in this process; nothing happens when it is there already."""
    if module not in sys.modules:
        sys.meta_path.insert(0, _Refusing(module))
