"""python -m benchmarks.peers text|meaning|size [ROWS]: our duplicates beside rensa, datasketch and semhash, in one run.

Near text: the same character 5-grams, 128 permutations, threshold .8. Peers take Python sets of strings, which a user must
build, so that is in their time as ours has the cutting of the same text. Truth: exact Jaccard over a search that misses one pair
at .8 in 10^14. Near meaning: semhash gets our vectors through its encoder protocol. JSON goes to benchmarks/results/peers.
Needs `pip install "curate[bench]"`.
"""

from __future__ import annotations

import gzip
import json
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.tables import shared
from curate.measure import minhash
from curate.measure.shingles import Shingles, jaccard, shingle

BAR = 0.8
RESULTS = Path(__file__).parent / "results" / "peers"
Keys = np.ndarray


def prompts(rows: int) -> list[str]:
    """Distinct normalised texts: prompt and answer of the large mix (shuffled, cut to 800 characters), and for every fifth
    one a light edit besides (1 to 4 words taken out or doubled). Past the mix's own rows: with half of their words redrawn
    from the mix's, so that 500,000 rows cost what real ones cost; of their quality nothing can be said."""
    rng = np.random.default_rng(0)
    with gzip.open(shared() / "large_mix_messages.jsonl.gz", "rt", encoding="utf-8") as f:
        said = [" ".join(m["content"] for m in json.loads(line)["messages"] if m["role"] != "system") for line in f]
    real = [" ".join(text[:800].lower().split()) for text in said]
    real = [real[k] for k in rng.permutation(len(real)) if len(real[k]) >= 5]
    words = np.array(" ".join(real[:5_000]).split())
    out: dict[str, None] = {}
    at = 0
    while len(out) < rows:
        text = real[at % len(real)]
        if at >= len(real):
            cut = np.array(text.split())
            text = " ".join(np.where(rng.random(cut.shape[0]) < 0.5, rng.choice(words, cut.shape[0]), cut))
        out[text] = None
        if at % 5 == 0:
            out[_edited(text.split(), rng)] = None
        at += 1
    return [t for t in out if len(t) >= 5][:rows]


def _edited(words: list[str], rng: np.random.Generator) -> str:
    for _ in range(int(rng.integers(1, 5))):
        at = int(rng.integers(len(words)))
        words[at : at + 1] = [] if rng.random() < 0.5 and len(words) > 3 else [words[at], words[at]]
    return " ".join(words)


def pair_keys(i: Sequence[int] | np.ndarray, j: Sequence[int] | np.ndarray, n: int) -> Keys:
    a, b = np.asarray(i, np.int64), np.asarray(j, np.int64)
    return np.unique(np.minimum(a, b) * n + np.maximum(a, b))


def sets_of(texts: list[str]) -> list[list[str]]:
    """The same 5-grams as Python strings."""
    return [list({t[k : k + 5] for k in range(max(len(t) - 4, 1))}) for t in texts]


def ours(texts: list[str]) -> Keys:
    import pyarrow as pa

    i, j, _ = minhash.near_text(shingle(pa.array(texts, pa.large_string())), BAR)
    return pair_keys(i, j, len(texts))


def rensa(texts: list[str]) -> Keys:
    """RMinHash with its own LSH; candidates stay when the estimated Jaccard reaches the threshold."""
    from rensa import RMinHash, RMinHashLSH

    signatures = RMinHash.from_token_sets(sets_of(texts), 128, 42)
    index = RMinHashLSH(BAR, 128, 16)
    index.insert_many(signatures)
    i: list[int] = []
    j: list[int] = []
    for row, signature in enumerate(signatures):
        for other in index.query(signature):
            if other > row and signature.jaccard(signatures[other]) >= BAR:
                i.append(row)
                j.append(other)
    return pair_keys(i, j, len(texts))


def datasketch(texts: list[str]) -> Keys:
    """MinHash.bulk with the fastest hash at hand, then MinHashLSH in its threshold's bands; estimates decide."""
    from datasketch import MinHash, MinHashLSH

    data = [[gram.encode() for gram in grams] for grams in sets_of(texts)]
    signatures = MinHash.bulk(data, num_perm=128, seed=42, hashfunc=_quick_hash())
    index = MinHashLSH(threshold=BAR, num_perm=128)
    with index.insertion_session() as session:
        for row, signature in enumerate(signatures):
            session.insert(row, signature, check_duplication=False)
    i: list[int] = []
    j: list[int] = []
    for row, signature in enumerate(signatures):
        for other in index.query(signature):
            if other > row and signature.jaccard(signatures[other]) >= BAR:
                i.append(row)
                j.append(other)
    return pair_keys(i, j, len(texts))


def _quick_hash() -> Callable[[bytes], int]:
    try:
        from xxhash import xxh32_intdigest

        return xxh32_intdigest
    except ImportError:
        from zlib import crc32

        return crc32


def truth(texts: list[str]) -> Keys:
    import pyarrow as pa

    bucket, minhash.BUCKET = minhash.BUCKET, len(texts) + 1
    try:
        i, j, _ = minhash.near_text(shingle(pa.array(texts, pa.large_string())), BAR, hashes=256, bands=64)
    finally:
        minhash.BUCKET = bucket
    return pair_keys(i, j, len(texts))


