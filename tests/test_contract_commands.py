"""Contract "Command line": commands, options, streams, exit codes and the audit's JSON, as other programs rely on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer.main
from cli_cases import SAMPLE, cli, jsonl, rows

from curate.cli import app

COMMANDS = {
    "audit",
    "measure",
    "run",
    "evidence",
    "fit",
    "rules",
    "report",
    "diff",
    "verify",
    "registry",
    "generate",
    "judge",
    "review",
    "gold",
    "history",
    "store",
    "app",
}
COMMON = {"--recipe", "--preset", "--frozen", "--sample", "--tokenizer"}


def options(command: Any) -> set[str]:
    return {name for parameter in command.params for name in parameter.opts if name.startswith("--")}


def test_commands_and_their_options() -> None:
    commands: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert set(commands) == COMMANDS
    assert set(commands["store"].commands) == {"info", "clear"}
    assert set(commands["review"].commands) == {"start", "status", "agreement", "export", "import", "edits", "rubric"}
    assert set(commands["history"].commands) == {"list", "save", "share", "take", "use", "undo", "compare"}
    assert set(commands["gold"].commands) == {"pick", "status", "freeze"}
    assert set(commands["registry"].commands) == {"add", "list", "link", "score", "find", "diff", "hand-over"}
    for name in ("audit", "measure", "run", "evidence", "report"):
        assert options(commands[name]) >= COMMON, name
    for name in ("audit", "measure", "run", "fit", "rules", "diff", "verify"):
        assert "--json" in options(commands[name]), name
    assert options(commands["audit"]) >= {"--fail-on", "--max-malformed", "--sarif", "--junit"}
    assert "--max-malformed" in options(commands["run"])
    assert {"--out"} <= options(commands["run"]) & options(commands["evidence"])
    assert options(commands["fit"]) >= {"--for", "--tokenizer", "--max-length", "--sample", "--max-malformed"}
    assert "--port" in options(commands["app"])


def test_exit_codes(tmp_path: Path) -> None:
    """0 done, 1 only for a gate that was asked for, 2 error; 130 is in test_cli_commands."""
    data, out = jsonl(tmp_path / "d.jsonl", [*rows(1) * 20, "{"]), tmp_path / "o"
    assert cli("audit", data, "--no-vectors").code == 0
    assert cli("audit", data, "--no-vectors", "--fail-on", "warning").code == 1
    assert cli("audit", data, "--no-vectors", "--max-malformed", "0").code == 2
    assert cli("run", data, "--out", out, "--no-vectors").code == 0
    (out / "CURRENT").write_text("nonsense\n")
    assert cli("verify", out).code == 1
    assert cli("verify", tmp_path / "none").code == 2


def shape(value: Any) -> Any:
    """Types in place of values."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


def test_the_audit_json() -> None:
    done = cli(
        "audit", SAMPLE / "helpdesk.jsonl", "--frozen", SAMPLE / "evaluation.jsonl", "--no-vectors", "--json", "-"
    )
    data = done.json
    assert data["schema"] == 1
    assert set(data) >= {"schema", "files", "kept", "reasons", "checks", "scores", "fingerprints"}
    count = dict.fromkeys(("read", "kept", "dropped", "review", "frozen", "malformed", "blank"), "int")
    assert shape(data["files"]) == [{"path": "str", **count}]
    assert all(set(r) == {"first", "only", "all"} for r in data["reasons"].values())
    assert [set(c) for c in data["checks"]] == [{"id", "value", "band", "base"}] * len(data["checks"])
    assert [c["id"] for c in data["checks"]] == ["H1", "H2", "H3", "H4", "H5", "H6", "H7"]
    assert {c["band"] for c in data["checks"]} <= {"healthy", "watch", "warning", "not measured"}
    assert {"dataset", "recipe", "overrides", "measures"} == set(data["fingerprints"])
    assert data["kept"] == sum(f["kept"] for f in data["files"])
    for f in data["files"]:
        assert f["read"] == sum(f[k] for k in count if k != "read")


def test_the_rules_json() -> None:
    for row in cli("rules", "--json").json:
        assert set(row) == {"code", "action", "column", "low", "high", "enabled", "help", "source", "unit"}
    stable = {"exact_copy", "near_text", "near_meaning", "contradiction", "contaminated", "over_cap", "override_drop",
              "empty_answer", "too_short_answer"}  # fmt: skip
    assert stable <= {row["code"] for row in cli("rules", "--json").json}


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_help_on_stdout(command: str) -> None:
    done = cli(command, "--help")
    assert (done.code, done.err) == (0, "")
    assert command in done.out
