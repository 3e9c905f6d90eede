"""The overview: the verdict in a sentence, what to do, badges with the rows behind, funnel, distributions, "
"diagnosis."""

from __future__ import annotations

import numpy as np
import streamlit as st

from curate.types import Action, Check, Verdicts
from curate.ui import diagnosis, frame, inert, rowtable, session, words
from curate.ui.loaded import Loaded, Rows
from curate.views import figures
from curate.views import figures_stats as stats
from curate.views.verdict import Todo, sentence, todo_list

COLUMNS = {
    "Answer length": ("answer_words", "words"),
    "Prompt length": ("prompt_words", "words"),
    "Answer tokens": ("answer_tokens", "tokens"),
    "Prompt tokens": ("prompt_tokens", "tokens"),
    "Turns": ("turns", "turns"),
    "Shape score S0": ("shape_s0", "score"),
    "Shape score S3": ("shape_s3", "score"),
    "Repetition": ("window_repetition", "share"),
    "Judge": ("judge_overall", "of 5"),
}
TOPICS = "Topics"
MOST_TOPICS = 25
MOST_TODOS = 5


def verdict(data: Loaded, made: Verdicts) -> None:
    """The sentence and the list, the same that the command line prints."""
    if not len(data):
        st.header(":material/inbox: No rows", anchor=False)
        st.markdown("The files hold no usable row. The Load page lists what is wrong with them, and how to fix each.")
        return
    todos = todo_list(data.dataset, made, session.checks())
    said, _, kept = sentence(todos, made).partition(". ")
    look = sum(not t.blocks for t in todos)
    band = "warning" if any(t.blocks for t in todos) else "watch" if look else "healthy"
    st.header(f"{words.BANDS[band].icon} {said}", anchor=False)
    st.caption(kept)
    for n, todo in enumerate(todos[:MOST_TODOS]):
        _todo(todo, n)
    if len(todos) > MOST_TODOS:
        with st.expander(f"{len(todos) - MOST_TODOS} more", key="overview.more"):
            for n, todo in enumerate(todos[MOST_TODOS:], MOST_TODOS):
                _todo(todo, n)


def _todo(todo: Todo, n: int) -> None:
    sign = words.BANDS["warning" if todo.blocks else "not measured" if "not measured" in todo.text else "watch"]
    word = "blocker" if todo.blocks else "later" if sign.word == "not measured" else "look"
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"todo.{n}"):
        st.badge(word, icon=sign.icon, color=sign.colour)
        st.markdown(inert.label(todo.text, 400), width="stretch")
        st.page_link(frame.page(_page_of(todo.about)), label="Go", icon=":material/arrow_forward:")


def _page_of(about: str) -> str:
    """The page that owns a badge or a reason."""
    near = ("exact_copy", "near_text", "near_meaning", "contaminated", "H5")
    if about in near:
        return "duplicates"
    owners = {"problems": "load", "kept": "quality", "H6": "export", "H3": "load", "contradiction": "rows"}
    return owners.get(about, "quality")


def badges(data: Loaded, made: Verdicts) -> None:
    """S1's six badges, with the number, the band, the base and the rows behind it."""
    st.subheader("Health", anchor=False)
    found = session.checks()
    for start in range(0, len(found), 3):
        for column, check in zip(st.columns(3), found[start : start + 3], strict=False):
            with column.container(border=True, height="stretch", key=f"badge.{check.id}"):
                _badge(data, made, check)


def _badge(data: Loaded, made: Verdicts, check: Check) -> None:
    sign = words.BANDS[check.band]
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"**{check.name}**")
        st.badge(sign.word, icon=sign.icon, color=sign.colour)
    head, _, rest = check.shown.partition(" (")
    st.markdown(f"### {head}" if len(head) < 30 else f"**{head}**")
    if rest:
        st.caption(rest.removesuffix(")"))
    st.caption(f"{check.why} {'' if check.band == 'healthy' else check.todo}", help=f"Base: {check.base}")
    if check.rows.shape[0] and st.button(
        f"See {words.rows(check.rows.shape[0])}",
        key=f"badge.{check.id}.rows",
        type="tertiary",
        icon=":material/table_rows:",
    ):
        rowtable.dialog(data, made, check.rows, f"behind.{check.id}", f"Behind {check.name}: {check.shown}")


def funnel(data: Loaded, made: Verdicts) -> None:
    """Stages, and reasons with first, only and all counts; a chosen reason shows its rows."""
    st.subheader("What was removed, by what", anchor=False)
    left, right = st.columns([2, 3])
    with left:
        st.plotly_chart(
            figures.funnel(made.funnel.stages),
            key="overview.funnel",
            config=figures.PLAIN,
            alt="Rows alive after each stage",
        )
    with right:
        table = made.funnel
        listed = [(c, f, o, a) for c, f, o, a in zip(table.codes, table.first, table.only, table.all, strict=True) if a]
        if not listed:
            st.caption("No rule removes a row.")
            return
        picked = inert.table(
            {
                "reason": [words.title(c) for c, *_ in listed],
                "first": [f for _, f, *_ in listed],
                "only this": [o for *_, o, _ in listed],
                "all": [a for *_, a in listed],
                "what it says": [words.HELP[c] for c, *_ in listed],
            },
            key="overview.reasons",
            alt="Reasons with counts",
            select="single-row",
            widths={"what it says": "large"},
        )
        st.caption(
            "first: the earliest reason of a row. only this: no other reason removes it. Choose a reason to "
            "see its rows."
        )
        if picked:
            code = listed[picked[0]][0]
            rows = np.flatnonzero(made.carries(code))
            if st.button(
                f"See the {words.rows(rows.shape[0])} of “{words.title(code)}”",
                key="overview.reason.rows",
                icon=":material/table_rows:",
            ):
                rowtable.dialog(data, made, rows, f"reason.{code}", words.HELP[code])


