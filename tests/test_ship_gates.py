"""SARIF and JUnit: what other programs show of an audit, file and line for each row, never its text."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

from cli_cases import SAMPLE, cli, jsonl, rows

import curate
from curate.decide import preset
from curate.ship.gates import sarif

CANARY = "zebra-canary"


def test_sarif_names_every_row_that_is_held_back(tmp_path: Path) -> None:
    place = tmp_path / "audit.sarif"
    done = cli("audit", SAMPLE / "helpdesk.jsonl", "--no-vectors", "--sarif", place, "--json")
    run = json.loads(place.read_text("utf-8"))["runs"][0]
    files = done.json["files"][0]
    rowwise = [r for r in run["results"] if "locations" in r]
    assert len(rowwise) == files["dropped"] + files["review"] + files["malformed"]
    assert run["properties"]["results"] == len(run["results"]) and run["properties"]["leftOut"] == 0
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    spot = rowwise[0]["locations"][0]["physicalLocation"]
    assert spot["artifactLocation"]["uri"] == "helpdesk.jsonl" and spot["region"]["startLine"] >= 1
    assert {r["level"] for r in run["results"]} <= {"error", "warning", "note"}


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    data = curate.load([jsonl(tmp_path / "d.jsonl", rows(1) * 20)])
    recipe = preset("default").with_setting("embed", enabled=False)
    evidence = curate.measure(data, recipe=recipe)
    verdicts = curate.decide(evidence, recipe)
    checks = curate.check(data, evidence, verdicts)
    whole, part = (json.loads(sarif(data, verdicts, checks, most)) for most in (1000, 3))
    assert len(part["runs"][0]["results"]) == 3
    assert part["runs"][0]["properties"]["leftOut"] == len(whole["runs"][0]["results"]) - 3


def test_junit_fails_what_the_gate_fails(tmp_path: Path) -> None:
    data = jsonl(tmp_path / "d.jsonl", [*rows(1) * 20, f'{{"prompt": "{CANARY}'])
    done = cli(
        "audit", data, "--no-vectors", "--fail-on", "warning", "--junit", tmp_path / "j.xml", "--sarif", tmp_path / "s"
    )
    assert done.code == 1
    suite = ET.fromstring((tmp_path / "j.xml").read_text("utf-8"))
    failed = {c.attrib["name"] for c in suite.iter("testcase") if c.find("failure") is not None}
    assert "d.jsonl" in failed and any(name.startswith("H5") for name in failed)
    assert int(suite.attrib["failures"]) == len(failed)
    assert CANARY not in (tmp_path / "j.xml").read_text("utf-8") + (tmp_path / "s").read_text("utf-8")


def test_an_input_is_not_overwritten(tmp_path: Path) -> None:
    data = jsonl(tmp_path / "d.jsonl", rows(3))
    before = data.read_bytes()
    assert cli("audit", data, "--no-vectors", "--sarif", data).code == 2
    assert data.read_bytes() == before
