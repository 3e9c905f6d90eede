"""Quality rules: a switch, a bound and a histogram each; the rows behind; ten pitfalls."""

import streamlit as st

from curate.ui import frame, quality_view

data, made = frame.need()
st.title("Quality rules", anchor=False)
quality_view.show(data, made)
