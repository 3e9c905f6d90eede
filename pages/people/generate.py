"""Generate: what the set lacks, rows by a teacher within a typed budget, what the rules left of them, one in ten to read."""

import streamlit as st

from curate.ui import frame, generate_results, generate_view, sealed_view

data, made = frame.need()
st.title("Generate", anchor=False)
generate_view.lacks(data, made)
generate_results.show(generate_view.progress())
st.subheader("Write rows", anchor=False)
wanted = generate_view.choices(data)
rows = generate_view.seed_rows(data, made, wanted, sealed_view.shut(data, "generate"))
ordered = generate_view.offered(data, made, wanted, rows)
if ordered is not None:
    generate_view.confirm(ordered)
