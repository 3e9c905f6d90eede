"""Promises P1, P2, P3 and P8 on arbitrary bytes, and equality over workers and the store."""

from __future__ import annotations

import gzip
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.errors import DataError
from curate.load import documents, load, loading, opened, pool, rebuild, record_line
from curate.store import Store
from curate.types import Dataset

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
good = st.fixed_dictionaries({"prompt": text, "completion": text}, optional={"id": st.integers(0, 5), "": text})
line = (
    good.map(lambda o: json.dumps(o).encode())
    | good.map(lambda o: json.dumps(o, ensure_ascii=False, separators=(" , ", ": ")).encode())
    | st.binary(max_size=20)
    | st.sampled_from([b"", b"  ", b"null", b"[1]", b"{", b'{"a":NaN}', b"\xef\xbb\xbf", b'{"a":"\\ud800"}', b"}{"])
)  # fmt: skip
ends = st.sampled_from([b"\n", b"\n", b"\r\n", b"\n\n"])
jsonl = st.tuples(st.sampled_from([b"", b"\xef\xbb\xbf"]), st.lists(st.tuples(line, ends), max_size=8), line).map(
    lambda t: t[0] + b"".join(a + b for a, b in t[1]) + t[2]
)
between, closing = st.sampled_from([b",", b" ,\n", b",,"]), st.sampled_from([b"]", b"]\n", b"", b"]]"])
array = st.tuples(st.lists(line, max_size=5), between, closing).map(lambda t: b"[" + t[1].join(t[0]) + t[2])
cell = text.map(lambda s: '"' + s.replace('"', '""') + '"') | st.sampled_from(["a", "", '"', 'x"y', "NA", "1,2"])
csv_file = st.lists(st.tuples(cell, cell, ends), max_size=6).map(
    lambda rows: b"prompt,completion\n" + b"".join(f"{a},{b}".encode() + e for a, b, e in rows)
)


