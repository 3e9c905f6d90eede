"""Families of near-equal texts: what stays under any rule of keeping is what brute force keeps, at linear cost."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from test_measure_near import brute

from curate.decide import decide, preset
from curate.decide.keepers import keepers
from curate.load import load
from curate.measure import families, minhash, pairs
from curate.measure.minhash import near_text
from curate.measure.run import measure
from curate.measure.shingles import shingle
from curate.types import Action

WORDS = "amber basil cedar delta ember fjord grove heron iris jasper kelp lotus maple nectar ochre pearl quartz"
TEMPLATE = "Write a friendly product description of about sixty words for our web shop, for the following item: "


def variants(n: int, seed: int = 0) -> list[str]:
    """n different texts of one template with one to four words in its slot."""
    rng = np.random.default_rng(seed)
    out: dict[str, None] = {}
    while len(out) < n:
        slot = " ".join(rng.choice(WORDS.split(), int(rng.integers(1, 5))))
        out[f"{TEMPLATE}{slot} {len(out) if rng.random() < 0.5 else 'set'}"] = None
    return list(out)


def kept(i: np.ndarray, j: np.ndarray, s: np.ndarray, bar: float, rank: np.ndarray) -> np.ndarray:
    use = s >= np.float32(bar)
    n = rank.shape[0]
    alive, none = np.ones(n, np.bool_), np.zeros(n, np.bool_)
    return keepers(i[use].astype(np.int32), j[use].astype(np.int32), s[use].astype(np.float32), alive, none, rank)[0]


def test_what_stays_of_a_family_is_what_brute_force_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minhash, "BUCKET", 60)
    texts = variants(700)
    rng = np.random.default_rng(1)
    prefer = np.array([rng.permutation(len(texts)) for _ in range(4)], np.int32)
    found = near_text(shingle(pa.array(texts, pa.large_string())), 0.7, prefer=prefer)
    truth = brute(texts, 0.7)
    assert len(found[0]) < len(truth) / 2, "the family's pairs were all compared"
    i, j = (np.array([pair[side] for pair in truth], np.int32) for side in (0, 1))
    s = np.array(list(truth.values()), np.float32)
    for rank in prefer:
        for bar in (0.7, 0.75, 0.8, 0.85):
            mine, theirs = kept(*found, bar, rank), kept(i, j, s, bar, rank)
            if theirs.sum() <= families.EACH:
                assert np.array_equal(mine, theirs), bar
            assert abs(int(mine.sum()) - int(theirs.sum())) <= 0.05 * theirs.sum(), bar


def test_two_families_do_not_share_hubs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minhash, "BUCKET", 60)
    one = variants(200)
    other = [
        t.replace(TEMPLATE, "Translate into French, keep the tone, and add a short note about the word ") for t in one
    ]
    n = len(one)
    i, j, _ = near_text(shingle(pa.array(one + other, pa.large_string())), 0.7)
    assert not ((i < n) & (j >= n)).any()
    assert set(i.tolist()) | set(j.tolist()) == set(range(2 * n))


def test_hubs_are_bounded() -> None:
    """Texts of one family that are all far from each other at every threshold above the floor still cost `HUBS` scores each."""
    sets = shingle(pa.array(variants(300), pa.large_string()))
    members = np.arange(300, dtype=np.int32)
    hubs, _, _ = families.hub_pairs(sets, members, members[None, :].repeat(5, axis=0), 0.3)
    assert np.unique(hubs).shape[0] <= families.HUBS


@pytest.mark.parametrize("keep", ["longest", "shortest", "first"])
def test_the_same_rows_of_a_template_stay_as_if_all_were_compared(
    keep: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = "A lovely set for every kitchen, made to last, easy to clean, and shipped within two days of your order"
    rows = [{"prompt": p, "completion": answer + "!" * (k % 7)} for k, p in enumerate(variants(300))]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    recipe = replace(preset("default"), rules=()).with_setting("near", keep=keep, text=0.7, guards="off")
    recipe = replace(recipe, embed=replace(recipe.embed, enabled=False))
    data = load([path])
    whole = decide(measure(data, recipe=recipe), recipe)
    monkeypatch.setattr(minhash, "BUCKET", 60)
    monkeypatch.setattr(pairs, "FAMILY", 8)
    made = decide(measure(data, recipe=recipe), recipe)
    assert 0 < made.count(Action.KEEP) < 30
    assert np.array_equal(made.action, whole.action)


def test_fields_are_hashed_apart_and_short_texts_are_only_ever_copies(tmp_path: Path) -> None:
    """ "ab" + "c" is not "a" + "bc"; texts under five characters have no 5-gram to share, so "yes" never meets "no"."""
    said = [
        ("ab", "c"),
        ("a", "bc"),
        ("abc", ""),
        ("", "abc"),
        ("yes", "no"),
        ("no", "yes"),
        ("yes", "no "),
        ("yesno", "x"),
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps({"prompt": p, "completion": a}) + "\n" for p, a in said))
    recipe = preset("default")
    recipe = replace(recipe, rules=(), embed=replace(recipe.embed, enabled=False))
    data = load([path])
    made = measure(data, recipe=recipe)
    assert np.unique(made.classes["content"]).shape[0] == len(said)
    assert np.unique(made.classes["spaced"]).shape[0] == len(said) - 1  # "no" and "no "
    decided = decide(made, recipe)
    near = decided.carries("near_text") | decided.carries("near_meaning")
    gone = {(data.text("prompt", r), data.text("response", r).strip()) for r in np.flatnonzero(near).tolist()}
    assert gone <= {("yes", "no")}
