"""The app: `streamlit run app.py [-- DATA...]`. One file is the script of every page and the ASGI application."""

from __future__ import annotations

import streamlit as st


def main() -> None:
    """The frame around every page."""
    from curate.ui import frame

    frame.run()


if __name__ == "__main__":
    main()
else:
    from curate.ui import serve

    app = st.App(__file__, **serve.options())
