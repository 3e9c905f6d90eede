"""The topic cut: from the measured tree to a topic per row, their names, exemplars and groups. Live: milliseconds.

HDBSCAN's clusters at the asked size; the fitted prompts that it leaves over join the nearest cluster on the layout, because
what UMAP strands is not what lies apart (on CLINC150 its leftovers find out-of-scope prompts with AUC .60, the distance to
the ten nearest prompts with .93). What lies apart by that distance has no topic, at most a stated share of the rows; the
topic that it would have and its distance are kept.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from curate.decide.recipe import Recipe, TopicCut
from curate.decide.topic_edits import Draft, Edits, edited, edits_of
from curate.decide.tree import cut
from curate.decide.words import name_groups
from curate.errors import RecipeError
from curate.types import F32, I32, Evidence, Labels, Topics, TopicTree, frozen_array

EXEMPLARS = 3
GROUP_FROM = 12  # fewer topics than this are seen at one glance: no level above them
# What people call a column that says what a row is about; the first that is there and sorts the rows into kinds is used.
OWN = ("topic", "topics", "_topic", "category", "categories", "intent", "subject", "domain", "task", "label")
MEANING = "none"  # the setting topics.column that asks for topics by meaning
EACH = 5  # rows that a value has on average before a column says what rows are about


@dataclass(frozen=True)
class TopicSet:
    """One cut. label: int32 [n], -1 = no topic; nearest: int32 [n], the topic a row without one would have (-1: no vector).

    apart: float32 [n], mean distance to the ten nearest prompts, 1 = no nearer than any two prompts; NaN without a vector.
    Topics are numbered by size, largest first. exemplars: int32 [k, 3], rows, -1 where there are fewer.
    given: names that a person or the column gave, by topic. column: the user's own column that the topics are the values of,
    "" = they were found by meaning. size: 0 where nothing was cut.
    """

    size: int
    label: I32
    nearest: I32
    apart: F32
    exemplars: I32
    fitted: I32
    tree: TopicTree | None
    given: Mapping[int, str] = field(default_factory=dict)
    column: str = ""

    def __len__(self) -> int:
        return int(self.exemplars.shape[0])

    @cached_property
    def names(self) -> tuple[str, ...]:
        """A name for each topic: the given one, else the words that set its prompts apart from the others'."""
        found = [f"topic {t}" for t in range(len(self))]
        if self.tree is not None:
            found = list(name_groups(self.tree.words, self.fitted, len(self)))
        return tuple(self.given.get(t, name) for t, name in enumerate(found))

    @cached_property
    def groups(self) -> tuple[I32, ...]:
        """int32 [k] for each level above the topics, finest first: the group of each topic. () with few topics."""
        if self.tree is None or len(np.unique(self.fitted[self.fitted >= 0])) < len(self):
            return ()  # a topic of rows that a person moved has no place on the layout
        return groups_of(self.tree.points, self.fitted, len(self))

    @cached_property
    def group_names(self) -> tuple[tuple[str, ...], ...]:
        """Names of the groups of each level."""
        out = []
        for group in self.groups:
            assert self.tree is not None
            label = np.where(self.fitted >= 0, group[self.fitted], -1).astype(np.int32)
            out.append(name_groups(self.tree.words, label, int(group.max()) + 1))
        return tuple(out)


def usual_size(fitted: int) -> int:
    """The least topic when nobody says: the square root of the clustered prompts over 7, and 5 at least.

    So the number of topics grows like the root of the set, as what a person can look at does.
    """
    return max(5, round(math.sqrt(fitted) / 7))


def topic_set(evidence: Evidence, recipe: Recipe) -> TopicSet | None:
    """The topics that a recipe asks for, edits by hand included; None when nothing says what rows are about.

    Errors: RecipeError for a column that this dataset lacks.
    """
    wanted, topics = recipe.topics, evidence.topics
    edits = edits_of(evidence, recipe.overrides)
    column = own_column(evidence, wanted.column)
    if column is not None:
        return _by_column(evidence.labels[column], column, edits)
    if topics is None:
        return None
    if topics.tree is None:
        return _ready(topics, wanted, edits)
    return cut_tree(topics.tree, wanted.size, wanted.apart, wanted.noise, edits)


def own_column(evidence: Evidence, wanted: str) -> str | None:
    """The column of the user's own whose values are the topics; None = by meaning."""
    if wanted == MEANING:
        return None
    if wanted:
        if wanted not in evidence.labels:
            listed = ", ".join(sorted(evidence.labels)) or "none here"
            raise RecipeError(
                f"topics.column is {wanted!r}, which sorts these rows into no kinds; allowed: {listed}; "
                f'or "{MEANING}" for topics by meaning, "" to choose'
            )
        return wanted
    n = max(len(evidence), 1)
    fits = (name for name in OWN if name in evidence.labels and _fits(evidence.labels[name], n))
    return next(fits, None)


