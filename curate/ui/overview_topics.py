"""The overview's topics: how evenly rows lie over them, each with its share, and any measure topic by topic; to the rows."""

from __future__ import annotations

import numpy as np
import streamlit as st

from curate.decide.balance import Balance, balance
from curate.types import Action, Verdicts
from curate.ui import frame, inert, rowtable, topics_view, words
from curate.ui.loaded import Loaded, Rows
from curate.views import figures, figures_topics
from curate.views import figures_stats as stats

MOST = 25
LEAST_ROWS = 5  # fewer say little of a topic's lengths
NUMBERS = {
    "Answer words": "answer_words",
    "Prompt words": "prompt_words",
    "Answer tokens": "answer_tokens",
    "Prompt tokens": "prompt_tokens",
    "Turns": "turns",
    "Shape score S0": "shape_s0",
    "Shape score S3": "shape_s3",
    "Repetition": "window_repetition",
    "Judge": "judge_overall",
}
CELLS = (
    ("Topics", "Topics with a row."),
    ("Largest / smallest", "S1: under 10x is balanced, above 50x a warning (H3)."),
    ("Five largest hold", "S1, Q1: 60 % in five is concentrated, 10 % is spread."),
    ("Effective number", "So many equally large topics would be as varied."),
    ("Largest 20 % hold", "S1's pitfall is 80 % of the rows over 20 % of the topics."),
    ("In no topic", "Rows that lie apart from all others, or have no vector."),
)
VERDICT, LANGUAGE = "Verdict", "Language"
PITFALLS = """
- **Largest over smallest moves with one tiny topic** (S1's number): read it beside the five largest's share and the effective
  number, which no single topic can move.
- **It depends on how finely topics are cut**: a smaller least size finds more and thinner topics. Compare two versions at one size.
- **Rows in no topic are left out** of all four figures.
- **Even is not the aim; what production asks is.** A topic at 0.1 % of real traffic is not worth balancing (S1, Q5).
- **What helps**: cap the largest (S1: 500 rows each), weight the loss, add rows to the rare ones; made-up rows need a check of facts.
"""


def show(data: Loaded, made: Verdicts) -> None:
    """Figures, bars or tiles, the curve, one measure by topic, and the rows of what was clicked."""
    st.subheader("Topics", anchor=False)
    shown = topics_view.names(data, made)
    sizes = np.bincount(made.topic[data.pool][made.topic[data.pool] >= 0], minlength=len(shown))
    found = balance(sizes)
    if found is None:
        _none(data)
        return
    kept = data.pool[made.action[data.pool] == Action.KEEP]
    after = balance(np.bincount(made.topic[kept][made.topic[kept] >= 0], minlength=len(shown)))
    _figures(data, made, found, after)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _shares(data, made, shown)
    with right:
        _curve(found, after)
        with st.expander("What these figures can't say", icon=":material/help:", key="overview.topics.pitfalls"):
            st.markdown(PITFALLS)
        st.page_link(frame.page("map"), label="Name, join, part or cap topics on the Map page")
    _by_topic(data, made, shown)


def _none(data: Loaded) -> None:
    vectors = bool(data.evidence.facts.get("vectors", 0))
    if data.evidence.topics is None and vectors:
        said = (
            f"Too few different prompts for topics among {words.rows(len(data))}: they mean something from about 20 on."
        )
    elif data.evidence.topics is None:
        said = "Topics are not measured yet: they follow once the vectors are there, or from a column of your own."
    else:
        said = "No row is in a topic at this cut. Lower the least size on the Map page."
    st.info(said, icon=":material/pending:")


def _figures(data: Loaded, made: Verdicts, found: Balance, after: Balance | None) -> None:
    """S1's ratio and figures that hold still; below each what it is for the kept rows."""
    pool = made.topic[data.pool]
    none = int(np.count_nonzero(pool < 0))
    values = (*_said(found), f"{none / max(1, pool.shape[0]):.0%}")
    below = (*(f"{v} kept" for v in _said(after)), words.rows(none)) if after is not None else ("",) * len(values)
    for column, (name, help), value, change in zip(st.columns(len(CELLS)), CELLS, values, below, strict=True):
        column.metric(name, value, delta=change or None, delta_color="off", delta_arrow="off", help=help)


def _said(b: Balance) -> tuple[str, ...]:
    return f"{b.topics:,}", f"{b.imbalance:,.0f}x", f"{b.top:.0%}", f"{b.effective:,.0f}", f"{b.share20:.0%}"


def _shares(data: Loaded, made: Verdicts, shown: list[str]) -> None:
    number, before, after = stats.topic_sizes(made, data.pool, made.action == Action.KEEP)
    look = st.segmented_control(
        "Show topics as", ("Bars", "Tiles"), key="overview.topics.as", default="Bars", required=True,
        label_visibility="collapsed",
    )  # fmt: skip
    total = int(before.sum())
    if look == "Tiles":
        names, parents, whole, kept = figures_topics.tiles_of(
            [_no_markup(n) for n in topics_view.short_names(data, made)], number, before, after, _groups(data, made)
        )
        figure = figures_topics.tiles(names, parents, whole, kept)
        st.plotly_chart(figure, key="overview.topics.tiles", config=figures.PLAIN, alt="Topics as tiles by their rows")
        st.caption(
            "A tile's area is its rows, its colour the share that the recipe keeps. A click on a group opens it."
        )
        return
    names = [
        f"{_no_markup(inert.plain(shown[t], 44))}  {b / total:.1%}"
        for t, b in zip(number[:MOST].tolist(), before, strict=False)
    ]
    event = st.plotly_chart(
        figures.bars(names, before[:MOST].tolist(), after[:MOST].tolist(), 90 + 22 * len(names)),
        key="overview.topics",
        config=figures.PLAIN,
        alt="Rows per topic before and after",
        on_select="rerun",
        selection_mode="points",
    )
    rest = number.shape[0] - len(names)
    st.caption(
        f"Share of the rows that have a topic. {f'{rest:,} smaller ones are on the Map page. ' if rest else ''}"
        "Click a bar for its rows."
    )
    _rows_of(data, made, [int(number[p]) for p in points_of(event) if p < len(names)], shown)


