"""python -m benchmarks.fuzz [SECONDS] [--seed N]: coverage-guided fuzzing of the reader by atheris (extra `fuzz`).

One input is one file: its first byte chooses the name (so the container), the rest is its bytes. Fine is: a dataset whose
balance is right and from which the file is rebuilt byte for byte, or a DataError of one sentence. Whatever found new
code is kept; `--keep` adds a small cover of it to reader_corpus.txt, which the default lane replays
(tests/test_load_fuzz.py). On 2 cores about 300 files a second.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from types import FrameType
from typing import Any

from benchmarks.fuzz_seeds import SEEDS

CORPUS = Path(__file__).parent / "reader_corpus.txt"
NAMES = ("x.jsonl", "x.json", "x.csv", "x.tsv", "x.txt", "x.jsonl.gz", "x.csv.gz", "raw.jsonl.gz")
LONGEST = 4_096
LINE = 1_000  # the cap on a row: long rows come up within an input's few kilobytes


class Fault(AssertionError):
    """The reader broke a promise; the text says which."""


def read_one(data: bytes, folder: Path) -> str:
    """Read one input as a file. Gives what became of it; raises Fault when a promise is broken."""
    from curate.errors import DataError
    from curate.load import Limits, load, rebuild, record_line

    name, plain = NAMES[data[0] % len(NAMES) if data else 0], data[1:]
    packed = name.endswith(".gz") and not name.startswith("raw")
    path = folder / name
    path.write_bytes(gzip.compress(plain, 1, mtime=0) if packed else plain)
    try:
        made = load(path, workers=1, limits=Limits(line=LINE))
    except DataError as e:
        said = str(e)
        if name not in said or "\n" in said or "Traceback" in said:
            raise Fault("a refusal that is no sentence about the file") from e
        return "refused"
    source = made.sources[0]
    if source.read != source.rows + source.malformed + source.blank or source.rows != len(made):
        raise Fault("the balance is wrong")
    if sum(made.problems.column("fatal").to_pylist()) != source.malformed:
        raise Fault("a malformed row without its reason")
    if name != "raw.jsonl.gz" and b"".join(rebuild(made, 0)) != plain:
        raise Fault("the file is not rebuilt")
    for row in range(len(made)):
        record_line(made, row).decode()
    return "loaded"


def kept() -> list[bytes]:
    """The inputs in the repository, one a line as base64."""
    return [base64.b64decode(line) for line in CORPUS.read_text("ascii").split()]


def replay(inputs: Iterable[bytes]) -> Counter[str]:
    """Every input once: how many were loaded and how many refused."""
    with tempfile.TemporaryDirectory(prefix="curate-fuzz-") as at:
        return Counter(read_one(data, Path(at)) for data in inputs)


def keep(folder: Path) -> int:
    """Add to the repository what reaches lines of the reader that its inputs do not reach yet, short ones first."""
    found = sorted((path.read_bytes() for path in folder.iterdir()), key=lambda data: (len(data), data))
    have = dict.fromkeys(kept()) if CORPUS.exists() else {}
    seen: set[tuple[str, int]] = set()
    for data in [*have, *found]:
        reached = lines_of(data)
        if data in have or not reached <= seen:
            have[data] = None
        seen |= reached
    CORPUS.write_text("".join(base64.b64encode(data).decode() + "\n" for data in have), "ascii")
    return len(have)


def lines_of(data: bytes) -> set[tuple[str, int]]:
    """Lines of curate/load that reading the input runs."""
    import curate

    home, reached = str(Path(curate.__file__).parent / "load"), set[tuple[str, int]]()

    def trace(frame: FrameType, _event: str, _arg: object) -> Any:
        if not frame.f_code.co_filename.startswith(home):
            return None
        reached.add((frame.f_code.co_filename, frame.f_lineno))
        return trace

    with tempfile.TemporaryDirectory(prefix="curate-fuzz-") as at:
        sys.settrace(trace)
        try:
            read_one(data, Path(at))
        finally:
            sys.settrace(None)
    return reached


def fuzz(seconds: int, seed: int, corpus: Path) -> None:
    """Run atheris until the time is up or a promise breaks; it ends the process itself."""
    import atheris

    with atheris.instrument_imports(include=["curate.load"]):
        import curate.load  # noqa: F401

    folder = Path(tempfile.mkdtemp(prefix="curate-fuzz-"))

    def target(data: bytes) -> None:
        read_one(data, folder)

    words = [sys.argv[0], f"-max_total_time={seconds}", f"-seed={seed}", f"-max_len={LONGEST}", "-timeout=20",
             "-rss_limit_mb=2000", f"-artifact_prefix={folder}/", "-print_final_stats=1", str(corpus)]  # fmt: skip
    atheris.Setup(words, target)
    atheris.Fuzz()


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.fuzz", description="Fuzz the reader, guided by coverage."
    )
    parser.add_argument("seconds", nargs="?", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpus", type=Path, default=None, help="where new inputs go; default a new folder")
    parser.add_argument("--replay", action="store_true", help="only read the kept inputs")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="only keep a cover of a corpus")
    asked = parser.parse_args(words)
    if asked.replay:
        print(", ".join(f"{n} {what}" for what, n in replay(kept()).items()))
        return 0
    if asked.keep:
        print(f"{keep(asked.keep)} inputs are kept")
        return 0
    corpus = asked.corpus or Path(tempfile.mkdtemp(prefix="curate-corpus-"))
    corpus.mkdir(exist_ok=True)
    for n, (name, data) in enumerate(SEEDS):
        (corpus / f"seed-{n:03}").write_bytes(bytes([NAMES.index(name)]) + data)
    sys.stderr.write(f"corpus: {corpus}\n")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    fuzz(asked.seconds, asked.seed, corpus)
    return 0


if __name__ == "__main__":
    sys.exit(main())
