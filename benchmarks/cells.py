"""python -m benchmarks.cells [SIGNAL...]: one cell of 1 MB made of one repeated seed, and what every signal takes for it.

For each signal its worst seed, for the cell as the prompt, as the answer and as both (two cells); the promise is 50 ms of processor
time for a cell. Then its growth: what twice the cell costs over what it costs (2 is linear).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from time import process_time
from typing import Any

import numpy as np

MEGABYTE = 1_000_000
BAR = 50.0  # ms
SEEDS: tuple[str, ...] = (
    "a.", "a@", "a", " ", "\n", "\t", ".", "@", "-", "1", "1-", "1.", "1 ", "2031-", "2031-01-01 ", "(1", "((", ")(", "[", "[insert ",
    "{{ ", "{", "<", "<no ", "<|a", "</", "```", "`", "```\n", "*", "**a", "# ", "- ", "1. ", "| ", "_", "~", "\"", "'", "’", ",", ":",
    "http://", "https://a.b/", "www.", "a.b@", "@a.b", "AA00", "+1", "+1 ", "eyJ", "eyJ-", "sk-", "-sk-", "ghp_", "-----BEGIN ", "1:2:3:", "1:2:3:4:5:6:7:8 ", "2606:4700:4700::1111 ", "::", "a:",
    "4111111111111111 ", "123-45-6789 ", "555-123-4567 ", "10.0.0.1 ", "8.8.4.4 ", "phone ", "call 12345678 ", "licence 1 ", "driver's license D1234567 ", "license no ",
    "ignore all ", "ignore ", "your response ", "add to ", "replace every ", "what is your ", "rate this ", "from now on you ",
    "i am sorry but ", "I cannot ", "however ", "could you ", "as an AI ", "i do not know ", "please provide ", "unfortunately, ",
    "i will escalate ", "let me ", "this text ", "json ", "in json ", "etc ", "it depends ", "a b ", "the ", "and ", "TODO: ", "?", "? ", "a? ",
    "word. ", "Word ", "a, B", "A", "é", "ä ", "日本", "한국", "й ", "🙂", "\u00a0", "\u2003", "\ufffd", "Ã©", "â€", "\u202e", "a\u0301",
    "\r\n", "a\n", "1\n", "```a", "[1](", "\\", "\\n", "&amp;", "%20", "\u200b", "null,", "[[", "{\"a\":", "[1,", "\"\\", "-Infinity",
    "0" * 40 + " ", "abcdefghij" * 30 + " ", "١٢٣-", "٣", "a.com ", "from x import ", "def ", "1,000 ", "19", "1999 2000 ",
)  # fmt: skip
Cost = Callable[[Any], object]


def cells(seed: str, size: int) -> Iterator[tuple[str, Any]]:
    """(where it stands, one row whose prompt, answer or both are the seed up to `size` bytes)."""
    text = (seed * (size // len(seed.encode()) + 1)).encode()[:size].decode("utf-8", "ignore")
    yield "prompt", row(text, "A short answer.")
    yield "answer", row("A short question?", text)
    yield "both", row(text, text)


def row(prompt: str, answer: str) -> Any:
    """One row as a signal reads it, with a time of its own."""
    import pyarrow as pa

    said = [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]
    texts = {
        "system": "",
        "prompt": prompt,
        "response": answer,
        "messages": json.dumps(said),
        "roles": "ua",
        "time": "2020-01-01",
    }
    columns = {name: pa.chunked_array([pa.array([text], pa.large_string())]) for name, text in texts.items()}
    return pa.table({**columns, "turns": pa.array([2], pa.int32())})


def costs() -> Mapping[str, Cost]:
    """Everything that reads a row's text, by name."""
    from curate.measure.boilerplate import measure_boilerplate
    from curate.measure.set_columns import later_years
    from curate.measure.signals import SIGNALS
    from curate.measure.surprise import measure_surprise

    content, frozen = np.zeros(1, np.int32), np.zeros(1, np.bool_)
    return {s.name: s.make for s in SIGNALS} | {
        "later_years": later_years,
        "boilerplate": lambda rows: measure_boilerplate(rows, content, frozen),
        "surprise": lambda rows: measure_surprise(rows, frozen),
    }


def took(cost: Cost, rows: Any, where: str) -> float:
    """Milliseconds of processor time a cell, the best of three when it is near the bar."""
    count = 2 if where == "both" else 1
    best = float("inf")
    for _ in range(3):
        began = process_time()
        cost(rows)
        best = min(best, 1000 * (process_time() - began) / count)
        if best < BAR / 2:
            break
    return best


def main(words: list[str]) -> int:
    failed = 0
    for name, cost in costs().items():
        if words and name not in words:
            continue
        cost(row("warm", "up"))
        made = [
            (took(cost, rows, where), repr(seed), where, seed)
            for seed in SEEDS
            for where, rows in cells(seed, MEGABYTE)
        ]
        made.sort(reverse=True)
        worst, shown, where, seed = made[0]
        twice = min(took(cost, rows, w) for w, rows in cells(seed, 2 * MEGABYTE) if w == where)
        over = [f"{s} {w} {ms:.0f}" for ms, s, w, _ in made if ms > BAR]
        failed += len(over)
        print(
            f"{name:<12} worst {worst:6.1f} ms ({shown} as {where}), twice the cell {twice / worst:4.1f} times",
            flush=True,
        )
        if over:
            print(f"{'':<12} over {BAR:.0f} ms: {', '.join(over)}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
