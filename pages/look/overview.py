"""Overview: the verdict first, what to do, badges, funnel, distributions, diagnosis."""

import streamlit as st

from curate.ui import frame, overview_topics, overview_view

data, made = frame.need(rows=False)
overview_view.verdict(data, made)
if len(data):
    overview_view.badges(data, made)
    overview_view.funnel(data, made)
    left, right = st.columns([3, 2])
    with left:
        overview_view.distributions(data, made)
    with right:
        overview_view.diagnose(data, made)
    overview_topics.show(data, made)
