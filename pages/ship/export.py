"""Export: where every row goes, splits, the folder, verification."""

import streamlit as st

from curate.ui import export_view, frame

data, made = frame.need(rows=False)
st.title("Export", anchor=False)
export_view.note(made)
export_view.balance(data, made)
st.subheader("Splits", anchor=False)
export_view.splits(made)
st.subheader("Write", anchor=False)
export_view.write(data, made)
st.subheader("Recipe", anchor=False)
export_view.recipe_file(made)
