"""Test rows that were exported stay out of sight and out of what is paid for, until someone says why."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from cli_cases import cli, jsonl, rows

from curate.errors import CurateError, RecipeError
from curate.make.seeds import named
from curate.running import run_all
from curate.ship import current
from curate.ship.sealed import Sealed, left_out
from curate.store import Store, Workspace


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CURATE_HOME", str(tmp_path / "home"))


def workspace() -> Workspace:
    return Workspace(Store())


def exported(tmp_path: Path, count: int = 40) -> tuple[Path, Path, int]:
    """(data, export folder, rows of its test split)."""
    data = jsonl(tmp_path / "data.jsonl", list(rows(count)))
    done = cli("run", data, "--out", tmp_path / "out", "--no-vectors")
    assert done.code == 0, done.err
    return data, tmp_path / "out", len((current(tmp_path / "out") / "test.jsonl").read_text("utf-8").splitlines())


def judged(data: Path, *more: str) -> int:
    done = cli("judge", "estimate", data, "--model", "scripted", "--no-vectors", "--json", "-", *more)
    assert done.code == 0, done.err
    return int(json.loads(done.out)["rows"])


def test_a_command_leaves_them_out_and_opening_is_recorded(tmp_path: Path) -> None:
    data, out, held = exported(tmp_path)
    assert held and judged(data) == 40 - held
    assert judged(data, "--open-test", "auditing the judge itself") == 40
    (opening,) = Sealed(workspace()).openings(current(out).name)
    assert (opening.why, opening.page, opening.rows) == ("auditing the judge itself", "curate judge", held)
    assert cli("registry", "add", "set@1", out).code == 0
    listed = cli("registry", "list")
    assert "test rows opened" in listed.out and "auditing the judge itself" in listed.out
    told = json.loads(cli("registry", "list", "--json", "-").out)["entries"][0]["test_opened"]
    assert [o["page"] for o in told] == ["curate judge"]


def test_added_rows_open_nothing_and_a_new_export_takes_the_place(tmp_path: Path) -> None:
    data, out, held = exported(tmp_path)
    old = Sealed(workspace()).seals()
    with data.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"prompt": "What was never asked before?", "response": "This, for one."}) + "\n")
    assert judged(data) == 41 - held
    _, again, fewer = exported(tmp_path, 30)
    (new,) = Sealed(workspace()).seals()
    assert again == out and new.version == current(out).name != old[0].version and new.rows == fewer


def test_nothing_is_written_after_a_test_row(tmp_path: Path) -> None:
    data, _, held = exported(tmp_path)
    made = run_all([data], [], None, "default", None, None, None, True, [], [])
    hidden = left_out(made.dataset, workspace(), "generate", None)
    assert hidden.sum() == held
    row = made.evidence.ids[int(np.flatnonzero(hidden)[0])].decode()
    with pytest.raises(RecipeError, match="test split"):
        named(made.evidence, [row], hidden)
    refused = cli("generate", "estimate", data, "--model", "scripted", "--no-vectors", "--seed", row)
    assert refused.code == 2 and "--open-test" in refused.err
    assert cli("generate", "estimate", data, "--model", "scripted", "--no-vectors", "--seed", row, "--open-test", "to see").code == 0  # fmt: skip


def test_an_opening_needs_a_reason(tmp_path: Path) -> None:
    exported(tmp_path)
    for why in ("", "  ", "x" * 1001):
        with pytest.raises(CurateError, match="say why"):
            Sealed(workspace()).open("judge", why)
    assert Sealed(workspace()).openings() == ()


def test_a_home_without_exports_hides_nothing(tmp_path: Path) -> None:
    assert judged(jsonl(tmp_path / "data.jsonl", list(rows(12)))) == 12
