"""python -m benchmarks.formats suite DIR: JSONTestSuite through the strict parser; files: what the product says of each file.

A file's verdict is of the whole path: what the loader reports of its rows, and what the pairs stage finds between them.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Stages that compare rows; row rules are a matter of the recipe, not of the file.
BETWEEN = ("contaminated", "exact_copy", "near_text", "near_meaning", "contradiction", "label_leakage")
POLICY = ("duplicate_key", "nan", "big_integer", "lone_surrogate")
WANTED = {"y": "accepted", "n": "refused"}


def verdict_of(path: Path) -> dict[str, Any]:
    """ok, ok_with_warnings, partial or reject, the usable rows and the codes of what was found."""
    from curate.errors import DataError
    from curate.load import CODES, load

    rejected = {"verdict": "reject", "rows_usable": 0, "issues": []}
    try:
        data = load([path], workers=1)
    except DataError:
        return rejected
    if not len(data):
        return rejected
    codes = sorted(set(data.problems.column("code").to_pylist()))
    between = list(found_between(data))
    warned = any(CODES[code].level != "info" for code in codes) or between
    partial = any(source.malformed for source in data.sources)
    verdict = "partial" if partial else "ok_with_warnings" if warned else "ok"
    return {"verdict": verdict, "rows_usable": len(data), "issues": codes + between}


def found_between(data: Any) -> Iterator[str]:
    """Codes of the stages that compare rows, under the default recipe."""
    from curate.decide import decide, preset
    from curate.measure import measure

    recipe = preset("default")
    funnel = decide(measure(data, recipe=recipe), recipe).funnel
    yield from (
        code
        for code, count in zip(funnel.codes, funnel.all, strict=True)
        if count and (code in BETWEEN or "leak" in code)
    )


def suite_line(path: Path) -> tuple[str, str, str]:
    """(letter, what the strict parser did, what became of it as a row)."""
    from curate.load.problems import RowError
    from curate.load.strict import parse, parse_value

    data = path.read_bytes()
    try:
        parse_value(data)
        parser = "accepted"
    except RowError as e:
        literal = e.code == "nan" and (
            b"NaN" in data or b"Infinity" in data
        )  # no JSON at all; 1e999 is, and has no value
        parser = "accepted by grammar, refused by policy" if e.code in POLICY and not literal else "refused"
    try:
        parse(data)
        row = "a row"
    except RowError as e:
        row = e.code
    return path.name[0], parser, row


def suite(folder: Path) -> int:
    """Print the table; 1 when a y_ file is refused by grammar or an n_ file accepted."""
    files = sorted(folder.glob("[yni]_*"))
    lines = [(path.name, *suite_line(path)) for path in files]
    table = Counter((letter, parser) for _, letter, parser, _ in lines)
    for (letter, parser), count in sorted(table.items()):
        print(f"{letter}_  {count:>4}  {parser}")
    for (letter, row), count in sorted(Counter((letter, row) for _, letter, _, row in lines).items()):
        print(f"{letter}_ as a row  {count:>4}  {row}")
    wrong = [n for n, letter, parser, _ in lines if letter in WANTED and not parser.startswith(WANTED[letter])]
    for name in wrong:
        print(f"wrong: {name}")
    print(f"{len(lines)} files, {len(wrong)} wrong")
    return 1 if wrong or not lines else 0


def files(folder: Path) -> int:
    """One line for each file of a folder."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        found = verdict_of(path)
        print(
            f"{path.relative_to(folder)}: {found['verdict']}, {found['rows_usable']} rows, {', '.join(found['issues'])}"
        )
    return 0


def main(words: list[str]) -> int:
    works = {"suite": suite, "files": files}
    if len(words) != 2 or words[0] not in works or not Path(words[1]).is_dir():
        sys.stderr.write("usage: python -m benchmarks.formats suite|files DIR\n")
        return 2
    return works[words[0]](Path(words[1]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
