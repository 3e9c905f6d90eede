"""Finished work and people's decisions on disk: content-named, memory-mapped, whole or absent."""

from __future__ import annotations

from curate.store.decisions import Change, OverrideLog, Step
from curate.store.judgements import Judgement, Judgements, Outcome, RunRecord, Spent
from curate.store.reviews import Label, Pick, Queue, Reviews, Said
from curate.store.rows import RowStore
from curate.store.store import Kind, Store, default_home, read_array, write_array
from curate.store.workspace import Workspace

__all__ = [
    "Change",
    "Judgement",
    "Judgements",
    "Kind",
    "Label",
    "Outcome",
    "OverrideLog",
    "Pick",
    "Queue",
    "Reviews",
    "RowStore",
    "RunRecord",
    "Said",
    "Spent",
    "Step",
    "Store",
    "Workspace",
    "default_home",
    "read_array",
    "write_array",
]
