"""Export: where every row goes, splits, the folder, verification."""

import streamlit as st

from curate.ui import export_view, frame, leaks_view, report_view

data, made = frame.need(rows=False)
st.title("Export", anchor=False)
export_view.note(made)
export_view.balance(data, made)
st.subheader("Splits", anchor=False)
export_view.splits(made)
export_view.how(data)
st.subheader("Evaluation items", anchor=False)
leaks_view.found(data, made)
st.subheader("Write", anchor=False)
export_view.write(data, made)
st.subheader("Recipe", anchor=False)
export_view.recipe_file(made)
if len(data):
    st.subheader("Report", anchor=False)
    report_view.show(data, made)
