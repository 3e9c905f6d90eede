"""Commands: stdout is the result and nothing else, whatever the person asks for."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from cli_cases import PROGRAM, SAMPLE, cli, jsonl, rows, shell, tree

from curate.ship import current

DATA = (SAMPLE / "helpdesk.jsonl", SAMPLE / "medical.jsonl")
FROZEN = ("--frozen", SAMPLE / "evaluation.jsonl")
QUICK = "--no-vectors"


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample data as exported under the default recipe."""
    folder = tmp_path_factory.mktemp("cli") / "out"
    assert cli("run", *DATA, *FROZEN, "--out", folder, QUICK).code == 0
    return folder


def test_audit_prints_a_report_and_no_message(tmp_path: Path) -> None:
    done = cli("audit", *DATA, *FROZEN, QUICK)
    assert (done.code, done.err) == (0, "")
    for part in ("Not ready: ", "rows kept.", "helpdesk.jsonl", "H1 ", "H6 ", "exact_copy", "P90"):
        assert part in done.out
    both = cli("audit", *DATA, *FROZEN, QUICK, "--json", tmp_path / "a.json")
    assert both.out == done.out
    assert json.loads((tmp_path / "a.json").read_text()) == cli("audit", *DATA, *FROZEN, QUICK, "--json", "-").json


def test_json_alone_means_stdout() -> None:
    explicit = cli("audit", *DATA, QUICK, "--json", "-")
    assert explicit.err == ""
    assert cli("audit", *DATA, "--json", QUICK).json == explicit.json
    assert cli("rules", "--json").json == cli("rules", "--json", "-").json


def test_fail_on_reaches_a_badge_or_does_not(tmp_path: Path) -> None:
    bands = {c["band"] for c in cli("audit", *DATA, *FROZEN, QUICK, "--json", "-").json["checks"]}
    for level, bad in (("watch", {"watch", "warning"}), ("warning", {"warning"})):
        done = cli("audit", *DATA, *FROZEN, QUICK, "--fail-on", level)
        assert done.code == int(bool(bands & bad)), level
        assert "rows kept." in done.out
    alike = jsonl(tmp_path / "copies.jsonl", rows(5) * 8)
    assert cli("audit", alike, QUICK, "--fail-on", "warning").code == 1
    assert cli("audit", alike, QUICK).code == 0


def test_measure_keeps_what_audit_then_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = jsonl(tmp_path / "d.jsonl", list(rows(20)))
    done = cli("measure", data, QUICK)
    assert (done.json["rows"], done.json["partial"]) == (20, None)
    assert set(done.json["measures"]) >= {"text", "classes", "pairs"}
    from curate.measure import run

    def measured(*_args: object) -> None:
        raise AssertionError("measured a second time")

    monkeypatch.setattr(run, "in_slices", measured)
    monkeypatch.setattr(run, "build_pairs", measured)
    assert cli("audit", data, QUICK).code == 0


def test_run_prints_the_version_and_verify_agrees(out: Path) -> None:
    again = cli("run", *DATA, *FROZEN, "--out", out, QUICK)
    assert again.out == f"{current(out)}\n"
    assert "rows kept." in again.err
    assert len(list((out / "versions").iterdir())) == 1
    assert cli("verify", out, "--again").code == 0
    assert cli("verify", current(out), "--json", "-").json == {"schema": 1, "mismatches": []}


def test_run_can_print_json(out: Path) -> None:
    made = cli("run", *DATA, *FROZEN, "--out", out, QUICK, "--json", "-").json
    assert made["version"] == current(out).name
    assert made["files"] == cli("audit", *DATA, *FROZEN, QUICK, "--json", "-").json["files"]


def test_a_changed_byte_fails_verify(tmp_path: Path) -> None:
    data, out = jsonl(tmp_path / "d.jsonl", list(rows(9))), tmp_path / "o"
    assert cli("run", data, "--out", out, QUICK).code == 0
    part = current(out) / "train.jsonl"
    part.chmod(0o644)
    part.write_bytes(part.read_bytes().replace(b"patience", b"patients"))
    done = cli("verify", out)
    assert (done.code, done.err) == (1, "")
    assert done.out.startswith("train.jsonl: ")
    assert cli("verify", out, "--json", "-").json["mismatches"][0]["path"] == "train.jsonl"


