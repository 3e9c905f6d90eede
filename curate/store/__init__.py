"""Finished work and people's decisions on disk: content-named, memory-mapped, whole or absent."""

from __future__ import annotations

from curate.store.rows import RowStore
from curate.store.store import Kind, Store, default_home, read_array, write_array

__all__ = ["Kind", "RowStore", "Store", "default_home", "read_array", "write_array"]
