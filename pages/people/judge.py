"""The judge: estimate, typed confirmation, progress, scores."""

import streamlit as st

from curate.ui import frame, judge_predict, judge_results, judge_view, sealed_view

data, made = frame.need()
st.title("Judge", anchor=False)
judge_view.headline(data, made)
judge_view.progress()
hidden = sealed_view.shut(data, "judge")
judge_results.scores(data, made, hidden)
st.subheader("Judge rows", anchor=False)
prices = judge_view.page_prices()
which, count, batch = judge_view.choices(prices)
plan = judge_view.offered(data, made, prices, which, count, batch, hidden)
judge_predict.narrows(data, made, plan)
judge_predict.show(data, made)
if plan is not None:
    judge_view.confirm(plan)
judge_view.rubric(data)
