"""A module that is left out of a process is not there for anybody in it."""

from __future__ import annotations

import subprocess
import sys

CODE = """
from curate.store.lean import leave_out
leave_out("pandas")
import pyarrow as pa, sys
assert pa.array(["a", None]).to_pylist() == ["a", None]
assert "pandas" not in sys.modules
try:
    import pandas
except ModuleNotFoundError as error:
    print(error.name)
"""


def test_arrow_works_without_what_is_left_out() -> None:
    made = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert made.stdout == "pandas\n"
