"""python -m benchmarks.musts DIR [--browser]: every `must` and `must_not` of a format gold folder, and what meets it.

Each file goes through the command line in a process of its own, where every connection and every opened file is noted.
The promises are matched by their words, so the same command serves any such folder. Labels are read: this is a check of
the product, not a prediction.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.memory import children, held_mb

MEMORY_MB, SECONDS = 2_048, 60
# Runs the command with a hook that writes what it connects to and opens for reading.
WATCHED = """
import sys
seen = open(sys.argv.pop(1), "w", buffering=1, errors="backslashreplace")
def hook(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "urllib.Request"):
        seen.write("net " + event + "\\n")
    elif event == "open" and isinstance(args[0], (str, bytes)):
        seen.write("open " + str(args[0]).replace("\\n", " ") + "\\n")
sys.addaudithook(hook)
from curate.cli import main
main()
"""


@dataclass
class Ran:
    """What one file's run left behind."""

    path: Path
    out: Path
    code: int
    err: str
    seconds: float
    peak_mb: float
    opened: list[str]
    connected: int
    lineage: dict[str, Any] = field(default_factory=dict)

    @property
    def version(self) -> Path | None:
        current = self.out / "CURRENT"
        return self.out / "versions" / current.read_text().strip() if current.is_file() else None

    def lines(self, *names: str) -> Iterator[bytes]:
        for name in names or ("train", "validation", "test", "rejected", "review", "malformed"):
            if self.version:
                yield from (self.version / f"{name}.jsonl").read_bytes().splitlines()


def run(path: Path, folder: Path) -> Ran:
    """`curate run` on one file, without vectors, watched."""
    from time import monotonic, sleep

    out, seen = folder / "out", folder / "seen"
    words = [sys.executable, "-c", WATCHED, str(seen), "run", str(path), "--out", str(out), "--no-vectors"]
    began, peak = monotonic(), 0.0
    with (folder / "err").open("wb") as err:
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=err)
        while process.poll() is None and monotonic() - began < 2 * SECONDS:
            peak = max(peak, sum(held_mb(process.pid)) + sum(held_mb(c)[0] for c in children(process.pid)))
            sleep(0.01)
        process.kill()
    noted = seen.read_text(errors="replace").splitlines() if seen.exists() else []
    made = Ran(path, out, process.wait(), (folder / "err").read_text(errors="replace"), monotonic() - began, peak,
               [n[5:] for n in noted if n.startswith("open ")], sum(n.startswith("net ") for n in noted))  # fmt: skip
    if made.version:
        made.lineage = json.loads((made.version / "lineage.json").read_text("utf-8"))
    return made


def no_crash(r: Ran) -> str:
    assert r.code in (0, 2), f"exit {r.code}"
    return f"exit {r.code}, {r.seconds:.1f} s"


def no_traceback(r: Ran) -> str:
    assert "Traceback" not in r.err and "our fault" not in r.err
    said = r.err.strip().splitlines()
    return f"one sentence: {said[-1][:90]}" if r.code else "no error"


def no_silent_drop(r: Ran) -> str:
    from curate.ship import rebuild

    if not r.lineage:
        return "refused as a whole, with the reason"
    rows = r.lineage["total"]
    fates = {k: rows[k] for k in ("kept", "dropped", "review", "frozen", "malformed", "blank")}
    assert rows["read"] == sum(fates.values()), rows
    source = r.lineage["sources"][0]
    if source["container"] != "parquet" and source["compression"] == "none":
        assert b"".join(rebuild(r.out, source["name"])) == r.path.read_bytes(), "not rebuilt"
    return f"{rows['read']} read = " + " + ".join(f"{n} {k}" for k, n in fates.items() if n)


def no_rejected_target(r: Ran) -> str:
    from curate.load import load

    data = load([r.path], workers=1)
    answers = data.rows.column("response").to_pylist()
    own = [json.loads(e) for e in data.rows.column("extra").to_pylist()]
    bad = 0
    for answer, extra in zip(answers, own, strict=True):
        texts = set(_texts({k: v for k, v in extra.items() if "reject" in k}))
        assert texts, "the rejected side is not kept"
        bad += answer in texts
    assert not bad, f"{bad} rejected answers are targets"
    return f"{len(answers)} answers, none is the rejected one; the rejected sides are kept beside them"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def no_fetch(r: Ran) -> str:
    named = {
        t for line in r.path.read_bytes().splitlines() or [b""] for t in _loose_texts(line) if "/" in t or "." in t
    }
    hit = [o for o in r.opened if o in named]
    assert r.connected == 0 and not hit, (r.connected, hit)
    return f"0 connections, none of {len(named)} referenced places among {len(r.opened)} opened files"


def _loose_texts(line: bytes) -> list[str]:
    import re

    return [m.decode(errors="replace") for m in re.findall(rb'"([^"\\\s]{3,300})"', line)]