def test_again_names_verdicts_that_do_not_follow(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from curate.ship import derive

    monkeypatch.setattr(derive, "Recipe", _OtherRecipe)
    done = cli("verify", out, "--again")
    assert done.code == 1
    assert "verdicts.parquet: action differs in " in done.out


def test_limits_and_the_order_of_files_are_in_the_lineage_and_read_again(tmp_path: Path) -> None:
    """Six files are too many orders to try, and a row is longer than the usual limit would be here."""
    recipe = tmp_path / "r.toml"
    recipe.write_text('[near]\nkeep = "first"\n')
    files = [jsonl(tmp_path / f"{name}.jsonl", rows(6)) for name in "fcbead"]
    long = jsonl(tmp_path / "g.jsonl", [rows(1)[0] | {"note": "long " * 3_000_000}])
    limit = ("--limit", "line=20000000")
    out, other = tmp_path / "o", tmp_path / "p"
    assert cli("run", *files, long, "--recipe", recipe, *limit, "--out", out, QUICK).code == 0
    lineage = json.loads((current(out) / "lineage.json").read_text())
    assert lineage["order"] == [*(f"{name}.jsonl" for name in "fcbead"), "g.jsonl"]
    assert lineage["limits"] == {"line": 20_000_000} and lineage["total"]["malformed"] == 0
    again = cli("verify", out, "--again")
    assert (again.code, again.err) == (0, ""), again.out
    made = set()
    for order in (files, files[::-1]):  # where no order of files matters none is named: the same bytes
        assert cli("run", *order, "--out", other, QUICK).code == 0
        assert json.loads((current(other) / "lineage.json").read_text())["order"] == []
        made.add(current(other).name)
    assert len(made) == 1


class _OtherRecipe:
    """A recipe file that reads as S3 whatever it says."""

    @staticmethod
    def from_toml(*_: object, **__: object) -> object:
        from curate.decide import preset

        return preset("S3")


def test_again_derives_every_preset_and_container(tmp_path: Path) -> None:
    import gzip

    import pyarrow as pa

    first = jsonl(tmp_path / "z.jsonl", [*rows(15), rows(1)[0] | {"id": "again"}, "{"])
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(first.read_bytes()))
    (tmp_path / "a.json").write_text(json.dumps(rows(10, start=5)))
    (tmp_path / "c.csv").write_text(
        "prompt,completion\n" + "".join(f'"{r["prompt"]}","{r["completion"]}"\n' for r in rows(9))
    )
    pq.write_table(pa.Table.from_pylist(rows(8, start=3)), tmp_path / "p.parquet")
    files = [tmp_path / name for name in ("z.jsonl", "b.jsonl.gz", "a.json", "c.csv")]
    for preset in ("default", "strict", "precise", "S0", "S1", "S3"):
        out = tmp_path / preset
        assert cli("run", *files, "--out", out, QUICK, "--preset", preset).code == 0
        done = cli("verify", out, "--again")
        assert done.code == 0, (preset, done.out)
    out = tmp_path / "parquet"
    assert cli("run", tmp_path / "p.parquet", first, "--out", out, QUICK).code == 0
    assert cli("verify", out, "--again").code == 0
    (tmp_path / "p.parquet").unlink()
    assert "p.parquet is Parquet" in cli("verify", out, "--again").err


