"""The reader on everything that the fuzzer kept: files that reached code which the seeds did not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.fuzz import Fault, kept, read_one, replay


def test_the_kept_files_are_loaded_or_refused_whole() -> None:
    inputs = kept()
    counts = replay(inputs)
    assert counts.total() == len(inputs) > 80
    assert counts["loaded"] > counts["refused"] > 5


def test_the_check_itself_finds_a_lost_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a quiet fuzzer means something."""
    loaded = b'\0{"text":"a"}\n'
    assert read_one(loaded, tmp_path) == "loaded"
    monkeypatch.setattr(sys.modules["curate.load"], "rebuild", lambda _made, _source: [b'{"text":"a"}'])
    with pytest.raises(Fault, match="not rebuilt"):
        read_one(loaded, tmp_path)
