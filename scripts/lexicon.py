#!/usr/bin/env python3
"""scripts/lexicon.py DICT: make curate/measure/data/lexicon.npz from the `dict` folder of WordNet 3.1

Kept: every single word of letters with its commonest senses, each sense's nearest wider one, and which words are
opposites. Equal input gives equal bytes. Licence of the data: curate/measure/data/WORDNET-LICENSE.
"""

from __future__ import annotations

import io
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

KINDS = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}
SENSES = {"n": 3, "v": 3, "a": 3, "r": 1}  # the commonest senses kept of each part of speech
WIDTH = 10
WORD = re.compile(r"[a-z][a-z'-]*[a-z]")
OUT = Path(__file__).parent.parent / "curate" / "measure" / "data" / "lexicon.npz"


def index(folder: Path, kind: str) -> Iterator[tuple[str, list[int]]]:
    """Each lemma with the places of its senses, commonest first."""
    for line in (folder / f"index.{KINDS[kind]}").read_text("latin-1").splitlines():
        if line.startswith(" "):
            continue
        part = line.split()
        pointers = int(part[3])
        count = int(part[2])
        yield part[0], [int(p) for p in part[4 + pointers + 2 :][:count]]


def synsets(folder: Path, kind: str) -> Iterator[tuple[int, list[str], list[tuple[str, int, str, str]]]]:
    """Each sense's place, words, and pointers (symbol, place, part of speech, source and target word)."""
    for line in (folder / f"data.{KINDS[kind]}").read_text("latin-1").splitlines():
        if line.startswith(" "):
            continue
        part = line.split(" | ")[0].split()
        words = int(part[3], 16)
        names = [re.sub(r"\(.*\)", "", part[4 + 2 * k]).lower() for k in range(words)]
        at = 4 + 2 * words
        many = int(part[at])
        links = [tuple(part[at + 1 + 4 * k : at + 5 + 4 * k]) for k in range(many)]
        yield int(part[0]), names, [(s, int(o), p, w) for s, o, p, w in links]


def main(folder: Path) -> None:
    ids: dict[tuple[str, int], int] = {}
    parent: dict[tuple[str, int], tuple[str, int]] = {}
    names: dict[tuple[str, int], list[str]] = {}
    opposite: set[tuple[str, str]] = set()
    direct: dict[tuple[str, int], set[tuple[str, int]]] = {}
    heads: dict[tuple[str, int], tuple[str, int]] = {}
    for kind in KINDS:
        for place, words, links in synsets(folder, kind):
            here = (kind, place)
            ids[here] = len(ids)
            names[here] = words
            for symbol, other, pos, which in links:
                there = ("a" if pos == "s" else pos, other)
                if symbol in ("@", "@i") and here not in parent:
                    parent[here] = there
                if symbol == "\\" and kind == "a" and here not in parent:  # Indian: of India
                    parent[here] = there
                if symbol == "&":
                    heads.setdefault(here, there)
                if symbol == "!":
                    direct.setdefault(here, set()).add(there)
                    opposite.add((here, there, which))  # type: ignore[arg-type]
    pairs: set[tuple[str, str]] = set()
    for here, there, which in opposite:  # type: ignore[misc]
        a, b = int(which[:2], 16) - 1, int(which[2:], 16) - 1
        pairs.add(tuple(sorted((names[here][a], names[there][b]))))  # type: ignore[index,arg-type]
    for here, head in heads.items():  # wet, damp: dry is the opposite of both
        for there in direct.get(head, ()):
            for a in names[here]:
                for b in names[there]:
                    pairs.add(tuple(sorted((a, b))))  # type: ignore[arg-type]
    senses: dict[str, list[int]] = {}
    for kind in KINDS:
        for lemma, places in index(folder, kind):
            if WORD.fullmatch(lemma):
                senses.setdefault(lemma, []).extend(ids[kind, p] for p in places[: SENSES[kind]])
    words = sorted(senses)
    of = {w: k for k, w in enumerate(words)}
    table = np.full((len(words), WIDTH), -1, dtype=np.int32)
    for k, w in enumerate(words):
        table[k, : len(senses[w])] = senses[w][:WIDTH]
    up = np.full(len(ids), -1, dtype=np.int32)
    for here, there in parent.items():
        up[ids[here]] = ids[there]
    anti = sorted((min(of[a], of[b]), max(of[a], of[b])) for a, b in pairs if a in of and b in of and a != b)
    arrays = {
        "words": np.frombuffer("\n".join(words).encode(), dtype=np.uint8),
        "senses": table,
        "up": up,
        "first": np.array([min(v for (k, _), v in ids.items() if k == kind) for kind in KINDS], dtype=np.int32),
        "opposites": np.array(sorted(set(anti)), dtype=np.int32),
    }
    with zipfile.ZipFile(OUT, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for name, values in arrays.items():
            buffer = io.BytesIO()
            np.save(buffer, values, allow_pickle=False)
            file.writestr(
                zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0)), buffer.getvalue(), zipfile.ZIP_DEFLATED
            )
    sys.stdout.write(
        f"{len(words):,} words, {len(ids):,} senses, {len(anti):,} opposites, {OUT.stat().st_size:,} bytes\n"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
