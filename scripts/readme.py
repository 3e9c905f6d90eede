"""Rewrites the tree in README.md from the first line of each file, and docs/sources.md: python scripts/readme.py [--check]."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from textwrap import shorten

ROOT = Path(__file__).parent.parent
BEGIN, END = "<!-- tree: begin -->\n", "<!-- tree: end -->"
FOLDERS = ("curate", "pages", "sample_data", "benchmarks", "scripts", "docs", "tests")
TOP = ("app.py", "pyproject.toml", "constraints.txt", "CHANGELOG.md", "LICENSE", ".ci/run")
SUFFIXES = (".py", ".json", ".jsonl", ".toml", ".md", "")
WIDTH = 100
SAID = {
    "pyproject.toml": "package, dependencies, tool settings",
    "constraints.txt": "the versions that were tested together",
    "CHANGELOG.md": "what changed for people who use it",
    "LICENSE": "Apache-2.0",
    ".ci/run": "set-up and checks, as the README says them",
    "scripts/setup": "makes .venv and installs into it",
    "scripts/check": "format, lint, types, tests",
    "scripts/test": "the tests alone",
    "sample_data/helpdesk.jsonl": "the pool: a service desk, OpenAI messages",
    "sample_data/medical.jsonl": "the pool: drug information, prompt and completion",
    "sample_data/evaluation.jsonl": "the frozen rows",
    "sample_data/truth.json": "every planted defect by row id",
}


def first_line(path: Path) -> str:
    """What a file says of itself in its first sentence."""
    name = path.relative_to(ROOT).as_posix()
    if name in SAID or path.suffix != ".py":
        return SAID.get(name, "")
    said = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    sentence = said.split("\n\n")[0].replace("\n", " ").split(". ")[0].rstrip(".")
    return shorten(sentence, WIDTH, placeholder=" ...")


def files(folder: Path) -> list[Path]:
    """Files worth a line: no caches, no results, no word banks, no empty package marks."""
    found = (p for p in sorted(folder.rglob("*")) if p.is_file() and p.suffix in SUFFIXES)
    hidden = {"__pycache__", "results", "data"}
    shown = (p for p in found if not hidden & set(p.relative_to(ROOT).parts))
    return [p for p in shown if first_line(p) or p.suffix == ".py"]


def tree() -> str:
    """The tree as a fenced block."""
    lines = []
    for name in TOP:
        if (ROOT / name).exists():
            lines.append(f"{name:<36} {first_line(ROOT / name)}".rstrip())
    for folder in FOLDERS:
        listed = files(ROOT / folder) if (ROOT / folder).is_dir() else []
        if listed:
            lines.append("")
        lines += [f"{p.relative_to(ROOT).as_posix():<36} {first_line(p)}".rstrip() for p in listed]
    return "```\n" + "\n".join(lines) + "\n```\n"


def with_tree(readme: str) -> str:
    """The README with its tree made anew."""
    head, rest = readme.split(BEGIN)
    return head + BEGIN + tree() + END + rest.split(END, 1)[1]


def made() -> dict[Path, str]:
    """Every file that this script makes, as it should be."""
    sys.path.insert(0, str(ROOT))
    from curate.views.sources import to_markdown

    readme = ROOT / "README.md"
    return {readme: with_tree(readme.read_text("utf-8")), ROOT / "docs" / "sources.md": to_markdown()}


if __name__ == "__main__":
    for path, new in made().items():
        old = path.read_text("utf-8") if path.is_file() else ""
        if "--check" in sys.argv and new != old:
            sys.exit(f"{path.name} is not up to date; run python scripts/readme.py")
        path.write_text(new, encoding="utf-8", newline="\n")
