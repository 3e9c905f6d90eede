"""The topic cut: from the measured tree to a topic per row, their names, exemplars and groups. Live: milliseconds.

HDBSCAN's clusters at the asked size; the fitted prompts that it leaves over join the nearest cluster on the layout, because
what UMAP strands is not what lies apart (on CLINC150 its leftovers find out-of-scope prompts with AUC .60, the distance to
the ten nearest prompts with .93). What lies apart by that distance has no topic, at most a stated share of the rows; the
topic that it would have and its distance are kept.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from curate.decide.recipe import TopicCut
from curate.decide.tree import cut
from curate.decide.words import name_groups
from curate.types import F32, I32, Topics, TopicTree, frozen_array

EXEMPLARS = 3
GROUP_FROM = 12  # fewer topics than this are seen at one glance: no level above them


@dataclass(frozen=True)
class TopicSet:
    """One cut. label: int32 [n], -1 = no topic; nearest: int32 [n], the topic a row without one would have (-1: no vector).

    apart: float32 [n], mean distance to the ten nearest prompts, 1 = no nearer than any two prompts; NaN without a vector.
    Topics are numbered by size, largest first. exemplars: int32 [k, 3], rows, -1 where there are fewer.
    """

    size: int
    label: I32
    nearest: I32
    apart: F32
    exemplars: I32
    fitted: I32
    tree: TopicTree

    def __len__(self) -> int:
        return int(self.exemplars.shape[0])

    @cached_property
    def names(self) -> tuple[str, ...]:
        """A name for each topic: the words that set its prompts apart from the others'."""
        return name_groups(self.tree.words, self.fitted, len(self))

    @cached_property
    def groups(self) -> tuple[I32, ...]:
        """int32 [k] for each level above the topics, finest first: the group of each topic. () with few topics."""
        return groups_of(self.tree.points, self.fitted, len(self))

    @cached_property
    def group_names(self) -> tuple[tuple[str, ...], ...]:
        """Names of the groups of each level."""
        out = []
        for group in self.groups:
            label = np.where(self.fitted >= 0, group[self.fitted], -1).astype(np.int32)
            out.append(name_groups(self.tree.words, label, int(group.max()) + 1))
        return tuple(out)


def usual_size(fitted: int) -> int:
    """The least topic when nobody says: the square root of the clustered prompts over 7, and 5 at least.

    So the number of topics grows like the root of the set, as what a person can look at does.
    """
    return max(5, round(math.sqrt(fitted) / 7))


def topic_set(topics: Topics, wanted: TopicCut) -> TopicSet | None:
    """The cut that a recipe asks for; None when there is no tree (evidence that was made by hand)."""
    return None if topics.tree is None else cut_tree(topics.tree, wanted.size, wanted.apart, wanted.noise)


def cut_tree(tree: TopicTree, size: int, apart: float, noise: float) -> TopicSet:
    """A topic per row at minimum cluster size `size` (0: usual_size), rows farther apart than `apart` left without,
    but never more than the share `noise` of the rows that have a vector."""
    size = size or usual_size(tree.left.shape[0] + 1)
    fitted = join_leftovers(tree.points, tree.beside, cut(tree.left, tree.right, tree.height, size))
    here = tree.place >= 0
    label = np.where(here, fitted[tree.place], -1).astype(np.int32)
    fitted, label = _by_size(fitted, label)
    bare = lies_apart(tree.apart, apart, noise)
    return TopicSet(
        size=size,
        label=frozen_array(np.where(bare, -1, label).astype(np.int32)),
        nearest=frozen_array(label),
        apart=tree.apart,
        exemplars=frozen_array(_exemplars(tree, fitted)),
        fitted=frozen_array(fitted),
        tree=tree,
    )


def join_leftovers(points: F32, beside: I32, label: I32) -> I32:
    """Every point that no cluster holds takes the cluster of the nearest point on the layout that one does.

    beside: int32 [m, b], each point's nearest on the layout, best first. Where none of them is in a cluster, those that joined
    one in an earlier round count; an island that is out of reach joins the cluster whose middle is nearest.
    """
    from scipy.spatial.distance import cdist

    out = label.copy()
    if (label < 0).all():
        return out
    left = np.flatnonzero(out < 0)
    while left.shape[0]:
        near = out[beside[left]]
        held = near >= 0
        joins = held.any(axis=1)
        if not joins.any():
            break
        out[left[joins]] = near[joins, held[joins].argmax(axis=1)]
        left = left[~joins]
    if left.shape[0]:  # islands of the layout that are smaller than a topic
        middle = middles(points, label, int(label.max()) + 1)
        there = np.flatnonzero(np.bincount(label[label >= 0]))
        out[left] = there[cdist(points[left], middle[there]).argmin(axis=1)]
    return out


def lies_apart(apart: F32, bar: float, noise: float) -> np.ndarray:
    """Bool [n]: rows above the bar; if those are more than the share `noise`, only the farthest of them."""
    known = np.sort(apart[~np.isnan(apart)])
    most = int(noise * known.shape[0])
    if most < known.shape[0]:
        bar = max(bar, float(known[known.shape[0] - most - 1]))
    return np.asarray(apart > bar)  # NaN is not above anything


def _by_size(fitted: I32, label: I32) -> tuple[I32, I32]:
    """Both numbered by rows held, most first; the topic of the earlier row on ties."""
    found, first, count = np.unique(label[label >= 0], return_index=True, return_counts=True)
    new = np.full(max(int(fitted.max(initial=-1)), int(label.max(initial=-1))) + 2, -1, dtype=np.int32)
    new[found[np.lexsort((first, -count))]] = np.arange(found.shape[0])
    return new[fitted], new[label]  # -1 reads the spare last place


def _exemplars(tree: TopicTree, fitted: I32) -> I32:
    """Rows whose prompts lie nearest to their topic's middle on the layout."""
    k = int(fitted.max(initial=-1)) + 1
    out = np.full((k, EXEMPLARS), -1, dtype=np.int32)
    held = np.flatnonzero(fitted >= 0)
    off = np.linalg.norm(tree.points[held] - middles(tree.points, fitted, k)[fitted[held]], axis=1)
    order = held[np.lexsort((held, off, fitted[held]))]
    rank = np.arange(order.shape[0]) - np.searchsorted(fitted[order], fitted[order], side="left")
    top = rank < EXEMPLARS
    out[fitted[order[top]], rank[top]] = tree.rows[order[top]]
    return out


def middles(points: F32, label: I32, k: int) -> F32:
    """float32 [k, d]: the mean point of each label."""
    held = label >= 0
    count = np.maximum(np.bincount(label[held], minlength=k), 1)
    total = [np.bincount(label[held], weights=points[held, d], minlength=k) for d in range(points.shape[1])]
    return np.asarray((np.stack(total, axis=1) / count[:, None]), dtype=np.float32)


def groups_of(points: F32, fitted: I32, k: int) -> tuple[I32, ...]:
    """One or two levels above k topics, nested: Ward's tree over their middles, cut at about 2 sqrt(k) and a quarter of that."""
    from scipy.cluster.hierarchy import cut_tree as cut_at
    from scipy.cluster.hierarchy import ward

    if k < GROUP_FROM:
        return ()
    joined = ward(middles(points, fitted, k).astype(np.float64))
    wanted = [round(2 * k**0.5)]
    if wanted[0] >= GROUP_FROM:
        wanted.append(round(wanted[0] / 4))
    return tuple(frozen_array(cut_at(joined, n_clusters=n)[:, 0].astype(np.int32)) for n in wanted)
