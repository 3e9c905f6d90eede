"""Small random worlds as evidence, in canonical order, and random recipes: what the laws of decide are tried on.

A world is made of texts (distinct contents), rows that repeat them, and scores between texts. `evidence(world, salt)`
gives its evidence; another salt gives every row another id, so another canonical order, and the same world.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import strategies as st

from curate.decide import Recipe
from curate.overrides import Overrides
from curate.types import Evidence, Guard, Measure, Pairs, Topics, Verdicts, frozen_array

SCORES = (
    "prompt_jaccard",
    "answer_jaccard",
    "prompt_cosine",
    "answer_cosine",
    "prompt_same",
    "answer_same",
    "conflict",
)
COLUMNS = {
    "prompt_words": (0, 40), "answer_words": (0, 60), "answer_ratio": (0, 3), "judge_overall": (1, 5),
    "repeated_bigrams": (0, 1), "refusal_full": (0, 1), "answer_empty": (0, 1),
}  # fmt: skip
FACTS = ("refusal_full", "answer_empty")
FLOOR = {"text": 0.7, "meaning": 0.8}


@dataclass(frozen=True)
class World:
    """texts: per text its prompt, system and answer numbers. rows: (text, frozen) each. first: a strict order of rows.

    scores: {(a, b): ({score: value}, guards)} for a < b. columns: {name: value per text}. topics: label per cut and text.
    """

    texts: tuple[tuple[int, int, int], ...]
    rows: tuple[tuple[int, bool], ...]
    first: tuple[int, ...]
    scores: dict[tuple[int, int], tuple[dict[str, float], int]]
    columns: dict[str, np.ndarray]
    topics: tuple[np.ndarray, ...]


def make_world(rng: np.random.Generator, n: int, measured: bool = True, some_frozen: bool = True) -> World:
    """A world of n rows. measured: whether vectors, conflicts and topics were measured."""
    k = max(1, int(rng.integers(1, n + 2)))
    texts = tuple((int(rng.integers(0, 3 * k)), int(rng.integers(0, 2)), int(rng.integers(0, 2 * k))) for _ in range(k))
    share = float(rng.choice([0.0, 0.1, 0.3])) if some_frozen else 0.0
    rows = tuple((int(rng.integers(0, k)), bool(rng.random() < share)) for _ in range(n))
    scores = {}
    for a in range(k):
        for b in range(a + 1, k):
            if texts[a][0] == texts[b][0] or rng.random() < 0.4:
                scores[a, b] = _pair(rng, texts[a], texts[b], measured)
    columns = {name: _column(rng, name, low, high, k) for name, (low, high) in COLUMNS.items()}
    topics = tuple(rng.integers(-1, 3, k) for _ in range(2)) if measured else ()
    return World(texts, rows, tuple(rng.permutation(n).tolist()), scores, columns, topics)


def _pair(
    rng: np.random.Generator, a: tuple[int, int, int], b: tuple[int, int, int], measured: bool
) -> tuple[dict[str, float], int]:
    base = rng.uniform(0.55, 1.0)
    values = {name: float(np.float32(np.clip(base + rng.normal(0, 0.05), 0.5, 1.0))) for name in SCORES}
    if rng.random() < 0.3:
        values = {name: float(rng.choice([0.7, 0.8, 0.85, 0.9, 0.95, 1.0])) for name in SCORES}
    for name in ("prompt_same", "answer_same"):
        values[name] = float(rng.choice([np.nan, 0.3, 0.5, 0.7, 0.9], p=[0.1, 0.2, 0.2, 0.2, 0.3]))
    if a[0] == b[0]:
        values |= {"prompt_jaccard": 1.0, "prompt_same": 1.0}
    values["conflict"] = float(rng.choice([np.nan, 0.2, 0.5, 0.9], p=[0.7, 0.15, 0.05, 0.1]))
    if not measured:
        values |= {"prompt_cosine": np.nan, "answer_cosine": np.nan, "conflict": np.nan}
    elif rng.random() < 0.1:
        values["answer_cosine"] = np.nan
    guards = 0 if rng.random() < 0.7 else int(rng.choice([1, 2, 4, 8, 32, 256, 1024]))
    return values, guards | (int(Guard.CONTEXT) if a[1] != b[1] else 0)


def _column(rng: np.random.Generator, name: str, low: int, high: int, k: int) -> np.ndarray:
    values = rng.integers(0, 2, k).astype(np.float32) if name in FACTS else rng.uniform(low, high, k).astype(np.float32)
    values[rng.random(k) < 0.2] = np.nan
    return values


def row_ids(world: World, salt: int = 0) -> list[bytes]:
    """The id of each row of the world: hash of its text, rank among copies (pool before frozen, then as listed)."""
    taken: dict[int, int] = {}
    out = [b""] * len(world.rows)
    for row in sorted(range(len(out)), key=lambda r: (world.rows[r][1], r)):
        text = world.rows[row][0]
        rank = taken[text] = taken.get(text, -1) + 1
        out[row] = f"{blake2b(f'{salt}.{text}'.encode(), digest_size=8).hexdigest()}-{rank}".encode()
    return out


def places(world: World, salt: int = 0) -> np.ndarray:
    """int [n]: the canonical row number of each row of the world."""
    ids = row_ids(world, salt)
    order = sorted(range(len(ids)), key=lambda r: (world.rows[r][1], ids[r]))
    out = np.empty(len(ids), dtype=np.int64)
    out[order] = np.arange(len(ids))
    return out


def evidence(world: World, salt: int = 0) -> Evidence:
    """The world's evidence; every array is read-only."""
    n, place = len(world.rows), places(world, salt)
    row = np.argsort(place)
    text = np.array([world.rows[r][0] for r in row], dtype=np.int64).reshape(n)
    ids = row_ids(world, salt)
    first = np.array([world.first[r] for r in row], dtype=np.int32).reshape(n)
    keys = [_names(world.texts[t], int(t)) for t in text]
    classes = {name: _lowest([k[name] for k in keys]) for name in ("content", "spaced", "folded", "prompt", "question")}
    return Evidence(
        fingerprint=f"{salt}",
        ids=frozen_array(np.array([ids[r] for r in row], dtype=np.bytes_).reshape(n)),
        frozen=frozen_array(np.array([world.rows[r][1] for r in row], dtype=np.bool_).reshape(n)),
        columns={name: frozen_array(values[text]) for name, values in world.columns.items()},
        classes=classes,
        pairs=_pairs(world, text, classes["content"]),
        topics=_topics(world, text),
        made=(Measure("test", 1),),
        orders={"first": frozen_array(first), "newest": frozen_array((n - 1 - first).astype(np.int32))},
    )


