"""Published entries are whole or absent, private, and never a pickle."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from curate.errors import StoreError
from curate.store import Store, default_home, read_array, write_array


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "home")


def fill(store: Store, key: str = "abcdef", value: int = 1) -> Path:
    with store.publish("kind", key) as folder:
        write_array(folder, "values", np.full(100_000, value, np.int32))
        (folder / "note.json").write_text("{}")
    found = store.find("kind", key)
    assert found is not None
    return found


def test_what_is_published_is_found(store: Store) -> None:
    assert store.find("kind", "abcdef") is None
    folder = fill(store)
    assert folder == store.home / "kind" / "ab" / "abcdef"
    values = read_array(folder, "values")
    assert isinstance(values, np.memmap) and not values.flags.writeable
    assert (values == 1).all()
    assert not list((store.home / "tmp").iterdir())


def test_everything_is_private(store: Store) -> None:
    fill(store)
    for path in (store.home, *store.home.rglob("*")):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


def test_a_folder_of_the_users_keeps_its_mode(tmp_path: Path) -> None:
    home = tmp_path / "shared"
    home.mkdir(mode=0o755)
    (home / "other.txt").write_text("")
    fill(Store(home))
    assert home.stat().st_mode & 0o777 == 0o755
    assert (home / "kind").stat().st_mode & 0o777 == 0o700


def test_the_first_of_two_equal_entries_stays(store: Store) -> None:
    folder = fill(store)
    before = folder.stat().st_ino
    fill(store, value=2)
    assert folder.stat().st_ino == before
    assert read_array(folder, "values")[0] == 1


def test_an_error_publishes_nothing(store: Store) -> None:
    with pytest.raises(KeyError), store.publish("kind", "abcdef") as folder:
        (folder / "half").write_text("x")
        raise KeyError
    assert store.find("kind", "abcdef") is None
    assert not list((store.home / "tmp").iterdir())


@pytest.mark.parametrize("name", ["note.json", "values.npy", "complete.json"])
@pytest.mark.parametrize("how", ["cut", "gone", "flip"])
def test_a_damaged_entry_is_a_miss_and_is_replaced(store: Store, name: str, how: str) -> None:
    path = fill(store) / name
    data = path.read_bytes()
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes(data[:-1] if how == "cut" else bytes([data[0] ^ 1]) + data[1:])
    assert store.check() == ("kind/abcdef",)
    if name == "values.npy" and how == "flip":
        return  # large files are checked in full by check() alone
    assert store.find("kind", "abcdef") is None
    fill(store, value=3)
    assert store.check() == ()


def test_a_damaged_array_is_named(store: Store) -> None:
    folder = fill(store)
    (folder / "values.npy").write_bytes(b"\x93NUMPY\x01\x00\xff\xff junk")
    with pytest.raises(StoreError, match=r"values\.npy .*curate store clear"):
        read_array(folder, "values")


def test_no_pickle_goes_in_or_out(store: Store, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="allow_pickle"), store.publish("kind", "abcdef") as folder:
        write_array(folder, "objects", np.array([{}], object))
    np.save(tmp_path / "bad.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(StoreError):
        read_array(tmp_path, "bad")


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 3), ()])
def test_arrays_of_any_shape(tmp_path: Path, shape: tuple[int, ...]) -> None:
    write_array(tmp_path, "a", np.ones(shape, np.float16))
    found = read_array(tmp_path, "a")
    assert found.shape == shape and found.dtype == np.float16


@pytest.mark.parametrize(
    ("kind", "key"),
    [("..", "abc"), ("a/b", "abc"), ("k", "../../x"), ("tmp", "abc"), ("k", "ab"), ("k", "a\0bc")],
)
def test_names_that_leave_the_store_are_refused(store: Store, kind: str, key: str) -> None:
    with pytest.raises(StoreError, match="allowed"):
        store.find(kind, key)


def test_links_are_not_published(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no plain file"), store.publish("kind", "abcdef") as folder:
        (folder / "link").symlink_to(tmp_path)


def test_info_and_clear(store: Store) -> None:
    assert store.info() == ()
    fill(store, "abcdef")
    fill(store, "abxyz1")
    (kind,) = store.info()
    assert (kind.name, kind.entries) == ("kind", 2) and kind.bytes > 800_000
    (store.home / "workspace.sqlite").write_text("decisions")
    assert store.clear("other") == 0
    assert store.clear() == kind.bytes
    assert store.info() == ()
    assert (store.home / "workspace.sqlite").exists()


def test_home_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CURATE_HOME", str(tmp_path / "x"))
    assert default_home() == tmp_path / "x"
    monkeypatch.delenv("CURATE_HOME")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_home() == tmp_path / "curate"


def test_a_home_that_is_a_file_is_a_plain_error(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(StoreError, match="set CURATE_HOME"):
        fill(Store(tmp_path / "home"))


LOOP = """
import sys, resource
import numpy as np
from curate.store import Store, write_array
store, count = Store(sys.argv[1]), int(sys.argv[2])
print("ready", flush=True)
if len(sys.argv) > 3:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]),) * 2)
for n in range(count):
    with store.publish("kind", f"key{n % 7}") as folder:
        for k in range(5):
            write_array(folder, f"a{k}", np.full(3000, n % 7))
    if n % 7 == 6:
        store.clear()
"""


def start(store: Store, count: int, *limit: str) -> subprocess.Popen[str]:
    args = [sys.executable, "-c", LOOP, str(store.home), str(count), *limit]
    return subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def kill_loop(store: Store, kills: int) -> None:
    rng = random.Random(kills)
    for _ in range(kills):
        with start(store, 10**6) as child:
            assert child.stdout is not None
            child.stdout.readline()
            time.sleep(rng.uniform(0, 0.06))
            child.send_signal(signal.SIGKILL)
        assert store.check() == ()
    assert len(list((store.home / "tmp").iterdir())) <= 2, "every start sweeps what the last kill left"
    store.sweep()
    assert not list((store.home / "tmp").iterdir())


def test_kill_at_random_instants(store: Store) -> None:
    kill_loop(store, 8)


@pytest.mark.slow
def test_kill_at_300_random_instants(store: Store) -> None:
    kill_loop(store, 300)


def test_sweep_spares_the_living(store: Store) -> None:
    with store.publish("kind", "abcdef") as folder:
        Store(store.home).sweep()
        assert folder.exists()
        # A process of another container: its pid means nothing here, its lock does.
        renamed = folder.with_name("kind-999999999-0011223344556677")
        folder.rename(renamed)
        Store(store.home).sweep()
        assert renamed.exists()
        renamed.rename(folder)
    assert store.find("kind", "abcdef")


def test_disk_full_is_a_plain_error(store: Store) -> None:
    with start(store, 1, "100") as child:
        stderr = child.communicate()[1]
    assert child.returncode and ("OSError" in stderr or "StoreError" in stderr)
    assert store.find("kind", "key0") is None
    store.sweep()
    assert not list((store.home / "tmp").iterdir())


def test_processes_share_a_store(store: Store) -> None:
    children = [start(store, 40) for _ in range(3)]
    said = [child.communicate()[1] for child in children]
    assert [child.returncode for child in children] == [0, 0, 0], said
    assert store.check() == ()


def test_no_descriptor_is_left_open(store: Store) -> None:
    if not Path("/proc/self/fd").exists():
        pytest.skip("needs /proc")
    fill(store, "first0")
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for n in range(20):
        fill(store, f"key{n:03}")
    assert len(os.listdir("/proc/self/fd")) <= before + 1  # noqa: PTH208
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 0
