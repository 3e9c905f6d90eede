"""`curate fit` and the table behind it: every row is accounted for, and each number names its first places."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_cases import cli
from hypothesis import given
from hypothesis import strategies as st
from token_cases import tokenizer

from curate.load import load
from curate.profiles import DESTINATIONS, Fate, View, destinations, fit_json, fit_table, simulate

GOOD = {"messages": [{"role": "user", "content": "one two"}, {"role": "assistant", "content": "three four five"}]}
LAST = {"messages": [*GOOD["messages"], {"role": "user", "content": "and?"}]}


def write(folder: Path, *lines: Any, name: str = "rows.jsonl") -> Path:
    path = folder / name
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return path


def test_every_row_and_malformed_line_has_one_fate(tmp_path: Path) -> None:
    data = load(
        [write(tmp_path, GOOD, LAST, "{", {"messages": [{"role": "system", "content": "s"}]}, "", GOOD)], workers=1
    )
    for row in fit_table(data):
        assert row.rows == 5 == sum(row.fates.values())
        assert row.lost >= 1
        assert any(rule.id == "not_json" and first == (("rows.jsonl", 3),) for rule, _, first in row.files)


ROW = json.dumps(GOOD)
MIXED = ROW.replace('"one two"', '["one two"]')
# A second line, and whether pyarrow's reader, which load_dataset uses, takes a file with it.
SECOND = {
    "equal": (ROW, True), "blank": ("", True), "null": (ROW.replace('"one two"', "null"), True), "mixed": (MIXED, False),
    "number": ('{"messages": 3}', False), "cut": (ROW[:30], False), "scalar": ("3", False), "comment": ("// " + ROW, False),
    "mark": ("\ufeff" + ROW, False), "twice": ('{"messages": [], "messages": []}', False), "half": ('{"a": "\\ud800"}', False),
    "python": (str(GOOD), False), "nan": ('{"score": NaN}', True), "other": ('{"text": "x"}', True),
}  # fmt: skip


@pytest.mark.parametrize("name", SECOND)
def test_the_rules_of_load_dataset_are_those_of_its_reader(name: str, tmp_path: Path) -> None:
    """Checked against the reader itself, which is here; the trainers above it are not."""
    import pyarrow as pa
    from pyarrow.json import read_json

    second, taken = SECOND[name]
    path = write(tmp_path, ROW, second, ROW)
    try:
        assert read_json(path).num_rows >= 2
        read = True
    except pa.ArrowInvalid:
        read = False
    assert read == taken
    row = fit_table(load([path], workers=1), destinations(["trl"]))[0]
    assert bool(row.files) == (not taken), row.files


def test_evaluation_rows_are_not_counted(tmp_path: Path) -> None:
    train, test = write(tmp_path, GOOD), write(tmp_path, LAST, LAST, name="test.jsonl")
    row = fit_table(load([train], [test], workers=1), destinations(["bedrock"]))[0]
    assert row.rows == 1 and row.fates["error"] == 0


def test_the_worst_rule_decides_and_all_are_kept(tmp_path: Path) -> None:
    odd = {"messages": [{"role": "assistant", "content": "a"}, {"role": "assistant", "content": "", "name": "n"}]}
    bedrock = destinations(["bedrock"])[0]
    got = simulate(load([write(tmp_path, odd)], workers=1), bedrock)
    met = {r.id for n, r in enumerate(bedrock.rules) if got.met(n)[0]}
    assert met == {"extra_key", "first", "order", "content"} and bedrock.rules[int(got.rule[0])].id == "extra_key"
    assert got.fate[0] == Fate.ERROR and not got.fate.flags.writeable


def test_rules_that_need_tokens_say_so(tmp_path: Path) -> None:
    data = load([write(tmp_path, GOOD)], workers=1)
    trl = destinations(["trl"])[0]
    assert {r.id for r in simulate(data, trl).unmeasured} == {"template", "masked", "too_long"}
    tokens = {k: np.array([v], np.float32) for k, v in
              {"total_tokens": 20, "first_trained": 5, "trained_tokens": 3, "template_refused": 0}.items()}  # fmt: skip
    assert simulate(data, trl, tokens=tokens, max_length=19).count(Fate.TRUNCATED) == 1
    assert simulate(data, trl, tokens=tokens, max_length=20).count(Fate.ACCEPTED) == 1
    torchtune = destinations(["torchtune"])[0]
    assert [r.id for r in simulate(data, torchtune, tokens=tokens).unmeasured] == [
        "too_long"
    ]  # it has no limit of its own


@given(
    st.lists(
        st.sampled_from([GOOD, LAST, {"text": "x"}, {"instruction": "q", "output": "a"}, {"a": 1}]),
        min_size=1,
        max_size=8,
    )
)
def test_the_order_of_lines_does_not_matter(rows: list[dict[str, Any]]) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        one = fit_table(load([write(Path(folder), *rows)], workers=1))
        two = fit_table(load([write(Path(folder), *reversed(rows))], workers=1))
    assert [r.fates for r in one] == [r.fates for r in two]


def test_one_view_serves_every_destination(tmp_path: Path) -> None:
    data = load([write(tmp_path, *[GOOD] * 50, *[LAST] * 50)], workers=1)
    view = View.of(data)
    assert sum(o is not None for o in view.outlines) == 2 and len(view) == 100
    for d in DESTINATIONS:
        assert np.array_equal(simulate(view, d).bits, simulate(data, d).bits)


def test_the_command_prints_counts_rules_and_places(tmp_path: Path) -> None:
    done = cli("fit", write(tmp_path, GOOD, LAST), "--for", "bedrock", "--for", "llamafactory", "--sources")
    assert done.code == 0, done.err
    said = " ".join(done.out.split())
    assert "bedrock.last" in said and "rows.jsonl:2" in said and "cookbook" in said
    assert "Amazon Bedrock (Claude 3 Haiku): nothing is trained" in said and "bedrock.min_rows" in said
    assert "LLaMA-Factory: 1 of 2 rows would be lost" in said and "Together" not in said


def test_the_command_as_json_with_tokens_and_price(tmp_path: Path) -> None:
    done = cli("fit", write(tmp_path, GOOD, LAST), "--for", "trl", "--tokenizer", tokenizer(tmp_path / "tok"), "--max-length", "14",
               "--epochs", "2", "--price", "4", "--batch", "2", "--json")  # fmt: skip
    assert done.code == 0, done.err
    got = done.json
    assert got["schema"] == 1 and got["destinations"][0]["fates"]["truncated"] == 1
    assert got["destinations"][0]["rules"][0]["first"] == [{"file": "rows.jsonl", "line": 2}]
    tokens = got["tokens"]
    assert (tokens["total"], tokens["trained"], tokens["cut_rows"], tokens["all_epochs"]) == (11 + 15, 8, 1, 50)
    assert tokens["cost"] == pytest.approx(50 * 4 / 1e6) and "chat template" in tokens["how"]
    text = cli("fit", tmp_path / "rows.jsonl", "--for", "trl", "--tokenizer", tmp_path / "tok", "--price", "4").out
    assert "padding" in text and "packing" in text and "0.00 at the price given" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [(("--for", "nowhere"), "no destination is called 'nowhere'; allowed are openai"), (("--price", "1"), "--price needs token counts"),
     (("--tokenizer", "/nowhere"), "no tokenizer.json in /nowhere")],
)  # fmt: skip
def test_errors_are_one_sentence(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    done = cli("fit", write(tmp_path, GOOD), *words)
    assert done.code == 2 and said in done.err and not done.out


def test_no_row_text_is_said(tmp_path: Path) -> None:
    secret = {
        "messages": [
            {"role": "SECRET one", "content": "SECRET two"},
            {"role": "assistant", "content": ["SECRET three"]},
        ]
    }
    key = "SECRET four " * 10
    data = load([write(tmp_path, secret, {**GOOD, key: "SECRET five"}, {**GOOD, key: 1})], workers=1)
    mixed = [said for row in fit_table(data) for rule, said, _ in row.files if rule.id == "one_type"]
    assert mixed and all("(120 characters) is" in said for said in mixed)
    assert "SECRET" not in json.dumps([fit_json(r) for r in fit_table(data)])
