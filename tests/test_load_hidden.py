"""Characters that need a reader's eye, told from the same ones where a script or an emoji calls for them."""

from __future__ import annotations

import pytest

from curate.load.checks import flag_texts
from curate.load.hidden import hidden, mixed_word
from curate.load.problems import Problem
from curate.load.turns import Turn


@pytest.mark.parametrize(
    "text",
    [
        "family \U0001f468‍\U0001f469‍\U0001f467 and \u2764\ufe0f‍\U0001f525",  # joined emoji
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f of England",
        "\u0645\u06cc‌\u062e\u0648\u0627\u0647\u0645",  # Persian with its non-joiner
        "\u0915\u094d‍\u0937",  # Devanagari
        "Hebrew ‏\u05e9\u05dc\u05d5\u05dd‎ in English, \u2067\u0645\u0631\u062d\u0628\u0627\u2069",
        "\u0e20\u0e32\u0e29\u0e32\u200b\u0e44\u0e17\u0e22",  # Thai
        "plain ASCII", "caf\u00e9",
    ],
)  # fmt: skip
def test_what_a_script_calls_for_is_no_finding(text: str) -> None:
    assert hidden(text) is None


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("a\u200bb", 1), ("x‍y", 1), ("over\u202eride", 4), ("\u202eabc \u05e9", 0), ("\u2066abc\u2069", 0), ("\ufeffa", 0),
        ("tag \U000e0041", 4), ("\U0001f3f4\U000e0041", 1), ("a‎b", 1),
        ("\U0001f3f4\U000e0067\U000e0062\U000e007f then \u200b", 10), ("\u0e44\u0e17\u0e22 abc\u200b", 7),
    ],
)  # fmt: skip
def test_what_nothing_calls_for_is_found_where_it_stands(text: str, at: int) -> None:
    found = hidden(text)
    assert found is not None and found.start() == at


def test_words_of_two_alphabets() -> None:
    found = mixed_word("see the \u0430nalys\u0456s")
    assert found is not None and found.group() == "\u0430nalys\u0456s"
    for fine in ("\u043f\u0440\u0438\u0432\u0435\u0442 world", "\u0394T of \u00b5m, \u03a9-test, \u03b1-helix", "SQL-\u0437\u0430\u043f\u0440\u043e\u0441",
                 "IP\u0430\u0434\u0440\u0435\u0441", "\u0391\u03b8\u03ae\u03bd\u03b1 is Athens", "plain"):  # fmt: skip
        assert mixed_word(fine) is None, fine


def flags(text: str, role: str = "assistant", body: str = "", tail: str = "") -> list[str]:
    notes: list[Problem] = []
    flag_texts([Turn(role, text, body, tail)], notes)
    return [n.code for n in notes]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("done<|im_end|>", ["special_tokens"]), ("[INST] q [/INST]", ["special_tokens"]), ("<s>q", ["special_tokens"]),
        ("a</s>", ["special_tokens"]), ("the <s> tag strikes text through", []), ("a < b and b > c", []), ("x[i]", []),
        ("", ["empty_content"]), (" \n\t", ["empty_content"]), ("0", []),
    ],
)  # fmt: skip
def test_template_tokens_and_blank_texts(text: str, codes: list[str]) -> None:
    assert flags(text) == codes


def test_blank_texts_that_say_something() -> None:
    assert flags("", "system") == flags("", "tool") == []
    assert flags("", "assistant", "null", ',"tool_calls":[]') == []
    assert flags("", "user", '[{"type":"image"}]') == []


def test_weights() -> None:
    for fine in ("0", "1", "0.0", "1.0", "true"):
        assert flags("a", tail=f',"weight":{fine}') == []
    for bad in ("5", "0.5", '"1"', "-1"):
        assert flags("a", tail=f',"weight":{bad}') == ["bad_weight"]
