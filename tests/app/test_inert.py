"""Row text reaches the screen through one module, in sinks that cannot fetch, run or format it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from curate.ui import inert
from curate.views import inert as views_inert

ROOT = Path(__file__).parents[2]
FILES = [*sorted((ROOT / "curate" / "ui").glob("*.py")), *sorted((ROOT / "pages").rglob("*.py")), ROOT / "app.py"]
# Columns of a dataset that hold text of rows, and who may read them.
TEXT = {"prompt", "response", "system", "messages", "raw", "record", "extra", "user_id", "group", "time"}
READERS = {"loaded.py", "load_view.py"}
# Sinks that show text as it is: only inert may call them.
SINKS = {"text", "code", "dataframe", "table", "json", "data_editor", "text_area"}
# Sinks that nobody may call.
NEVER = {
    "write",
    "html",
    "latex",
    "image",
    "iframe",
    "exception",
    "help",
    "echo",
    "pdf",
    "video",
    "audio",
    "graphviz_chart",
}


def calls(path: Path) -> list[ast.Call]:
    return [n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Call)]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_only_inert_shows_text_as_it_is(path: Path) -> None:
    for call in calls(path):
        if (
            isinstance(call.func, ast.Attribute)
            and isinstance(call.func.value, ast.Name)
            and call.func.value.id == "st"
        ):
            assert call.func.attr not in NEVER, f"{path.name}:{call.lineno} st.{call.func.attr}"
            assert path.name == "inert.py" or call.func.attr not in SINKS, (
                f"{path.name}:{call.lineno} st.{call.func.attr}"
            )
        assert not [k for k in call.keywords if k.arg == "unsafe_allow_html"]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_only_readers_take_text_out_of_a_dataset(path: Path) -> None:
    for call in calls(path):
        named = isinstance(call.func, ast.Attribute) and call.func.attr in ("column", "text", "select")
        words = {a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)}
        assert not (named and words & TEXT) or path.name in READERS, f"{path.name}:{call.lineno} reads {words & TEXT}"
        taken = isinstance(call.func, ast.Name) and call.func.id == "getattr" and "_text" in words
        assert not taken or path.name == "inert.py"


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_nobody_else_opens_row_text(path: Path) -> None:
    opened = [
        n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Attribute) and n.attr == "_text"
    ]
    assert not opened or path.name == "inert.py"


def test_row_text_is_no_string() -> None:
    text = inert.RowText("![](http://evil.example)")
    for use in (str, repr, "{}".format, lambda t: f"{t}"):
        with pytest.raises(TypeError):
            use(text)
    with pytest.raises(TypeError):
        "a" + text  # type: ignore[operator]


@given(some.text())
def test_nothing_hidden_is_left(text: str) -> None:
    shown = inert.escaped(text)
    assert not views_inert._HIDDEN.search(shown)
    assert inert.escaped("naïve – 中文 🙂") == "naïve – 中文 🙂"


@given(some.text(max_size=200))
def test_a_label_has_no_markdown_left(name: str) -> None:
    shown = inert.label(name)
    assert "\n" not in shown
    unescaped = [c for n, c in enumerate(shown) if c in "[]()*_`$:<>!~" and (n == 0 or shown[n - 1] != "\\")]
    assert not unescaped


def test_a_preview_says_how_long_the_whole_is() -> None:
    shown = inert.preview(inert.RowText("x" * 20_000))
    assert len(shown) < 2_100 and "2,000 of 20,000 characters shown" in shown
    assert "[U+202E]" in inert.preview(inert.RowText("a\u202eb"))
