"""Rows that continue each other: each answer comes with what was said before it, and every record is accounted for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curate.errors import DataError
from curate.load import Limits, load, rebuild, record_line
from curate.types import Dataset

OASST: list[dict[str, Any]] = [
    {"message_id": "1", "parent_id": None, "text": "q1", "role": "prompter", "lang": "en"},
    {"message_id": "2", "parent_id": "1", "text": "a1", "role": "assistant", "lang": "en"},
    {"message_id": "3", "parent_id": "1", "text": "b1", "role": "assistant", "lang": "en"},
    {"message_id": "4", "parent_id": "2", "text": "q2", "role": "prompter", "lang": "en"},
    {"message_id": "5", "parent_id": "4", "text": "a2", "role": "assistant", "lang": "en"},
    {"message_id": "6", "parent_id": "5", "text": "unanswered", "role": "prompter", "lang": "en"},
    {"message_id": "7", "parent_id": "gone", "text": "orphan", "role": "assistant", "lang": "en"},
]
H2O = "id,parent_id,instruction,output\n1,,q1,a1\n2,1,q2,a2\n3,2,q3,a3\n4,4,loop,x\n"


def talks(d: Dataset) -> dict[str, list[str]]:
    rows = zip(d.rows.column("user_id").to_pylist(), d.rows.column("messages").to_pylist(), strict=True)
    return {i: [m["content"] for m in json.loads(t)] for i, t in rows}


@pytest.mark.parametrize("ending", ["jsonl", "json", "parquet"])
def test_flat_oasst(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"x.{ending}"
    if ending == "parquet":
        pq.write_table(pa.Table.from_pylist(OASST), path)
    else:
        path.write_text(json.dumps(OASST) if ending == "json" else "\n".join(map(json.dumps, OASST)))
    d = load(path)
    source = d.sources[0]
    assert talks(d) == {"2": ["q1", "a1"], "3": ["q1", "b1"], "5": ["q1", "a1", "q2", "a2"], "7": ["orphan"]}
    assert (source.read, source.rows, source.malformed, source.blank) == (7, 4, 1, 2)
    assert "counted as blank" in source.notes[-1] and source.formats == {"chain": 4}
    codes = [(p["code"], p["line"]) for p in d.problems.to_pylist()]
    assert ("no_assistant_turn", 6) in codes and ("broken_chain", 7) in codes
    if ending != "parquet":
        assert b"".join(rebuild(d, 0)) == path.read_bytes()


def test_exported_rows_stand_alone(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text("\n".join(map(json.dumps, OASST)))
    d = load(tmp_path / "x.jsonl")
    (tmp_path / "y.jsonl").write_bytes(b"\n".join(record_line(d, n) for n in range(len(d))))
    again = load(tmp_path / "y.jsonl")
    assert again.rows.column("content").to_pylist() == d.rows.column("content").to_pylist()
    assert again.rows.column("extra").to_pylist() == d.rows.column("extra").to_pylist()
    last = talks(d).keys()
    row = list(last).index("5")
    assert d.text("response", row) == "a2" and '"content":"a1","weight":0' in d.text("messages", row)


@pytest.mark.parametrize("ending", ["csv", "tsv"])
def test_h2o(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"x.{ending}"
    path.write_text(H2O if ending == "csv" else H2O.replace(",", "\t"))
    d = load(path)
    assert talks(d) == {"1": ["q1", "a1"], "2": ["q1", "a1", "q2", "a2"], "3": ["q1", "a1", "q2", "a2", "q3", "a3"],
                        "4": ["loop", "x"]}  # fmt: skip
    assert [(p["code"], p["line"]) for p in d.problems.to_pylist() if p["line"]] == [("broken_chain", 5)]
    assert b"".join(rebuild(d, 0)) == path.read_bytes()
    with pytest.raises(DataError, match="--limit chain=N"):
        load(path, limits=Limits(chain=10))
