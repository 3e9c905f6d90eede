"""Topics edited by hand: parted, joined, named, rows moved. An edit names rows, never a topic's number, so it holds at any cut.

The row stands for the topic that holds it: at another size, or with 500 more rows, the edit follows the row.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from curate.decide.near import rows_of
from curate.decide.tree import cut
from curate.overrides import Overrides
from curate.types import F32, I32, Evidence, TopicTree

ROUNDS = 20  # of 2-means; it settles in a few
PARTS = 2


@dataclass(frozen=True)
class Draft:
    """Topics on their way. label: int32 [n], -1 = none; fitted: int32 [m], of the clustered prompts ([] without a tree);
    names: by topic, where one is given; moved: bool [n], rows that a person put where they are."""

    label: I32
    fitted: I32
    names: dict[int, str]
    moved: np.ndarray

    @property
    def count(self) -> int:
        return max(int(self.label.max(initial=-1)), int(self.fitted.max(initial=-1)), *self.names, -1) + 1


@dataclass(frozen=True)
class Edits:
    """Edits whose rows are in this dataset, by row number."""

    splits: tuple[int, ...]
    names: tuple[tuple[int, str], ...]
    merges: tuple[tuple[int, int], ...]
    moves: tuple[tuple[int, str], ...]


def edits_of(evidence: Evidence, overrides: Overrides) -> Edits | None:
    """The edits of these overrides that touch this dataset; None when there are none."""
    if not overrides.topics:
        return None
    one = rows_of(evidence, [e[1] for e in overrides.topics]).tolist()
    two = rows_of(evidence, [e[2] for e in overrides.topics]).tolist()
    listed = [
        (kind, a, b, value) for (kind, _, _, value), a, b in zip(overrides.topics, one, two, strict=True) if a >= 0
    ]
    splits = sorted((int(value), n) for n, (kind, _, _, value) in enumerate(listed) if kind == "topic_split")
    return Edits(
        splits=tuple(listed[n][1] for _, n in splits),
        names=tuple((a, value) for kind, a, _, value in listed if kind == "topic_name"),
        merges=tuple((a, b) for kind, a, b, _ in listed if kind == "topic_merge" and b >= 0),
        moves=tuple((a, value) for kind, a, _, value in listed if kind == "topic_move"),
    )


def edited(draft: Draft, edits: Edits, tree: TopicTree | None, size: int) -> Draft:
    """The topics after all edits: parted, then named, then rows moved, then joined. size: of the cut that they began with."""
    if tree is not None:
        for row in edits.splits:
            draft = _split(draft, tree, row, size)
    return _merged(_moved(_named(draft, edits.names), edits.moves), edits.merges)


def _split(draft: Draft, tree: TopicTree, row: int, size: int) -> Draft:
    topic = int(draft.label[row])
    if topic < 0:
        return draft
    members = np.flatnonzero(draft.fitted == topic)
    part = parts(tree, members, size)
    new = draft.count
    place = np.where(part > 0, new - 1 + part, topic).astype(np.int32)  # the largest part keeps the number
    fitted = draft.fitted.copy()
    fitted[members] = place
    label = draft.label.copy()
    mine = np.flatnonzero((label == topic) & (tree.place >= 0))
    label[mine] = fitted[tree.place[mine]]
    return replace(draft, label=label, fitted=fitted)


def parts(tree: TopicTree, members: np.ndarray, size: int) -> I32:
    """int32 [k]: the part of each of k fitted prompts of one topic, 0 the largest.

    The parts that the tree has at the largest smaller size at which it has any; where it has none, two halves of the layout.
    """
    points = tree.points[members]
    while size > 2:
        size = max(2, size // 2)
        found = cut(tree.left, tree.right, tree.height, size)[members]
        held = np.unique(found[found >= 0])
        if held.shape[0] >= PARTS:
            middle = np.stack([points[found == c].mean(axis=0) for c in held])  # clusters of one topic, not rows
            return _largest_first(_nearest_middle(points, middle, np.searchsorted(held, found), found >= 0))
    return _largest_first(halves(points))


def _nearest_middle(points: F32, middle: F32, found: np.ndarray, held: np.ndarray) -> I32:
    from scipy.spatial.distance import cdist

    return np.where(held, found, cdist(points, middle).argmin(axis=1)).astype(np.int32)


def halves(points: F32) -> I32:
    """int32 [k]: 2-means, begun at the two ends of the longest axis. All 0 for points on one spot."""
    if points.shape[0] < 2:
        return np.zeros(points.shape[0], np.int32)
    wide = points.astype(np.float64) - points.mean(axis=0, dtype=np.float64)
    _, axes = np.linalg.eigh(wide.T @ wide)
    along = wide @ axes[:, -1]
    part = (along > 0).astype(np.int32)
    for _ in range(ROUNDS):
        if part.min() == part.max():
            break
        middle = np.stack([wide[part == side].mean(axis=0) for side in (0, 1)])
        again = (((wide[:, None, :] - middle) ** 2).sum(axis=2)).argmin(axis=1).astype(np.int32)
        if np.array_equal(again, part):
            break
        part = again
    return np.asarray(part, dtype=np.int32)


def _largest_first(part: I32) -> I32:
    """The parts numbered by size, the one of the earlier prompt first on ties."""
    found, first, place, count = np.unique(part, return_index=True, return_inverse=True, return_counts=True)
    new = np.empty(found.shape[0], np.int32)
    new[np.lexsort((first, -count))] = np.arange(found.shape[0])
    return np.asarray(new[place], dtype=np.int32)


def _named(draft: Draft, names: tuple[tuple[int, str], ...]) -> Draft:
    """A topic that several names were given to (at a finer cut they were several) bears them all."""
    given: dict[int, list[str]] = {}
    for row, name in names:
        topic = int(draft.label[row])
        if topic >= 0:
            given.setdefault(topic, []).append(name)
    return replace(draft, names=draft.names | {t: " + ".join(sorted(set(n))) for t, n in given.items()})


def _moved(draft: Draft, moves: tuple[tuple[int, str], ...]) -> Draft:
    """Rows go to the topic that bears the name by hand, else to one of their own."""
    if not moves:
        return draft
    number = {name: topic for topic, name in sorted(draft.names.items(), reverse=True)}
    names, label, moved = dict(draft.names), draft.label.copy(), draft.moved.copy()
    for topic, name in enumerate(sorted({name for _, name in moves}.difference(number)), draft.count):
        number[name], names[topic] = topic, name
    rows = np.fromiter((row for row, _ in moves), np.int64, len(moves))
    label[rows] = np.fromiter((number[name] for _, name in moves), np.int32, len(moves))
    moved[rows] = True
    return replace(draft, label=label, names=names, moved=moved)


def _merged(draft: Draft, merges: tuple[tuple[int, int], ...]) -> Draft:
    """Topics that are one by hand; what is one with the same is one."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    pairs = np.array([(draft.label[a], draft.label[b]) for a, b in merges], np.int32).reshape(-1, 2)
    pairs = pairs[(pairs >= 0).all(axis=1)]
    if not pairs.shape[0]:
        return draft
    k = draft.count
    _, group = connected_components(
        coo_array((np.ones(pairs.shape[0]), (pairs[:, 0], pairs[:, 1])), (k, k)), directed=False
    )
    first = np.full(k, k, np.int64)
    np.minimum.at(first, group, np.arange(k))
    new = np.append(first[group], -1).astype(np.int32)  # -1 reads the last place
    names: dict[int, list[str]] = {}
    for topic, name in sorted(draft.names.items()):
        names.setdefault(int(new[topic]), []).append(name)
    joined = {t: " + ".join(dict.fromkeys(n)) for t, n in names.items()}
    return replace(draft, label=new[draft.label], fitted=new[draft.fitted], names=joined)
