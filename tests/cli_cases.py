"""The command line under test: in this process for speed, in another where signals, imports or the environment count."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curate.cli import main

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "sample_data"
PROGRAM = [sys.executable, "-c", "from curate.cli import main; main()"]


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def cli(*words: str | os.PathLike[str]) -> Done:
    """The command in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main([os.fspath(word) for word in words])
            code = 0
        except SystemExit as done:
            code = int(done.code or 0)
    return Done(code, out.getvalue(), err.getvalue())


def shell(*words: str | os.PathLike[str], cwd: Path | None = None, **env: str) -> Done:
    """The command in a process of its own."""
    command = [*PROGRAM, *(os.fspath(word) for word in words)]
    done = subprocess.run(
        command, cwd=cwd, env=os.environ | env, capture_output=True, text=True, timeout=300, check=False
    )
    return Done(done.returncode, done.stdout, done.stderr)


def rows(count: int, start: int = 0) -> list[dict[str, str]]:
    """Rows of distinct questions and answers, no defect in them."""
    words = ("river", "candle", "orchard", "violin", "harbour", "lantern", "meadow", "copper", "thistle", "saddle")
    out = []
    for k in range(start, start + count):
        a, b, c = words[k % 10], words[k // 10 % 10], words[k // 100 % 10]
        question = f"Please describe how a {a} and a {b} differ from a {c} in story number {k}."
        answer = (
            f"In story {k} the {a} stands for patience, the {b} for change, and the {c} ties both together at its end."
        )
        out.append({"prompt": question, "completion": answer})
    return out


def jsonl(path: Path, items: list[Any]) -> Path:
    """Items as lines; text goes in as it is."""
    lines = (item if isinstance(item, str) else json.dumps(item) for item in items)
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


def tree(folder: Path) -> dict[str, bytes]:
    """Every file's bytes by name, but run.json: clock and host stand there."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*"))
            if p.is_file() and p.name != "run.json"}  # fmt: skip
