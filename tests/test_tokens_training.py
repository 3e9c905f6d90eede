"""Training tokens: counts per role under a chat template, what a limit cuts, and what the store keeps."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from token_cases import CHATML, tokenizer

from curate.errors import BackendError, Cancelled
from curate.load import load
from curate.measure.template import Template, TemplateRefusal
from curate.measure.training import COLUMNS, Counter, training_tokens
from curate.store import Store
from curate.types import F32, Dataset

TRIMMED = CHATML.replace("m['content']", "m['content'] | trim")
STRICT = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}" + CHATML
CALLS = CHATML.replace("m['content']", "(m['content'] or '') + (m['tool_calls'] | tojson if m['tool_calls'] else '')")


def rows(folder: Path, *objects: dict[str, Any]) -> Dataset:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(o) + "\n" for o in objects))
    return load([path], workers=1)


def chat(*turns: tuple[str, str], **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": r, "content": c} for r, c in turns], **more}


def one(folder: Path, row: dict[str, Any], template: str | None = CHATML, **more: Any) -> dict[str, float]:
    made = training_tokens(rows(folder, row), Counter.open(tokenizer(folder / "tok", template)), **more)
    return {k: float(v[0]) for k, v in made.items()}


TALK = chat(
    ("system", "be kind"),
    ("user", "one two three"),
    ("assistant", "four five"),
    ("user", "six"),
    ("assistant", "seven"),
)


def test_each_message_is_its_content_and_an_answer_its_end_too(tmp_path: Path) -> None:
    got = one(tmp_path, TALK)
    assert got["total_tokens"] == 9 + 3 * 5  # words, and opening, role and end of each turn
    assert (got["system_tokens"], got["user_tokens"], got["assistant_tokens"], got["tool_tokens"]) == (2, 4, 3, 0)
    assert got["trained_tokens"] == 3 + 2  # the two ends
    assert (got["first_trained"], got["last_trained"]) == (5 + 6 + 2, 24)
    assert got["template_refused"] == 0


@pytest.mark.parametrize("limit", range(1, 26))
def test_kept_tokens_are_those_before_the_limit(limit: int, tmp_path: Path) -> None:
    trained = (13, 14, 15, 22, 23)  # four, five, end; seven, end
    assert one(tmp_path, TALK, limit=limit)["kept_tokens"] == sum(place < limit for place in trained)


def test_a_content_that_names_a_role_is_found_where_it_stands(tmp_path: Path) -> None:
    got = one(tmp_path, chat(("user", "user"), ("assistant", "assistant")))
    assert (got["user_tokens"], got["assistant_tokens"], got["first_trained"]) == (1, 1, 6)


def test_a_template_that_trims_is_followed(tmp_path: Path) -> None:
    got = one(tmp_path, chat(("user", "  one two \n"), ("assistant", " three ")), TRIMMED)
    assert (got["user_tokens"], got["assistant_tokens"], got["total_tokens"]) == (2, 1, 9)


def test_weight_zero_and_train_false_are_not_trained(tmp_path: Path) -> None:
    row = chat(("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d"), ("user", "e"), ("assistant", "f"))
    row["messages"][1]["weight"] = 0
    row["messages"][3]["train"] = False
    got = one(tmp_path, row)
    assert (got["assistant_tokens"], got["trained_tokens"]) == (3, 2)


def test_a_row_that_the_template_refuses_is_marked_and_counts_nothing(tmp_path: Path) -> None:
    got = one(tmp_path, TALK, STRICT)
    assert got["template_refused"] == 1 and np.isnan(got["total_tokens"])
    assert one(tmp_path, chat(("user", "a"), ("assistant", "b")), STRICT)["template_refused"] == 0


def test_without_a_template_contents_stand_alone_and_it_says_so(tmp_path: Path) -> None:
    got = one(tmp_path, TALK, None)
    assert (got["total_tokens"], got["trained_tokens"], got["first_trained"], got["last_trained"]) == (9, 3, 5, 9)
    assert "no chat template" in Counter.open(tmp_path / "tok").how
    (tmp_path / "tok" / "chat_template.jinja").write_text(CHATML)
    assert "chat_template.jinja" in Counter.open(tmp_path / "tok").how


def test_raw_text_is_not_made_a_conversation(tmp_path: Path) -> None:
    assert one(tmp_path, {"text": "one two three"})["total_tokens"] == 3


def test_raw_text_and_an_equal_answer_are_kept_apart(tmp_path: Path) -> None:
    data = rows(tmp_path, {"text": "one two"}, {"messages": [{"role": "assistant", "content": "one two"}]})
    counter, store = Counter.open(tokenizer(tmp_path / "tok")), Store(tmp_path / "home")
    for _ in range(2):
        assert sorted(training_tokens(data, counter, store=store)["total_tokens"].tolist()) == [2, 5]


def test_a_cancel_is_heard(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled, match="after 0 rows"):
        one(tmp_path, TALK, cancel=stop)


def test_tool_calls_are_trained_and_their_answers_are_not(tmp_path: Path) -> None:
    call = {"id": "a1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    row = {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": None, "tool_calls": [call]},
                        {"role": "tool", "tool_call_id": "a1", "content": "r"}, {"role": "assistant", "content": "done"}]}  # fmt: skip
    got = one(tmp_path, row, CALLS)
    said = len(json.dumps([call]).split())
    assert got["trained_tokens"] == said + 1 + 1 + 1  # the call and its end, the answer and its end
    assert got["first_trained"] == 4 + 2


def test_long_rows_are_placed_like_short_ones(tmp_path: Path) -> None:
    turns = [(r, f"w{k} x") for k in range(300) for r in ("user", "assistant")]
    got = one(tmp_path, chat(*turns))
    assert (got["assistant_tokens"], got["trained_tokens"], got["first_trained"], got["last_trained"]) == (
        600,
        900,
        7,
        3000,
    )


def test_the_store_keeps_columns_by_row_tokenizer_and_template(tmp_path: Path) -> None:
    store, data = Store(tmp_path / "home"), rows(tmp_path, TALK, chat(("user", "a"), ("assistant", "b")))
    counter = Counter.open(tokenizer(tmp_path / "tok"))
    asked: list[int] = []

    def progress(stage: str, done: int, total: int) -> None:  # noqa: ARG001
        asked.append(total)

    def count(d: Dataset, c: Counter) -> dict[str, F32]:
        asked.clear()
        return dict(training_tokens(d, c, store=store, progress=progress))

    first = count(data, counter)
    assert set(first) == set(COLUMNS) and asked[-1] == 2
    again = count(data, counter)
    assert not asked
    assert all(np.array_equal(first[k], again[k], equal_nan=True) for k in COLUMNS)
    more = rows(tmp_path, TALK, chat(("user", "a"), ("assistant", "b")), chat(("user", "c"), ("assistant", "d e")))
    count(more, counter)
    assert asked[-1] == 1
    count(data, Counter.open(tokenizer(tmp_path / "tok", TRIMMED)))
    assert asked[-1] == 2


def test_templates_use_what_transformers_gives_them(tmp_path: Path) -> None:
    source = (
        "{{ bos_token }}{% for m in messages %}{% if m.role == 'skip' %}{% continue %}{% endif %}"
        "{% generation %}{{ m | tojson }}{% endgeneration %}{% endfor %}{{ strftime_now('%Y') }}"
    )
    folder = tokenizer(tmp_path / "tok", None)
    config = {"chat_template": [{"name": "other", "template": "x"}, {"name": "default", "template": source}],
              "bos_token": {"content": "<s>"}}  # fmt: skip
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    found = Template.beside(folder / "tokenizer.json")
    assert found is not None
    assert found.compile()([{"role": "user", "content": "<é>"}], None) == '<s>{"role": "user", "content": "<é>"}2024'


def test_a_template_can_reach_nothing(tmp_path: Path) -> None:
    for source in (
        "{{ ''.__class__.__mro__ }}",
        "{{ messages.append(1) }}",
        "{% include 'x' %}",
        "{{ open('/etc/passwd') }}",
    ):
        folder = tokenizer(tmp_path / "tok", source)
        found = Template.beside(folder / "tokenizer.json")
        assert found is not None
        with pytest.raises(TemplateRefusal):
            said = found.compile()([], None)
            assert not said  # an unsafe attribute may also be undefined, which prints nothing
            raise TemplateRefusal
    broken = Template.beside(tokenizer(tmp_path / "tok", "{% if %}") / "tokenizer.json")
    assert broken is not None
    with pytest.raises(BackendError, match="chat template"):
        broken.compile()
    (tmp_path / "tok" / "tokenizer_config.json").write_text("{")
    with pytest.raises(BackendError, match="tokenizer_config"):
        Template.beside(tmp_path / "tok" / "tokenizer.json")
