"""Rows for tables that need more of them than the real files hold: 500,000 conversations, about 390 MB of JSONL.

Every real row first (large mix, Alpaca, ChatDoctor: 288,276), each as one line of messages; then the same rows again in
the same order, with "(again N) " before the first user text, so that they are near copies and never exact ones.
"""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Iterator
from pathlib import Path

MIX, ALPACA, DOCTOR = "large_mix_messages.jsonl.gz", "medium_alpaca_52002.json.gz", "mid_chatdoctor_5452.json"


def real_rows(folder: Path) -> Iterator[str]:
    """Lines of messages: the large mix as it stands, Alpaca rows with their input below the instruction."""
    with gzip.open(folder / MIX, "rt", encoding="utf-8") as lines:
        yield from lines
    for name in (ALPACA, DOCTOR):
        raw = (folder / name).read_bytes()
        for row in json.loads(gzip.decompress(raw) if name.endswith(".gz") else raw):
            asked = "\n".join(filter(None, (row["instruction"], row.get("input", ""))))
            talk = [{"role": "user", "content": asked}, {"role": "assistant", "content": row["output"]}]
            yield json.dumps({"source": name.split("_")[1], "messages": talk}, ensure_ascii=False) + "\n"


def many_rows(folder: Path) -> Iterator[str]:
    """The real rows, then the same with a mark, without end."""
    yield from real_rows(folder)
    for again in itertools.count(1):
        for line in real_rows(folder):
            row = json.loads(line)
            first = next((m for m in row["messages"] if m["role"] == "user"), row["messages"][-1])
            first["content"] = f"(again {again}) {first['content']}"
            yield json.dumps(row, ensure_ascii=False) + "\n"
