"""Help: what the source documents ask for, where each is met, and where they are wrong."""

import streamlit as st

from curate.ui import help_view

st.title("Sources: what the documents ask for", anchor=False)
help_view.show()
