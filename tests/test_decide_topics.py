"""The topic cut: who has no topic, how topics are numbered, named, grouped, and what a recipe moves."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from test_measure_topics import vectors

from curate.decide import Recipe, decide, topics_of
from curate.decide.topics import cut_tree, lies_apart, usual_size
from curate.measure import topics_saved
from curate.measure.buffers import text_keys
from curate.measure.topics import fit_topics
from curate.types import Topics

N, GROUPS = 420, 14


@cache
def topics() -> Topics:
    """Fourteen plain topics of thirty prompts, as topics of rows: each prompt twice, two rows without a vector."""
    import pyarrow as pa

    texts = [f"{'abcdefghijklmn'[k % GROUPS] * 5} of number {k}" for k in range(N)]
    made = fit_topics(vectors(N, d=48, groups=GROUPS), text_keys(texts), pa.array(texts, pa.large_string()))
    assert made is not None
    prompt = np.concatenate((np.arange(N), np.arange(N), [-1, -1])).astype(np.int32)
    return topics_saved.of_rows(made, prompt, np.arange(N))


def test_a_cut_numbers_names_and_groups_its_topics() -> None:
    made = topics()
    assert made.tree is not None
    found = cut_tree(made.tree, 0, 1.0, 0.0)
    assert found.size == usual_size(N) == 5 and len(found) == GROUPS
    size = np.bincount(found.label[found.label >= 0])
    assert size.sum() == 2 * N and (np.diff(size) <= 0).all() and found.label[-2:].tolist() == [-1, -1]
    assert {n.split(" / ")[0] for n in found.names} == {c * 5 for c in "abcdefghijklmn"}
    for topic, rows in enumerate(found.exemplars.tolist()):
        assert len(set(rows)) == 3 and (found.label[rows] == topic).all()
    assert [int(g.max()) + 1 for g in found.groups] == [7] and len(found.group_names[0]) == 7


@pytest.mark.parametrize("noise", [0.0, 0.03, 0.1, 1.0])
def test_only_what_lies_apart_has_no_topic_and_never_more_than_a_share(noise: float) -> None:
    made = topics()
    assert made.tree is not None
    bar = float(np.nanquantile(made.tree.apart, 0.95))
    found = cut_tree(made.tree, 0, bar, noise)
    bare = (found.label < 0) & (found.nearest >= 0)
    assert bare.mean() <= min(noise, 0.06) and (noise == 0) == (not bare.any())
    assert (found.apart[bare] > bar).all() and (found.label[~bare] == found.nearest[~bare]).all()
    rest = found.apart[(found.nearest >= 0) & ~bare]
    assert not bare.any() or rest.max() <= found.apart[bare].min()


def test_equal_distances_share_one_fate() -> None:
    apart = np.array([0.9, 0.9, 0.9, 0.1, np.nan], np.float32)
    assert lies_apart(apart, 0.5, 0.5).tolist() == [False] * 5
    assert lies_apart(apart, 0.5, 0.75).tolist() == [True, True, True, False, False]


def test_the_ready_cuts_are_the_live_ones_and_every_size_is_cut() -> None:
    made = topics()
    assert made.tree is not None
    for size, label, names in zip(made.sizes, made.labels, made.names, strict=True):
        live = cut_tree(made.tree, size, 0.65, 0.1)
        assert np.array_equal(live.label, label) and live.names == names
    for size in (2, 3, 7, 31, 400):
        assert cut_tree(made.tree, size, 0.65, 0.1).label.shape == (2 * N + 2,)


def test_decide_cuts_live_and_says_what_the_topics_are() -> None:
    from test_decide_health import made as evidence_of

    evidence = replace(evidence_of(2 * N + 2), topics=topics())
    recipe = Recipe().with_setting("topics", size=40)
    usual, coarse = decide(evidence, Recipe()), decide(evidence, recipe)
    assert np.array_equal(usual.topic, topics().labels[0]) and int(coarse.topic.max()) < int(usual.topic.max())
    found = topics_of(evidence, coarse)
    assert found is not None and found.size == 40 and np.array_equal(found.label, coarse.topic)
    again = decide(evidence, Recipe(), coarse)
    assert np.array_equal(again.topic, usual.topic)
