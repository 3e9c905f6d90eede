"""Known facts of real files; by hand (-m slow), and only where the files are."""

from __future__ import annotations

import os
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest

from curate.load import load, rebuild

REAL = Path(os.environ.get("CURATE_SHARED", "../shared")) / "real"
FACTS = {
    "small_a_text_1000.jsonl": (1_000, 1, 0),
    "small_b_promptcompletion_1944.jsonl": (1_944, 469, 0),
    "mid_chatdoctor_5452.json": (5_452, 0, 0),
    "medium_alpaca_52002.json.gz": (52_002, 0, 28),
    "large_mix_messages.jsonl.gz": (230_822, 1_154, 51),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FACTS)
def test_known_facts(name: str) -> None:
    if not (REAL / name).exists():
        pytest.skip("the real files are not here")
    d = load(REAL / name)
    rows, copies, empty = FACTS[name]
    contents = Counter(d.rows.column("content").to_pylist())
    answers = d.rows.column("response").to_pylist()
    assert (len(d), d.sources[0].malformed) == (rows, 0)
    assert len(d) - len(contents) == copies
    assert sum(not a.strip() for a in answers) == empty
    if name.startswith("large"):
        assert sum(a.rstrip().endswith("<|endoftext|>") for a in answers) == 55_185
    digest = sha256()
    for piece in rebuild(d, 0):
        digest.update(piece)
    assert digest.hexdigest() == d.sources[0].plain_sha256
