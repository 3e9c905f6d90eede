"""Every rule of every destination shows itself on its own minimal example and keeps quiet on the other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from curate.load import load
from curate.profiles import DESTINATIONS, Destination, FileRule, Rule, View, simulate
from curate.profiles.files import at_most, no_bigger
from curate.profiles.rule import Case
from curate.types import F32, Dataset

ROWS = [(d, n) for d in DESTINATIONS for n in range(len(d.rules))]
FILES = [(d, f) for d in DESTINATIONS for f in d.files]


def read(folder: Path, name: str, text: str) -> Dataset:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return load([path], workers=1)


def meets(folder: Path, destination: Destination, place: int, case: Case) -> bool:
    """Whether the case's own row, the last line of its file, meets the rule and has its fate or a worse one."""
    data = read(folder, "rows.jsonl", "\n".join([*case.beside, case.row]) + "\n")
    tokens: dict[str, F32] = {k: np.full(len(data), v, np.float32) for k, v in case.tokens.items()}
    outcome = simulate(data, destination, tokens=tokens or None, max_length=case.limit)
    row = int(np.argmax(outcome.view.lines))
    hit = bool(outcome.met(place)[row])
    assert not hit or outcome.fate[row] >= destination.rules[place].fate
    return hit


@pytest.mark.parametrize(("destination", "place"), ROWS, ids=[f"{d.name}.{d.rules[n].id}" for d, n in ROWS])
def test_a_rule_shows_on_its_example_and_not_on_the_other(destination: Destination, place: int, tmp_path: Path) -> None:
    rule = destination.rules[place]
    assert meets(tmp_path, destination, place, rule.hit)
    assert not meets(tmp_path, destination, place, rule.miss)
    assert rule.help.endswith(".") and rule.source


@pytest.mark.parametrize("rule", [f for _, f in FILES], ids=[f"{d.name}.{f.id}" for d, f in FILES])
def test_a_file_rule_shows_on_its_example(rule: FileRule, tmp_path: Path) -> None:
    if rule.id in ("max_bytes", "max_rows"):  # shown below: nobody writes gigabytes for a test
        return
    assert rule.broken(View.of(read(tmp_path, *rule.hit))) is not None
    assert rule.broken(View.of(read(tmp_path, *rule.miss))) is None


def test_sizes_are_of_the_file_on_disk(tmp_path: Path) -> None:
    data = read(tmp_path, "a.jsonl", '{"prompt": "q", "completion": "a"}\n' * 3)
    assert no_bigger(10, "x").broken(View.of(data)) and not no_bigger(1e9, "x").broken(View.of(data))
    assert at_most(2, "x").broken(View.of(data)) and not at_most(3, "x").broken(View.of(data))


def test_ids_are_unique_and_fit_the_bits() -> None:
    for d in DESTINATIONS:
        ids = [r.id for r in d.rules] + [f.id for f in d.files]
        assert len(set(ids)) == len(ids) and len(d.rules) <= 64
        assert replace(d, rules=()).rules == ()
    assert all(isinstance(r, Rule) for d in DESTINATIONS for r in d.rules)
