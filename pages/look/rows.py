"""Rows."""
import streamlit as st
st.title('Rows')
