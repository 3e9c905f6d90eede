"""Contradictions: the pair plane, clusters by severity, both sides of one with what speaks, resolve."""

import streamlit as st

from curate.ui import contradictions_view, frame

data, made = frame.need()
st.title("Contradictions", anchor=False)
contradictions_view.headline(data, made)
contradictions_view.settings_and_plane(data, made)
contradictions_view.clusters(data, made)
contradictions_view.judge(data, made)
