"""Containers: every byte is accounted for, every bad record named, and hostile files are refused in words."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curate.errors import Cancelled, DataError
from curate.load import Limits, load, pool, rebuild, record_line, record_lines
from curate.types import Dataset

CANARY = "s3cretCanary"


def row(n: int) -> bytes:
    return json.dumps({"prompt": f"question {n}", "completion": f"answer {n}"}).encode()


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str, bytes], Path]:
    def write(name: str, data: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    return write


Put = Callable[[str, bytes], Path]


def balanced(d: Dataset, plain: bytes) -> Dataset:
    """The ledger's promise, checked on one file."""
    source = d.sources[0]
    assert source.read == source.rows + source.malformed + source.blank
    assert len(d) == source.rows
    assert sum(d.problems.column("fatal").to_pylist()) == source.malformed
    assert b"".join(rebuild(d, 0)) == plain
    return d


def codes(d: Dataset) -> list[tuple[str, int]]:
    return [(p["code"], p["line"]) for p in d.problems.to_pylist()]


JSONL = {
    "plain": row(1) + b"\n" + row(2) + b"\n",
    "no_final_newline": row(1) + b"\n" + row(2),
    "crlf": row(1) + b"\r\n" + row(2) + b"\r\n",
    "bom": b"\xef\xbb\xbf" + row(1) + b"\n" + row(2) + b"\n",
    "blank_lines": b"\n\n" + row(1) + b"\n  \n\r\n\n" + row(2) + b"\n\n",
    "separators": row(1).replace(b"question", "a\u2028b\x85\u0085".encode()) + b"\n" + row(2) + b"\n",
}


@pytest.mark.parametrize("ending", ["jsonl", "json", "jsonl.gz", "ndjson"])
@pytest.mark.parametrize("kind", JSONL)
def test_jsonl(put: Put, kind: str, ending: str) -> None:
    plain = JSONL[kind]
    d = balanced(load(put(f"x.{ending}", plain)), plain)
    assert (len(d), d.sources[0].malformed, d.sources[0].container) == (2, 0, "jsonl")
    assert {record_line(d, n).strip() for n in range(2)} <= {
        line.removeprefix(b"\xef\xbb\xbf").strip() for line in plain.split(b"\n")
    }


def test_a_byte_order_mark_inside_a_file_is_a_fault_of_its_row(put: Put) -> None:
    plain = b"\xef\xbb\xbf" + row(1) + b"\n\xef\xbb\xbf" + row(2) + b"\n" + row(3)
    d = balanced(load(put("x.jsonl", plain)), plain)
    assert (len(d), codes(d), d.sources[0].notes) == (2, [("bom", 2)], ("1 byte order mark(s) taken off",))


def test_bad_lines_are_numbered_and_kept(put: Put) -> None:
    lines = [row(1), b"null", b'{"a":1,"a":2}', b'{"x":"\xe9"}', b"[1]", row(2), b'{"prompt": "' + CANARY.encode()]
    plain = b"\n".join(lines)
    d = balanced(load(put("x.jsonl", plain)), plain)
    found = [("not_an_object", 2), ("duplicate_key", 3), ("encoding", 4), ("not_an_object", 5), ("invalid_json", 7)]
    assert codes(d) == found
    assert CANARY not in str(d.problems.column("message").to_pylist())
    places = d.problems.to_pylist()
    assert [plain[p["offset"] : p["offset"] + p["length"]] for p in places] == [lines[k] for k in (1, 2, 3, 4, 6)]


def test_first_line_malformed_or_an_array_is_still_jsonl(put: Put) -> None:
    for first in (b'{"prompt": "cut', b"[1]", b"{", b"[{"):
        plain = first + b"\n" + row(1) + b"\n" + row(2) + b"\n"
        d = balanced(load(put("x.jsonl", plain)), plain)
        assert (len(d), d.sources[0].malformed) == (2, 1), first


def test_one_pretty_object_is_one_row(put: Put) -> None:
    plain = json.dumps(json.loads(row(1)), indent=2).encode() + b"\n"
    d = balanced(load(put("x.json", plain)), plain)
    assert (len(d), d.sources[0].container, record_line(d, 0)) == (
        1,
        "json",
        b'{"prompt":"question 1","completion":"answer 1"}',
    )


