"""The registry: entries never change, processes at once lose none, what is asked of a version needs no folder."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cli_cases import cli, rows

from curate.errors import CurateError, StoreError
from curate.ship import current
from curate.ship.diff import diff_exports
from curate.ship.publish import publish, staging
from curate.ship.registry import Registry
from curate.store import Store, Workspace

WRITER = """
import sys
from pathlib import Path
from curate.ship.registry import Registry
from curate.store import Store, Workspace
registry = Registry(Workspace(Store()))
for n in range(int(sys.argv[3])):
    registry.add(f"set-{sys.argv[2]}@{n}", Path(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two exports of overlapping rows."""
    folder = tmp_path_factory.mktemp("exports")
    out = []
    for n, count in enumerate((12, 15)):
        data = folder / f"{n}.jsonl"
        data.write_text("".join(json.dumps(r) + "\n" for r in rows(count)), "utf-8")
        assert cli("run", data, "--out", folder / f"out{n}", "--no-vectors").code == 0
        out.append(folder / f"out{n}")
    return out[0], out[1]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry of its own for each test."""
    monkeypatch.setenv("CURATE_HOME", str(tmp_path / "home"))


@pytest.fixture
def registry() -> Registry:
    return Registry(Workspace(Store()))


def test_an_entry_never_names_other_bytes(registry: Registry, exports: tuple[Path, Path]) -> None:
    one, two = exports
    entry = registry.add("helpdesk@1", one, "first")
    assert registry.add("helpdesk@1", one, "said again") == entry
    with pytest.raises(StoreError, match="helpdesk@1 is registered with other bytes"):
        registry.add("helpdesk@1", two)
    assert [e.key for e in registry.history("helpdesk")] == ["helpdesk@1"]
    assert entry.notes == "first" and entry.kept == 12 and len(entry.fingerprint) == 64


@pytest.mark.parametrize("key", ["", "a", "a@", "@1", "../a@1", "a@1/2", "a b@1", "a@" + "1" * 65, "CON\0@1"])
def test_a_key_is_a_plain_name(registry: Registry, exports: tuple[Path, Path], key: str) -> None:
    with pytest.raises(CurateError, match="no NAME@VERSION"):
        registry.add(key, exports[0])


def test_a_damaged_export_is_refused(registry: Registry, exports: tuple[Path, Path], tmp_path: Path) -> None:
    shutil.copytree(exports[0], tmp_path / "out")
    train = next((tmp_path / "out" / "versions").glob("*/train.jsonl"))
    train.chmod(0o600)
    data = bytearray(train.read_bytes())
    data[-3] ^= 1
    train.write_bytes(data)
    with pytest.raises(StoreError, match=r"train\.jsonl was changed"):
        registry.add("helpdesk@1", tmp_path / "out")


def test_versions_answer_without_their_folders(registry: Registry, exports: tuple[Path, Path], tmp_path: Path) -> None:
    for n, out in enumerate(exports):
        shutil.copytree(out, tmp_path / str(n))
        registry.add(f"set@{n}", tmp_path / str(n))
    ids = [r["id"] for r in map(json.loads, _verdicts(registry, "set@0"))]
    later = [r["id"] for r in map(json.loads, _verdicts(registry, "set@1")) if r["id"] not in ids]
    for n in range(2):
        shutil.rmtree(tmp_path / str(n))
    assert [(e.key, action) for e, action, _ in registry.holding(ids[0])] == [("set@0", "keep"), ("set@1", "keep")]
    assert [e.key for e, _, _ in registry.holding(later[0].partition("-")[0])] == ["set@1"]
    assert registry.holding("0" * 16 + "-0") == ()
    done = cli("registry", "diff", "set@0", "set@1")
    assert done.code == 0 and "0 only before, 3 only after" in done.out
    assert "badges:" in done.out and "H6 Final size: 12 rows" in done.out


def _verdicts(registry: Registry, key: str) -> list[str]:
    from io import BytesIO

    import pyarrow.parquet as pq

    return [json.dumps(r) for r in pq.read_table(BytesIO(registry.file(key, "verdicts.parquet"))).to_pylist()]


def test_a_test_split_is_looked_at_once(registry: Registry, exports: tuple[Path, Path]) -> None:
    registry.add("set@1", exports[0])
    for run in ("a", "b"):
        registry.link("set@1", run, "small-model", {"lr": "1e-4"})
    assert registry.report("a", "test", "f1", 0.8).look == 1
    assert registry.report("a", "test", "accuracy", 0.9).look == 1  # the same run, another figure
    assert registry.report("b", "validation", "f1", 0.7).look == 1
    assert registry.report("b", "test", "f1", 0.81).look == 2
    assert [(t.run, len(t.scores)) for t in registry.runs("set@1")] == [("a", 2), ("b", 2)]
    with pytest.raises(StoreError, match="links never change"):
        registry.link("set@1", "a", "another-model")
    with pytest.raises(CurateError, match="is not linked"):
        registry.report("c", "test", "f1", 1.0)


def test_the_commands(exports: tuple[Path, Path]) -> None:
    assert cli("registry", "add", "set@1", exports[0], "--notes", "first\x1b[31m").code == 0
    assert cli("registry", "link", "set@1", "--run", "r1", "--model", "m", "--param", "epochs=3").code == 0
    assert cli("registry", "link", "set@1", "--run", "r2", "--model", "m").code == 0
    assert cli("registry", "score", "r1", "f1=0.8").err == ""
    assert "Look 2 at this test split" in cli("registry", "score", "r2", "f1=0.9").err
    listed = cli("registry", "list")
    assert "set@1" in listed.out and "epochs=3" in listed.out and "look 2" in listed.out and "\x1b" not in listed.out
    entry = cli("registry", "list", "--json").json["entries"][0]
    assert entry["name"] == "set" and len(entry["runs"]) == 2
    assert cli("registry", "add", "set@1", exports[1]).code == 2
    assert cli("registry", "score", "r1", "f1=good").code == 2


def test_processes_at_once_lose_no_entry(registry: Registry, exports: tuple[Path, Path]) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(exports[0]), str(n), "8"]) for n in range(4)]
    assert [w.wait(120) for w in writers] == [0] * 4
    assert len(registry.history()) == 32


@pytest.mark.slow
def test_four_hundred_registrations(registry: Registry, exports: tuple[Path, Path]) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(exports[0]), str(n), "100"]) for n in range(4)]
    assert [w.wait(600) for w in writers] == [0] * 4
    assert len({(e.name, e.version) for e in registry.history()}) == 400
    with pytest.raises(StoreError, match="other bytes"):
        registry.add("set-0@0", exports[1])


def test_topics_are_compared_by_name(exports: tuple[Path, Path], tmp_path: Path) -> None:
    """Numbers are another cut's; a topic that one side lacks has no rows there."""
    for name, topics in (("a", [["refunds", 9, 5], ["login", 3, 3]]), ("b", [["login", 4, 3], ["refunds", 9, 2], ["new", 2, 1]])):  # fmt: skip
        with staging(tmp_path / name) as stage:
            for path in (p for p in current(exports[0]).rglob("*") if p.is_file() and p.name not in ("manifest.json", "run.json")):  # fmt: skip
                text = path.read_bytes()
                if path.name == "lineage.json":
                    told = json.loads(text)
                    told["stats"]["topics"] = topics
                    text = json.dumps(told).encode()
                with stage.open(path.relative_to(current(exports[0])).as_posix()) as file:
                    file.write(text)
            publish(stage, {})
    assert diff_exports(tmp_path / "a", tmp_path / "b").topics == {"refunds": (5, 2), "new": (0, 1)}