def points_of(event: object) -> list[int]:
    """Places of the bars that were clicked, each once."""
    held = getattr(event, "selection", None) or {}
    return sorted({int(p["point_index"]) for p in held.get("points", ()) if "point_index" in p})


def _rows_of(data: Loaded, made: Verdicts, topics: list[int], shown: list[str]) -> None:
    if not topics:
        return
    rows = data.pool[np.isin(made.topic[data.pool], topics)]
    what = shown[topics[0]] if len(topics) == 1 else f"{len(topics)} topics"
    if st.button(f"See {words.rows(rows.shape[0])} of “{inert.label(what, 60)}”", key="overview.topics.rows",
                 icon=":material/table_rows:"):  # fmt: skip
        rowtable.dialog(data, made, rows, "topic.rows", f"Rows of the topic: {inert.label(what, 80)}")


def _groups(data: Loaded, made: Verdicts) -> tuple[list[str], Rows] | None:
    """The level above the topics: names, and each topic's group."""
    from curate.decide import topics_of

    found = topics_of(data.evidence, made)
    if found is None or not found.groups:
        return None
    short = (" / ".join(n.split(" / ")[: topics_view.SHORT]) for n in found.group_names[0])
    return [_no_markup(inert.plain(n, 48)) for n in short], found.groups[0].astype(np.int64)


def _curve(found: Balance, after: Balance | None) -> None:
    st.plotly_chart(
        figures_topics.concentration(found.curve, None if after is None else after.curve),
        key="overview.topics.curve",
        config=figures.PLAIN,
        alt="Share of the rows held by the largest topics, before and after",
    )
    st.caption(
        f"The largest 20 % of the topics hold {found.share20:.0%} of the rows"
        + (f" ({after.share20:.0%} of those kept)." if after is not None else ".")
        + (" That is S1's topic concentration: cap the largest, add to the rare ones." if found.share20 >= 0.8 else "")
    )


def _by_topic(data: Loaded, made: Verdicts, shown: list[str]) -> None:
    """One measure topic by topic: lengths, turns and scores as ranges, verdicts and languages as shares."""
    st.markdown("**By topic**")
    known = [n for n, c in NUMBERS.items() if c in data.evidence.columns]
    ways = [*known, VERDICT, *([LANGUAGE] if data.languages is not None else [])]
    way = st.segmented_control(
        "Measure by topic", ways, key="overview.by", default=ways[0], required=True, label_visibility="collapsed"
    )
    number, before, _ = stats.topic_sizes(made, data.pool, made.action == Action.KEEP)
    number = number[before >= min(LEAST_ROWS, int(before.max(initial=1)))][:MOST]
    names = [_no_markup(inert.plain(shown[t], 44)) for t in number.tolist()]
    if way in NUMBERS:
        values = data.evidence.columns[NUMBERS[way]]
        ranges = stats.by_topic(values, made.topic, data.pool, number)
        figure = figures_topics.ranges(names, ranges, float(np.nanmedian(values[data.pool])), str(way))
    else:
        code, kinds = _kinds(data, made, str(way))
        figure = figures_topics.stacked(
            names, stats.shares_by_topic(code, made.topic, data.pool, number, len(kinds)), kinds
        )
    event = st.plotly_chart(
        figure,
        key=f"overview.by.{way}",
        config=figures.PLAIN,
        alt=f"{way} by topic",
        on_select="rerun",
        selection_mode="points",
    )
    st.caption(
        "The dot is the median, the line p10 to p90; the dashed line is the median of all rows. Click a dot for the rows."
        if way in NUMBERS
        else "Shares of each topic's rows. Click a bar for the rows."
    )
    topics = [int(number[p]) for p in points_of(event) if p < number.shape[0]]
    if topics:
        rows = data.pool[np.isin(made.topic[data.pool], topics)]
        if st.button(f"See {words.rows(rows.shape[0])}", key="overview.by.rows", icon=":material/table_rows:"):
            rowtable.dialog(data, made, rows, "by.rows", "Rows of the chosen topics")


def _kinds(data: Loaded, made: Verdicts, way: str) -> tuple[np.ndarray, list[str]]:
    held = data.languages
    if way == LANGUAGE and held is not None:
        return held.code.astype(np.int64), list(held.names)
    return made.action.astype(np.int64), [words.ACTIONS[a].word for a in Action]


def _no_markup(name: str) -> str:
    """Chart labels know a few HTML tags; a topic's name has none."""
    return name.replace("<", "‹").replace(">", "›").replace("&", "+")
