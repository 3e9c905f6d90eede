"""Duplicates."""
import streamlit as st
st.title('Duplicates')
