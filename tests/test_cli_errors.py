"""Errors: one sentence on stderr, exit 2, nothing published, no traceback, and never the text of a row."""

from __future__ import annotations

import json
import os
from importlib import import_module
from pathlib import Path

import pytest
from cli_cases import Done, cli, jsonl, rows

from curate.store import Store

CANARY = "CANARY-7f3a-row-text"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return jsonl(tmp_path / "data.jsonl", list(rows(12)))


def refused(done: Done, *says: str) -> None:
    """One sentence, exit 2, nothing on stdout."""
    assert (done.code, done.out) == (2, ""), done
    assert done.err.startswith("curate: ") and done.err.count("\n") == 1, done.err
    assert "Traceback" not in done.err
    for said in says:
        assert said in done.err


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    refused(cli("audit", tmp_path / "nowhere.jsonl"), "nowhere.jsonl")
    refused(cli("run", tmp_path, "--out", tmp_path / "o"), tmp_path.name)
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [(["audit"], "Missing argument"), (["frobnicate"], "frobnicate"), (["audit", "x", "--nope"], "--nope"),
     (["audit", "x", "--fail-on", "doom"], "doom"), (["audit", "x", "--sample", "many"], "--sample"),
     (["audit", "x", "--max-malformed", "7"], "max-malformed"), (["run", "x"], "--out")],
)  # fmt: skip
def test_usage_is_one_sentence(words: list[str], says: str) -> None:
    refused(cli(*words), says)


def test_no_argument_shows_the_help() -> None:
    done = cli()
    assert done.code == 2
    assert "audit" in done.out + done.err


@pytest.mark.parametrize(
    ("text", "says"),
    [("[near]\ntxt = 0.8\n", "'txt'"), ("[rules.no_such_rule]\nlow = 1\n", "no_such_rule"), ("near = \n", "no TOML"),
     ("[near]\ntext = 'high'\n", "text"), ("preset = 'S9'\n", "S9"), ("[near]\ntext = 1.5\n", "near.text"),
     ("[rules.refusal]\nlowest = 1\n", "lowest"), ("colour = 1\n", "colour"), ("version = 9\n", "version")],
)  # fmt: skip
def test_a_bad_recipe_is_refused_by_key(data: Path, tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "r.toml").write_text(text)
    refused(cli("run", data, "--out", tmp_path / "o", "--recipe", tmp_path / "r.toml", "--no-vectors"), says)
    assert not (tmp_path / "o").exists()


