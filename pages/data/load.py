"""Load: sample, upload, path or recent; what was found; measuring in the background."""

import streamlit as st

from curate.ui import load_view

st.title("Open a dataset")
load_view.page()
