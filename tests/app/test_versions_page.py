"""The versions page: what is registered is drawn from inputs to runs; a node opens by name and lights its kin."""

# ruff: noqa: F811
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from app_cases import alone, opened  # noqa: F401
from cli_cases import cli
from cli_cases import rows as plain_rows

from curate.ship.ancestry import ancestry
from curate.ship.registry import Registry
from curate.store import Store, Workspace


@pytest.fixture
def registry(tmp_path: Path, alone: object) -> Registry:
    """Two versions of one name from an input each and a shared evaluation file, two runs on the second, both scored on test."""
    del alone
    registry = Registry(Workspace(Store()))
    exam = tmp_path / "exam.jsonl"
    exam.write_text("".join(json.dumps(r) + "\n" for r in plain_rows(3, 500)), "utf-8")
    for n, count in enumerate((12, 15), 1):
        data = tmp_path / f"<b>part{n}.jsonl"
        data.write_text("".join(json.dumps(r) + "\n" for r in plain_rows(count)), "utf-8")
        assert cli("run", data, "--frozen", exam, "--out", tmp_path / f"out{n}", "--no-vectors").code == 0
        registry.add(f"set@{n}", tmp_path / f"out{n}", "a note")
    for run in ("a", "b"):
        registry.link("set@2", run, "small", {"lr": "1e-4"})
        registry.report(run, "test", "f1", 0.5)
    return registry


def test_the_graph_runs_from_inputs_to_runs(registry: Registry) -> None:
    tree = ancestry(registry, "set")
    assert [len(tree.of(kind)) for kind in ("input", "recipe", "version", "run")] == [3, 2, 2, 2]
    second = next(n for n in tree.of("version") if tree.nodes[n].key == "set@2")
    kin = {tree.nodes[n].title for n in tree.kin(second)}
    assert {"exam.jsonl", "a", "b", "2"} <= kin and not any("part1" in title for title in kin)
    shared = next(n for n in tree.of("input") if tree.nodes[n].title == "exam.jsonl")
    assert len(tree.kin(shared)) == 1 + 2 + 2 + 2


def test_a_node_opens_by_name_and_a_row_is_looked_up(registry: Registry, opened: Callable[..., Any]) -> None:
    app = opened(None, "ship/versions")
    assert not app.exception
    tree = ancestry(registry, "set")
    app.selectbox(key="registry.node.set").set_value(tree.of("run")[1]).run()
    assert not app.exception and any("Training run" in m.value for m in app.markdown)
    assert "test f1 (look 2)" in app.dataframe[0].value.iloc[:, 0].tolist()
    app.selectbox(key="registry.node.set").set_value(tree.of("version")[1]).run()
    app.selectbox(key="registry.compare.set@2").set_value("set@1").run()
    assert not app.exception and any("3 only after" in c.value for c in app.code)
    app.text_input(key="registry.find").set_value("0" * 16).run()
    assert any("No registered version" in i.value for i in app.info)
