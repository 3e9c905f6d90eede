"""Rows for tables that need more of them than the real files hold: 500,000 conversations, about 370 MB of JSONL.

Every real row first (Alpaca, ChatDoctor, large mix: 288,276), each as one line of messages; then the same again, the
short ones twice, with "(again N) " before the first user text, so that they are near copies and never exact ones.
"""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MIX, ALPACA, DOCTOR = "large_mix_messages.jsonl.gz", "medium_alpaca_52002.json.gz", "mid_chatdoctor_5452.json"


def short_rows(folder: Path) -> Iterator[dict[str, Any]]:
    """Alpaca and ChatDoctor as messages, the input below the instruction."""
    for name in (ALPACA, DOCTOR):
        raw = (folder / name).read_bytes()
        for row in json.loads(gzip.decompress(raw) if name.endswith(".gz") else raw):
            asked = "\n".join(filter(None, (row["instruction"], row.get("input", ""))))
            talk = [{"role": "user", "content": asked}, {"role": "assistant", "content": row["output"]}]
            yield {"source": name.split("_")[1], "messages": talk}


def long_rows(folder: Path) -> Iterator[dict[str, Any]]:
    """The large mix as it stands."""
    with gzip.open(folder / MIX, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def many_rows(folder: Path) -> Iterator[str]:
    """Lines: the real rows, then the same with a mark, without end."""
    for again in itertools.count():
        for row in itertools.chain(short_rows(folder), () if again == 1 else long_rows(folder)):
            if again:
                first = next((m for m in row["messages"] if m["role"] == "user"), row["messages"][-1])
                first["content"] = f"(again {again}) {first['content']}"
            yield json.dumps(row, ensure_ascii=False) + "\n"
