"""One benchmark result as a value, and as JSON in benchmarks/results/.

    {"schema": 1, "name": "load", "size": "10k", "rows": 10000, "seconds": 0.21, "peak_mb": 180.2, "base_mb": 95.0,
     "quality": {"malformed": 0}, "peer": {"name": "...", "seconds": 0.4, "ratio": 1.9}, "machine": {...},
     "versions": {...}}

`seconds` is the best of `runs`; `peak_mb` is the process's peak, `base_mb` what it held before the work began. A table
that could not be measured has seconds null and says why in `note`.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

SCHEMA = 1
RESULTS = Path(__file__).parent / "results"
PACKAGES = ("curate", "numpy", "pandas", "pyarrow", "numba", "scipy", "scikit-learn", "torch", "sentence-transformers")


@dataclass(frozen=True, slots=True)
class Result:
    """What one run of one table at one size gave."""

    name: str
    size: str
    rows: int
    seconds: float | None
    peak_mb: float | None
    base_mb: float | None = None
    runs: int = 1
    quality: Mapping[str, float] = field(default_factory=dict)
    peer: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    machine: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    schema: int = SCHEMA

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Result:
        """Raises ValueError for another schema or a field that is not known."""
        value = json.loads(text)
        known = {f.name for f in fields(cls)}
        if value.get("schema") != SCHEMA or set(value) - known:
            raise ValueError(f"a result of schema {value.get('schema')!r}; allowed is {SCHEMA} with {sorted(known)}")
        return cls(**value)


def machine() -> dict[str, Any]:
    """What the figures depend on, without names of people or hosts."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "system": platform.system(),
        "arch": platform.machine(),
        "cpu": _cpu(),
        "cores": cores,
        "memory_gb": _memory(),
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _memory() -> float:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (ValueError, OSError, AttributeError):
        return 0.0


def versions() -> dict[str, str]:
    """Installed versions of what does the work."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def write(result: Result, folder: Path = RESULTS) -> Path:
    """Replaces the last result of that table and size."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{result.name}-{result.size}.json"
    path.write_text(result.to_json(), encoding="utf-8")
    return path


def read(folder: Path = RESULTS) -> list[Result]:
    """All committed results, by name and size."""
    return [Result.from_json(p.read_text("utf-8")) for p in sorted(folder.glob("*.json"))]
