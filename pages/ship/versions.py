"""Versions: what is registered, from inputs to training runs."""

import streamlit as st

from curate.ui import versions_view

st.title("Versions", anchor=False)
versions_view.show()