@pytest.mark.parametrize("limit", [1000, 3_000_000])
def test_long_lines_stream_into_the_ledger(put: Put, limit: int) -> None:
    long = b'{"prompt":"' + b"x" * (9_000_000) + b'","completion":"a"}'
    for plain in (row(1) + b"\n" + long + b"\n" + row(2) + b"\n", long, long + b"\n" + row(1)):
        d = balanced(load(put("x.jsonl.gz", plain), limits=Limits(line=limit)), plain)
        assert [p["code"] for p in d.problems.to_pylist()] == ["too_long"]
        assert len(d) == plain.count(b"question")


def test_long_elements_stream_into_the_ledger(put: Put) -> None:
    plain = b"[" + row(1) + b', {"prompt":"' + b"x" * 5000 + b'","completion":"a"} ,\n' + row(2) + b"]"
    d = balanced(load(put("x.json", plain), limits=Limits(line=1000)), plain)
    assert codes(d) == [("too_long", 2)]


def test_many_empty_lines_are_few_segments(put: Put) -> None:
    plain = b"\n" * 300_000 + row(1) + b"\n"
    d = balanced(load(put("x.jsonl", plain)), plain)
    assert (d.sources[0].blank, d.segments.num_rows) == (300_000, 1)


ARRAYS = {
    "compact": b"[" + row(1) + b"," + row(2) + b"]",
    "pretty": json.dumps([json.loads(row(1)), json.loads(row(2))], indent=4).encode() + b"\n",
    "per_line": b"[\n" + row(1) + b",\n" + row(2) + b"\n]\n",
    "bom": b"\xef\xbb\xbf [" + row(1) + b"," + row(2) + b"]  \n",
    "data": b'{"version": 1, "data": [' + row(1) + b"," + row(2) + b'], "n": {"rows": [1]}}\n',
    "train": json.dumps({"train": [json.loads(row(1)), json.loads(row(2))]}, indent=1).encode(),
    "nested": b'[{"prompt":"a]}{[","completion":"b","m":{"x":[1,{"y":2}]}},' + row(2) + b"]",
}


@pytest.mark.parametrize("ending", ["json", "jsonl", "json.gz"])
@pytest.mark.parametrize("kind", ARRAYS)
def test_json_documents(put: Put, kind: str, ending: str) -> None:
    plain = ARRAYS[kind]
    d = balanced(load(put(f"x.{ending}", plain)), plain)
    assert (len(d), d.sources[0].malformed, d.sources[0].container) == (2, 0, "json")
    for n in range(2):
        assert json.loads(record_line(d, n)) == json.loads(d.rows.column("raw")[n].as_py())


@pytest.mark.parametrize(
    ("plain", "rows", "found"),
    [
        (b"[]", 0, []), (b"[1,2]", 0, [("not_an_object", 1), ("not_an_object", 2)]),
        (b"[" + row(1) + b",]", 1, [("invalid_json", 2)]),
        (b"[" + row(1) + b",,\n" + row(2) + b"]", 2, [("invalid_json", 2)]),
        (b"[" + row(1) + b"] x", 1, [("invalid_json", 0)]), (b"[" + row(1), 1, [("truncated", 0)]),
        (b"[" + row(1) + b',\n{"prompt": "a', 1, [("truncated", 0), ("invalid_json", 2)]),
        (b"[" + row(1) + b',{"a":1,"a":2},' + row(2) + b"]", 2, [("duplicate_key", 2)]),
        (b"[" + row(1) + b',{"a":NaN,"b":[1]} ,' + row(2) + b"]", 2, [("nan", 2)]),
    ],
)  # fmt: skip
def test_bad_elements_cost_one_row(put: Put, plain: bytes, rows: int, found: list[tuple[str, int]]) -> None:
    d = balanced(load(put("x.json", plain)), plain)
    assert (len(d), codes(d)) == (rows, found)


def test_two_arrays_in_one_object_are_refused(put: Put) -> None:
    with pytest.raises(DataError, match="several arrays"):
        load(put("x.json", b'{"train":[' + row(1) + b'],"test":[' + row(2) + b"]}"))


