"""Row evidence: what was put comes back bit for bit, whatever was put beside it, by whomever."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.errors import StoreError
from curate.store import RowStore, Store
from curate.store.rows import MAX_SHARDS, damaged_shards
from curate.types import U64, Measure

MEASURE = Measure("embed prompt", 1)


def keys_of(count: int, seed: int = 0) -> U64:
    return np.random.default_rng(seed).integers(0, 2**64, (count, 2), dtype=np.uint64)


def open_rows(home: Path, width: int = 3, dtype: str = "float16") -> RowStore:
    return RowStore(Store(home), MEASURE, width, dtype)


small = st.integers(0, 3)
puts = st.lists(st.lists(st.tuples(small, small), max_size=6), max_size=24)


@settings(deadline=None, max_examples=40)
@given(puts=puts, asked=st.lists(st.tuples(small, small), max_size=20), reopen=st.booleans())
def test_like_a_dict(
    tmp_path_factory: pytest.TempPathFactory,
    puts: list[list[tuple[int, int]]],
    asked: list[tuple[int, int]],
    reopen: bool,
) -> None:
    """Keys from a tiny range, so that halves collide, repeat and need compaction."""
    home = tmp_path_factory.mktemp("rows")
    rows, model = open_rows(home, 2, "uint16"), {}
    for batch in puts:
        keys = np.array(batch, np.uint64).reshape(-1, 2)
        rows.put(keys, (keys[:, ::-1] * 7 + 1).astype(np.uint16))
        model.update({key: (key[1] * 7 + 1, key[0] * 7 + 1) for key in batch})
    found = open_rows(home, 2, "uint16") if reopen else rows
    values, missing = found.get(np.array(asked, np.uint64).reshape(-1, 2))
    assert values.shape == (len(asked), 2)
    assert found.lacks(np.array(asked, np.uint64).reshape(-1, 2)) == missing.sum()
    for key, value, gone in zip(asked, values.tolist(), missing.tolist(), strict=True):
        assert gone == (key not in model)
        assert gone or tuple(value) == model[key]
    assert len(found) == len(model)
    assert not damaged_shards(Store(home))


def test_bits_are_kept(tmp_path: Path) -> None:
    bits = np.arange(1 << 16, dtype=np.uint16).reshape(-1, 4)
    keys = keys_of(len(bits))
    open_rows(tmp_path, 4).put(keys, bits.view(np.float16))
    values, missing = open_rows(tmp_path, 4).get(keys)
    assert not missing.any() and np.array_equal(values.view(np.uint16), bits)


def test_many_puts_stay_few_shards(tmp_path: Path) -> None:
    rows, keys = open_rows(tmp_path), keys_of(400)
    values = np.arange(1200, dtype=np.float16).reshape(400, 3)
    for start in range(0, 400, 5):
        rows.put(keys[start : start + 5], values[start : start + 5])
        assert len(list(rows.path.glob("*.shard"))) <= MAX_SHARDS
    found, missing = rows.get(keys)
    assert not missing.any() and np.array_equal(found, values)
    assert {p.suffix for p in rows.path.iterdir()} <= {".shard", ".lock", ""}


def test_measures_do_not_meet(tmp_path: Path) -> None:
    keys = keys_of(4)
    open_rows(tmp_path).put(keys, np.ones((4, 3), np.float16))
    store = Store(tmp_path)
    for other in (Measure("embed prompt", 2), Measure("embed prompt", 1, (("model", "x"),))):
        assert RowStore(store, other, 3, "float16").get(keys)[1].all()
    assert RowStore(store, MEASURE, 2, "float16").get(keys)[1].all()
    assert RowStore(store, MEASURE, 3, "float32").get(keys)[1].all()


@pytest.mark.parametrize("at", [0, 9, 60, 127, 130, 128 + 16 * 3])
def test_a_damaged_shard_is_a_miss(tmp_path: Path, at: int) -> None:
    keys = keys_of(4)
    rows = open_rows(tmp_path)
    rows.put(keys, np.ones((4, 3), np.float16))
    (shard,) = rows.path.glob("*.shard")
    data = shard.read_bytes()
    shard.write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
    again = open_rows(tmp_path)
    assert again.get(keys)[1].all()
    assert Store(tmp_path).check() == damaged_shards(Store(tmp_path)) != ()
    again.put(keys, np.ones((4, 3), np.float16))
    assert not open_rows(tmp_path).get(keys)[1].any()


def test_a_damaged_value_is_found_by_the_full_check(tmp_path: Path) -> None:
    rows = open_rows(tmp_path)
    rows.put(keys_of(4), np.ones((4, 3), np.float16))
    (shard,) = rows.path.glob("*.shard")
    data = shard.read_bytes()
    shard.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    (name,) = damaged_shards(Store(tmp_path))
    assert name.startswith("rows-embed_prompt/") and shard.name in name


@pytest.mark.parametrize("cut", [0, 10, 128, 200])
def test_a_cut_shard_is_a_miss(tmp_path: Path, cut: int) -> None:
    rows = open_rows(tmp_path)
    rows.put(keys_of(8), np.ones((8, 3), np.float16))
    (shard,) = rows.path.glob("*.shard")
    shard.write_bytes(shard.read_bytes()[:cut])
    assert open_rows(tmp_path).get(keys_of(8))[1].all()


def test_wrong_shapes_are_named(tmp_path: Path) -> None:
    rows = open_rows(tmp_path)
    with pytest.raises(StoreError, match=r"float16\[4, 3\] is needed"):
        rows.put(keys_of(4), np.ones((4, 2), np.float16))
    with pytest.raises(StoreError, match=r"uint64\[n, 2\] is needed"):
        rows.get(np.zeros((4, 2), np.int64))
    with pytest.raises(StoreError, match="numbers"):
        open_rows(tmp_path, 3, "object")


def test_info_counts_rows_stores(tmp_path: Path) -> None:
    rows = open_rows(tmp_path)
    rows.put(keys_of(4), np.ones((4, 3), np.float16))
    (kind,) = Store(tmp_path).info()
    assert (kind.name, kind.entries) == ("rows-embed_prompt", 1)
    Store(tmp_path).clear()
    assert rows.get(keys_of(4))[1].all()


WRITER = """
import sys
import numpy as np
from curate.store import RowStore, Store
from curate.types import Measure
rows = RowStore(Store(sys.argv[1]), Measure("embed prompt", 1), 3, "float16")
keys = np.random.default_rng(0).integers(0, 2**64, (600, 2), dtype=np.uint64)
values = np.arange(1800).astype(np.float16).reshape(600, 3)
order = np.random.default_rng(int(sys.argv[2])).permutation(600)
for start in range(0, 600, 10):
    part = order[start:start + 10]
    rows.put(keys[part], values[part])
    found, missing = rows.get(keys[part])
    assert not missing.any() and np.array_equal(found, values[part])
"""


def test_two_processes_put_at_once(tmp_path: Path) -> None:
    children = [subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), str(n)]) for n in range(2)]
    assert [child.wait() for child in children] == [0, 0]
    values, missing = open_rows(tmp_path).get(keys_of(600))
    assert not missing.any()
    assert np.array_equal(values, np.arange(1800).astype(np.float16).reshape(600, 3))
    assert not damaged_shards(Store(tmp_path))
