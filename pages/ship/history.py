"""History: every recipe stood on, snapshots by name, two of them side by side, and what was decided by whom."""

import streamlit as st

from curate.ui import frame, history_view

data, made = frame.need(rows=False)
st.title("History", anchor=False)
history_view.save(made)
history_view.snapshots()
if len(data):
    st.subheader("Side by side", anchor=False)
    history_view.side(data, made)
st.subheader("What was done", anchor=False)
history_view.steps(data)
