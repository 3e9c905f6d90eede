"""The proof from the files alone: it holds for what was exported, and finds what was moved across a boundary."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_cases import SAMPLE, cli, jsonl, rows

from curate.ship import current
from curate.ship.proof import Proof
from curate.ship.publish import publish, staging
from curate.ship.recheck import recheck


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample data with its evaluation rows, without vectors."""
    out = tmp_path_factory.mktemp("export") / "out"
    words = [
        SAMPLE / "helpdesk.jsonl",
        SAMPLE / "medical.jsonl",
        "--frozen",
        SAMPLE / "evaluation.jsonl",
        "--no-vectors",
    ]
    assert cli("run", *map(str, words), "--out", out).code == 0
    return out


def changed(export: Path, out: Path, change: Callable[[str, bytes], bytes]) -> Path:
    """The export with files changed and every hash forged."""
    version = current(export)
    with staging(out) as stage:
        for path in sorted(version.rglob("*")):
            name = path.relative_to(version).as_posix()
            if path.is_file() and name not in ("manifest.json", "run.json"):
                with stage.open(name) as file:
                    file.write(change(name, path.read_bytes()))
        publish(stage, {})
    return current(out)


def found(proof: Proof) -> dict[tuple[str, str], int]:
    return {(x.check, x.between): x.found for x in proof.lines if x.found}


def test_it_holds_for_an_export(export: Path) -> None:
    proof = recheck(current(export))
    assert proof.holds, found(proof)
    assert {"same question", "near text", "group", "evaluation: quoted"} <= {x.check for x in proof.lines}
    done = cli("verify", export, "--proof")
    assert done.code == 0 and "near text" in done.out


def test_a_near_copy_across_a_boundary_is_found(export: Path, tmp_path: Path) -> None:
    """A training question with one letter more, put into the test file."""
    line = next(x for x in (current(export) / "train.jsonl").read_bytes().splitlines() if b'"messages"' in x)
    row = json.loads(line)
    user = next(m for m in row["messages"] if m["role"] == "user")
    user["content"] += "s"
    twin = json.dumps(row).encode() + b"\n"
    version = changed(export, tmp_path / "out", lambda name, data: data + twin if name == "test.jsonl" else data)
    seen = found(recheck(version))
    assert seen[("near text", "train and test")] >= 1 and seen[("rows", "split files")] == 1


def test_a_copied_row_and_a_quoted_item_are_found(export: Path, tmp_path: Path) -> None:
    item = (SAMPLE / "evaluation.jsonl").read_bytes().splitlines()[0] + b"\n"
    version = changed(export, tmp_path / "out", lambda name, data: data + item if name == "train.jsonl" else data)
    assert found(recheck(version))[("evaluation: same question", "splits and evaluation")] == 1


def test_an_evaluation_file_that_changed_is_found(export: Path, tmp_path: Path) -> None:
    version = changed(export, tmp_path / "out", lambda name, data: data[:-1] if name.startswith("frozen/") else data)
    assert found(recheck(version))[("evaluation bytes", "frozen files")] == 1


def test_a_group_on_two_sides_is_found(tmp_path: Path) -> None:
    items = [r | {"conversation_id": f"c{k // 2}"} for k, r in enumerate(rows(40))]
    data = jsonl(tmp_path / "data.jsonl", items)
    assert cli("run", data, "--out", tmp_path / "out", "--no-vectors").code == 0
    out = tmp_path / "out"
    assert recheck(current(out)).holds
    lines = (current(out) / "train.jsonl").read_bytes().splitlines(keepends=True)
    version = changed(out, tmp_path / "moved", lambda name, data: (
        data + lines[0] if name == "test.jsonl" else b"".join(lines[1:]) if name == "train.jsonl" else data))  # fmt: skip
    seen = found(recheck(version))
    assert seen[("group", "train and test")] == 1 and seen[("rows", "split files")] == 2


def test_named_columns_are_named_again(tmp_path: Path) -> None:
    """A file that no shape fits is read back under the columns that a person named."""
    items = [{"frage": r["prompt"], "antwort": r["completion"]} for r in rows(30)]
    data = jsonl(tmp_path / "data.jsonl", items)
    words = ["--map", "prompt=frage,response=antwort", "--no-vectors", "--out", tmp_path / "out"]
    assert cli("run", data, *map(str, words)).code == 0
    proof = recheck(current(tmp_path / "out"))
    assert proof.holds, found(proof)
