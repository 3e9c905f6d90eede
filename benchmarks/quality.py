"""python -m benchmarks.quality SET DIR PRED: answer a labelled set by the product's own path, without reading a label.

Exit 0: PRED holds one line for every id. Exit 3: not answered yet; the reason is on stderr and no file is left.
DIR is a folder such as gold/dev; what else lies in it is ignored. Only the fields named by `pick` are ever looked at.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

Line = dict[str, Any]
Answer = Callable[[Path], Iterable[Line]]


class Unanswered(Exception):
    """The product has no answer to this set yet; the text says what is missing."""


def pick(path: Path, *keys: str) -> list[Line]:
    """The rows of a gz JSONL file, cut down to the named fields."""
    with gzip.open(path, "rt", encoding="utf-8") as f:
        return [{k: row[k] for k in keys if k in row} for row in map(json.loads, filter(str.strip, f))]


def loaded(rows: list[Line], frozen: list[Line] | None = None) -> Any:
    """Rows written as JSONL and read by the product's loader. `user_id` of its rows is the set's id."""
    from curate.load import load

    with tempfile.TemporaryDirectory(prefix="curate-gold-") as folder:
        paths = []
        for name, part in (("pool.jsonl", rows), ("frozen.jsonl", frozen or [])):
            path = Path(folder) / name
            path.write_text("".join(json.dumps(row, ensure_ascii=True) + "\n" for row in part), encoding="utf-8")
            paths.append(path)
        return load(paths[:1], frozen=paths[1:] if frozen else ())


def by_id(data: Any, values: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    """Each pool row's id in the set, with its value."""
    for name, is_frozen, value in zip(data.rows.column("user_id").to_pylist(), data.frozen, values, strict=True):
        if not is_frozen:
            yield name, value


def exact(folder: Path) -> Iterable[Line]:
    """Sizes of exact groups and of groups with one prompt (merged_sft_exact)."""
    from curate.measure.classes import classes_of

    data = loaded(pick(folder / "near_dup_gold/merged_sft_exact.jsonl.gz", "id", "messages"))
    classes = classes_of(data.rows)
    sizes = [np.bincount(label)[label] for label in (classes["content"], classes["prompt"])]
    keys = ("exact_group_size", "same_prompt_group_size")
    return [{"id": name, keys[0]: int(a), keys[1]: int(b)} for name, (a, b) in by_id(data, zip(*sizes, strict=True))]


def near_dup(folder: Path) -> Iterable[Line]:
    """The probability that two prompts are the same, as the pair stage scores them."""
    from benchmarks.near_dup import near_dup

    return near_dup(folder)


def decontamination(folder: Path) -> Iterable[Line]:
    """Training rows that the default recipe drops because of a frozen row (benchmarks/decontamination.py)."""
    from benchmarks.decontamination import answer

    return answer(folder)


def topics(folder: Path) -> Iterable[Line]:
    """The topic of each row, -1 = none. Each component is a dataset of its own: loaded, measured and cut by itself."""
    rows = pick(folder / "topics_gold/rows.jsonl.gz", "id", "text", "component")
    out: list[Line] = []
    for component in sorted({row["component"] for row in rows}):
        of = topics_of_rows([{"id": r["id"], "text": r["text"]} for r in rows if r["component"] == component])
        noise = sum(line["cluster"] < 0 for line in of) / len(of)
        sys.stderr.write(
            f"{component}: {len(of)} rows, {len({x['cluster'] for x in of})} topics, {noise:.1%} in none\n"
        )
        out += of
    return out


def topics_of_rows(rows: list[Line]) -> list[Line]:
    """Topics of one dataset of prompts under the default recipe; numbered within it."""
    from dataclasses import replace

    from curate.decide import decide, preset
    from curate.measure.run import measure

    data = loaded([{"id": row["id"], "prompt": row["text"], "completion": ""} for row in rows])
    recipe = replace(preset("default"), rules=())
    evidence = measure(data, recipe=recipe)
    return [{"id": name, "cluster": int(topic)} for name, topic in by_id(data, decide(evidence, recipe).topic)]


def formats(folder: Path) -> Iterable[Line]:
    """What loading and comparing rows makes of every file under valid/ and broken/ (and the JSON test suite)."""
    from benchmarks.formats import verdict_of

    root = folder / "format_gold"
    files = (p for part in ("valid", "broken", "json_test_suite") for p in sorted((root / part).glob("*")))
    return [{"file": p.relative_to(root).as_posix(), **verdict_of(p)} for p in files]


def contradiction(folder: Path) -> Iterable[Line]:
    """The conflict score of the listed pairs, as the pair stage gives it."""
    from benchmarks import contradiction

    return contradiction.contradiction(folder)


def answer_nli(folder: Path) -> Iterable[Line]:
    """The conflict score of two answers under one prompt."""
    from benchmarks import contradiction

    return contradiction.answer_nli(folder)


def waits(reason: str) -> Answer:
    """A set that a later issue answers."""

    def answer(_folder: Path) -> Iterable[Line]:
        raise Unanswered(reason)

    return answer


def signals(name: str) -> Answer:
    """A set that benchmarks/signals.py answers."""

    def answer(folder: Path) -> Iterable[Line]:
        from benchmarks import signals as body

        made: Iterable[Line] = getattr(body, name)(folder)
        return made

    return answer


SETS: Mapping[str, Answer] = {
    "near_dup": near_dup,
    "exact": exact,
    "refusal": signals("refusal"),
    "decontamination": decontamination,
    "format": formats,
    "topics": topics,
    "contradiction": contradiction,
    "answer_nli": answer_nli,
    "quality": signals("quality"),
    "quality_pairs": waits("needs a judge, which is never run without a confirmed cost"),
    "pii": signals("pii"),
    "language": signals("language"),
    "toxicity": signals("toxicity"),
    "injection": signals("injection"),
    "leakage": signals("leakage"),
}


def main(words: list[str]) -> int:
    if len(words) != 3 or words[0] not in SETS or not Path(words[1]).is_dir():
        sys.stderr.write(f"usage: python -m benchmarks.quality SET DIR PRED; SET is one of {', '.join(SETS)}\n")
        return 2
    try:
        lines = list(SETS[words[0]](Path(words[1])))
    except Unanswered as e:
        sys.stderr.write(f"{words[0]} is not answered: {e}\n")
        return 3
    target = Path(words[2])
    part = target.with_name(target.name + f".{os.getpid()}.tmp")
    part.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    part.replace(target)
    sys.stderr.write(f"{words[0]}: {len(lines)} predictions\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
