"""Colours of the map: each way to colour is a class per point and a legend that names and counts the classes."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.decide import topics_of
from curate.decide.near import rows_of
from curate.types import F32, Action, Verdicts
from curate.ui import inert, rowtable, session, topics_view, words
from curate.ui.loaded import Loaded, Rows
from curate.ui.map_points import Cloud

HUES = 14  # seven hues of the theme, each in two shades
STEPS = 7  # classes of a score
LISTED = 150  # classes with a name of their own; the rest share one
NAME = 60
NONE = "none"  # the faint colour of "no topic", "not measured"
OWN = "A column of its own …"
FIXED = ("Topic", "Verdict", "Reason", "Split", "File", "Format")
GROUP, APART, TAG, LANGUAGE = "Topic group", "Distance to others", "Tag", "Language"
COLUMN = "Column: "  # before the name of a column of the user's own that sorts rows into few kinds


@dataclass(frozen=True, slots=True)
class Entry:
    """One class: what it is called, points, a colour's name (c0 .. c13, s0 .. s6, green, red, …)."""

    name: str
    count: int
    colour: str


@dataclass(frozen=True, slots=True)
class Layer:
    """A class per point (uint16 [m]) and the classes. note: what a reader must know of the colours ("" = nothing)."""

    title: str
    codes: NDArray[Any]
    entries: tuple[Entry, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """A topic's name at its middle."""

    x: float
    y: float
    name: str
    count: int


def choices(data: Loaded, made: Verdicts) -> list[str]:
    """Everything that can colour the map: fixed ones, those that are there, measured columns that differ, a column of the user's."""

    def differing() -> list[str]:
        columns = data.evidence.columns.items()
        return [name for name, values in columns if name != LANGUAGE.lower() and np.nanmin(values) < np.nanmax(values)]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a column that is NaN everywhere
        columns = data.remember(("map columns",), differing)
    found = topics_of(data.evidence, made)
    grouped = found is not None and found.tree is not None
    more = [*([GROUP] if grouped and found is not None and found.groups else []), *([APART] if grouped else [])]
    tags = [TAG] if session.overrides().tags else []
    spoken = [LANGUAGE] if data.languages is not None else []
    return [*FIXED, *spoken, *more, *tags, *(f"{COLUMN}{name}" for name in data.evidence.labels), *columns, OWN]


def layer(data: Loaded, made: Verdicts, cloud: Cloud, name: str, own: str | None = None) -> Layer:
    """One way to colour. own: the user's column, for `OWN`."""
    rows = cloud.rows
    if name == "Topic":
        return _topics(data, made, cloud)
    if name == "Verdict":
        return _verdict(made, rows)
    if name == "Reason":
        return _reason(made, rows)
    if name == "Split":
        return _named("Split", made.split[rows], [inert.plain(s) for s in made.splits], "in no split")
    if name == GROUP:
        return _groups(data, made, cloud)
    if name == APART:
        found = topics_of(data.evidence, made)
        assert found is not None  # else it is no choice
        return _score(APART, found.apart[rows])
    if name == LANGUAGE and data.languages is not None:
        return _named(
            LANGUAGE, data.languages.code[rows].astype(np.int64), list(data.languages.names), "too short to tell"
        )
    if name == TAG:
        return _tags(data, rows)
    if name.startswith(COLUMN):
        held = data.evidence.labels[name.removeprefix(COLUMN)]
        return _named(
            inert.plain(name.removeprefix(COLUMN), NAME),
            held.code[rows].astype(np.int64),
            [inert.plain(n, NAME) for n in held.names],
            "no value",
        )
    if name in data.evidence.columns:
        return _score(name, data.evidence.columns[name][rows])
    column = {"File": "file", "Format": "format"}.get(name, own or "file")
    values, _, codes = rowtable.values_of(data, column)
    return _named(inert.plain(column, NAME), np.asarray(codes)[rows], _shown(values), "no value")


def _shown(values: Iterable[Any]) -> list[str]:
    return [inert.cell(v, NAME) or "(empty)" for v in values]


def _verdict(made: Verdicts, rows: Rows) -> Layer:
    action = made.action[rows]
    entries = [
        Entry(words.MARKS[int(a)], int(np.count_nonzero(action == a)), words.ACTIONS[int(a)].colour) for a in Action
    ]
    return _used(Layer("Verdict", action.astype(np.uint16), tuple(entries)))


def _reason(made: Verdicts, rows: Rows) -> Layer:
    """The earliest reason of each row that is held back."""
    held = (made.action[rows] == Action.DROP) | (made.action[rows] == Action.REVIEW)
    first = np.full(rows.shape[0], -1, dtype=np.int64)
    for code in reversed(made.counts(rows)):
        first[made.carries(code, rows=rows)] = made.codes.index(code)
    names = [words.title(c) for c in made.codes]
    return _named("First reason", np.where(held, first, -1), names, "not held back")


def _told(values: F32) -> list[str]:
    """Values as short as tells them apart."""
    short = [words.number(float(v)) for v in values]
    return short if len(set(short)) == len(np.unique(values)) else [f"{v:.7g}" for v in values]


def _score(name: str, values: F32) -> Layer:
    """Up to seven classes: single values where there are few, else ranges with about as many rows each."""
    known = np.isfinite(values)
    found = np.unique(values[known])
    if found.shape[0] <= STEPS:
        codes, names = np.searchsorted(found, values), _told(found)
    else:
        cuts = np.unique(np.quantile(values[known], np.linspace(0, 1, STEPS + 1)[1:-1], method="nearest"))
        cuts = cuts[cuts > found[0]]
        codes = np.searchsorted(cuts, values, side="right")
        ends = [found[0], *cuts, found[-1]]
        names = [
            f"{a} to {'' if last else 'below '}{b}"
            for (a, b), last in zip(pairwise(_told(np.array(ends))), [*[False] * (len(ends) - 2), True], strict=True)
        ]
    count = len(names)
    codes = np.where(known, np.minimum(codes, count - 1), count).astype(np.uint16)
    tally = np.bincount(codes, minlength=count + 1)
    step = max(1, count - 1)
    entries = [Entry(n, int(tally[k]), f"s{round(k * (STEPS - 1) / step)}") for k, n in enumerate(names)]
    return _used(Layer(words.title(name), codes, (*entries, Entry("not measured", int(tally[count]), NONE))))


def _named(title: str, codes: NDArray[Any], names: list[str], none: str) -> Layer:
    """Classes by name, the largest first; -1 is no class."""
    tally = np.bincount(np.where(codes < 0, len(names), codes), minlength=len(names) + 1)
    hue = [n % HUES for n in range(len(names))]
    order = np.argsort(-tally[:-1], kind="stable")
    note = "Colours repeat: the list tells values apart." if np.count_nonzero(tally[:-1]) > HUES else ""
    ranked = np.empty(len(names), dtype=np.int64)
    ranked[order] = np.arange(len(names))
    return _classes(
        Layer(title, codes.astype(np.int64), (), note), names, [hue[r] for r in ranked], (none, "rarer values")
    )


def _classes(bare: Layer, names: list[str], hue: list[int], others: tuple[str, str]) -> Layer:
    """The `LISTED` largest classes with their names; the rest share one. bare.codes: -1 is no class (others[0])."""
    codes: NDArray[Any] = bare.codes
    tally = np.bincount(np.where(codes < 0, len(names), codes), minlength=len(names) + 1)
    order = np.argsort(-tally[:-1], kind="stable")
    order, rest = order[:LISTED], order[LISTED:][tally[order[LISTED:]] > 0]
    place = np.full(len(names) + 1, order.shape[0] + 1, dtype=np.int64)
    place[order], place[-1] = np.arange(order.shape[0]), order.shape[0]
    entries = [Entry(names[k], int(tally[k]), f"c{hue[k]}") for k in order.tolist()]
    entries += [
        Entry(others[0], int(tally[-1]), NONE),
        Entry(f"{rest.shape[0]:,} {others[1]}", int(tally[rest].sum()), "gray"),
    ]
    return _used(Layer(bare.title, place[codes].astype(np.uint16), tuple(entries), bare.note))


def _used(found: Layer) -> Layer:
    """Without the classes that no point is in."""
    used = [n for n, e in enumerate(found.entries) if e.count]
    place = np.zeros(len(found.entries), dtype=np.uint16)
    place[used] = np.arange(len(used), dtype=np.uint16)
    return Layer(found.title, place[found.codes], tuple(found.entries[n] for n in used), found.note)


def labels(data: Loaded, made: Verdicts, cloud: Cloud) -> list[Label]:
    """Names of topics at their middles, the largest first."""
    topic = made.topic[cloud.rows]
    names = topics_view.short_names(data, made)
    middle, tally = middles(cloud.xy, topic, len(names))
    order = [t for t in np.argsort(-tally, kind="stable").tolist() if tally[t]]
    return [Label(float(middle[t, 0]), float(middle[t, 1]), names[t], int(tally[t])) for t in order]


def middles(xy: F32, topic: NDArray[Any], count: int) -> tuple[F32, Rows]:
    """(float32 [count, 2], int64 [count]): the place of each topic's middle point by x and y, NaN when empty; its size.

    Of the two medians' neighbours the nearest point of the topic itself, so that a name never stands in a gap.
    """
    tally = np.bincount(topic[topic >= 0], minlength=count)[:count]
    out = np.full((count, 2), np.nan, dtype=np.float32)
    order = np.argsort(topic, kind="stable")
    order = order[np.searchsorted(topic[order], 0) :]
    ends = np.cumsum(tally)
    for t in np.flatnonzero(tally).tolist():
        mine = xy[order[ends[t] - tally[t] : ends[t]]]
        centre = np.median(mine, axis=0)
        out[t] = mine[np.argmin(((mine - centre) ** 2).sum(axis=1))]
    return out, tally


def _topics(data: Loaded, made: Verdicts, cloud: Cloud) -> Layer:
    """Topics, coloured so that neighbours on the map differ."""
    topic = made.topic[cloud.rows]
    names = topics_view.names(data, made)
    middle, tally = middles(cloud.xy, topic, len(names))
    note = "Colours repeat: names on the map and this list tell topics apart." if tally.size > HUES else ""
    bare = Layer("Topic", topic.astype(np.int64), (), note)
    return _classes(bare, names, spread(middle, tally), ("in no topic", "smaller topics"))


def _groups(data: Loaded, made: Verdicts, cloud: Cloud) -> Layer:
    """The level above the topics."""
    found = topics_of(data.evidence, made)
    if found is None or not found.groups:
        return _topics(data, made, cloud)
    topic, group = made.topic[cloud.rows], found.groups[0]
    code = np.where(topic >= 0, group[topic], -1)
    names = [inert.plain(n, NAME) for n in found.group_names[0]]
    middle, tally = middles(cloud.xy, code, len(names))
    note = "Colours repeat: the list tells groups apart." if tally.size > HUES else ""
    return _classes(
        Layer(GROUP, code.astype(np.int64), (), note), names, spread(middle, tally), ("in no topic", "smaller groups")
    )


def _tags(data: Loaded, rows: Rows) -> Layer:
    """Tags that people gave; a row with several shows the first by name."""
    tags = session.overrides().tags
    names = sorted({tag for _, tag in tags})
    number = {tag: n for n, tag in enumerate(names)}
    code = np.full(len(data), -1, dtype=np.int64)
    at = rows_of(data.evidence, [row for row, _ in reversed(tags)])
    code[at[at >= 0]] = np.fromiter((number[tag] for _, tag in reversed(tags)), np.int64, len(tags))[at >= 0]
    return _named(TAG, code[rows], [inert.plain(n, NAME) for n in names], "no tag")


def spread(middle: F32, tally: Rows) -> list[int]:
    """A hue for each topic: the largest first, each takes the hue whose nearest holder is farthest away."""
    far = np.full((HUES, middle.shape[0]), np.inf)
    out = [0] * middle.shape[0]
    for t in np.argsort(-tally, kind="stable")[:LISTED].tolist():
        if not tally[t]:
            break
        out[t] = int(np.argmax(far[:, t]))
        away = ((middle - middle[t]) ** 2).sum(axis=1)
        far[out[t]] = np.fmin(far[out[t]], away)
    return out