def newlines_survive(r: Ran) -> str:
    import csv

    from curate.load import load

    with r.path.open(encoding="utf-8-sig", newline="") as f:
        cells = {c for row in csv.reader(f) for c in row if "\n" in c}
    data = load([r.path], workers=1)
    held = "\x00".join(t for m in data.rows.column("messages").to_pylist() for t in _texts(json.loads(m)))
    missing = [c for c in cells if c not in held]
    assert cells and not missing
    return f"{len(cells)} cells with line ends, all as they were"


def bounded(r: Ran) -> str:
    assert r.peak_mb < MEMORY_MB and r.seconds < SECONDS
    return f"{r.peak_mb:,.0f} MB, {r.seconds:.1f} s"


def valid_json(r: Ran) -> str:
    from curate.load.strict import parse

    n = 0
    for line in r.lines():
        parse(line)
        n += 1
    return f"{n} exported lines parse strictly"


def all_rows(r: Ran) -> str:
    rows = r.lineage["total"]
    lines = sum(bool(line.strip()) for line in r.path.read_bytes().splitlines())
    assert rows["read"] - rows["blank"] == lines and not rows["malformed"]
    return f"{lines} lines, {lines} rows"


def no_path_from_id(r: Ran) -> str:
    files = {p.relative_to(r.out).as_posix() for p in r.out.rglob("*") if p.is_file()}
    assert r.version
    ours = {
        "CURRENT",
        *(
            f"versions/{r.version.name}/{p.relative_to(r.version).as_posix()}"
            for p in r.version.rglob("*")
            if p.is_file()
        ),
    }
    beside = {p.name for p in r.out.parent.iterdir()} - {"out", "seen", "err"}
    assert files == ours and not beside, files ^ ours
    return f"{len(files)} files, named by the tool alone; nothing beside the folder"


def on_screen(r: Ran, browser: bool) -> str:
    if not browser:
        return "not looked at: give --browser (tests/browser/test_safety.py sweeps hostile rows over every page)"
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "browser"))
    from harness import serving, watching

    pages = 0
    with serving(r.path) as server, watching(server) as screen:
        screen.page.wait_for_selector(".st-key-nav a, .st-key-nav [role=link]", timeout=60_000)
        links = screen.page.locator(".st-key-nav").get_by_role("link")
        for n in range(links.count()):
            links.nth(n).click()
            screen.idle()
            pages += 1
            assert screen.page.locator("img[src^=http], [data-testid=stMain] script").count() == 0
        assert pages > 3, "the app shows no pages"
        assert not screen.foreign and not screen.errors, (screen.foreign, screen.errors)
    return f"{pages} pages in Chromium: no request to another host, no script, no image"


WORDS: tuple[tuple[str, Callable[[Ran], str]], ...] = (
    ("silent_drop", no_silent_drop), ("traceback", no_traceback), ("crash", no_crash), ("rejected", no_rejected_target),
    ("fetch", no_fetch), ("newlines", newlines_survive), ("bounded memory", bounded), ("valid JSON", valid_json),
    ("merged or lost", all_rows), ("id as a path", no_path_from_id), ("plots", valid_json),
)  # fmt: skip
SCREEN = ("shown as text", "literal text", "execute_html", "remote_image", "UI does not send", "browser")


def check(root: Path, browser: bool, only: str = "") -> int:
    expected = json.loads((root / "format_gold" / "expected.json").read_text("utf-8"))
    unmet = total = 0
    for name, entry in expected.items():
        if entry["kind"] == "json_test_suite" or only not in name:
            continue
        with tempfile.TemporaryDirectory(prefix="curate-musts-") as folder:
            ran = run(root / "format_gold" / name, Path(folder))
            for kind in ("must", "must_not"):
                for promise in entry[kind]:
                    total += 1
                    unmet += not _met(name, kind, promise, ran, browser)
    print(f"{total} promises, {unmet} unmet")
    return 1 if unmet else 0


def _met(name: str, kind: str, promise: str, ran: Ran, browser: bool) -> bool:
    look = partial(on_screen, browser=browser)
    how = look if any(w in promise for w in SCREEN) else next((f for w, f in WORDS if w in promise), None)
    if how is None:
        print(f"{name}: {kind} {promise}: NO CHECK FOR IT")
        return False
    try:
        print(f"{name}: {kind} {promise}: {how(ran)}", flush=True)
    except AssertionError as e:
        print(f"{name}: {kind} {promise}: UNMET {e}", flush=True)
        return False
    return True


def main(words: list[str]) -> int:
    folders = [w for w in words if w != "--browser"]
    only = folders.pop() if len(folders) == 2 else ""
    if len(folders) != 1 or not (Path(folders[0]) / "format_gold").is_dir():
        sys.stderr.write("usage: python -m benchmarks.musts DIR [PART OF A NAME] [--browser]; DIR holds format_gold\n")
        return 2
    return check(Path(folders[0]), "--browser" in words, only)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
