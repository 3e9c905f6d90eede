"""Gold set: rows chosen and checked by hand, frozen to a file that nothing is trained on."""

import streamlit as st

from curate.ui import frame, gold_view, sealed_view

data, made = frame.need()
st.title("Gold set", anchor=False)
gold_view.loaded(data)
hidden = sealed_view.shut(data, "gold")
name = gold_view.pick(data, made, hidden)
if name:
    gold_view.rows(data, name)
    gold_view.freeze(data, name)
gold_view.files()
