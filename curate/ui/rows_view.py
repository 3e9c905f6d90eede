"""The page of all rows; `?row=ID` opens one row, so that a row can be named in a chat."""

from __future__ import annotations

import numpy as np
import streamlit as st

from curate.types import Verdicts
from curate.ui import rowtable
from curate.ui.loaded import Loaded


def show(data: Loaded, made: Verdicts) -> None:
    """The table over every row, frozen ones too."""
    wanted = st.query_params.get("row")
    if wanted and "rows.find" not in st.session_state:
        st.session_state["rows.find"] = wanted[:200]
    rowtable.show(data, made, np.arange(len(data)), "rows")