CSV = b'\xef\xbb\xbfinstruction,input,output\r\n"a ""quoted""\nline",None,NA\r\nb,,"x, y"\r\n'


def test_csv_keeps_everything_as_text(put: Put) -> None:
    d = balanced(load(put("x.csv", CSV)), CSV)
    got = {(d.text("prompt", n), d.text("response", n)) for n in range(2)}
    assert got == {('a "quoted"\nline\nNone', "NA"), ("b", "x, y")}
    assert sorted(d.rows.column("line").to_pylist()) == [2, 4]
    tsv = CSV.replace(b",", b"\t")
    balanced(load(put("x.tsv.gz", tsv)), tsv)


@pytest.mark.parametrize(
    ("body", "rows", "found"),
    [
        (b"a\n1,2\n1,2,3\n1,2,3,4\n", 1, [("csv_fields", 2), ("csv_fields", 3), ("csv_fields", 5)]),
        (b"1,2,3\n\n4,5,6", 2, []), (b'1,2,3\n4,"5,6\n7,8,9\n', 1, [("csv_quote", 3)]),
        (b'1,"2"x,3\n4,5,6\n', 1, [("csv_quote", 2)]), (b"1,\xe9,3\n4,5,6\n", 1, [("encoding", 2)]), (b"", 0, []),
    ],
)  # fmt: skip
def test_bad_csv_records_are_numbered(put: Put, body: bytes, rows: int, found: list[tuple[str, int]]) -> None:
    plain = b"instruction,input,output\n" + body
    d = balanced(load(put("x.csv", plain)), plain)
    assert (len(d), codes(d)) == (rows, found)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"), (b"a,b\n1,2\n", "known shape"), (b"instruction;output\n1;2\n", "semicolons"),
        (b"instruction,output,output\n1,2,3\n", "twice"), (b"instruction,output\r1,2\r", "CR alone"),
    ],
)  # fmt: skip
def test_csv_headers_that_cannot_be_used(put: Put, data: bytes, said: str) -> None:
    with pytest.raises(DataError, match=said):
        load(put("x.csv", data))


def message(role: str, content: str, name: str | None = None) -> dict[str, str | None]:
    return {"role": role, "content": content, "name": name}


def test_parquet(tmp_path: Path) -> None:
    rows = [
        {"messages": [message("user", "q"), message("assistant", "a")], "n": 1.5},
        {"messages": [message("user", "r", "bob"), message("assistant", "b")], "n": None},
    ]  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "x.parquet")
    d = load(tmp_path / "x.parquet")
    lines = sorted(record_line(d, n) for n in range(2))
    assert lines == [
        b'{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}],"n":1.5}',
        b'{"messages":[{"role":"user","content":"r","name":"bob"},{"role":"assistant","content":"b"}]}',
    ]
    assert d.rows.column("raw").null_count == 2
    with pytest.raises(DataError, match="2 rows"):
        load(tmp_path / "x.parquet", limits=Limits(rows=1))


def test_parquet_columns_are_refused_by_name(tmp_path: Path) -> None:
    pq.write_table(pa.table({"prompt": ["a"], "completion": [b"b"]}), tmp_path / "b.parquet")
    with pytest.raises(DataError, match="'completion' holds bytes"):
        load(tmp_path / "b.parquet")
    pq.write_table(pa.table([["a"], ["b"], ["c"]], names=["prompt", "completion", "prompt"]), tmp_path / "d.parquet")
    with pytest.raises(DataError, match="'prompt' is there twice"):
        load(tmp_path / "d.parquet")
    (tmp_path / "m.parquet").write_bytes(b"PAR1" + b"\0" * 100 + b"PAR1")
    with pytest.raises(DataError, match="no readable Parquet"):
        load(tmp_path / "m.parquet")