def test_evidence_is_parquet_for_others(tmp_path: Path) -> None:
    done = cli("evidence", *DATA, *FROZEN, "--out", tmp_path / "e", QUICK)
    names = ["columns.parquet", "pairs.parquet", "topics.json"]
    assert done.out.splitlines() == [str(tmp_path / "e" / name) for name in names]
    columns, pairs = (pq.read_table(tmp_path / "e" / name) for name in names[:2])
    made = cli("measure", *DATA, *FROZEN, QUICK).json
    assert (len(columns), len(pairs)) == (made["rows"], made["pairs"])
    assert {"id", "frozen", "class_content", *made["columns"]} <= set(columns.column_names)
    known = set(columns["id"].to_pylist())
    assert known >= set(pairs["i"].to_pylist()) | set(pairs["j"].to_pylist())
    assert pairs["prompt_cosine"].null_count == len(pairs), "not measured is null"
    assert json.loads((tmp_path / "e" / names[2]).read_text())["cuts"] == []
    before = tree(tmp_path / "e")
    assert cli("evidence", *DATA, *FROZEN, "--out", tmp_path / "e", QUICK).code == 0
    assert tree(tmp_path / "e") == before
    assert [p.name for p in tmp_path.iterdir()] == ["e"]


def test_diff_names_settings_counts_and_rows(out: Path, tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text(
        "[rules.refusal]\nenabled = false\n[rules.too_long_answer]\nenabled = true\nhigh = 150\n"
    )
    assert cli("run", *DATA, *FROZEN, "--out", tmp_path / "b", QUICK, "--recipe", tmp_path / "r.toml").code == 0
    found = cli("diff", out, tmp_path / "b", "--json", "-").json
    assert found["settings"]["rules.refusal.enabled"] == [True, False]
    assert found["settings"]["rules.too_long_answer.high"] == ["inf", 150.0]
    assert found["inputs"] == {}
    assert found["reasons"]["refusal"][1] == 0
    freed = [c for c in found["changes"] if c["before"]["reasons"] == ["refusal"]]
    assert freed and all(c["after"]["action"] == "keep" for c in freed)
    kept = [sum(c[side]["action"] == "keep" for c in found["changes"]) for side in ("before", "after")]
    assert found["counts"].get("keep", [0, 0])[1] - found["counts"].get("keep", [0, 0])[0] == kept[1] - kept[0]
    text = cli("diff", out, tmp_path / "b").out
    assert "rules.refusal.enabled: True -> False" in text and "change fate" in text
    same = cli("diff", out, current(out)).out
    assert "both are this version" in same


def test_diff_knows_other_rows(tmp_path: Path) -> None:
    for name, count in (("a", 10), ("b", 12)):
        assert (
            cli("run", jsonl(tmp_path / f"{name}.jsonl", list(rows(count))), "--out", tmp_path / name, QUICK).code == 0
        )
    found = cli("diff", tmp_path / "a", tmp_path / "b", "--json", "-").json
    assert (found["only_before"], found["only_after"]) == (0, 2)
    assert found["counts"]["keep"] == [10, 12]


def test_a_sample_is_marked_partial_everywhere(tmp_path: Path) -> None:
    data, out = jsonl(tmp_path / "d.jsonl", list(rows(30))), tmp_path / "o"
    sample = ("--sample", "7", QUICK)
    audit = cli("audit", data, *sample)
    assert "artial: a sample of 7 rows" in audit.out and "artial" in audit.err
    assert cli("audit", data, *sample, "--json", "-").json["partial"] == 7
    assert cli("measure", data, *sample).json["partial"] == 7
    run = cli("run", data, *sample, "--out", out)
    assert "artial" in run.err
    lineage = json.loads((current(out) / "lineage.json").read_text())
    assert (lineage["partial"], lineage["sample"], lineage["total"]["read"]) == (True, 7, 7)
    assert cli("verify", out, "--again").code == 0
    whole = cli("run", data, QUICK, "--out", tmp_path / "whole")
    assert "artial" not in whole.err
    assert cli("diff", out, tmp_path / "whole", "--json", "-").json["inputs"]["sample"] == [7, None]


def test_rules_lists_every_code() -> None:
    from curate.decide.rules import CODES
    from curate.load import CODES as MALFORMED

    found = cli("rules", "--json").json
    by_code = {r["code"]: r for r in found}
    assert len(by_code) == len(found)
    assert set(by_code) == {*CODES, *MALFORMED}
    assert all(r["help"] and r["source"] for r in found)
    assert {r["action"] for r in found} == {"drop", "review", "malformed", "note"}
    assert by_code["near_text"]["low"] == 0.8
    assert by_code["repetitive_answer"] | {"high": 0.6, "enabled": True} == by_code["repetitive_answer"]
    shown = cli("rules").out
    assert all(code in shown for code in CODES)


def test_store_says_what_it_holds_and_clears_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CURATE_HOME", str(tmp_path / "home"))
    assert cli("store", "info").out == f"{tmp_path / 'home'}\n"
    assert cli("audit", jsonl(tmp_path / "d.jsonl", list(rows(5))), QUICK).code == 0
    info = cli("store", "info", "--check", "--json", "-").json
    assert {"dataset", "classes", "pairs"} <= set(info["kinds"]) and info["damaged"] == []
    assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700
    assert cli("store", "clear").out.endswith("MB freed\n")
    assert cli("store", "info", "--json", "-").json["kinds"] == {}


def test_nobody_reading_is_no_error() -> None:
    with subprocess.Popen([*PROGRAM, "rules"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as done:
        assert done.stdout and done.stderr
        done.stdout.close()
        assert done.stderr.read() == b""
    assert done.returncode == 0


@pytest.mark.parametrize("presses", [1, 2])
def test_ctrl_c_while_measuring_publishes_nothing(tmp_path: Path, presses: int) -> None:
    """The first asks and the step in flight is given PATIENCE; the second does not wait."""
    (tmp_path / "d").mkdir()
    data = jsonl(tmp_path / "d.jsonl", list(rows(40)))
    slow = "import time; from curate.measure import run as r; f = r.in_slices\n" \
           "def g(*t): open('measuring', 'w').close(); time.sleep(60); return f(*t)\n" \
           "r.in_slices = g; from curate.cli import main; main()"  # fmt: skip
    command = [sys.executable, "-c", slow, "run", str(data), "--out", "out", QUICK]
    env = os.environ | {"CURATE_HOME": str(tmp_path / "home")}
    with subprocess.Popen(
        command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as work:
        deadline = time.monotonic() + 60
        while not (tmp_path / "measuring").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        began = time.monotonic()
        for _ in range(presses):
            work.send_signal(signal.SIGINT)
            time.sleep(0.2)
        out, err = work.communicate(timeout=60)
    assert (work.returncode, out) == (130, ""), err
    assert err.startswith("interrupted after ") and err.count("\n") == 1
    assert time.monotonic() - began < 30
    assert not (tmp_path / "out").exists()
    assert shell("run", data, "--out", tmp_path / "out", QUICK, CURATE_HOME=str(tmp_path / "home")).code == 0


HEAVY = (
    "torch",
    "transformers",
    "sentence_transformers",
    "umap",
    "hdbscan",
    "sklearn",
    "streamlit",
    "plotly",
    "anthropic",
)  # pyarrow itself imports pandas
SLOW = ("numba", "scipy", "pyarrow", "llvmlite")


def loaded(code: str) -> set[str]:
    """Top-level modules in a fresh process after `code`."""
    tail = "\nimport sys; sys.stderr.write(' '.join(sorted({m.split('.')[0] for m in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", code + tail], capture_output=True, text=True, check=True, timeout=120)
    return set(done.stderr.split())


def command(*words: str) -> str:
    return f"from curate.cli import main\ntry: main({list(words)!r})\nexcept SystemExit: pass"


@pytest.mark.parametrize("code", ["import curate", "import curate.cli", command("--help"), command("audit", "--help")])
def test_a_start_imports_nothing_slow(code: str) -> None:
    assert not loaded(code) & {*HEAVY, *SLOW}


@pytest.mark.parametrize("words", [("rules",), ("store", "info"), ("audit", str(DATA[0]), QUICK)])
def test_light_commands_import_nothing_heavy(words: tuple[str, ...]) -> None:
    assert not loaded(command(*words)) & set(HEAVY)