def distributions(data: Loaded, made: Verdicts) -> None:
    """One distribution at a time, before and after, with the bounds of rules that are on, and S1's statistics."""
    st.subheader("Distributions, before and after", anchor=False)
    known = {n: c for n, c in COLUMNS.items() if c[0] in data.evidence.columns}
    names = [*known, TOPICS, *(["Judge"] if "Judge" not in known else [])]
    name = st.segmented_control(
        "Distribution", names, key="overview.dist", default=names[0], required=True, label_visibility="collapsed"
    )
    if name == TOPICS:
        _topics(data, made)
    elif name in known:
        _column(data, made, *known[name or names[0]])
    else:
        st.info(
            "No judge score is measured. The judge is off until its cost is confirmed; nothing is sent before.",
            icon=":material/pending:",
        )


def _column(data: Loaded, made: Verdicts, column: str, unit: str) -> None:
    values = data.evidence.columns[column]
    edges = data.remember(("edges", column), lambda: stats.edges_of(values[data.pool]))
    kept = values[made.action == Action.KEEP]
    before = data.remember(("bins", column), lambda: stats.binned(values[data.pool], edges))
    bounds = [
        (v, r.name)
        for r in made.recipe.rules
        if r.enabled and r.column == column and not r.fact
        for v in (r.low, r.high)
        if np.isfinite(v)
    ]
    st.plotly_chart(
        figures.distribution(before, stats.binned(kept, edges), unit, bounds),
        key="overview.chart",
        config=figures.PLAIN,
        alt=f"Distribution of {column}, all pool rows and kept rows",
    )
    whole = data.remember(("summary", column), lambda: stats.summary(values[data.pool]))
    _summaries(whole, stats.summary(kept), unit)


def _summaries(before: stats.Summary | None, after: stats.Summary | None, unit: str) -> None:
    shown = [(n, s) for n, s in (("before", before), ("kept", after)) if s is not None]
    if not shown:
        st.caption("No row has this measure.")
        return
    names = {
        "count": "rows",
        "mean": "mean",
        "median": "median",
        "p10": "p10",
        "p90": "p90",
        "p99": "p99",
        "least": "min",
        "most": "max",
        "total": f"total {unit}",
    }
    columns = {"": [n for n, _ in shown]} | {
        title: [words.number(getattr(s, field)) for _, s in shown] for field, title in names.items()
    }
    inert.table(columns, key="overview.stats", alt="Summary before and after")


def _topics(data: Loaded, made: Verdicts) -> None:
    topics = data.evidence.topics
    if topics is None:
        st.info("Topics are not measured yet: they follow once the vectors are there.", icon=":material/pending:")
        return
    number, before, after = stats.topic_sizes(made, data.pool, made.action == Action.KEEP)
    at = _cut(topics.sizes, made.recipe.topics.size)
    names = [
        inert.plain(topics.names[at][t], 48) if t < len(topics.names[at]) else f"topic {t}"
        for t in number[:MOST_TOPICS].tolist()
    ]
    st.plotly_chart(
        figures.bars(
            [_no_markup(n) for n in names],
            before[:MOST_TOPICS].tolist(),
            after[:MOST_TOPICS].tolist(),
            90 + 22 * len(names),
        ),
        key="overview.topics",
        config=figures.PLAIN,
        alt="Rows per topic before and after",
    )
    none = int(np.count_nonzero(made.topic[data.pool] < 0))
    st.caption(
        f"{number.shape[0]:,} topics, the largest {min(MOST_TOPICS, number.shape[0])} shown; {words.rows(none)} "
        "in no topic."
    )


def _cut(sizes: tuple[int, ...], wanted: int) -> int:
    """The cut that decide uses: the largest size not above the wanted one, else the smallest."""
    below = [n for n, s in enumerate(sizes) if s <= wanted]
    return max(below, key=lambda n: sizes[n]) if below else 0


def _no_markup(name: str) -> str:
    """Chart labels know a few HTML tags; a topic's name has none."""
    return name.replace("<", "‹").replace(">", "›").replace("&", "+")


def diagnose(data: Loaded, made: Verdicts) -> None:
    """S1's first question as four answers."""
    st.subheader("Why a big set can lose to a small one", anchor=False)
    for line in diagnosis.lines(data, made):
        sign = words.BANDS[line.band]
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.badge(sign.word, icon=sign.icon, color=sign.colour)
            st.markdown(f"**{line.question}** {line.answer}", width="stretch")


def rows_of(made: Verdicts, action: Action) -> Rows:
    return np.flatnonzero(made.action == action)
