"""The review session: which queue and who, the row in hand, and what was said of it so far; a rerun or reload finds it again."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field

import streamlit as st

from curate.people import rubric as rubrics
from curate.people.review import places
from curate.store import Judgements, Label, Queue, Reviews, Said, Store, Workspace
from curate.store.decisions import user
from curate.ui.loaded import Loaded


@dataclass
class InHand:
    """The row being looked at. value: "" while it is only read, then bad or fix until it is saved."""

    row: str
    since: float = field(default_factory=time.monotonic)
    value: str = ""
    score: int | None = None
    reasons: tuple[str, ...] = ()
    count: int = 0  # how many rows this session has had, for keys


def desk() -> Reviews:
    return Reviews(Workspace(Store()))


def kept() -> Judgements:
    return Judgements(Workspace(Store()))


def who() -> str:
    """The reviewer's name as typed, else the user of this machine."""
    typed = str(st.session_state.get("my.reviewer", "")) or st.query_params.get("reviewer", "")
    return " ".join(typed.split())[:120] or user()


def hand() -> str:
    """What tells this window from another one of the same reviewer; in the address, so that a reload has the same row."""
    found = st.query_params.get("hand", "")
    if not found.isalnum() or len(found) > 32:
        found = st.session_state.setdefault("my.hand", secrets.token_hex(6))
        st.query_params["hand"] = found
    return found


def at(data: Loaded) -> dict[str, int]:
    """Row number by id."""
    return data.remember(("row numbers",), lambda: places(data.evidence))


def rubric_of(queue: Queue) -> rubrics.Rubric:
    """The rubric that a queue was begun with; the shipped one for labels from elsewhere."""
    return rubrics.find(queue.rubric, kept())


def in_hand(queue: Queue) -> InHand | None:
    """The row that this window holds, or the next one."""
    row = desk().next(queue.number, who(), hand())
    held: InHand | None = st.session_state.get("my.review")
    if row is None:
        st.session_state.pop("my.review", None)
        return None
    if held is None or held.row != row:
        held = InHand(row, count=(held.count if held else 0) + 1)
        st.session_state["my.review"] = held
    return held


def press(value: str) -> None:
    """good is saved at once; bad and fix ask for reasons first. Pressed again, it is taken off."""
    held: InHand = st.session_state["my.review"]
    held.value = "" if held.value == value else value


def score(value: int) -> None:
    held: InHand = st.session_state["my.review"]
    held.score = None if held.score == value else value


def reason(code: str) -> None:
    held: InHand = st.session_state["my.review"]
    held.reasons = tuple(r for r in held.reasons if r != code) if code in held.reasons else (*held.reasons, code)


def save(queue: Queue, value: str, note: str = "", edited: str | None = None) -> None:
    """Writes the label of the row in hand. Errors: StoreError."""
    held: InHand = st.session_state["my.review"]
    reasons = held.reasons if value != "good" else ()
    said = Said(value, held.score, reasons, note, edited, round(time.monotonic() - held.since, 1))
    desk().save(queue.number, held.row, who(), said, queue.rubric)


def skip(queue: Queue) -> None:
    held: InHand = st.session_state["my.review"]
    desk().skip(queue.number, held.row, who())


def back(queue: Queue) -> None:
    """The last row again, without its label."""
    desk().back(queue.number, who(), hand())


def labels(queue: Queue) -> tuple[Label, ...]:
    return desk().labels(queue.number)
