"""What every test gets: a home of its own, and property tests without a clock."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("curate", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("curate")

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session", autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or writes the measurements of the person who runs it."""
    patch = pytest.MonkeyPatch()
    patch.setenv("CURATE_HOME", str(tmp_path_factory.mktemp("curate-home")))
    patch.setenv("HF_HUB_OFFLINE", "1")
    patch.setenv("PYTHONDONTWRITEBYTECODE", os.environ.get("PYTHONDONTWRITEBYTECODE", "1"))
    yield
    patch.undo()