def loaded(data: bytes, name: str) -> Dataset | None:
    """The dataset of some bytes, or None when the file as a whole is refused."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        try:
            return load(path)
        except DataError as e:
            assert name in str(e)
            return None


def check(data: bytes, name: str) -> None:
    d = loaded(data, name)
    if d is None:
        return
    source = d.sources[0]
    kinds = d.segments.column("kind").to_pylist()
    assert source.read == source.rows + source.malformed + source.blank
    assert (len(d), kinds.count("malformed")) == (source.rows, source.malformed)
    assert sum(d.problems.column("fatal").to_pylist()) == source.malformed
    assert b"".join(rebuild(d, 0)) == data
    assert d.ids.tolist() == sorted(d.ids.tolist())
    for n in range(len(d)):
        raw = d.rows.column("raw")[n].as_py()
        offset, length = d.rows.column("offset")[n].as_py(), d.rows.column("length")[n].as_py()
        assert data[offset : offset + length] == raw
        if source.container == "jsonl":
            assert record_line(d, n) == raw
        elif source.container == "json":
            assert json.loads(record_line(d, n)) == json.loads(raw)


@settings(max_examples=150)
@given(jsonl, st.sampled_from(["x.jsonl", "x.json", "x.jsonl.gz"]))
def test_lines_are_accounted_for(data: bytes, name: str) -> None:
    check(data, name)


@settings(max_examples=150)
@given(array, st.sampled_from(["x.jsonl", "x.json"]))
def test_arrays_are_accounted_for(data: bytes, name: str) -> None:
    check(data, name)


@settings(max_examples=150)
@given(csv_file | st.binary(max_size=40).map(lambda b: b"prompt,completion\n" + b))
def test_csv_is_accounted_for(data: bytes) -> None:
    check(data, "x.csv")


@settings(max_examples=100)
@given(st.binary(max_size=80), st.sampled_from(["x.jsonl", "x.json", "x.csv", "x.jsonl.gz", "x.parquet"]))
def test_any_bytes_load_or_are_refused(data: bytes, name: str) -> None:
    check(data, name)


@settings(max_examples=40)
@given(st.lists(good, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_order_of_rows_and_files_changes_nothing(rows: list[dict[str, object]], random: object) -> None:
    lines = [json.dumps(r).encode() for r in rows]
    mixed = list(lines)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    a, b = loaded(b"\n".join(lines), "x.jsonl"), loaded(b"\n".join(mixed), "x.jsonl")
    assert a is not None and b is not None
    assert (a.fingerprint, a.ids.tolist()) == (b.fingerprint, b.ids.tolist())
    assert [record_line(a, n) for n in range(len(a))] == [record_line(b, n) for n in range(len(b))]


def write(path: Path, start: int, stop: int) -> Path:
    rows = [
        json.dumps({"prompt": f"q{n % 700}", "completion": f"a{n % 650}", "id": n % 900, "n": n})
        for n in range(start, stop)
    ]
    rows[3] = "broken"
    path.write_text("\n".join(rows) + "\n")
    return path  # fmt: skip


def test_frozen_rows_come_last_and_rank_after_pool(tmp_path: Path) -> None:
    pool_file, frozen_file = write(tmp_path / "p.jsonl", 0, 2000), write(tmp_path / "f.jsonl", 0, 1000)
    d = load(pool_file, frozen=frozen_file)
    assert d.frozen.tolist() == sorted(d.frozen.tolist())
    assert d.sources[1].role == "frozen"
    ids = d.ids
    assert len(set(ids.tolist())) == len(d)
    for part in (ids[~d.frozen], ids[d.frozen]):
        assert part.tolist() == sorted(part.tolist())
    first = {i.split(b"-")[0] for i in ids.tolist() if i.endswith(b"-0")}
    assert first == {i.split(b"-")[0] for i in ids.tolist()}
    assert {i.split(b"-")[0] for i in ids[d.frozen].tolist() if i.endswith(b"-0")} == set()


@pytest.fixture
def early_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "START_AT", 1)
    monkeypatch.setattr(opened, "BLOCK", 1 << 15)
    monkeypatch.setattr(documents, "CHUNK", 1 << 15)
    monkeypatch.setattr(pool.Pool, "_free", lambda self: self._idle.get(timeout=60))


@pytest.mark.usefixtures("early_workers")
def test_workers_change_nothing(tmp_path: Path) -> None:
    files = [write(tmp_path / "a.jsonl", 0, 6000), tmp_path / "b.json"]
    files[1].write_text(json.dumps([{"prompt": str(n), "completion": "x" * 50} for n in range(6000)]))
    one, two = load(files, workers=1), load(files, workers=2)
    assert one.fingerprint == two.fingerprint
    for table in ("rows", "problems", "segments"):
        assert getattr(one, table).equals(getattr(two, table))
    assert one.sources == two.sources


def test_sample_keeps_frozen_rows_and_the_ledger(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", 0, 3000)
    whole, part = load(file), load(file, sample=100)
    assert part.ids.tolist() == whole.ids.tolist()[:100]
    assert (part.sources[0].rows, part.sources[0].read, part.sample) == (100, 101, 100)
    assert b"".join(rebuild(part, 0)) == file.read_bytes()
    assert part.segments.column("kind").to_pylist().count("unsampled") == 2899
    assert part.fingerprint != whole.fingerprint
    assert len(load(file, frozen=file, sample=1)) == 3000
    with pytest.raises(DataError, match="at least 1"):
        load(file, sample=0)


def test_a_kept_dataset_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path / "home")
    file = write(tmp_path / "a.jsonl", 0, 3000)
    plain, first = load(file), load(file, store=store)
    monkeypatch.setattr(loading, "_read_all", None)
    again = load(file, store=store)
    for d in (first, again):
        assert d.fingerprint == plain.fingerprint
        assert d.sources == plain.sources
        for table in ("rows", "problems", "segments"):
            assert getattr(d, table).equals(getattr(plain, table))
    moved = tmp_path / "other" / "a.jsonl"
    moved.parent.mkdir()
    file.rename(moved)
    assert load(moved, store=store).sources[0].path == str(moved)


def test_a_damaged_kept_dataset_is_read_again(tmp_path: Path) -> None:
    store = Store(tmp_path / "home")
    file = write(tmp_path / "a.jsonl", 0, 100)
    fingerprint = load(file, store=store).fingerprint
    for part in (tmp_path / "home" / "dataset").rglob("messages.*.arrow"):
        part.chmod(0o600)
        part.write_bytes(b"")
    again = load(file, store=store)
    assert (again.fingerprint, len(again)) == (fingerprint, 99)
    assert again.text("messages", 0)


@pytest.mark.usefixtures("early_workers")
def test_nothing_is_left_open(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", 0, 50)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for n in range(6):
        load(file, workers=1 + n % 2)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 1