def test_other_things_that_can_not_be_used(data: Path, tmp_path: Path) -> None:
    quick = ("--no-vectors",)
    refused(cli("audit", data, "--preset", "S9", *quick), "S9", "S1")
    refused(cli("audit", data, "--recipe", tmp_path / "no.toml", *quick), "no.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    refused(cli("audit", data, "--recipe", tmp_path / "bytes.toml", *quick), "bytes.toml")
    refused(cli("audit", data, "--tokenizer", tmp_path / "none", *quick), "okenizer")
    refused(cli("audit", data, "--json", tmp_path / "no" / "x.json", *quick), "x.json")
    refused(cli("audit", data, "--sample", "0", *quick), "sample")
    refused(cli("verify", tmp_path / "nothing"), "no export")
    refused(cli("diff", tmp_path, tmp_path), "no export")
    refused(cli("app", tmp_path / "none.jsonl"), "none.jsonl")


def test_a_threshold_below_the_floor_says_what_to_run(data: Path, tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text("[near]\ntext = 0.5\n")
    refused(cli("audit", data, "--recipe", tmp_path / "r.toml", "--no-vectors"), "text_floor")


def test_json_never_overwrites_an_input_or_enters_the_export(data: Path, tmp_path: Path) -> None:
    before = data.read_bytes()
    link = tmp_path / "link"
    link.symlink_to(data)
    for place in (data, link):
        refused(cli("audit", data, "--json", place, "--no-vectors"), "one of the inputs")
    refused(
        cli("run", data, "--out", tmp_path / "o", "--json", tmp_path / "o" / "x.json", "--no-vectors"), "export folder"
    )
    assert data.read_bytes() == before
    assert not (tmp_path / "o").exists()


def test_foreign_folders_are_refused_before_the_work(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module("curate.load"), "load", None)
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("mine")
    for command in ("run", "evidence"):
        refused(cli(command, data, "--out", out, "--no-vectors"), "thesis.txt")
    (tmp_path / "link").symlink_to(out)
    for command in ("run", "evidence"):
        refused(cli(command, data, "--out", tmp_path / "link", "--no-vectors"), "link")
    assert [p.name for p in out.iterdir()] == ["thesis.txt"]


def test_no_usable_row_is_an_error(tmp_path: Path) -> None:
    for name, items in (("empty", []), ("bad", ["{", "null"]), ("blank", ["", " "])):
        path = jsonl(tmp_path / f"{name}.jsonl", list(items))
        refused(cli("run", path, "--out", tmp_path / "o", "--no-vectors"))
    assert not (tmp_path / "o").exists()
    frozen = jsonl(tmp_path / "frozen.jsonl", list(rows(3)))
    refused(cli("audit", tmp_path / "bad.jsonl", "--frozen", frozen, "--no-vectors"), "no usable row", "bad.jsonl:1")


def test_malformed_rows_alone_are_no_error(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "d.jsonl", [*rows(18), "{", "null"])
    assert cli("audit", path, "--no-vectors").code == 0
    assert cli("audit", path, "--no-vectors", "--max-malformed", "0.1").code == 0
    refused(cli("audit", path, "--no-vectors", "--max-malformed", "0.05"), "2 of 20", "10.0%", "5.0%")
    refused(cli("run", path, "--out", tmp_path / "o", "--no-vectors", "--max-malformed", "0"))
    assert not (tmp_path / "o").exists()


def canary_file(path: Path) -> Path:
    """Every kind of defect, each carrying the canary."""
    row = {"prompt": f"{CANARY} one", "completion": f"{CANARY} two"}
    bad = [f'{{"prompt": "{CANARY}"', f'{{"{CANARY}": 1}}', f'["{CANARY}"]', f'"{CANARY}"', f'{{"prompt": "{CANARY}", "prompt": 1}}',
           f'{{"prompt": "{CANARY}", "completion": NaN}}', json.dumps({"messages": [{"role": CANARY, "content": CANARY}]}),
           json.dumps({"messages": CANARY}), json.dumps({"prompt": [CANARY], "completion": {CANARY: CANARY}})]  # fmt: skip
    return jsonl(path, [row, row, row | {"completion": ""}, *bad])


def test_row_text_is_never_printed(tmp_path: Path) -> None:
    path, out = canary_file(tmp_path / "c.jsonl"), tmp_path / "o"
    dones = [cli("audit", path, "--no-vectors"), cli("audit", path, "--no-vectors", "--json", "-"),
             cli("measure", path, "--no-vectors"), cli("run", path, "--out", out, "--no-vectors"), cli("verify", out, "--again"),
             cli("audit", path, "--no-vectors", "--max-malformed", "0")]  # fmt: skip
    bad = jsonl(tmp_path / "all-bad.jsonl", path.read_text().splitlines()[3:])
    dones.append(cli("audit", bad, "--no-vectors"))
    assert [d.code for d in dones] == [0, 0, 0, 0, 0, 2, 2]
    for done in dones:
        assert CANARY not in done.out + done.err


def test_our_own_faults_leave_places_and_no_text(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        try:
            raise KeyError(CANARY)
        except KeyError:
            raise RuntimeError(CANARY)  # noqa: B904

    from curate.ship import audit

    monkeypatch.setattr(audit, "counts", fail)
    done = cli("audit", data, "--no-vectors", "--json", "-")
    refused(done, "RuntimeError", "our fault")
    path = Path(done.err.split(" are in ")[1].strip())
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.parent == Store().home
    text = path.read_text()
    assert "KeyError" in text and "in fail" not in text and " fail\n" in text
    assert CANARY not in done.err + text


def test_a_home_that_can_not_be_written_is_named(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CURATE_HOME", str(tmp_path / "file" / "home"))
    refused(cli("audit", data, "--no-vectors"), "CURATE_HOME")


def test_names_can_not_move_the_cursor(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a\x1b[2J[bold]:bomb:\u202e.jsonl", ["{"])
    done = cli("audit", path, "--no-vectors")
    refused(done)
    assert not set("\x1b\u202e") & set(done.err)
    good = jsonl(tmp_path / "g\x1b[2J[bold]:bomb:.jsonl", list(rows(3)))
    assert "\x1b" not in cli("audit", good, "--no-vectors").out


def test_a_path_that_is_no_utf8_works(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.jsonl")
    path = jsonl(tmp_path / name, list(rows(3)))
    done = cli("audit", path, "--no-vectors", "--json", tmp_path / "x.json")
    assert done.code == 0, done.err
    assert json.loads((tmp_path / "x.json").read_text())["files"][0]["read"] == 3
