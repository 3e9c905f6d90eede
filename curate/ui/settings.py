"""Widgets of recipe settings: the recipe is the truth, a widget shows it and applies a change as one undoable step.

The key of a widget is the setting's path (`near.text`, `rule.too_short_answer`), so tests and links can name it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from curate.decide import Rule
from curate.errors import CurateError
from curate.ui import inert, session, words

INF = float("inf")
LOW_SIDE = ("too_short", "answer_below", "low_")
HIGH_SIDE = ("too_long", "answer_above", "repe")


def slider(section: str, name: str, label: str, low: float, high: float, step: float, help: str) -> None:
    """A number of one section, within what was measured. One that would move nothing is not drawn: axe-core finds a
    greyed label hard to read, and so do people."""
    key = f"{section}.{name}"
    value = float(getattr(getattr(session.recipe(), section), name))
    st.session_state[key] = min(max(value, low), high)
    st.slider(
        label,
        min_value=low,
        max_value=high,
        step=step,
        key=key,
        help=help,
        on_change=_take,
        args=(section, name),
    )


def toggle(section: str, name: str, label: str, help: str = "") -> bool:
    """A switch of one section."""
    key = f"{section}.{name}"
    st.session_state[key] = bool(getattr(getattr(session.recipe(), section), name))
    return st.toggle(label, key=key, help=help or None, on_change=_take, args=(section, name))


def choice(
    section: str, name: str, label: str, options: Sequence[str], help: str, shown: Callable[[str], str] = words.title
) -> None:
    """One of several words."""
    key = f"{section}.{name}"
    st.session_state[key] = getattr(getattr(session.recipe(), section), name)
    st.selectbox(label, list(options), key=key, help=help, format_func=shown, on_change=_take, args=(section, name))


def number(section: str, name: str, label: str, low: float, high: float, step: float, help: str) -> None:
    """A number typed in."""
    key = f"{section}.{name}"
    value = getattr(getattr(session.recipe(), section), name)
    st.session_state[key] = type(low)(value)
    st.number_input(
        label, min_value=low, max_value=high, step=step, key=key, help=help, on_change=_take, args=(section, name)
    )


def text(section: str, name: str, label: str, help: str) -> None:
    """A word or path typed in."""
    key = f"{section}.{name}"
    st.session_state[key] = str(getattr(getattr(session.recipe(), section), name))
    st.text_input(label, key=key, help=help, max_chars=300, on_change=_take, args=(section, name))


def _take(section: str, name: str) -> None:
    value = st.session_state[f"{section}.{name}"]
    try:
        session.apply(session.recipe().with_setting(section, **{name: value}), f"{section}.{name} to {_said(value)}")
    except CurateError as error:  # two settings that don't go together: the widget goes back to what stands
        st.toast(inert.label(str(error), 300), icon=":material/error:")


def sides(rule: Rule) -> tuple[str, ...]:
    """Which bounds a rule uses: low, high or both; () for a switch."""
    if rule.fact:
        return ()
    if rule.name.startswith(LOW_SIDE):
        return ("low",)
    return ("high",) if rule.name.startswith(HIGH_SIDE) else ("low", "high")


def rule_switch(rule: Rule) -> bool:
    """On or off; a rule that never had a bound starts with the first one that a preset gives it."""
    key = f"rule.{rule.name}.on"
    st.session_state[key] = rule.enabled
    return st.toggle(f"**{words.title(rule.name)}**", key=key, on_change=_switch, args=(rule.name,))


def rule_action(rule: Rule) -> None:
    """Drop or review."""
    key = f"rule.{rule.name}.action"
    st.session_state[key] = rule.action
    st.segmented_control(
        "Action",
        ["drop", "review"],
        key=key,
        required=True,
        label_visibility="collapsed",
        on_change=_act,
        args=(rule.name,),
    )


def rule_spare(rule: Rule) -> None:
    """The share of all rows that stays although it fails, `rule.<name>.spare`: S2's wanted refusals."""
    key = f"rule.{rule.name}.spare"
    st.session_state[key] = round(100 * rule.spare, 1)
    st.number_input(
        "Keep up to (% of all rows)", min_value=0.0, max_value=100.0, step=0.5, key=key, on_change=_spare, args=(rule.name,),
        help="S2 wants a handful of refusals: which ones stay is chosen by a keyed shuffle.", disabled=not rule.enabled,
    )  # fmt: skip


def rule_slider(rule: Rule, least: float, most: float) -> None:
    """The bound or bounds of a rule, `rule.<name>`."""
    key, used = f"rule.{rule.name}", sides(rule)
    step = 1.0 if most - least > 20 else 0.01
    if rule.formula:  # any range: a hundredth of it, and ends that the slider can stand on
        step = (most - least) / 100
    low = least if rule.low == -INF else min(max(rule.low, least), most)
    high = most if rule.high == INF else min(max(rule.high, least), most)
    st.session_state[key] = (low, high) if len(used) == 2 else low if used == ("low",) else high
    st.slider(
        f"Bounds of {inert.plain(words.title(rule.name))}",
        min_value=least,
        max_value=most,
        step=step,
        key=key,
        label_visibility="collapsed",
        format="%d" if step == 1.0 else "%.2f",
        on_change=_bound,
        args=(rule.name,),
        disabled=not rule.enabled,
    )


def first_bounds(rule: Rule) -> dict[str, float]:
    """Bounds for a rule that is switched on for the first time: a preset's, else the end of its span."""
    from curate.decide import PRESETS, preset

    out: dict[str, float] = {}
    for side in sides(rule):
        found = (getattr(preset(p).rule(rule.name), side) for p in PRESETS)
        finite = next((v for v in found if abs(v) != INF), None)
        out[side] = finite if finite is not None else rule.span[0] if side == "low" else rule.span[1]
    return out


def _switch(name: str) -> None:
    now, on = session.recipe(), bool(st.session_state[f"rule.{name}.on"])
    rule = now.rule(name)
    bounds = first_bounds(rule) if on and sides(rule) and all(abs(getattr(rule, s)) == INF for s in sides(rule)) else {}
    session.apply(now.with_rule(name, enabled=on, **bounds), f"{name} {'on' if on else 'off'}")


def _act(name: str) -> None:
    session.apply(session.recipe().with_rule(name, action=st.session_state[f"rule.{name}.action"]), f"{name} action")


def _spare(name: str) -> None:
    share = float(st.session_state[f"rule.{name}.spare"]) / 100
    session.apply(session.recipe().with_rule(name, spare=share), f"{name} keeps up to {100 * share:g} %")


def _bound(name: str) -> None:
    now = session.recipe()
    rule, value = now.rule(name), st.session_state[f"rule.{name}"]
    used = sides(rule)
    given = dict(zip(used, value if isinstance(value, tuple) else (value,), strict=True))
    session.apply(now.with_rule(name, **{k: float(v) for k, v in given.items()}), f"{name} to {_said(value)}")


def _said(value: Any) -> str:
    if isinstance(value, tuple):
        return " to ".join(map(_said, value))
    return words.number(value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
