"""What the judge said: scores with the bound drawn, dimensions, rows without a score, and how far to trust it."""

from __future__ import annotations

import numpy as np
import streamlit as st

from curate.judge.rubric import rubric_of
from curate.judge.trust import length_bias
from curate.store import Judgements, Store, Workspace
from curate.types import Verdicts
from curate.ui import inert, rowtable, session, settings, words
from curate.ui.loaded import Loaded
from curate.views import figures
from curate.views import figures_stats as stats


def scores(data: Loaded, made: Verdicts) -> None:
    """The distribution with the bound that keeps, and the means of the dimensions."""
    overall = data.evidence.columns.get("judge_overall")
    if overall is None:
        return
    judged = np.flatnonzero(~np.isnan(overall))
    if judged.shape[0]:
        left, right = st.columns([3, 2], gap="medium")
        with left:
            _histogram(data, made, overall)
        with right:
            _means(data, judged)
        _low(data, made, judged)
    _failed(data, made)
    _trust(data, judged)


def _histogram(data: Loaded, made: Verdicts, overall: np.ndarray) -> None:
    rule = made.recipe.rule("low_judge_score")
    values = overall[~np.isnan(overall)]
    edges = np.arange(0.75, 5.5, 0.5)
    fails = rule.fails(values)
    st.plotly_chart(
        figures.rule_histogram(
            stats.binned(values[~fails], edges), stats.binned(values[fails], edges), "of 5", [(rule.low, "low")], 260
        ),
        key="judge.chart",
        config=figures.PLAIN,
        alt="Rows by the judge's overall score, with the bound below which they leave",
    )
    settings.rule_switch(rule)
    settings.rule_slider(rule, 1.0, 5.0)
    del data


def _means(data: Loaded, judged: np.ndarray) -> None:
    names = rubric_of(session.recipe().judge.rubric, Judgements(Workspace(Store()))).names
    columns = [data.evidence.columns[f"judge_{n}"][judged] for n in names]
    inert.table(
        {
            "dimension": [words.title(n) for n in names],
            "mean": [round(float(np.nanmean(c)), 2) if np.isfinite(c).any() else None for c in columns],
            "at 1": [int(np.count_nonzero(c == 1)) for c in columns],
            "scored": [int(np.count_nonzero(~np.isnan(c))) for c in columns],
        },
        key="judge.dimensions",
        alt="Mean score of each dimension",
    )


def _low(data: Loaded, made: Verdicts, judged: np.ndarray) -> None:
    overall = data.evidence.columns["judge_overall"]
    low = judged[np.argsort(overall[judged], kind="stable")][:200]
    if st.button("See the lowest", key="judge.low", type="tertiary", icon=":material/table_rows:"):
        rowtable.dialog(data, made, low, "judge.low", "Lowest scores first")


def _failed(data: Loaded, made: Verdicts) -> None:
    failed = data.evidence.columns.get("judge_failed")
    rows = np.flatnonzero(failed == 1) if failed is not None else np.empty(0, np.int64)
    if not rows.shape[0]:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/help: {words.rows(rows.shape[0])} without a readable reply: kept, and flagged.")
        if st.button("See them", key="judge.failed", type="tertiary"):
            rowtable.dialog(data, made, rows, "judge.failed", "The judge's reply could not be read")


def _trust(data: Loaded, judged: np.ndarray) -> None:
    if judged.shape[0] < 30:
        return
    found = length_bias(data.evidence.columns["judge_overall"][judged], data.evidence.columns["answer_words"][judged])
    if found is None:
        return
    st.caption(
        f"Scores against answer length: rank correlation {found.rho:+.2f} (95 %: {found.low:+.2f} to {found.high:+.2f}). {found.said}"
    )
