"""The strict reader: what two readers could read differently is refused, with a code, a column and no row text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.load.problems import CODES, RowError
from curate.load.strict import parse, parse_value

CANARY = "s3cretCanary"
REFUSED = [
    (b"null", "not_an_object"), (b"5", "not_an_object"), (b'"the input and output"', "not_an_object"),
    (b"[1]", "not_an_object"), (b'{"a":1,"a":2}', "duplicate_key"), (b'{"b":{"a":1,"a":2}}', "duplicate_key"),
    (b'{"a":NaN}', "nan"), (b'{"a":-Infinity}', "nan"), (b'{"a":1e999}', "nan"),
    (b'{"a":' + b"9" * 5000 + b"}", "big_integer"), (b'{"a":18446744073709551616}', "big_integer"),
    (b'{"a":"x\\ud800y"}', "lone_surrogate"), (b'{"a":["\\uDC00"]}', "lone_surrogate"),
    (b'{"a":"\xed\xa0\x80"}', "encoding"), (b'{"a":"caf\xe9"}', "encoding"), (b'{"a":"\x00"}', "invalid_json"),
    (b'{"a":"\t"}', "invalid_json"), (b'{"a":1,}', "invalid_json"), (b"{'a':1}", "invalid_json"),
    (b'{"a":1} // x', "invalid_json"), (b'{"a":1} {"b":2}', "invalid_json"), (b'{"a":1', "invalid_json"),
    (b'{"a":"x', "invalid_json"), (b"{a:1}", "invalid_json"), (b'{"a":01}', "invalid_json"),
    (b'{"a":+1}', "invalid_json"), (b'{"a":.5}', "invalid_json"), (b'{"a":"\\x41"}', "invalid_json"),
    (b'{"a":' + b"[" * 65 + b"]" * 65 + b"}", "too_deep"), (b"[" * 200_000, "too_deep"),
    (b'{"a":' * 5000 + b"1" + b"}" * 5000, "too_deep"), (b"", "invalid_json"), (b"\xef\xbb\xbf{}", "bom"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "code"), REFUSED)
def test_refuses(line: bytes, code: str) -> None:
    with pytest.raises(RowError) as caught:
        parse(line)
    assert caught.value.code == code
    assert CODES[code].fatal


def test_names_column_and_field() -> None:
    with pytest.raises(RowError) as caught:
        parse(b'{"a": 1, b}')
    assert caught.value.column == 10
    with pytest.raises(RowError) as caught:
        parse(b'{"messages":[{"content":"ok"},{"content":"ab\\ud83d"}]}')
    assert caught.value.field == "messages[1].content"
    assert "position 3" in caught.value.message


@pytest.mark.parametrize(
    "line",
    [
        b'{"a":1.0,"b":1e5,"c":-0,"d":9007199254740993,"e":9999999999999999999}',
        b' {"a":"\\ud83d\\ude00"}\r', b'{"a":"' + b"[{" * 100 + b'"}', b'{"a":"\xe2\x80\xa8\xc2\x85"}', b'{"":{}}',
        b'{"__proto__":"x","_source_file":"y"}',
    ],
)  # fmt: skip
def test_reads(line: bytes) -> None:
    assert parse(line) == json.loads(line)


def test_long_line_has_a_cap() -> None:
    with pytest.raises(RowError, match="bytes") as caught:
        parse(b'{"a":"' + b"x" * 100 + b'"}', max_bytes=50)
    assert caught.value.code == "too_long"


@given(st.binary(max_size=60))
def test_any_bytes_parse_or_raise_row_error(line: bytes) -> None:
    try:
        value = parse_value(line)
    except RowError as e:
        assert e.code in CODES
    else:
        assert json.loads(line.decode()) == value


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), json_values, max_size=4))
def test_valid_objects_come_back_equal(value: dict[str, object]) -> None:
    assert parse(json.dumps(value).encode()) == value
    assert parse(json.dumps(value, ensure_ascii=False).encode()) == value


@pytest.mark.parametrize(
    "line",
    [
        f'{{"{CANARY}":1,"{CANARY}":2', f'{{"a":"{CANARY}', f'{{"a":"{CANARY}\\ud800"}}', f'{{"a":{CANARY}}}',
        f'{{"a":"\\{CANARY}"}}', f'{{"a":"{CANARY}"}} x',
    ],
)  # fmt: skip
def test_messages_hold_no_row_text(line: str) -> None:
    with pytest.raises(RowError) as caught:
        parse(line.encode())
    assert CANARY not in caught.value.problem.message


def test_the_suite_table_tells_grammar_from_policy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from benchmarks.formats import main

    files = {
        "y_a.json": b"[1]",
        "n_b.json": b"[1,]",
        "n_c.json": b"[NaN]",
        "i_d.json": b"[1e999]",
        "y_e.json": b'{"a":1,"a":2}',
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    assert main(["suite", str(tmp_path)]) == 0
    assert "5 files, 0 wrong" in capsys.readouterr().out
    (tmp_path / "n_f.json").write_bytes(b"[]")
    assert main(["suite", str(tmp_path)]) == 1
    assert "wrong: n_f.json" in capsys.readouterr().out
