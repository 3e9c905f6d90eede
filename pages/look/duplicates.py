"""Duplicates: what goes and why, thresholds with their curve, groups, learning the threshold, who repeats whom."""

import streamlit as st

from curate.ui import duplicates_view, frame

data, made = frame.need()
st.title("Duplicates", anchor=False)
duplicates_view.headline(data, made)
duplicates_view.thresholds(data, made)
duplicates_view.sections(data, made)
duplicates_view.judge(data, made)