def _fits(labels: Labels, n: int) -> bool:
    """Whether a column says what most rows are about: two values or more, each of several rows."""
    held = int(np.count_nonzero(labels.code >= 0))
    return 2 <= len(labels.names) <= held / EACH and 2 * held >= n


def cut_tree(tree: TopicTree, size: int, apart: float, noise: float, edits: Edits | None = None) -> TopicSet:
    """A topic per row at minimum cluster size `size` (0: usual_size), rows farther apart than `apart` left without,
    but never more than the share `noise` of the rows that have a vector."""
    size = size or usual_size(tree.left.shape[0] + 1)
    fitted = join_leftovers(tree.points, tree.beside, cut(tree.left, tree.right, tree.height, size))
    here = tree.place >= 0
    label = np.where(here, fitted[tree.place], -1).astype(np.int32)
    return _finished(_edited(label, fitted, {}, edits, tree, size), tree, size, lies_apart(tree.apart, apart, noise))


def _by_column(labels: Labels, column: str, edits: Edits | None) -> TopicSet:
    """The values of a column as topics; they keep their names."""
    draft = _edited(labels.code, np.empty(0, np.int32), dict(enumerate(labels.names)), edits, None, 0)
    return _finished(draft, None, 0, np.zeros(labels.code.shape[0], np.bool_), column)


def _ready(topics: Topics, wanted: TopicCut, edits: Edits | None) -> TopicSet:
    """The ready cut of the nearest size: evidence that was made by hand has no tree."""
    at = min(range(len(topics.sizes)), key=lambda s: (abs(topics.sizes[s] - wanted.size), topics.sizes[s]))
    label = topics.labels[at]
    draft = _edited(label, np.empty(0, np.int32), dict(enumerate(topics.names[at])), edits, None, 0)
    return _finished(draft, None, topics.sizes[at], np.zeros(label.shape[0], np.bool_), renumber=edits is not None)


def _edited(
    label: I32, fitted: I32, names: dict[int, str], edits: Edits | None, tree: TopicTree | None, size: int
) -> Draft:
    draft = Draft(label, fitted, names, np.zeros(label.shape[0], np.bool_))
    return draft if edits is None else edited(draft, edits, tree, size)


def _finished(
    draft: Draft, tree: TopicTree | None, size: int, bare: np.ndarray, column: str = "", renumber: bool = True
) -> TopicSet:
    """Numbered by rows held. bare: bool [n], rows that lie apart; what a person moved has its topic all the same."""
    new = _by_size(draft) if renumber else np.append(np.arange(draft.count), -1).astype(np.int32)
    label, fitted = new[draft.label], new[draft.fitted]
    unknown = np.full(label.shape[0], np.nan, dtype=np.float32)
    return TopicSet(
        size=size,
        label=frozen_array(np.where(bare & ~draft.moved, -1, label).astype(np.int32)),
        nearest=frozen_array(label),
        apart=frozen_array(unknown) if tree is None else tree.apart,
        exemplars=frozen_array(_exemplars(tree, fitted, label)),
        fitted=frozen_array(fitted),
        tree=tree,
        given={int(new[t]): name for t, name in draft.names.items() if new[t] >= 0},
        column=column,
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


def _by_size(draft: Draft) -> I32:
    """int32 [k + 1], the new number of each topic by rows held, most first, the topic of the earlier row on ties; -1 for
    topics without a row, and in the last place, which -1 reads."""
    label = draft.label
    found, first, count = np.unique(label[label >= 0], return_index=True, return_counts=True)
    new = np.full(draft.count + 1, -1, dtype=np.int32)
    new[found[np.lexsort((first, -count))]] = np.arange(found.shape[0])
    return new


def _exemplars(tree: TopicTree | None, fitted: I32, label: I32) -> I32:
    """Rows whose prompts lie nearest to their topic's middle on the layout; its first rows where it has no place there.

    A row that a person moved out of the topic is none of its exemplars.
    """
    k = int(label.max(initial=-1)) + 1
    out = np.full((k, EXEMPLARS), -1, dtype=np.int32)
    if tree is not None:
        held = np.flatnonzero(fitted >= 0)
        held = held[label[tree.rows[held]] == fitted[held]]
        off = np.linalg.norm(tree.points[held] - middles(tree.points, fitted, k)[fitted[held]], axis=1)
        _fill(out, tree.rows[held[np.lexsort((held, off, fitted[held]))]], label)
    bare = out[:, 0] < 0
    if bare.any():
        rows = np.flatnonzero(label >= 0)
        rows = rows[bare[label[rows]]]
        _fill(out, rows[np.argsort(label[rows], kind="stable")], label)
    return out


def _fill(out: I32, rows: np.ndarray, label: I32) -> None:
    """The first few of the rows, which are sorted by topic, go to their topic's line."""
    topic = label[rows]
    rank = np.arange(rows.shape[0]) - np.searchsorted(topic, topic, side="left")
    top = rank < EXEMPLARS
    out[topic[top], rank[top]] = rows[top]


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
