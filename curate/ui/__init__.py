"""The screen: everything of the app that is more than layout. The only part of the package that knows Streamlit."""
