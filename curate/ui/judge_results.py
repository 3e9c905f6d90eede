"""What the judge said: scores with the bound drawn, dimensions, rows without a score, and how far to trust it."""

from __future__ import annotations

import numpy as np
import streamlit as st

from curate.judge import judge_key
from curate.judge.canaries import singing
from curate.judge.rubric import rubric_of
from curate.judge.trust import drifts, length_bias, same_family
from curate.people.judged import FEW, people, shared
from curate.store import Judgements, Reviews, Store, Workspace
from curate.types import Bool, Verdicts
from curate.ui import inert, judge_jobs, rowtable, session, settings, words
from curate.ui.loaded import Loaded
from curate.views import figures
from curate.views import figures_stats as stats


def scores(data: Loaded, made: Verdicts, hidden: Bool) -> None:
    """The distribution with the bound that keeps, and the means of the dimensions, without `hidden` rows."""
    overall = data.evidence.columns.get("judge_overall")
    if overall is None:
        return
    overall = np.where(hidden, np.nan, overall)
    judged = np.flatnonzero(~np.isnan(overall))
    if judged.shape[0]:
        left, right = st.columns([3, 2], gap="medium")
        with left:
            _histogram(data, made, overall)
        with right:
            _means(data, judged)
        _low(data, made, judged)
    _failed(data, made, hidden)
    _trust(data, judged)
    _people(data, made)


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


def _failed(data: Loaded, made: Verdicts, hidden: Bool) -> None:
    failed = data.evidence.columns.get("judge_failed")
    rows = np.flatnonzero((failed == 1) & ~hidden) if failed is not None else np.empty(0, np.int64)
    if not rows.shape[0]:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/help: {words.rows(rows.shape[0])} without a readable reply: kept, and flagged.")
        if st.button("See them", key="judge.failed", type="tertiary"):
            rowtable.dialog(data, made, rows, "judge.failed", "The judge's reply could not be read")
        if st.button(
            "Ask again", key="judge.forget", type="tertiary", help="They are offered again below, at their price."
        ):
            _forget()


def _forget() -> None:
    """Takes the failures back, so that they are rows that nobody judged; what they cost stays on the bill."""
    recipe, ledger, job = session.recipe(), Judgements(Workspace(Store())), session.job()
    ledger.forget_failed(judge_key(recipe.judge, rubric_of(recipe.judge.rubric, ledger)))
    if job is not None:
        judge_jobs.refresh(job, recipe)
    st.rerun()


def _trust(data: Loaded, judged: np.ndarray) -> None:
    """Canaries, length, family, other judges: what each says of this judge, where it can be said."""
    recipe = session.recipe()
    ledger = Judgements(Workspace(Store()))
    key = judge_key(recipe.judge, rubric_of(recipe.judge.rubric, ledger))
    sang, asked = singing(ledger, key)
    if sang:
        st.warning(
            f"{sang} of {asked} rows that ask for full marks and deserve none got them: this judge may follow what rows say.",
            icon=":material/flutter_dash:",
        )
    own = data.remember(("same family", recipe.judge.model), lambda: same_family(data.dataset, recipe.judge.model))
    if own:
        st.warning(f"{words.rows(own)} were written by a model of the judge's own family, which a judge tends to prefer (S1): take another family, or read more of them.",
                   icon=":material/family_restroom:")  # fmt: skip
    lines = (
        [f"{asked - sang} of {asked} rows that ask for full marks and deserve none were seen through"] if asked else []
    )
    lines += _by_length(data, judged)
    for other in drifts(ledger, key)[:3]:
        lines.append(f"Against {inert.label(other.model)} (rubric {inert.label(other.rubric[:6])}): weighted kappa {other.kappa:.2f} on {other.shared:,} shared rows, "
                     f"{other.shift:+.2f} on average")  # fmt: skip
    if lines:
        st.caption("How far to trust it: " + " · ".join(lines) + ".")


def _by_length(data: Loaded, judged: np.ndarray) -> list[str]:
    if judged.shape[0] < 30:
        return []
    found = length_bias(data.evidence.columns["judge_overall"][judged], data.evidence.columns["answer_words"][judged])
    if found is None:
        return []
    return [
        f"rank correlation with answer length {found.rho:+.2f} (95 %: {found.low:+.2f} to {found.high:+.2f}). {found.said[:-1]}"
    ]


def _people(data: Loaded, made: Verdicts) -> None:
    """Agreement with people on shared rows, and one click to the bound that agrees best with them."""
    labels = Reviews(Workspace(Store())).labels()
    found = people(data.evidence, session.overrides(), labels)
    bound = made.recipe.rule("low_judge_score").low
    told = shared(data.evidence.columns["judge_overall"], found, bound)
    if told.bound is None:
        st.caption(
            f":material/groups: To compare it with people, keep or label good {FEW} of its rows and drop or label bad {FEW}: "
            f"{told.kept:,} and {told.rows - told.kept:,} so far. The bound that agrees best is then one click."
        )
        return
    scores = f"weighted kappa {told.kappa:.2f} on {told.scored:,} scores; " if told.kappa == told.kappa else ""
    with st.container(horizontal=True, vertical_alignment="center", key="judge.people"):
        st.markdown(
            f":material/groups: People and judge on {told.rows:,} shared rows: {scores}a bound of **{told.bound:g}** agrees best with people "
            f"(kappa {told.best:.2f}; {bound:g}, as set, {told.now:.2f})."
        )
        if told.bound != bound and st.button(
            f"Set the bound to {told.bound:g}", key="judge.bound", icon=":material/check:"
        ):
            session.apply(
                made.recipe.with_rule("low_judge_score", enabled=True, low=told.bound),
                f"judge bound {told.bound:g} by people",
            )
            st.rerun()