def test_gzip_faults(put: Put, tmp_path: Path) -> None:
    plain = b"\n".join(row(n) for n in range(5000)) + b"\n"
    whole = gzip.compress(plain, mtime=0)
    (tmp_path / "cut.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    d = load(tmp_path / "cut.jsonl.gz")
    assert 0 < len(d) < 5000
    assert "truncated" in [code for code, _ in codes(d)]
    assert plain.startswith(b"".join(rebuild(d, 0)))
    (tmp_path / "two.jsonl.gz").write_bytes(gzip.compress(row(1) + b"\n") + gzip.compress(row(2)))
    assert len(load(tmp_path / "two.jsonl.gz")) == 2
    (tmp_path / "no.jsonl.gz").write_bytes(plain)
    with pytest.raises(DataError, match="no gzip"):
        load(tmp_path / "no.jsonl.gz")
    (tmp_path / "bad.jsonl.gz").write_bytes(whole[:10] + b"\xff" * 50)
    with pytest.raises(DataError, match="damaged"):
        load(tmp_path / "bad.jsonl.gz")
    with pytest.raises(DataError, match="gzip file"):
        load(put("twice.jsonl.gz", whole))
    bomb = put("bomb.jsonl.gz", b" " * 3_000_000)
    with pytest.raises(DataError, match="--limit"):
        load(bomb, limits=Limits(ratio_floor=1_000_000))
    with pytest.raises(DataError, match="--limit"):
        load(bomb, limits=Limits(plain=1_000_000))


@pytest.mark.parametrize("ending", ["npy", "npz", "pkl", "pt", "joblib", "feather", "zip", "xml"])
def test_kinds_refused_by_name(put: Put, ending: str) -> None:
    with pytest.raises(DataError, match=f"x.{ending}: .{ending} is not read, .*; allowed: "):
        load(put(f"x.{ending}", b"anything"))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "PNG"), (row(1).decode().encode("utf-16"), "UTF-16"),
        (row(1).decode().encode("utf-16-le"), "UTF-16"), (os.urandom(3) + bytes(range(32)) * 40, "binary"),
        (row(1) + b"\r" + row(2) + b"\r", "CR alone"), (b"\x80\x04\x95", "pickle"),
    ],
)  # fmt: skip
def test_bytes_that_are_no_rows(put: Put, data: bytes, said: str) -> None:
    with pytest.raises(DataError, match=said):
        load(put("x.jsonl", data))


def test_special_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jsonl")
    for path, said in (
        (tmp_path / "pipe.jsonl", "no regular file"),
        (tmp_path, "a folder"),
        (tmp_path / "none.jsonl", "ENOENT"),
    ):
        with pytest.raises(DataError, match=said):
            load(path)
    with pytest.raises(DataError, match="no regular file"):
        load("/dev/zero")
    with pytest.raises(DataError, match="at least one"):
        load([])  # fmt: skip


def test_a_file_that_changes_while_it_is_read(put: Put) -> None:
    path = put("x.jsonl", row(1) + b"\n")

    def grow(stage: str, done: int, total: int) -> None:
        with path.open("ab") as file:
            file.write(f"{stage} {done} {total}\n".encode())

    with pytest.raises(DataError, match="changed while it was read"):
        load(path, progress=grow)


def test_cancel(put: Put) -> None:
    class Now:
        def is_set(self) -> bool:
            return True

    with pytest.raises(Cancelled):
        load(put("x.jsonl", row(1)), cancel=Now())


def test_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for folder in "ab":
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.jsonl").write_bytes(row(1))
    d = load([tmp_path / "a" / "x.jsonl", tmp_path / "b" / "x.jsonl"])
    assert [s.name for s in d.sources] == ["a__x.jsonl", "b__x.jsonl"]
    with pytest.raises(DataError, match="twice"):
        load([tmp_path / "a" / "x.jsonl", tmp_path / "a" / ".." / "a" / "x.jsonl"])


def test_record_lines_are_record_line(put: Put) -> None:
    d = load([put("x.jsonl", row(1) + b"\n" + row(2)), put("y.json", b"[" + row(3) + b"]")])
    assert list(record_lines(d, [2, 0, 1])) == [record_line(d, n) for n in (2, 0, 1)]


def test_a_bomb_of_rows_is_refused_before_any_is_parsed(
    put: Callable[[str, bytes], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tiny rows would keep the parser busy for minutes before the ratio were broken."""
    bomb = put("x.jsonl.gz", b'{"text":"a"}\n' * 400_000)
    monkeypatch.setattr(pool, "read_chunk", None)
    with pytest.raises(DataError, match="times its size"):
        load(bomb, limits=Limits(ratio_floor=1_000_000))
