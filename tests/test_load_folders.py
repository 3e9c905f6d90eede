"""Folders, patterns, `datasets` folders, hub ids, plain text: what a path stands for, and what is refused in words."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cli_cases import cli

from curate.errors import DataError
from curate.load import ColumnMap, Limits, load, parse_limits, propose, rebuild
from curate.load import parquet as child
from curate.types import Dataset

ROWS = [
    {"messages": [{"role": "user", "content": f"q{n}"}, {"role": "assistant", "content": f"a{n}"}]} for n in range(4)
]
TABLE = pa.Table.from_pylist(ROWS)


def answers(d: Dataset) -> list[str]:
    return sorted(d.rows.column("response").to_pylist())


def jsonl(path: Path, rows: list[Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    return path


def arrow(path: Path, table: pa.Table, file: bool = False) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    new: Any = pa.ipc.new_file if file else pa.ipc.new_stream
    with new(path, table.schema) as sink:
        sink.write_table(table, max_chunksize=3)
    return path


def saved(folder: Path, **more: Any) -> Path:
    """What Dataset.save_to_disk leaves."""
    files = ["data-00000-of-00002.arrow", "data-00001-of-00002.arrow"]
    arrow(folder / files[0], TABLE.slice(0, 3))
    arrow(folder / files[1], TABLE.slice(3))
    (folder / "dataset_info.json").write_text("{}")
    (folder / "state.json").write_text(json.dumps({"_data_files": [{"filename": f} for f in files], **more}))
    return folder


def test_a_saved_dataset(tmp_path: Path) -> None:
    d = load(saved(tmp_path / "set"))
    assert (answers(d), [s.container for s in d.sources]) == (["a0", "a1", "a2", "a3"], ["parquet", "parquet"])
    with pytest.raises(DataError, match=r"flatten_indices"):
        load(saved(tmp_path / "some", _indices_data_files=[{"filename": "indices.arrow"}]))
    with pytest.raises(DataError, match=r"outside of the folder"):
        load(saved(tmp_path / "out", _data_files=[{"filename": "../x.arrow"}]))
    (tmp_path / "set" / "state.json").write_text("[]")
    with pytest.raises(DataError, match=r"save the dataset again"):
        load(tmp_path / "set")


def test_splits_are_never_mixed(tmp_path: Path) -> None:
    for split in ("train", "test"):
        saved(tmp_path / "dict" / split)
        jsonl(tmp_path / "hub" / "data" / f"{split}-00000.jsonl", ROWS)
    (tmp_path / "dict" / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    for folder in ("dict", "hub"):
        with pytest.raises(DataError, match=rf"{folder}: holds the splits test, train; give one of them .*--frozen"):
            load(tmp_path / folder)
    assert len(load(tmp_path / "dict" / "train", frozen=tmp_path / "hub" / "data" / "test-*")) == 8


def test_folders_and_patterns(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    pq.write_table(TABLE, tmp_path / "set" / "a.parquet")
    jsonl(tmp_path / "set" / "b.jsonl", ROWS[:1])
    (tmp_path / "set" / "notes.md").write_text("x")
    (tmp_path / "set" / ".hidden.jsonl").write_text("x")
    assert [s.name for s in load(tmp_path / "set").sources] == ["a.parquet", "b.jsonl"]
    assert len(load(tmp_path / "**" / "*.jsonl")) == 1
    assert len(load([tmp_path / "set" / "a.*", tmp_path / "set" / "b.jsonl"])) == 5
    odd = jsonl(tmp_path / "x[1].jsonl", ROWS[:2])
    assert len(load(odd)) == 2
    (tmp_path / "empty").mkdir()
    for path, said in (
        (tmp_path / "empty", "without data files"),
        (tmp_path / "n*.jsonl", "no file matches"),
    ):
        with pytest.raises(DataError, match=said):
            load(path)
    done = cli("audit", tmp_path / "set" / "*.jsonl", "--no-vectors", "--json", "-")
    assert (done.code, Path(done.json["files"][0]["path"]).name) == (0, "b.jsonl")


@pytest.mark.parametrize("file", [True, False])
def test_arrow_files(tmp_path: Path, file: bool) -> None:
    d = load(arrow(tmp_path / "x.arrow", TABLE, file))
    assert answers(d) == ["a0", "a1", "a2", "a3"]
    assert sorted(d.rows.column("line").to_pylist()) == [1, 2, 3, 4]
    assert propose(tmp_path / "x.arrow").fits == 1.0


def test_the_hub_is_asked_only_by_name_and_says_when_it_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DataError, match=r"hf://org/set: can't be fetched .*HF_HUB_OFFLINE"):
        load("hf://org/set")
    with pytest.raises(DataError, match="write hf://ORG/NAME"):
        load("hf://set")
    jsonl(tmp_path / "data" / "train-0.jsonl", ROWS)
    asked: list[dict[str, Any]] = []

    def fetched(name: str, **more: Any) -> str:
        asked.append({"name": name, **more})
        return str(tmp_path)

    monkeypatch.setattr("huggingface_hub.snapshot_download", fetched)
    assert len(load(Path("hf://datasets/org/set@v1/data/train-*"))) == 4
    assert len(load("hf://org/set")) == 4
    assert [(a["name"], a["revision"], a["repo_type"]) for a in asked] == [
        ("org/set", "v1", "dataset"),
        ("org/set", None, "dataset"),
    ]
    assert asked[0]["allow_patterns"][0] == "data/train-*" and "**.parquet" in asked[1]["allow_patterns"]


def test_plain_text_is_one_row_per_line(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes(b'one "line"\r\n\ntwo\t\n\xff\nthree')
    d = load(path)
    assert (answers(d), d.sources[0].container, d.sources[0].blank) == (['one "line"', "three", "two\t"], "text", 1)
    assert [(p["code"], p["line"]) for p in d.problems.to_pylist() if p["fatal"]] == [("encoding", 4)]
    assert b"".join(rebuild(d, 0)) == path.read_bytes()
    assert {json.loads(r)["text"] for r in d.rows.column("record").to_pylist()} == set(answers(d))


def test_bytes_inside_of_objects_are_kept(tmp_path: Path) -> None:
    rows = [{"prompt": "q", "completion": "a", "image": {"bytes": b"\x00\xff", "path": "x.png"}}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "x.parquet")
    d = load(tmp_path / "x.parquet")
    assert json.loads(d.text("extra", 0)) == {"image": {"bytes": "AP8=", "path": "x.png"}}


def test_the_reader_process_may_die(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pq.write_table(TABLE, tmp_path / "x.parquet")
    monkeypatch.setattr(child, "child_code", lambda _m: f"import os; os.kill(os.getpid(), {int(signal.SIGSEGV)})")
    with pytest.raises(DataError, match=r"x\.parquet: the process that read it died \(signal 11\)"):
        load(tmp_path / "x.parquet")
    monkeypatch.setattr(child, "child_code", lambda _m: "import time; time.sleep(60)")
    with pytest.raises(DataError, match=r"no row came for 0\.2 seconds; .*--limit seconds=N"):
        load(tmp_path / "x.parquet", limits=Limits(seconds=0.2))


def test_caps_of_tables_name_their_flag(tmp_path: Path) -> None:
    pq.write_table(pa.table({"prompt": ["q" * 1000] * 2000, "completion": ["a"] * 2000}), tmp_path / "x.parquet")
    arrow(tmp_path / "y.arrow", TABLE)
    for path, limits, said in (
        ("x.parquet", Limits(batch=1000), "--limit batch=N"), ("x.parquet", Limits(plain=1000), "--limit plain=N"),
        ("x.parquet", Limits(ratio=2, ratio_floor=1000), "--limit ratio=N"), ("x.parquet", Limits(memory=1), "--limit memory=N"),
        ("x.parquet", Limits(rows=10), "--limit rows=N"), ("y.arrow", Limits(rows=2), "--limit rows=N"),
    ):  # fmt: skip
        with pytest.raises(DataError, match=said):
            load(tmp_path / path, limits=limits)
    d = load(tmp_path / "x.parquet", limits=Limits(line=100))
    assert (len(d), set(d.problems.column("code").to_pylist())) == (0, {"too_long"})


def test_limits_by_flag(tmp_path: Path) -> None:
    assert parse_limits(["line=5", "ratio=1.5"]) == Limits(line=5, ratio=1.5)
    for text, said in (
        ("lines=5", "allowed: line=N"),
        ("line=x", "is no number"),
        ("line", "is no number"),
        ("line=0", "out of range"),
    ):
        with pytest.raises(DataError, match=said):
            parse_limits([text])
    path = jsonl(tmp_path / "x.jsonl", ROWS)
    done = cli("audit", path, "--limit", "line=10", "--no-vectors")
    assert done.code == 2 and "--limit line=N" in done.err


def test_mutated_tables_cost_only_themselves(tmp_path: Path) -> None:
    """A few damaged bytes anywhere: an error in words or a load, never a crash of this process."""
    pq.write_table(TABLE, tmp_path / "x.parquet")
    arrow(tmp_path / "y.arrow", TABLE)
    for name in ("x.parquet", "y.arrow"):
        whole = (tmp_path / name).read_bytes()
        for step in range(6):
            at = len(whole) * step // 6 + 3
            (tmp_path / f"m{name}").write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) * 3 + whole[at + 3 :])
            try:
                d = load(tmp_path / f"m{name}")
            except DataError as e:
                assert f"m{name}" in str(e)
            else:
                assert d.sources[0].read == d.sources[0].rows + d.sources[0].malformed


def test_importing_load_does_not_bring_the_hub_or_parquet() -> None:
    code = "import sys, curate.load; print({'huggingface_hub', 'pyarrow.parquet'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_mapped_tables(tmp_path: Path) -> None:
    path = arrow(tmp_path / "x.arrow", pa.table({"q": ["x"], "a": ["y"]}))
    with pytest.raises(DataError, match=r"it has 'q', 'a'; .*--map"):
        load(path)
    assert answers(load(path, mapping=ColumnMap.of(prompt="q", response="a"))) == ["y"]