def sampled_recall(sets: Shingles, found: Keys, rows: int = 2_000) -> float:
    """Share of the pairs at the bar that were found, of sampled rows against every row by exact Jaccard."""
    n = len(sets)
    sample = np.random.default_rng(0).choice(n, min(n, rows), replace=False).astype(np.int32)
    sizes, there, hit = sets.sizes(), 0, 0
    for row in sample:
        fit = np.flatnonzero((sizes >= BAR * sizes[row]) & (sizes <= sizes[row] / BAR)).astype(np.int32)
        fit = fit[fit != row]
        near = fit[jaccard(sets, np.full(fit.shape[0], row, np.int32), fit) >= np.float32(BAR)].astype(np.int64)
        keys = np.minimum(near, row) * n + np.maximum(near, row)
        there += keys.shape[0]
        hit += int(np.isin(keys, found).sum())
    return hit / there if there else 1.0


def scored(work: Callable[[], Keys], real: Keys) -> dict[str, float]:
    began = time.perf_counter()
    found = work()
    seconds = time.perf_counter() - began
    both = np.isin(found, real).sum()
    return {"seconds": round(seconds, 3), "pairs": int(found.shape[0]), "recall": round(float(both / max(real.shape[0], 1)), 5),
            "precision": round(float(both / max(found.shape[0], 1)), 5)}  # fmt: skip


def text(rows: int) -> dict[str, Any]:
    texts = prompts(rows)
    ours(texts[:500])
    real = truth(texts)
    out: dict[str, Any] = {
        "rows": len(texts),
        "true pairs": int(real.shape[0]),
        "curate": scored(lambda: ours(texts), real),
    }
    for name, work in (("rensa", rensa), ("datasketch", datasketch)):
        out[name] = scored(partial(work, texts), real) | {"version": version(name)}
        out[name]["times ours"] = round(out[name]["seconds"] / out["curate"]["seconds"], 1)
        print(name, json.dumps(out[name]), flush=True)
    return out


class Given:
    """semhash's encoder: vectors that are there already, by text."""

    def __init__(self, texts: list[str], vectors: np.ndarray) -> None:
        self.at, self.vectors = {t: k for k, t in enumerate(texts)}, vectors

    def encode(self, inputs: Sequence[str], **_: Any) -> np.ndarray:
        return self.vectors[[self.at[t] for t in inputs]]


def meaning(rows: int) -> dict[str, Any]:
    """The kept vectors of Alpaca's prompts, cosine .8 and up, each pair once."""
    from semhash import SemHash

    from benchmarks.alpaca import prompt_vectors
    from curate.measure.neighbours import near_meaning

    texts, vectors = prompt_vectors(rows)
    n, wide = len(texts), vectors.astype(np.float32)
    near_meaning(vectors[:500], BAR)
    exact = near_meaning(vectors, BAR)
    real = pair_keys(exact[0], exact[1], n)

    def theirs() -> Keys:
        made = SemHash.from_records(texts, model=Given(texts, wide)).self_deduplicate(threshold=BAR)
        at = {t: k for k, t in enumerate(texts)}
        named = [(at[d.record], at[other]) for d in made.filtered for other, _ in d.duplicates]
        return pair_keys([a for a, _ in named], [b for _, b in named], n)

    out: dict[str, Any] = {"rows": n, "true pairs": int(real.shape[0])}
    out["curate"] = scored(lambda: pair_keys(*near_meaning(vectors, BAR)[:2], n), real)
    out["semhash"] = scored(theirs, real) | {"version": version("semhash")}
    return out


def size(rows: int) -> dict[str, Any]:
    """Ours alone at the default floor: time, and recall of 2,000 sampled rows' pairs at the bar against every row."""
    import pyarrow as pa

    texts = prompts(rows)
    column = pa.array(texts, pa.large_string())
    minhash.near_text(shingle(column.slice(0, 500)), 0.7)
    began = time.perf_counter()
    sets = shingle(column)
    i, j, s = minhash.near_text(sets, 0.7)
    seconds = time.perf_counter() - began
    at = s >= np.float32(BAR)
    recall = sampled_recall(sets, pair_keys(i[at], j[at], len(texts)))
    return {"rows": len(texts), "floor": 0.7, "seconds": round(seconds, 2), "pairs": int(i.shape[0]),
            "recall of 2,000 rows at .8": round(recall, 5)}  # fmt: skip


def main(words: list[str]) -> int:
    what, rows = words[0] if words else "text", int(words[1]) if len(words) > 1 else 50_000
    if what not in ("text", "meaning", "size"):
        sys.stderr.write("usage: python -m benchmarks.peers text|meaning|size [ROWS]\n")
        return 2
    from benchmarks.schema import machine, versions

    made = {"text": text, "meaning": meaning, "size": size}[what](rows) | {"machine": machine(), "versions": versions()}
    (RESULTS / f"{what}-{rows // 1000}k.json").write_text(json.dumps(made, indent=1, sort_keys=True) + "\n")
    print(json.dumps({k: v for k, v in made.items() if k not in ("machine", "versions")}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
