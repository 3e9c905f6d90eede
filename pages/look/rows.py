"""All rows: search, filter, jump to an id or file:line, decide by hand."""

import streamlit as st

from curate.ui import frame, rows_view

data, made = frame.need()
st.title("All rows")
rows_view.show(data, made)
