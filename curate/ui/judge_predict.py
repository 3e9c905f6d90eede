"""What judging a part tells of the rest: the share of low scores with its interval, what a dollar narrows, predictions."""

from __future__ import annotations

import numpy as np
import streamlit as st

from curate.judge.plan import Plan
from curate.judge.predict import Prediction
from curate.judge.worth import after, low_share
from curate.measure.predicted import predicted
from curate.store import Store
from curate.types import Action, Verdicts
from curate.ui import rowtable, session
from curate.ui.loaded import Loaded
from curate.views.judge import money

STEPS = (0.25, 1.0, 5.0)


def narrows(data: Loaded, made: Verdicts, plan: Plan | None) -> None:
    """H4 with its interval, and what more money would make of it."""
    overall = data.evidence.columns.get("judge_overall")
    if overall is None:
        return
    population = np.flatnonzero(~data.evidence.frozen & ((made.action == Action.KEEP) | ~np.isnan(overall)))
    found = low_share(overall[population], population.shape[0])
    if not found.judged or found.judged == population.shape[0]:
        return
    st.markdown(
        f"**{found.share:.1%}** score under 3 (95 %: {found.low:.1%} to {found.high:.1%}), from {found.judged:,} judged of {population.shape[0]:,} rows."
    )
    if plan is None or not len(plan) or not plan.estimate.dollars:
        return
    each = plan.estimate.dollars / len(plan)
    whole = plan.estimate.dollars
    said = []
    for share in STEPS:
        spend = min(share, whole)
        then = after(found, spend, each, population.shape[0])
        said.append(f"{money(spend)} more: {then.low:.1%} to {then.high:.1%}".replace("$", "\\$"))
        if spend == whole:
            break
    st.caption(
        "If the share stays as it is, "
        + " · ".join(said)
        + ". Rows are asked in random order, so a part is a fair sample."
    )


def prediction(data: Loaded) -> Prediction | None:
    """Scores predicted for the rest, once per state of the ledger; None with too few judged rows."""
    digest = next((m.key for m in data.evidence.made if m.name == "judge"), "")
    key = ("judge prediction", digest, data.evidence.facts.get("vectors"))
    return data.remember(key, lambda: predicted(data.dataset, data.evidence, session.recipe(), Store()))


def show(data: Loaded, made: Verdicts) -> None:
    """What the rest is likely to score, or that nothing can be told."""
    overall = data.evidence.columns.get("judge_overall")
    found = prediction(data)
    if overall is None or found is None:
        return
    rest = np.flatnonzero(np.isnan(overall) & (made.action == Action.KEEP))
    if not rest.shape[0]:
        return
    if not found.useful:
        st.info(f"What is measured tells nothing of this judge's scores (rank correlation {found.rho:+.2f} on rows left out, {found.judged:,} judged): "
                "only judging more rows tells more.", icon=":material/visibility_off:")  # fmt: skip
        return
    bound = made.recipe.rule("low_judge_score").low
    below, above = rest[found.high[rest] < bound], rest[found.low[rest] >= bound]
    st.markdown(f"Predicted for the {rest.shape[0]:,} other kept rows, give or take {found.width:.1f} ({found.level:.0%} intervals from {found.judged:,} judged rows, "
                f"which so cover {found.covers[0]:.0%} to {found.covers[1]:.0%} of the rest; rank correlation {found.rho:.2f} on rows left out): {below.shape[0]:,} surely below {bound:g}, {above.shape[0]:,} surely not, "
                f"{rest.shape[0] - below.shape[0] - above.shape[0]:,} open.")  # fmt: skip
    if st.button("See the lowest predictions", key="judge.predicted", type="tertiary", icon=":material/table_rows:"):
        rows = rest[np.argsort(found.mean[rest], kind="stable")][:200]
        rowtable.dialog(
            data, made, rows, "judge.predicted", "Lowest predicted scores first: a guess, no rule drops them"
        )
