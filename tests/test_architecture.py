"""The shape of the code, read from its syntax trees: floors, sizes, and calls that are never made."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

FLOORS = {
    "curate.types": 0,
    "curate.errors": 0,
    "curate.overrides": 0,
    "curate.load": 1,
    "curate.store": 1,
    "curate.decide": 1,
    "curate.measure": 2,
    "curate.profiles": 2,
    "curate.judge": 2,
    "curate.scale": 2,
    "curate.ship": 3,
    "curate.people": 3,
    "curate.make": 3,
    "curate.views": 3,
    "curate.ui": 4,
    "curate.cli": 4,
    "curate": 4,
    "pages": 5,
    "app": 5,
}
# Neighbours on one floor that may be used from the other: loading keeps what it read in the store, people's decisions
# and made rows are shown by views; the report shows what an export counts. What was judged is evidence. `curate app` becomes the app.
NEIGHBOURS = {
    ("curate.load", "curate.store"),
    ("curate.views", "curate.ship"),
    ("curate.measure", "curate.judge"),
    ("curate.cli", "curate"),
    ("curate", "curate.cli"),
    ("curate.cli", "curate.ui"),
}
DECIDE_MAY_USE = {"numpy", "pandas", "scipy", "numba", "curate"}
HEAVY = {
    "torch",
    "sentence_transformers",
    "umap",
    "hdbscan",
    "sklearn",
    "transformers",
    "streamlit",
    "plotly",
    "anthropic",
}
LONGEST_MODULE = 400
LONGEST_PAGE = 80


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def sources(*folders: str) -> list[Path]:
    return [p for f in folders for p in sorted((ROOT / f).rglob("*.py"))]


PACKAGE = sources("curate")
APP = [p for p in (ROOT / "app.py", *sources("pages")) if p.is_file()]


def unit(module: str) -> str:
    """The part of the building that a module belongs to: `curate.load.strict` is in `curate.load`."""
    parts = module.split(".")
    for size in (2, 1):
        if ".".join(parts[:size]) in FLOORS:
            return ".".join(parts[:size])
    raise AssertionError(f"{module} has no floor: add it to FLOORS here and to the design")


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Every module that a file imports, anywhere in it, with its line."""
    package = name_of(path) if path.name == "__init__.py" else name_of(path).rpartition(".")[0]
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.rsplit(".", node.level - 1)[0] if node.level else ""
            module = ".".join(p for p in (base, node.module or "") if p)
            for alias in node.names:
                whole = f"{module}.{alias.name}"
                yield (whole if module == "curate" and whole in FLOORS else module), node.lineno


def outermost_imports(path: Path) -> Iterator[tuple[str, int]]:
    """Modules imported when the file itself is imported: not inside functions, not only for the type checker."""
    waiting: list[ast.AST] = list(tree_of(path).body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "", node.lineno
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)


@pytest.mark.parametrize("path", PACKAGE + APP, ids=name_of)
def test_imports_point_down(path: Path) -> None:
    here = unit(name_of(path))
    for module, line in imports(path):
        if module.split(".")[0] not in ("curate", "pages", "app"):
            continue
        there = unit(module)
        down = FLOORS[there] < FLOORS[here] or FLOORS[there] == 0
        assert here == there or down or (here, there) in NEIGHBOURS, (
            f"{path.name}:{line} {here} imports {module} above it"
        )


@pytest.mark.parametrize("path", sources("curate/decide"), ids=name_of)
def test_decide_is_logic_without_io(path: Path) -> None:
    for module, line in imports(path):
        top = module.split(".")[0]
        assert top in DECIDE_MAY_USE or top in sys.stdlib_module_names, f"{path.name}:{line} imports {module}"
        if top == "curate":
            there = unit(module)
            assert there == "curate.decide" or FLOORS[there] == 0, f"{path.name}:{line} imports {module}"


@pytest.mark.parametrize("path", PACKAGE, ids=name_of)
def test_heavy_libraries_wait_inside_functions(path: Path) -> None:
    in_ui = unit(name_of(path)) == "curate.ui"
    for module, line in outermost_imports(path):
        top = module.split(".")[0]
        assert top not in HEAVY or in_ui, f"{path.name}:{line} imports {module} at module level"


@pytest.mark.parametrize("path", PACKAGE, ids=name_of)
def test_only_ui_knows_streamlit(path: Path) -> None:
    if unit(name_of(path)) != "curate.ui":
        assert "streamlit" not in {module.split(".")[0] for module, _ in imports(path)}


@pytest.mark.parametrize("path", APP, ids=name_of)
def test_pages_hold_no_logic(path: Path) -> None:
    assert not {"numpy", "pandas"} & {module.split(".")[0] for module, _ in imports(path)}
    assert len(path.read_text("utf-8").splitlines()) <= LONGEST_PAGE


@pytest.mark.parametrize("path", sources("curate", "benchmarks", "sample_data", "tests") + APP, ids=name_of)
def test_modules_stay_small(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= LONGEST_MODULE
    assert ast.get_docstring(tree_of(path)), f"{path.name} says nothing of itself"


BANNED_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
BANNED_CALLS = {
    "eval": "expressions of users are parsed by our own grammar",
    "exec": "code is not data",
    "hash": "differs between processes; use blake2b",
    "print": "stdout is the command's result; use the console of the CLI",
}
BANNED_METHODS = {
    "query": "DataFrame.query evaluates text",
    "html": "components.html runs what rows hold",
    "read_pickle": "pickle",
    "to_pickle": "pickle",
}
BANNED_WORDS = {
    "type": ("primary", "white on this theme's blue can't be read in the dark; see words.pressed"),
    "shell": (True, "pass a list of arguments"),
    "unsafe_allow_html": (True, "row text is never markup"),
    "persist": ("disk", "it pickles"),
    "allow_pickle": (True, "arrays of objects are never read"),
}


def faults(path: Path) -> Iterator[str]:
    """Calls in a file that this project never makes."""
    for module, line in imports(path):
        if module.split(".")[0] in BANNED_MODULES:
            yield f"{line}: {module}"
    for node in ast.walk(tree_of(path)):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and node.func.id in BANNED_CALLS:
            yield f"{node.lineno}: {node.func.id}(): {BANNED_CALLS[node.func.id]}"
        if isinstance(node.func, ast.Attribute):
            owner = ast.unparse(node.func.value)
            if node.func.attr in BANNED_METHODS and not (node.func.attr == "html" and "components" not in owner):
                yield f"{node.lineno}: .{node.func.attr}(): {BANNED_METHODS[node.func.attr]}"
            if node.func.attr == "load" and owner == "yaml":
                yield f"{node.lineno}: yaml.load builds objects"
        for word in node.keywords:
            bad = BANNED_WORDS.get(word.arg or "")
            if bad and isinstance(word.value, ast.Constant) and word.value.value == bad[0]:
                yield f"{node.lineno}: {word.arg}={bad[0]!r}: {bad[1]}"


@pytest.mark.parametrize("path", PACKAGE + APP, ids=name_of)
def test_calls_that_are_never_made(path: Path) -> None:
    assert list(faults(path)) == []


@pytest.mark.parametrize(
    "code",
    ["import pickle", "eval('1')", "hash('a')", "print(1)", "frame.query('a > 1')", "run('ls', shell=True)",
     "st.markdown(t, unsafe_allow_html=True)", "components.html(t)", "st.button(t, type='primary')", "cache(persist='disk')", "yaml.load(f)"],
)  # fmt: skip
def test_the_ban_is_not_blind(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    path = tmp_path / "bad.py"
    path.write_text(code)
    assert list(faults(path))