def _names(text: tuple[int, int, int], number: int) -> dict[str, object]:
    prompt, system, answer = text
    return {
        "content": number, "spaced": text, "folded": (prompt // 2, system, answer // 2), "prompt": prompt,
        "question": (system, prompt),
    }  # fmt: skip


def _lowest(names: list[object]) -> np.ndarray:
    seen: dict[object, int] = {}
    return frozen_array(np.array([seen.setdefault(n, r) for r, n in enumerate(names)], dtype=np.int32))


def _pairs(world: World, text: np.ndarray, content: np.ndarray) -> Pairs:
    lead = {int(t): int(content[r]) for r, t in enumerate(text)}
    found = []
    for (a, b), (values, guards) in world.scores.items():
        if a in lead and b in lead:
            found.append((min(lead[a], lead[b]), max(lead[a], lead[b]), values, guards))
    found.sort(key=lambda e: e[:2])
    floor = dict(FLOOR) if world.topics else {"text": FLOOR["text"]}
    return Pairs(
        frozen_array(np.array([e[0] for e in found], dtype=np.int32)),
        frozen_array(np.array([e[1] for e in found], dtype=np.int32)),
        {s: frozen_array(np.array([e[2].get(s, np.nan) for e in found], dtype=np.float32)) for s in SCORES},
        frozen_array(np.array([e[3] for e in found], dtype=np.uint16)),
        floor,
    )


def _topics(world: World, text: np.ndarray) -> Topics | None:
    if not world.topics:
        return None
    labels = tuple(frozen_array(t[text].astype(np.int32)) for t in world.topics)
    return Topics((5, 15), labels, (("a", "b", "c"),) * 2, len(text))


def near_off(recipe: Recipe) -> Recipe:
    """The recipe with everything after the row rules switched off."""
    recipe = recipe.with_setting("near", exact="off", text_enabled=False, meaning_enabled=False)
    recipe = recipe.with_setting("leak", enabled=False).with_setting("conflict", enabled=False)
    return recipe.with_setting("topics", cap=0)


def _change_rule(rng: np.random.Generator, recipe: Recipe) -> Recipe:
    known = [r for r in recipe.rules if r.column in COLUMNS]
    rule = known[int(rng.integers(len(known)))]
    low, high = COLUMNS[rule.column]
    a, b = sorted(rng.uniform(low, high, 2).tolist())
    if rng.random() < 0.3:
        a = -np.inf
    changes: dict[str, Any] = {"enabled": bool(rng.random() < 0.8), "action": str(rng.choice(["drop", "review"]))}
    return recipe.with_rule(rule.name, low=-np.inf if rule.fact else a, high=0.5 if rule.fact else b, **changes)


def _change_overrides(rng: np.random.Generator, recipe: Recipe, ids: list[str]) -> Recipe:
    rows = {i: (str(rng.choice(["keep", "drop", "review"])), "") for i in ids if rng.random() < 0.15}
    if rng.random() < 0.3:
        rows["ffffffffffffffff-9"] = ("keep", "not in this dataset")
    pairs = []
    for a, b in pairwise(ids):
        if rng.random() < 0.3 and a != b:
            pairs.append((a, b, str(rng.choice(["not_duplicate", "both_right"]))))
    return replace(recipe, overrides=Overrides.of(rows, pairs))


SETTINGS: dict[str, dict[str, tuple[Any, ...]]] = {
    "near": {
        "exact": ("content", "spaced", "folded", "off"), "text_enabled": (True, False), "text": (0.7, 0.75, 0.8, 0.9),
        "meaning_enabled": (True, False), "meaning": (0.8, 0.85, 0.9, 0.95), "view": ("both", "prompt", "answer"),
        "guards": ("on", "on", "sure", "sure", "off"), "sure": (0.05, 0.5, 0.6, 0.9), "match": ("any", "any", "all"), "keep": ("longest", "shortest", "first", "newest", "best"),
    },
    "leak": {"enabled": (True, True, False), "text": (0.7, 0.8, 0.9), "meaning": (0.8, 0.9, 0.95)},
    "conflict": {"enabled": (True, False), "prompt": (0.8, 0.9), "score": (0.1, 0.5, 0.8)},
    "topics": {"size": (2, 5, 9, 15), "cap": (0, 1, 1, 2)},
    "split": {"train": (0.8, 0.5, 0.2, 0.0), "validation": (0.1, 0.3, 0.6), "test": (0.1, 0.4, 0.6, 0.0)},
    "embed": {"enabled": (True, False)}, "judge": {"enabled": (True, False)},
    "goal": {"name": ("", "style", "facts")}, "output": {"name": ("curated", "other")},
}  # fmt: skip


def change(rng: np.random.Generator, recipe: Recipe, ids: list[str]) -> Recipe:
    """The recipe with one thing moved: a rule, a setting of any section, seed, on_review or the overrides."""
    kind = rng.choice(["rule", "setting", "setting", "setting", "seed", "on_review", "overrides"])
    if kind == "rule":
        return _change_rule(rng, recipe)
    if kind == "seed":
        return replace(recipe, seed=int(rng.integers(-3, 99)))
    if kind == "on_review":
        return replace(recipe, on_review="keep" if recipe.on_review == "hold" else "hold")
    if kind == "overrides":
        return _change_overrides(rng, recipe, ids)
    section = list(SETTINGS)[int(rng.integers(len(SETTINGS)))]
    name = list(SETTINGS[section])[int(rng.integers(len(SETTINGS[section])))]
    allowed = SETTINGS[section][name]
    return recipe.with_setting(section, **{name: allowed[int(rng.integers(len(allowed)))]})


def make_recipe(rng: np.random.Generator, world: World, salt: int = 0, changes: int = 8) -> Recipe:
    """A recipe some changes away from the bare default."""
    recipe, ids = Recipe(), [i.decode() for i in row_ids(world, salt)]
    for _ in range(int(rng.integers(0, changes + 1))):
        recipe = change(rng, recipe, ids)
    return recipe


def ids_of(world: World, salt: int = 0) -> list[str]:
    return [i.decode() for i in row_ids(world, salt)]


@st.composite
def worlds(draw: st.DrawFn, /, most: int = 12) -> tuple[World, np.random.Generator]:
    """A world of 0 to `most` rows, and a generator to draw recipes for it from."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return make_world(rng, draw(st.integers(0, most)), measured=bool(rng.random() < 0.8)), rng


def equal(a: Verdicts, b: Verdicts) -> None:
    """Two verdicts are the same, bit for bit."""
    assert (a.codes, a.splits, a.funnel, a.evidence_fingerprint) == (
        b.codes,
        b.splits,
        b.funnel,
        b.evidence_fingerprint,
    )
    for name in ("action", "reasons", "witness", "topic", "split"):
        left, right = getattr(a, name), getattr(b, name)
        assert left.dtype == right.dtype and left.tobytes() == right.tobytes(), name
