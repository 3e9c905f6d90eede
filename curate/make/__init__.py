"""Rows that a teacher model writes: from chosen seeds, within a confirmed budget, through the same rules as any row."""

from __future__ import annotations
