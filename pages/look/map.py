"""The map: every row by what it is about; lasso to rows; search; topics."""

import streamlit as st

from curate.ui import frame, map_view

data, made = frame.need()
st.title("Map", anchor=False)
map_view.show(data, made)
