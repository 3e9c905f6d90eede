"""The overview: the verdict in a sentence, what to do, badges with the rows behind, funnel, distributions, diagnosis."""

from __future__ import annotations

import numpy as np
import streamlit as st

from curate.decide.rules import help_of
from curate.types import F32, Action, Check, Verdicts
from curate.ui import diagnosis, frame, inert, overview_topics, rowtable, session, words
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
FIGURES = {
    "count": "rows",
    "mean": "mean",
    "median": "median",
    "p10": "p10",
    "p90": "p90",
    "p99": "p99",
    "least": "min",
    "most": "max",
    "total": "total",
}
LENGTHS = {"input": ("prompt",), "output": ("answer",), "both": ("prompt", "answer")}
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
    owners = {"problems": "load", "kept": "quality", "H6": "export", "H3": "map", "contradiction": "contradictions"}
    owners |= {"H7": "contradictions", "gold": "gold"}
    return owners.get(about, "quality")


def badges(data: Loaded, made: Verdicts) -> None:
    """S1's six badges and contradictions, with the number, the band, the base and the rows behind it."""
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
    if check.id == "H7" and check.rows.shape[0]:
        st.page_link(frame.page("contradictions"), label="See both sides", icon=":material/compare_arrows:")
    elif check.rows.shape[0] and st.button(
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
                "what it says": [help_of(c) for c, *_ in listed],
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
                rowtable.dialog(data, made, rows, f"reason.{code}", help_of(code))


def distributions(data: Loaded, made: Verdicts) -> None:
    """One distribution at a time, before and after, with the bounds of rules that are on; lengths of input and output."""
    st.subheader("Distributions, before and after", anchor=False)
    known = {n: c for n, c in COLUMNS.items() if c[0] in data.evidence.columns}
    names = [*known, *(["Judge"] if "Judge" not in known else [])]
    name = st.segmented_control(
        "Distribution", names, key="overview.dist", default=names[0], required=True, label_visibility="collapsed"
    )
    if name in known:
        _column(data, made, *known[name or names[0]])
    else:
        st.info(
            "No judge score is measured. The judge is off until its cost is confirmed; nothing is sent before.",
            icon=":material/pending:",
        )
    _lengths(data, made)


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
    event = st.plotly_chart(
        figures.distribution(before, stats.binned(kept, edges), unit, bounds),
        key=f"overview.chart.{column}",
        config=figures.PLAIN,
        alt=f"Distribution of {column}, all pool rows and kept rows",
        on_select="rerun",
        selection_mode="points",
    )
    _behind(data, made, column, unit, edges, overview_topics.points_of(event))


def _behind(data: Loaded, made: Verdicts, column: str, unit: str, edges: stats.F64, bins: list[int]) -> None:
    """The rows of the bars that were clicked; the last bar holds what lies beyond it too."""
    values = data.evidence.columns[column]
    known = np.isfinite(values[data.pool])
    if not bins or not known.any():
        st.caption(f"{words.rows(int(known.sum()))} measured. Click a bar for its rows.")
        return
    at = np.clip(np.searchsorted(edges, values[data.pool], side="right") - 1, 0, edges.shape[0] - 2)
    rows = data.pool[known & np.isin(at, bins)]
    low, high = words.number(float(edges[bins[0]])), words.number(float(edges[bins[-1] + 1]))
    said = f"{low} to {high} {unit}" if bins[-1] < edges.shape[0] - 2 else f"{low} {unit} and more"
    if st.button(f"See {words.rows(rows.shape[0])} with {said}", key="overview.bin.rows", icon=":material/table_rows:"):
        rowtable.dialog(data, made, rows, "bin.rows", f"{words.title(column)}: {said}")


def _lengths(data: Loaded, made: Verdicts) -> None:
    """Input, output and both, before and after: S1's eight figures and the total."""
    kept = np.flatnonzero(made.action == Action.KEEP)
    lines: list[tuple[str, stats.Summary]] = []
    for unit in ("words", "tokens"):
        for title, parts in LENGTHS.items():
            held = [data.evidence.columns.get(f"{part}_{unit}") for part in parts]
            values = [v for v in held if v is not None]
            if len(values) == len(parts):
                lines += _before_and_after(data, np.sum(values, axis=0), kept, f"{title} {unit}")
    if not lines:
        return
    columns = {"": [n for n, _ in lines]} | {
        title: [words.number(getattr(one, field)) for _, one in lines] for field, title in FIGURES.items()
    }
    inert.table(columns, key="overview.stats", alt="Lengths of input and output, before and after")
    if "prompt_tokens" not in data.evidence.columns:
        st.caption(
            ":material/pending: Words, not tokens: tokens depend on the model that you train. "
            "`curate audit DATA --tokenizer FOLDER` counts them, and `curate fit` with one says what training costs."
        )


def _before_and_after(data: Loaded, values: F32, kept: Rows, title: str) -> list[tuple[str, stats.Summary]]:
    before = data.remember(("summary", title), lambda: stats.summary(values[data.pool]))
    return [(f"{title}, {when}", s) for when, s in (("before", before), ("kept", stats.summary(values[kept]))) if s]


def diagnose(data: Loaded, made: Verdicts) -> None:
    """S1's first question in its order, each line with its value, verdict and where to look."""
    st.subheader("Why a big set can lose to a small one", anchor=False)
    for n, line in enumerate(diagnosis.lines(data, made), 1):
        sign = words.BANDS[line.band]
        with st.container(border=True, gap="xsmall", key=f"diagnosis.{n}"):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(f"**{n}. {line.question}**", width="stretch")
                st.badge(sign.word, icon=sign.icon, color=sign.colour)
            st.markdown(line.answer)
            st.page_link(frame.page(line.page), label=line.link, icon=":material/arrow_forward:")
    st.caption(diagnosis.outcome(data, made))


def rows_of(made: Verdicts, action: Action) -> Rows:
    return np.flatnonzero(made.action == action)
