"""Review: people read rows one by one, their agreement, and what their labels decide."""

import streamlit as st

from curate.ui import frame, review_results, review_view, sealed_view

data, made = frame.need()
st.title("Review", anchor=False)
hidden = sealed_view.shut(data, "review")
queue = review_view.choose(data, made, hidden)
if queue is not None:
    part = st.segmented_control(
        "Part", review_view.PARTS, key="review.part", default="Rows", required=True, label_visibility="collapsed"
    )
    if part == "Rows":
        review_view.rows(data, queue, hidden)
    elif part == "Agreement":
        review_results.rate(queue)
        review_results.agreement(queue)
    elif part == "Differences":
        review_results.differences(data, queue, hidden)
    else:
        review_results.use(data, made, queue)
