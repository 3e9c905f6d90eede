"""Duplicates: thresholds with their curve, groups with keeper and witness, borderline pairs."""

import streamlit as st

from curate.ui import duplicates_view, frame

data, made = frame.need()
st.title("Duplicates", anchor=False)
duplicates_view.headline(data, made)
duplicates_view.thresholds(data, made)
duplicates_view.list_groups(data, made)
duplicates_view.borderline(data, made)
